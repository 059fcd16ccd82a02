//! Reading what changed: from GHL by search since a time, from Growbots by its change feed (or lists where it has
//! none). Each page is stored with the cursor behind it, so that a pull that ends early goes on from there.

use std::pin::pin;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::model::{Kind, Lane, LoopState, Millis, RecordId, Side, Snapshot, Tombstone};
use crate::remote::{Found, PageRequest, Read, RemoteError, Row, Setup};
use crate::store::{Known, Lookup, Seen, SeenAs, backfill_note};

use super::EngineError;
use super::pass::Pass;
use super::sweep::{FEED_LOST, FEED_LOST_AT, TOUCHED};

/// Milliseconds by which a search since a time overlaps the one before, for an index that lags.
const OVERLAP_MS: [(Side, i64); 2] = [(Side::Ghl, 120_000), (Side::Growbots, 30_000)];
/// How long users, zone and capabilities are kept before they are read again.
const SETUP_EVERY_MS: i64 = 24 * 3_600_000;
/// How soon they are read again where a side told no users: it may have been a fault, and owners wait meanwhile.
const SETUP_AGAIN_MS: i64 = 600_000;
/// Rows that must agree with reads by id before a GHL row may stand for its record.
const ROWS_TO_CHECK: u32 = 20;
/// Reads by id at a time; the limiter decides how fast they go.
const READS_AT_ONCE: usize = 40;
/// Pages of a listing whose records are read at a time.
const PAGES_AT_ONCE: usize = 2;

/// How far the reading of one kind on one side is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Cursor {
    /// The newest update time seen, by the side's clock.
    watermark: Millis,
    /// What this listing reads from; fixed while it pages.
    since: Millis,
    /// Where its next page starts; `None` between listings.
    after: Option<String>,
    /// Whether a listing ever came to its end.
    complete: bool,
}

/// Whether rows of a kind may stand for their records.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Trust {
    agreed: u32,
    broken: bool,
}

fn cursor_name(side: Side, kind: Kind) -> String {
    format!("cursor.{}.{}", side.name(), kind.name())
}

impl Pass<'_> {
    /// Reads users, zone and capabilities where they are due; uses the kept ones otherwise.
    pub(super) async fn set_up(&self, side: Side) -> Result<(), EngineError> {
        let name = format!("setup.{}", side.name());
        let kept: Option<Setup> = self.core.note(&name)?;
        let mark = format!("{name}.at");
        if let Some(kept) = &kept
            && !(kept.users.is_empty()
                && (self.what.full || self.core.is_due(&mark, SETUP_AGAIN_MS)?))
            && !self.core.is_due(&mark, SETUP_EVERY_MS)?
        {
            self.core.side(side).use_setup(kept);
            return Ok(());
        }
        let setup = self
            .core
            .side(side)
            .setup(self.lane(Lane::Incremental))
            .await?;
        self.core.side(side).use_setup(&setup);
        self.learn_users(side, kept.as_ref(), &setup)?;
        self.core.put_note(&name, &setup)?;
        self.core.mark_done(&mark)?;
        Ok(())
    }

    /// Whether everything on both sides was read once; nothing is matched or made before.
    pub(super) fn is_backfilled(&self) -> Result<bool, EngineError> {
        for side in Side::BOTH {
            let done: Option<bool> = self.core.note(&backfill_note(side))?;
            if done != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Pulls one side. What it has read is stored also where the reading fails.
    pub(super) async fn pull(&self, side: Side) -> Result<(), EngineError> {
        let pulled = self.read_side(side).await;
        self.store_held(side)?;
        pulled
    }

    async fn read_side(&self, side: Side) -> Result<(), EngineError> {
        if self.rests(side, Lane::Incremental) {
            return Ok(());
        }
        if self.core.side(side).has_changes() {
            self.pull_changes(side).await?;
        } else {
            let first = self.core.note::<bool>(&backfill_note(side))? != Some(true);
            for &kind in kinds_listed(side) {
                self.pull_since(side, kind).await?;
            }
            if first {
                self.first_sweeps(side).await?;
            }
        }
        // A reading that ended early has not read everything.
        if !self.rests(side, Lane::Incremental) {
            self.core.put_note(&backfill_note(side), &true)?;
        }
        Ok(())
    }

    async fn pull_changes(&self, side: Side) -> Result<(), EngineError> {
        let remote = self.core.side(side);
        let lane = self.lane(Lane::Incremental);
        let name = format!("cursor.{}.changes", side.name());
        let mut cursor: Option<String> = self.core.note(&name)?;
        let backfilled = self.core.note::<bool>(&backfill_note(side))? == Some(true);
        if cursor.is_none() || !backfilled {
            // The feed's place comes first, so that nothing falls between it and the listing.
            if cursor.is_none() {
                let start = remote.changes(lane, None).await?;
                self.core.put_note(&name, &start.next)?;
                cursor = Some(start.next);
            }
            for &kind in kinds_listed(side) {
                self.pull_all(side, kind).await?;
            }
            if self.rests(side, Lane::Incremental) {
                return Ok(());
            }
        }
        while let Some(after) = cursor.take() {
            let page = match remote.changes(lane, Some(&after)).await {
                Ok(page) => page,
                Err(RemoteError::CursorExpired { .. }) => {
                    self.core.put_note(FEED_LOST, &true)?;
                    self.core.put_note(FEED_LOST_AT, &self.core.now())?;
                    self.core.drop_note(&name)?;
                    self.core.drop_note(&backfill_note(side))?;
                    for kind in Kind::ALL {
                        self.core.drop_note(&cursor_name(side, kind))?;
                    }
                    return Box::pin(self.pull_changes(side)).await;
                }
                Err(error) => return Err(error.into()),
            };
            let mut live = Vec::new();
            for (kind, id, found) in page.changes {
                match found {
                    Found::Live(snapshot) => live.push(snapshot),
                    Found::Gone(_) | Found::Missing => {
                        self.put(&live)?;
                        live.clear();
                        self.gone(side, kind, &id, &found)?;
                    }
                }
            }
            self.put(&live)?;
            for (kind, id) in &page.odd {
                self.read_one(side, *kind, None, id, Lane::Incremental)
                    .await?;
            }
            self.core.put_note(&name, &page.next)?;
            if page.more && !self.rests(side, Lane::Incremental) {
                cursor = Some(page.next);
                self.let_operators_in().await?;
            }
        }
        Ok(())
    }

    /// What changed since the last listing; everything the first time.
    async fn pull_since(&self, side: Side, kind: Kind) -> Result<(), EngineError> {
        let name = cursor_name(side, kind);
        let mut cursor: Cursor = self.core.note(&name)?.unwrap_or_default();
        if cursor.after.is_none() {
            let overlap = OVERLAP_MS[usize::from(side == Side::Growbots)].1;
            cursor.since = if cursor.complete {
                cursor.watermark.plus(-overlap)
            } else {
                Millis(0)
            };
        }
        let read = Read::Since(cursor.since);
        let lane = self.lane(Lane::Incremental);
        // While the records of a page are read by id, the next page is on its way, and its first reads wait in line:
        // the limiter is never idle between two pages. A version that is older than the stored one is dropped there,
        // so the order of the answers does not matter.
        let pages = stream::unfold(Some(cursor.after.take()), async |after| {
            let request = PageRequest {
                kind,
                read,
                after: after?,
            };
            let page = self.core.side(side).page(lane, &request).await;
            let next = page.as_ref().ok().and_then(|page| page.next.clone());
            Some((page, next.map(Some)))
        });
        let taken = pages.map(async |page| {
            let mut page = page?;
            self.let_operators_in().await?;
            let rows = std::mem::take(&mut page.rows);
            let newest = rows.iter().filter_map(|row| row.snapshot.updated_at).max();
            let met = rows.len() as u64;
            self.take_rows(side, kind, rows, Lane::Incremental).await?;
            Ok::<_, EngineError>((page, met, newest))
        });
        let mut taken = pin!(taken.buffered(PAGES_AT_ONCE));
        let mut done = 0;
        while let Some(page) = taken.next().await {
            let (page, met, newest) = page?;
            done += met;
            cursor.watermark = cursor.watermark.max(newest.unwrap_or_default());
            cursor.complete |= page.next.is_none();
            cursor.after = page.next;
            self.keep_place(side, &name, &cursor)?;
            if self.rests(side, Lane::Incremental) {
                return Ok(());
            }
            if cursor.after.is_some() {
                self.core.tell_progress(LoopState::Pulling {
                    side,
                    kind,
                    done,
                    total: page.total,
                })?;
            }
        }
        self.store_held(side)
    }

    /// Everything of a kind, from where the listing stopped; its rows are whole records.
    async fn pull_all(&self, side: Side, kind: Kind) -> Result<(), EngineError> {
        let name = cursor_name(side, kind);
        let mut cursor: Cursor = self.core.note(&name)?.unwrap_or_default();
        let mut done = 0;
        while !cursor.complete && !self.rests(side, Lane::Incremental) {
            let request = PageRequest {
                kind,
                read: Read::All,
                after: cursor.after.take(),
            };
            let page = self
                .core
                .side(side)
                .page(self.lane(Lane::Incremental), &request)
                .await?;
            done += page.rows.len() as u64;
            self.take_rows(side, kind, page.rows, Lane::Incremental)
                .await?;
            cursor.complete = page.next.is_none();
            cursor.after = page.next;
            self.keep_place(side, &name, &cursor)?;
            self.core.tell_progress(LoopState::Pulling {
                side,
                kind,
                done,
                total: page.total,
            })?;
            self.let_operators_in().await?;
        }
        self.store_held(side)
    }

    /// Takes the rows of a listing: a row of a record never seen may stand for it, if it is whole and rows of its
    /// kind are trusted; any other row that tells something new is a reason to read by id.
    pub(super) async fn take_rows(
        &self,
        side: Side,
        kind: Kind,
        rows: Vec<Row>,
        lane: Lane,
    ) -> Result<(), EngineError> {
        let mut fresh = Vec::new();
        let mut to_read: Vec<Snapshot> = Vec::new();
        let known = self
            .core
            .store()
            .known(rows.iter().map(|row| &row.snapshot))?;
        for (row, known) in rows.into_iter().zip(known) {
            match known {
                Known::Nothing => {}
                Known::Never if row.complete && self.has_contact(&row.snapshot)? => {
                    fresh.push(row.snapshot);
                }
                Known::Never | Known::News => to_read.push(row.snapshot),
            }
        }
        let rest = self.check_rows(side, kind, fresh, lane).await?;
        to_read.extend(rest);
        self.read_all(side, kind, &to_read, lane).await?;
        Ok(())
    }

    /// GHL's task search shows tasks of contacts that are gone: one whose contact is not known is read by id.
    fn has_contact(&self, row: &Snapshot) -> Result<bool, EngineError> {
        let Some(contact) = row.parent.as_ref().filter(|_| row.side == Side::Ghl) else {
            return Ok(true);
        };
        let store = self.core.store();
        let known = store.lookup(row.side, Kind::Contact, Lookup::Id(contact))?;
        Ok(!known.is_empty())
    }

    /// Stores whole rows of records never seen, once the first of their kind agreed with reads by id. Gives back
    /// those that must be read instead.
    async fn check_rows(
        &self,
        side: Side,
        kind: Kind,
        mut fresh: Vec<Snapshot>,
        lane: Lane,
    ) -> Result<Vec<Snapshot>, EngineError> {
        if side == Side::Ghl {
            let name = format!("trust.{}.{}", side.name(), kind.name());
            let mut trust: Trust = self.core.note(&name)?.unwrap_or_default();
            let missing = ROWS_TO_CHECK.saturating_sub(trust.agreed) as usize;
            if !trust.broken && missing > 0 && !fresh.is_empty() {
                let rest = fresh.split_off(missing.min(fresh.len()));
                let read = self.read_all(side, kind, &fresh, lane).await?;
                // Two pages may be read at a time.
                trust = self.core.note(&name)?.unwrap_or_default();
                for row in &fresh {
                    match read.iter().find(|snapshot| snapshot.id == row.id) {
                        Some(read) if read.record == row.record => trust.agreed += 1,
                        // Edited or deleted between the listing and the read: says nothing about rows.
                        Some(read) if read.updated_at != row.updated_at => {}
                        Some(_) => trust.broken = true,
                        None => {}
                    }
                }
                self.core.put_note(&name, &trust)?;
                fresh = rest;
            }
            if trust.broken {
                return Ok(fresh);
            }
        }
        self.keep_back(side, fresh)?;
        Ok(Vec::new())
    }

    /// Reads records by id and stores what comes; those that are not there are noted as gone.
    pub(super) async fn read_all(
        &self,
        side: Side,
        kind: Kind,
        rows: &[Snapshot],
        lane: Lane,
    ) -> Result<Vec<Snapshot>, EngineError> {
        let remote = self.core.side(side);
        let lane = self.lane(lane);
        let reads = rows.iter().map(|row| async move {
            (
                row,
                remote.get(lane, kind, row.parent.as_ref(), &row.id).await,
            )
        });
        let mut answers = stream::iter(reads).buffer_unordered(READS_AT_ONCE);
        let mut live = Vec::new();
        while let Some((row, answer)) = answers.next().await {
            if self.core.stopping.get() {
                return Err(stopped(side));
            }
            match answer {
                Ok(Found::Live(snapshot)) => {
                    self.put_found(&snapshot)?;
                    live.push(snapshot);
                }
                Ok(found @ (Found::Gone(_) | Found::Missing)) => {
                    self.gone(side, kind, &row.id, &found)?;
                    self.core.store().entomb(self.fence, row)?;
                }
                Err(error) => self.left_as_it_was(side, kind, &row.id, error)?,
            }
        }
        Ok(live)
    }

    /// Reads one record by id and stores what comes; one that is not there is noted as gone.
    pub(super) async fn read_one(
        &self,
        side: Side,
        kind: Kind,
        parent: Option<&RecordId>,
        id: &RecordId,
        lane: Lane,
    ) -> Result<(), EngineError> {
        let remote = self.core.side(side);
        match remote.get(self.lane(lane), kind, parent, id).await {
            Ok(Found::Live(snapshot)) => self.put_found(&snapshot),
            Ok(found @ (Found::Gone(_) | Found::Missing)) => self.gone(side, kind, id, &found),
            Err(error) => self.left_as_it_was(side, kind, id, error),
        }
    }

    /// A record that cannot be read for what is in it stays as it was, and a row of the errors says so: it holds up
    /// no other. Any other failure is one of the side, and ends its reading.
    pub(super) fn left_as_it_was(
        &self,
        side: Side,
        kind: Kind,
        id: &RecordId,
        error: RemoteError,
    ) -> Result<(), EngineError> {
        if !error.is_of_one_record() {
            return Err(error.into());
        }
        let known = self.core.store().lookup(side, kind, Lookup::Id(id))?;
        let link = known.first().map(|found| found.link);
        self.core.raise(&error, "read", link)?;
        self.summary.borrow_mut().errors += 1;
        Ok(())
    }

    /// Stores versions seen, and counts and remembers what is new or changed.
    pub(super) fn put(&self, snapshots: &[Snapshot]) -> Result<(), EngineError> {
        if snapshots.is_empty() {
            return Ok(());
        }
        self.expect_businesses(snapshots)?;
        let seen = self.core.store().put_snapshots(self.fence, snapshots)?;
        self.note_seen(snapshots, &seen)
    }

    /// The same for a record that was just read by id.
    pub(super) fn put_found(&self, snapshot: &Snapshot) -> Result<(), EngineError> {
        self.expect_businesses(std::slice::from_ref(snapshot))?;
        let seen = self.core.store().put_found(self.fence, snapshot)?;
        self.note_seen(std::slice::from_ref(snapshot), &[seen])
    }

    fn note_seen(&self, snapshots: &[Snapshot], seen: &[Seen]) -> Result<(), EngineError> {
        let mut touched = self.touched.borrow_mut();
        let before = touched.len();
        for (snapshot, seen) in snapshots.iter().zip(seen) {
            if matches!(seen.seen, SeenAs::New | SeenAs::Changed) {
                let mut summary = self.summary.borrow_mut();
                summary.count_pulled(snapshot.side, snapshot.kind);
                if snapshot.kind == Kind::Contact && snapshot.side == Side::Ghl {
                    touched.insert(seen.link, snapshot.id.clone());
                }
            }
        }
        if touched.len() > before && self.is_backfilled()? {
            self.core.put_note(TOUCHED, &*touched)?;
        }
        Ok(())
    }

    /// Notes that a record is gone on a side, as `found` tells.
    pub(super) fn gone(
        &self,
        side: Side,
        kind: Kind,
        id: &RecordId,
        found: &Found,
    ) -> Result<(), EngineError> {
        let nothing = Tombstone::default();
        let stone = match found {
            Found::Gone(stone) => stone,
            _ => &nothing,
        };
        let known = self
            .core
            .store()
            .mark_gone(self.fence, side, kind, id, stone)?;
        if known.is_some() {
            self.summary.borrow_mut().count_pulled(side, kind);
        }
        Ok(())
    }
}

/// A reading that ends early: its place stays where it was.
fn stopped(side: Side) -> EngineError {
    RemoteError::Stopped {
        side,
        operation: "read".into(),
    }
    .into()
}

/// The kinds that a side without a change feed lists by time of change. GHL's children have no such listing.
const fn kinds_listed(side: Side) -> &'static [Kind] {
    match side {
        Side::Ghl => &[Kind::Contact],
        Side::Growbots => &[
            Kind::Business,
            Kind::Contact,
            Kind::Task,
            Kind::Note,
            Kind::Appointment,
        ],
    }
}
