//! Rows that a listing has brought and that wait to be stored: many in one transaction cost a fraction of many
//! transactions, since each of these writes the pages of every index anew.

use crate::model::{Side, Snapshot};

use super::EngineError;
use super::pass::Pass;

/// The most rows that wait. Until so many are stored, as many wait as are stored, so that the first are there at once.
const MOST: usize = 5_000;

/// What waits on one side, and the place of the listing behind it.
#[derive(Default)]
pub(super) struct Held {
    rows: Vec<Snapshot>,
    /// The name and the text of the note with the place.
    place: Option<(String, String)>,
    /// Rows stored in this pass.
    stored: usize,
}

impl Pass<'_> {
    /// Keeps records that were never met until it is worth to store them.
    pub(super) fn keep_back(&self, side: Side, rows: Vec<Snapshot>) -> Result<(), EngineError> {
        let is_due = {
            let mut held = self.held.borrow_mut();
            let held = held.get_mut(side);
            held.rows.extend(rows);
            held.rows.len() >= held.stored.min(MOST)
        };
        if is_due {
            self.store_held(side)?;
        }
        Ok(())
    }

    /// Whether rows of a side wait.
    pub(super) fn is_holding(&self, side: Side) -> bool {
        !self.held.borrow().get(side).rows.is_empty()
    }

    /// Keeps the place of a listing, not before all that stands in front of it is stored.
    pub(super) fn keep_place(
        &self,
        side: Side,
        name: &str,
        place: &impl serde::Serialize,
    ) -> Result<(), EngineError> {
        if !self.is_holding(side) {
            return Ok(self.core.put_note(name, place)?);
        }
        let text = serde_json::to_string(place).expect("a place is plain data");
        self.held.borrow_mut().get_mut(side).place = Some((name.to_owned(), text));
        Ok(())
    }

    /// Stores what waits, and the place behind it.
    pub(super) fn store_held(&self, side: Side) -> Result<(), EngineError> {
        let (rows, place) = {
            let mut held = self.held.borrow_mut();
            let held = held.get_mut(side);
            held.stored += held.rows.len();
            (std::mem::take(&mut held.rows), held.place.take())
        };
        self.put(&rows)?;
        if let Some((name, text)) = place {
            self.core.store().put_note(self.fence, &name, Some(&text))?;
        }
        Ok(())
    }
}
