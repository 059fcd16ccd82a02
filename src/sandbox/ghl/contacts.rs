//! Routes of contacts: by id, the two lists, duplicates and tags.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, rules, search, shape};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    http::Answer,
    mark::Mark,
    origin::Stamp,
    phones::e164,
    place,
    record::{Body, text},
    walk::{self, Order},
    world::World,
};

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = rules::find(world, Kind::Contact, ask.id(0))?;
    Ok(Answer::json(200, json!({"contact": shape::contact(&body)})))
}

pub fn create(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let mut fields = dto::CREATE_CONTACT.read(&ask.call.body)?;
    super::own_location(world, text(&fields, "locationId"))?;
    fields.shift_remove("locationId");
    let body = rules::create(world, &ask.by(), Kind::Contact, fields)?;
    Ok(Answer::json(201, json!({"contact": shape::contact(&body)})))
}

pub fn update(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let fields = dto::UPDATE_CONTACT.read(&ask.call.body)?;
    let body = rules::edit(world, &ask.by(), Kind::Contact, ask.id(0), fields)?;
    Ok(Answer::json(
        200,
        json!({"succeded": true, "contact": shape::contact(&body)}),
    ))
}

pub fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    rules::delete(world, &ask.by(), Kind::Contact, ask.id(0))?;
    Ok(Answer::json(200, json!({"succeded": true})))
}

pub fn add_tags(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let given = given_tags(ask)?;
    let tags = rules::retag(world, &ask.by(), ask.id(0), |tags| {
        for tag in given {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
    })?;
    Ok(Answer::json(201, json!({"tags": tags})))
}

pub fn remove_tags(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let given = given_tags(ask)?;
    let tags = rules::retag(world, &ask.by(), ask.id(0), |tags| {
        tags.retain(|tag| !given.contains(tag));
    })?;
    Ok(Answer::json(200, json!({"tags": tags})))
}

fn given_tags(ask: &Ask) -> Result<Vec<Value>, Refusal> {
    let body = dto::TAGS.read(&ask.call.body)?;
    let tags = body
        .get("tags")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if !tags.iter().all(Value::is_string) {
        return Err(Refusal::invalid("each value in tags must be a string"));
    }
    Ok(rules::normal_tags(&tags)
        .as_array()
        .cloned()
        .unwrap_or_default())
}

/// GET /contacts/search/duplicate. It reads records, not the index.
pub fn duplicate(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, ask.call.param("locationId"))?;
    let email = ask
        .call
        .param("email")
        .map(str::trim)
        .filter(|e| !e.is_empty());
    let number = ask
        .call
        .param("number")
        .and_then(|number| e164(number, place::COUNTRY));
    let shown = match rules::holder(world, email, number.as_deref(), "") {
        None => json!({"contact": null}),
        Some((body, field)) => json!({
            "contact": shape::contact(&body),
            "matchingField": if field == "phone" { "number" } else { field },
        }),
    };
    Ok(Answer::json(200, shown))
}

/// GET /contacts/, deprecated: newest first, two cursors that count only together.
pub fn list(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, ask.call.param("locationId"))?;
    let limit = match ask.call.param("limit").map(str::parse::<usize>) {
        None => 20,
        Some(Ok(limit @ 1..=100)) => limit,
        Some(Ok(0) | Err(_)) => return Err(Refusal::invalid("limit must be a number from 1")),
        Some(Ok(_)) => return Err(Refusal::invalid("limit must not be greater than 100")),
    };
    let query = ask.call.param("query").unwrap_or_default().to_lowercase();
    let after = ask
        .call
        .param("startAfter")
        .and_then(|ms| ms.parse::<i64>().ok());
    let after = after.map(Millis).zip(ask.call.param("startAfterId"));
    let page = search::Page {
        order: Order {
            by: Stamp::Added,
            newest_first: true,
            ids_fall: true,
        },
        window: walk::ALWAYS,
        after: after.map(|(at, id)| (at, id.to_owned())),
        skip: 0,
        limit,
    };
    let is_wanted: Option<&dyn Fn(&Body) -> bool> = match query.as_str() {
        "" => None,
        query => Some(&|contact| search::mentions(contact, query)),
    };
    let found = page.read(world, is_wanted);
    let has_more = found.before + found.rows.len() < found.total;
    let current = found.before / limit + 1;
    let last = found.rows.last();
    let (last_ms, last_id) = last
        .map(|(at, c)| (at.0, text(c, "id").unwrap_or_default()))
        .unzip();
    // never the base URL, as the live service does: a client must build its own
    let next_url = has_more.then(|| {
        format!(
            "http://localhost:5058/contacts/?locationId={}&startAfter={}&startAfterId={}&limit={limit}",
            world.place.location_id,
            last_ms.unwrap_or_default(),
            last_id.unwrap_or_default(),
        )
    });
    let rows = found.rows.iter();
    let shown: Vec<Value> = rows
        .map(|(_, contact)| shape::contact_row(contact, true).into())
        .collect();
    let meta = json!({
        "total": found.total, "nextPageUrl": next_url, "startAfterId": last_id, "startAfter": last_ms,
        "currentPage": current, "nextPage": has_more.then_some(current + 1),
        "prevPage": (current > 1).then(|| current - 1),
    });
    Ok(Answer::json(200, json!({"contacts": shown, "meta": meta})))
}

/// GET /contacts/business/:businessId
pub fn of_business(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, ask.call.param("locationId"))?;
    rules::find(world, Kind::Business, ask.id(0))?;
    let until = world.indexed_until(Side::Ghl);
    let business = Mark::Business(ask.id(0).to_owned());
    let rows = world.listed_marked((Side::Ghl, Kind::Contact), until, &business);
    let rows: Vec<Arc<Body>> = rows.collect();
    let shown = ask
        .page(&rows, 25)?
        .map(|c| shape::contact_row(c, true).into())
        .collect::<Vec<Value>>();
    Ok(Answer::json(
        200,
        json!({"contacts": shown, "count": rows.len()}),
    ))
}
