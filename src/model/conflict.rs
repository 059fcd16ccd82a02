//! What a machine must not decide, and the answers that an operator gives.

use serde::{Deserialize, Serialize};

use super::{ConflictId, FieldName, Kind, LinkId, LogId, Millis, RecordId, Side, Value};

/// Why an operator must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One side deleted what the other edited.
    DeleteEdit,
    /// More than one record could be the pair.
    AmbiguousMatch,
    /// A side refuses a record, or a value of it, because another one has that e-mail or phone.
    Duplicate,
    /// More deletes or updates in one pass than is plausible.
    MassChange,
    /// Both sides changed the same field apart.
    Field,
}

impl Reason {
    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeleteEdit => "delete_edit",
            Self::AmbiguousMatch => "ambiguous_match",
            Self::Duplicate => "duplicate",
            Self::MassChange => "mass_change",
            Self::Field => "field",
        }
    }

    /// Whether it holds the whole record and its children, not just some fields.
    pub const fn holds_record(self) -> bool {
        !matches!(self, Self::Field)
    }
}

/// How far a conflict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConflictState {
    /// Waits for an operator.
    Open,
    /// Decided, not yet on both sides.
    Decided,
    /// The decision stands on both sides.
    Resolved,
    /// Its cause went away by itself.
    Superseded,
}

impl ConflictState {
    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Resolved => "resolved",
            Self::Superseded => "superseded",
        }
    }
}

/// One field in conflict. `None` is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictField {
    /// Which field.
    pub field: FieldName,
    /// What both sides last agreed on.
    pub base: Option<Value>,
    /// What GHL has.
    pub ghl: Option<Value>,
    /// What Growbots has.
    pub growbots: Option<Value>,
    /// The side whose record changed later, where server times are known and 5 s or more apart.
    pub newer: Option<Side>,
}

impl ConflictField {
    /// The value of one side.
    pub const fn of(&self, side: Side) -> Option<&Value> {
        match side {
            Side::Ghl => self.ghl.as_ref(),
            Side::Growbots => self.growbots.as_ref(),
        }
    }

    /// The value that an answer gives, or why it makes none.
    pub fn value_of(&self, take: &Take) -> Result<Option<Value>, NoBoth> {
        match take {
            Take::Side(side) => Ok(self.of(*side).cloned()),
            Take::Base => Ok(self.base.clone()),
            Take::Value(value) => Ok(value.clone()),
            Take::Both => match (&self.ghl, &self.growbots) {
                (Some(Value::Set(ghl)), Some(Value::Set(growbots))) => {
                    Ok(Value::set(ghl.iter().chain(growbots)))
                }
                (Some(Value::Text(ghl)), Some(Value::Text(growbots)))
                    if self.field.ty() == super::FieldType::Lines =>
                {
                    Ok(Value::text(format!("{ghl}\n\n{growbots}")))
                }
                _ => Err(NoBoth(self.field.clone())),
            },
        }
    }
}

/// Taking both values makes sense for sets and long texts only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot take both values")]
pub struct NoBoth(pub FieldName);

/// What an operator takes for a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// The value of that side.
    Side(Side),
    /// The value that both last agreed on.
    Base,
    /// Both, where that makes sense: the union of sets; long texts one after the other, GHL first.
    Both,
    /// Another value; `None` is empty.
    Value(Option<Value>),
}

/// An answer to a conflict; which forms fit depends on its [`Reason`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// For `field`, and a `duplicate` about a field: the value that both sides get, worked out from the conflict
    /// that the operator saw.
    Field {
        /// Which field.
        field: FieldName,
        /// What was taken, in words: `ghl`, `growbots`, `base`, `both`, `value`.
        take: String,
        /// The value; null is empty.
        value: serde_json::Value,
    },
    /// For `delete_edit`: as that side has it. The deleting side: delete; the other: make it again.
    Side {
        /// Whose version stands.
        side: Side,
    },
    /// For `ambiguous_match` and `duplicate`: these two are the same.
    Match {
        /// The record in GHL.
        ghl: RecordId,
        /// The record in Growbots.
        growbots: RecordId,
    },
    /// For `ambiguous_match` and `duplicate`: none of the candidates.
    Separate,
    /// For `mass_change`: go on.
    Approve,
    /// For `mass_change`: undo it where it happened.
    Reject,
    /// For `mass_change`: go on with some of the records, undo others where it happened. The rest stays held.
    Parts {
        /// Those that go on.
        approve: Vec<LinkId>,
        /// Those that are undone.
        reject: Vec<LinkId>,
    },
}

impl Answer {
    /// Whether this form of answer fits a conflict of `reason`.
    pub const fn fits(&self, reason: Reason) -> bool {
        match self {
            Self::Field { .. } => matches!(reason, Reason::Field | Reason::Duplicate),
            Self::Side { .. } => matches!(reason, Reason::DeleteEdit),
            Self::Match { .. } | Self::Separate => {
                matches!(reason, Reason::AmbiguousMatch | Reason::Duplicate)
            }
            Self::Approve | Self::Reject | Self::Parts { .. } => {
                matches!(reason, Reason::MassChange)
            }
        }
    }
}

/// A record that might be the pair, or that holds an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Where it is.
    pub side: Side,
    /// Its id there.
    pub id: RecordId,
    /// Its name.
    pub title: String,
    /// The link that it is in, if any.
    pub link: Option<LinkId>,
}

/// A conflict as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its number.
    pub id: ConflictId,
    /// The link that it is about.
    pub link: LinkId,
    /// What the record is.
    pub kind: Kind,
    /// Why it is one.
    pub reason: Reason,
    /// How far it is.
    pub state: ConflictState,
    /// Whose record.
    pub title: String,
    /// Rises with each change of its values.
    pub revision: i64,
    /// Since when.
    pub opened_at: Millis,
    /// The fields in conflict: of a `field` conflict, and of a `duplicate` one that is about these only.
    pub fields: Vec<ConflictField>,
    /// Records that might be the pair; for `delete_edit` the side that deleted is `gone`.
    pub candidates: Vec<Candidate>,
    /// For `delete_edit`: the side where it was deleted.
    pub gone: Option<Side>,
    /// Put off until then.
    pub deferred_until: Option<Millis>,
    /// The operator's remark.
    pub note: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Answers that operators staged and have not applied.
    pub staged: Vec<Staged>,
}

impl Conflict {
    /// Whether it holds the whole record and its children, not just some fields.
    pub const fn holds_record(&self) -> bool {
        self.reason.holds_record() && self.fields.is_empty()
    }
}

/// An operator who has a conflict open on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looking {
    /// Who.
    pub operator: String,
    /// Which conflict.
    pub conflict: ConflictId,
}

/// What became of a conflict that somebody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The conflict as it is now, in any state.
    pub conflict: Conflict,
    /// Who answered it last; `None` where it closed by itself.
    pub by: Option<String>,
    /// When.
    pub at: Option<Millis>,
    /// How.
    pub answers: Vec<Answer>,
    /// Their remark.
    pub note: Option<String>,
    /// The latest write that came of it, which an undo takes back.
    pub write: Option<LogId>,
}

/// A decision that an operator made and has not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Who.
    pub operator: String,
    /// What.
    pub answer: Answer,
    /// The revision that was seen.
    pub revision: i64,
    /// When.
    pub at: Millis,
}
