//! Who waits for a place, and who had one of late: by lanes.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::Notify;

use crate::model::{Lane, LaneStatus};

use super::lanes::Lanes;

/// Told when it is the turn of the request that holds it.
pub type Turn = Arc<Notify>;

/// The requests that wait: within a lane first come, first served.
#[derive(Default)]
pub struct Queue {
    lanes: Lanes,
    waiting: [VecDeque<Turn>; 4],
    /// What this process sent in the last window.
    recent: VecDeque<Recent>,
}

struct Recent {
    slot: i64,
    lane: Lane,
    at: i64,
}

impl Queue {
    /// One more waits in `lane`.
    pub fn join(&mut self, lane: Lane) -> Turn {
        let turn = Turn::default();
        if self.waiting[lane as usize].is_empty() {
            self.lanes.wakes(lane);
        }
        self.waiting[lane as usize].push_back(Arc::clone(&turn));
        turn
    }

    /// It waits no longer, served or not.
    pub fn leave(&mut self, lane: Lane, turn: &Turn) {
        self.waiting[lane as usize].retain(|other| !Arc::ptr_eq(other, turn));
    }

    /// Whose turn it is.
    pub fn first(&self) -> Option<&Turn> {
        let waits = |lane: &Lane| !self.waiting[*lane as usize].is_empty();
        let lane = self.lanes.next(Lane::ALL.into_iter().filter(waits))?;
        self.waiting[lane as usize].front()
    }

    /// A place went to `lane` at these ticks.
    pub fn served(&mut self, lane: Lane, slot: i64, at: i64) {
        self.lanes.served(lane);
        self.recent.push_back(Recent { slot, lane, at });
    }

    /// A place was given back: nothing was sent.
    pub fn unserved(&mut self, slot: i64) {
        self.recent.retain(|sent| sent.slot != slot);
    }

    /// Forgets what was sent at these ticks or before.
    pub fn forget(&mut self, until: i64) {
        while self.recent.front().is_some_and(|sent| sent.at <= until) {
            self.recent.pop_front();
        }
    }

    /// How many wait in each lane, and what it sent since [`Queue::forget`].
    pub fn status(&self) -> Vec<LaneStatus> {
        let status = |lane: Lane| LaneStatus {
            lane,
            queued: self.waiting[lane as usize].len() as u32,
            recent: self.recent.iter().filter(|sent| sent.lane == lane).count() as u32,
        };
        Lane::ALL.map(status).to_vec()
    }
}
