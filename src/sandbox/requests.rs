//! What each side was asked, for `GET /_sandbox/requests`.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::model::{Millis, Side};

/// How many requests the list keeps.
const KEPT: usize = 100_000;

/// One request, ended.
pub struct Row<'a> {
    pub side: Side,
    pub at: Millis,
    pub operation: &'a str,
    /// A status, or `dropped` or `reset` where none was sent.
    pub outcome: &'a str,
    pub cost: u32,
    /// From its arrival, in the world's time.
    pub duration_ms: i64,
    pub request_id: &'a str,
}

/// All requests of one side.
#[derive(Debug, Default)]
pub struct Requests {
    total: u64,
    throttled: u64,
    max_in_window: u64,
    /// Arrivals within the window, by tick.
    recent: VecDeque<(i64, u32)>,
    in_window: u64,
    by_operation: BTreeMap<String, BTreeMap<String, u64>>,
    log: VecDeque<Value>,
}

impl Requests {
    /// Counts a request as it arrives, admitted or not.
    pub fn arrive(&mut self, tick: i64, cost: u32, window_ms: i64) {
        self.total += 1;
        while let Some((at, cost)) = self.recent.front().copied()
            && at <= tick - window_ms
        {
            self.recent.pop_front();
            self.in_window -= u64::from(cost);
        }
        self.recent.push_back((tick, cost));
        self.in_window += u64::from(cost);
        self.max_in_window = self.max_in_window.max(self.in_window);
    }

    /// Notes how it ended.
    pub fn end(&mut self, row: &Row) {
        if row.outcome == "429" {
            self.throttled += 1;
        }
        let outcomes = self
            .by_operation
            .entry(row.operation.to_owned())
            .or_default();
        *outcomes.entry(row.outcome.to_owned()).or_default() += 1;
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        let status = row
            .outcome
            .parse::<u16>()
            .map_or_else(|_| row.outcome.into(), Value::from);
        self.log.push_back(json!({
            "side": row.side, "at": row.at.to_string(), "operation": row.operation, "status": status,
            "cost": row.cost, "duration_ms": row.duration_ms, "request_id": row.request_id,
        }));
    }

    /// The side's part of the answer.
    pub fn shown(&self, with_log: bool) -> Value {
        let mut shown = json!({
            "total": self.total,
            "throttled": self.throttled,
            "max_in_window": self.max_in_window,
            "by_operation": self.by_operation,
        });
        if with_log {
            shown["log"] = self.log.iter().cloned().collect();
        }
        shown
    }
}
