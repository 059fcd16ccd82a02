//! What the verbs of the store take and give.

use std::collections::BTreeMap;

use crate::model::{
    Candidate, ConflictField, ContactSort, Fence, FieldName, Filter, Held, Holder, Kind, LinkId,
    LinkState, Linked, LogEntry, Millis, Record, RecordId, TaskView, Write,
};

/// The answer to asking for the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// We hold it under this fence.
    Ours(Fence),
    /// Somebody else does.
    Held(Holder),
}

/// What became of a snapshot that was put into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The link that the record is in; a one-ended one for a record never seen.
    pub link: LinkId,
    /// New, changed, or nothing.
    pub seen: SeenAs,
}

/// How a snapshot compares with what the store had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenAs {
    /// The record was not known.
    New,
    /// Its canonical fields, its parent or its external id differ; the link is dirty now.
    Changed,
    /// Equal (only version, times or raw were renewed).
    Same,
    /// Older than what the store has, by version or update time; nothing was stored.
    Stale,
}

/// How to look for records on a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// By its id.
    Id(&'a RecordId),
    /// Growbots records whose `external_ids.ghl` is this id.
    External(&'a RecordId),
    /// By canonical e-mail.
    Email(&'a str),
    /// By canonical phone.
    Phone(&'a str),
}

/// A live record found by a [`Lookup`]: what identity is decided by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its link.
    pub link: LinkId,
    /// Its id.
    pub id: RecordId,
    /// On Growbots: `external_ids.ghl`.
    pub external_id: Option<RecordId>,
    /// Its fields.
    pub record: Record,
    /// Whether the link has a live or gone end on the other side.
    pub linked: bool,
}

/// The outcome of the merge of one link, to be stored in one transaction with its writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkOutcome {
    /// Which link.
    pub link: LinkId,
    /// The base from now on.
    pub base: Option<Record>,
    /// The fields in conflict from now on. Empty closes an open field conflict: as resolved where it was decided,
    /// else as superseded.
    pub conflict: Option<ConflictUpdate>,
    /// Fields that are held, and why.
    pub held: Vec<Held>,
    /// Decisions that are settled or void.
    pub drop_decided: Vec<FieldName>,
    /// Parked fields that may be tried again.
    pub drop_parked: Vec<FieldName>,
    /// The writes that this link needs now; they replace its planned intents.
    pub writes: Vec<Write>,
}

/// The fields of a conflict as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictUpdate {
    /// Fields apart; those equal to the stored ones leave the revision as it is.
    pub fields: Vec<ConflictField>,
}

/// What a contacts list asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContactQuery {
    /// Words that name, e-mail, phone or firm must contain; empty for all.
    pub search: String,
    /// Only this state.
    pub state: Option<LinkState>,
    /// Only what passes this filter; a list without an index for it is walked.
    pub filter: Filter,
    /// In which order.
    pub sort: ContactSort,
}

/// What a tasks list asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TaskQuery {
    /// Which tasks.
    pub view: TaskView,
    /// Words that the title must contain; empty for all.
    pub search: String,
    /// Only what passes this filter.
    pub filter: Filter,
    /// Only what is due at or after this.
    pub due_from: Option<Millis>,
    /// Only what is due before this.
    pub due_until: Option<Millis>,
}

/// Totals that the store keeps, never counted when asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Links of each kind.
    pub links: BTreeMap<Kind, u64>,
    /// Contacts in each state.
    pub contacts: BTreeMap<LinkState, u64>,
    /// Tasks that are not done.
    pub tasks_open: u64,
    /// Conflicts open or decided.
    pub conflicts_open: u64,
    /// Conflicts that no operator has staged or applied an answer to.
    pub conflicts_undecided: u64,
    /// Error patterns open.
    pub errors_open: u64,
    /// Intents that are not final.
    pub waiting: u64,
    /// Records held under a brake.
    pub held: u64,
}

/// A contact with everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactDetail {
    /// Both ends, base, decisions, parked fields.
    pub linked: Linked,
    /// Where it stands.
    pub state: LinkState,
    /// Fields that are held.
    pub held: Vec<Held>,
    /// Candidates of an open conflict that holds the record.
    pub candidates: Vec<Candidate>,
    /// Planned or sending writes.
    pub waiting: Vec<Write>,
    /// Its tasks.
    pub tasks: Vec<Linked>,
    /// Its notes.
    pub notes: Vec<Linked>,
    /// Its appointments.
    pub appointments: Vec<Linked>,
    /// Its log, newest first, at most 200 lines.
    pub history: Vec<LogEntry>,
}
