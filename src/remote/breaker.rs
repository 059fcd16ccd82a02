//! Stops asking a side that fails again and again: a pure state machine over ticks.

use std::collections::VecDeque;

const WATCH_MS: i64 = 30_000;
const OPEN_MS: i64 = 30_000;
const FEWEST: usize = 20;

/// Closed lets all through; open lets none through for 30 s; then one probe decides.
///
/// Opens when at least half of at least 20 requests in 30 s failed. A refused token is no failure of the side.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Closed { log: VecDeque<(i64, bool)> },
    Open { until: i64 },
    HalfOpen { probe_since: i64 },
}

impl Default for State {
    fn default() -> Self {
        Self::Closed {
            log: VecDeque::new(),
        }
    }
}

impl Breaker {
    /// `None` where it is open; else asks for leave to send one request, whose end must be told to
    /// [`Breaker::report`]. `Err` says in how many milliseconds to come again.
    pub fn permit(&mut self, now: i64) -> Result<(), i64> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if now < until => Err(until - now),
            // A probe that never reports (its caller was dropped) does not hold the side shut for ever.
            State::HalfOpen { probe_since } if now < probe_since + OPEN_MS => {
                Err(probe_since + OPEN_MS - now)
            }
            State::Open { .. } | State::HalfOpen { .. } => {
                self.state = State::HalfOpen { probe_since: now };
                Ok(())
            }
        }
    }

    /// Milliseconds until a request has a chance; 0 where it has one now. Asks for nothing.
    pub const fn shut_for_ms(&self, now: i64) -> i64 {
        match self.state {
            State::Open { until } if now < until => until - now,
            _ => 0,
        }
    }

    /// Tells how a request ended.
    pub fn report(&mut self, now: i64, ok: bool) {
        match &mut self.state {
            State::Closed { log } => {
                log.push_back((now, ok));
                while log.front().is_some_and(|(at, _)| *at <= now - WATCH_MS) {
                    log.pop_front();
                }
                let failed = log.iter().filter(|(_, ok)| !ok).count();
                if !ok && log.len() >= FEWEST && failed * 2 >= log.len() {
                    self.state = State::Open {
                        until: now + OPEN_MS,
                    };
                }
            }
            State::HalfOpen { .. } if ok => self.state = State::default(),
            State::HalfOpen { .. } => {
                self.state = State::Open {
                    until: now + OPEN_MS,
                }
            }
            // The end of a request that was sent before it opened.
            State::Open { .. } => {}
        }
    }

    /// Its state in a word.
    pub const fn name(&self) -> &'static str {
        match self.state {
            State::Closed { .. } => "closed",
            State::Open { .. } => "open",
            State::HalfOpen { .. } => "half_open",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_half_of_twenty_within_thirty_seconds() {
        for (ok, failed, apart_ms, want) in [
            (10, 10, 100, "open"),
            (11, 9, 100, "closed"),
            (9, 10, 100, "closed"),
            (0, 20, 100, "open"),
            (0, 20, 2_000, "closed"),
            (100, 99, 100, "closed"),
            (20, 20, 100, "open"),
        ] {
            let mut breaker = Breaker::default();
            let ends = std::iter::repeat_n(true, ok).chain(std::iter::repeat_n(false, failed));
            for (at, end) in ends.enumerate() {
                breaker.report(at as i64 * apart_ms, end);
            }
            assert_eq!(breaker.name(), want, "{ok} ok, {failed} failed");
        }
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            breaker.report(0, false);
        }
        breaker
    }

    #[test]
    fn after_thirty_seconds_one_probe_decides() {
        for (ok, want, then) in [(true, "closed", Ok(())), (false, "open", Err(30_000))] {
            let mut breaker = opened();
            assert_eq!(breaker.permit(29_999), Err(1));
            assert_eq!(breaker.permit(30_000), Ok(()));
            assert_eq!(breaker.permit(30_001), Err(29_999), "one probe only");
            breaker.report(30_002, ok);
            assert_eq!(breaker.name(), want);
            assert_eq!(breaker.permit(30_002), then);
        }
    }

    #[test]
    fn a_probe_that_never_reports_is_replaced() {
        let mut breaker = opened();
        assert_eq!(breaker.permit(30_000), Ok(()));
        assert_eq!(breaker.permit(60_000), Ok(()));
    }
}
