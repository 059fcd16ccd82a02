//! The writing connection of a process.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::clock::Clock;
use crate::model::{
    Action, ActionId, ActionOutcome, Answer, Candidate, ConflictId, ConflictState, Decided,
    ErrorId, ErrorState, Failure, Fence, FieldName, Holder, Intent, IntentId, IntentState, Kind,
    LinkId, Linked, LoopStatus, Millis, NewLog, Parked, PassId, PassSummary, RateBar, Reason,
    RecordId, Side, Snapshot, Write,
};

use super::{
    Lease, LinkOutcome, Lookup, Match, Reader, Seen, StoreError, actions, commit, conflicts, copy,
    db::{self, Tx},
    error::Res,
    errors, lease, links, log, outbox,
    refresh::refresh,
    snapshots, status,
};

/// The writing side of the cache. One a process; it stays on one thread.
pub struct Writer {
    conn: Connection,
    path: PathBuf,
    clock: Clock,
}

impl Writer {
    /// Opens or makes the database, brings its schema up to date, and sets modes 0600 and 0700.
    pub fn open(path: &Path, clock: &Clock) -> Result<Self, StoreError> {
        let mut writer = Self {
            conn: db::open_writer(path)?,
            path: path.into(),
            clock: clock.clone(),
        };
        writer.write("open", status::ensure_database_id)?;
        Ok(writer)
    }

    /// One transaction that takes the write lock at once.
    fn write<T>(
        &mut self,
        verb: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Res<T>,
    ) -> Result<T, StoreError> {
        let now = self.clock.now();
        let all = || -> Res<T> {
            let tx = self
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = work(&Tx { conn: &tx, now })?;
            tx.commit()?;
            Ok(answer)
        };
        all().map_err(|fault| fault.at(verb))
    }

    /// One transaction under the lease.
    fn fenced<T>(
        &mut self,
        verb: &'static str,
        fence: Fence,
        work: impl FnOnce(&Tx<'_>) -> Res<T>,
    ) -> Result<T, StoreError> {
        self.write(verb, |tx| {
            lease::check(tx, fence)?;
            work(tx)
        })
    }

    /// A reading connection to the same file.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::with_clock(&self.path, self.clock.clone())
    }

    /// A consistent copy of the database at `path`, for a dry run or a backup; mode 0600.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        copy::copy_to(&self.conn, path, self.clock.now())
    }

    // --- lease ---

    /// Asks for the lease: 20 s from now on the ticks of this boot. A holder on this host whose process is gone,
    /// or whose time is over, is succeeded: fence + 1, and its `sending` intents become `unknown`.
    pub fn acquire(&mut self, us: &Holder) -> Result<Lease, StoreError> {
        let clock = self.clock.clone();
        self.write("acquire", |tx| lease::acquire(tx, &clock, us))
    }

    /// Holds the lease for another 20 s.
    pub fn renew(&mut self, fence: Fence) -> Result<(), StoreError> {
        let clock = self.clock.clone();
        self.fenced("renew", fence, |tx| lease::renew(tx, &clock))
    }

    /// Gives the lease back.
    pub fn release(&mut self, fence: Fence) -> Result<(), StoreError> {
        self.fenced("release", fence, lease::release)
    }

    // --- pull ---

    /// Stores versions seen on a side. A record never seen gets a one-ended link; children whose parent is not
    /// known yet get their parent link later, when it is. A changed, new or returned record makes its link dirty.
    /// One transaction for all.
    pub fn put_snapshots(
        &mut self,
        fence: Fence,
        snapshots: &[Snapshot],
    ) -> Result<Vec<Seen>, StoreError> {
        self.fenced("put_snapshots", fence, |tx| {
            snapshots
                .iter()
                .map(|snapshot| snapshots::put(tx, snapshot))
                .collect()
        })
    }

    /// Notes that a side says that a record is gone; its link becomes dirty. `None`: it was not known, or known gone.
    pub fn mark_gone(
        &mut self,
        fence: Fence,
        side: Side,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Option<LinkId>, StoreError> {
        self.fenced("mark_gone", fence, |tx| {
            snapshots::mark_gone(tx, side, kind, id)
        })
    }

    /// Notes that these records were seen in sweep number `sweep`.
    pub fn mark_swept(
        &mut self,
        fence: Fence,
        side: Side,
        kind: Kind,
        ids: &[RecordId],
        sweep: i64,
    ) -> Result<(), StoreError> {
        self.fenced("mark_swept", fence, |tx| {
            snapshots::mark_swept(tx, side, kind, ids, sweep)
        })
    }

    /// Live records of a side that sweep number `sweep` did not meet and that were known before it began
    /// (first seen before `before`): candidates for deletes. At most `limit`.
    pub fn unswept(
        &self,
        side: Side,
        kind: Kind,
        sweep: i64,
        before: Millis,
        limit: u32,
    ) -> Result<Vec<Snapshot>, StoreError> {
        snapshots::unswept(&self.conn, side, kind, sweep, before, limit)
            .map_err(|fault| fault.at("unswept"))
    }

    /// A small text kept under a name: cursors, marks, setups, sweep times.
    pub fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        status::note(&self.conn, name).map_err(|fault| fault.at("note"))
    }

    /// Keeps a small text under a name; `None` removes it.
    pub fn put_note(
        &mut self,
        fence: Fence,
        name: &str,
        text: Option<&str>,
    ) -> Result<(), StoreError> {
        self.fenced("put_note", fence, |tx| status::put_note(tx, name, text))
    }

    // --- match ---

    /// Links with a live end only on `side`, nothing on the other, not ignored, and no open conflict that holds
    /// them or their contact; in order of id, after `after`. For children only those whose contact is linked on
    /// both sides.
    pub fn unlinked(
        &self,
        kind: Kind,
        side: Side,
        after: LinkId,
        limit: u32,
    ) -> Result<Vec<Linked>, StoreError> {
        links::unlinked(&self.conn, kind, side, after, limit).map_err(|fault| fault.at("unlinked"))
    }

    /// Live records of a side by a key; at most 20, ignored ones too.
    pub fn lookup(&self, side: Side, kind: Kind, by: Lookup<'_>) -> Result<Vec<Match>, StoreError> {
        snapshots::lookup(&self.conn, side, kind, by).map_err(|fault| fault.at("lookup"))
    }

    /// Makes one link of two one-ended ones: that of the GHL record stays, dirty; children follow. Logs it.
    pub fn join(
        &mut self,
        fence: Fence,
        pass: PassId,
        ghl: LinkId,
        growbots: LinkId,
        why: &str,
    ) -> Result<(), StoreError> {
        self.fenced("join", fence, |tx| {
            links::join(tx, pass, ghl, growbots, why)
        })
    }

    /// A new link without ends, for a record that is to be made.
    pub fn new_link(
        &mut self,
        fence: Fence,
        kind: Kind,
        parent: Option<LinkId>,
    ) -> Result<LinkId, StoreError> {
        self.fenced("new_link", fence, |tx| {
            let link = links::new(tx, kind, parent)?;
            refresh(tx, link)?;
            Ok(link)
        })
    }

    // --- merge ---

    /// Dirty links of a kind in order of id, after `after`; ignored ones are left out, and so are children whose
    /// contact is held by a conflict.
    pub fn dirty(&self, kind: Kind, after: LinkId, limit: u32) -> Result<Vec<Linked>, StoreError> {
        links::dirty(&self.conn, kind, after, limit).map_err(|fault| fault.at("dirty"))
    }

    /// Makes a link dirty, so that the next merge looks at it.
    pub fn touch(&mut self, fence: Fence, link: LinkId) -> Result<(), StoreError> {
        self.fenced("touch", fence, |tx| links::touch(tx, link))
    }

    /// Stores the outcomes of a merge in one transaction: bases, conflicts, held fields, intents, states; the links
    /// are clean afterwards. Conflicts that open, change or close are logged.
    pub fn commit(
        &mut self,
        fence: Fence,
        pass: PassId,
        outcomes: &[LinkOutcome],
    ) -> Result<(), StoreError> {
        self.fenced("commit", fence, |tx| {
            outcomes
                .iter()
                .try_for_each(|outcome| commit::commit(tx, pass, outcome))
        })
    }

    /// Opens (or renews) a conflict that holds the whole record. Its planned intents are superseded.
    pub fn open_conflict(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        reason: Reason,
        candidates: &[Candidate],
        gone: Option<Side>,
    ) -> Result<ConflictId, StoreError> {
        self.fenced("open_conflict", fence, |tx| {
            conflicts::open(tx, pass, link, reason, candidates, gone)
        })
    }

    /// Closes a conflict, and makes its link dirty. Logs it with `why` in words.
    pub fn close_conflict(
        &mut self,
        fence: Fence,
        pass: PassId,
        conflict: ConflictId,
        state: ConflictState,
        why: &str,
    ) -> Result<(), StoreError> {
        self.fenced("close_conflict", fence, |tx| {
            conflicts::close(tx, pass, conflict, state, why)
        })
    }

    /// Removes a link of which nothing is left on either side.
    pub fn forget_link(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        why: &str,
    ) -> Result<(), StoreError> {
        self.fenced("forget_link", fence, |tx| {
            links::forget(tx, pass, link, why)
        })
    }

    /// One link.
    pub fn linked(&self, link: LinkId) -> Result<Option<Linked>, StoreError> {
        links::load(&self.conn, link).map_err(|fault| fault.at("linked"))
    }

    /// The links of a contact's children of one kind.
    pub fn children(&self, kind: Kind, parent: LinkId) -> Result<Vec<Linked>, StoreError> {
        links::children(&self.conn, kind, parent).map_err(|fault| fault.at("children"))
    }

    // --- push ---

    /// Adds a write to the outbox.
    pub fn intend(
        &mut self,
        fence: Fence,
        pass: PassId,
        write: &Write,
    ) -> Result<IntentId, StoreError> {
        self.fenced("intend", fence, |tx| {
            let intent = outbox::insert(tx, pass, write)?;
            refresh(tx, write.link)?;
            Ok(intent)
        })
    }

    /// Intents that are not final, in sending order: creates of contacts, updates of contacts, then children
    /// likewise, deletes of children, deletes of contacts; each by id.
    pub fn open_intents(&self) -> Result<Vec<Intent>, StoreError> {
        outbox::open(&self.conn).map_err(|fault| fault.at("open_intents"))
    }

    /// Makes it durable that an intent is about to be sent.
    pub fn mark_sending(
        &mut self,
        fence: Fence,
        intent: IntentId,
        siblings: &[RecordId],
    ) -> Result<(), StoreError> {
        self.fenced("mark_sending", fence, |tx| {
            outbox::mark_sending(tx, fence, intent, siblings)
        })
    }

    /// An intent's answer was lost.
    pub fn mark_unknown(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        self.fenced("mark_unknown", fence, |tx| {
            outbox::mark(tx, intent, IntentState::Unknown)
        })
    }

    /// An intent was shown not to have happened: it may be sent again.
    pub fn mark_planned(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        self.fenced("mark_planned", fence, |tx| {
            outbox::mark(tx, intent, IntentState::Planned)
        })
    }

    /// An intent is done. `read_back` becomes the snapshot of its end (`None` after a delete: the end is gone); the
    /// link is dirty; the write is logged; errors of the link on that side close.
    pub fn confirm(
        &mut self,
        fence: Fence,
        pass: PassId,
        intent: IntentId,
        read_back: Option<&Snapshot>,
        requests: u32,
    ) -> Result<(), StoreError> {
        self.fenced("confirm", fence, |tx| {
            outbox::confirm(tx, pass, intent, read_back, requests)
        })
    }

    /// An intent is not wanted any more; its link is dirty.
    pub fn supersede(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        self.fenced("supersede", fence, |tx| {
            outbox::mark(tx, intent, IntentState::Superseded)
        })
    }

    /// A side refused an intent: its fields are parked, the failure is raised and logged; the link is dirty.
    pub fn refuse(
        &mut self,
        fence: Fence,
        pass: PassId,
        intent: IntentId,
        failure: &Failure,
        parked: &[Parked],
    ) -> Result<(), StoreError> {
        self.fenced("refuse", fence, |tx| {
            outbox::refuse(tx, pass, intent, failure, parked)
        })
    }

    // --- operators ---

    /// Stores what an operator asks for. Needs no lease.
    pub fn submit(&mut self, operator: &str, action: &Action) -> Result<ActionId, StoreError> {
        self.write("submit", |tx| actions::submit(tx, operator, action))
    }

    /// Actions that wait to be carried out, oldest first, with who asked.
    pub fn pending_actions(&self) -> Result<Vec<(ActionId, String, Action)>, StoreError> {
        actions::pending(&self.conn).map_err(|fault| fault.at("pending_actions"))
    }

    /// How an action ended.
    pub fn finish_action(
        &mut self,
        fence: Fence,
        action: ActionId,
        outcome: &ActionOutcome,
    ) -> Result<(), StoreError> {
        self.fenced("finish_action", fence, |tx| {
            actions::finish(tx, action, outcome)
        })
    }

    /// Keeps an operator's answer until it is applied; it replaces the operator's earlier one for the same field.
    /// Needs no lease.
    pub fn stage(
        &mut self,
        operator: &str,
        conflict: ConflictId,
        answer: &Answer,
        revision: i64,
    ) -> Result<(), StoreError> {
        self.write("stage", |tx| {
            conflicts::stage(tx, operator, conflict, answer, revision)
        })
    }

    /// Takes staged answers of an operator back: of one field, or all of the conflict. Needs no lease.
    pub fn unstage(
        &mut self,
        operator: &str,
        conflict: ConflictId,
        field: Option<&FieldName>,
    ) -> Result<(), StoreError> {
        self.write("unstage", |tx| {
            conflicts::unstage(tx, operator, conflict, field)
        })
    }

    /// Stores decided values of a link (replacing earlier ones of the same fields) and makes it dirty. With a
    /// `conflict`, that one becomes `decided` by `operator`, and all its staged answers for these fields go.
    pub fn decide(
        &mut self,
        fence: Fence,
        link: LinkId,
        conflict: Option<ConflictId>,
        operator: &str,
        note: Option<&str>,
        decided: &[Decided],
    ) -> Result<(), StoreError> {
        self.fenced("decide", fence, |tx| {
            if let Some(conflict) = conflict {
                conflicts::decide(tx, conflict, operator, note, decided)?;
            }
            links::decide(tx, link, decided)?;
            refresh(tx, link)
        })
    }

    /// Puts a conflict off.
    pub fn defer(
        &mut self,
        fence: Fence,
        conflict: ConflictId,
        until: Option<Millis>,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        self.fenced("defer", fence, |tx| {
            conflicts::defer(tx, conflict, until, note)
        })
    }

    /// Leaves a link alone, or takes it up again (dirty).
    pub fn set_ignored(
        &mut self,
        fence: Fence,
        link: LinkId,
        ignored: bool,
    ) -> Result<(), StoreError> {
        self.fenced("set_ignored", fence, |tx| {
            links::set_ignored(tx, link, ignored)
        })
    }

    // --- errors, log, status ---

    /// Raises a failure: one row a pattern.
    pub fn raise(&mut self, fence: Fence, failure: &Failure) -> Result<ErrorId, StoreError> {
        self.fenced("raise", fence, |tx| errors::raise(tx, failure))
    }

    /// Closes the open errors of a pattern (a side that answers again, a pull that works again).
    pub fn settle(&mut self, fence: Fence, pattern: &str) -> Result<(), StoreError> {
        self.fenced("settle", fence, |tx| errors::settle(tx, pattern))
    }

    /// Mutes, skips or closes an error, or opens it to be tried again: then its records' parked fields go and
    /// their links are dirty.
    pub fn set_error_state(
        &mut self,
        fence: Fence,
        error: ErrorId,
        state: ErrorState,
    ) -> Result<(), StoreError> {
        self.fenced("set_error_state", fence, |tx| {
            errors::set_state(tx, error, state)
        })
    }

    /// Adds a line to the log of a link.
    pub fn log(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        line: &NewLog,
    ) -> Result<(), StoreError> {
        self.fenced("log", fence, |tx| log::add(tx, pass, link, line))
    }

    /// Begins a pass.
    pub fn begin_pass(&mut self, fence: Fence, because: &str) -> Result<PassId, StoreError> {
        self.fenced("begin_pass", fence, |tx| log::begin_pass(tx, because))
    }

    /// Ends a pass: fills `waiting`, `held`, `conflicts_open` and `errors_open` in and stores it. Runs of idle
    /// passes fold into one row (count, first, last).
    pub fn end_pass(
        &mut self,
        fence: Fence,
        summary: PassSummary,
    ) -> Result<PassSummary, StoreError> {
        self.fenced("end_pass", fence, |tx| log::end_pass(tx, summary))
    }

    /// Tells everyone what the loop is doing. Stores nothing when nothing changed.
    pub fn put_status(&mut self, fence: Fence, status: &LoopStatus) -> Result<(), StoreError> {
        let text = status::status_text(status).map_err(|fault| fault.at("put_status"))?;
        let same = status::is_status(&self.conn, &text).map_err(|fault| fault.at("put_status"))?;
        if same {
            return Ok(());
        }
        self.fenced("put_status", fence, |tx| status::put_status(tx, &text))
    }

    /// Adds requests to the bars of the Rates chart (half minutes; kept 24 h).
    pub fn add_rates(&mut self, fence: Fence, side: Side, bar: RateBar) -> Result<(), StoreError> {
        self.fenced("add_rates", fence, |tx| status::add_rates(tx, side, bar))
    }
}
impl Writer {
    /// Links after `after` that have a live end on `side`, with its id, in order of link.
    pub fn ends_after(
        &self,
        kind: Kind,
        side: Side,
        after: LinkId,
        limit: u32,
    ) -> Result<Vec<(LinkId, RecordId)>, StoreError> {
        unimplemented!("{kind} {side} {after} {limit}")
    }

    /// Ids of the live children of one kind that a contact of `side` has there.
    pub fn children_ends(
        &self,
        kind: Kind,
        side: Side,
        contact: &RecordId,
    ) -> Result<Vec<RecordId>, StoreError> {
        unimplemented!("{kind} {side} {contact}")
    }

    /// Forgets the gone end of a link, so that the record counts as one that only the other side has; dirty.
    pub fn drop_end(&mut self, fence: Fence, link: LinkId, side: Side) -> Result<(), StoreError> {
        unimplemented!("{fence} {link} {side}")
    }
}
