//! All that can happen to the dashboard.

use crate::engine::port::Event;
use crate::model::{
    Alert, Businesses, BySide, Conflict, ContactRow, ErrorId, ErrorRow, Exchange, Filter, Holder,
    LinkId, LogEntry, LogId, Looking, LoopStatus, Millis, PassId, PassSummary, PolicyUse, RateBar,
    Remembered, Settled, Side, TaskRow,
};
use crate::store::{ContactDetail, ContactQuery, TaskBoard, TaskQuery, Totals};

use super::effect::Span;
use super::keys::Key;
use super::mouse::Mouse;
use super::plan::Planned;
use super::remember::Matched;
use super::tabs::held::Record;
use super::undo::Preview;
use super::workspaces::Look;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// It is this time now; comes first in each batch.
    At(Millis),
    /// A key was pressed.
    Key(Key),
    /// Text was pasted: text for a box, never commands.
    Paste(String),
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has this size now.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// A command was chosen, by key or in the palette.
    Do(Do),
    /// The cache answered.
    Read(Read),
    /// Somebody wrote to the cache.
    Changed,
    /// The engine told something.
    Told(Event),
    /// The engine's thread has ended.
    EngineGone,
    /// A file was written, in words; or not, and why.
    Saved(Result<String, String>),
    /// What was seen of a workspace.
    Workspace(String, Look),
    /// The operator left the editor with this text; or it could not be used, and why.
    Edited(Result<String, String>),
    /// The process was told to end.
    Terminate,
    /// The terminal has read what it was sent.
    Wake,
}

/// What commands do. The command table names one for each command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Show a tab.
    Tab(Tab),
    /// The tab to the right.
    NextTab,
    /// The tab to the left.
    PreviousTab,
    /// Open the palette.
    Palette,
    /// Open the help.
    Help,
    /// Search the list.
    Search,
    /// Show what waits to be written, and what it costs.
    Plan,
    /// Copy what is under the cursor to the clipboard.
    Copy,
    /// Open the filter line.
    Filter,
    /// Mark the row under the cursor, or let it go.
    Mark,
    /// Mark all rows of the list, or none.
    MarkAll,
    /// Decide all marked conflicts.
    Decide,
    /// Give tasks another due time.
    Due,
    /// Give tasks, or what an error holds, to somebody else.
    Assign,
    /// Make a record.
    New,
    /// Go to the next thing that needs the operator.
    NextForMe,
    /// Run a pass.
    Sync,
    /// List all workspaces.
    Workspaces,
    /// Go back; at the top, leave.
    Quit,
    /// Show what is under the cursor as one line, or not.
    Plain,
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell until it says `fg`.
    Suspend,
    /// Move the cursor.
    Move(Move),
    /// Open or unfold what is under the cursor.
    Open,
    /// One step back.
    Back,
    /// The next record, from a detail.
    NextRecord,
    /// The previous record, from a detail.
    PreviousRecord,
    /// The next section, view or pass.
    NextSection,
    /// The previous section, view or pass.
    PreviousSection,
    /// Unfold, or show more.
    Unfold,
    /// Put the focus into the list.
    FocusList,
    /// Put the focus into the detail.
    FocusDetail,
    /// Change the order of the list.
    Sort,
    /// Take back what was written.
    Undo,
    /// Pause, or resume.
    Pause,
    /// Keep the cursor on the newest pass, or let it be.
    Follow,
    /// Edit the record's fields.
    Edit,
    /// Edit the record's tags.
    Tags,
    /// Make a pair of two records.
    Link,
    /// Part a pair.
    Split,
    /// Write a note on the record.
    Note,
    /// Leave the record alone, or take it up again.
    Ignore,
    /// Tick a task, or take the tick back.
    Complete,
    /// Apply what is staged.
    Apply,
    /// Put the conflict off.
    PutOff,
    /// Remember the answer as a policy.
    Remember,
    /// List the policies that are remembered.
    Policies,
    /// Remove a policy.
    RemovePolicy,
    /// Stage an answer.
    Stage(Pick),
    /// Type another value.
    OtherValue,
    /// Type another value in an editor.
    Editor,
    /// Say why, for the log, in a question that applies.
    Reason,
    /// Leave a row out of what is decided at once.
    LeaveOut,
    /// Show where the record's page is.
    Page,
    /// Take a staged answer back.
    Unstage,
    /// The next field that is undecided.
    NextUndecided,
    /// The candidate to the right.
    NextCandidate,
    /// The candidate to the left.
    PreviousCandidate,
    /// Try the records of an error again.
    Retry,
    /// Do not try the records of an error again.
    Skip,
    /// Keep an error out of the counts.
    Mute,
    /// Write the list to a file.
    Export,
    /// Say of an alert that somebody knows.
    Acknowledge,
    /// Show the record under the cursor.
    OpenRecord,
    /// Yes, to a question.
    Yes,
    /// No, to a question.
    No,
    /// The default of a question, always harmless.
    Default,
    /// Scroll a question, or the help.
    Scroll(Move),
}

impl Do {
    /// Whether it only shows something: a viewer may do it.
    pub const fn only_looks(self) -> bool {
        matches!(
            self,
            Self::Tab(_)
                | Self::NextTab
                | Self::PreviousTab
                | Self::Palette
                | Self::Help
                | Self::Search
                | Self::Copy
                | Self::Plan
                | Self::Filter
                | Self::Mark
                | Self::MarkAll
                | Self::NextForMe
                | Self::Quit
                | Self::Plain
                | Self::Redraw
                | Self::Suspend
                | Self::Move(_)
                | Self::Open
                | Self::Back
                | Self::NextRecord
                | Self::PreviousRecord
                | Self::NextSection
                | Self::PreviousSection
                | Self::Unfold
                | Self::FocusList
                | Self::FocusDetail
                | Self::Sort
                | Self::Follow
                | Self::Policies
                | Self::NextUndecided
                | Self::NextCandidate
                | Self::PreviousCandidate
                | Self::Export
                | Self::OpenRecord
                | Self::Yes
                | Self::No
                | Self::Default
                | Self::Scroll(_)
        )
    }
}

/// What an operator picks in the workbench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// As this side has it.
    Side(Side),
    /// What both last agreed on.
    Base,
    /// Both values.
    Both,
    /// The candidate under the cursor.
    Candidate,
    /// None of the candidates.
    Separate,
    /// As the side has it that changed later.
    Newest,
}

/// How the cursor moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A row down.
    Down,
    /// A row up.
    Up,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
}

impl Move {
    /// Where the cursor of a list comes to from row `at`: its rows go from 0 to `last`, of which a page shows `page`.
    pub const fn among(self, at: usize, last: usize, page: usize) -> usize {
        let to = match self {
            Self::Down => at.saturating_add(1),
            Self::Up => at.saturating_sub(1),
            Self::Top => 0,
            Self::Bottom => last,
            Self::PageDown => at.saturating_add(page),
            Self::PageUp => at.saturating_sub(page),
        };
        if to < last { to } else { last }
    }
}

/// The tabs, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Contacts.
    #[default]
    Contacts,
    /// Tasks.
    Tasks,
    /// Conflicts.
    Conflicts,
    /// Sync log.
    SyncLog,
    /// Errors.
    Errors,
    /// Rates.
    Rates,
}

impl Tab {
    /// All, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Contacts,
        Self::Tasks,
        Self::Conflicts,
        Self::SyncLog,
        Self::Errors,
        Self::Rates,
    ];

    /// Its place, from 0.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::Tasks => "Tasks",
            Self::Conflicts => "Conflicts",
            Self::SyncLog => "Sync log",
            Self::Errors => "Errors",
            Self::Rates => "Rates",
        }
    }
}

/// A window of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<R> {
    /// Which part was asked for.
    pub span: Span,
    /// The rows, in list order.
    pub rows: Vec<R>,
    /// Nothing stands before them.
    pub at_start: bool,
    /// Nothing stands after them.
    pub at_end: bool,
}

/// An answer of the cache, its remote text cleaned (but for field values, which are cleaned when shown: a decision
/// must carry them as they are).
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// To [`Request::Frame`](super::effect::Request::Frame).
    Frame {
        /// What the loop told last.
        status: Box<LoopStatus>,
        /// Who holds the lease.
        holder: Option<Holder>,
        /// The kept totals.
        totals: Box<Totals>,
        /// Whether both sides were read in full once.
        backfilled: bool,
    },
    /// To [`Request::Contacts`](super::effect::Request::Contacts).
    Contacts(ContactQuery, Page<ContactRow>),
    /// To [`Request::Tasks`](super::effect::Request::Tasks).
    Tasks(TaskQuery, Page<TaskRow>),
    /// To [`Request::Detail`](super::effect::Request::Detail); `None`: there is no such record any more.
    Detail(LinkId, Option<Box<ContactDetail>>),
    /// To [`Request::Task`](super::effect::Request::Task); `None`: there is no such task any more.
    Task(Option<Box<ContactDetail>>),
    /// To [`Request::TaskBoard`](super::effect::Request::TaskBoard).
    TaskBoard(TaskBoard),
    /// To [`Request::Candidates`](super::effect::Request::Candidates).
    Candidates(Vec<ContactDetail>),
    /// To [`Request::Held`](super::effect::Request::Held).
    Held(Vec<Record>),
    /// To [`Request::Marked`](super::effect::Request::Marked).
    Marked(Vec<ContactDetail>),
    /// To [`Request::Find`](super::effect::Request::Find): the words, and the first contacts that have them.
    Found(String, Vec<ContactRow>),
    /// To [`Request::Conflicts`](super::effect::Request::Conflicts).
    Conflicts {
        /// The conflicts.
        rows: Vec<Conflict>,
        /// Who has one open.
        looking: Vec<Looking>,
    },
    /// To [`Request::Settled`](super::effect::Request::Settled).
    Settled(Vec<Settled>),
    /// To [`Request::Businesses`](super::effect::Request::Businesses).
    Businesses(Businesses),
    /// To [`Request::Policies`](super::effect::Request::Policies), with how often each has settled something.
    Policies(Vec<Remembered>, Vec<PolicyUse>),
    /// To [`Request::Matching`](super::effect::Request::Matching).
    Matching(Matched),
    /// To [`Request::Passes`](super::effect::Request::Passes).
    Passes(Vec<PassSummary>),
    /// To [`Request::LogOfPass`](super::effect::Request::LogOfPass).
    LogOfPass(PassId, Vec<LogEntry>),
    /// Log lines that pass a filter, newest first.
    LogFound(Filter, Vec<LogEntry>),
    /// To [`Request::Exchanges`](super::effect::Request::Exchanges).
    Exchanges(LogId, Vec<Exchange>),
    /// To [`Request::Plan`](super::effect::Request::Plan).
    Plan(Planned),
    /// To [`Request::Errors`](super::effect::Request::Errors).
    Errors(Vec<ErrorRow>),
    /// To [`Request::Undo`](super::effect::Request::Undo).
    Undo(Box<Preview>),
    /// To [`Request::ErrorRecords`](super::effect::Request::ErrorRecords): links and names.
    ErrorRecords(ErrorId, Vec<(LinkId, String)>),
    /// To [`Request::Alerts`](super::effect::Request::Alerts).
    Alerts(Vec<Alert>),
    /// To [`Request::Rates`](super::effect::Request::Rates).
    Rates(BySide<Vec<RateBar>>),
    /// The cache did not answer, in words.
    Failed(String),
}
