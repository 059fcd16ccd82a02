//! What stands on every answer: the request id and the rate limits, in the form that a switch says.

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::sandbox::{http::Answer, limits::Standing, world::World};

/// A form of the rate limit headers (facts, 3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderForm {
    /// Of the IETF drafts up to -06: three headers and a policy of plain numbers.
    Draft6,
    /// Of the later drafts: `RateLimit: "burst";r=42;t=7`.
    Later,
    /// The three headers and the later form beside them.
    Both,
}

/// One of the two windows, as a request left it.
struct Window {
    name: &'static str,
    limit: u32,
    length_s: i64,
    remaining: u32,
    reset_ms: i64,
}

/// The burst and the day, that which is nearer to its end first.
fn windows(standing: &Standing) -> [Window; 2] {
    let burst = Window {
        name: "burst",
        limit: standing.limit,
        length_s: standing.window_ms / 1000,
        remaining: standing.remaining,
        reset_ms: standing.reset_ms,
    };
    let day = Window {
        name: "day",
        limit: standing.day_limit,
        length_s: 86_400,
        remaining: standing.day_remaining,
        reset_ms: standing.day_reset_ms,
    };
    let share = |window: &Window| f64::from(window.remaining) / f64::from(window.limit);
    if share(&day) < share(&burst) {
        [day, burst]
    } else {
        [burst, day]
    }
}

const fn seconds(ms: i64) -> i64 {
    (ms + 999) / 1000
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

/// An answer with what stands on every one.
pub fn finish(world: &World, answer: Answer, request_id: &str, standing: &Standing) -> Answer {
    let form = world.switches.ratelimit_headers;
    let [nearest, _] = windows(standing);
    let mut answer = answer.with("x-request-id", request_id);
    if form != HeaderForm::Later {
        answer = answer
            .with("ratelimit-limit", nearest.limit.to_string())
            .with("ratelimit-remaining", nearest.remaining.to_string())
            .with("ratelimit-reset", seconds(nearest.reset_ms).to_string());
    }
    let (burst, day) = (standing.limit, standing.day_limit);
    let length = standing.window_ms / 1000;
    if form == HeaderForm::Draft6 {
        return answer.with(
            "ratelimit-policy",
            format!("{burst};w={length}, {day};w=86400"),
        );
    }
    let policies = windows(standing).map(|window| {
        let Window {
            name,
            limit,
            length_s,
            ..
        } = window;
        format!("\"{name}\";q={limit};w={length_s}")
    });
    let left = format!(
        "\"{}\";r={};t={}",
        nearest.name,
        nearest.remaining,
        seconds(nearest.reset_ms)
    );
    answer
        .with("ratelimit-policy", policies.join(", "))
        .with("ratelimit", left)
}
