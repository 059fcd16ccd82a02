//! Lets a request go when it has a place: the window of all processes, the lanes, the day.
//!
//! A place is free one window after the answer to its request came, less the shortest way to the side and back
//! ([`Route`]). No server that counts arrivals over any window of that length then sees more than the limit
//! (`sync.md` 3.6). What the headers tell of others is heeded as well ([`Window`]).

mod heard;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    clock::Clock,
    model::{Burst, Day, Lane, LaneStatus, Millis, Side, Slots, SlotsError, Taken},
};

use super::{
    RemoteError,
    day::{DAY_MS, DayBudget},
    limits::Said,
    queue::{Queue, Turn},
    retry::LONGEST_WAIT_MS,
    route::Route,
    window::Window,
};
use heard::{Counted, Heard};

/// Requests of one side that may wait for their answers at a time.
const MOST_IN_FLIGHT: u32 = 32;
/// Times are whole milliseconds, cut off: counted so, a window could be this much too short.
const ROUNDING_MS: u32 = 1;
/// A day that is spent without a word on when it ends is tried again after this.
const SPENT_DAY_MS: i64 = 3_600_000;
/// How long a request waits before it looks whether the side has room again.
const LOOK_MS: i64 = 20;

/// The limiter of one side.
pub struct Limiter {
    side: Side,
    clock: Clock,
    slots: Arc<dyn Slots>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    window: Window,
    route: Route,
    day: DayBudget,
    queue: Queue,
    in_flight: u32,
    /// Ticks before which nothing goes.
    blocked_until: i64,
    /// Ticks of the last answer.
    answered_at: Option<i64>,
    counted: Option<Counted>,
    /// What was last kept for the other processes.
    kept: Option<Heard>,
}

/// A place in the log, and the ticks when it was taken.
#[derive(Clone, Copy)]
struct Slot {
    id: i64,
    at: i64,
}

enum Next {
    Go,
    /// Somebody else's turn; we are told when it is ours.
    Turn,
    /// Ours, in so many milliseconds.
    Wait(i64),
}

impl Limiter {
    /// A limiter with the published limits, until headers tell others.
    pub fn new(side: Side, clock: Clock, slots: Arc<dyn Slots>) -> Self {
        Self {
            side,
            clock,
            slots,
            state: Mutex::default(),
        }
    }

    /// Waits for the places of a request that counts as `cost`, 1 or more. `RemoteError::Shut` where that would take
    /// over a minute for another reason than the queue, `RemoteError::Spent` where what is left of the day is kept for
    /// more urgent lanes.
    pub async fn place(&self, lane: Lane, cost: u32) -> Result<Place<'_>, RemoteError> {
        let mut ticket = self.join(lane, cost);
        loop {
            match self.try_take(&mut ticket)? {
                Next::Go => {
                    return Ok(Place {
                        limiter: self,
                        slots: std::mem::take(&mut ticket.taken),
                        end: End::Lost,
                    });
                }
                Next::Turn => ticket.turn.notified().await,
                Next::Wait(ms) => {
                    // An answer may show that there is room earlier.
                    let wait = Duration::from_millis(ms as u64);
                    tokio::time::timeout(wait, ticket.turn.notified())
                        .await
                        .ok();
                }
            }
        }
    }

    /// Lets nothing go for `ms`: the side said so.
    pub fn block(&self, ms: i64) {
        let now = self.clock.ticks();
        let mut state = self.state();
        state.blocked_until = state.blocked_until.max(now + ms);
        // Where it cannot be kept, the side tells the next process itself.
        self.keep(&mut state).ok();
    }

    /// Milliseconds for which nothing goes; 0 where something does.
    pub fn blocked_for_ms(&self) -> i64 {
        (self.state().blocked_until - self.clock.ticks()).max(0)
    }

    /// Takes the limit that another process learnt, until an answer says one.
    pub fn expect(&self, limit: u32) {
        self.state().window.expect(limit);
    }

    /// Takes in what the headers of the answer to a request said that was sent at these ticks.
    pub fn learn(&self, said: &Said, sent_at: i64) -> Result<(), SlotsError> {
        let now = self.clock.ticks();
        let wall = self.clock.now();
        let mut state = self.state();
        let since = now - 2 * i64::from(state.window.length_ms);
        let requests = self.slots.requests(self.side, since)?;
        state.window.learn(said, sent_at, now, &requests);
        let counted = self.count(&mut state)?;
        let before = state.day;
        state.day.learn(said, wall, counted.rolling);
        if state.day.since(wall) != before.since(wall) {
            state.counted = None;
        }
        if said.day_left == Some(0) {
            let ms = said.day_resets_in_ms.or_else(|| {
                let ends = state.day.ends_at(wall)?;
                Some(ends.since(wall))
            });
            let ms = ms.unwrap_or(SPENT_DAY_MS);
            state.blocked_until = state.blocked_until.max(now + ms);
        }
        self.keep(&mut state)?;
        Self::wake_first(&state);
        Ok(())
    }

    /// The burst window now.
    pub fn burst(&self) -> Burst {
        let now = self.clock.ticks();
        let (used, next) = self.slots.in_use(self.side, now).unwrap_or_default();
        let state = self.state();
        Burst {
            used,
            others: state.window.others(now),
            limit: state.window.limit,
            resets_in_ms: next.map_or(0, |at| (at - now).max(0) as u32),
        }
    }

    /// The day so far: the last 24 h, until the side shows when a day starts.
    pub fn day(&self) -> Day {
        let wall = self.clock.now();
        let mut state = self.state();
        let used = self.count(&mut state).map_or(0, |counted| counted.day);
        Day {
            used,
            others: state.day.others(wall, used),
            limit: state.day.limit,
            resets_at: state.day.ends_at(wall),
        }
    }

    /// Each lane's queue, and what it sent in the last window.
    pub fn lanes(&self) -> Vec<LaneStatus> {
        let now = self.clock.ticks();
        let mut state = self.state();
        state.forget(now);
        state.queue.status()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, lane: Lane, cost: u32) -> Ticket<'_> {
        Ticket {
            limiter: self,
            lane,
            turn: self.state().queue.join(lane),
            cost: cost as usize,
            taken: Vec::new(),
        }
    }

    fn try_take(&self, ticket: &mut Ticket<'_>) -> Result<Next, RemoteError> {
        let now = self.clock.ticks();
        let wall = self.clock.now();
        let mut state = self.state();
        let counted = self.count(&mut state)?;
        let blocked = state.blocked_until - now;
        if blocked > LONGEST_WAIT_MS {
            return Err(RemoteError::Shut {
                side: self.side,
                until: wall.plus(blocked),
            });
        }
        let left = state.day.left(wall, counted.day);
        if !state.day.admits(ticket.lane, left) {
            let ends = state.day.ends_at(wall);
            let until = ends.unwrap_or_else(|| wall.plus(SPENT_DAY_MS));
            return Err(self.spent(ticket.lane, left, until));
        }
        if !state.is_first(ticket) || state.in_flight >= state.most_in_flight(now) {
            return Ok(Next::Turn);
        }
        if blocked > 0 {
            return Ok(Next::Wait(blocked));
        }
        while ticket.taken.len() < ticket.cost {
            if state.window.has_word() {
                let since = now - 2 * i64::from(state.window.length_ms);
                let requests = self.slots.requests(self.side, since)?;
                if !state.window.has_room(now, &requests) {
                    return Ok(Next::Wait(LOOK_MS));
                }
            }
            let (ours, length_ms) = (state.window.ours(now), state.window.length_ms);
            match self.slots.take(self.side, ours, length_ms, now, wall)? {
                Taken::Go(id) => {
                    state.sent(id, ticket.lane, now);
                    ticket.taken.push(Slot { id, at: now });
                }
                Taken::Wait(at) => return Ok(Next::Wait((at - now).max(1))),
            }
        }
        state.in_flight += 1;
        Ok(Next::Go)
    }

    fn spent(&self, lane: Lane, left: u64, until: Millis) -> RemoteError {
        let side = self.side;
        if left == 0 {
            RemoteError::Shut { side, until }
        } else {
            RemoteError::Spent { side, lane, until }
        }
    }

    /// Gives places back: nothing was sent.
    fn give_back(&self, state: &mut State, slots: &[Slot]) {
        for slot in slots {
            state.queue.unserved(slot.id);
            state.counted = None;
            // Where the log cannot be written, the place is freed by its age.
            self.slots.give_back(slot.id).ok();
        }
    }

    fn wake_first(state: &State) {
        if let Some(turn) = state.queue.first() {
            turn.notify_one();
        }
    }
}

impl State {
    fn is_first(&self, ticket: &Ticket<'_>) -> bool {
        let first = self.queue.first();
        first.is_some_and(|turn| Arc::ptr_eq(turn, &ticket.turn))
    }

    /// Where nothing was heard for a window, others may have taken it: one request goes ahead and looks.
    fn most_in_flight(&self, now: i64) -> u32 {
        let length = i64::from(self.window.length_ms);
        if self.answered_at.is_some_and(|at| now < at + length) {
            self.window.in_flight(MOST_IN_FLIGHT, now)
        } else {
            1
        }
    }

    fn sent(&mut self, slot: i64, lane: Lane, now: i64) {
        self.queue.served(lane, slot, now);
        self.forget(now);
        if let Some(counted) = &mut self.counted {
            counted.day += 1;
            counted.rolling += 1;
        }
    }

    fn forget(&mut self, now: i64) {
        self.queue.forget(now - i64::from(self.window.length_ms));
    }
}

/// A request that waits; leaves the queue when dropped, served or not, and gives back what it has.
struct Ticket<'a> {
    limiter: &'a Limiter,
    lane: Lane,
    turn: Turn,
    /// The places that it needs.
    cost: usize,
    /// Those that it has.
    taken: Vec<Slot>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        self.limiter.give_back(&mut state, &self.taken);
        state.queue.leave(self.lane, &self.turn);
        Limiter::wake_first(&state);
    }
}

/// What a request takes of the window. Dropped, also by a caller that gives up, it counts as used until one window
/// from then.
pub struct Place<'a> {
    limiter: &'a Limiter,
    slots: Vec<Slot>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Lost,
    Answered,
    Refused,
    Unused,
}

impl Place<'_> {
    /// Gives the place back: nothing was sent.
    pub fn unused(mut self) {
        self.end = End::Unused;
    }

    /// The answer came.
    pub fn answered(mut self) {
        self.end = End::Answered;
    }

    /// The answer came: a 429.
    pub fn refused(mut self) {
        self.end = End::Refused;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let now = self.limiter.clock.ticks();
        let mut state = self.limiter.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        if self.end == End::Unused {
            self.limiter.give_back(&mut state, &self.slots);
        } else {
            let mut keeps_ms = state.window.length_ms + ROUNDING_MS;
            if self.end != End::Lost {
                let sent_at = self.slots.last().map_or(now, |slot| slot.at);
                state.route.answered(now - sent_at, now);
                state.answered_at = Some(now);
                keeps_ms = keeps_ms.saturating_sub(state.route.saves_ms(now));
            }
            for slot in &self.slots {
                // Where the log cannot be written, the place is freed by its age.
                self.limiter.slots.release(slot.id, keeps_ms, now).ok();
                if self.end == End::Refused {
                    state.window.refused(slot.at, now);
                }
            }
            if self.end == End::Refused {
                state.route.doubt(now);
            }
        }
        Limiter::wake_first(&state);
    }
}
