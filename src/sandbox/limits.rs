//! Rate limits as the two services keep them: a burst window of one of three kinds, and a day.

use std::{collections::VecDeque, str::FromStr};

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// How the burst is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// At most `burst` in any span of the window's length.
    Sliding,
    /// A count that starts again at each multiple of the window's length.
    Fixed,
    /// A bucket of `burst` that fills evenly, `burst` in a window.
    Bucket,
}

/// The limit of each side, as `--limit` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitSpec {
    /// No limit. The headers then show a limit that nobody reaches.
    Off,
    /// `burst` cost units in `seconds`, `daily` in a UTC day.
    On {
        /// Cost units in a window.
        burst: u32,
        /// Length of the window.
        seconds: u32,
        /// Cost units in a day.
        daily: u32,
        /// How the window counts.
        window: Window,
    },
}

impl Default for LimitSpec {
    fn default() -> Self {
        Self::On {
            burst: 100,
            seconds: 10,
            daily: 200_000,
            window: Window::Sliding,
        }
    }
}

/// A limit that cannot be read; holds what was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no limit: give `BURST/SECONDS/DAILY`, with `/sliding`, `/fixed` or `/bucket` after it if you like, or `off`"
)]
pub struct BadLimit(pub String);

impl FromStr for LimitSpec {
    type Err = BadLimit;

    fn from_str(given: &str) -> Result<Self, BadLimit> {
        if given == "off" {
            return Ok(Self::Off);
        }
        let bad = || BadLimit(given.into());
        let parts: Vec<&str> = given.split('/').collect();
        let (numbers, window) = match parts.as_slice() {
            [a, b, c] | [a, b, c, "sliding"] => ([a, b, c], Window::Sliding),
            [a, b, c, "fixed"] => ([a, b, c], Window::Fixed),
            [a, b, c, "bucket"] => ([a, b, c], Window::Bucket),
            _ => return Err(bad()),
        };
        let mut read = [0u32; 3];
        for (slot, text) in read.iter_mut().zip(numbers) {
            *slot = text.parse().ok().filter(|n| *n > 0).ok_or_else(bad)?;
        }
        let [burst, seconds, daily] = read;
        Ok(Self::On {
            burst,
            seconds,
            daily,
            window,
        })
    }
}

impl LimitSpec {
    /// Length of the burst window; ten seconds where there is no limit.
    pub const fn window_ms(self) -> i64 {
        match self {
            Self::Off => 10_000,
            Self::On { seconds, .. } => seconds as i64 * 1000,
        }
    }
}

/// Where an account stands right after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub admitted: bool,
    pub limit: u32,
    pub remaining: u32,
    pub reset_ms: i64,
    pub window_ms: i64,
    pub day_limit: u32,
    pub day_remaining: u32,
    pub day_reset_ms: i64,
}

/// Counts the requests of one side. A request that is refused uses no place.
#[derive(Clone, Debug)]
pub struct Limiter {
    spec: LimitSpec,
    /// Admitted, by tick, oldest first: those that a sliding or fixed window still counts.
    admitted: VecDeque<(i64, u32)>,
    /// For the bucket: what is used, in cost units times the window's milliseconds, at a tick.
    used: (i64, i64),
    day: (i64, u32),
}

impl Limiter {
    /// A limiter that has seen nothing.
    pub const fn new(spec: LimitSpec) -> Self {
        Self {
            spec,
            admitted: VecDeque::new(),
            used: (0, 0),
            day: (0, 0),
        }
    }

    /// Takes `cost` places at `tick` if there is room; the day turns by `wall_ms`, at midnight UTC.
    pub fn take(&mut self, tick: i64, wall_ms: i64, cost: u32) -> Standing {
        let LimitSpec::On {
            burst,
            daily,
            window,
            ..
        } = self.spec
        else {
            return Standing {
                admitted: true,
                limit: 1_000_000,
                remaining: 1_000_000,
                reset_ms: 0,
                window_ms: self.spec.window_ms(),
                day_limit: 1_000_000_000,
                day_remaining: 1_000_000_000,
                day_reset_ms: DAY_MS - wall_ms.rem_euclid(DAY_MS),
            };
        };
        let today = wall_ms.div_euclid(DAY_MS);
        if self.day.0 != today {
            self.day = (today, 0);
        }
        let taken = self.taken(tick, window, burst);
        let admitted = taken + cost <= burst && self.day.1 + cost <= daily;
        if admitted {
            self.day.1 += cost;
            match window {
                Window::Bucket => self.used.1 += i64::from(cost) * self.spec.window_ms(),
                Window::Sliding | Window::Fixed => self.admitted.push_back((tick, cost)),
            }
        }
        let taken = if admitted { taken + cost } else { taken };
        Standing {
            admitted,
            limit: burst,
            remaining: burst - taken.min(burst),
            reset_ms: self.reset_ms(tick, window, burst),
            window_ms: self.spec.window_ms(),
            day_limit: daily,
            day_remaining: daily - self.day.1,
            day_reset_ms: DAY_MS - wall_ms.rem_euclid(DAY_MS),
        }
    }

    /// Places in use at `tick`, rounded up.
    fn taken(&mut self, tick: i64, window: Window, burst: u32) -> u32 {
        let length = self.spec.window_ms();
        let from = match window {
            Window::Bucket => {
                let drained = (tick - self.used.0).max(0) * i64::from(burst);
                self.used = (tick, (self.used.1 - drained).max(0));
                return self.used.1.div_euclid(length) as u32
                    + u32::from(self.used.1.rem_euclid(length) > 0);
            }
            Window::Sliding => tick - length + 1,
            Window::Fixed => tick.div_euclid(length) * length,
        };
        while self.admitted.front().is_some_and(|(at, _)| *at < from) {
            self.admitted.pop_front();
        }
        self.admitted.iter().map(|(_, cost)| cost).sum()
    }

    /// Milliseconds until a place comes free.
    fn reset_ms(&self, tick: i64, window: Window, burst: u32) -> i64 {
        let length = self.spec.window_ms();
        match window {
            Window::Sliding => self
                .admitted
                .front()
                .map_or(0, |(at, _)| at + length - tick),
            Window::Fixed => length - tick.rem_euclid(length),
            Window::Bucket if self.used.1 == 0 => 0,
            Window::Bucket => (length / i64::from(burst)).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_limit_is_read_from_its_text() {
        let on = |burst, seconds, daily, window| {
            Some(LimitSpec::On {
                burst,
                seconds,
                daily,
                window,
            })
        };
        for (given, want) in [
            ("off", Some(LimitSpec::Off)),
            ("100/10/200000", on(100, 10, 200_000, Window::Sliding)),
            ("5/1/9/sliding", on(5, 1, 9, Window::Sliding)),
            ("5/1/9/fixed", on(5, 1, 9, Window::Fixed)),
            ("5/1/9/bucket", on(5, 1, 9, Window::Bucket)),
            ("5/1", None),
            ("0/1/9", None),
            ("5/1/9/leaky", None),
            ("", None),
        ] {
            assert_eq!(given.parse().ok(), want, "{given}");
        }
    }

    #[test]
    fn each_kind_of_window_admits_what_it_should() {
        // two a second; ticks of arrival, and whether each is admitted
        for (kind, rows) in [
            (
                "sliding",
                vec![
                    (900, true),
                    (950, true),
                    (1_000, false),
                    (1_899, false),
                    (1_900, true),
                    (1_949, false),
                    (1_950, true),
                ],
            ),
            (
                "fixed",
                vec![
                    (900, true),
                    (950, true),
                    (999, false),
                    (1_000, true),
                    (1_001, true),
                    (1_500, false),
                    (2_000, true),
                ],
            ),
            (
                "bucket",
                vec![
                    (900, true),
                    (950, true),
                    (960, false),
                    (1_400, true),
                    (1_450, false),
                    (1_901, true),
                ],
            ),
        ] {
            let mut limiter = Limiter::new(format!("2/1/100/{kind}").parse().unwrap());
            for (tick, want) in rows {
                assert_eq!(
                    limiter.take(tick, tick, 1).admitted,
                    want,
                    "{kind} at {tick}"
                );
            }
        }
    }

    #[test]
    fn the_day_has_a_limit_of_its_own_and_turns_at_midnight() {
        let mut limiter = Limiter::new("10/1/3".parse().unwrap());
        for tick in 0..3 {
            assert!(limiter.take(tick, DAY_MS - 10, 1).admitted);
        }
        let shut = limiter.take(5, DAY_MS - 5, 1);
        assert_eq!(
            (shut.admitted, shut.day_remaining, shut.day_reset_ms),
            (false, 0, 5)
        );
        assert!(limiter.take(10, DAY_MS, 1).admitted);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_sliding_window_never_admits_more_than_its_burst_in_any_span(gaps in prop::collection::vec(0..40_i64, 1..80)) {
            let mut limiter = Limiter::new("5/1/1000".parse().unwrap());
            let mut tick = 0;
            let mut admitted = Vec::new();
            for gap in gaps {
                tick += gap * 10;
                if limiter.take(tick, tick, 1).admitted {
                    admitted.push(tick);
                }
            }
            for (at, tick) in admitted.iter().enumerate() {
                let in_span = admitted[at..].iter().take_while(|later| **later < tick + 1_000).count();
                prop_assert!(in_span <= 5, "{} from {}", in_span, tick);
            }
        }
    }
}
