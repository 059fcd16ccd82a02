//! The limiter's log in memory, for one process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::model::{Millis, Sent, Side, Slots, SlotsError, Taken};

const SPAN_MS: i64 = 300_000;

/// Places kept in memory: for tests, and where no other process uses the same keys.
#[derive(Debug, Default)]
pub struct MemorySlots(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    last: i64,
    places: Vec<Place>,
    spent: BTreeMap<(Side, i64), u64>,
    heard: HashMap<Side, String>,
}

#[derive(Debug)]
struct Place {
    slot: i64,
    side: Side,
    sent: Sent,
    window_ms: i64,
    span: i64,
}

impl MemorySlots {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// When the places in use on `side` are free, soonest first.
    fn free(&self, side: Side, now: i64) -> Vec<i64> {
        let of_side = self.places.iter().filter(|place| place.side == side);
        let mut free: Vec<_> = of_side.map(|place| place.sent.free_at).collect();
        free.retain(|at| *at > now);
        free.sort_unstable();
        free
    }
}

impl Slots for MemorySlots {
    fn take(
        &self,
        side: Side,
        limit: u32,
        window_ms: u32,
        ticks: i64,
        wall: Millis,
    ) -> Result<Taken, SlotsError> {
        let mut log = self.log();
        log.places
            .retain(|place| place.sent.free_at > ticks - 2 * place.window_ms);
        let free = log.free(side, ticks);
        let over = (free.len() + 1).saturating_sub(limit as usize);
        if over > 0 {
            let next = free.get(over - 1).copied();
            return Ok(Taken::Wait(next.unwrap_or(ticks + i64::from(window_ms))));
        }
        log.last += 1;
        let slot = log.last;
        let span = wall.0.div_euclid(SPAN_MS);
        // Until the answer is told, the place is held longer than any request takes.
        log.places.push(Place {
            slot,
            side,
            sent: Sent {
                at: ticks,
                answered_at: None,
                free_at: ticks + 2 * i64::from(window_ms),
            },
            window_ms: i64::from(window_ms),
            span,
        });
        *log.spent.entry((side, span)).or_default() += 1;
        Ok(Taken::Go(slot))
    }

    fn release(&self, slot: i64, keeps_ms: u32, ticks: i64) -> Result<(), SlotsError> {
        let mut log = self.log();
        if let Some(place) = log.places.iter_mut().find(|place| place.slot == slot) {
            place.sent.free_at = ticks + i64::from(keeps_ms);
            place.sent.answered_at = Some(ticks);
        }
        Ok(())
    }

    fn give_back(&self, slot: i64) -> Result<(), SlotsError> {
        let mut log = self.log();
        if let Some(at) = log.places.iter().position(|place| place.slot == slot) {
            let place = log.places.remove(at);
            let spent = log.spent.entry((place.side, place.span)).or_default();
            *spent = spent.saturating_sub(1);
        }
        Ok(())
    }

    fn in_use(&self, side: Side, ticks: i64) -> Result<(u32, Option<i64>), SlotsError> {
        let free = self.log().free(side, ticks);
        Ok((free.len() as u32, free.first().copied()))
    }

    fn requests(&self, side: Side, since: i64) -> Result<Vec<Sent>, SlotsError> {
        let log = self.log();
        let of_side = log.places.iter().filter(|place| place.side == side);
        let sent = of_side.map(|place| place.sent);
        Ok(sent.filter(|sent| sent.at > since).collect())
    }

    fn sent_since(&self, side: Side, since: Millis) -> Result<u64, SlotsError> {
        let log = self.log();
        let spans = (side, since.0.div_euclid(SPAN_MS))..=(side, i64::MAX);
        Ok(log.spent.range(spans).map(|(_, n)| n).sum())
    }

    fn heard(&self, side: Side) -> Result<Option<String>, SlotsError> {
        Ok(self.log().heard.get(&side).cloned())
    }

    fn put_heard(&self, side: Side, text: &str) -> Result<(), SlotsError> {
        self.log().heard.insert(side, text.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    const LIMIT: u32 = 100;
    const WINDOW: i64 = 10_000;

    /// When requests reach a server, and when their sender got each answer, if it sends all that it may with at most
    /// `flights` at a time and each way takes `least` ms and up to `jitter` more. Places are freed sooner by the
    /// shortest way there and back.
    fn arrivals(seed: u64, flights: usize, least: i64, jitter: i64, until: i64) -> Vec<i64> {
        let saved = 2 * least;
        let mut random = fastrand::Rng::with_seed(seed);
        let slots = MemorySlots::default();
        let mut flying = BTreeSet::new();
        let mut arrivals = vec![];
        let mut now = 0;
        while now < until {
            while flying.first().is_some_and(|(at, _)| *at <= now) {
                let (at, slot) = flying.pop_first().expect("looked at");
                let keeps_ms = (WINDOW - saved) as u32;
                slots.release(slot, keeps_ms, at).expect("memory");
            }
            let mut next = flying.first().map(|(at, _)| *at);
            if flying.len() < flights {
                match slots
                    .take(Side::Ghl, LIMIT, WINDOW as u32, now, Millis(now))
                    .expect("memory")
                {
                    Taken::Go(slot) => {
                        let arrives = now + least + random.i64(0..=jitter);
                        arrivals.push(arrives);
                        flying.insert((arrives + least + random.i64(0..=jitter), slot));
                        continue;
                    }
                    Taken::Wait(at) => next = Some(next.map_or(at, |next| next.min(at))),
                }
            }
            now = next.expect("something happens").max(now + 1);
        }
        arrivals.sort_unstable();
        arrivals
    }

    fn most_in_any_window(arrivals: &[i64]) -> usize {
        let within =
            |from: usize| arrivals[from..].partition_point(|at| *at < arrivals[from] + WINDOW);
        (0..arrivals.len()).map(within).max().unwrap_or(0)
    }

    fn lowest_of_a_bucket(arrivals: &[i64]) -> f64 {
        let (mut left, mut at, mut lowest) = (f64::from(LIMIT), 0, f64::from(LIMIT));
        for arrival in arrivals {
            let gained = (arrival - at) as f64 * f64::from(LIMIT) / WINDOW as f64;
            left = (left + gained).min(f64::from(LIMIT)) - 1.0;
            at = *arrival;
            lowest = lowest.min(left);
        }
        lowest
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..Default::default() })]
        #[test]
        fn no_window_of_any_server_is_exceeded_whatever_the_jitter(
            seed in any::<u64>(), flights in 1usize..12, least in 0i64..500, jitter in 0i64..3_000, offset in 0i64..WINDOW,
        ) {
            let arrivals = arrivals(seed, flights, least, jitter, 60_000);
            prop_assert!(most_in_any_window(&arrivals) <= LIMIT as usize, "sliding");
            prop_assert!(lowest_of_a_bucket(&arrivals) > -1e-6, "bucket");
            let mut fixed = BTreeMap::new();
            for at in &arrivals {
                *fixed.entry((at + offset) / WINDOW).or_insert(0) += 1;
            }
            prop_assert!(fixed.values().all(|n| *n <= LIMIT), "fixed");
        }
    }

    #[test]
    fn with_fifty_milliseconds_each_way_at_least_ninety_nine_percent_is_used() {
        let sent = arrivals(1, 8, 0, 50, 1_000_000).len() as f64;
        let most = f64::from(LIMIT) * (1.0 + 100.0);
        assert!(sent / most > 0.99, "{sent} of {most}");
    }

    #[test]
    fn a_place_that_is_given_back_unused_is_free_at_once() {
        let slots = MemorySlots::default();
        let take = |now| {
            slots
                .take(Side::Ghl, 1, 10, now, Millis(now))
                .expect("memory")
        };
        let Taken::Go(slot) = take(0) else {
            panic!("the first place is free")
        };
        assert_eq!(take(1), Taken::Wait(20));
        slots.give_back(slot).expect("memory");
        assert!(matches!(take(2), Taken::Go(_)));
        let other = slots.in_use(Side::Growbots, 2).expect("memory");
        assert_eq!(other, (0, None), "the sides do not share");
    }
}
