//! The slow readings, for what no cursor shows: deletes on GHL, its tasks, notes and appointments.

use crate::model::{FieldName, Kind, Lane, LinkId, LoopState, Millis, RecordId, Side};
use crate::remote::{Found, PageRequest, Read};
use crate::store::{Lookup, RESTORED};

use super::EngineError;
use super::pass::Pass;
use super::shares::{ALL_TASKS, CONTACTS, OPEN_TASKS, WITHOUT_FEED};

/// Candidates for deletes that one sweep reads by id; the next sweep goes on.
const CANDIDATES: u32 = 2_000;
/// A sweep that met fewer rows than this share of what the side says it has is void.
const LEAST_OF_TOTAL: f64 = 0.98;

/// Growbots' feed was lost: what was deleted meanwhile shows only in a sweep.
pub(super) const FEED_LOST: &str = "feed.lost";
/// When that was.
pub(super) const FEED_LOST_AT: &str = "feed.lost.at";
/// A list of Growbots may be behind by so much: one that was asked for sooner may show what was deleted before.
const LISTS_LAG_MS: i64 = 20_000;

const ROTATION_AT: &str = "sweep.children.at";
/// Contacts whose notes and appointments are to be read at once; kept, so that a pass that ends early loses none.
pub(super) const TOUCHED: &str = "touched";

impl Pass<'_> {
    /// What the first pull of GHL reads beside contacts; later sweeps are due from now on.
    pub(super) async fn first_sweeps(&self, side: Side) -> Result<(), EngineError> {
        if side == Side::Ghl {
            let (before, _) = self.core.side(side).sent();
            self.tasks_listed(self.sweep(side, Kind::Task, Read::All).await)?;
            if self.is_over(side) {
                return Ok(());
            }
            let requests = self.core.side(side).sent().0 - before;
            // The open ones cost no more than all; the first sweep of their own tells better.
            ALL_TASKS.ran(self.core, side, requests, true)?;
            OPEN_TASKS.ran(self.core, side, requests, true)?;
            for mark in [CONTACTS.mark, ROTATION_AT] {
                self.core.mark_done(mark)?;
            }
        }
        Ok(())
    }

    /// The sweeps that are due, or all of them where asked.
    pub(super) async fn sweeps(&self) -> Result<(), EngineError> {
        let restored = self.core.store().note(RESTORED)?.is_some();
        let full = self.what.full || restored;
        self.sweep_contacts(full).await?;
        if self.rests(Side::Ghl, Lane::Sweep) {
            return Ok(());
        }
        let all = self
            .in_its_share(Side::Ghl, &ALL_TASKS, full, async || {
                self.sweep_tasks(Read::All).await
            })
            .await?;
        if all {
            self.core.mark_done(OPEN_TASKS.mark)?;
        } else if !self.rests(Side::Ghl, Lane::Sweep) {
            self.in_its_share(Side::Ghl, &OPEN_TASKS, false, async || {
                self.sweep_tasks(Read::Open).await
            })
            .await?;
        }
        if self.what.children {
            self.rotate(u32::MAX).await?;
        } else if let Some(contacts) = self.contacts_in_turn(ROTATION_AT)? {
            self.rotate(contacts).await?;
            self.core.mark_done(ROTATION_AT)?;
        }
        // Both sides were read: what a restored database did not know of, it knows now.
        if restored
            && Side::BOTH
                .iter()
                .all(|side| !self.rests(*side, Lane::Sweep))
        {
            self.core.drop_note(RESTORED)?;
        }
        Ok(())
    }

    /// Contacts, for deletes; where Growbots has no change feed, or lost its place in it, all that it has.
    async fn sweep_contacts(&self, full: bool) -> Result<(), EngineError> {
        let feed_lost = self.core.note::<bool>(FEED_LOST)?.is_some();
        let lost_at = self.core.note::<Millis>(FEED_LOST_AT)?;
        let is_settled =
            lost_at.is_none_or(|at| !(0..LISTS_LAG_MS).contains(&self.core.now().since(at)));
        let feed_lost = feed_lost && is_settled;
        for (side, sweep) in [(Side::Ghl, CONTACTS), (Side::Growbots, WITHOUT_FEED)] {
            let has_feed = self.core.side(side).has_changes() && !feed_lost && !full;
            if has_feed || self.rests(side, Lane::Sweep) {
                continue;
            }
            let now = full || (feed_lost && side == Side::Growbots);
            self.in_its_share(side, &sweep, now, async || {
                self.sweep(side, Kind::Contact, Read::All).await?;
                if side == Side::Growbots {
                    for kind in [Kind::Task, Kind::Note, Kind::Appointment] {
                        self.sweep(side, kind, Read::All).await?;
                    }
                    if is_settled && !self.rests(side, Lane::Sweep) {
                        self.core.drop_note(FEED_LOST)?;
                    }
                }
                Ok(!self.rests(side, Lane::Sweep))
            })
            .await?;
        }
        Ok(())
    }

    /// Tasks of GHL, all or the open ones; whether it came to the end.
    async fn sweep_tasks(&self, read: Read) -> Result<bool, EngineError> {
        self.tasks_listed(self.sweep(Side::Ghl, Kind::Task, read).await)?;
        Ok(!self.rests(Side::Ghl, Lane::Sweep))
    }

    /// Reads a whole listing, and each record that it should have shown and did not, by id.
    pub(super) async fn sweep(
        &self,
        side: Side,
        kind: Kind,
        read: Read,
    ) -> Result<(), EngineError> {
        let swept = self.read_listing(side, kind, read).await;
        self.store_held(side)?;
        swept
    }

    async fn read_listing(&self, side: Side, kind: Kind, read: Read) -> Result<(), EngineError> {
        let started = self.core.now();
        let number = self.next_sweep()?;
        let mut request = PageRequest {
            kind,
            read,
            after: None,
        };
        let mut met = 0_u64;
        let mut ids: Vec<RecordId> = Vec::new();
        loop {
            let page = self
                .core
                .side(side)
                .page(self.lane(Lane::Sweep), &request)
                .await?;
            met += page.rows.len() as u64;
            ids.extend(page.rows.iter().map(|row| row.snapshot.id.clone()));
            self.take_rows(side, kind, page.rows, Lane::Sweep).await?;
            request.after = page.next;
            let is_over = request.after.is_none() || self.rests(side, Lane::Sweep);
            if is_over {
                self.store_held(side)?;
            }
            if !self.is_holding(side) {
                self.core
                    .store()
                    .mark_swept(self.fence, side, kind, &ids, number)?;
                ids.clear();
            }
            if self.rests(side, Lane::Sweep) {
                return Ok(());
            }
            if request.after.is_none() {
                if page
                    .total
                    .is_some_and(|total| (met as f64) < total as f64 * LEAST_OF_TOTAL)
                {
                    return Ok(());
                }
                break;
            }
            self.core.tell_progress(LoopState::Pulling {
                side,
                kind,
                done: met,
                total: page.total,
            })?;
            self.let_operators_in().await?;
        }
        let mut missing = self
            .core
            .store()
            .unswept(side, kind, number, started, CANDIDATES)?;
        if read == Read::Open {
            missing.retain(|snapshot| !snapshot.record.is(&FieldName::Completed));
        }
        // GHL's search goes on showing tasks of a contact that is gone.
        if (side, kind, read) == (Side::Ghl, Kind::Task, Read::All) {
            let orphans = self.core.store().orphans(side, kind, CANDIDATES)?;
            let others = orphans
                .into_iter()
                .filter(|orphan| !missing.iter().any(|one| one.id == orphan.id));
            let others: Vec<_> = others.collect();
            missing.extend(others);
        }
        self.read_all(side, kind, &missing, Lane::Sweep).await?;
        Ok(())
    }

    /// A number above those of all sweeps before, also where the clock was put back.
    fn next_sweep(&self) -> Result<i64, EngineError> {
        const LAST: &str = "sweep.number";
        let last: i64 = self.core.note(LAST)?.unwrap_or_default();
        let number = self.core.now().0.max(last + 1);
        self.core.put_note(LAST, &number)?;
        Ok(number)
    }

    /// Notes and appointments of the next contacts in turn.
    async fn rotate(&self, contacts: u32) -> Result<(), EngineError> {
        const PLACE: &str = "sweep.children.place";
        let mut left = contacts;
        let mut place: LinkId = self.core.note(PLACE)?.unwrap_or_default();
        if contacts == u32::MAX {
            place = LinkId::default();
        }
        while left > 0 {
            let next =
                self.core
                    .store()
                    .ends_after(Kind::Contact, Side::Ghl, place, left.min(100))?;
            if next.is_empty() {
                place = LinkId::default();
                break;
            }
            left = left.saturating_sub(next.len() as u32);
            for (link, id) in &next {
                if self.rests(Side::Ghl, Lane::Sweep) {
                    return Ok(self.core.put_note(PLACE, &place)?);
                }
                self.read_children(id, Lane::Sweep).await?;
                self.let_operators_in().await?;
                place = *link;
            }
            self.core.put_note(PLACE, &place)?;
        }
        self.core.put_note(PLACE, &place)?;
        Ok(())
    }

    /// Notes and appointments of the contacts that changed in this pass.
    pub(super) async fn children_of_touched(&self) -> Result<(), EngineError> {
        let touched = std::mem::take(&mut *self.touched.borrow_mut());
        for id in touched.values() {
            if self.what.children {
                break; // all of them were read
            }
            if self.rests(Side::Ghl, Lane::Incremental) {
                return Ok(());
            }
            self.read_children(id, Lane::Incremental).await?;
        }
        if !touched.is_empty() {
            self.core.drop_note(TOUCHED)?;
        }
        Ok(())
    }

    async fn read_children(&self, contact: &RecordId, lane: Lane) -> Result<(), EngineError> {
        let lane = self.lane(lane);
        for kind in [Kind::Note, Kind::Appointment] {
            let remote = self.core.side(Side::Ghl);
            let found = match remote.children(lane, kind, contact).await {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.left_as_it_was(Side::Ghl, Kind::Contact, contact, error)?;
                    continue;
                }
            };
            self.put(&found)?;
            for snapshot in &found {
                // It was buried with a contact that has been merged into this one.
                let by = Lookup::Id(&snapshot.id);
                let known = self.core.store().lookup(Side::Ghl, kind, by)?;
                if known.is_empty() {
                    self.put_found(snapshot)?;
                }
            }
            // Consistent and complete: what it does not show is not there any more.
            let known = self.core.store().children_ends(kind, Side::Ghl, contact)?;
            for id in known {
                if !found.iter().any(|snapshot| snapshot.id == id) {
                    self.gone(Side::Ghl, kind, &id, &Found::Missing)?;
                }
            }
        }
        Ok(())
    }
}
