//! Routes of calendars and their events. Times here have an offset, where a contact's appointments have none.

use std::sync::Arc;

use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use super::{Ask, refusal::Refusal, rules};
use crate::model::{Kind, Side};
use crate::sandbox::{
    http::Answer,
    place,
    record::{Body, text},
    world::World,
};

pub fn list(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location_or_400(world, ask.call.param("locationId"))?;
    // none is in a group
    let is_asked = ask.call.param("groupId").is_none_or(str::is_empty);
    let calendars = world.office.calendars.iter().filter(|_| is_asked);
    let shown: Vec<Value> = calendars
        .map(|c| c.shown(&world.place.location_id))
        .collect();
    Ok(Answer::json(200, json!({"calendars": shown})))
}

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let calendar = world.office.calendars.iter().find(|c| c.id == ask.id(0));
    let calendar = calendar.ok_or_else(|| Refusal::Bad("The calendar id is invalid.".into()))?;
    let shown = calendar.shown(&world.place.location_id);
    Ok(Answer::json(200, json!({"calendar": shown})))
}

/// The location has no groups of calendars.
pub fn groups(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location_or_400(world, ask.call.param("locationId"))?;
    Ok(Answer::json(200, json!({"groups": []})))
}

/// Nobody blocks time in the sandbox.
pub fn blocked(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location_or_400(world, ask.call.param("locationId"))?;
    Ok(Answer::json(200, json!({"events": []})))
}

/// GET /calendars/events: those of a user, a calendar or a group that begin in a span.
pub fn events(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location_or_400(world, ask.call.param("locationId"))?;
    let moment = |name: &str| {
        let given = ask.call.param(name).and_then(|ms| ms.parse::<i64>().ok());
        given.ok_or_else(|| Refusal::Bad(format!("{name} must be a number string")))
    };
    let (from, to) = (moment("startTime")?, moment("endTime")?);
    let whose = [
        ("userId", "assignedUserId"),
        ("calendarId", "calendarId"),
        ("groupId", "groupId"),
    ]
    .map(|(param, field)| ask.call.param(param).map(|id| (field, id)));
    let whose: Vec<(&str, &str)> = whose.into_iter().flatten().collect();
    if whose.is_empty() {
        return Err(Refusal::Bad(
            "Either of userId, calendarId or groupId is required".into(),
        ));
    }
    let mut found: Vec<(i64, Arc<Body>)> = world
        .all(Side::Ghl, Kind::Appointment)
        .filter(|event| {
            whose
                .iter()
                .all(|(field, id)| text(event, field) == Some(id))
        })
        .filter_map(|event| {
            let starts = local(&event, "startTime")?.timestamp().as_millisecond();
            (from..=to).contains(&starts).then_some((starts, event))
        })
        .collect();
    found.sort_by_key(|(starts, _)| *starts);
    let shown: Vec<Value> = found.iter().map(|(_, event)| shown(event)).collect();
    Ok(Answer::json(200, json!({"events": shown})))
}

pub fn event(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = rules::find(world, Kind::Appointment, ask.id(0))?;
    Ok(Answer::json(200, json!({"event": shown(&body)})))
}

/// DELETE /calendars/events/:eventId: 201, and spelt right.
pub fn delete_event(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    rules::delete(world, &ask.by(), Kind::Appointment, ask.id(0))?;
    Ok(Answer::json(201, json!({"succeeded": true})))
}

/// An appointment as the calendars show it.
fn shown(body: &Body) -> Value {
    let mut shown = body.clone();
    for key in ["startTime", "endTime"] {
        if let Some(at) = local(body, key) {
            let at = at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            shown.insert(key.into(), at.into());
        }
    }
    shown.entry("isRecurring").or_insert(false.into());
    shown.into()
}

/// A time of an appointment, which is stored as the location's clock shows it.
pub fn local(body: &Body, key: &str) -> Option<jiff::ZonedDateTime> {
    let zone = TimeZone::get(place::TIME_ZONE).ok()?;
    let at: DateTime = text(body, key)?.parse().ok()?;
    at.to_zoned_datetime(zone).ok()
}
