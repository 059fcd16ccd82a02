//! POST /batch: several writes in one request, each with its own result, not atomic.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    kind_of, kind_segment,
    once::{is_key, once_at, place_of},
    problem::{FieldError, Problem},
    rules,
    run::check_tag,
};
use crate::model::Kind;
use crate::sandbox::{
    event::By,
    http::{Answer, Call},
    record::{Body, text},
    world::World,
};

/// What an operation of a batch may say.
const KNOWN: [&str; 6] = ["op", "kind", "id", "if_match", "key", "record"];
/// The most operations of a batch.
const MOST: usize = 100;

fn operations(call: &Call) -> Result<Vec<Value>, Problem> {
    let bad = |detail: &str| Problem::new(400, "invalid_json", detail);
    let body: Value =
        serde_json::from_slice(&call.body).map_err(|error| bad(&error.to_string()))?;
    let given = body
        .as_object()
        .ok_or_else(|| bad("an object is expected"))?;
    let wrong =
        |field: &str, code, detail: &str| Problem::invalid(&[FieldError::new(field, code, detail)]);
    if let Some(unknown) = given.keys().find(|name| *name != "operations") {
        return Err(wrong(unknown, "unknown_field", "there is no such field"));
    }
    match given.get("operations").and_then(Value::as_array) {
        None => Err(wrong(
            "operations",
            "required",
            "a list of operations is expected",
        )),
        Some(list) if list.len() > MOST => {
            Err(wrong("operations", "too_many", "at most 100 operations"))
        }
        Some(list) => Ok(list.clone()),
    }
}

/// What a batch costs: one request, and one for each started ten of its operations.
pub fn cost(call: &Call) -> u32 {
    operations(call).map_or(1, |list| 1 + (list.len() as u32).div_ceil(10))
}

/// The first record that a batch writes by id.
pub fn target(call: &Call) -> Option<(Kind, String)> {
    let first = operations(call).ok()?.into_iter().next()?;
    let kind = first["kind"].as_str().and_then(kind_of)?;
    Some((kind, first["id"].as_str()?.to_owned()))
}

/// Carries out all that can be. `may_write` says for which kinds the token has the scope.
pub fn run(
    world: &mut World,
    call: &Call,
    may_write: impl Fn(Kind) -> bool,
) -> Result<Answer, Problem> {
    let list = operations(call)?;
    let mut results = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let done = one(world, call, item, &may_write);
        let answer = done.unwrap_or_else(|problem| problem.answer(&call.request_id));
        let mut result = json!({"index": index, "status": answer.status});
        if let Some(body) = answer.body {
            let name = if answer.status < 300 {
                "record"
            } else {
                "problem"
            };
            result[name] = body;
        }
        results.push(result);
    }
    Ok(Answer::json(207, json!({"results": results})))
}

fn one(
    world: &mut World,
    call: &Call,
    item: &Value,
    may_write: &impl Fn(Kind) -> bool,
) -> Result<Answer, Problem> {
    let wrong =
        |field: &str, code, detail: &str| Problem::invalid(&[FieldError::new(field, code, detail)]);
    let given = item
        .as_object()
        .ok_or_else(|| wrong("operations", "invalid_type", "an object is expected"))?;
    if let Some(unknown) = given.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(wrong(unknown, "unknown_field", "there is no such field"));
    }
    let kind = text(given, "kind").and_then(kind_of);
    let kind = kind.ok_or_else(|| wrong("kind", "invalid", "there is no such kind"))?;
    if !may_write(kind) {
        let scope = format!("{}.write", kind_segment(kind));
        return Err(
            Problem::new(403, "insufficient_scope", "the token lacks a scope")
                .with("required_scope", scope),
        );
    }
    let segment = kind_segment(kind);
    let id = text(given, "id");
    let (method, path) = match (text(given, "op"), id) {
        (Some("create"), None) => ("POST", format!("/v1/{segment}")),
        (Some("update"), Some(id)) => ("PATCH", format!("/v1/{segment}/{id}")),
        (Some("delete"), Some(id)) => ("DELETE", format!("/v1/{segment}/{id}")),
        (Some("create"), Some(_)) => {
            return Err(wrong("id", "read_only", "a new record gets its id"));
        }
        (Some("update" | "delete"), None) => {
            return Err(wrong("id", "required", "this field is required"));
        }
        _ => return Err(wrong("op", "invalid", "one of create, update, delete")),
    };
    let empty = Body::new();
    let record = given.get("record").map(Value::as_object);
    let record = match record {
        Some(Some(record)) => record,
        None if method == "DELETE" => &empty,
        _ => return Err(wrong("record", "required", "an object is expected")),
    };
    let tag = given.get("if_match").map(|tag| match tag {
        Value::String(tag) if tag == "*" || tag.starts_with('"') => tag.clone(),
        Value::String(bare) => format!("\"{bare}\""),
        other => format!("\"{other}\""),
    });
    let by = By::api(&call.request_id);
    let write = |world: &mut World| match (method, id) {
        ("PATCH", Some(id)) => {
            let before = rules::find(world, kind, id)?;
            check_tag(world, tag.as_deref(), &before, true)?;
            let after = rules::edit(world, &by, kind, id, record)?;
            Ok(Answer::json(200, (*after).clone().into()))
        }
        ("DELETE", Some(id)) => {
            let before = rules::find(world, kind, id)?;
            check_tag(world, tag.as_deref(), &before, true)?;
            rules::delete(world, &by, kind, id)?;
            Ok(Answer::empty(204))
        }
        _ => {
            let made = rules::create(world, &by, kind, record)?;
            Ok(Answer::json(201, (*made).clone().into()))
        }
    };
    let Some(key) = given
        .get("key")
        .filter(|_| world.switches.can("idempotency"))
    else {
        return write(world);
    };
    let key = key.as_str().filter(|key| is_key(key));
    let key = key.ok_or_else(|| wrong("key", "invalid", "1 to 255 printable characters"))?;
    // where the single request of the same write keeps its answer: a key is good for both
    let sent = Bytes::from(Value::Object(record.clone()).to_string());
    once_at(
        world,
        place_of(method, &path, key),
        &sent,
        &call.request_id,
        write,
    )
}
