//! GHL as the facts describe it: routes, headers, scopes and bodies. Written from the documents, not from the
//! connector, so that a mistake there is not mirrored here.

mod children;
mod contacts;
mod dto;
mod location;
mod refusal;
pub mod rules;
mod search;
mod shape;

pub use refusal::Refusal;

use super::{
    event::By,
    http::{Answer, Call, captures},
    limits::Standing,
    tokens::{Tokens, Worth},
    world::World,
};
use crate::model::{Kind, Side};

const R: &str = "contacts.readonly";
const W: &str = "contacts.write";

type Run = fn(&mut World, &Ask) -> Result<Answer, Refusal>;

/// An operation: its name is method and path, and requests are counted under it.
#[derive(Debug)]
pub struct Route {
    pub name: &'static str,
    scope: &'static str,
    run: Run,
}

const fn route(name: &'static str, scope: &'static str, run: Run) -> Route {
    Route { name, scope, run }
}

/// All operations. Of two that fit a path, the first is meant.
const ROUTES: &[Route] = &[
    route("GET /contacts/", R, contacts::list),
    route("POST /contacts/", W, contacts::create),
    route("POST /contacts/search", R, search::contacts),
    route("GET /contacts/search/duplicate", R, contacts::duplicate),
    route(
        "GET /contacts/business/{businessId}",
        R,
        contacts::of_business,
    ),
    route("GET /contacts/{contactId}", R, contacts::get),
    route("PUT /contacts/{contactId}", W, contacts::update),
    route("DELETE /contacts/{contactId}", W, contacts::delete),
    route("GET /contacts/{contactId}/tasks", R, children::tasks),
    route("POST /contacts/{contactId}/tasks", W, children::create_task),
    route(
        "GET /contacts/{contactId}/tasks/{taskId}",
        R,
        children::task,
    ),
    route(
        "PUT /contacts/{contactId}/tasks/{taskId}",
        W,
        children::update_task,
    ),
    route(
        "DELETE /contacts/{contactId}/tasks/{taskId}",
        W,
        children::delete_task,
    ),
    route(
        "PUT /contacts/{contactId}/tasks/{taskId}/completed",
        W,
        children::complete_task,
    ),
    route("POST /contacts/{contactId}/tags", W, contacts::add_tags),
    route(
        "DELETE /contacts/{contactId}/tags",
        W,
        contacts::remove_tags,
    ),
    route("GET /contacts/{contactId}/notes", R, children::notes),
    route("POST /contacts/{contactId}/notes", W, children::create_note),
    route("GET /contacts/{contactId}/notes/{id}", R, children::note),
    route(
        "PUT /contacts/{contactId}/notes/{id}",
        W,
        children::update_note,
    ),
    route(
        "DELETE /contacts/{contactId}/notes/{id}",
        W,
        children::delete_note,
    ),
    route(
        "GET /contacts/{contactId}/appointments",
        R,
        children::appointments,
    ),
    route(
        "POST /locations/{locationId}/tasks/search",
        "locations/tasks.readonly",
        children::search_tasks,
    ),
    route(
        "GET /locations/{locationId}/customFields",
        "locations/customFields.readonly",
        location::custom_fields,
    ),
    route(
        "GET /locations/{locationId}/tags",
        "locations/tags.readonly",
        location::tags,
    ),
    route(
        "GET /locations/{locationId}",
        "locations.readonly",
        location::get,
    ),
    route(
        "GET /users/search",
        "users.readonly",
        location::search_users,
    ),
    route("GET /users/{userId}", "users.readonly", location::user),
    route("GET /users/", "users.readonly", location::users),
    route(
        "GET /businesses/{businessId}",
        "businesses.readonly",
        location::business,
    ),
    route(
        "GET /businesses/",
        "businesses.readonly",
        location::businesses,
    ),
];

/// A request with the ids of its path.
#[derive(Debug)]
pub struct Ask<'a> {
    pub call: &'a Call,
    ids: Vec<String>,
}

impl Ask<'_> {
    /// The `at`-th id of the path.
    fn id(&self, at: usize) -> &str {
        self.ids.get(at).map_or("", String::as_str)
    }

    fn by(&self) -> By {
        By::api(&self.call.request_id)
    }

    /// The rows that `skip` and `limit` of the query ask for.
    fn page<'r, T>(
        &self,
        rows: &'r [T],
        unset: usize,
    ) -> Result<impl Iterator<Item = &'r T>, Refusal> {
        let number = |name: &str, unset| match self.call.param(name).map(str::parse::<usize>) {
            None => Ok(unset),
            Some(Ok(n)) => Ok(n),
            Some(Err(_)) => Err(Refusal::invalid(format!("{name} must be a number string"))),
        };
        Ok(rows
            .iter()
            .skip(number("skip", 0)?)
            .take(number("limit", unset)?))
    }
}

/// Whose route a request is, with the ids of its path.
pub fn find(call: &Call) -> Option<(&'static Route, Vec<String>)> {
    ROUTES.iter().find_map(|route| {
        let (method, pattern) = route.name.split_once(' ')?;
        (method == call.method.as_str()).then_some(())?;
        Some((route, captures(pattern, &call.path)?))
    })
}

/// Answers a request that the rate limit let through.
pub fn answer(world: &mut World, tokens: &Tokens, call: &Call) -> Answer {
    let answer = match find(call) {
        None => Err(Refusal::NoRoute(format!(
            "Cannot {} {}",
            call.method, call.path
        ))),
        Some((route, ids)) => {
            admit(world, tokens, call, route).and_then(|()| (route.run)(world, &Ask { call, ids }))
        }
    };
    answer.unwrap_or_else(|refusal| refusal.answer())
}

fn admit(world: &mut World, tokens: &Tokens, call: &Call, route: &Route) -> Result<(), Refusal> {
    match call.header("version") {
        None => return Err(Refusal::Unauthorised("version header was not found.")),
        Some("legacy" | "2021-04-15" | "2021-07-28" | "2023-02-21" | "v3") => {}
        Some(_) => return Err(Refusal::Unauthorised("version header is invalid")),
    }
    let token = call.bearer();
    match tokens.worth(Side::Ghl, token, route.scope, world.now()) {
        Worth::Good => Ok(()),
        Worth::Expired => Err(Refusal::Unauthorised(
            "Invalid token: access token is invalid",
        )),
        Worth::LacksScope => Err(Refusal::Unauthorised(
            "The token is not authorized for this scope.",
        )),
        Worth::Unknown if token.is_some_and(|t| t.starts_with("pit-")) => {
            Err(Refusal::Unauthorised("Invalid Private Integration token"))
        }
        Worth::Unknown => Err(Refusal::Unauthorised("Invalid JWT")),
    }
}

/// Whether a request names the token's own location; naming none is a 422.
fn own_location(world: &World, given: Option<&str>) -> Result<(), Refusal> {
    match given {
        Some(id) if id == world.place.location_id => Ok(()),
        Some(_) => Err(Refusal::OtherLocation),
        None => Err(Refusal::invalid("locationId must be a string")),
    }
}

/// The answer to a request over the limit: no `Retry-After`.
pub fn throttled() -> Answer {
    Answer::json(
        429,
        serde_json::json!({"statusCode": 429, "message": "Too Many Requests"}),
    )
}

/// What stands on every answer: the trace id in the body, and the five headers.
pub fn finish(mut answer: Answer, request_id: &str, standing: &Standing) -> Answer {
    if let Some(body) = answer
        .body
        .as_mut()
        .and_then(serde_json::Value::as_object_mut)
    {
        body.insert("traceId".into(), request_id.into());
    }
    answer
        .with("x-ratelimit-limit-daily", standing.day_limit.to_string())
        .with(
            "x-ratelimit-daily-remaining",
            standing.day_remaining.to_string(),
        )
        .with(
            "x-ratelimit-interval-milliseconds",
            standing.window_ms.to_string(),
        )
        .with("x-ratelimit-max", standing.limit.to_string())
        .with("x-ratelimit-remaining", standing.remaining.to_string())
}

/// The record that a write by id is about, if the request is one.
pub fn target(call: &Call) -> Option<(Kind, String)> {
    let (route, ids) = find(call)?;
    let kind = match route.name.split_once("{contactId}")?.1 {
        _ if call.method == http::Method::GET || call.method == http::Method::POST => return None,
        "" | "/tags" => Kind::Contact,
        rest if rest.starts_with("/tasks/") => Kind::Task,
        rest if rest.starts_with("/notes/") => Kind::Note,
        _ => return None,
    };
    Some((kind, ids.last()?.clone()))
}

/// Takes the rows out of a list; what else it says stays.
pub fn emptied(answer: &mut Answer) {
    if let Some(body) = answer.body.as_mut() {
        for list in [
            "contacts",
            "tasks",
            "notes",
            "events",
            "businesses",
            "users",
        ] {
            if body[list].is_array() {
                body[list] = serde_json::json!([]);
            }
        }
    }
}
