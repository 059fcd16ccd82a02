//! What is done to contacts beside editing them: many at once, followers, campaigns and workflows.

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, rules};
use crate::model::Kind;
use crate::sandbox::{
    http::Answer,
    record::{Body, text},
    world::World,
};

fn succeeded(status: u16) -> Answer {
    Answer::json(status, json!({"succeded": true}))
}

fn texts(body: &Body, name: &str) -> Vec<String> {
    let list = body.get(name).and_then(Value::as_array);
    let list = list.into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn patch(name: &str, value: Value) -> Body {
    Body::from_iter([(name.to_owned(), value)])
}

/// POST /contacts/bulk/tags/update/:type, where `type` is `add` or `remove`.
pub fn tags(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let is_add = match ask.id(0) {
        "add" => true,
        "remove" => false,
        _ => {
            return Err(Refusal::invalid(
                "type must be one of the following values: add, remove",
            ));
        }
    };
    let body = dto::BULK_TAGS.read(&ask.call.body, &world.switches)?;
    super::own_location(world, text(&body, "locationId"))?;
    let removes_all = body.get("removeAllTags") == Some(&true.into());
    if removes_all && is_add {
        return Err(Refusal::invalid(
            "removeAllTags can only be used with remove",
        ));
    }
    let given: Vec<Value> = texts(&body, "tags").into_iter().map(Value::from).collect();
    let given = rules::normal_tags(&given);
    let given = given.as_array().cloned().unwrap_or_default();
    let mut responses = Vec::new();
    for id in texts(&body, "contacts") {
        responses.push(match retag_one(world, ask, &id, &given, is_add, removes_all) {
            Ok(response) => response,
            Err(_) => json!({
                "contactId": id, "message": "contact does not belong to location", "type": "error",
            }),
        });
    }
    let errors = responses.iter().filter(|r| r["type"] == "error").count();
    let shown = json!({"succeded": errors == 0, "errorCount": errors, "responses": responses});
    Ok(Answer::json(201, shown))
}

fn retag_one(
    world: &mut World,
    ask: &Ask,
    id: &str,
    given: &[Value],
    is_add: bool,
    removes_all: bool,
) -> Result<Value, Refusal> {
    let contact = rules::find(world, Kind::Contact, id)?;
    let old = contact.get("tags").cloned().unwrap_or_else(|| json!([]));
    let before = old.as_array().cloned().unwrap_or_default();
    let after = rules::retag(world, &ask.by(), id, |tags| {
        if is_add {
            tags.extend(given.iter().filter(|tag| !before.contains(tag)).cloned());
        } else {
            tags.retain(|tag| !removes_all && !given.contains(tag));
        }
    })?;
    let after = after.as_array().cloned().unwrap_or_default();
    let only = |these: &[Value], those: &[Value]| -> Value {
        these
            .iter()
            .filter(|tag| !those.contains(tag))
            .cloned()
            .collect()
    };
    Ok(json!({
        "contactId": id, "message": "Tags updated", "type": "success", "oldTags": old,
        "tagsAdded": only(&after, &before), "tagsRemoved": only(&before, &after),
    }))
}

/// POST /contacts/bulk/business: null detaches. Gives the contacts that were there to be written. The documents list
/// no 400 here.
pub fn business(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = dto::BULK_BUSINESS.read(&ask.call.body, &world.switches);
    let body = body.map_err(Refusal::into_422)?;
    super::own_location(world, text(&body, "locationId"))?;
    if let Some(id) = text(&body, "businessId") {
        rules::find(world, Kind::Business, id).map_err(Refusal::into_422)?;
    }
    let business = body.get("businessId").cloned().unwrap_or_default();
    let mut ids = texts(&body, "ids");
    ids.retain(|id| {
        let patch = patch("businessId", business.clone());
        rules::edit(world, &ask.by(), Kind::Contact, id, patch).is_ok()
    });
    Ok(Answer::json(200, json!({"success": true, "ids": ids})))
}

/// What a contact's list holds, and the given ones that a change is about.
fn followers(world: &World, ask: &Ask) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let contact = rules::find(world, Kind::Contact, ask.id(0))?;
    let body = dto::FOLLOWERS.read(&ask.call.body, &world.switches)?;
    let mut given = texts(&body, "followers");
    given.dedup();
    for id in &given {
        if !world.place.users.iter().any(|user| user.ids.ghl == *id) {
            return Err(Refusal::invalid(format!("followers: no user {id}")));
        }
    }
    Ok((texts(&contact, "followers"), given))
}

fn follow(world: &mut World, ask: &Ask, all: &[String]) -> Result<(), Refusal> {
    let patch = patch("followers", json!(all));
    rules::edit(world, &ask.by(), Kind::Contact, ask.id(0), patch)?;
    Ok(())
}

pub fn add_followers(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let (mut all, mut added) = followers(world, ask)?;
    added.retain(|id| !all.contains(id));
    all.extend(added.iter().cloned());
    follow(world, ask, &all)?;
    Ok(Answer::json(
        201,
        json!({"followers": all, "followersAdded": added}),
    ))
}

pub fn remove_followers(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let (mut all, mut removed) = followers(world, ask)?;
    removed.retain(|id| all.contains(id));
    all.retain(|id| !removed.contains(id));
    follow(world, ask, &all)?;
    Ok(Answer::json(
        200,
        json!({"followers": all, "followersRemoved": removed}),
    ))
}

/// The sandbox runs no campaigns: who joins one is only asked to exist.
pub fn join_campaign(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    rules::find(world, Kind::Contact, ask.id(0))?;
    dto::object(&ask.call.body)?;
    Ok(succeeded(201))
}

pub fn leave_campaigns(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    rules::find(world, Kind::Contact, ask.id(0))?;
    Ok(succeeded(200))
}

/// A workflow does nothing here, but a search by `activeWorkflows` and `finishedWorkflows` finds who is in it.
fn move_workflow(world: &mut World, ask: &Ask, from: &str, to: &str) -> Result<Answer, Refusal> {
    let contact = rules::find(world, Kind::Contact, ask.id(0))?;
    dto::WORKFLOW.read(&ask.call.body, &world.switches)?;
    let workflow = ask.id(1).to_owned();
    let (mut left, mut joined) = (texts(&contact, from), texts(&contact, to));
    left.retain(|id| *id != workflow);
    if !joined.contains(&workflow) {
        joined.push(workflow);
    }
    let mut patch = patch(from, json!(left));
    patch.insert(to.into(), json!(joined));
    rules::edit(world, &ask.by(), Kind::Contact, ask.id(0), patch)?;
    Ok(succeeded(200))
}

pub fn join_workflow(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    move_workflow(world, ask, "finishedWorkflows", "activeWorkflows")
}

pub fn leave_workflow(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    move_workflow(world, ask, "activeWorkflows", "finishedWorkflows")
}
