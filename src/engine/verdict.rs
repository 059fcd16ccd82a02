//! An operator's answer about a whole record, kept until it is carried out.

use serde::{Deserialize, Serialize};

use crate::model::{Cause, ConflictId, LinkId};

/// What an operator decided about a record as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verdict {
    pub what: What,
    pub conflict: ConflictId,
    pub operator: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// Delete it where it still is.
    Delete,
    /// Make it again where it was deleted.
    Recreate,
    /// It has no pair: make one.
    Separate,
    /// It stays alone: the other side refuses to have it.
    Alone,
}

impl Verdict {
    /// The name under which the store keeps it.
    pub fn name(link: LinkId) -> String {
        format!("verdict.{link}")
    }

    pub const fn is_separate(&self) -> bool {
        matches!(self.what, What::Separate | What::Alone)
    }

    pub fn cause(&self) -> Cause {
        Cause::Decision {
            conflict: self.conflict,
            operator: self.operator.clone(),
            policy: None,
        }
    }
}
