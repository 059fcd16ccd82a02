//! POST /contacts/search: filters, sort and a cursor on each row.

use std::{cmp::Ordering, sync::Arc};

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, shape};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    http::Answer,
    record::{Body, text},
    switches::Switches,
    world::World,
};

/// What `page` times `pageLimit` may reach.
const DEEPEST: usize = 10_000;
const LARGEST_PAGE: usize = 500;
/// How many characters a query or a filter's value may have.
const LONGEST_VALUE: usize = 75;

/// What a field's filters may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Exact,
    Text,
    Date,
    Custom,
    /// Of other records: the sandbox has no opportunities.
    Nested,
}

fn class_of(field: &str) -> Option<Class> {
    Some(match field {
        "id"
        | "assignedTo"
        | "country"
        | "dnd"
        | "email"
        | "followers"
        | "isValidWhatsapp"
        | "timezone"
        | "type"
        | "validEmail"
        | "website"
        | "activeWorkflows"
        | "finishedWorkflows"
        | "dndSettings.Call.status"
        | "dndSettings.Email.status"
        | "dndSettings.SMS.status"
        | "dndSettings.WhatsApp.status"
        | "inboundDndSettings.all.status" => Class::Exact,
        "address" | "businessName" | "city" | "companyName" | "firstNameLowerCase"
        | "lastNameLowerCase" | "phone" | "postalCode" | "source" | "state" | "tags" => Class::Text,
        "dateAdded"
        | "dateUpdated"
        | "lastEmailClickedDate"
        | "lastEmailOpenedDate"
        | "lastAppointment" => Class::Date,
        "opportunity" => Class::Nested,
        _ if field.starts_with("customFields.") => Class::Custom,
        _ => return None,
    })
}

/// A filter, checked, so that matching cannot fail.
enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Leaf {
        field: String,
        test: Test,
        negate: bool,
    },
}

enum Test {
    Eq(Vec<Value>),
    Contains(Vec<String>),
    Exists,
    Range(Vec<(String, f64)>),
    /// Holds for nobody.
    Never,
}

fn read_filters(value: Option<&Value>, switches: &Switches) -> Result<Vec<Filter>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|f| read_filter(f, switches)).collect(),
        Some(_) => Err(Refusal::invalid("filters must be an array")),
    }
}

fn read_filter(value: &Value, switches: &Switches) -> Result<Filter, Refusal> {
    if let Some(group) = value["group"].as_str() {
        let inner = read_filters(value.get("filters"), switches)?;
        return match group {
            "AND" => Ok(Filter::And(inner)),
            "OR" => Ok(Filter::Or(inner)),
            _ => Err(Refusal::Bad(format!("Invalid group {group}"))),
        };
    }
    let field = value["field"].as_str().unwrap_or_default();
    let operator = value["operator"].as_str().unwrap_or_default();
    let class = class_of(field).ok_or_else(|| Refusal::Bad(format!("Invalid field {field}")))?;
    let given = &value["value"];
    if each(given)
        .iter()
        .any(|value| plain(value).chars().count() > LONGEST_VALUE)
    {
        return Err(Refusal::Bad(format!(
            "Invalid value for field {field}: it is longer than {LONGEST_VALUE} characters"
        )));
    }
    let positive = operator.strip_prefix("not_").unwrap_or(operator);
    let test = match (positive, class) {
        ("nested", Class::Nested) if given.is_array() => Test::Never,
        // whoever is found is there
        ("exists", class) if class != Class::Nested && field != "id" => Test::Exists,
        ("eq", Class::Exact | Class::Text | Class::Custom) => Test::Eq(each(given)),
        ("contains", Class::Text | Class::Custom) => {
            Test::Contains(each(given).iter().map(plain).collect())
        }
        ("range", Class::Date | Class::Custom) if operator == "range" => {
            Test::Range(read_range(field, given, class, switches)?)
        }
        _ => {
            return Err(Refusal::Bad(format!(
                "Invalid operator {operator} for field {field}"
            )));
        }
    };
    Ok(Filter::Leaf {
        field: field.to_owned(),
        test,
        negate: operator.starts_with("not_"),
    })
}

fn read_range(
    field: &str,
    given: &Value,
    class: Class,
    switches: &Switches,
) -> Result<Vec<(String, f64)>, Refusal> {
    let bad = || Refusal::Bad(format!("Invalid range for field {field}"));
    let bounds = given.as_object().ok_or_else(bad)?;
    let takes_numbers = class == Class::Custom || switches.range_takes_millis;
    bounds
        .iter()
        .map(|(bound, value)| {
            let at = as_number(value).filter(|_| takes_numbers || !value.is_number());
            matches!(bound.as_str(), "gte" | "gt" | "lte" | "lt")
                .then_some((bound.clone(), at.ok_or_else(bad)?))
                .ok_or_else(bad)
        })
        .collect()
}

/// A number, text that is one, or the milliseconds of an ISO date.
fn as_number(value: &Value) -> Option<f64> {
    let text = || value.as_str();
    let moment = || {
        let at = Millis::parse(text()?);
        at.or_else(|| Millis::parse(&format!("{}T00:00:00Z", text()?)))
    };
    value
        .as_f64()
        .or_else(|| text()?.parse().ok())
        .or_else(|| Some(moment()?.0 as f64))
}

fn each(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values.clone(),
        other => vec![other.clone()],
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_lowercase)
}

impl Filter {
    fn admits(&self, contact: &Body) -> bool {
        match self {
            Self::And(all) => all.iter().all(|f| f.admits(contact)),
            Self::Or(any) => any.iter().any(|f| f.admits(contact)),
            Self::Leaf {
                field,
                test,
                negate,
            } => {
                let value = match field.strip_prefix("customFields.") {
                    Some(id) => custom_value(contact, id),
                    None => value_at(contact, field),
                };
                test.holds(&value) != *negate
            }
        }
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        let is_set = !value.is_null() && value != &json!([]);
        match self {
            Self::Exists => is_set,
            Self::Eq(wanted) => {
                let have: Vec<String> = each(value).iter().map(plain).collect();
                is_set && wanted.iter().any(|w| have.contains(&plain(w)))
            }
            Self::Contains(wanted) => {
                let have: Vec<String> = each(value).iter().map(plain).collect();
                is_set && wanted.iter().any(|w| have.iter().any(|h| h.contains(w)))
            }
            Self::Never => false,
            Self::Range(bounds) => as_number(value).is_some_and(|at| {
                bounds.iter().all(|(bound, limit)| match bound.as_str() {
                    "gte" => at >= *limit,
                    "gt" => at > *limit,
                    "lte" => at <= *limit,
                    _ => at < *limit,
                })
            }),
        }
    }
}

/// The value of a field; one with dots is of an object in an object.
fn value_at(contact: &Body, field: &str) -> Value {
    let Some((first, rest)) = field.split_once('.') else {
        return shape::value_of(contact, field);
    };
    let value = shape::value_of(contact, first);
    let pointer = format!("/{}", rest.replace('.', "/"));
    value.pointer(&pointer).cloned().unwrap_or_default()
}

fn custom_value(contact: &Body, id: &str) -> Value {
    let fields = contact.get("customFields").and_then(Value::as_array);
    let field = fields.into_iter().flatten().find(|f| f["id"] == id);
    field.map(|f| f["value"].clone()).unwrap_or_default()
}

/// A value that rows are sorted by; absent comes first, numbers before text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Absent,
    Number(i64),
    Text(String),
}

impl Key {
    fn of(contact: &Body, field: &str) -> Self {
        match shape::value_of(contact, field) {
            Value::Null => Self::Absent,
            Value::String(text) if class_of(field) == Some(Class::Date) => {
                Millis::parse(&text).map_or(Self::Absent, |at| Self::Number(at.0))
            }
            other => Self::Text(plain(&other)),
        }
    }

    fn read(value: &Value) -> Self {
        match value {
            Value::Number(n) => n.as_i64().map_or(Self::Absent, Self::Number),
            Value::String(text) => Self::Text(text.clone()),
            _ => Self::Absent,
        }
    }

    fn shown(&self) -> Value {
        match self {
            Self::Absent => Value::Null,
            Self::Number(n) => (*n).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// Fields to sort by, with whether the order is descending.
struct Sort(Vec<(String, bool)>);

impl Sort {
    fn read(value: Option<&Value>) -> Result<Self, Refusal> {
        let mut fields = Vec::new();
        for sort in value.and_then(Value::as_array).into_iter().flatten() {
            let field = sort["field"].as_str().unwrap_or_default();
            if class_of(field).is_none() {
                return Err(Refusal::Bad(format!("Invalid field {field}")));
            }
            fields.push((field.to_owned(), sort["direction"] == "desc"));
        }
        if fields.is_empty() {
            fields.push(("dateAdded".to_owned(), true));
        }
        Ok(Self(fields))
    }

    fn keys(&self, contact: &Body) -> Vec<Key> {
        let id = text(contact, "id").unwrap_or_default().to_owned();
        let fields = self.0.iter().map(|(field, _)| Key::of(contact, field));
        fields.chain([Key::Text(id)]).collect()
    }

    fn compare(&self, one: &[Key], two: &[Key]) -> Ordering {
        let directions = self.0.iter().map(|(_, desc)| *desc).chain([false]);
        for ((a, b), desc) in one.iter().zip(two).zip(directions) {
            let order = if desc { b.cmp(a) } else { a.cmp(b) };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }
}

/// Whether a page of this size and place may be asked for.
fn check_page(body: &Body, limit: usize, switches: &Switches) -> Result<(), Refusal> {
    let refusal = |is_422: bool, says: &str| {
        if is_422 {
            Refusal::invalid(says)
        } else {
            Refusal::Bad(says.into())
        }
    };
    if limit == 0 {
        return Err(Refusal::invalid("pageLimit must not be less than 1"));
    }
    if limit > LARGEST_PAGE {
        let says = format!("pageLimit must not be greater than {LARGEST_PAGE}");
        return Err(refusal(switches.page_limit_is_422, &says));
    }
    let query = text(body, "query").unwrap_or_default();
    if query.chars().count() > LONGEST_VALUE {
        let says = format!("query must be shorter than or equal to {LONGEST_VALUE} characters");
        return Err(Refusal::invalid(says));
    }
    let cursor = body.get("searchAfter").and_then(Value::as_array);
    let has_cursor = cursor.is_some_and(|cursor| !cursor.is_empty());
    let page = body.get("page").and_then(Value::as_u64);
    if page.is_some() && has_cursor && switches.page_with_cursor_refused {
        return Err(Refusal::invalid("page and searchAfter exclude each other"));
    }
    let is_too_deep = page.is_some_and(|page| (page as usize).saturating_mul(limit) > DEEPEST);
    if is_too_deep && !has_cursor {
        let says = "page is too deep: use searchAfter";
        return Err(refusal(switches.deep_page_is_422, says));
    }
    Ok(())
}

/// The route.
pub fn contacts(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = dto::SEARCH_CONTACTS.read(&ask.call.body, &world.switches)?;
    super::own_location(world, text(&body, "locationId"))?;
    let limit = body.get("pageLimit").and_then(Value::as_u64).unwrap_or(0) as usize;
    check_page(&body, limit, &world.switches)?;
    let filters = Filter::And(read_filters(body.get("filters"), &world.switches)?);
    let sort = Sort::read(body.get("sort"))?;
    let query = text(&body, "query").unwrap_or_default().to_lowercase();
    let mut found: Vec<(Vec<Key>, Arc<Body>)> = world
        .listed(Side::Ghl, Kind::Contact)
        .into_iter()
        .filter(|contact| filters.admits(contact) && mentions(contact, &query))
        .map(|contact| (sort.keys(&contact), contact))
        .collect();
    found.sort_by(|one, two| sort.compare(&one.0, &two.0));
    let total = found.len();
    let cursor = body
        .get("searchAfter")
        .and_then(Value::as_array)
        .filter(|c| !c.is_empty());
    let start = match (cursor, body.get("page").and_then(Value::as_u64)) {
        (Some(cursor), _) => {
            let after: Vec<Key> = cursor.iter().map(Key::read).collect();
            if after.len() != sort.0.len() + 1 {
                return Err(Refusal::Bad("Invalid searchAfter".into()));
            }
            found.partition_point(|(keys, _)| sort.compare(keys, &after).is_le())
        }
        (None, page) => (page.unwrap_or(1).max(1) as usize - 1) * limit,
    };
    let full = world.switches.search_full_rows;
    let rows: Vec<Value> = found
        .iter()
        .skip(start)
        .take(limit)
        .map(|(keys, contact)| {
            let mut row = shape::contact_row(contact, full);
            row.insert("searchAfter".into(), keys.iter().map(Key::shown).collect());
            row.into()
        })
        .collect();
    Ok(Answer::json(200, json!({"contacts": rows, "total": total})))
}

/// Whether a free query is found in a contact's names, e-mail, phone or company.
pub fn mentions(contact: &Body, query: &str) -> bool {
    query.is_empty()
        || [
            "fullNameLowerCase",
            "emailLowerCase",
            "phone",
            "companyName",
        ]
        .iter()
        .any(|key| plain(&shape::value_of(contact, key)).contains(query))
}
