//! The slow readings, for what no cursor shows: deletes on GHL, its tasks, notes and appointments.

use crate::model::{FieldName, Kind, Lane, LinkId, LoopState, RecordId, Side};
use crate::remote::{PageRequest, Read};
use crate::store::{Lookup, RESTORED};

use super::EngineError;
use super::pass::Pass;

/// Open tasks of GHL: at most this often.
const OPEN_TASKS_EVERY_MS: i64 = 60_000;
/// Contact ids, for deletes: at most this often.
const CONTACTS_EVERY_MS: i64 = 600_000;
/// All tasks: at most this often.
const ALL_TASKS_EVERY_MS: i64 = 3_600_000;
/// Children of untouched contacts: this many contacts at most this often; two requests each, under a tenth of the day.
const ROTATION_EVERY_MS: i64 = 60_000;
const ROTATION_CONTACTS: u32 = 6;
/// Candidates for deletes that one sweep reads by id; the next sweep goes on.
const CANDIDATES: u32 = 2_000;
/// A sweep that met fewer rows than this share of what the side says it has is void.
const LEAST_OF_TOTAL: f64 = 0.98;

/// Growbots' feed was lost: what was deleted meanwhile shows only in a sweep.
pub(super) const FEED_LOST: &str = "feed.lost";

const TASKS_AT: &str = "sweep.tasks.at";
pub(super) const OPEN_TASKS_AT: &str = "sweep.tasks.open.at";
const CONTACTS_AT: &str = "sweep.contacts.at";
const ROTATION_AT: &str = "sweep.children.at";
/// Contacts whose notes and appointments are to be read at once; kept, so that a pass that ends early loses none.
pub(super) const TOUCHED: &str = "touched";

impl Pass<'_> {
    /// What the first pull of GHL reads beside contacts; later sweeps are due from now on.
    pub(super) async fn first_sweeps(&self, side: Side) -> Result<(), EngineError> {
        if side == Side::Ghl {
            self.tasks_listed(self.sweep(side, Kind::Task, Read::All).await)?;
            if self.is_over(side) {
                return Ok(());
            }
            for mark in [TASKS_AT, OPEN_TASKS_AT, CONTACTS_AT, ROTATION_AT] {
                self.core.mark_done(mark)?;
            }
        }
        Ok(())
    }

    /// The sweeps that are due, or all of them where asked.
    pub(super) async fn sweeps(&self) -> Result<(), EngineError> {
        let restored = self.core.store().note(RESTORED)?.is_some();
        let full = self.what.full || restored;
        let feed_lost = self.core.note::<bool>(FEED_LOST)?.is_some();
        for side in Side::BOTH {
            let has_feed = self.core.side(side).has_changes() && !feed_lost && !full;
            if has_feed || self.rests(side, Lane::Sweep) {
                continue;
            }
            let mark = format!("{CONTACTS_AT}.{}", side.name());
            let mark = if side == Side::Ghl {
                CONTACTS_AT
            } else {
                &mark
            };
            let is_due = full
                || (feed_lost && side == Side::Growbots)
                || self.core.is_due(mark, CONTACTS_EVERY_MS)?;
            if !is_due {
                continue;
            }
            self.sweep(side, Kind::Contact, Read::All).await?;
            if side == Side::Growbots {
                for kind in [Kind::Task, Kind::Note, Kind::Appointment] {
                    self.sweep(side, kind, Read::All).await?;
                }
                if !self.rests(side, Lane::Sweep) {
                    self.core.drop_note(FEED_LOST)?;
                }
            }
            self.mark_swept(side, mark)?;
        }
        if self.rests(Side::Ghl, Lane::Sweep) {
            return Ok(());
        }
        if full || self.core.is_due(TASKS_AT, ALL_TASKS_EVERY_MS)? {
            self.tasks_listed(self.sweep(Side::Ghl, Kind::Task, Read::All).await)?;
            self.mark_swept(Side::Ghl, TASKS_AT)?;
            self.mark_swept(Side::Ghl, OPEN_TASKS_AT)?;
        } else if self.core.is_due(OPEN_TASKS_AT, OPEN_TASKS_EVERY_MS)? {
            self.tasks_listed(self.sweep(Side::Ghl, Kind::Task, Read::Open).await)?;
            self.mark_swept(Side::Ghl, OPEN_TASKS_AT)?;
        }
        if self.what.children {
            self.rotate(u32::MAX).await?;
        } else if self.core.is_due(ROTATION_AT, ROTATION_EVERY_MS)? {
            self.rotate(ROTATION_CONTACTS).await?;
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

    /// A sweep that ended early is due again at once.
    pub(super) fn mark_swept(&self, side: Side, mark: &str) -> Result<(), EngineError> {
        if !self.rests(side, Lane::Sweep) {
            self.core.mark_done(mark)?;
        }
        Ok(())
    }

    /// Reads a whole listing, and each record that it should have shown and did not, by id.
    pub(super) async fn sweep(
        &self,
        side: Side,
        kind: Kind,
        read: Read,
    ) -> Result<(), EngineError> {
        let started = self.core.now();
        let number = self.next_sweep()?;
        let mut request = PageRequest {
            kind,
            read,
            after: None,
        };
        let mut met = 0_u64;
        loop {
            let page = self
                .core
                .side(side)
                .page(self.lane(Lane::Sweep), &request)
                .await?;
            met += page.rows.len() as u64;
            let ids: Vec<RecordId> = page
                .rows
                .iter()
                .map(|row| row.snapshot.id.clone())
                .collect();
            self.take_rows(side, kind, page.rows, Lane::Sweep).await?;
            self.core
                .store()
                .mark_swept(self.fence, side, kind, &ids, number)?;
            request.after = page.next;
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
            self.core.tell_state(LoopState::Pulling {
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
            let Some(found) = self
                .core
                .side(Side::Ghl)
                .children(lane, kind, contact)
                .await?
            else {
                return Ok(());
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
                    self.gone(Side::Ghl, kind, &id)?;
                }
            }
        }
        Ok(())
    }
}
