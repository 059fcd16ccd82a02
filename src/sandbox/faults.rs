//! Faults on demand: seeded, so that the same plan hits the same requests again.

use serde::Deserialize;
use serde_json::Value;

use crate::model::BySide;

/// What may go wrong on one side: `PUT /_sandbox/faults`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Applied, then the connection closes without a byte.
    drop_response: f64,
    /// Closed before it is applied.
    reset: f64,
    http_500: f64,
    /// What `http_500` answers.
    status: Gateway,
    http_429: f64,
    /// Applied, then half of the body is sent.
    truncate_body: f64,
    /// Applied, then the body is no JSON.
    malformed_json: f64,
    /// 200 without rows.
    empty_page: f64,
    /// Someone else edits the record just before.
    edit_before_write: f64,
    latency_ms: u64,
    /// The index lag in place of the sandbox's own.
    lag_ms: Option<u64>,
    seed: u64,
    /// Operations that faults hit; all if empty.
    only: Vec<String>,
    /// How many more matching requests may be hit.
    next: Option<u32>,
    /// Tokens with an end are at their end now.
    expire_tokens: bool,
}

/// A status of a gateway that cannot reach its service.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(try_from = "u16")]
pub enum Gateway {
    #[default]
    Internal,
    Bad,
    Unavailable,
}

impl TryFrom<u16> for Gateway {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        Ok(match status {
            500 => Self::Internal,
            502 => Self::Bad,
            503 => Self::Unavailable,
            _ => return Err("`status` must be 500, 502 or 503"),
        })
    }
}

impl Gateway {
    /// The status and its name.
    pub const fn shown(self) -> (u16, &'static str) {
        match self {
            Self::Internal => (500, "Internal Server Error"),
            Self::Bad => (502, "Bad Gateway"),
            Self::Unavailable => (503, "Service Unavailable"),
        }
    }
}

/// What happens before a request is applied, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    Reset,
    Broken(Gateway),
    Http429,
}

/// What happens to the answer of an applied request, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Drop,
    Truncate,
    Malformed,
}

/// The lot of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    pub before: Option<Before>,
    pub after: Option<After>,
    pub empty_page: bool,
    pub edit_before_write: bool,
    pub latency_ms: u64,
}

/// The faults of one side.
#[derive(Clone, Debug)]
pub struct Faults {
    plan: Plan,
    rng: fastrand::Rng,
}

impl Default for Faults {
    fn default() -> Self {
        Self::new(Plan::default())
    }
}

impl Faults {
    /// Faults by a plan.
    pub fn new(plan: Plan) -> Self {
        let rng = fastrand::Rng::with_seed(plan.seed);
        Self { plan, rng }
    }

    /// The index lag that the plan asks for.
    pub const fn lag_ms(&self) -> Option<u64> {
        self.plan.lag_ms
    }

    /// Whether the plan ends the tokens that have an end.
    pub const fn expires_tokens(&self) -> bool {
        self.plan.expire_tokens
    }

    /// What happens to the next request. All chances are drawn each time, so that one more fault in a plan does
    /// not move the others.
    pub fn draw(&mut self, operation: &str) -> Fate {
        let plan = &mut self.plan;
        if !plan.only.is_empty() && !plan.only.iter().any(|only| only == operation) {
            return Fate::default();
        }
        match &mut plan.next {
            Some(0) => return Fate::default(),
            Some(left) => *left -= 1,
            None => {}
        }
        let rng = &mut self.rng;
        let mut hit = |chance: f64| rng.f64() < chance;
        let [reset, http_500, http_429] = [plan.reset, plan.http_500, plan.http_429].map(&mut hit);
        let [drop, truncate, malformed] =
            [plan.drop_response, plan.truncate_body, plan.malformed_json].map(&mut hit);
        let [empty_page, edit_before_write] =
            [plan.empty_page, plan.edit_before_write].map(&mut hit);
        let first = |rows: [(bool, Before); 3]| rows.into_iter().find(|r| r.0).map(|r| r.1);
        let last = |rows: [(bool, After); 3]| rows.into_iter().find(|r| r.0).map(|r| r.1);
        Fate {
            before: first([
                (reset, Before::Reset),
                (http_500, Before::Broken(plan.status)),
                (http_429, Before::Http429),
            ]),
            after: last([
                (drop, After::Drop),
                (truncate, After::Truncate),
                (malformed, After::Malformed),
            ]),
            empty_page,
            edit_before_write,
            latency_ms: plan.latency_ms,
        }
    }
}

/// The body of `PUT /_sandbox/faults`; a side left out has none.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plans {
    ghl: Plan,
    growbots: Plan,
}

/// Reads the body of `PUT /_sandbox/faults`.
pub fn read(given: &Value) -> Result<BySide<Faults>, serde_json::Error> {
    let plans = Plans::deserialize(given)?;
    Ok(BySide {
        ghl: Faults::new(plans.ghl),
        growbots: Faults::new(plans.growbots),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(plan: Value) -> Faults {
        Faults::new(serde_json::from_value(plan).unwrap())
    }

    #[test]
    fn the_same_seed_hits_the_same_requests() {
        let plan = json!({"drop_response": 0.3, "http_500": 0.2, "seed": 9});
        let (mut one, mut two) = (faults(plan.clone()), faults(plan));
        let draws: Vec<Fate> = (0..50).map(|_| one.draw("GET /x")).collect();
        assert_eq!(
            draws,
            (0..50).map(|_| two.draw("GET /x")).collect::<Vec<_>>()
        );
        assert!(draws.iter().any(|f| f.after.is_some()) && draws.iter().any(|f| f.after.is_none()));
    }

    #[test]
    fn faults_hit_only_the_named_operations_and_only_so_often() {
        let mut faults = faults(json!({"reset": 1.0, "only": ["POST /x"], "next": 2}));
        let hits: Vec<bool> = ["GET /x", "POST /x", "GET /x", "POST /x", "POST /x"]
            .map(|op| faults.draw(op).before.is_some())
            .into();
        assert_eq!(hits, [false, true, false, true, false]);
    }

    #[test]
    fn an_unknown_fault_is_refused() {
        assert!(read(&json!({"ghl": {"explode": 1}})).is_err());
        assert!(read(&json!({"hubspot": {}})).is_err());
        assert!(read(&json!({})).is_ok());
    }
}
