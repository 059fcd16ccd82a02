//! How many places of the burst window and of the day are ours: pure, over ticks.

use super::limits::Said;

/// The limits as last heard, and what others use of them.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Places in the burst window.
    pub limit: u32,
    /// Its length.
    pub length_ms: u32,
    /// Requests of a day.
    pub day: u64,
    /// Requests left of the day, by the last header that said so.
    pub day_left: Option<u64>,
    /// Whether an answer said the limit.
    is_told: bool,
    others: u32,
    others_until: i64,
    careful_until: i64,
    least_until: i64,
}

impl Default for Window {
    /// Both sides' published limits, until a header says otherwise.
    fn default() -> Self {
        Self {
            limit: 100,
            length_ms: 10_000,
            day: 200_000,
            day_left: None,
            is_told: false,
            others: 0,
            others_until: 0,
            careful_until: 0,
            least_until: 0,
        }
    }
}

/// Places left to others beyond what they were seen to use: they go on while our requests are on their way.
const MARGIN: u32 = 1;
/// Once others were seen, every doubt is theirs for this long.
const CAREFUL_MS: i64 = 60_000;

impl Window {
    /// Takes in an answer's headers. `most` is how many requests of ours the server can have in its count: what the
    /// log holds. `fewest` is how many it must have: those sent within a window and answered.
    ///
    /// What others use lies between. Alone, it is taken to be the less, so that our own requests on their way are
    /// never mistaken for others'; once others were seen, the more.
    pub fn learn(&mut self, said: &Said, most: u32, fewest: u32, now: i64) {
        self.limit = said.burst.unwrap_or(self.limit).max(1);
        self.is_told |= said.burst.is_some();
        self.length_ms = said.window_ms.unwrap_or(self.length_ms).max(1);
        self.day = said.day.unwrap_or(self.day);
        self.day_left = said.day_left.or(self.day_left);
        let Some(left) = said.burst_left else {
            return;
        };
        let used = self.limit.saturating_sub(left);
        if used > most {
            self.careful_until = now + CAREFUL_MS;
        }
        let (low, high) = (used.saturating_sub(most), used.saturating_sub(fewest));
        self.others = if now >= self.careful_until {
            low
        } else if now < self.least_until {
            self.others.min(high).max(low)
        } else {
            self.least_until = now + i64::from(self.length_ms);
            high
        };
        self.others_until = now + i64::from(self.length_ms);
    }

    /// Takes a limit that was learnt earlier (0 is none), unless an answer has said one since.
    pub const fn expect(&mut self, limit: u32) {
        if limit > 0 && !self.is_told {
            self.limit = limit;
        }
    }

    /// A 429 came: somebody else is there, or the server counts otherwise than we thought.
    pub const fn refused(&mut self, now: i64) {
        self.careful_until = now + CAREFUL_MS;
    }

    /// Whether others were seen lately.
    pub const fn is_shared(&self, now: i64) -> bool {
        now < self.careful_until
    }

    /// Places that we may have in use now.
    pub const fn ours(&self, now: i64) -> u32 {
        if self.others > 0 && now < self.others_until {
            self.limit.saturating_sub(self.others + MARGIN)
        } else {
            self.limit
        }
    }

    /// Milliseconds until what others use is forgotten; 0 when nothing is known of them.
    pub const fn others_for_ms(&self, now: i64) -> i64 {
        if self.others > 0 && now < self.others_until {
            self.others_until - now
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_use_is_taken_off_ours() {
        for (answers, want) in [
            (&[(92, 8, 1)][..], 100), // alone: the server has counted those on their way
            (&[(99, 8, 1)], 100),     // alone: it has not
            (&[(50, 10, 10)], 59),    // 50 used, 10 of them ours
            (&[(50, 10, 10), (45, 20, 8)], 59), // 55 used, 8 to 20 of them ours: still 40
            (&[(50, 10, 10), (40, 12, 12)], 51), // 60 used, 12 of them ours: now 48
            (&[(50, 10, 10), (80, 12, 12)], 91), // 20 used, 12 of them ours: now 8
            (&[(0, 10, 10)], 9),
            (&[(0, 0, 0)], 0),
        ] {
            let mut window = Window::default();
            for (left, most, fewest) in answers {
                let said = Said {
                    burst_left: Some(*left),
                    ..Said::default()
                };
                window.learn(&said, *most, *fewest, 0);
            }
            assert_eq!(window.ours(1), want, "{answers:?}");
            assert_eq!(window.ours(10_000), 100, "forgotten after a window");
        }
    }

    #[test]
    fn the_limits_come_from_the_headers() {
        let said = Said {
            burst: Some(20),
            window_ms: Some(1_000),
            day: Some(500),
            day_left: Some(499),
            ..Said::default()
        };
        let mut window = Window::default();
        window.learn(&said, 1, 0, 0);
        window.learn(&Said::default(), 1, 0, 0);
        let got = (
            window.ours(0),
            window.length_ms,
            window.day,
            window.day_left,
        );
        assert_eq!(got, (20, 1_000, 500, Some(499)));
    }
}
