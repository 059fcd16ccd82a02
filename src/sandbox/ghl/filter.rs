//! The filters of POST /contacts/search.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::{refusal::Refusal, shape};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{origin::Stamp, record::Body, switches::Switches, walk::ALWAYS};

/// How many characters a query or a filter's value may have.
pub const LONGEST_VALUE: usize = 75;

/// What a field's filters may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Exact,
    Text,
    Date,
    Custom,
    /// Of other records: the sandbox has no opportunities.
    Nested,
}

/// What may be asked of a field; `None` where nothing may.
pub fn class_of(field: &str) -> Option<Class> {
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
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Leaf {
        field: String,
        test: Test,
        negate: bool,
    },
}

/// What a filter asks of a value.
pub enum Test {
    Eq(Vec<Value>),
    Contains(Vec<String>),
    Exists,
    Range(Vec<(String, f64)>),
    /// Holds for nobody.
    Never,
}

/// The filters of a body.
pub fn read_filters(value: Option<&Value>, switches: &Switches) -> Result<Vec<Filter>, Refusal> {
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

/// A value as text in small letters.
pub fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_lowercase)
}

impl Filter {
    /// Between which times a filter admits something, and whether it asks for nothing else.
    pub fn window(&self, by: Stamp) -> (RangeInclusive<Millis>, bool) {
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
                            "gte" => first = first.max(Millis(limit.ceil() as i64)),
                            "gt" => first = first.max(Millis(limit.floor() as i64).plus(1)),
                            "lte" => last = last.min(Millis(limit.floor() as i64)),
                            _ => last = last.min(Millis(limit.ceil() as i64).plus(-1)),
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

    /// Whether a contact is one that is asked for.
    pub fn admits(&self, contact: &Body) -> bool {
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
