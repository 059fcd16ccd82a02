//! Routes of businesses. Writes answer with the vendor's spelling, reads with the dictionary's.

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, rules, shape};
use crate::model::{Kind, Side};
use crate::sandbox::{http::Answer, record::text, world::World};

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = rules::find(world, Kind::Business, ask.id(0))?;
    let shown = json!({"business": shape::business(&body)});
    Ok(Answer::json(200, shown))
}

pub fn list(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location_or_400(world, ask.call.param("locationId"))?;
    let mut rows = world.listed(Side::Ghl, Kind::Business);
    rows.sort_by_key(|body| text(body, "name").map(str::to_owned));
    let page = ask.page(&rows, 100).map_err(Refusal::into_400)?;
    let shown: Vec<Value> = page.map(|body| shape::business(body)).collect();
    Ok(Answer::json(200, json!({"businesses": shown})))
}

pub fn create(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let mut fields = dto::CREATE_BUSINESS.read(&ask.call.body, &world.switches)?;
    super::own_location(world, text(&fields, "locationId"))?;
    fields.shift_remove("locationId");
    let body = rules::create(world, &ask.by(), Kind::Business, fields)?;
    let shown = json!({"success": true, "buiseness": shape::business(&body)});
    Ok(Answer::json(201, shown))
}

pub fn update(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    rules::find(world, Kind::Business, ask.id(0))?;
    let fields = dto::UPDATE_BUSINESS.read(&ask.call.body, &world.switches)?;
    let body = rules::edit(world, &ask.by(), Kind::Business, ask.id(0), fields)?;
    let shown = json!({"success": true, "buiseness": shape::business(&body)});
    Ok(Answer::json(200, shown))
}

pub fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    rules::delete(world, &ask.by(), Kind::Business, ask.id(0))?;
    Ok(Answer::json(200, json!({"success": true})))
}
