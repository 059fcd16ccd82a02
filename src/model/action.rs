//! What operators ask for. Each request is stored as a row before it is carried out by the lease holder.

use serde::{Deserialize, Serialize};

use super::{
    Answer, ConflictId, ErrorId, FieldChange, Kind, Lane, LinkId, Millis, NewPolicy, PolicyId,
    RecordId, Side, Undo,
};

/// One thing that an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Apply answers to a conflict, if it still has the revision that the operator saw.
    Resolve {
        /// Which conflict.
        conflict: ConflictId,
        /// The revision seen; the answer is refused when it moved.
        revision: i64,
        /// One answer a field, or one for the whole conflict.
        answers: Vec<Answer>,
        /// A remark for the log.
        note: Option<String>,
    },
    /// Put a conflict off until a time.
    Defer {
        /// Which conflict.
        conflict: ConflictId,
        /// Until when; `None` brings it back at once.
        until: Option<Millis>,
        /// Why.
        note: Option<String>,
    },
    /// Change fields of a linked record; goes to every side that differs. `from` is what the operator saw.
    Edit {
        /// Which record.
        link: LinkId,
        /// Which fields.
        changes: Vec<FieldChange>,
    },
    /// Make a record; it goes to GHL first, then to Growbots.
    Add {
        /// What.
        kind: Kind,
        /// The contact that a task or note belongs to.
        parent: Option<LinkId>,
        /// Its fields, `from` empty.
        fields: Vec<FieldChange>,
    },
    /// Leave a record alone, or take it up again.
    Ignore {
        /// Which record.
        link: LinkId,
        /// Whether to leave it alone.
        ignored: bool,
    },
    /// Take away all that the database knows of a contact and of what belongs to it; neither side is written.
    Forget {
        /// Which contact.
        link: LinkId,
    },
    /// Part a pair: its records are different ones, and do not pair again.
    Split {
        /// Which pair.
        link: LinkId,
    },
    /// Make a pair of two records, also where they were parted before.
    Match {
        /// The record in GHL.
        ghl: RecordId,
        /// The record in Growbots.
        growbots: RecordId,
    },
    /// Decide later conflicts of a field by a policy.
    Remember {
        /// The conflict that it came from: nothing is remembered where that is still open. `None`: at once.
        #[serde(default)]
        conflict: Option<ConflictId>,
        /// What is to be remembered.
        policy: NewPolicy,
    },
    /// Decide no more by a remembered policy.
    ForgetPolicy {
        /// Which.
        policy: PolicyId,
    },
    /// Give back what was before a write, a decision or a whole pass. What moved since stays as it is.
    Undo {
        /// What.
        of: Undo,
    },
    /// Run a pass now.
    Sync {
        /// With the sweeps of contacts, tasks, businesses and deletes.
        full: bool,
        /// With notes and appointments of every contact too.
        children: bool,
    },
    /// Stop passes (or one side, or one lane of it).
    Pause {
        /// Only this side.
        side: Option<Side>,
        /// Only this lane; never the operator's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lane: Option<Lane>,
        /// Until when; `None` is until resumed.
        until: Option<Millis>,
        /// Why.
        note: Option<String>,
    },
    /// Let passes run again. What is named works then, whatever kept it: without a lane its lanes too.
    Resume {
        /// Only this side.
        side: Option<Side>,
        /// Only this lane.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lane: Option<Lane>,
    },
    /// Try the records of an error again.
    Retry {
        /// Which error.
        error: ErrorId,
    },
    /// Do not try the records of an error again until they change.
    Skip {
        /// Which error.
        error: ErrorId,
        /// Why, for colleagues.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Keep an error out of the counts.
    Mute {
        /// Which error.
        error: ErrorId,
        /// Why, for colleagues.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ActionOutcome {
    /// Carried out, or taken over by the outbox.
    Done,
    /// Not carried out; nothing was written.
    Refused {
        /// Why, in words for the operator.
        why: String,
    },
}
