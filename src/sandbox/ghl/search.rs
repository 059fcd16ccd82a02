//! POST /contacts/search: filters, sort and a cursor on each row.

use std::{cmp::Ordering, ops::RangeInclusive};

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, shape};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    http::Answer,
    origin::Stamp,
    record::{Body, text},
    walk::{ALWAYS, Order},
    world::World,
};

/// What `page` times `pageLimit` may reach.
const DEEPEST: usize = 10_000;

/// What a field's filters may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Exact,
    Text,
    Date,
    Custom,
}

fn class_of(field: &str) -> Option<Class> {
    Some(match field {
        "id" | "assignedTo" | "country" | "dnd" | "email" | "followers" | "isValidWhatsapp"
        | "timezone" | "type" | "validEmail" | "website" | "activeWorkflows"
        | "finishedWorkflows" => Class::Exact,
        "address" | "businessName" | "city" | "companyName" | "firstNameLowerCase"
        | "lastNameLowerCase" | "phone" | "postalCode" | "source" | "state" | "tags" => Class::Text,
        "dateAdded"
        | "dateUpdated"
        | "lastEmailClickedDate"
        | "lastEmailOpenedDate"
        | "lastAppointment" => Class::Date,
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
    Range(Vec<(String, Millis)>),
}

fn read_filters(value: Option<&Value>) -> Result<Vec<Filter>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(read_filter).collect(),
        Some(_) => Err(Refusal::invalid("filters must be an array")),
    }
}

fn read_filter(value: &Value) -> Result<Filter, Refusal> {
    if let Some(group) = value["group"].as_str() {
        let inner = read_filters(value.get("filters"))?;
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
    let positive = operator.strip_prefix("not_").unwrap_or(operator);
    let test = match (positive, class) {
        ("exists", _) => Test::Exists,
        ("eq", Class::Exact | Class::Text | Class::Custom) => Test::Eq(each(given)),
        ("contains", Class::Text | Class::Custom) => {
            Test::Contains(each(given).iter().map(plain).collect())
        }
        ("range", Class::Date | Class::Custom) if operator == "range" => {
            Test::Range(read_range(field, given)?)
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

fn read_range(field: &str, given: &Value) -> Result<Vec<(String, Millis)>, Refusal> {
    let bad = || Refusal::Bad(format!("Invalid range for field {field}"));
    let bounds = given.as_object().ok_or_else(bad)?;
    bounds
        .iter()
        .map(|(bound, value)| {
            let at = as_moment(value).ok_or_else(bad)?;
            matches!(bound.as_str(), "gte" | "gt" | "lte" | "lt")
                .then(|| (bound.clone(), at))
                .ok_or_else(bad)
        })
        .collect()
}

/// ISO text or milliseconds.
fn as_moment(value: &Value) -> Option<Millis> {
    value
        .as_i64()
        .map(Millis)
        .or_else(|| Millis::parse(value.as_str()?))
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
    /// Between which times a filter admits something, and whether it asks for nothing else.
    fn window(&self, by: Stamp) -> (RangeInclusive<Millis>, bool) {
        let (mut first, mut last) = ALWAYS.into_inner();
        let mut is_all = true;
        let parts = match self {
            Self::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in parts {
            match part {
                Self::Leaf {
                    field,
                    test: Test::Range(bounds),
                    negate: false,
                } if field == by.field(Side::Ghl, Kind::Contact) => {
                    for (bound, limit) in bounds {
                        match bound.as_str() {
                            "gte" => first = first.max(*limit),
                            "gt" => first = first.max(limit.plus(1)),
                            "lte" => last = last.min(*limit),
                            _ => last = last.min(limit.plus(-1)),
                        }
                    }
                }
                Self::And(_) => {
                    let (inner, is_all_inner) = part.window(by);
                    first = first.max(*inner.start());
                    last = last.min(*inner.end());
                    is_all &= is_all_inner;
                }
                _ => is_all = false,
            }
        }
        (first..=last, is_all)
    }

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
                    None => shape::value_of(contact, field),
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
            Self::Range(bounds) => as_moment(value).is_some_and(|at| {
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

    /// The order of a time that this is, if it is one.
    fn as_order(&self) -> Option<Order> {
        let [(field, newest_first)] = self.0.as_slice() else {
            return None;
        };
        let by = Stamp::BOTH
            .into_iter()
            .find(|stamp| stamp.field(Side::Ghl, Kind::Contact) == field)?;
        Some(Order {
            by,
            newest_first: *newest_first,
            ids_fall: false,
        })
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

/// The route.
pub fn contacts(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = dto::object(&ask.call.body)?;
    let mut wrong = Vec::new();
    if text(&body, "locationId").is_none() {
        wrong.push("locationId must be a string".to_owned());
    }
    let limit = body.get("pageLimit").and_then(Value::as_u64).unwrap_or(0) as usize;
    if !(1..=500).contains(&limit) {
        wrong.push("pageLimit must be a number from 1 to 500".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Refusal::Invalid(wrong));
    }
    super::own_location(world, text(&body, "locationId"))?;
    let filters = Filter::And(read_filters(body.get("filters"))?);
    let sort = Sort::read(body.get("sort"))?;
    let query = text(&body, "query").unwrap_or_default().to_lowercase();
    let cursor = body
        .get("searchAfter")
        .and_then(Value::as_array)
        .filter(|c| !c.is_empty());
    let after: Option<Vec<Key>> = cursor.map(|cursor| cursor.iter().map(Key::read).collect());
    let skip = match (&after, body.get("page").and_then(Value::as_u64)) {
        (Some(after), _) if after.len() != sort.0.len() + 1 => {
            return Err(Refusal::Bad("Invalid searchAfter".into()));
        }
        (Some(_), _) => 0,
        (None, Some(page)) if page as usize * limit > DEEPEST => {
            return Err(Refusal::Bad("page is too deep: use searchAfter".into()));
        }
        (None, page) => (page.unwrap_or(1).max(1) as usize - 1) * limit,
    };
    let is_wanted = |contact: &Body| filters.admits(contact) && mentions(contact, &query);
    let (rows, total) = match sort.as_order() {
        Some(order) => {
            let (window, is_all) = filters.window(order.by);
            let page = Page {
                order,
                window,
                after: after.as_deref().and_then(as_place),
                skip,
                limit,
            };
            let is_plain = is_all && query.is_empty();
            let found = page.read(world, (!is_plain).then_some(&is_wanted));
            (found.rows, found.total)
        }
        None => best(world, &sort, after.as_deref(), (skip, limit), &is_wanted),
    };
    let full = world.switches.search_full_rows;
    let rows: Vec<Value> = rows
        .iter()
        .map(|(_, contact)| {
            let keys = sort.keys(contact);
            let mut row = shape::contact_row(contact, full);
            row.insert("searchAfter".into(), keys.iter().map(Key::shown).collect());
            row.into()
        })
        .collect();
    Ok(Answer::json(200, json!({"contacts": rows, "total": total})))
}

/// The place in an order of a time that a cursor names; `None` where it names the beginning.
fn as_place(cursor: &[Key]) -> Option<(Millis, String)> {
    let id = match &cursor[1] {
        Key::Text(id) => id.clone(),
        _ => String::new(),
    };
    match &cursor[0] {
        Key::Number(ms) => Some((Millis(*ms), id)),
        Key::Text(_) => Some((Millis(i64::MAX), id)),
        Key::Absent => None,
    }
}

/// A page of contacts by one of their times.
pub struct Page {
    pub order: Order,
    /// Which times count.
    pub window: RangeInclusive<Millis>,
    /// The last row that is known already.
    pub after: Option<(Millis, String)>,
    pub skip: usize,
    pub limit: usize,
}

/// What [`Page::read`] found.
pub struct Found {
    pub rows: Vec<(Millis, Body)>,
    /// How many rows there are in all.
    pub total: usize,
    /// How many of them come before the page.
    pub before: usize,
}

impl Page {
    /// Reads the page. Without a filter only its own rows are made, else all in the window, for the total.
    pub fn read(&self, world: &mut World, is_wanted: Option<&dyn Fn(&Body) -> bool>) -> Found {
        let until = world.indexed_until(Side::Ghl);
        let world = &*world;
        let contacts = (Side::Ghl, Kind::Contact);
        let (start, end) = self.window.clone().into_inner();
        let after = self.after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let is_passed = |at: Millis, id: &str| {
            after.is_some_and(|after| self.order.compare((at, id), after).is_le())
        };
        if let Some(is_wanted) = is_wanted {
            let (mut rows, mut total, mut before) = (Vec::new(), 0, 0);
            for (at, row) in world.walk(contacts, until, self.order, self.window.clone()) {
                let body = row.body();
                if !is_wanted(&body) {
                    continue;
                }
                total += 1;
                if is_passed(at, &row.id()) || before < self.skip {
                    before += 1;
                } else if rows.len() < self.limit {
                    rows.push((at, body));
                }
            }
            return Found {
                rows,
                total,
                before,
            };
        }
        let rest = match after {
            None => start..=end,
            Some((at, _)) if self.order.newest_first => start..=end.min(at),
            Some((at, _)) => start.max(at)..=end,
        };
        let left = world.count_in(contacts, until, self.order.by, &rest);
        let total = world.count_in(contacts, until, self.order.by, &self.window);
        let mut walk = world.walk(contacts, until, self.order, rest).peekable();
        let mut before = total - left;
        while walk
            .next_if(|(at, row)| after.is_some_and(|a| a.0 == *at) && is_passed(*at, &row.id()))
            .is_some()
        {
            before += 1;
        }
        let page = walk.skip(self.skip).take(self.limit);
        Found {
            rows: page.map(|(at, row)| (at, row.body())).collect(),
            total,
            before: before + self.skip,
        }
    }
}

/// A page in any other order: everything is looked at, and what belongs on no page so far is dropped on the way.
fn best(
    world: &mut World,
    sort: &Sort,
    after: Option<&[Key]>,
    (skip, limit): (usize, usize),
    is_wanted: &dyn Fn(&Body) -> bool,
) -> (Vec<(Millis, Body)>, usize) {
    let until = world.indexed_until(Side::Ghl);
    let order = Order::oldest_first(Stamp::Added);
    let mut total = 0;
    let mut kept: Vec<(Vec<Key>, Millis, Body)> = Vec::new();
    let prune = |kept: &mut Vec<(Vec<Key>, Millis, Body)>| {
        kept.sort_by(|one, two| sort.compare(&one.0, &two.0));
        kept.truncate(skip + limit);
    };
    for (at, row) in world.walk((Side::Ghl, Kind::Contact), until, order, ALWAYS) {
        let body = row.body();
        if !is_wanted(&body) {
            continue;
        }
        total += 1;
        let keys = sort.keys(&body);
        if after.is_none_or(|after| sort.compare(&keys, after).is_gt()) {
            kept.push((keys, at, body));
        }
        if kept.len() >= 2 * (skip + limit) + 100 {
            prune(&mut kept);
        }
    }
    prune(&mut kept);
    let page = kept.into_iter().skip(skip);
    (page.map(|(_, at, body)| (at, body)).collect(), total)
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
