//! GHL as the facts describe it: routes, headers, scopes and bodies. Written from the documents, not from the
//! connector, so that a mistake there is not mirrored here.

mod bulk;
mod businesses;
mod calendars;
mod children;
mod contacts;
mod dto;
mod fields;
mod filter;
mod location;
mod normal;
mod office;
mod page;
mod refusal;
mod routes;
pub mod rules;
mod search;
mod shape;
mod tags;
mod upsert;

pub use office::Office;
pub use refusal::Refusal;
pub use routes::find;

use super::{
    event::By,
    http::{Answer, Call},
    limits::Standing,
    switches::Switches,
    tokens::{Tokens, Worth},
    world::World,
};
use crate::model::{Kind, Side};
use routes::Route;

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

/// Answers a request that the rate limit let through.
pub fn answer(world: &mut World, tokens: &Tokens, call: &Call) -> Answer {
    let as_written = |route: &Route| {
        !world.switches.strict_slashes || route.name.ends_with('/') == call.path.ends_with('/')
    };
    let answer = match find(call).filter(|(route, _)| as_written(route)) {
        None => Err(Refusal::NoRoute(format!(
            "Cannot {} {}",
            call.method, call.path
        ))),
        Some((route, ids)) => {
            admit(world, tokens, call, &route).and_then(|()| (route.run)(world, &Ask { call, ids }))
        }
    };
    answer.unwrap_or_else(|refusal| refusal.answer())
}

fn admit(world: &mut World, tokens: &Tokens, call: &Call, route: &Route) -> Result<(), Refusal> {
    match call.header("version") {
        None => return Err(Refusal::unauthorised("version header was not found.")),
        Some("legacy" | "2021-04-15" | "2021-07-28" | "2023-02-21" | "v3") => {}
        Some(_) => return Err(Refusal::unauthorised("version header is invalid")),
    }
    let token = call.bearer();
    match tokens.worth(Side::Ghl, token, route.scope, world.now()) {
        Worth::Good => Ok(()),
        Worth::Expired => Err(Refusal::Unauthorised(
            world.switches.expired_token_message.clone(),
        )),
        Worth::LacksScope => Err(Refusal::unauthorised(
            "The token is not authorized for this scope.",
        )),
        Worth::Unknown if token.is_some_and(|t| t.starts_with("pit-")) => {
            Err(Refusal::unauthorised("Invalid Private Integration token"))
        }
        Worth::Unknown => Err(Refusal::unauthorised("Invalid JWT")),
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

/// The same for the operations whose documents list no 422: naming none is a 400.
fn own_location_or_400(world: &World, given: Option<&str>) -> Result<(), Refusal> {
    own_location(world, given).map_err(Refusal::into_400)
}

/// The answer to a request over the limit.
pub fn throttled(switches: &Switches, standing: &Standing) -> Answer {
    let body = serde_json::json!({"statusCode": 429, "message": switches.throttled_message});
    let answer = Answer::json(429, body);
    if switches.retry_after {
        let seconds = standing.reset_ms.max(0).div_euclid(1_000) + 1;
        return answer.with("retry-after", seconds.to_string());
    }
    answer
}

/// What stands on every answer: the trace id in the body, and the five headers.
pub fn finish(
    mut answer: Answer,
    request_id: &str,
    standing: &Standing,
    switches: &Switches,
) -> Answer {
    if let Some(body) = answer.body.as_mut() {
        if switches.extra_keys {
            add_unknown_keys(body);
        }
        if let Some(body) = body.as_object_mut() {
            body.insert("traceId".into(), request_id.into());
        }
    }
    let answer = answer
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
        .with("x-ratelimit-remaining", standing.remaining.to_string());
    if switches.daily_reset_header {
        return answer.with("x-ratelimit-daily-reset", standing.day_reset_ms.to_string());
    }
    answer
}

/// Puts a key that no document knows into every object of an answer.
fn add_unknown_keys(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(body) => {
            body.values_mut().for_each(add_unknown_keys);
            body.insert(
                "unheardOf".into(),
                serde_json::json!({"since": 2031, "list": [null]}),
            );
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(add_unknown_keys),
        _ => {}
    }
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
