//! What to do after an attempt: a pure decision.

use super::limits::Said;

/// Attempts at a read that fails, the first among them.
pub const MAX_READS: u8 = 5;
/// Attempts to reach a side that takes no connection; a pass comes round again soon anyway.
const MAX_CONNECTS: u8 = 2;
/// Attempts at a request that is answered with "too many".
const MAX_THROTTLED: u8 = 8;
/// A wait over this is not waited out: the side counts as shut.
pub const LONGEST_WAIT_MS: i64 = 60_000;
const BASE_MS: i64 = 500;

/// How many requests may be sent again: one for ten that were sent, and one in ten seconds for a quiet side.
///
/// Where everything fails, the side then gets a tenth more than usual, not five times as much (`sync.md` 3.7).
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    tenths: i64,
    at: i64,
}

/// What may be saved up: ten.
const MOST_TENTHS: i64 = 100;

impl Default for Budget {
    fn default() -> Self {
        Self {
            tenths: MOST_TENTHS,
            at: 0,
        }
    }
}

impl Budget {
    /// A request is sent for the first time.
    pub fn earn(&mut self) {
        self.tenths = (self.tenths + 1).min(MOST_TENTHS);
    }

    /// Takes leave to send one again at these ticks.
    pub fn spend(&mut self, now: i64) -> bool {
        let seconds = (now - self.at) / 1000;
        self.at += seconds * 1000;
        self.tenths = self.tenths.saturating_add(seconds).min(MOST_TENTHS);
        let may = self.tenths >= 10;
        if may {
            self.tenths -= 10;
        }
        may
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an answer of this status.
    Status(u16),
    /// Without a connection.
    Unreachable,
    /// Without an answer: closed or timed out.
    Lost,
    /// With a 2xx whose body is no JSON.
    Garbled,
}

/// What next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This is the outcome: give it to the caller.
    Done,
    /// Repeat after this many milliseconds.
    Wait(i64),
    /// No use now; the side is shut for this many milliseconds.
    Shut(i64),
}

/// What is known about the attempt.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u8,
    /// Whether it could have changed something.
    pub write: bool,
    /// The wait before it, 0 for the first.
    pub waited_ms: i64,
}

/// The next step after an attempt. `jitter` is uniform in 0..1.
///
/// "Too many" (429, and a 409 that names a time) did nothing, so it is repeated also for a write. Everything else is
/// repeated only for a read: a write whose answer was lost may have been applied.
pub fn next_step(ended: Ended, said: &Said, attempt: Attempt, jitter: f64) -> Step {
    let own_ms = backoff_ms(attempt.waited_ms, jitter);
    match ended {
        Ended::Status(429) => {
            if said.day_left == Some(0) {
                return Step::Shut(said.day_resets_in_ms.unwrap_or(3_600_000));
            }
            // The whole window is the most that it can take; mostly a place comes free long before.
            let interval_ms = || {
                said.window_ms.map(|ms| {
                    let ms = i64::from(ms);
                    let part = ms * (1 << (attempt.number - 1).min(5)) / 20;
                    part.min(ms) + (jitter * 200.0) as i64
                })
            };
            let wait = said.retry_after_ms.or_else(interval_ms).unwrap_or(own_ms);
            // Repeated refusals are not ours alone: they show that the place is wanted by others too.
            let wait = if attempt.number > 1 {
                wait.max(own_ms)
            } else {
                wait
            };
            bounded(wait, attempt.number < MAX_THROTTLED)
        }
        Ended::Status(409) if said.retry_after_ms.is_some() => bounded(
            said.retry_after_ms.unwrap_or(own_ms),
            attempt.number < MAX_THROTTLED,
        ),
        Ended::Status(500..) => {
            let again = !attempt.write && attempt.number < MAX_READS;
            match said.retry_after_ms {
                Some(wait) if wait > LONGEST_WAIT_MS && !attempt.write => Step::Shut(wait),
                wait if again => Step::Wait(wait.unwrap_or(0).max(own_ms)),
                _ => Step::Done,
            }
        }
        Ended::Lost | Ended::Garbled if !attempt.write && attempt.number < MAX_READS => {
            Step::Wait(own_ms)
        }
        Ended::Unreachable if attempt.number < MAX_CONNECTS => Step::Wait(own_ms),
        _ => Step::Done,
    }
}

/// Decorrelated jitter: between 0.5 s and three times the wait before, at most 60 s.
pub fn backoff_ms(waited_ms: i64, jitter: f64) -> i64 {
    let high = waited_ms.max(BASE_MS) * 3;
    let wait = BASE_MS + ((high - BASE_MS) as f64 * jitter) as i64;
    wait.min(LONGEST_WAIT_MS)
}

const fn bounded(wait_ms: i64, again: bool) -> Step {
    if wait_ms <= LONGEST_WAIT_MS && again {
        Step::Wait(wait_ms)
    } else {
        Step::Shut(wait_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_repeated_and_writes_only_where_nothing_was_done() {
        let none = Said::default();
        let after = |ms| Said {
            retry_after_ms: Some(ms),
            ..none
        };
        let interval = Said {
            window_ms: Some(10_000),
            ..none
        };
        let spent = Said {
            day_left: Some(0),
            day_resets_in_ms: Some(9_000_000),
            ..interval
        };
        let unknown_day = Said {
            day_left: Some(0),
            ..none
        };
        for (ended, said, number, write, want) in [
            (Ended::Status(200), none, 1, false, Step::Done),
            (Ended::Status(422), none, 1, false, Step::Done),
            (Ended::Status(429), after(7_000), 1, true, Step::Wait(7_000)),
            (Ended::Status(429), after(0), 1, true, Step::Wait(0)),
            (Ended::Status(429), after(0), 2, true, Step::Wait(500)),
            (
                Ended::Status(429),
                after(61_000),
                1,
                false,
                Step::Shut(61_000),
            ),
            (Ended::Status(429), interval, 1, true, Step::Wait(500)),
            (Ended::Status(429), interval, 4, true, Step::Wait(4_000)),
            (Ended::Status(429), interval, 7, true, Step::Wait(10_000)),
            (Ended::Status(429), none, 1, true, Step::Wait(500)),
            (Ended::Status(429), none, 8, true, Step::Shut(500)),
            (Ended::Status(429), spent, 1, true, Step::Shut(9_000_000)),
            (
                Ended::Status(429),
                unknown_day,
                1,
                true,
                Step::Shut(3_600_000),
            ),
            (Ended::Status(409), after(1_000), 1, true, Step::Wait(1_000)),
            (Ended::Status(409), none, 1, true, Step::Done),
            (Ended::Status(500), none, 4, false, Step::Wait(500)),
            (Ended::Status(500), none, 5, false, Step::Done),
            (
                Ended::Status(503),
                after(3_000),
                1,
                false,
                Step::Wait(3_000),
            ),
            (
                Ended::Status(503),
                after(90_000),
                1,
                false,
                Step::Shut(90_000),
            ),
            (Ended::Status(503), after(90_000), 1, true, Step::Done),
            (Ended::Status(503), none, 1, true, Step::Done),
            (Ended::Lost, none, 1, false, Step::Wait(500)),
            (Ended::Lost, none, 5, false, Step::Done),
            (Ended::Lost, none, 1, true, Step::Done),
            (Ended::Garbled, none, 1, false, Step::Wait(500)),
            (Ended::Garbled, none, 5, false, Step::Done),
            (Ended::Garbled, none, 1, true, Step::Done),
            (Ended::Unreachable, none, 1, true, Step::Wait(500)),
            (Ended::Unreachable, none, 2, false, Step::Done),
        ] {
            let attempt = Attempt {
                number,
                write,
                waited_ms: 0,
            };
            let got = next_step(ended, &said, attempt, 0.0);
            assert_eq!(got, want, "{ended:?} {said:?} {number} write {write}");
        }
    }

    #[test]
    fn where_all_fails_a_tenth_is_sent_again() {
        let mut budget = Budget::default();
        let mut again = 0;
        // Ten a second for a minute, each of which would be sent again four times.
        for n in 0..600 {
            budget.earn();
            again += (0..4).filter(|_| budget.spend(n * 100)).count();
        }
        assert!(
            (70..=76).contains(&again),
            "{again}: 10 saved, 60 earned, 6 with time"
        );
        assert!(!budget.spend(59_900));
        assert!(budget.spend(70_000), "a quiet side may try again");
    }

    #[test]
    fn waits_grow_and_stay_within_a_minute() {
        for (waited, jitter, want) in [
            (0, 0.0, 500),
            (0, 1.0, 1_500),
            (1_500, 1.0, 4_500),
            (50_000, 1.0, 60_000),
            (50_000, 0.0, 500),
        ] {
            assert_eq!(backoff_ms(waited, jitter), want, "{waited} {jitter}");
        }
    }
}
