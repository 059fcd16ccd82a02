//! Lets a request go when it has a place: the window of all processes, the lanes, the day.
//!
//! A place is free one window after the answer to its request came. A request has reached the server by then, so no
//! server that counts arrivals over any window of that length sees more than the limit (`sync.md` 3.6).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    clock::Clock,
    model::{Burst, Day, Lane, LaneStatus, Side, Slots, SlotsError, Taken},
};

use super::{RemoteError, lanes::Lanes, limits::Said, retry::LONGEST_WAIT_MS, window::Window};

/// Requests of one side that may wait for their answers at a time.
const MOST_IN_FLIGHT: u32 = 16;
/// The same where somebody else uses the limit: the fewer are on their way, the better the headers tell.
const MOST_IF_SHARED: u32 = 2;
/// Times are whole milliseconds, cut off: counted so, a window could be this much too short.
const ROUNDING_MS: u32 = 1;
const DAY_MS: i64 = 86_400_000;
/// How long our own count of the day may be old.
const RECOUNT_MS: i64 = 60_000;
/// A day that is spent without a word on when it ends is tried again after this.
const SPENT_DAY_MS: i64 = 3_600_000;

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
    lanes: Lanes,
    queues: [VecDeque<Arc<Notify>>; 4],
    in_flight: u32,
    /// Ticks before which nothing goes.
    blocked_until: i64,
    day_ends_at: Option<i64>,
    counted: Option<Counted>,
    /// What was sent in the last window.
    recent: VecDeque<Sent>,
}

/// A request that was sent, in ticks.
struct Sent {
    slot: i64,
    lane: Lane,
    at: i64,
    answered_at: Option<i64>,
}

#[derive(Clone, Copy)]
struct Counted {
    at: i64,
    sent: u64,
}

enum Next {
    Go(i64),
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

    /// Waits for a place. `RemoteError::Shut` where that would take over a minute for another reason than the queue.
    pub async fn place(&self, lane: Lane) -> Result<Place<'_>, RemoteError> {
        let ticket = self.join(lane);
        loop {
            match self.try_take(&ticket)? {
                Next::Go(slot) => {
                    return Ok(Place {
                        limiter: self,
                        slot,
                        keeps_ms: None,
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

    /// Lets nothing go for `ms`.
    pub fn block(&self, ms: i64) {
        let until = self.clock.ticks() + ms;
        let mut state = self.state();
        state.blocked_until = state.blocked_until.max(until);
        state.window.refused(self.clock.ticks());
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
        let (in_use, _) = self.slots.in_use(self.side, self.clock.now())?;
        let now = self.clock.ticks();
        let mut state = self.state();
        state.forget(now);
        // What was answered before this one was sent is surely in the server's count, and this one is.
        let before = |sent: &&Sent| sent.answered_at.is_some_and(|at| at <= sent_at);
        let counted = state.recent.iter().filter(before).count() as u32 + 1;
        state.window.learn(said, in_use, counted, now);
        if let Some(ms) = said.day_resets_in_ms {
            state.day_ends_at = Some(self.clock.now().0 + ms);
        }
        if said.day_left == Some(0) {
            let ms = said.day_resets_in_ms.unwrap_or(SPENT_DAY_MS);
            state.blocked_until = state.blocked_until.max(now + ms);
        }
        Self::wake_first(&state);
        Ok(())
    }

    /// The burst window now.
    pub fn burst(&self) -> Burst {
        let limit = self.state().window.limit;
        let now = self.clock.now();
        let (used, next) = self.slots.in_use(self.side, now).unwrap_or_default();
        Burst {
            used,
            limit,
            resets_in_ms: next.map_or(0, |at| at.since(now).max(0) as u32),
        }
    }

    /// The day so far: the last 24 h, as nobody publishes when a day starts.
    pub fn day(&self) -> Day {
        let mut state = self.state();
        let used = self.count(&mut state).unwrap_or_default();
        let left = state.window.day_left;
        let total = left.map(|left| state.window.day.saturating_sub(left));
        Day {
            used,
            others: total.map(|total| total.saturating_sub(used)),
            limit: state.window.day,
            resets_at: state.day_ends_at.map(crate::model::Millis),
        }
    }

    /// Each lane's queue, and what it sent in the last window.
    pub fn lanes(&self) -> Vec<LaneStatus> {
        let now = self.clock.ticks();
        let mut state = self.state();
        state.forget(now);
        let status = |lane: Lane| LaneStatus {
            lane,
            queued: state.queues[lane as usize].len() as u32,
            recent: state.recent.iter().filter(|sent| sent.lane == lane).count() as u32,
        };
        Lane::ALL.map(status).to_vec()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, lane: Lane) -> Ticket<'_> {
        let turn = Arc::new(Notify::new());
        let mut state = self.state();
        if state.queues[lane as usize].is_empty() {
            state.lanes.wakes(lane);
        }
        state.queues[lane as usize].push_back(Arc::clone(&turn));
        Ticket {
            limiter: self,
            lane,
            turn,
        }
    }

    fn try_take(&self, ticket: &Ticket<'_>) -> Result<Next, RemoteError> {
        let now = self.clock.ticks();
        let mut state = self.state();
        let blocked = state.blocked_until - now;
        if blocked > LONGEST_WAIT_MS {
            return Err(RemoteError::Shut {
                side: self.side,
                until: self.clock.now().plus(blocked),
            });
        }
        let first = state.first();
        let most = if state.window.is_shared(now) {
            MOST_IF_SHARED
        } else {
            MOST_IN_FLIGHT
        };
        if state.in_flight >= most || !first.is_some_and(|turn| Arc::ptr_eq(turn, &ticket.turn)) {
            return Ok(Next::Turn);
        }
        if blocked > 0 {
            return Ok(Next::Wait(blocked));
        }
        if state.window.day_left.is_none() && self.count(&mut state)? >= state.window.day {
            state.blocked_until = now + SPENT_DAY_MS;
            return Err(RemoteError::Shut {
                side: self.side,
                until: self.clock.now().plus(SPENT_DAY_MS),
            });
        }
        let ours = state.window.ours(now);
        let forgotten = state.window.others_for_ms(now);
        if ours == 0 {
            return Ok(Next::Wait(forgotten.max(1)));
        }
        let wall = self.clock.now();
        match self
            .slots
            .take(self.side, ours, state.window.length_ms, wall)?
        {
            Taken::Go(slot) => {
                state.lanes.served(ticket.lane);
                state.in_flight += 1;
                state.recent.push_back(Sent {
                    slot,
                    lane: ticket.lane,
                    at: now,
                    answered_at: None,
                });
                state.forget(now);
                if let Some(counted) = &mut state.counted {
                    counted.sent += 1;
                }
                Ok(Next::Go(slot))
            }
            Taken::Wait(at) => {
                // A wall clock that was set back must not hold us longer than two windows.
                let wait = at
                    .since(wall)
                    .clamp(1, 2 * i64::from(state.window.length_ms));
                Ok(Next::Wait(if forgotten > 0 {
                    wait.min(forgotten)
                } else {
                    wait
                }))
            }
        }
    }

    fn count(&self, state: &mut State) -> Result<u64, SlotsError> {
        let now = self.clock.ticks();
        match state.counted {
            Some(counted) if now < counted.at + RECOUNT_MS => Ok(counted.sent),
            _ => {
                let since = self.clock.now().plus(-DAY_MS);
                let sent = self.slots.sent_since(self.side, since)?;
                state.counted = Some(Counted { at: now, sent });
                Ok(sent)
            }
        }
    }

    fn wake_first(state: &State) {
        if let Some(turn) = state.first() {
            turn.notify_one();
        }
    }
}

impl State {
    fn first(&self) -> Option<&Arc<Notify>> {
        let waiting = Lane::ALL
            .into_iter()
            .filter(|lane| !self.queues[*lane as usize].is_empty());
        let lane = self.lanes.next(waiting)?;
        self.queues[lane as usize].front()
    }

    fn forget(&mut self, now: i64) {
        let since = now - i64::from(self.window.length_ms);
        while self.recent.front().is_some_and(|sent| sent.at <= since) {
            self.recent.pop_front();
        }
    }
}

/// A request that waits; leaves the queue when dropped, served or not.
struct Ticket<'a> {
    limiter: &'a Limiter,
    lane: Lane,
    turn: Arc<Notify>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.queues[self.lane as usize].retain(|turn| !Arc::ptr_eq(turn, &self.turn));
        Limiter::wake_first(&state);
    }
}

/// A place in the window. Dropped, also by a caller that gives up, it counts as used until one window from then.
pub struct Place<'a> {
    limiter: &'a Limiter,
    slot: i64,
    keeps_ms: Option<u32>,
}

impl Place<'_> {
    /// Gives the place back: nothing was sent.
    pub fn unused(mut self) {
        self.keeps_ms = Some(0);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let now = self.limiter.clock.ticks();
        let mut state = self.limiter.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        if self.keeps_ms == Some(0) {
            state.recent.retain(|sent| sent.slot != self.slot);
        } else if let Some(sent) = state.recent.iter_mut().find(|sent| sent.slot == self.slot) {
            sent.answered_at = Some(now);
        }
        let keeps_ms = self
            .keeps_ms
            .unwrap_or(state.window.length_ms + ROUNDING_MS);
        // Where the log cannot be written, the place is freed by its age.
        self.limiter
            .slots
            .release(self.slot, keeps_ms, self.limiter.clock.now())
            .ok();
        Limiter::wake_first(&state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;
    use crate::remote::MemorySlots;

    fn limiter() -> (Clock, Limiter) {
        let clock = Clock::of_runtime(Millis(1_000_000));
        let limiter = Limiter::new(Side::Ghl, clock.clone(), Arc::new(MemorySlots::default()));
        (clock, limiter)
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_and_one_places_take_a_hundred_seconds() {
        let (clock, limiter) = limiter();
        let start = clock.now();
        for _ in 0..1_001 {
            drop(limiter.place(Lane::Sweep).await.expect("a place"));
        }
        assert_eq!(clock.now().since(start), 10 * 10_001);
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_does_not_wait_behind_a_sweep() {
        let (clock, limiter) = limiter();
        let start = clock.now();
        for _ in 0..100 {
            drop(limiter.place(Lane::Sweep).await.expect("a place"));
        }
        let order = Mutex::new(vec![]);
        let ask = async |lane| {
            drop(limiter.place(lane).await.expect("a place"));
            order.lock().expect("one thread").push(lane);
        };
        tokio::join!(ask(Lane::Sweep), ask(Lane::Sweep), ask(Lane::Operator));
        let order = order.into_inner().expect("one thread");
        assert_eq!(order[0], Lane::Operator, "{order:?}");
        assert_eq!(clock.now().since(start), 10_001);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_gives_up_waiting_holds_nobody_up() {
        let (_, limiter) = limiter();
        for _ in 0..100 {
            drop(limiter.place(Lane::Sweep).await.expect("a place"));
        }
        let impatient = tokio::time::timeout(Duration::from_secs(1), limiter.place(Lane::Operator));
        let (gave_up, patient) = tokio::join!(impatient, limiter.place(Lane::Sweep));
        assert!(gave_up.is_err());
        patient.expect("a place");
        assert!(limiter.lanes().iter().all(|lane| lane.queued == 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_day_and_a_long_block_shut_the_side() {
        let (clock, limiter) = limiter();
        let said = Said {
            day_left: Some(0),
            day_resets_in_ms: Some(7_200_000),
            ..Said::default()
        };
        limiter.learn(&said, 0).expect("memory");
        let until = clock.now().plus(7_200_000);
        match limiter.place(Lane::Operator).await {
            Err(RemoteError::Shut { until: got, .. }) => assert_eq!(got, until),
            other => panic!("{:?}", other.map(|_| "a place")),
        }
        tokio::time::advance(Duration::from_hours(2)).await;
        let none = Said {
            day_left: Some(9),
            ..Said::default()
        };
        limiter.learn(&none, 0).expect("memory");
        limiter.place(Lane::Operator).await.expect("a new day");
    }
}
