//! What GHL does with a record that is made, edited or deleted, whoever does it: the API and the web app alike.

use std::sync::Arc;

use serde_json::{Value, json};

pub use super::normal::normal_tags;
use super::{normal, office, refusal::Refusal, shape};
use crate::model::{Kind, Side};
use crate::sandbox::{
    event::{By, Op},
    mark::Mark,
    place,
    record::{Body, moment, text},
    world::World,
};

/// Makes a record. A child has `contactId` among its fields.
pub fn create(world: &mut World, by: &By, kind: Kind, fields: Body) -> Result<Arc<Body>, Refusal> {
    let now = world.now();
    let mut body = Body::new();
    let id = world.new_id(Side::Ghl, kind, now);
    body.insert("id".into(), id.into());
    if kind.is_child() {
        let parent = text(&fields, "contactId").unwrap_or_default();
        if !world.is_live(Side::Ghl, Kind::Contact, parent) {
            return Err(Refusal::missing(&world.switches, Kind::Contact, parent));
        }
    }
    match kind {
        Kind::Contact => {
            body.insert("locationId".into(), world.place.location_id.clone().into());
            body.insert("type".into(), "lead".into());
            if world.switches.default_country {
                body.insert("country".into(), place::COUNTRY.into());
            }
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
    normal::merge(world, kind, &mut body, fields)?;
    refuse_duplicate(world, kind, &body)?;
    let (added, updated) = times_of(kind);
    body.insert(added.into(), now.to_string().into());
    body.insert(updated.into(), now.to_string().into());
    let written = world.write(by, Op::Create, Side::Ghl, kind, body);
    world.office.note_secondary(&written);
    bump_contact(world, by, kind, &written)?;
    Ok(written)
}

/// Moves the contact of a new task or note on, where the account does that.
fn bump_contact(world: &mut World, by: &By, kind: Kind, child: &Body) -> Result<(), Refusal> {
    if world.switches.children_bump_contact && matches!(kind, Kind::Task | Kind::Note) {
        let contact = text(child, "contactId").unwrap_or_default();
        edit(world, by, Kind::Contact, contact, Body::new())?;
    }
    Ok(())
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
    normal::merge(world, kind, &mut body, patch)?;
    let (rewrites, number) = (world.switches.ghl_rewrites, world.events().len());
    rewrites.apply(&before, &mut body, number);
    if world.switches.put_refuses_duplicates
        && ["email", "phone"]
            .iter()
            .any(|key| body.get(*key) != before.get(*key))
    {
        refuse_duplicate(world, kind, &body)?;
    }
    if body == *before && !world.switches.unchanged_put_bumps {
        return Ok(before);
    }
    let (_, updated) = times_of(kind);
    let now = world.now().max(moment(&before, updated).plus(1));
    body.insert(updated.into(), now.to_string().into());
    let written = world.write(by, Op::Update, Side::Ghl, kind, body);
    world.office.note_secondary(&written);
    Ok(written)
}

/// Deletes a record without a trace. Notes and appointments go with their contact; its tasks stay in the
/// location's task search, where no contact route shows them.
pub fn delete(world: &mut World, by: &By, kind: Kind, id: &str) -> Result<(), Refusal> {
    let body = find(world, kind, id)?;
    if kind == Kind::Contact {
        let mut gone = vec![Kind::Note, Kind::Appointment];
        if !world.switches.orphan_tasks {
            gone.push(Kind::Task);
        }
        for child in gone {
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
    let missing = || Refusal::missing(&world.switches, kind, id);
    let body = world.live(Side::Ghl, kind, id).ok_or_else(missing)?;
    if kind.is_child() {
        let parent = text(&body, "contactId").unwrap_or_default();
        if !world.is_live(Side::Ghl, Kind::Contact, parent) {
            return Err(missing());
        }
    }
    Ok(body)
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

/// The contact that has this e-mail, in any case, or this phone, but for one. Of two, the location's order of fields
/// decides.
pub fn holder(
    world: &World,
    email: Option<&str>,
    phone: Option<&str>,
    but: &str,
) -> Option<(Arc<Body>, &'static str)> {
    let mut marks = [
        (email.map(Mark::email), "email"),
        (phone.map(Mark::phone), "phone"),
    ];
    if world.switches.match_phone_first {
        marks.reverse();
    }
    marks.into_iter().find_map(|(mark, field)| {
        let mark = mark?;
        let mut holders = world.holders(Side::Ghl, Kind::Contact, &mark);
        let other = holders.find(|body| text(body, "id") != Some(but))?;
        Some((other, field))
    })
}

/// The contact that has this e-mail as a secondary one.
pub fn secondary_holder(world: &World, email: &str) -> Option<Arc<Body>> {
    let id = world.office.secondary_holder(email)?;
    let contact = world.live(Side::Ghl, Kind::Contact, id)?;
    let email = email.to_lowercase();
    office::secondary_emails(&contact)
        .contains(&email)
        .then_some(contact)
}

fn refuse_duplicate(world: &World, kind: Kind, body: &Body) -> Result<(), Refusal> {
    if kind != Kind::Contact || world.switches.allow_duplicates {
        return Ok(());
    }
    let id = text(body, "id").unwrap_or_default();
    match holder(world, text(body, "email"), text(body, "phone"), id) {
        None => Ok(()),
        Some((other, field)) => Err(Refusal::Duplicate {
            contact_id: text(&other, "id").unwrap_or_default().to_owned(),
            contact_name: shape::full_name(&other).to_lowercase(),
            field,
        }),
    }
}
