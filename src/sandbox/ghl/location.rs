//! Routes of the location and its users.

use serde_json::{Value, json};

use super::{Ask, dto, refusal::Refusal, shape};
use crate::sandbox::{http::Answer, record::text, world::World};

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let shown = shape::location(&world.place, world.switches.allow_duplicates);
    Ok(Answer::json(200, json!({"location": shown})))
}

/// GET /locations/search: a token of one location finds that one.
pub fn search(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let shown = shape::location(&world.place, world.switches.allow_duplicates);
    let company = ask.call.param("companyId");
    if company.is_some_and(|id| id != world.place.company_id) {
        return Err(Refusal::OtherLocation);
    }
    let email = ask.call.param("email");
    let found = email.is_none_or(|given| shown["email"] == given);
    let rows: Vec<&Value> = Some(&shown).into_iter().filter(|_| found).collect();
    Ok(Answer::json(200, json!({"locations": rows})))
}

pub fn users(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location_or_400(world, ask.call.param("locationId"))?;
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

/// POST /users/search/filter-by-email, with the addresses between commas.
pub fn users_by_email(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = dto::USERS_BY_EMAIL.read(&ask.call.body, &world.switches)?;
    if text(&body, "companyId") != Some(&world.place.company_id) {
        return Err(Refusal::OtherLocation);
    }
    let emails = text(&body, "emails").unwrap_or_default().to_lowercase();
    let emails: Vec<&str> = emails.split(',').map(str::trim).collect();
    let mut users: Vec<Value> = world.place.ghl_users().collect();
    users.retain(|user| emails.iter().any(|email| user["email"] == *email));
    Ok(Answer::json(
        200,
        json!({"users": users, "count": users.len()}),
    ))
}
