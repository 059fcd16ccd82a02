//! Routes of tasks, notes and appointments.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, rules, shape};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    http::Answer,
    origin::Stamp,
    record::{Body, moment, text},
    switches::TotalKey,
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
    let mut fields = dto.read(&ask.call.body, &world.switches)?;
    fields.insert("contactId".into(), ask.id(0).into());
    Ok(rules::shown(
        kind,
        &*rules::create(world, &ask.by(), kind, fields)?,
    ))
}

fn update(world: &mut World, ask: &Ask, kind: Kind, dto: &dto::Dto) -> Result<Value, Refusal> {
    child(world, ask, kind)?;
    let fields = dto.read(&ask.call.body, &world.switches)?;
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
    let mut events = list(world, ask, Kind::Appointment)?;
    if !world.switches.cancelled_appointments {
        events.retain(|event| event["appointmentStatus"] != "cancelled");
    }
    if world.switches.appointments_in_utc {
        for event in events.iter_mut().filter_map(Value::as_object_mut) {
            for key in ["startTime", "endTime"] {
                if let Some(at) = super::calendars::local(event, key) {
                    let at = at.timestamp().strftime("%Y-%m-%d %H:%M:%S").to_string();
                    event.insert(key.into(), at.into());
                }
            }
        }
    }
    Ok(Answer::json(200, json!({"events": events})))
}

/// POST /locations/:locationId/tasks/search: from the index, by age; tasks of deleted contacts are still there.
pub fn search_tasks(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let wanted = dto::SEARCH_TASKS.read(&ask.call.body, &world.switches)?;
    let until = world.indexed_until(Side::Ghl);
    let (page, total) = found_tasks(world, until, &wanted);
    let switches = &world.switches;
    let shown = page.iter().map(|task| {
        let mut row = shape::task_row(task, switches.search_full_rows);
        if !switches.task_rows_by_underscore_id {
            let id = row.shift_remove("_id").unwrap_or_default();
            row.shift_insert(0, "id".into(), id);
        }
        Value::from(row)
    });
    let mut answer = json!({"tasks": shown.collect::<Value>()});
    match switches.task_search_total {
        TotalKey::None => {}
        TotalKey::Count => answer["count"] = total.into(),
        TotalKey::Total => answer["total"] = total.into(),
    }
    let status = if switches.task_search_answers_201 {
        201
    } else {
        200
    };
    Ok(Answer::json(status, answer))
}

/// A page of a task search, and how many there are in all if the answer tells.
fn found_tasks(world: &World, until: Millis, wanted: &Body) -> (Vec<Arc<Body>>, usize) {
    let number = |key: &str, unset: usize| {
        let given = wanted.get(key).and_then(Value::as_u64);
        given.map_or(unset, |n| n as usize)
    };
    let (skip, limit) = (number("skip", 0), number("limit", 25));
    let list = |key: &str| {
        let list = wanted.get(key).and_then(Value::as_array);
        list.filter(|list| !list.is_empty())
    };
    let tells_total = !matches!(world.switches.task_search_total, TotalKey::None);
    let is_wanted = |task: &Body| is_wanted(world, wanted, task);
    let tasks = (Side::Ghl, Kind::Task);
    if let Some(contacts) = list("contactId") {
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
        let total = rows.len();
        return (rows.into_iter().skip(skip).take(limit).collect(), total);
    }
    let order = Order::oldest_first(Stamp::Added);
    let rows = world.walk(tasks, until, order, walk::ALWAYS);
    // a row that no filter looks at is not made to be passed over
    let is_plain = ["completed", "query", "businessId"]
        .iter()
        .all(|key| !wanted.contains_key(*key));
    if is_plain && list("assignedTo").is_none() {
        let page = rows.skip(skip).take(limit);
        let page = page.map(|(_, row)| Arc::new(row.body())).collect();
        let total = || world.count_in(tasks, until, Stamp::Added, &walk::ALWAYS);
        return (page, if tells_total { total() } else { 0 });
    }
    let mut bodies = rows.map(|(_, row)| row.body()).filter(|b| is_wanted(b));
    let before = bodies.by_ref().take(skip).count();
    let page: Vec<Arc<Body>> = bodies.by_ref().take(limit).map(Arc::new).collect();
    let rest = if tells_total { bodies.count() } else { 0 };
    let total = before + page.len() + rest;
    (page, total)
}

/// Whether a task search is after this task, whichever contacts it names.
fn is_wanted(world: &World, wanted: &Body, task: &Body) -> bool {
    let assigned = wanted.get("assignedTo").and_then(Value::as_array);
    let is_assigned = |list: &Vec<Value>| {
        let user = text(task, "assignedTo");
        list.is_empty() || list.iter().any(|id| id.as_str() == user)
    };
    let query = text(wanted, "query").unwrap_or_default().to_lowercase();
    let title = text(task, "title").unwrap_or_default().to_lowercase();
    let completed = wanted.get("completed");
    let business = text(wanted, "businessId");
    assigned.is_none_or(is_assigned)
        && completed.is_none_or(|c| task.get("completed") == Some(c))
        && title.contains(&query)
        && business.is_none_or(|id| business_of(world, task).as_deref() == Some(id))
}

fn business_of(world: &World, task: &Body) -> Option<String> {
    let contact = world.live(Side::Ghl, Kind::Contact, text(task, "contactId")?)?;
    text(&contact, "businessId").map(str::to_owned)
}
