//! The writing connection of a process.

use std::path::Path;

use crate::clock::Clock;
use crate::model::{
    Action, ActionId, ActionOutcome, Answer, Candidate, ConflictId, ConflictState, Decided,
    ErrorId, ErrorState, Failure, Fence, FieldName, Holder, Intent, IntentId, Kind, LinkId, Linked,
    LoopStatus, Millis, NewLog, Parked, PassId, PassSummary, RateBar, Reason, RecordId, Side,
    Snapshot, Write,
};

use super::{Lease, LinkOutcome, Lookup, Match, Reader, Seen, StoreError};

/// The writing side of the cache. One a process; it stays on one thread.
pub struct Writer;

impl Writer {
    /// Opens or makes the database, brings its schema up to date, and sets modes 0600 and 0700.
    pub fn open(path: &Path, clock: &Clock) -> Result<Self, StoreError> {
        unimplemented!("{path:?} {clock:?}")
    }

    /// A reading connection to the same file.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        unimplemented!()
    }

    /// A consistent copy of the database at `path`, for a dry run or a backup; mode 0600.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        unimplemented!("{path:?}")
    }

    // --- lease ---

    /// Asks for the lease: 20 s from now on the ticks of this boot. A holder on this host whose process is gone,
    /// or whose time is over, is succeeded: fence + 1, and its `sending` intents become `unknown`.
    pub fn acquire(&mut self, us: &Holder) -> Result<Lease, StoreError> {
        unimplemented!("{us:?}")
    }

    /// Holds the lease for another 20 s.
    pub fn renew(&mut self, fence: Fence) -> Result<(), StoreError> {
        unimplemented!("{fence:?}")
    }

    /// Gives the lease back.
    pub fn release(&mut self, fence: Fence) -> Result<(), StoreError> {
        unimplemented!("{fence:?}")
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
        unimplemented!("{fence:?} {snapshots:?}")
    }

    /// Notes that a side says that a record is gone; its link becomes dirty. `None`: it was not known, or known gone.
    pub fn mark_gone(
        &mut self,
        fence: Fence,
        side: Side,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Option<LinkId>, StoreError> {
        unimplemented!("{fence:?} {side} {kind} {id}")
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
        unimplemented!("{fence:?} {side} {kind} {ids:?} {sweep}")
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
        unimplemented!("{side} {kind} {sweep} {before} {limit}")
    }

    /// A small text kept under a name: cursors, marks, setups, sweep times.
    pub fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        unimplemented!("{name}")
    }

    /// Keeps a small text under a name; `None` removes it.
    pub fn put_note(
        &mut self,
        fence: Fence,
        name: &str,
        text: Option<&str>,
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {name} {text:?}")
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
        unimplemented!("{kind} {side} {after} {limit}")
    }

    /// Live records of a side by a key; at most 20, ignored ones too.
    pub fn lookup(&self, side: Side, kind: Kind, by: Lookup<'_>) -> Result<Vec<Match>, StoreError> {
        unimplemented!("{side} {kind} {by:?}")
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
        unimplemented!("{fence:?} {pass} {ghl} {growbots} {why}")
    }

    /// A new link without ends, for a record that is to be made.
    pub fn new_link(
        &mut self,
        fence: Fence,
        kind: Kind,
        parent: Option<LinkId>,
    ) -> Result<LinkId, StoreError> {
        unimplemented!("{fence:?} {kind} {parent:?}")
    }

    // --- merge ---

    /// Dirty links of a kind in order of id, after `after`; ignored ones are left out, and so are children whose
    /// contact is held by a conflict.
    pub fn dirty(&self, kind: Kind, after: LinkId, limit: u32) -> Result<Vec<Linked>, StoreError> {
        unimplemented!("{kind} {after} {limit}")
    }

    /// Makes a link dirty, so that the next merge looks at it.
    pub fn touch(&mut self, fence: Fence, link: LinkId) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {link}")
    }

    /// Stores the outcomes of a merge in one transaction: bases, conflicts, held fields, intents, states; the links
    /// are clean afterwards. Conflicts that open, change or close are logged.
    pub fn commit(
        &mut self,
        fence: Fence,
        pass: PassId,
        outcomes: &[LinkOutcome],
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {pass} {outcomes:?}")
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
        unimplemented!("{fence:?} {pass} {link} {reason:?} {candidates:?} {gone:?}")
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
        unimplemented!("{fence:?} {pass} {conflict} {state:?} {why}")
    }

    /// Removes a link of which nothing is left on either side.
    pub fn forget_link(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        why: &str,
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {pass} {link} {why}")
    }

    /// One link.
    pub fn linked(&self, link: LinkId) -> Result<Option<Linked>, StoreError> {
        unimplemented!("{link}")
    }

    /// The links of a contact's children of one kind.
    pub fn children(&self, kind: Kind, parent: LinkId) -> Result<Vec<Linked>, StoreError> {
        unimplemented!("{kind} {parent}")
    }

    // --- push ---

    /// Adds a write to the outbox.
    pub fn intend(
        &mut self,
        fence: Fence,
        pass: PassId,
        write: &Write,
    ) -> Result<IntentId, StoreError> {
        unimplemented!("{fence:?} {pass} {write:?}")
    }

    /// Intents that are not final, in sending order: creates of contacts, updates of contacts, then children
    /// likewise, deletes of children, deletes of contacts; each by id.
    pub fn open_intents(&self) -> Result<Vec<Intent>, StoreError> {
        unimplemented!()
    }

    /// Makes it durable that an intent is about to be sent.
    pub fn mark_sending(
        &mut self,
        fence: Fence,
        intent: IntentId,
        siblings: &[RecordId],
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {intent} {siblings:?}")
    }

    /// An intent's answer was lost.
    pub fn mark_unknown(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {intent}")
    }

    /// An intent was shown not to have happened: it may be sent again.
    pub fn mark_planned(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {intent}")
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
        unimplemented!("{fence:?} {pass} {intent} {read_back:?} {requests}")
    }

    /// An intent is not wanted any more; its link is dirty.
    pub fn supersede(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {intent}")
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
        unimplemented!("{fence:?} {pass} {intent} {failure:?} {parked:?}")
    }

    // --- operators ---

    /// Stores what an operator asks for. Needs no lease.
    pub fn submit(&mut self, operator: &str, action: &Action) -> Result<ActionId, StoreError> {
        unimplemented!("{operator} {action:?}")
    }

    /// Actions that wait to be carried out, oldest first, with who asked.
    pub fn pending_actions(&self) -> Result<Vec<(ActionId, String, Action)>, StoreError> {
        unimplemented!()
    }

    /// How an action ended.
    pub fn finish_action(
        &mut self,
        fence: Fence,
        action: ActionId,
        outcome: &ActionOutcome,
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {action} {outcome:?}")
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
        unimplemented!("{operator} {conflict} {answer:?} {revision}")
    }

    /// Takes staged answers of an operator back: of one field, or all of the conflict. Needs no lease.
    pub fn unstage(
        &mut self,
        operator: &str,
        conflict: ConflictId,
        field: Option<&FieldName>,
    ) -> Result<(), StoreError> {
        unimplemented!("{operator} {conflict} {field:?}")
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
        unimplemented!("{fence:?} {link} {conflict:?} {operator} {note:?} {decided:?}")
    }

    /// Puts a conflict off.
    pub fn defer(
        &mut self,
        fence: Fence,
        conflict: ConflictId,
        until: Option<Millis>,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {conflict} {until:?} {note:?}")
    }

    /// Leaves a link alone, or takes it up again (dirty).
    pub fn set_ignored(
        &mut self,
        fence: Fence,
        link: LinkId,
        ignored: bool,
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {link} {ignored}")
    }

    // --- errors, log, status ---

    /// Raises a failure: one row a pattern.
    pub fn raise(&mut self, fence: Fence, failure: &Failure) -> Result<ErrorId, StoreError> {
        unimplemented!("{fence:?} {failure:?}")
    }

    /// Closes the open errors of a pattern (a side that answers again, a pull that works again).
    pub fn settle(&mut self, fence: Fence, pattern: &str) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {pattern}")
    }

    /// Mutes, skips or closes an error, or opens it to be tried again: then its records' parked fields go and
    /// their links are dirty.
    pub fn set_error_state(
        &mut self,
        fence: Fence,
        error: ErrorId,
        state: ErrorState,
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {error} {state:?}")
    }

    /// Adds a line to the log of a link.
    pub fn log(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        line: &NewLog,
    ) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {pass} {link} {line:?}")
    }

    /// Begins a pass.
    pub fn begin_pass(&mut self, fence: Fence, because: &str) -> Result<PassId, StoreError> {
        unimplemented!("{fence:?} {because}")
    }

    /// Ends a pass: fills `waiting`, `held`, `conflicts_open` and `errors_open` in and stores it. Runs of idle
    /// passes fold into one row (count, first, last).
    #[expect(clippy::needless_pass_by_value, reason = "skeleton")]
    pub fn end_pass(
        &mut self,
        fence: Fence,
        summary: PassSummary,
    ) -> Result<PassSummary, StoreError> {
        unimplemented!("{fence:?} {summary:?}")
    }

    /// Tells everyone what the loop is doing. Stores nothing when nothing changed.
    pub fn put_status(&mut self, fence: Fence, status: &LoopStatus) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {status:?}")
    }

    /// Adds requests to the bars of the Rates chart (half minutes; kept 24 h).
    pub fn add_rates(&mut self, fence: Fence, side: Side, bar: RateBar) -> Result<(), StoreError> {
        unimplemented!("{fence:?} {side} {bar:?}")
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
