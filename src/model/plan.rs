//! Changes, the writes that carry them over, and the plan that lists them with its cost.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    ActionId, BySide, ConflictId, FieldName, FieldType, Kind, LinkId, Millis, RecordId, Side, Value,
};

/// One field that changes from one value to another. `None` is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldChange {
    /// Which field.
    pub field: FieldName,
    /// What the side has now, as last seen.
    pub from: Option<Value>,
    /// What it is to have.
    pub to: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct FieldChangeJson {
    field: FieldName,
    from: serde_json::Value,
    to: serde_json::Value,
}

/// `{"field": …, "from": …, "to": …}`; an empty value is null.
impl Serialize for FieldChange {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let json = |value: &Option<Value>| {
            value
                .as_ref()
                .map_or(serde_json::Value::Null, Value::to_json)
        };
        FieldChangeJson {
            field: self.field.clone(),
            from: json(&self.from),
            to: json(&self.to),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for FieldChange {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = FieldChangeJson::deserialize(from)?;
        let ty: FieldType = json.field.ty();
        let read = |value| Value::from_json(ty, value).map_err(serde::de::Error::custom);
        Ok(Self {
            from: read(&json.from)?,
            to: read(&json.to)?,
            field: json.field,
        })
    }
}

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Make the record.
    Create,
    /// Change fields of it.
    Update,
    /// Put the GHL id into `external_ids.ghl` of a Growbots record; no field changes.
    Stamp,
    /// Remove it.
    Delete,
}

impl Op {
    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Stamp => "stamp",
            Self::Delete => "delete",
        }
    }
}

/// Why a write happens. Each write has exactly one cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// A user changed it on that side.
    Change {
        /// Where the change was made.
        side: Side,
    },
    /// Both sides changed, and the merge unites them (sets), or the two were linked just now.
    Merge,
    /// The two records were linked for the first time.
    FirstLink,
    /// The field map changed: what both sides have in a field was never agreed under it.
    Mapping,
    /// A rule that every record follows, such as that a task of GHL needs a due date.
    Rule {
        /// What it is called.
        name: String,
    },
    /// An automation rule fired.
    Automation {
        /// Its name.
        rule: String,
        /// What the side is told of a task that it makes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<super::RuleMark>,
    },
    /// A policy decided between two values.
    Policy {
        /// Its name as the map or the list of policies shows it.
        name: String,
    },
    /// An operator decided a conflict.
    Decision {
        /// Which conflict.
        conflict: ConflictId,
        /// Who decided.
        operator: String,
        /// The remembered policy whose answer it is, as the log names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
    },
    /// An operator edited the record in couplet.
    Edit {
        /// The action that asked for it.
        action: ActionId,
        /// Who.
        operator: String,
    },
    /// An operator took something back.
    Undo {
        /// What.
        of: super::Undo,
        /// The action that asked for it.
        action: ActionId,
        /// Who.
        operator: String,
    },
}

/// In words, for the log: `edit in GHL`, `dana decided, conflict 12`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change { side } => write!(f, "edit in {side}"),
            Self::Merge => f.write_str("both sides changed"),
            Self::FirstLink => f.write_str("first link"),
            Self::Mapping => f.write_str("the field map changed"),
            Self::Rule { name } => write!(f, "rule: {name}"),
            Self::Automation { rule, .. } => write!(f, "rule {rule}"),
            Self::Policy { name } => write!(f, "policy {name}"),
            Self::Decision {
                conflict,
                operator,
                policy,
            } => {
                write!(f, "{operator} decided, conflict {conflict}")?;
                policy
                    .iter()
                    .try_for_each(|name| write!(f, ", by policy {name}"))
            }
            Self::Edit { operator, .. } => write!(f, "edit by {operator}"),
            Self::Undo { of, operator, .. } => write!(f, "{operator} undid {of}"),
        }
    }
}

impl Cause {
    /// The operator behind it, where there is one.
    pub fn operator(&self) -> Option<&str> {
        match self {
            Self::Decision { operator, .. }
            | Self::Edit { operator, .. }
            | Self::Undo { operator, .. } => Some(operator),
            _ => None,
        }
    }
}

/// One remote write as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The link that it serves.
    pub link: LinkId,
    /// Where it goes.
    pub side: Side,
    /// What it writes.
    pub kind: Kind,
    /// The record there; `None` for a create.
    pub id: Option<RecordId>,
    /// What it does.
    pub op: Op,
    /// The fields that change; for a create all that are filled.
    pub fields: Vec<FieldChange>,
    /// Why.
    pub cause: Cause,
}

/// What a plan would cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Requests on each side.
    pub requests: BySide<u32>,
    /// How long the slower side takes at its burst limit, in seconds.
    pub seconds: u64,
}

/// The ordered list of writes that would bring both sides together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In sending order.
    pub writes: Vec<Write>,
    /// What they cost together.
    pub cost: Cost,
}

/// A value that was decided for a field and is to stand on both sides.
///
/// It holds as long as each side shows either the value seen when it was decided or the decided value; if a side
/// moved to something else, the decision is void and the conflict opens again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Which field.
    pub field: FieldName,
    /// What both sides get; `None` empties it.
    pub value: Option<Value>,
    /// What each side had when it was decided.
    pub seen: BySide<Option<Value>>,
    /// The decision or edit behind it.
    pub cause: Cause,
}

/// A field that a side could not take. Nothing is tried until either side's value differs from these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Which field.
    pub field: FieldName,
    /// The side that refused.
    pub side: Side,
    /// Both values when it was refused.
    pub seen: BySide<Option<Value>>,
    /// Why, cleaned.
    pub why: String,
}

/// A write in the outbox, with what is known of its sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number; also the last part of its idempotency key.
    pub id: super::IntentId,
    /// What to write.
    pub write: Write,
    /// How far it is.
    pub state: IntentState,
    /// How often it was sent.
    pub attempt: u32,
    /// The value for `Idempotency-Key`: the same over all attempts, unique over all databases.
    pub key: String,
    /// When it was last sent, by our clock.
    pub sent_at: Option<Millis>,
    /// The same in ticks of this boot of the machine; `None` where it was sent before that.
    pub sent_ticks: Option<i64>,
    /// Ids of the parent's children that were there before a child was created, for settling a lost answer.
    pub siblings: Vec<RecordId>,
}

/// How far an intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntentState {
    /// Durable, not sent.
    Planned,
    /// On its way; the answer is not here yet.
    Sending,
    /// The answer was lost: it may or may not have been applied.
    Unknown,
    /// Done and read back.
    Confirmed,
    /// Refused by the side; its fields are parked.
    Refused,
    /// What it would have written is not wanted any more.
    Superseded,
}

impl IntentState {
    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Superseded => "superseded",
        }
    }
}
