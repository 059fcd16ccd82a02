//! What was sent and how it went: the counts behind the Rates screen.

use std::collections::BTreeMap;

use crate::model::{Health, Millis};

const DAY_MS: i64 = 86_400_000;
const SLOW_MS: i64 = 60_000;

/// Counts of one side since the connector was made.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    sent: u64,
    throttled: u64,
    today: (i64, u64),
    operations: BTreeMap<&'static str, u64>,
    last: Option<Last>,
    slow_until: i64,
}

/// How the last request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// The side answered.
    Answered,
    /// It refused the key.
    Refused,
    /// Somebody must sign in again.
    SignIn,
    /// No connection.
    Unreachable,
}

impl Meter {
    /// A request goes out.
    pub fn sent(&mut self, operation: &'static str) {
        self.sent += 1;
        *self.operations.entry(operation).or_insert(0) += 1;
    }

    /// A 429 came.
    pub const fn throttled(&mut self, now: Millis) {
        self.throttled += 1;
        let day = now.0.div_euclid(DAY_MS);
        if self.today.0 != day {
            self.today = (day, 0);
        }
        self.today.1 += 1;
    }

    /// A request is sent again, or waits for a 429.
    pub const fn slowed(&mut self, ticks: i64) {
        self.slow_until = ticks + SLOW_MS;
    }

    /// A request ended.
    pub const fn ended(&mut self, last: Last) {
        self.last = Some(last);
    }

    /// Requests and 429 answers in all.
    pub const fn totals(&self) -> (u64, u64) {
        (self.sent, self.throttled)
    }

    /// 429 answers of the UTC day.
    pub const fn throttled_today(&self, now: Millis) -> u64 {
        if self.today.0 == now.0.div_euclid(DAY_MS) {
            self.today.1
        } else {
            0
        }
    }

    /// Requests by operation, dearest first.
    pub fn operations(&self) -> Vec<(String, u64)> {
        let mut all: Vec<_> = self.operations.iter().collect();
        all.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), **name));
        all.into_iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect()
    }

    /// How well the side answers, where nothing shuts it.
    pub const fn health(&self, ticks: i64) -> Health {
        match self.last {
            None => Health::Unknown,
            Some(Last::Refused) => Health::Refused,
            Some(Last::SignIn) => Health::SignIn,
            Some(Last::Unreachable) => Health::Off,
            Some(Last::Answered) if ticks < self.slow_until => Health::Slow,
            Some(Last::Answered) => Health::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_by_operation_and_refusals_by_day() {
        let mut meter = Meter::default();
        assert_eq!(meter.health(0), Health::Unknown);
        for operation in ["GET /a", "GET /b", "GET /b"] {
            meter.sent(operation);
        }
        meter.throttled(Millis(DAY_MS - 1));
        meter.throttled(Millis(DAY_MS));
        meter.ended(Last::Answered);
        meter.slowed(0);
        assert_eq!(meter.totals(), (3, 2));
        assert_eq!(meter.throttled_today(Millis(DAY_MS)), 1);
        assert_eq!(meter.operations()[0], ("GET /b".to_owned(), 2));
        assert_eq!(meter.health(1), Health::Slow);
        assert_eq!(meter.health(SLOW_MS), Health::Ok);
    }
}
