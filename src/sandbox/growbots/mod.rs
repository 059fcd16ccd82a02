//! Growbots as the project's contract for it says (facts, sections 3 to 5), written from that document.

mod lists;
mod problem;
pub mod rules;
mod schema;
mod values;

pub use lists::emptied;
pub use problem::Problem;
pub use schema::blank;

use http::Method;
use serde_json::{Value, json};

use super::{
    event::By,
    http::{Answer, Call},
    limits::Standing,
    place::User,
    record::{Body, text},
    tokens::{Tokens, Worth},
    world::World,
};
use crate::model::{Kind, Millis, Side};

/// How long an answer is kept by its idempotency key.
const KEPT_MS: i64 = 24 * 3_600_000;

/// An answer kept by its idempotency key, with the body that it answered.
#[derive(Clone, Debug)]
pub struct Kept {
    at: Millis,
    body: bytes::Bytes,
    answer: Answer,
}

/// What a path and method ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Op {
    Account,
    Users,
    User(String),
    Changes,
    List(Kind),
    Create(Kind),
    Get(Kind, String),
    Patch(Kind, String),
    Delete(Kind, String),
    Restore(Kind, String),
    SetCompleted(String, bool),
    Tags(String),
    Merge(String),
}

/// The path segment of a kind.
pub const fn kind_segment(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "leads",
        Kind::Task => "tasks",
        Kind::Note => "notes",
        Kind::Appointment => "meetings",
        Kind::Business => "companies",
    }
}

/// The name of the operation that a request asks for: method and path, without the prefix.
pub fn operation(call: &Call) -> Option<String> {
    let path = call.path.strip_prefix("/v1")?;
    find(call)?;
    let mut parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    if parts.len() > 2 {
        parts[2] = "{id}";
    }
    Some(format!("{} {}", call.method, parts.join("/")))
}

fn find(call: &Call) -> Option<Op> {
    let path = call.path.strip_prefix("/v1/")?;
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind_segment(*kind) == parts[0]);
    let own = |id: &str| id.to_owned();
    Some(match (call.method.as_str(), kind, parts.as_slice()) {
        ("GET", None, ["account"]) => Op::Account,
        ("GET", None, ["users"]) => Op::Users,
        ("GET", None, ["users", id]) => Op::User(own(id)),
        ("GET", None, ["changes"]) => Op::Changes,
        ("GET", Some(kind), [_]) => Op::List(kind),
        ("POST", Some(kind), [_]) => Op::Create(kind),
        ("GET", Some(kind), [_, id]) => Op::Get(kind, own(id)),
        ("PATCH", Some(kind), [_, id]) => Op::Patch(kind, own(id)),
        ("DELETE", Some(kind), [_, id]) => Op::Delete(kind, own(id)),
        ("POST", Some(kind), [_, id, "restore"]) => Op::Restore(kind, own(id)),
        ("POST", Some(Kind::Task), [_, id, "complete"]) => Op::SetCompleted(own(id), true),
        ("POST", Some(Kind::Task), [_, id, "reopen"]) => Op::SetCompleted(own(id), false),
        ("POST", Some(Kind::Contact), [_, id, "tags"]) => Op::Tags(own(id)),
        ("POST", Some(Kind::Contact), [_, id, "merge"]) => Op::Merge(own(id)),
        _ => return None,
    })
}

/// Answers a request that the rate limit let through.
pub fn answer(world: &mut World, tokens: &Tokens, call: &Call) -> Answer {
    let answer = match find(call) {
        Some(op) if is_there(world, &op) => {
            admit(world, tokens, call, &op).and_then(|()| run(world, tokens, call, &op))
        }
        _ => Err(no_route(call)),
    };
    answer.unwrap_or_else(|problem| problem.answer(&call.request_id))
}

/// Whether the account's capabilities have the operation.
fn is_there(world: &World, op: &Op) -> bool {
    match op {
        Op::Changes => world.switches.can("changes"),
        Op::Restore(..) => world.switches.can("restore"),
        _ => true,
    }
}

fn no_route(call: &Call) -> Problem {
    let with = |method: Method| {
        find(&Call {
            method,
            path: call.path.clone(),
            query: Vec::new(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            request_id: String::new(),
        })
    };
    let others = [Method::GET, Method::POST, Method::PATCH, Method::DELETE];
    if others
        .into_iter()
        .any(|method| method != call.method && with(method).is_some())
    {
        Problem::new(
            405,
            "method_not_allowed",
            format!("{} is not for this path", call.method),
        )
    } else {
        Problem::new(404, "not_found", "there is no such path")
    }
}

fn scope_of(op: &Op) -> String {
    let of = |kind: Kind, may: &str| format!("{}.{may}", kind_segment(kind));
    match op {
        Op::Account | Op::Users | Op::User(_) | Op::Changes => "account.read".to_owned(),
        Op::List(kind) | Op::Get(kind, _) => of(*kind, "read"),
        Op::Create(kind) | Op::Patch(kind, _) | Op::Delete(kind, _) | Op::Restore(kind, _) => {
            of(*kind, "write")
        }
        Op::SetCompleted(..) => of(Kind::Task, "write"),
        Op::Tags(_) | Op::Merge(_) => of(Kind::Contact, "write"),
    }
}

fn admit(world: &mut World, tokens: &Tokens, call: &Call, op: &Op) -> Result<(), Problem> {
    let scope = scope_of(op);
    match tokens.worth(Side::Growbots, call.bearer(), &scope, world.now()) {
        Worth::Good => {}
        Worth::Unknown => return Err(Problem::new(401, "invalid_token", "the token is not known")),
        Worth::Expired => {
            return Err(Problem::new(
                401,
                "token_expired",
                "the token is at its end",
            ));
        }
        Worth::LacksScope => {
            return Err(
                Problem::new(403, "insufficient_scope", "the token lacks a scope")
                    .with("required_scope", scope),
            );
        }
    }
    let sent = call.header("content-type").unwrap_or("application/json");
    let is_json =
        sent.starts_with("application/json") || sent.starts_with("application/merge-patch+json");
    if !is_json && !call.body.is_empty() {
        return Err(Problem::new(
            415,
            "unsupported_media_type",
            "the body must be JSON",
        ));
    }
    if call.body.len() > 1 << 20 {
        return Err(Problem::new(
            413,
            "payload_too_large",
            "a body has at most 1 MiB",
        ));
    }
    Ok(())
}

fn run(world: &mut World, tokens: &Tokens, call: &Call, op: &Op) -> Result<Answer, Problem> {
    let by = By::api(&call.request_id);
    match op {
        Op::Account => Ok(account(world, &tokens.scopes(call.bearer()))),
        Op::Users => lists::users(world, call),
        Op::User(id) => {
            let found = world
                .place
                .users
                .iter()
                .find(|user| user.ids.growbots == *id);
            let found =
                found.ok_or_else(|| Problem::new(404, "not_found", "there is no such user"))?;
            Ok(Answer::json(200, user(found).into()))
        }
        Op::Changes => {
            let scopes = tokens.scopes(call.bearer());
            let may_read = |kind: &Kind| scopes.contains(&format!("{}.read", kind_segment(*kind)));
            let readable: Vec<Kind> = Kind::ALL.into_iter().filter(may_read).collect();
            lists::changes(world, call, &readable)
        }
        Op::List(kind) => lists::records(world, call, *kind),
        Op::Get(kind, id) => get(world, call, *kind, id),
        Op::Create(kind) => once(world, call, |world| {
            let made = rules::create(world, &by, *kind, &object(call)?)?;
            let at = format!(
                "/v1/{}/{}",
                kind_segment(*kind),
                text(&made, "id").unwrap_or_default()
            );
            Ok(record(world, 201, &made).with("location", at))
        }),
        Op::Patch(kind, id) => {
            let before = rules::find(world, *kind, id)?;
            check_tag(world, call, &before, true)?;
            let after = rules::edit(world, &by, *kind, id, &object(call)?)?;
            Ok(record(world, 200, &after))
        }
        Op::Delete(kind, id) => {
            let before = rules::find(world, *kind, id)?;
            check_tag(world, call, &before, true)?;
            rules::delete(world, &by, *kind, id)?;
            Ok(Answer::empty(204))
        }
        Op::Restore(kind, id) => once(world, call, |world| {
            let back = rules::restore(world, &by, *kind, id)?;
            Ok(record(world, 200, &back))
        }),
        Op::SetCompleted(id, completed) => once(world, call, |world| {
            let before = rules::find(world, Kind::Task, id)?;
            check_tag(world, call, &before, false)?;
            let patch = Body::from_iter([("completed".into(), (*completed).into())]);
            let after = rules::edit(world, &by, Kind::Task, id, &patch)?;
            Ok(record(world, 200, &after))
        }),
        Op::Merge(id) => once(world, call, |world| {
            let before = rules::find(world, Kind::Contact, id)?;
            check_tag(world, call, &before, true)?;
            let body = object(call)?;
            let survivor =
                rules::merge_leads(world, &by, id, text(&body, "into").unwrap_or_default())?;
            Ok(record(world, 200, &survivor))
        }),
        Op::Tags(id) => once(world, call, |world| {
            let change = object(call)?;
            let list = |name: &str| {
                change
                    .get(name)
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default()
            };
            let after = rules::retag(world, &by, id, &list("add"), &list("remove"))?;
            Ok(record(world, 200, &after))
        }),
    }
}

fn get(world: &World, call: &Call, kind: Kind, id: &str) -> Result<Answer, Problem> {
    let body = rules::find(world, kind, id)?;
    let unchanged = call
        .header("if-none-match")
        .is_some_and(|tags| names_tag(tags, &body));
    if unchanged && world.switches.can("etag") {
        return Ok(Answer::empty(304).with("etag", tag_of(&body)));
    }
    Ok(record(world, 200, &body))
}

fn record(world: &World, status: u16, body: &Body) -> Answer {
    let answer = Answer::json(status, body.clone().into());
    if world.switches.can("etag") {
        answer.with("etag", tag_of(body))
    } else {
        answer
    }
}

fn tag_of(body: &Body) -> String {
    format!(
        "\"{}\"",
        body.get("version").and_then(Value::as_u64).unwrap_or(0)
    )
}

fn names_tag(tags: &str, body: &Body) -> bool {
    let own = tag_of(body);
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag == own)
}

/// Refuses a write whose `If-Match` is not the record's, or is missing where it must be there.
fn check_tag(world: &World, call: &Call, body: &Body, is_required: bool) -> Result<(), Problem> {
    if !world.switches.can("etag") {
        return Ok(());
    }
    match call.header("if-match") {
        None if is_required => Err(Problem::new(
            428,
            "precondition_required",
            "`If-Match` is needed here",
        )),
        Some(tags) if !names_tag(tags, body) => {
            let current = Value::Object(body.clone());
            Err(
                Problem::new(412, "version_mismatch", "the record has moved on")
                    .with("current", current),
            )
        }
        _ => Ok(()),
    }
}

fn object(call: &Call) -> Result<Body, Problem> {
    let bad = |detail: String| Problem::new(400, "invalid_json", detail);
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(bad("an object is expected".into())),
        Err(error) => Err(bad(error.to_string())),
    }
}

/// Runs an operation once per idempotency key: a repeat gets the kept answer.
fn once(
    world: &mut World,
    call: &Call,
    run: impl FnOnce(&mut World) -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    if !world.switches.can("idempotency") {
        return run(world);
    }
    let key = call
        .header("idempotency-key")
        .filter(|key| (1..=255).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Problem::new(
            400,
            "idempotency_key_required",
            "`Idempotency-Key` is needed here",
        )
    })?;
    let place = format!("{} {} {key}", call.method, call.path);
    let now = world.now();
    if let Some(kept) = world
        .kept
        .get(&place)
        .filter(|kept| now.since(kept.at) < KEPT_MS)
    {
        if kept.body != call.body {
            return Err(Problem::new(
                422,
                "idempotency_key_reused",
                "this key came with another body before",
            ));
        }
        return Ok(kept.answer.clone().with("idempotent-replayed", "true"));
    }
    let answer = run(world).unwrap_or_else(|problem| problem.answer(&call.request_id));
    if answer.status < 500 {
        let kept = Kept {
            at: now,
            body: call.body.clone(),
            answer: answer.clone(),
        };
        world.kept.insert(place, kept);
    }
    Ok(answer)
}

fn account(world: &mut World, scopes: &[String]) -> Answer {
    let counts: Body = Kind::ALL
        .into_iter()
        .map(|kind| {
            (
                kind_segment(kind).to_owned(),
                world.count(Side::Growbots, kind).into(),
            )
        })
        .collect();
    Answer::json(
        200,
        json!({
            "id": world.place.account_id, "name": "Harbour Street Agency", "time_zone": super::place::TIME_ZONE,
            "scopes": scopes, "capabilities": world.switches.capabilities, "counts": counts,
            "server_time": world.now().to_string(),
        }),
    )
}

/// A user as both routes show it.
pub fn user(user: &User) -> Body {
    let name = format!("{} {}", user.first, user.last);
    Body::from_iter([
        ("id".into(), user.ids.growbots.clone().into()),
        ("name".into(), name.into()),
        ("email".into(), user.email.clone().into()),
        ("active".into(), true.into()),
    ])
}

/// The answer to a request over the limit.
pub fn throttled(request_id: &str, standing: &Standing) -> Answer {
    let wait_ms = if standing.day_remaining == 0 {
        standing.day_reset_ms
    } else {
        standing.reset_ms
    };
    Problem::new(429, "rate_limited", "too many requests")
        .answer(request_id)
        .with("retry-after", seconds(wait_ms).max(1).to_string())
}

const fn seconds(ms: i64) -> i64 {
    (ms + 999) / 1000
}

/// What stands on every answer: the request id and the limits, those of the window nearest to its end.
pub fn finish(answer: Answer, request_id: &str, standing: &Standing) -> Answer {
    let share = |remaining: u32, limit: u32| f64::from(remaining) / f64::from(limit);
    let day_is_nearer = share(standing.day_remaining, standing.day_limit)
        < share(standing.remaining, standing.limit);
    let (limit, remaining, reset_ms) = if day_is_nearer {
        (
            standing.day_limit,
            standing.day_remaining,
            standing.day_reset_ms,
        )
    } else {
        (standing.limit, standing.remaining, standing.reset_ms)
    };
    let policy = format!(
        "{};w={}, {};w=86400",
        standing.limit,
        standing.window_ms / 1000,
        standing.day_limit
    );
    answer
        .with("x-request-id", request_id)
        .with("ratelimit-limit", limit.to_string())
        .with("ratelimit-remaining", remaining.to_string())
        .with("ratelimit-reset", seconds(reset_ms).to_string())
        .with("ratelimit-policy", policy)
}

/// The record that a write by id is about, if the request is one.
pub fn target(call: &Call) -> Option<(Kind, String)> {
    match find(call)? {
        Op::Patch(kind, id) | Op::Delete(kind, id) => Some((kind, id)),
        Op::SetCompleted(id, _) => Some((Kind::Task, id)),
        Op::Tags(id) | Op::Merge(id) => Some((Kind::Contact, id)),
        _ => None,
    }
}
