//! What a batch of seeds met: a batch that never came into a situation proves nothing about it.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// Every situation that a batch of some hundred seeds must have met.
pub const SITUATIONS: [&str; 23] = [
    "create committed, answer lost",
    "create committed, answer lost, found by reading back",
    "create lost on the way, sent again after none was found",
    "update committed, answer lost",
    "delete committed, answer lost",
    "process died between a write and its answer",
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
