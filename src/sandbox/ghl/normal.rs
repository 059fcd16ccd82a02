//! How GHL stores what it is given: phones, tags, dates and custom fields in one form.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::model::{Kind, Millis};
use crate::sandbox::{
    phones::e164,
    place,
    record::{Body, text},
    switches::Switches,
    world::World,
};

/// Puts the fields of a patch into a record, each in the form that GHL stores.
pub fn merge(world: &World, kind: Kind, body: &mut Body, mut patch: Body) -> Result<(), Refusal> {
    if !world.switches.empty_text_clears {
        patch.retain(|_, value| value != "");
    }
    if kind == Kind::Contact
        && let Some(name) = patch.shift_remove("name")
    {
        let (first, last) =
            name.as_str()
                .map_or((None, None), |name| match name.trim().split_once(' ') {
                    Some((first, last)) => (Some(first.to_owned()), Some(last.trim().to_owned())),
                    None => (Some(name.trim().to_owned()), None),
                });
        patch.entry("firstName").or_insert_with(|| first.into());
        patch.entry("lastName").or_insert_with(|| last.into());
    }
    if let Some(country) = patch.shift_remove("country") {
        put(body, "country", country);
    }
    for (key, value) in patch {
        let value = match (key.as_str(), &value) {
            ("phone", Value::String(given)) if !given.trim().is_empty() => {
                let number = phone(&world.switches, body, given);
                number
                    .ok_or_else(|| Refusal::invalid("phone must be a valid phone number"))?
                    .into()
            }
            ("tags", Value::Array(tags)) if world.switches.normalise_tags => normal_tags(tags),
            ("customFields", Value::Array(fields)) => {
                merged_custom_fields(world, body.get("customFields"), fields)?
            }
            ("dueDate", Value::String(given)) => match Millis::parse(given) {
                Some(at) => at.to_string().into(),
                None => {
                    return Err(Refusal::invalid(
                        "dueDate must be a valid ISO 8601 date string",
                    ));
                }
            },
            ("dateOfBirth", Value::String(given)) if !given.trim().is_empty() => {
                let day = date(given);
                day.ok_or_else(|| Refusal::invalid("dateOfBirth must be a valid date"))?
                    .into()
            }
            (_, Value::String(given)) if kind == Kind::Contact => given.trim().into(),
            _ => value,
        };
        put(body, &key, value);
    }
    Ok(())
}

fn put(body: &mut Body, key: &str, value: Value) {
    if value.is_null() || value.as_str().is_some_and(str::is_empty) {
        body.shift_remove(key);
    } else {
        body.insert(key.into(), value);
    }
}

/// A phone in E.164. Where it has no calling code it is of the contact's country, or of the location's.
pub fn phone(switches: &Switches, contact: &Body, given: &str) -> Option<String> {
    let country = text(contact, "country").filter(|_| switches.phone_by_contact);
    e164(given, country.unwrap_or(place::COUNTRY))
}

/// A day in one of the eight forms that GHL takes, as YYYY-MM-DD.
pub fn date(given: &str) -> Option<String> {
    let parts: Vec<&str> = given.trim().split(['-', '/', '.', '_']).collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => (year, month, day),
        [month, day, year] => (year, month, day),
        _ => return None,
    };
    let day = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Some(day.ok()?.to_string())
}

/// Tags lower-cased, trimmed and each once, in the order given.
pub fn normal_tags(tags: &[Value]) -> Value {
    let mut seen = BTreeSet::new();
    tags.iter()
        .filter_map(Value::as_str)
        .map(|tag| tag.trim().to_lowercase())
        .filter(|tag| !tag.is_empty() && seen.insert(tag.clone()))
        .map(Value::from)
        .collect()
}

/// Custom fields by id; a `contact.` key or an unknown id is ignored unless the account does otherwise, null and
/// empty clear.
fn merged_custom_fields(
    world: &World,
    old: Option<&Value>,
    given: &[Value],
) -> Result<Value, Refusal> {
    let switches = &world.switches;
    let old = old
        .and_then(Value::as_array)
        .filter(|_| !switches.custom_fields_replaced);
    let mut fields = old.cloned().unwrap_or_default();
    for field in given {
        let named = field["id"].as_str().or_else(|| field["key"].as_str());
        let mut named = named.unwrap_or_default();
        if switches.prefixed_keys_write {
            named = named.strip_prefix("contact.").unwrap_or(named);
        }
        let Some(definition) = world.office.field(named) else {
            if switches.refuse_unknown_custom_fields && !named.starts_with("contact.") {
                return Err(Refusal::invalid(format!("customFields: no field {named}")));
            }
            continue;
        };
        let value = ["field_value", "fieldValue", "value"]
            .iter()
            .find_map(|key| field.get(*key));
        let value = value.cloned().unwrap_or_default();
        let is_empty = value.is_null() || value == "" || value == json!([]);
        let at = fields
            .iter()
            .position(|f| f["id"] == definition.id.as_str());
        match at {
            Some(at) if is_empty => {
                fields.remove(at);
            }
            Some(at) => fields[at]["value"] = value,
            None if is_empty => {}
            None => fields.push(json!({"id": definition.id, "value": value})),
        }
    }
    Ok(fields.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_birth_is_read_in_each_form_that_the_spec_names() {
        for (given, want) in [
            ("1990-09-25", Some("1990-09-25")),
            ("1990/09/25", Some("1990-09-25")),
            ("1990.09.25", Some("1990-09-25")),
            ("1990_09_25", Some("1990-09-25")),
            ("09/25/1990", Some("1990-09-25")),
            ("09-25-1990", Some("1990-09-25")),
            ("09.25.1990", Some("1990-09-25")),
            ("09_25_1990", Some("1990-09-25")),
            ("25/09/1990", None),
            ("1990-02-30", None),
            ("yesterday", None),
        ] {
            assert_eq!(date(given).as_deref(), want, "{given}");
        }
    }
}
