//! What people do in the two web apps: the rules of each side, without the doors of its API.

use std::sync::Arc;

use serde_json::Value;

use super::{event::By, ghl, growbots, record::Body, walk::Row, world::World};
use crate::model::{Kind, Side};

/// What a side does not let anyone do, in the words of its API.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the side refuses this with {status}: {body}")]
pub struct Denied {
    /// The status that the API would answer.
    pub status: u16,
    /// The body that the API would answer.
    pub body: Value,
}

impl From<ghl::Refusal> for Denied {
    fn from(refusal: ghl::Refusal) -> Self {
        let answer = refusal.answer();
        Self {
            status: answer.status,
            body: answer.body.unwrap_or_default(),
        }
    }
}

impl From<growbots::Problem> for Denied {
    fn from(problem: growbots::Problem) -> Self {
        let answer = problem.answer("web app");
        Self {
            status: answer.status,
            body: answer.body.unwrap_or_default(),
        }
    }
}

impl World {
    /// Makes a record from its side's wire fields; a child names its contact among them.
    pub fn create(
        &mut self,
        by: &By,
        side: Side,
        kind: Kind,
        fields: Body,
    ) -> Result<Arc<Body>, Denied> {
        Ok(match side {
            Side::Ghl => ghl::rules::create(self, by, kind, fields)?,
            Side::Growbots => growbots::rules::create(self, by, kind, &fields)?,
        })
    }

    /// Edits a record by a merge patch of wire fields.
    pub fn edit(
        &mut self,
        by: &By,
        side: Side,
        kind: Kind,
        id: &str,
        patch: Body,
    ) -> Result<Arc<Body>, Denied> {
        Ok(match side {
            Side::Ghl => ghl::rules::edit(self, by, kind, id, patch)?,
            Side::Growbots => growbots::rules::edit(self, by, kind, id, &patch)?,
        })
    }

    /// Deletes a record with what goes with it.
    pub fn delete(&mut self, by: &By, side: Side, kind: Kind, id: &str) -> Result<(), Denied> {
        match side {
            Side::Ghl => ghl::rules::delete(self, by, kind, id)?,
            Side::Growbots => growbots::rules::delete(self, by, kind, id)?,
        }
        Ok(())
    }

    /// Brings back what was deleted in Growbots, without its children. GHL has no such thing.
    pub fn restore(&mut self, by: &By, kind: Kind, id: &str) -> Result<Arc<Body>, Denied> {
        Ok(growbots::rules::restore(self, by, kind, id)?)
    }

    /// Merges one contact into another; gives the one that stays.
    pub fn merge(
        &mut self,
        by: &By,
        side: Side,
        id: &str,
        into: &str,
    ) -> Result<Arc<Body>, Denied> {
        Ok(match side {
            Side::Ghl => ghl::rules::merge_contacts(self, by, id, into)?,
            Side::Growbots => growbots::rules::merge_leads(self, by, id, into)?,
        })
    }

    /// A record that a read by id finds.
    pub fn read(&mut self, side: Side, kind: Kind, id: &str) -> Result<Arc<Body>, Denied> {
        Ok(match side {
            Side::Ghl => ghl::rules::find(self, kind, id)?,
            Side::Growbots => growbots::rules::find(self, kind, id)?,
        })
    }

    /// All records that a read by id finds: GHL's tasks of deleted contacts are not among them.
    pub fn records(&self, side: Side, kind: Kind) -> impl Iterator<Item = Arc<Body>> {
        let places = 0..self.places(side, kind);
        places.filter_map(move |place| Some(Arc::new(self.readable(side, kind, place)?.body())))
    }

    /// The ids of [`World::records`], without making the records.
    pub fn ids(&self, side: Side, kind: Kind) -> impl Iterator<Item = String> {
        let places = 0..self.places(side, kind);
        places.filter_map(move |place| self.id_at(side, kind, place))
    }

    /// The id of what a read by id finds at a place, from 0; see [`World::places`].
    pub fn id_at(&self, side: Side, kind: Kind, place: usize) -> Option<String> {
        Some(self.readable(side, kind, place)?.id().into_owned())
    }

    /// How many [`World::records`] there are.
    pub fn count_readable(&self, side: Side, kind: Kind) -> usize {
        let orphans = |id: &Arc<str>| self.children(side, kind, id).len();
        let orphaned: usize = match side {
            Side::Ghl if kind.is_child() => self.erased(Kind::Contact).map(orphans).sum(),
            _ => 0,
        };
        self.count(side, kind) - orphaned
    }

    /// What a read by id finds at a place.
    pub(super) fn readable(&self, side: Side, kind: Kind, place: usize) -> Option<Row<'_>> {
        self.row_at(side, kind, place).filter(|row| {
            side == Side::Growbots
                || !kind.is_child()
                || self
                    .parent(row)
                    .is_some_and(|parent| self.is_live(side, Kind::Contact, &parent))
        })
    }
}

/// A record as its side's read by id shows it.
pub fn shown(side: Side, kind: Kind, body: &Body) -> Value {
    match side {
        Side::Ghl => ghl::rules::shown(kind, body),
        Side::Growbots => body.clone().into(),
    }
}
