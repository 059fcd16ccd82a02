//! What a batch of seeds met: a batch that never came into a situation proves nothing about it.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// A batch of so many seeds must have met every situation.
pub const ENOUGH: u64 = 300;

/// Every situation.
pub const SITUATIONS: [&str; 31] = [
    "create committed, answer lost",
    "create committed, answer lost, found by reading back",
    "create lost on the way, sent again after none was found",
    "update committed, answer lost",
    "delete committed, answer lost",
    "process died between a write and its answer",
    "process died between a page of the feed and its storing",
    "process suspended between a read by id and what follows",
    "delete carried over",
    "412: the record had moved",
    "429",
    "5xx on a write",
    "answer cut short after a write",
    "no answer within the timeout",
    "feed cursor expired",
    "list answered behind the truth",
    "conflict: field",
    "conflict: delete_edit",
    "conflict: ambiguous_match",
    "conflict: duplicate",
    "conflict: mass_change",
    "two contacts merged by a user",
    "decision refused: the conflict had moved",
    "lease taken over from another machine",
    "lease lost while suspended",
    "engine stopped in the middle of a pass",
    "our clock set ahead",
    "our clock set back",
    "webhook out of order",
    "webhook repeated",
    "webhook of what did not happen",
];

/// How often each situation was met.
#[derive(Default)]
pub struct Met(Mutex<BTreeMap<String, u64>>);

impl Met {
    pub fn note(&self, what: &str) {
        *self.0.lock().unwrap().entry(what.to_owned()).or_insert(0) += 1;
    }

    pub fn take(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The situations that `met` lacks.
pub fn missing(met: &BTreeMap<String, u64>) -> Vec<&'static str> {
    let never = |what: &&str| !met.contains_key(*what);
    SITUATIONS.into_iter().filter(never).collect()
}
