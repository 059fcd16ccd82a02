//! Routes of the location's tags: those that some contact has, and those that were made by themselves.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, rules};
use crate::model::{Kind, Side};
use crate::sandbox::{
    http::Answer,
    ids,
    record::{Body, text},
    world::World,
};

/// All names, in order.
fn names(world: &World) -> BTreeSet<String> {
    let mut names = world.tags(Side::Ghl);
    names.extend(world.office.tags.iter().cloned());
    names
}

/// A tag; its id is made of its name.
fn shown(world: &World, name: &str) -> Value {
    json!({"id": id_of(name), "name": name, "locationId": world.place.location_id})
}

fn id_of(name: &str) -> String {
    let seed = name
        .bytes()
        .fold(7, |h, b| (h * 31 + u64::from(b)) & 0xffff_ffff);
    ids::alphanumeric(&mut fastrand::Rng::with_seed(seed), 20)
}

fn named(world: &World, ask: &Ask) -> Result<String, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let mut names = names(world).into_iter();
    let name = names.find(|name| id_of(name) == ask.id(1));
    name.ok_or_else(|| Refusal::Bad("The tag id is invalid.".into()))
}

fn given_name(world: &World, ask: &Ask) -> Result<String, Refusal> {
    let body = dto::TAG.read(&ask.call.body, &world.switches)?;
    let name = text(&body, "name").unwrap_or_default().trim().to_owned();
    let name = if world.switches.normalise_tags {
        name.to_lowercase()
    } else {
        name
    };
    if name.is_empty() {
        return Err(Refusal::invalid("name should not be empty"));
    }
    if names(world).contains(&name) {
        return Err(Refusal::Bad("The tag name is already exist.".into()));
    }
    Ok(name)
}

/// Puts another tag, or none, where contacts have one.
fn replace(world: &mut World, ask: &Ask, old: &str, new: Option<&str>) -> Result<(), Refusal> {
    world.office.tags.remove(old);
    let has_it = |contact: &Body| {
        let tags = contact.get("tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|tag| tag == old))
    };
    let ids: Vec<String> = world
        .all(Side::Ghl, Kind::Contact)
        .filter(|contact| has_it(contact))
        .filter_map(|contact| text(&contact, "id").map(str::to_owned))
        .collect();
    for id in ids {
        rules::retag(world, &ask.by(), &id, |tags| {
            tags.retain(|tag| tag != old);
            tags.extend(new.map(Value::from));
        })?;
    }
    Ok(())
}

pub fn list(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let names = names(world);
    let tags: Vec<Value> = names.iter().map(|name| shown(world, name)).collect();
    Ok(Answer::json(200, json!({"tags": tags})))
}

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let name = named(world, ask)?;
    Ok(Answer::json(200, json!({"tag": shown(world, &name)})))
}

pub fn create(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let name = given_name(world, ask)?;
    world.office.tags.insert(name.clone());
    let status = if world.switches.tag_create_answers_201 {
        201
    } else {
        200
    };
    Ok(Answer::json(status, json!({"tag": shown(world, &name)})))
}

pub fn rename(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let old = named(world, ask)?;
    let name = given_name(world, ask)?;
    replace(world, ask, &old, Some(&name))?;
    world.office.tags.insert(name.clone());
    Ok(Answer::json(200, json!({"tag": shown(world, &name)})))
}

pub fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let name = named(world, ask)?;
    replace(world, ask, &name, None)?;
    Ok(Answer::json(200, json!({"succeded": true})))
}
