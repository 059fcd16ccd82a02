//! The rows that lists show, and what can be asked of a list.

use serde::{Deserialize, Serialize};

use super::{
    BySide, Cause, ErrorId, FieldChange, FieldName, Kind, LinkId, LogId, Millis, Op, PassId,
    RecordId, Side,
};

/// Where a record stands; the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// An operator wants it left alone.
    Ignored,
    /// A conflict holds a field or all of it.
    Conflict,
    /// A write of it failed.
    Error,
    /// A write of it waits.
    Waiting,
    /// Only one side has it.
    OneSide,
    /// Both sides agree.
    InStep,
}

impl LinkState {
    /// All, in the order in which they apply.
    pub const ALL: [Self; 6] = [
        Self::Ignored,
        Self::Conflict,
        Self::Error,
        Self::Waiting,
        Self::OneSide,
        Self::InStep,
    ];

    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Conflict => "conflict",
            Self::Error => "error",
            Self::Waiting => "waiting",
            Self::OneSide => "one_side",
            Self::InStep => "in_step",
        }
    }
}

/// Why a field is not in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A conflict holds it.
    Conflict,
    /// A side could not take it.
    Parked,
    /// A one-way field was edited on its receiving side.
    Differs,
}

/// A field that is held, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which field.
    pub field: FieldName,
    /// Why.
    pub why: Why,
}

/// Sort orders of the contacts list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContactSort {
    /// By last name, first name.
    #[default]
    Name,
    /// Latest change first.
    Edited,
}

/// The views of the tasks list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TaskView {
    /// Not done, by due time.
    #[default]
    Open,
    /// Done, by due time.
    Done,
}

/// A place in a list: the sort key of a row and its link, so that pages never skip or repeat a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageKey {
    /// The sort key as the store has it.
    pub key: String,
    /// The row's link.
    pub id: i64,
}

/// Which way a page goes from its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Rows after the key.
    #[default]
    Forward,
    /// Rows before the key, still given in list order.
    Backward,
}

/// A row of the list of links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Its number.
    pub id: LinkId,
    /// What its records are.
    pub kind: Kind,
    /// Ids of the records that are there.
    pub ids: BySide<Option<RecordId>>,
    /// Where it stands.
    pub state: LinkState,
}

/// A row of the contacts list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRow {
    /// Its link.
    pub id: LinkId,
    /// Where it stands in this list.
    pub key: PageKey,
    /// Ids on the sides.
    pub ids: BySide<Option<RecordId>>,
    /// `Last, First`, or the next best.
    pub name: String,
    /// E-mail, may be empty.
    pub email: String,
    /// Phone, may be empty.
    pub phone: String,
    /// Firm, may be empty.
    pub company: String,
    /// Owner, may be empty.
    pub owner: String,
    /// Later of both sides' update times.
    pub updated_at: Option<Millis>,
    /// Where it stands.
    pub state: LinkState,
    /// The sides that a waiting write goes to.
    pub waits_for: BySide<bool>,
}

/// A row of the tasks list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// Its link.
    pub id: LinkId,
    /// Where it stands in this list.
    pub key: PageKey,
    /// Ids on the sides.
    pub ids: BySide<Option<RecordId>>,
    /// The contact that it is for.
    pub contact: Option<LinkId>,
    /// The contact's name.
    pub contact_name: String,
    /// What is to be done.
    pub title: String,
    /// When it is due.
    pub due_at: Option<Millis>,
    /// Whether it is done, as last agreed or as the operator just asked.
    pub completed: bool,
    /// Who is to do it.
    pub assignee: String,
    /// Where it stands.
    pub state: LinkState,
    /// The sides that a waiting write goes to.
    pub waits_for: BySide<bool>,
}

/// A line of the sync log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its number.
    pub id: LogId,
    /// When.
    pub at: Millis,
    /// In which pass.
    pub pass: PassId,
    /// Where it was written; `None` when nothing was sent (a conflict opened or closed, a link made).
    pub side: Option<Side>,
    /// What.
    pub kind: Kind,
    /// The link.
    pub link: LinkId,
    /// Whose record, by name at the time.
    pub title: String,
    /// What was done: a write's op, or `link`, `conflict`, `resolved`, `superseded`, `refused`.
    pub op: String,
    /// What changed.
    pub fields: Vec<FieldChange>,
    /// Why, in words.
    pub cause: String,
    /// The operator who decided, where one did.
    pub operator: Option<String>,
    /// Requests that it took.
    pub requests: u32,
}

/// A log line before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLog {
    /// See [`LogEntry`].
    pub side: Option<Side>,
    /// See [`LogEntry`].
    pub op: LogOp,
    /// See [`LogEntry`].
    pub fields: Vec<FieldChange>,
    /// See [`LogEntry`].
    pub cause: Option<Cause>,
    /// In words, where there is no [`Cause`].
    pub words: String,
    /// See [`LogEntry`].
    pub requests: u32,
}

/// What a log line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogOp {
    /// A write that was confirmed.
    Wrote(Op),
    /// A write that was refused.
    Refused,
    /// Two records were linked.
    Linked,
    /// A conflict opened.
    Conflict,
    /// A conflict was resolved by a decision.
    Resolved,
    /// A conflict closed by itself.
    Superseded,
    /// All that is known of a record was taken away.
    Forgotten,
}

impl LogOp {
    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wrote(op) => op.name(),
            Self::Refused => "refused",
            Self::Linked => "link",
            Self::Conflict => "conflict",
            Self::Resolved => "resolved",
            Self::Superseded => "superseded",
            Self::Forgotten => "forgotten",
        }
    }
}

/// How an error pattern stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorState {
    /// Needs a look.
    Open,
    /// Kept out of the counts.
    Muted,
    /// Not tried again until its record changes.
    Skipped,
    /// Settled.
    Closed,
}

impl ErrorState {
    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Muted => "muted",
            Self::Skipped => "skipped",
            Self::Closed => "closed",
        }
    }
}

/// A failure as it is raised; failures of one pattern are one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Side, operation, status and message without ids and values.
    pub pattern: String,
    /// Where; `None` for couplet's own failures.
    pub side: Option<Side>,
    /// What was being done: `PUT /contacts/{contactId}`, `pull`.
    pub operation: String,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What failed, on which record, why; cleaned and redacted.
    pub message: String,
    /// The record.
    pub link: Option<LinkId>,
    /// When it is tried again; `None`: when its record changes.
    pub next_retry_at: Option<Millis>,
}

/// A row of the errors list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRow {
    /// Its number.
    pub id: ErrorId,
    /// How it stands.
    pub state: ErrorState,
    /// The latest failure of the pattern.
    pub last: Failure,
    /// The latest record's name.
    pub title: String,
    /// Records concerned.
    pub count: u64,
    /// First time.
    pub first_at: Millis,
    /// Latest time.
    pub last_at: Millis,
    /// Who retried, skipped or muted it last.
    pub operator: Option<String>,
    /// Why.
    pub note: Option<String>,
}
