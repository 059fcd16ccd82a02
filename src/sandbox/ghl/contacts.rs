//! Routes of contacts: by id, the two lists, duplicates and tags.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Ask, dto, page::Page, refusal::Refusal, rules, search, shape};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    http::Answer,
    mark::Mark,
    origin::Stamp,
    phones::e164,
    place,
    record::{Body, text},
    switches::Switches,
    walk::{self, Order},
    world::World,
};

/// A contact by id, with what the account does to it on the way out.
pub fn shown(world: &World, contact: &Body) -> Value {
    let mut shown = shape::contact(contact);
    let switches = &world.switches;
    if switches.name_in_replies {
        shown["name"] = shape::full_name(contact).into();
    }
    if switches.lower_case_names {
        for key in ["firstName", "lastName"] {
            if let Some(name) = text(contact, key) {
                shown[key] = name.to_lowercase().into();
            }
        }
    }
    if !switches.new_shows_date_updated && contact.get("dateUpdated") == contact.get("dateAdded") {
        shown
            .as_object_mut()
            .map(|shown| shown.shift_remove("dateUpdated"));
    }
    let fields = shown["customFields"].as_array_mut();
    for field in fields.into_iter().flatten() {
        let id = field["id"].as_str().unwrap_or_default();
        let data_type = world.office.field(id).map(|f| f.data_type.as_str());
        custom_value(switches, data_type.unwrap_or_default(), &mut field["value"]);
    }
    shown
}

/// The value of a custom field as it is read back.
fn custom_value(switches: &Switches, data_type: &str, value: &mut Value) {
    match data_type {
        "NUMERICAL" | "MONETORY" if switches.numbers_as_text && value.is_number() => {
            *value = value.to_string().into();
        }
        "DATE" if switches.dates_as_millis => {
            let day = value.as_str().and_then(|day| day.get(..10));
            let at = day.and_then(|day| Millis::parse(&format!("{day}T00:00:00Z")));
            if let Some(at) = at {
                *value = at.0.into();
            }
        }
        _ => {}
    }
}

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = rules::find(world, Kind::Contact, ask.id(0))?;
    Ok(Answer::json(200, json!({"contact": shown(world, &body)})))
}

pub fn create(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let mut fields = dto::CREATE_CONTACT.read(&ask.call.body, &world.switches)?;
    super::own_location(world, text(&fields, "locationId"))?;
    fields.shift_remove("locationId");
    let body = rules::create(world, &ask.by(), Kind::Contact, fields)?;
    let mut shown = shown(world, &body);
    for key in ["deleted", "bounceEmail", "unsubscribeEmail"] {
        shown[key] = false.into();
    }
    if let Some(day) = text(&body, "dateOfBirth") {
        // here, and only here, with a time
        shown["dateOfBirth"] = format!("{day}T00:00:00.000Z").into();
    }
    Ok(Answer::json(201, json!({"contact": shown})))
}

pub fn update(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let taken = if world.switches.put_takes_company {
        dto::UPDATE_CONTACT_AND_COMPANY
    } else {
        dto::UPDATE_CONTACT
    };
    let fields = taken.read(&ask.call.body, &world.switches)?;
    let body = rules::edit(world, &ask.by(), Kind::Contact, ask.id(0), fields)?;
    Ok(Answer::json(
        200,
        json!({"succeded": true, "contact": shown(world, &body)}),
    ))
}

pub fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    rules::delete(world, &ask.by(), Kind::Contact, ask.id(0))?;
    Ok(Answer::json(200, json!({"succeded": true})))
}

pub fn add_tags(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let given = given_tags(world, ask)?;
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
    let given = given_tags(world, ask)?;
    let tags = rules::retag(world, &ask.by(), ask.id(0), |tags| {
        tags.retain(|tag| !given.contains(tag));
    })?;
    Ok(Answer::json(200, json!({"tags": tags})))
}

fn given_tags(world: &World, ask: &Ask) -> Result<Vec<Value>, Refusal> {
    rules::find(world, Kind::Contact, ask.id(0))?;
    let body = dto::TAGS.read(&ask.call.body, &world.switches)?;
    let tags = body.get("tags").and_then(Value::as_array);
    let tags = tags.cloned().unwrap_or_default();
    if !world.switches.normalise_tags {
        return Ok(tags);
    }
    Ok(rules::normal_tags(&tags)
        .as_array()
        .cloned()
        .unwrap_or_default())
}

/// GET /contacts/search/duplicate. It reads records, not the index.
pub fn duplicate(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location_or_400(world, ask.call.param("locationId"))?;
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
            "contact": shown(world, &body),
            "matchingField": if field == "phone" { "number" } else { field },
        }),
    };
    Ok(Answer::json(200, shown))
}

/// GET /contacts/, deprecated: newest first, two cursors that count only together.
pub fn list(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, ask.call.param("locationId"))?;
    // some clients write a number with a point
    let number = |name: &str| ask.call.param(name).map(|n| n.parse::<f64>().ok());
    let limit = match number("limit").map(|limit| limit.map(|limit| limit as usize)) {
        None => 20,
        Some(Some(limit @ 1..=100)) => limit,
        Some(Some(0) | None) => return Err(Refusal::invalid("limit must be a number from 1")),
        Some(Some(_)) => return Err(Refusal::invalid(world.switches.list_limit_message.clone())),
    };
    let query = ask.call.param("query").unwrap_or_default().to_lowercase();
    let newest_first = world.switches.list_newest_first;
    let after = number("startAfter").flatten().map(|ms| Millis(ms as i64));
    let id = ask.call.param("startAfterId");
    // without an id everybody of that moment counts as seen
    let passed = if newest_first { "" } else { "\u{10ffff}" };
    let id = id.or_else(|| world.switches.list_cursor_alone.then_some(passed));
    let page = Page {
        order: Order {
            by: Stamp::Added,
            newest_first,
            ids_fall: newest_first,
        },
        window: walk::ALWAYS,
        after: after.zip(id.map(str::to_owned)),
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
    let query = ask.call.param("query").unwrap_or_default().to_lowercase();
    let rows: Vec<Arc<Body>> = world
        .listed_marked((Side::Ghl, Kind::Contact), until, &business)
        .filter(|contact| search::mentions(contact, &query))
        .collect();
    let shown = ask
        .page(&rows, 25)?
        .map(|c| shape::contact_row(c, true).into())
        .collect::<Vec<Value>>();
    Ok(Answer::json(
        200,
        json!({"contacts": shown, "count": rows.len()}),
    ))
}
