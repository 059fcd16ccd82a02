//! Routes of what stands around the contacts: the location, its users, businesses, tags and custom fields.

use serde_json::{Value, json};

use super::{Ask, refusal::Refusal, rules, shape};
use crate::model::{Kind, Side};
use crate::sandbox::{http::Answer, record::text, world::World};

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let shown = shape::location(&world.place, world.switches.allow_duplicates);
    Ok(Answer::json(200, json!({"location": shown})))
}

pub fn custom_fields(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let fields = world.place.custom_fields.iter().enumerate().map(|(at, field)| {
        json!({
            "id": field.id, "name": field.name, "fieldKey": format!("contact.{}", field.key),
            "placeholder": "", "dataType": field.data_type, "position": at * 50,
            "picklistOptions": field.options, "locationId": world.place.location_id, "model": "contact",
        })
    });
    let has_contact_fields = !matches!(ask.call.param("model"), Some("opportunity"));
    let shown: Vec<Value> = fields.filter(|_| has_contact_fields).collect();
    Ok(Answer::json(200, json!({"customFields": shown})))
}

/// The tags that some contact has; their ids are made of their names.
pub fn tags(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let names = world.tags(Side::Ghl).into_iter();
    let shown: Vec<Value> = names
        .map(|name| {
            let mut rng = fastrand::Rng::with_seed(
                name.bytes()
                    .fold(7, |h, b| (h * 31 + u64::from(b)) & 0xffff_ffff),
            );
            let id = crate::sandbox::ids::alphanumeric(&mut rng, 20);
            json!({"id": id, "name": name, "locationId": world.place.location_id})
        })
        .collect();
    Ok(Answer::json(200, json!({"tags": shown})))
}

pub fn users(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, ask.call.param("locationId"))?;
    let users: Vec<Value> = world.place.ghl_users().collect();
    Ok(Answer::json(200, json!({"users": users})))
}

pub fn search_users(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    match ask.call.param("companyId") {
        None => return Err(Refusal::invalid("companyId must be a string")),
        Some(id) if id != world.place.company_id => return Err(Refusal::OtherLocation),
        Some(_) => {}
    }
    super::own_location(
        world,
        ask.call
            .param("locationId")
            .or(Some(&world.place.location_id)),
    )?;
    let ids: Option<Vec<&str>> = ask.call.param("ids").map(|ids| ids.split(',').collect());
    let query = ask.call.param("query").unwrap_or_default().to_lowercase();
    let mut users: Vec<Value> = world.place.ghl_users().collect();
    users.retain(|user| {
        let is_named = |key: &str| {
            user[key]
                .as_str()
                .unwrap_or_default()
                .to_lowercase()
                .contains(&query)
        };
        ids.as_ref()
            .is_none_or(|ids| ids.iter().any(|id| user["id"] == *id))
            && (is_named("name") || is_named("email"))
    });
    let page: Vec<&Value> = ask.page(&users, 25)?.collect();
    Ok(Answer::json(
        200,
        json!({"users": page, "count": users.len()}),
    ))
}

/// One user, without a wrapper.
pub fn user(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let found = world.place.ghl_users().find(|user| user["id"] == ask.id(0));
    let found =
        found.ok_or_else(|| Refusal::Bad(format!("User with id {} not found", ask.id(0))))?;
    Ok(Answer::json(200, found))
}

pub fn business(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = rules::find(world, Kind::Business, ask.id(0))?;
    Ok(Answer::json(
        200,
        json!({"business": shape::business(&body)}),
    ))
}

pub fn businesses(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, ask.call.param("locationId"))?;
    let mut rows = world.listed(Side::Ghl, Kind::Business);
    rows.sort_by_key(|body| text(body, "name").map(str::to_owned));
    let shown: Vec<Value> = ask
        .page(&rows, 100)?
        .map(|body| shape::business(body))
        .collect();
    Ok(Answer::json(200, json!({"businesses": shown})))
}
