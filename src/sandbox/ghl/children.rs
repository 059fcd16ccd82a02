//! Routes of tasks, notes and appointments.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, rules, shape};
use crate::model::{Kind, Side};
use crate::sandbox::{
    http::Answer,
    origin::Stamp,
    record::{Body, moment, text},
    walk::{self, Order},
    world::World,
};

/// The child named by the path, if it is this contact's.
fn child(world: &World, ask: &Ask, kind: Kind) -> Result<Arc<Body>, Refusal> {
    rules::find(world, Kind::Contact, ask.id(0))?;
    let body = rules::find(world, kind, ask.id(1))?;
    if text(&body, "contactId") == Some(ask.id(0)) {
        Ok(body)
    } else {
        rules::find(world, kind, "")
    }
}

fn list(world: &World, ask: &Ask, kind: Kind) -> Result<Vec<Value>, Refusal> {
    rules::find(world, Kind::Contact, ask.id(0))?;
    let mut children = world.children(Side::Ghl, kind, ask.id(0));
    children.sort_by_key(|body| moment(body, "dateAdded"));
    Ok(children
        .iter()
        .map(|body| rules::shown(kind, body))
        .collect())
}

fn create(world: &mut World, ask: &Ask, kind: Kind, dto: &dto::Dto) -> Result<Value, Refusal> {
    rules::find(world, Kind::Contact, ask.id(0))?;
    let mut fields = dto.read(&ask.call.body)?;
    fields.insert("contactId".into(), ask.id(0).into());
    Ok(rules::shown(
        kind,
        &*rules::create(world, &ask.by(), kind, fields)?,
    ))
}

fn update(world: &mut World, ask: &Ask, kind: Kind, dto: &dto::Dto) -> Result<Value, Refusal> {
    child(world, ask, kind)?;
    let fields = dto.read(&ask.call.body)?;
    Ok(rules::shown(
        kind,
        &*rules::edit(world, &ask.by(), kind, ask.id(1), fields)?,
    ))
}

fn delete(world: &mut World, ask: &Ask, kind: Kind) -> Result<Answer, Refusal> {
    child(world, ask, kind)?;
    rules::delete(world, &ask.by(), kind, ask.id(1))?;
    Ok(Answer::json(200, json!({"succeded": true})))
}

pub fn tasks(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"tasks": list(world, ask, Kind::Task)?}),
    ))
}

pub fn task(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"task": shape::task(&*child(world, ask, Kind::Task)?)}),
    ))
}

pub fn create_task(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        201,
        json!({"task": create(world, ask, Kind::Task, &dto::CREATE_TASK)?}),
    ))
}

pub fn update_task(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"task": update(world, ask, Kind::Task, &dto::UPDATE_TASK)?}),
    ))
}

pub fn complete_task(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"task": update(world, ask, Kind::Task, &dto::COMPLETE_TASK)?}),
    ))
}

pub fn delete_task(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    delete(world, ask, Kind::Task)
}

pub fn notes(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"notes": list(world, ask, Kind::Note)?}),
    ))
}

pub fn note(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"note": shape::note(&*child(world, ask, Kind::Note)?)}),
    ))
}

pub fn create_note(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        201,
        json!({"note": create(world, ask, Kind::Note, &dto::CREATE_NOTE)?}),
    ))
}

pub fn update_note(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"note": update(world, ask, Kind::Note, &dto::UPDATE_NOTE)?}),
    ))
}

pub fn delete_note(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    delete(world, ask, Kind::Note)
}

pub fn appointments(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        json!({"events": list(world, ask, Kind::Appointment)?}),
    ))
}

/// POST /locations/:locationId/tasks/search: from the index, by age; tasks of deleted contacts are still there.
pub fn search_tasks(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let until = world.indexed_until(Side::Ghl);
    let world = &*world;
    let wanted = dto::SEARCH_TASKS.read(&ask.call.body)?;
    let number = |key: &str, unset: usize| {
        wanted
            .get(key)
            .and_then(Value::as_u64)
            .map_or(unset, |n| n as usize)
    };
    let listed_in = |key: &str, value: Option<&str>| {
        let list = wanted
            .get(key)
            .and_then(Value::as_array)
            .filter(|list| !list.is_empty());
        list.is_none_or(|list| list.iter().any(|v| v.as_str() == value))
    };
    let query = text(&wanted, "query").unwrap_or_default().to_lowercase();
    let completed = wanted.get("completed");
    let business = text(&wanted, "businessId");
    let is_wanted = |task: &Body| {
        listed_in("contactId", text(task, "contactId"))
            && listed_in("assignedTo", text(task, "assignedTo"))
            && completed.is_none_or(|c| task.get("completed") == Some(c))
            && text(task, "title")
                .unwrap_or_default()
                .to_lowercase()
                .contains(&query)
            && business.is_none_or(|id| business_of(world, task).as_deref() == Some(id))
    };
    let (skip, limit) = (number("skip", 0), number("limit", 25));
    let tasks = (Side::Ghl, Kind::Task);
    let contacts = wanted.get("contactId").and_then(Value::as_array);
    let page: Vec<Arc<Body>> = if let Some(contacts) = contacts.filter(|list| !list.is_empty()) {
        let contacts: BTreeSet<&str> = contacts.iter().filter_map(Value::as_str).collect();
        let rows = contacts.into_iter();
        let mut rows: Vec<Arc<Body>> = rows
            .flat_map(|contact| world.listed_children(tasks, until, contact))
            .filter(|task| is_wanted(task))
            .collect();
        rows.sort_by_cached_key(|task| {
            let id = text(task, "id").map(str::to_owned);
            (moment(task, "dateAdded"), id)
        });
        rows.into_iter().skip(skip).take(limit).collect()
    } else {
        let order = Order::oldest_first(Stamp::Added);
        let rows = world.walk(tasks, until, order, walk::ALWAYS);
        // a row that no filter looks at is not made to be passed over
        let is_plain = ["assignedTo", "completed", "query", "businessId"]
            .iter()
            .all(|key| !wanted.contains_key(*key));
        if is_plain {
            let page = rows.skip(skip).take(limit);
            page.map(|(_, row)| Arc::new(row.body())).collect()
        } else {
            let bodies = rows.map(|(_, row)| row.body()).filter(|b| is_wanted(b));
            bodies.skip(skip).take(limit).map(Arc::new).collect()
        }
    };
    let full = world.switches.search_full_rows;
    let shown: Vec<Value> = page
        .iter()
        .map(|task| shape::task_row(task, full))
        .collect();
    Ok(Answer::json(200, json!({"tasks": shown})))
}

fn business_of(world: &World, task: &Body) -> Option<String> {
    let contact = world.live(Side::Ghl, Kind::Contact, text(task, "contactId")?)?;
    text(&contact, "businessId").map(str::to_owned)
}
