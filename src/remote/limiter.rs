//! Lets a request go when it has a place: the window of all processes, the lanes, the day.
//!
//! A place is free one window after the answer to its request came, less the shortest way to the side and back
//! ([`Route`]). No server that counts arrivals over any window of that length then sees more than the limit
//! (`sync.md` 3.6). What the headers tell of others is heeded as well ([`Window`]).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

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

/// Requests of one side that may wait for their answers at a time.
const MOST_IN_FLIGHT: u32 = 32;
/// Times are whole milliseconds, cut off: counted so, a window could be this much too short.
const ROUNDING_MS: u32 = 1;
/// How old our own count of the day, and what another process heard, may be.
const RECOUNT_MS: i64 = 60_000;
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

/// Our own requests of the day, and of the last 24 h.
#[derive(Clone, Copy)]
struct Counted {
    at: i64,
    day: u64,
    rolling: u64,
}

/// What all processes know of a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    at: Millis,
    burst: u32,
    day: DayBudget,
    shut_until: Option<Millis>,
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

    /// Our own count, and what other processes heard: at most a minute old.
    fn count(&self, state: &mut State) -> Result<Counted, SlotsError> {
        let now = self.clock.ticks();
        let wall = self.clock.now();
        if let Some(counted) = state.counted
            && now < counted.at + RECOUNT_MS
        {
            return Ok(counted);
        }
        if let Some(text) = self.slots.heard(self.side)?
            && let Ok(heard) = serde_json::from_str::<Heard>(&text)
            && state.kept.as_ref().is_none_or(|kept| kept.at < heard.at)
        {
            state.window.expect(heard.burst);
            state.day = heard.day;
            // A wall clock that was set must not shut the side for longer than a day.
            let shut = heard.shut_until.map_or(0, |until| until.since(wall));
            state.blocked_until = state.blocked_until.max(now + shut.min(DAY_MS));
            state.kept = Some(heard);
        }
        let counted = Counted {
            at: now,
            day: self.slots.sent_since(self.side, state.day.since(wall))?,
            rolling: self.slots.sent_since(self.side, wall.plus(-DAY_MS))?,
        };
        state.counted = Some(counted);
        Ok(counted)
    }

    /// Keeps what was heard for other processes: at once where it decides something, else once a minute.
    fn keep(&self, state: &mut State) -> Result<(), SlotsError> {
        let (now, wall) = (self.clock.ticks(), self.clock.now());
        let shut = state.blocked_until - now;
        let heard = Heard {
            at: wall,
            burst: state.window.limit,
            day: state.day,
            shut_until: (shut > LONGEST_WAIT_MS).then(|| wall.plus(shut)),
        };
        let is_news = state.kept.as_ref().is_none_or(|kept| {
            kept.burst != heard.burst
                || kept.day.limit != heard.day.limit
                || kept.day.since(wall) != heard.day.since(wall)
                || kept.shut_until.is_some() != heard.shut_until.is_some()
                || wall.since(kept.at).abs() >= RECOUNT_MS
        });
        if is_news {
            if let Ok(text) = serde_json::to_string(&heard) {
                self.slots.put_heard(self.side, &text)?;
            }
            state.kept = Some(heard);
        }
        Ok(())
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
            drop(limiter.place(Lane::Sweep, 1).await.expect("a place"));
        }
        assert_eq!(clock.now().since(start), 10 * 10_001);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_counts_as_several_waits_for_the_window_and_not_for_itself() {
        let (clock, limiter) = limiter();
        let start = clock.now();
        let mut served = 0;
        for _ in 0..50 {
            // Nothing was heard: only one request may be on its way, however many places it takes.
            let place = limiter.place(Lane::Sweep, 5).await.expect("places");
            served += place.slots.len();
        }
        assert_eq!(served, 250);
        assert_eq!(clock.now().since(start), 2 * 10_001);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_gives_up_gives_back_the_places_that_it_had() {
        let (clock, limiter) = limiter();
        drop(limiter.place(Lane::Sweep, 98).await.expect("places"));
        let impatient = limiter.place(Lane::Sweep, 5);
        let gave_up = tokio::time::timeout(Duration::from_secs(1), impatient).await;
        assert!(gave_up.is_err());
        assert_eq!(limiter.burst().used, 98);
        let start = clock.now();
        drop(limiter.place(Lane::Sweep, 2).await.expect("places"));
        assert_eq!(clock.now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_refused_is_not_in_the_count_of_the_side() {
        let (clock, limiter) = limiter();
        limiter
            .place(Lane::Sweep, 5)
            .await
            .expect("places")
            .refused();
        tokio::time::advance(Duration::from_secs(1)).await;
        let sent_at = clock.ticks();
        let place = limiter.place(Lane::Sweep, 1).await.expect("a place");
        place.answered();
        let said = Said {
            burst_left: Some(92),
            ..Said::default()
        };
        limiter.learn(&said, sent_at).expect("memory");
        assert_eq!(limiter.burst().others, 7, "8 used, and 1 of them ours");
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_does_not_wait_behind_a_sweep() {
        let (clock, limiter) = limiter();
        let start = clock.now();
        for _ in 0..100 {
            drop(limiter.place(Lane::Sweep, 1).await.expect("a place"));
        }
        let order = Mutex::new(vec![]);
        let ask = async |lane| {
            drop(limiter.place(lane, 1).await.expect("a place"));
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
            drop(limiter.place(Lane::Sweep, 1).await.expect("a place"));
        }
        let impatient =
            tokio::time::timeout(Duration::from_secs(1), limiter.place(Lane::Operator, 1));
        let (gave_up, patient) = tokio::join!(impatient, limiter.place(Lane::Sweep, 1));
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
        match limiter.place(Lane::Operator, 1).await {
            Err(RemoteError::Shut { until: got, .. }) => assert_eq!(got, until),
            other => panic!("{:?}", other.map(|_| "a place")),
        }
        tokio::time::advance(Duration::from_hours(2)).await;
        let none = Said {
            day_left: Some(9),
            ..Said::default()
        };
        limiter.learn(&none, 0).expect("memory");
        limiter.place(Lane::Operator, 1).await.expect("a new day");
    }
}
