//! The writing connection of a process.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use crate::clock::Clock;
use crate::model::{
    Candidate, ConflictField, ConflictId, ConflictState, Fence, FieldName, Holder, Intent, Kind,
    LinkId, Linked, Millis, PassId, Reason, RecordId, Side, Snapshot, Tombstone,
};

use super::{
    Lease, LinkOutcome, Lookup, Match, Moment, Reader, Seen, StoreError, beside,
    changes::Changes,
    commit, conflicts, copy,
    db::{self, Open, Tx},
    error::{Fault, Res},
    gone, lease, links, load, pairs,
    refresh::refresh,
    rules, search, snapshots, status,
};

mod operators;
mod push;

/// The writing side of the cache. One a process; it stays on one thread.
pub struct Writer {
    pub(super) conn: Connection,
    path: PathBuf,
    clock: Clock,
    /// Whether what happens is noted for rules.
    pub(super) watches: bool,
    /// Rows that searches may miss while a pull goes on.
    index_waits: u32,
    changes: Changes,
    /// The intents that are not final, as they were at that moment.
    pub(super) open: RefCell<Option<(Moment, Vec<Intent>)>>,
}

impl Writer {
    /// Opens or makes the database, brings its schema up to date, and sets modes 0600 and 0700.
    pub fn open(path: &Path, clock: &Clock) -> Result<Self, StoreError> {
        let mut conn = db::open_writer(path)?;
        let changes = Changes::of(&mut conn).map_err(|error| db::cannot_open(path, error))?;
        let mut writer = Self {
            conn,
            path: path.into(),
            clock: clock.clone(),
            watches: false,
            index_waits: search::MAY_WAIT,
            changes,
            open: RefCell::default(),
        };
        writer.write("open", status::ensure_database_id)?;
        Ok(writer)
    }

    /// Lets searches miss at most so many changed rows while a pull goes on; 0: none. More cost a pull less.
    pub const fn let_index_wait(&mut self, rows: u32) {
        self.index_waits = rows;
    }

    /// One transaction that takes the write lock at once.
    pub(super) fn write<T>(
        &mut self,
        verb: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Res<T>,
    ) -> Result<T, StoreError> {
        #[cfg(test)]
        super::tests::fail::before(&self.path, verb)?;
        let (now, ticks) = (self.clock.now(), self.clock.ticks());
        let index_waits = self.index_waits;
        let all = || -> Res<T> {
            let open = Open::to_write(&self.conn)?;
            let work_on = Tx {
                conn: &self.conn,
                now,
                ticks,
            };
            let answer = work(&work_on)?;
            search::catch_up(&work_on, verb, index_waits)?;
            open.commit()?;
            Ok(answer)
        };
        let answer = all().map_err(|fault| fault.at(verb));
        #[cfg(test)]
        super::tests::fail::after(&self.path, verb)?;
        answer
    }

    /// One transaction under the lease.
    pub(super) fn fenced<T>(
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

    /// The present, as what is stored is dated.
    pub(super) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// A reading connection to the same file.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::with_clock(&self.path, self.clock.clone())
    }

    /// The state of records, links, conflicts, intents and actions. As long as it is the same, nobody has changed any of
    /// them, but for what a sweep marks.
    pub fn moment(&self) -> Result<Moment, StoreError> {
        Ok(Moment {
            here: self.changes.count(),
            elsewhere: db::data_version(&self.conn)?,
        })
    }

    /// Counts the steps that SQLite's machine takes on this connection from now on, for bounds that hold on any machine.
    pub fn count_steps(&mut self) -> Result<Arc<AtomicU64>, StoreError> {
        let steps = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&steps);
        let each = move || {
            count.fetch_add(1, Ordering::Relaxed);
            false
        };
        let set = self.conn.progress_handler(1, Some(each));
        set.map_err(|error| Fault::from(error).at("count_steps"))?;
        Ok(steps)
    }

    /// Keeps at most so many KiB of the file's pages in memory, instead of 8 MiB; others are read again when they are
    /// needed.
    pub fn keep_pages(&self, kib: u32) -> Result<(), StoreError> {
        let set = self.conn.pragma_update(None, "cache_size", -i64::from(kib));
        set.map_err(|error| Fault::from(error).at("keep_pages"))
    }

    /// A consistent copy of the database at `path`, for a dry run; mode 0600.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        copy::copy_to(&self.conn, path, self.clock.now(), false)
    }

    /// The same as a backup: once it is used as the database, it is a restored one (see [`Writer::acquire`]).
    pub fn back_up(&self, path: &Path) -> Result<(), StoreError> {
        copy::copy_to(&self.conn, path, self.clock.now(), true)
    }

    // --- lease ---

    /// Asks for the lease: 20 s from now on the ticks of this boot. A holder on this host whose process is gone,
    /// or whose time is over, is succeeded: fence + 1, and its `sending` intents become `unknown`.
    ///
    /// A database that was restored (it is a backup, or older than the fence kept beside it) gets a fence above all
    /// that were given, and the note [`RESTORED`](super::RESTORED).
    pub fn acquire(&mut self, us: &Holder) -> Result<Lease, StoreError> {
        let clock = self.clock.clone();
        let given = beside::fence(&self.path);
        let lease = self.write("acquire", |tx| lease::acquire(tx, &clock, us, given))?;
        if let Lease::Ours(fence) = lease
            && fence > given
        {
            beside::keep_fence(&self.path, fence);
        }
        Ok(lease)
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
    /// One transaction for all. A late page about a record that is gone and whose link was forgotten is stale; its
    /// link is then `LinkId(0)`.
    pub fn put_snapshots(
        &mut self,
        fence: Fence,
        snapshots: &[Snapshot],
    ) -> Result<Vec<Seen>, StoreError> {
        let watches = self.watches;
        self.fenced("put_snapshots", fence, |tx| {
            let since = if watches {
                rules::since(tx.conn)?
            } else {
                None
            };
            load::put_all(tx, since, snapshots)
        })
    }

    /// The same for a version that a read by id has just shown: it is there, also where it was believed gone.
    pub fn put_found(&mut self, fence: Fence, snapshot: &Snapshot) -> Result<Seen, StoreError> {
        let watches = self.watches;
        self.fenced("put_found", fence, |tx| {
            let since = if watches {
                rules::since(tx.conn)?
            } else {
                None
            };
            rules::watched(tx, since, snapshot, snapshots::put_found)
        })
    }

    /// Notes that a side says that a record is gone; its link becomes dirty, and what belonged to it there goes with
    /// it, but for what changed after the delete. `None`: it was not known, known gone, or has been brought back since
    /// that delete.
    pub fn mark_gone(
        &mut self,
        fence: Fence,
        side: Side,
        kind: Kind,
        id: &RecordId,
        stone: &Tombstone,
    ) -> Result<Option<LinkId>, StoreError> {
        self.fenced("mark_gone", fence, |tx| {
            gone::mark_gone(tx, side, kind, id, stone)
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
        let before = self.changes.count();
        let marked = self.fenced("mark_swept", fence, |tx| {
            gone::mark_swept(tx, side, kind, ids, sweep)
        });
        self.changes.back_to(before);
        marked
    }

    /// Live records of a side that sweep number `sweep` did not meet and that were known before it began
    /// (first seen before `before`, or later than now, which is what those are whose time is from before the clock was
    /// set back): candidates for deletes. At most `limit`.
    pub fn unswept(
        &self,
        side: Side,
        kind: Kind,
        sweep: i64,
        before: Millis,
        limit: u32,
    ) -> Result<Vec<Snapshot>, StoreError> {
        let now = self.clock.now();
        gone::unswept(&self.conn, side, kind, sweep, (before, now), limit)
            .map_err(|fault| fault.at("unswept"))
    }

    /// Live records on `side` that belong to a contact of which it has none, as far as is known; at most `limit`.
    pub fn orphans(&self, side: Side, kind: Kind, limit: u32) -> Result<Vec<Snapshot>, StoreError> {
        gone::orphans(&self.conn, side, kind, limit).map_err(|fault| fault.at("orphans"))
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
        if self.note(name)?.as_deref() == text {
            return Ok(());
        }
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

    /// The same of one contact's children, all of them.
    pub fn unlinked_of(
        &self,
        kind: Kind,
        side: Side,
        contact: LinkId,
    ) -> Result<Vec<Linked>, StoreError> {
        links::unlinked_of(&self.conn, kind, side, contact).map_err(|fault| fault.at("unlinked_of"))
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
        self.join_all(fence, pass, &[(ghl, growbots, why)])
    }

    /// [`Writer::join`] for many pairs (GHL's link, Growbots' link, why) in one transaction. Pairs that an operator
    /// parted are left out.
    pub fn join_all(
        &mut self,
        fence: Fence,
        pass: PassId,
        pairs: &[(LinkId, LinkId, &str)],
    ) -> Result<(), StoreError> {
        self.fenced("join", fence, |tx| {
            for (ghl, growbots, why) in pairs {
                if !pairs::are_parted(tx.conn, *ghl, *growbots)? {
                    links::join(tx, pass, *ghl, *growbots, why)?;
                }
            }
            Ok(())
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

    /// Takes fields out of the bases of all links of a kind, and out of what is parked, and makes the pairs among
    /// them dirty: what both sides have in these fields is to be looked at as on a first link. Keeps `note` in the
    /// same transaction, so that it is done once.
    pub fn forget_bases(
        &mut self,
        fence: Fence,
        fields: &[(Kind, FieldName)],
        note: (&str, &str),
    ) -> Result<(), StoreError> {
        self.fenced("forget_bases", fence, |tx| {
            for (kind, field) in fields {
                links::forget_base(tx, *kind, field)?;
            }
            status::put_note(tx, note.0, Some(note.1))
        })
    }

    /// Makes links dirty, so that the next merge looks at them.
    pub fn touch(&mut self, fence: Fence, links: &[LinkId]) -> Result<(), StoreError> {
        self.fenced("touch", fence, |tx| {
            links.iter().try_for_each(|link| links::touch(tx, *link))
        })
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

    /// Opens (or adds to) a conflict about one field: a side refuses its value because `holder` has it.
    pub fn open_taken(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        field: &ConflictField,
        holder: &Candidate,
    ) -> Result<(), StoreError> {
        self.fenced("open_taken", fence, |tx| {
            conflicts::open_taken(tx, pass, link, field, holder)
        })
    }

    /// A mass change of which an operator answered a part: the conflict goes on with what is `left` as another revision,
    /// and what this operator had staged for it goes. Logs it with `why` in words.
    pub fn answer_in_part(
        &mut self,
        fence: Fence,
        pass: PassId,
        conflict: ConflictId,
        operator: &str,
        left: &[Candidate],
        why: &str,
    ) -> Result<(), StoreError> {
        self.fenced("answer_in_part", fence, |tx| {
            conflicts::answer_in_part(tx, pass, conflict, operator, left, why)
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
}
