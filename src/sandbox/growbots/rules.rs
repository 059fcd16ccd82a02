//! What Growbots does with a record that is made, edited, deleted or restored, whoever does it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    lists::TOMBSTONE_MS,
    problem::{FieldError, Problem},
    schema,
};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    event::{By, Op},
    mark::Mark,
    record::{Body, is_live, moment, text},
    world::World,
};

/// What the ids of a kind begin with.
pub const fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "ld_",
        Kind::Task => "tk_",
        Kind::Note => "nt_",
        Kind::Appointment => "mt_",
        Kind::Business => "co_",
    }
}

/// A new id of a kind.
pub fn new_id(world: &mut World, kind: Kind, at: Millis) -> String {
    world.new_id(Side::Growbots, kind, at)
}

/// Makes a record.
pub fn create(world: &mut World, by: &By, kind: Kind, fields: &Body) -> Result<Arc<Body>, Problem> {
    let now = world.now();
    let mut body = schema::blank(kind);
    let wrong = schema::apply(world, kind, &mut body, fields, true);
    if !wrong.is_empty() {
        return Err(Problem::invalid(&wrong));
    }
    refuse_duplicate(world, kind, "", &body)?;
    let mut made = Body::new();
    made.insert("id".into(), new_id(world, kind, now).into());
    made.insert("version".into(), 1.into());
    made.extend(body);
    made.insert("created_at".into(), now.to_string().into());
    made.insert("updated_at".into(), now.to_string().into());
    made.insert("deleted_at".into(), Value::Null);
    set_completed_at(kind, &mut made, now);
    Ok(world.write(by, Op::Create, Side::Growbots, kind, made))
}

/// A live record, 404 where there never was one, and 410 with the tombstone where it was deleted: for 90 days, then
/// 404 again.
pub fn find(world: &mut World, kind: Kind, id: &str) -> Result<Arc<Body>, Problem> {
    let now = world.now();
    let found = world.find(Side::Growbots, kind, id);
    let missing = || Problem::new(404, "not_found", "there is no such record");
    let body = found.filter(|body| !is_forgotten(body, now));
    let body = body.ok_or_else(missing)?;
    if is_live(&body) {
        return Ok(body);
    }
    let tombstone = Value::Object((*body).clone());
    Err(Problem::new(410, "gone", "the record was deleted").with("tombstone", tombstone))
}

/// Whether a body is a tombstone that is kept no longer.
pub fn is_forgotten(body: &Body, now: Millis) -> bool {
    !is_live(body) && now.since(moment(body, "deleted_at")) > TOMBSTONE_MS
}

/// Edits a record by a merge patch. One that changes nothing leaves the version as it is.
pub fn edit(
    world: &mut World,
    by: &By,
    kind: Kind,
    id: &str,
    patch: &Body,
) -> Result<Arc<Body>, Problem> {
    let before = find(world, kind, id)?;
    let mut body = (*before).clone();
    let wrong = schema::apply(world, kind, &mut body, patch, false);
    if !wrong.is_empty() {
        return Err(Problem::invalid(&wrong));
    }
    if body == *before {
        return Ok(before);
    }
    let (rewrites, number) = (world.switches.growbots_rewrites, world.events().len());
    rewrites.apply(&before, &mut body, number);
    refuse_duplicate(world, kind, id, &body)?;
    let now = world.now();
    set_completed_at(kind, &mut body, now);
    touch(&mut body, now);
    Ok(world.write(by, Op::Update, Side::Growbots, kind, body))
}

/// Deletes a record and, with a lead, its children; leads of a deleted company stand without one.
pub fn delete(world: &mut World, by: &By, kind: Kind, id: &str) -> Result<(), Problem> {
    let before = find(world, kind, id)?;
    if kind == Kind::Contact {
        for child in [Kind::Task, Kind::Note, Kind::Appointment] {
            for body in world.children(Side::Growbots, child, id) {
                bury(world, by, child, &body, None);
            }
        }
    }
    bury(world, by, kind, &before, None);
    if kind == Kind::Business {
        let company = Mark::Business(id.to_owned());
        let of_company: Vec<String> = world
            .holders(Side::Growbots, Kind::Contact, &company)
            .filter_map(|lead| text(&lead, "id").map(str::to_owned))
            .collect();
        let patch = Body::from_iter([("company_id".into(), Value::Null)]);
        for lead in of_company {
            edit(world, by, Kind::Contact, &lead, &patch)?;
        }
    }
    Ok(())
}

fn bury(world: &mut World, by: &By, kind: Kind, body: &Arc<Body>, merged_into: Option<&str>) {
    let now = world.now();
    let id = text(body, "id").unwrap_or_default().to_owned();
    let kept = [
        "id",
        "version",
        "external_ids",
        "lead_id",
        "created_at",
        "updated_at",
    ];
    let mut tombstone: Body = kept
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone())))
        .collect();
    touch(&mut tombstone, now);
    tombstone.insert("deleted_at".into(), now.to_string().into());
    if let Some(survivor) = merged_into {
        tombstone.insert("merged_into".into(), survivor.into());
    }
    world.graves.insert((kind, id), body.clone());
    world.write(by, Op::Delete, Side::Growbots, kind, tombstone);
}

/// Brings a deleted record back, without its children.
pub fn restore(world: &mut World, by: &By, kind: Kind, id: &str) -> Result<Arc<Body>, Problem> {
    let now = world.now();
    let found = world.find(Side::Growbots, kind, id);
    let Some(tombstone) = found.filter(|body| !is_forgotten(body, now)) else {
        return Err(Problem::new(404, "not_found", "there is no such record"));
    };
    let grave = (kind, id.to_owned());
    let Some(content) = world
        .graves
        .get(&grave)
        .filter(|_| !is_live(&tombstone))
        .cloned()
    else {
        return Err(Problem::new(
            409,
            "not_deleted",
            "the record is not deleted",
        ));
    };
    refuse_duplicate(world, kind, id, &content)?;
    let mut body = (*content).clone();
    let is_there = |kind, id| world.live(Side::Growbots, kind, id).is_some();
    if text(&body, "lead_id").is_some_and(|lead| !is_there(Kind::Contact, lead)) {
        let detail = "the lead of the record is deleted";
        let error = FieldError::new("lead_id", "reference_not_found", detail);
        return Err(Problem::invalid(&[error]));
    }
    if text(&body, "company_id").is_some_and(|company| !is_there(Kind::Business, company)) {
        body.insert("company_id".into(), Value::Null);
    }
    for kept in ["version", "updated_at"] {
        body.insert(
            kept.into(),
            tombstone.get(kept).cloned().unwrap_or_default(),
        );
    }
    touch(&mut body, now);
    world.graves.remove(&grave);
    Ok(world.write(by, Op::Restore, Side::Growbots, kind, body))
}

/// Merges a lead into another: children move, tags unite, empty fields are filled, and a tombstone names the survivor.
pub fn merge_leads(world: &mut World, by: &By, id: &str, into: &str) -> Result<Arc<Body>, Problem> {
    let loser = find(world, Kind::Contact, id)?;
    let no_survivor = |_| {
        Problem::invalid(&[FieldError::new(
            "into",
            "reference_not_found",
            "there is no such lead",
        )])
    };
    let survivor = find(world, Kind::Contact, into).map_err(no_survivor)?;
    if id == into {
        let error = FieldError::new("into", "invalid", "a lead cannot be merged into itself");
        return Err(Problem::invalid(&[error]));
    }
    let now = world.now();
    for kind in [Kind::Task, Kind::Note, Kind::Appointment] {
        for child in world.children(Side::Growbots, kind, id) {
            let mut child = (*child).clone();
            child.insert("lead_id".into(), into.into());
            touch(&mut child, now);
            world.write(by, Op::Update, Side::Growbots, kind, child);
        }
    }
    bury(world, by, Kind::Contact, &loser, Some(into));
    let mut merged = (*survivor).clone();
    for (name, value) in loser.iter() {
        match merged.get_mut(name) {
            Some(Value::Null) if name != "deleted_at" => {
                merged.insert(name.clone(), value.clone());
            }
            Some(Value::Object(members)) => {
                for (member, value) in value.as_object().into_iter().flatten() {
                    if members.get(member).is_none_or(Value::is_null) {
                        members.insert(member.clone(), value.clone());
                    }
                }
            }
            _ => {}
        }
    }
    touch(&mut merged, now);
    world.write(by, Op::Update, Side::Growbots, Kind::Contact, merged);
    let tags = loser
        .get("tags")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    retag(world, by, into, &tags, &[])
}

/// Adds and removes tags of a lead in one step, whatever its case.
pub fn retag(
    world: &mut World,
    by: &By,
    id: &str,
    add: &[Value],
    remove: &[Value],
) -> Result<Arc<Body>, Problem> {
    let before = find(world, Kind::Contact, id)?;
    let fold = |tag: &Value| tag.as_str().unwrap_or_default().trim().to_lowercase();
    let mut tags = before
        .get("tags")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    tags.retain(|tag| !remove.iter().any(|gone| fold(gone) == fold(tag)));
    tags.extend(add.iter().cloned());
    edit(
        world,
        by,
        Kind::Contact,
        id,
        &Body::from_iter([("tags".into(), tags.into())]),
    )
}

/// The next version and the time of it; an update time never falls.
fn touch(body: &mut Body, now: Millis) {
    let version = body.get("version").and_then(Value::as_u64).unwrap_or(0) + 1;
    let at = now.max(moment(body, "updated_at"));
    body.insert("version".into(), version.into());
    body.insert("updated_at".into(), at.to_string().into());
}

fn set_completed_at(kind: Kind, body: &mut Body, now: Millis) {
    if kind == Kind::Task {
        let is_done = body.get("completed") == Some(&json!(true));
        let has_time = body.get("completed_at").is_some_and(|at| !at.is_null());
        if is_done != has_time {
            body.insert(
                "completed_at".into(),
                is_done.then(|| now.to_string()).into(),
            );
        }
    }
}

/// An e-mail, whatever its case, and an external id may stand on one live record of a kind only.
fn refuse_duplicate(world: &World, kind: Kind, id: &str, body: &Body) -> Result<(), Problem> {
    let email = text(body, "email").filter(|e| kind == Kind::Contact && !e.is_empty());
    let external = body.get("external_ids").and_then(Value::as_object);
    let external = external.into_iter().flatten();
    let external = external.filter_map(|(system, other)| {
        let mark = Mark::external(system, other.as_str()?);
        Some((mark, "external_id"))
    });
    let email = email.map(|email| (Mark::email(email), "email"));
    for (mark, matched_on) in email.into_iter().chain(external) {
        let mut holders = world.holders(Side::Growbots, kind, &mark);
        if let Some(other) = holders.find(|other| text(other, "id") != Some(id)) {
            return Err(
                Problem::new(409, "duplicate", "another record has this already")
                    .with("existing_id", text(&other, "id").unwrap_or_default())
                    .with("matched_on", matched_on),
            );
        }
    }
    Ok(())
}
