//! Reading connections: any number, in any process; they never wait for a writer.

use std::path::Path;

use rusqlite::Connection;

use crate::clock::Clock;

use crate::model::{
    Action, ActionId, ActionOutcome, Businesses, Conflict, ConflictId, ContactRow, Direction,
    ErrorId, ErrorRow, Exchange, Holder, Intent, LinkId, LinkRow, LogEntry, LogId, Looking,
    LoopStatus, Millis, PageKey, PassSummary, PolicyUse, RateBar, Remembered, Side, TaskRow,
};

use super::{
    ContactDetail, ContactQuery, StoreError, TaskQuery, Totals, actions, conflicts,
    db::{self, Open},
    detail,
    error::Res,
    errors, exchanges, lease, log, outbox, page, pairs, policies, presence, status,
};

/// A reading connection.
pub struct Reader {
    pub(super) conn: Connection,
    clock: Clock,
}

impl Reader {
    /// Opens an existing database read-only. A missing file is [`StoreError::Open`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::with_clock(path, Clock::system())
    }

    /// As [`Reader::open`], with a clock by which the lease is told to be over.
    pub(super) fn with_clock(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        Ok(Self {
            conn: db::open_reader(path)?,
            clock,
        })
    }

    /// All that a verb reads is of one moment.
    pub(super) fn read<T>(
        &self,
        verb: &'static str,
        work: impl FnOnce(&Connection) -> Res<T>,
    ) -> Result<T, StoreError> {
        let all = || -> Res<T> {
            let _open = Open::to_read(&self.conn)?;
            work(&self.conn)
        };
        all().map_err(|fault| fault.at(verb))
    }

    /// A number that differs when another connection has written since; costs microseconds.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        db::data_version(&self.conn)
    }

    /// A handle that stops the query that runs on this connection, from another thread.
    pub fn interrupter(&self) -> impl Fn() + Send + Sync + use<> {
        let handle = self.conn.get_interrupt_handle();
        move || handle.interrupt()
    }

    /// The kept totals.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        self.read("totals", status::totals)
    }

    /// Contacts in order, at most `limit` (1 to 500), from after (or before) a key, or from the end that
    /// `direction` starts at.
    pub fn contacts(
        &self,
        query: &ContactQuery,
        from: Option<&PageKey>,
        direction: Direction,
        limit: u16,
    ) -> Result<Vec<ContactRow>, StoreError> {
        self.read("contacts", |conn| {
            page::contacts(conn, query, self.clock.now(), from, direction, limit)
        })
    }

    /// Tasks by due time, as [`Reader::contacts`].
    pub fn tasks(
        &self,
        query: &TaskQuery,
        from: Option<&PageKey>,
        direction: Direction,
        limit: u16,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.read("tasks", |conn| {
            page::tasks(conn, query, self.clock.now(), from, direction, limit)
        })
    }

    /// A contact (or any link) with everything that belongs to it.
    pub fn detail(&self, link: LinkId) -> Result<Option<ContactDetail>, StoreError> {
        self.read("detail", |conn| detail::of(conn, link))
    }

    /// As [`Reader::detail`], but nothing of what belongs to the link: no children, history, writes or candidates.
    /// For lists.
    pub fn outline(&self, link: LinkId) -> Result<Option<ContactDetail>, StoreError> {
        self.read("outline", |conn| detail::outline(conn, link))
    }

    /// The names of all businesses, by their ids on both sides. Cost: one index range.
    pub fn businesses(&self) -> Result<Businesses, StoreError> {
        self.read("businesses", detail::businesses)
    }

    /// The link that a text names: a link id, a GHL id or a Growbots id, in that order.
    pub fn find(&self, text: &str) -> Result<Option<LinkId>, StoreError> {
        self.read("find", |conn| detail::find(conn, text))
    }

    /// Open and decided conflicts, heaviest reason first, then oldest first; put-off ones too. At most `limit`.
    pub fn conflicts(&self, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        self.read("conflicts", |conn| conflicts::list(conn, limit))
    }

    /// One conflict in any state.
    pub fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, StoreError> {
        self.read("conflict", |conn| conflicts::get(conn, id))
    }

    /// Log lines, newest first, older than `before`.
    pub fn log(&self, before: Option<LogId>, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        self.read("log", |conn| log::list(conn, before, limit))
    }

    /// The log lines of one pass, oldest first, at most 500.
    pub fn log_of_pass(&self, pass: crate::model::PassId) -> Result<Vec<LogEntry>, StoreError> {
        self.read("log_of_pass", |conn| log::of_pass(conn, pass))
    }

    /// What was sent for a line of the log and what came back, in order; nothing of a line that is older than some days.
    pub fn exchanges(&self, log: LogId) -> Result<Vec<Exchange>, StoreError> {
        self.read("exchanges", |conn| exchanges::of(conn, log))
    }

    /// Passes that did something, newest first; between them runs of idle passes as one row each, whose `because`
    /// says how many (`68 idle passes`) and whose times span them.
    pub fn passes(&self, limit: u32) -> Result<Vec<PassSummary>, StoreError> {
        self.read("passes", |conn| log::passes(conn, limit))
    }

    /// Links of all kinds in order of id, after `after`.
    pub fn links(&self, after: LinkId, limit: u32) -> Result<Vec<LinkRow>, StoreError> {
        self.read("links", |conn| pairs::list(conn, after, limit))
    }

    /// Remembered policies, the first that decides at the head.
    pub fn policies(&self) -> Result<Vec<Remembered>, StoreError> {
        self.read("policies", policies::list)
    }

    /// How often each policy has settled a conflict, as far as the log goes back, the one used last at the head.
    pub fn policy_uses(&self) -> Result<Vec<PolicyUse>, StoreError> {
        self.read("policy_uses", policies::uses)
    }

    /// How an action ended, and what it was; `None` while it waits.
    pub fn ended_action(
        &self,
        action: ActionId,
    ) -> Result<Option<(Action, ActionOutcome)>, StoreError> {
        self.read("ended_action", |conn| actions::ended(conn, action))
    }

    /// Errors that are not closed, heaviest first.
    pub fn errors(&self, limit: u32) -> Result<Vec<ErrorRow>, StoreError> {
        self.read("errors", |conn| errors::list(conn, limit))
    }

    /// Errors that are closed, the latest first.
    pub fn closed_errors(&self, limit: u32) -> Result<Vec<ErrorRow>, StoreError> {
        self.read("closed_errors", |conn| errors::closed(conn, limit))
    }

    /// Who has a conflict open on a screen.
    pub fn looking(&self) -> Result<Vec<Looking>, StoreError> {
        self.read("looking", |conn| presence::looking(conn, self.clock.now()))
    }

    /// The records that an error concerns, with their names where they are contacts or tasks; at most `limit`.
    pub fn error_records(
        &self,
        error: ErrorId,
        limit: u32,
    ) -> Result<Vec<(LinkId, String)>, StoreError> {
        self.read("error_records", |conn| {
            errors::records_of(conn, error, limit)
        })
    }

    /// Whether both sides were read in full once; before that nothing is compared.
    pub fn is_backfilled(&self) -> Result<bool, StoreError> {
        self.read("is_backfilled", status::is_backfilled)
    }

    /// What the loop told last.
    pub fn status(&self) -> Result<LoopStatus, StoreError> {
        self.read("status", status::status)
    }

    /// Who holds the lease, if its time is not over.
    pub fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.read("holder", |conn| lease::holder(conn, &self.clock))
    }

    /// The bars of the Rates chart since a moment, oldest first; half minutes without requests are left out.
    pub fn rates(&self, side: Side, since: Millis) -> Result<Vec<RateBar>, StoreError> {
        self.read("rates", |conn| status::rates(conn, side, since))
    }

    /// Intents that are not final, in sending order: the plan of what goes next.
    pub fn open_intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.read("open_intents", outbox::open)
    }
}
