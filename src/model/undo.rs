//! What can be undone, and what the log keeps for it.

use serde::{Deserialize, Serialize};

use super::{BySide, Cause, LinkId, LogEntry, LogId, PassId, RecordId};

/// What is to be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// What a line of the log says; of a decision or an edit made in couplet all that came of it for the record.
    Operation(LogId),
    /// Everything that a pass wrote.
    Pass(PassId),
}

/// In words: `operation 10230`, `pass 12`.
impl std::fmt::Display for Undo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Operation(id) => write!(f, "operation {id}"),
            Self::Pass(id) => write!(f, "pass {id}"),
        }
    }
}

/// A line of the log about a write, with what an undo and the blame ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenLine {
    /// The line.
    pub entry: LogEntry,
    /// Why it was written; `None` for lines of a couplet that kept only words.
    pub cause: Option<Cause>,
    /// After a delete: what is known of the record.
    pub lost: Option<Lost>,
}

/// What is kept of a record that was deleted, beside its fields, which stand in the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Its ids.
    pub ids: BySide<Option<RecordId>>,
    /// The contact that it belonged to.
    pub parent: Option<LinkId>,
}
