//! Reading connections: any number, in any process; they never wait for a writer.

use std::path::Path;

use crate::model::{
    Conflict, ConflictId, ContactRow, Direction, ErrorRow, Holder, Intent, LinkId, LogEntry, LogId,
    LoopStatus, Millis, PageKey, PassSummary, RateBar, Side, TaskRow,
};

use super::{ContactDetail, ContactQuery, StoreError, TaskQuery, Totals};

/// A reading connection.
pub struct Reader;

impl Reader {
    /// Opens an existing database read-only. A missing file is [`StoreError::Open`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        unimplemented!("{path:?}")
    }

    /// A number that differs when another connection has written since; costs microseconds.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        unimplemented!()
    }

    /// A handle that stops the query that runs on this connection, from another thread.
    pub fn interrupter(&self) -> impl Fn() + Send + Sync + 'static {
        || ()
    }

    /// The kept totals.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        unimplemented!()
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
        unimplemented!("{query:?} {from:?} {direction:?} {limit}")
    }

    /// Tasks by due time, as [`Reader::contacts`].
    pub fn tasks(
        &self,
        query: &TaskQuery,
        from: Option<&PageKey>,
        direction: Direction,
        limit: u16,
    ) -> Result<Vec<TaskRow>, StoreError> {
        unimplemented!("{query:?} {from:?} {direction:?} {limit}")
    }

    /// A contact (or any link) with everything that belongs to it.
    pub fn detail(&self, link: LinkId) -> Result<Option<ContactDetail>, StoreError> {
        unimplemented!("{link}")
    }

    /// The link that a text names: a link id, a GHL id or a Growbots id, in that order.
    pub fn find(&self, text: &str) -> Result<Option<LinkId>, StoreError> {
        unimplemented!("{text}")
    }

    /// Open and decided conflicts, heaviest reason first, then oldest first; put-off ones too. At most `limit`.
    pub fn conflicts(&self, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        unimplemented!("{limit}")
    }

    /// One conflict in any state.
    pub fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, StoreError> {
        unimplemented!("{id}")
    }

    /// Log lines, newest first, older than `before`.
    pub fn log(&self, before: Option<LogId>, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        unimplemented!("{before:?} {limit}")
    }

    /// The log lines of one pass, oldest first, at most 500.
    pub fn log_of_pass(&self, pass: crate::model::PassId) -> Result<Vec<LogEntry>, StoreError> {
        unimplemented!("{pass}")
    }

    /// Passes that did something, newest first; between them runs of idle passes as one row each, whose `because`
    /// says how many (`68 idle passes`) and whose times span them.
    pub fn passes(&self, limit: u32) -> Result<Vec<PassSummary>, StoreError> {
        unimplemented!("{limit}")
    }

    /// Errors that are not closed, heaviest first.
    pub fn errors(&self, limit: u32) -> Result<Vec<ErrorRow>, StoreError> {
        unimplemented!("{limit}")
    }

    /// What the loop told last.
    pub fn status(&self) -> Result<LoopStatus, StoreError> {
        unimplemented!()
    }

    /// Who holds the lease, if its time is not over.
    pub fn holder(&self) -> Result<Option<Holder>, StoreError> {
        unimplemented!()
    }

    /// The bars of the Rates chart since a moment, oldest first; half minutes without requests are left out.
    pub fn rates(&self, side: Side, since: Millis) -> Result<Vec<RateBar>, StoreError> {
        unimplemented!("{side} {since}")
    }

    /// Intents that are not final, in sending order: the plan of what goes next.
    pub fn open_intents(&self) -> Result<Vec<Intent>, StoreError> {
        unimplemented!()
    }
}
