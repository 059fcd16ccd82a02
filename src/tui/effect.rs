//! What `update` asks for, as plain data that tests can compare; `run` carries it out.

use crate::engine::port::Ask;
use crate::model::{ConflictId, ErrorId, Filter, LinkId, LogId, Millis, PageKey, PassId, Undo};
use crate::store::{BoardDays, ContactQuery, TaskQuery};

/// Something to be done outside the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read something; the answer comes as [`Msg::Read`](super::msg::Msg::Read).
    Read(Request),
    /// Ask the engine.
    Ask(Ask),
    /// Ring the bell.
    Ring,
    /// Hand this text to the terminal's clipboard.
    Copy(String),
    /// Draw every cell anew.
    Redraw,
    /// Look at every workspace; each answer comes as [`Msg::Workspace`](super::msg::Msg::Workspace).
    LookAround,
    /// Open the workspace of this name in the place of this one.
    Switch(String),
    /// Let the operator change a text in an editor; it comes back as [`Msg::Edited`](super::msg::Msg::Edited).
    Edit {
        /// The editor, a command.
        editor: String,
        /// The text.
        text: String,
    },
    /// Stop the process until the shell lets it go on.
    Suspend,
    /// Write a text to a new file; how that ended comes as [`Msg::Saved`](super::msg::Msg::Saved).
    Save {
        /// Where.
        path: String,
        /// What.
        text: String,
    },
}

/// Which part of a list to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// From its start.
    Start,
    /// Up to its end.
    End,
    /// Around the row of this key, that row with it.
    Around(PageKey),
}

/// A question to the cache. Of questions in the same [`Request::slot`] only the latest is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// State of the loop, holder of the lease and totals.
    Frame,
    /// A window of the contacts list.
    Contacts {
        /// Which contacts.
        query: ContactQuery,
        /// Which part.
        span: Span,
        /// Rows before and after.
        reach: u16,
    },
    /// A window of the tasks list.
    Tasks {
        /// Which tasks.
        query: TaskQuery,
        /// Which part.
        span: Span,
        /// Rows before and after.
        reach: u16,
    },
    /// A contact with all that belongs to it.
    Detail(LinkId),
    /// A task with both sides.
    Task(LinkId),
    /// What the heads of the tasks list say, and whom tasks are for.
    TaskBoard {
        /// The operator.
        me: String,
        /// The operator's days.
        days: BoardDays,
    },
    /// The candidates of a conflict in full, by their links.
    Candidates(Vec<LinkId>),
    /// Records that a mass change holds.
    Held(Vec<LinkId>),
    /// Marked contacts in full.
    Marked(Vec<LinkId>),
    /// Contacts whose names or addresses have these words, for the palette.
    Find(String),
    /// Open conflicts, and who has one open.
    Conflicts,
    /// What became of conflicts.
    Settled(Vec<ConflictId>),
    /// The names of businesses.
    Businesses,
    /// Policies that are remembered.
    Policies,
    /// Which of these contacts pass a filter, and how many contacts pass it in all.
    Matching {
        /// The filter.
        filter: Filter,
        /// Contacts that have a conflict.
        links: Vec<LinkId>,
    },
    /// Passes.
    Passes,
    /// The log lines of a pass.
    LogOfPass(PassId),
    /// The newest log lines that pass a filter.
    LogFound(Filter),
    /// What was sent for a log line, and what came back.
    Exchanges(LogId),
    /// What waits to be written.
    Plan,
    /// Errors.
    Errors {
        /// Those that are closed too.
        closed: bool,
    },
    /// What an undo would do; without `of` that of this operator's latest operation.
    Undo {
        /// Of what.
        of: Option<Undo>,
        /// The operator.
        me: String,
    },
    /// The records of an error.
    ErrorRecords(ErrorId),
    /// Alerts.
    Alerts,
    /// The bars of the Rates chart.
    Rates {
        /// From when.
        since: Millis,
    },
}

impl Request {
    /// How many slots there are.
    pub const SLOTS: usize = 25;

    /// Its slot, below [`Request::SLOTS`].
    pub const fn slot(&self) -> usize {
        match self {
            Self::Frame => 0,
            Self::Contacts { .. } => 1,
            Self::Detail(_) => 2,
            Self::Tasks { .. } => 3,
            Self::Conflicts => 4,
            Self::Errors { .. } => 5,
            Self::Passes => 6,
            Self::LogOfPass(_) => 7,
            Self::Rates { .. } => 8,
            Self::Candidates(_) => 9,
            Self::Find(_) => 10,
            Self::LogFound(_) => 11,
            Self::Task(_) => 12,
            Self::TaskBoard { .. } => 13,
            Self::ErrorRecords(_) => 14,
            Self::Alerts => 15,
            Self::Undo { .. } => 16,
            Self::Policies => 17,
            Self::Matching { .. } => 18,
            Self::Marked(_) => 19,
            Self::Settled(_) => 20,
            Self::Exchanges(_) => 21,
            Self::Plan => 22,
            Self::Held(_) => 23,
            Self::Businesses => 24,
        }
    }
}
