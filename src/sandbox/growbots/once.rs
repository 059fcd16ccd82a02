//! Idempotency keys (facts, 3.7): the first final answer is kept for a day, and given again.

use bytes::Bytes;
use serde_json::Value;

use super::problem::Problem;
use crate::model::Millis;
use crate::sandbox::{
    http::{Answer, Call},
    world::World,
};

/// How long an answer is kept.
const KEPT_MS: i64 = 24 * 3_600_000;

/// An answer kept by its key, with the body that it answered.
#[derive(Clone, Debug)]
pub struct Kept {
    at: Millis,
    body: Bytes,
    answer: Answer,
}

/// Where the answer to a request with a key is kept: method, path and key. None without a usable key.
pub fn place(call: &Call) -> Option<String> {
    let key = call.header("idempotency-key").filter(|key| is_key(key))?;
    Some(place_of(call.method.as_str(), &call.path, key))
}

/// The same of an item of a batch.
pub fn place_of(method: &str, path: &str, key: &str) -> String {
    format!("{method} {path} {key}")
}

/// 1 to 255 printable ASCII characters.
pub fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// The answer while the first request with the key is still running.
pub fn in_progress(request_id: &str) -> Answer {
    let what = "the first request with this key is still running";
    Problem::new(409, "idempotency_in_progress", what)
        .answer(request_id)
        .with("retry-after", "1")
}

/// Runs an operation once per key: a repeat gets the kept answer.
pub fn once(
    world: &mut World,
    call: &Call,
    run: impl FnOnce(&mut World) -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    if !world.switches.can("idempotency") {
        return run(world);
    }
    let place = place(call).ok_or_else(|| {
        let what = "`Idempotency-Key` is needed here, of 1 to 255 printable characters";
        Problem::new(400, "idempotency_key_required", what)
    })?;
    once_at(world, place, &call.body, &call.request_id, run)
}

/// The same for a place that is known.
pub fn once_at(
    world: &mut World,
    place: String,
    body: &Bytes,
    request_id: &str,
    run: impl FnOnce(&mut World) -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    let now = world.now();
    let kept = world.kept.get(&place);
    if let Some(kept) = kept.filter(|kept| now.since(kept.at) < KEPT_MS) {
        if !is_same(&kept.body, body) {
            let what = "this key came with another body before";
            return Err(Problem::new(422, "idempotency_key_reused", what));
        }
        return Ok(kept.answer.clone().with("idempotent-replayed", "true"));
    }
    let answer = run(world).unwrap_or_else(|problem| problem.answer(request_id));
    if answer.status < 500 && ![401, 403, 408, 429].contains(&answer.status) {
        let kept = Kept {
            at: now,
            body: body.clone(),
            answer: answer.clone(),
        };
        world.kept.insert(place, kept);
    }
    Ok(answer)
}

/// Whether two bodies say the same, whatever their white space and the order of their members.
fn is_same(one: &Bytes, two: &Bytes) -> bool {
    let parsed = |body: &Bytes| serde_json::from_slice::<Value>(body).ok();
    one == two || parsed(one).is_some_and(|one| Some(one) == parsed(two))
}
