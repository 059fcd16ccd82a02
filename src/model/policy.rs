//! Policies that an operator chose to remember: how later conflicts of one field are decided.

use serde::{Deserialize, Serialize};

use super::{FieldName, Kind, LinkId, Millis, PolicyId};

/// What a remembered policy decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPolicy {
    /// Of which kind.
    pub kind: Kind,
    /// Which field.
    pub field: FieldName,
    /// On which records.
    pub scope: Scope,
    /// The name of the policy, as the map has it: `ghl`, `newest`, `union`.
    pub policy: String,
    /// A remark.
    pub note: Option<String>,
}

/// On which records a remembered policy decides its field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "lowercase")]
pub enum Scope {
    /// On this one only.
    Record {
        /// Its link.
        link: LinkId,
    },
    /// On those that match a filter.
    Filter {
        /// As it was typed.
        filter: String,
    },
    /// On all of the kind.
    Field,
}

impl Scope {
    /// The name in JSON and the database.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Record { .. } => "record",
            Self::Filter { .. } => "filter",
            Self::Field => "field",
        }
    }
}

/// A policy that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Its number.
    pub id: PolicyId,
    /// What it decides.
    pub what: NewPolicy,
    /// Who chose it.
    pub operator: String,
    /// When.
    pub at: Millis,
}

/// How often a policy has settled something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyUse {
    /// As the log names it: `newest, remembered as 12 by dana`; one of the map by its own name.
    pub name: String,
    /// Writes that it caused.
    pub count: u64,
    /// The latest.
    pub last: Millis,
}

impl PolicyUse {
    /// Whether it is of the remembered policy of this number.
    pub fn is_of(&self, id: PolicyId) -> bool {
        self.name.contains(&format!("remembered as {id} by"))
    }
}
