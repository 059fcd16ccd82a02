//! The limiter's log in memory, for one process.

use std::sync::{Mutex, PoisonError};

use crate::model::{Millis, Side, Slots, SlotsError, Taken};

const DAY_MS: i64 = 86_400_000;

/// Places kept in memory: for tests, and where no other process uses the same keys.
#[derive(Debug, Default)]
pub struct MemorySlots(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    last: i64,
    places: Vec<Place>,
    sent: Vec<(Side, Millis)>,
}

#[derive(Debug)]
struct Place {
    slot: i64,
    side: Side,
    free_at: Millis,
}

impl MemorySlots {
    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// When the places in use on `side` are free, soonest first.
    fn free(&mut self, side: Side, now: Millis) -> Vec<Millis> {
        self.places.retain(|place| place.free_at > now);
        let of_side = self.places.iter().filter(|place| place.side == side);
        let mut free: Vec<_> = of_side.map(|place| place.free_at).collect();
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
        now: Millis,
    ) -> Result<Taken, SlotsError> {
        let mut log = self.log();
        let free = log.free(side, now);
        let over = (free.len() + 1).saturating_sub(limit as usize);
        if over > 0 {
            let next = free.get(over - 1).copied();
            return Ok(Taken::Wait(
                next.unwrap_or_else(|| now.plus(i64::from(window_ms))),
            ));
        }
        log.last += 1;
        let slot = log.last;
        // Until the answer is told, the place is held longer than any request takes.
        log.places.push(Place {
            slot,
            side,
            free_at: now.plus(2 * i64::from(window_ms)),
        });
        log.sent.push((side, now));
        if log.sent[0].1 < now.plus(-2 * DAY_MS) {
            log.sent.retain(|(_, at)| *at > now.plus(-DAY_MS));
        }
        Ok(Taken::Go(slot))
    }

    fn release(&self, slot: i64, window_ms: u32, now: Millis) -> Result<(), SlotsError> {
        let mut log = self.log();
        if let Some(place) = log.places.iter_mut().find(|place| place.slot == slot) {
            place.free_at = now.plus(i64::from(window_ms));
        }
        Ok(())
    }

    fn in_use(&self, side: Side, now: Millis) -> Result<(u32, Option<Millis>), SlotsError> {
        let free = self.log().free(side, now);
        Ok((free.len() as u32, free.first().copied()))
    }

    fn sent_since(&self, side: Side, since: Millis) -> Result<u64, SlotsError> {
        let log = self.log();
        let sent = log.sent.iter().filter(|(s, at)| *s == side && *at >= since);
        Ok(sent.count() as u64)
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
    /// `flights` at a time and each way takes up to `jitter` ms.
    fn arrivals(seed: u64, flights: usize, jitter: i64, until: i64) -> Vec<i64> {
        let mut random = fastrand::Rng::with_seed(seed);
        let slots = MemorySlots::default();
        let mut flying = BTreeSet::new();
        let mut arrivals = vec![];
        let mut now = 0;
        while now < until {
            while flying.first().is_some_and(|(at, _)| *at <= now) {
                let (at, slot) = flying.pop_first().expect("looked at");
                slots
                    .release(slot, WINDOW as u32, Millis(at))
                    .expect("memory");
            }
            let mut next = flying.first().map(|(at, _)| *at);
            if flying.len() < flights {
                match slots
                    .take(Side::Ghl, LIMIT, WINDOW as u32, Millis(now))
                    .expect("memory")
                {
                    Taken::Go(slot) => {
                        let arrives = now + random.i64(0..=jitter);
                        arrivals.push(arrives);
                        flying.insert((arrives + random.i64(0..=jitter), slot));
                        continue;
                    }
                    Taken::Wait(at) => next = Some(next.map_or(at.0, |next| next.min(at.0))),
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
            seed in any::<u64>(), flights in 1usize..12, jitter in 0i64..3_000, offset in 0i64..WINDOW,
        ) {
            let arrivals = arrivals(seed, flights, jitter, 60_000);
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
        let sent = arrivals(1, 8, 50, 1_000_000).len() as f64;
        let most = f64::from(LIMIT) * (1.0 + 100.0);
        assert!(sent / most > 0.99, "{sent} of {most}");
    }

    #[test]
    fn a_place_that_is_given_back_unused_is_free_at_once() {
        let slots = MemorySlots::default();
        let take = |now| slots.take(Side::Ghl, 1, 10, Millis(now)).expect("memory");
        let Taken::Go(slot) = take(0) else {
            panic!("the first place is free")
        };
        assert_eq!(take(1), Taken::Wait(Millis(20)));
        slots.release(slot, 0, Millis(2)).expect("memory");
        assert!(matches!(take(2), Taken::Go(_)));
        let other = slots.in_use(Side::Growbots, Millis(2)).expect("memory");
        assert_eq!(other, (0, None), "the sides do not share");
    }
}
