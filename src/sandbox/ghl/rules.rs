//! What GHL does with a record that is made, edited or deleted, whoever does it: the API and the web app alike.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use super::{refusal::Refusal, shape};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    event::{By, Op},
    ids,
    phones::e164,
    place,
    record::{Body, moment, text},
    world::World,
};

/// Makes a record. A child has `contactId` among its fields.
pub fn create(world: &mut World, by: &By, kind: Kind, fields: Body) -> Result<Arc<Body>, Refusal> {
    let now = world.now();
    let mut body = Body::new();
    let id = match kind {
        Kind::Business => ids::hex(&mut world.rng, 24),
        _ => ids::alphanumeric(&mut world.rng, 20),
    };
    body.insert("id".into(), id.into());
    if kind.is_child() {
        let parent = text(&fields, "contactId").unwrap_or_default();
        if world.live(Side::Ghl, Kind::Contact, parent).is_none() {
            return Err(Refusal::no_contact(parent));
        }
    }
    match kind {
        Kind::Contact => {
            body.insert("locationId".into(), world.place.location_id.clone().into());
            body.insert("type".into(), "lead".into());
            body.insert("country".into(), place::COUNTRY.into());
        }
        Kind::Task => {
            body.insert("completed".into(), false.into());
        }
        Kind::Note => {}
        Kind::Appointment => {
            body.insert("calendarId".into(), world.place.calendar_id.clone().into());
            body.insert("locationId".into(), world.place.location_id.clone().into());
            body.insert("appointmentStatus".into(), "confirmed".into());
            for (key, empty) in [
                ("groupId", json!("")),
                ("users", json!([])),
                ("assignedResources", json!([])),
            ] {
                body.insert(key.into(), empty);
            }
        }
        Kind::Business => {
            body.insert("locationId".into(), world.place.location_id.clone().into());
        }
    }
    merge(world, kind, &mut body, fields)?;
    refuse_duplicate(world, kind, &body)?;
    let (added, updated) = times_of(kind);
    body.insert(added.into(), now.to_string().into());
    body.insert(updated.into(), now.to_string().into());
    Ok(world.write(by, Op::Create, Side::Ghl, kind, body))
}

/// Edits a record: only the keys that are given change, null clears. Its update time moves on in any case.
pub fn edit(
    world: &mut World,
    by: &By,
    kind: Kind,
    id: &str,
    patch: Body,
) -> Result<Arc<Body>, Refusal> {
    let before = find(world, kind, id)?;
    let mut body = (*before).clone();
    let mut patch = patch;
    for fixed in ["id", "locationId", "contactId"] {
        patch.shift_remove(fixed);
    }
    merge(world, kind, &mut body, patch)?;
    if ["email", "phone"]
        .iter()
        .any(|key| body.get(*key) != before.get(*key))
    {
        refuse_duplicate(world, kind, &body)?;
    }
    let (_, updated) = times_of(kind);
    let now = world.now().max(moment(&before, updated).plus(1));
    body.insert(updated.into(), now.to_string().into());
    Ok(world.write(by, Op::Update, Side::Ghl, kind, body))
}

/// Deletes a record without a trace. Notes and appointments go with their contact; its tasks stay in the
/// location's task search, where no contact route shows them.
pub fn delete(world: &mut World, by: &By, kind: Kind, id: &str) -> Result<(), Refusal> {
    let body = find(world, kind, id)?;
    if kind == Kind::Contact {
        for child in [Kind::Note, Kind::Appointment] {
            for body in world.children(Side::Ghl, child, id) {
                erase(world, by, child, body);
            }
        }
    }
    erase(world, by, kind, body);
    Ok(())
}

/// Takes a record away; what it held goes into the webhook that tells of it.
fn erase(world: &mut World, by: &By, kind: Kind, body: Arc<Body>) {
    let id = text(&body, "id").unwrap_or_default().to_owned();
    world.erase(by, kind, &id);
    world.graves.insert((kind, id), body);
}

/// Merges a contact into another, as the web app does: children move, tags unite, empty fields are filled, and the
/// contact is gone.
pub fn merge_contacts(
    world: &mut World,
    by: &By,
    id: &str,
    into: &str,
) -> Result<Arc<Body>, Refusal> {
    let loser = find(world, Kind::Contact, id)?;
    let winner = find(world, Kind::Contact, into)?;
    if id == into {
        return Err(Refusal::Bad(
            "a contact cannot be merged into itself".into(),
        ));
    }
    for kind in [Kind::Task, Kind::Note, Kind::Appointment] {
        for child in world.children(Side::Ghl, kind, id) {
            let mut child = (*child).clone();
            child.insert("contactId".into(), into.into());
            world.write(by, Op::Update, Side::Ghl, kind, child);
        }
    }
    let mut patch: Body = (*loser).clone();
    patch.retain(|key, _| !winner.contains_key(key));
    let tags = [&winner, &loser].map(|c| {
        c.get("tags")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    });
    patch.insert("tags".into(), normal_tags(&tags.concat()));
    delete(world, by, Kind::Contact, id)?;
    edit(world, by, Kind::Contact, into, patch)
}

/// Changes the tags of a contact, and gives all that it has then.
pub fn retag(
    world: &mut World,
    by: &By,
    id: &str,
    change: impl FnOnce(&mut Vec<Value>),
) -> Result<Value, Refusal> {
    let before = find(world, Kind::Contact, id)?;
    let old = before.get("tags").cloned().unwrap_or_else(|| json!([]));
    let mut tags = old.as_array().cloned().unwrap_or_default();
    change(&mut tags);
    let tags = Value::Array(tags);
    if tags != old {
        edit(
            world,
            by,
            Kind::Contact,
            id,
            Body::from_iter([("tags".into(), tags.clone())]),
        )?;
    }
    Ok(tags)
}

/// A record that a route by id shows: a child only while its contact is there.
pub fn find(world: &World, kind: Kind, id: &str) -> Result<Arc<Body>, Refusal> {
    let missing = || match kind {
        Kind::Contact => Refusal::no_contact(id),
        Kind::Task => Refusal::Bad("The task id is invalid.".into()),
        Kind::Note => Refusal::Bad("The note id is invalid.".into()),
        Kind::Appointment => Refusal::Bad("The event id is invalid.".into()),
        Kind::Business => Refusal::Bad(format!("Business with id {id} not found")),
    };
    let body = world.live(Side::Ghl, kind, id).ok_or_else(missing)?;
    if kind.is_child() {
        let parent = text(body, "contactId").unwrap_or_default();
        if world.live(Side::Ghl, Kind::Contact, parent).is_none() {
            return Err(missing());
        }
    }
    Ok(body.clone())
}

/// A record as its read by id shows it.
pub fn shown(kind: Kind, body: &Body) -> Value {
    match kind {
        Kind::Contact => shape::contact(body),
        Kind::Task => shape::task(body),
        Kind::Note => shape::note(body),
        Kind::Appointment => shape::appointment(body),
        Kind::Business => shape::business(body),
    }
}

const fn times_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Business => ("createdAt", "updatedAt"),
        _ => ("dateAdded", "dateUpdated"),
    }
}

/// Puts the fields of a patch into a record, each in the form that GHL stores.
fn merge(world: &World, kind: Kind, body: &mut Body, mut patch: Body) -> Result<(), Refusal> {
    if let Some(name) = patch.shift_remove("name").filter(|_| kind == Kind::Contact) {
        let (first, last) =
            name.as_str()
                .map_or((None, None), |name| match name.trim().split_once(' ') {
                    Some((first, last)) => (Some(first.to_owned()), Some(last.trim().to_owned())),
                    None => (Some(name.trim().to_owned()), None),
                });
        patch.entry("firstName").or_insert_with(|| first.into());
        patch.entry("lastName").or_insert_with(|| last.into());
    } else if kind == Kind::Business
        && let Some(name) = text(&patch, "name")
    {
        body.insert("name".into(), name.to_owned().into());
    }
    if let Some(country) = patch.shift_remove("country") {
        put(body, "country", country);
    }
    for (key, value) in patch {
        let value = match (key.as_str(), &value) {
            ("phone", Value::String(given)) if !given.trim().is_empty() => {
                let country = text(body, "country").unwrap_or(place::COUNTRY);
                let number = e164(given, country);
                number
                    .ok_or_else(|| Refusal::invalid("phone must be a valid phone number"))?
                    .into()
            }
            ("tags", Value::Array(tags)) => normal_tags(tags),
            ("customFields", Value::Array(fields)) => {
                merged_custom_fields(world, body.get("customFields"), fields)
            }
            ("dueDate", Value::String(given)) => match Millis::parse(given) {
                Some(at) => at.to_string().into(),
                None => {
                    return Err(Refusal::invalid(
                        "dueDate must be a valid ISO 8601 date string",
                    ));
                }
            },
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

/// Custom fields by id; a `contact.` key or an unknown id is ignored, null and empty clear.
fn merged_custom_fields(world: &World, old: Option<&Value>, given: &[Value]) -> Value {
    let mut fields = old.and_then(Value::as_array).cloned().unwrap_or_default();
    for field in given {
        let named = field["id"]
            .as_str()
            .or_else(|| field["key"].as_str())
            .unwrap_or_default();
        let Some(definition) = world.place.custom_field(named) else {
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
    fields.into()
}

/// The contact that has this e-mail, in any case, or this phone, but for one.
pub fn holder<'a>(
    world: &'a World,
    email: Option<&str>,
    phone: Option<&str>,
    but: &str,
) -> Option<(&'a Arc<Body>, &'static str)> {
    let lower = email.map(str::to_lowercase);
    let by_email = |body: &&Arc<Body>| {
        lower.is_some()
            && text(body, "email").map(str::to_lowercase) == lower
            && text(body, "id") != Some(but)
    };
    let by_phone = |body: &&Arc<Body>| {
        phone.is_some() && text(body, "phone") == phone && text(body, "id") != Some(but)
    };
    let mut all = world.all(Side::Ghl, Kind::Contact);
    if let Some(body) = all.find(by_email) {
        return Some((body, "email"));
    }
    let mut all = world.all(Side::Ghl, Kind::Contact);
    all.find(by_phone).map(|body| (body, "phone"))
}

fn refuse_duplicate(world: &World, kind: Kind, body: &Body) -> Result<(), Refusal> {
    if kind != Kind::Contact || world.switches.allow_duplicates {
        return Ok(());
    }
    let id = text(body, "id").unwrap_or_default();
    match holder(world, text(body, "email"), text(body, "phone"), id) {
        None => Ok(()),
        Some((other, field)) => Err(Refusal::Duplicate {
            contact_id: text(other, "id").unwrap_or_default().to_owned(),
            contact_name: shape::full_name(other).to_lowercase(),
            field,
        }),
    }
}
