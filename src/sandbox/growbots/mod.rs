//! Growbots as the project's contract for it says (facts, sections 2 to 6), written from that document.

mod batch;
mod cursor;
mod headers;
mod lists;
mod once;
mod problem;
pub mod rules;
mod run;
mod schema;
mod values;
mod webhooks;

pub use headers::{HeaderForm, finish, throttled};
pub use lists::emptied;
pub use once::{Kept, in_progress, place as once_place};
pub use problem::Problem;
pub use schema::blank;

use http::Method;

use super::{
    http::{Answer, Call},
    tokens::{Tokens, Worth},
    webhooks::Webhooks,
    world::World,
};
use crate::model::{Kind, Side};

/// The largest body, and that of a batch.
const LARGEST_BODY: usize = 1 << 20;
const LARGEST_BATCH: usize = 4 << 20;

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
    Batch,
    Webhooks(webhooks::Op),
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

/// The kind of a path segment.
fn kind_of(segment: &str) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind_segment(*kind) == segment)
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
    let kind = kind_of(parts[0]);
    let own = |id: &str| id.to_owned();
    Some(match (call.method.as_str(), kind, parts.as_slice()) {
        ("GET", None, ["account"]) => Op::Account,
        ("GET", None, ["users"]) => Op::Users,
        ("GET", None, ["users", id]) => Op::User(own(id)),
        ("GET", None, ["changes"]) => Op::Changes,
        ("POST", None, ["batch"]) => Op::Batch,
        (method, None, ["webhooks", rest @ ..]) => Op::Webhooks(webhooks::Op::find(method, rest)?),
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
pub fn answer(world: &mut World, tokens: &Tokens, hooks: &mut Webhooks, call: &Call) -> Answer {
    let answer = match find(call) {
        Some(op) if is_there(world, &op) => {
            admit(world, tokens, call, &op).and_then(|()| match &op {
                Op::Webhooks(op) => webhooks::run(world, hooks, call, op),
                op => run::run(world, tokens, call, op),
            })
        }
        Some(_) => Err(Problem::new(404, "not_found", "there is no such path")),
        None => return no_route(call),
    };
    answer.unwrap_or_else(|problem| problem.answer(&call.request_id))
}

/// Whether the account's capabilities have the operation.
fn is_there(world: &World, op: &Op) -> bool {
    match op {
        Op::Changes => world.switches.can("changes"),
        Op::Restore(..) => world.switches.can("restore"),
        Op::Batch => world.switches.can("batch"),
        Op::Webhooks(_) => world.switches.can("webhooks"),
        _ => true,
    }
}

fn no_route(call: &Call) -> Answer {
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
    let fitting = others
        .into_iter()
        .filter(|method| with(method.clone()).is_some());
    let fitting: Vec<String> = fitting.map(|method| method.to_string()).collect();
    let id = &call.request_id;
    if fitting.is_empty() {
        return Problem::new(404, "not_found", "there is no such path").answer(id);
    }
    let what = format!("{} is not for this path", call.method);
    let problem = Problem::new(405, "method_not_allowed", what);
    problem.answer(id).with("allow", fitting.join(", "))
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
        // each operation of a batch is looked at by itself
        Op::Batch => String::new(),
        Op::Webhooks(op) => op.scope().to_owned(),
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
    let sent = sent.split(';').next().unwrap_or_default().trim();
    let is_json = sent.eq_ignore_ascii_case("application/json")
        || matches!(op, Op::Patch(..)) && sent.eq_ignore_ascii_case("application/merge-patch+json");
    if !is_json && !call.body.is_empty() {
        let what = "the body must be JSON";
        return Err(Problem::new(415, "unsupported_media_type", what));
    }
    let most = match op {
        Op::Batch => LARGEST_BATCH,
        _ => LARGEST_BODY,
    };
    if call.body.len() > most {
        return Err(too_large());
    }
    Ok(())
}

/// A body over the limit.
pub fn too_large() -> Problem {
    let what = "a body has at most 1 MiB, a batch 4 MiB";
    Problem::new(413, "payload_too_large", what)
}

/// What a request costs in the rate limit.
pub fn cost(world: &World, call: &Call) -> u32 {
    match find(call) {
        Some(Op::Batch) if world.switches.can("batch") => batch::cost(call),
        _ => 1,
    }
}

/// The record that a write by id is about, if the request is one.
pub fn target(call: &Call) -> Option<(Kind, String)> {
    match find(call)? {
        Op::Patch(kind, id) | Op::Delete(kind, id) => Some((kind, id)),
        Op::SetCompleted(id, _) => Some((Kind::Task, id)),
        Op::Tags(id) | Op::Merge(id) => Some((Kind::Contact, id)),
        Op::Batch => batch::target(call),
        _ => None,
    }
}
