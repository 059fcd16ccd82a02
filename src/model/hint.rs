//! What a webhook told: only a reason to look.

use serde::{Deserialize, Serialize};

use super::{Kind, RecordId, Side};

/// Counts hints in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HintId(pub i64);

/// Something that a webhook says has happened. It is never taken for the truth: the record is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Who told.
    pub side: Side,
    /// The side's id of the event, the same on each delivery of it.
    pub event: String,
    /// Which kind of record.
    pub kind: Kind,
    /// Which record.
    pub id: RecordId,
    /// Its contact, where the event names one.
    pub parent: Option<RecordId>,
    /// What happened.
    pub what: Happened,
}

/// What a hint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// The record is new, changed or gone.
    Moved,
    /// Somebody called the contact `id`, or was called.
    Called(CallEnd),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    /// They spoke.
    Answered,
    /// It went to voicemail.
    Voicemail,
    /// An incoming call that nobody took.
    Missed,
}
