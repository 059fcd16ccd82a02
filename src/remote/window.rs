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
    others: u32,
    others_until: i64,
    careful_until: i64,
}

impl Default for Window {
    /// Both sides' published limits, until a header says otherwise.
    fn default() -> Self {
        Self {
            limit: 100,
            length_ms: 10_000,
            day: 200_000,
            day_left: None,
            others: 0,
            others_until: 0,
            careful_until: 0,
        }
    }
}

/// Once somebody else was seen, we look at the headers the careful way for this long.
const CAREFUL_MS: i64 = 60_000;

impl Window {
    /// Takes in an answer's headers. `in_use` is what our log holds, `in_flight` what of it has no answer yet.
    ///
    /// Those in flight may or may not be in the server's count. Alone, they are taken to be in it, so that our own
    /// requests are never mistaken for others'; once others were seen, they are not.
    pub fn learn(&mut self, said: &Said, in_use: u32, in_flight: u32, now: i64) {
        self.limit = said.burst.unwrap_or(self.limit).max(1);
        self.length_ms = said.window_ms.unwrap_or(self.length_ms).max(1);
        self.day = said.day.unwrap_or(self.day);
        self.day_left = said.day_left.or(self.day_left);
        let Some(left) = said.burst_left else {
            return;
        };
        let used = self.limit.saturating_sub(left);
        if used > in_use {
            self.careful_until = now + CAREFUL_MS;
        }
        let ours = if now < self.careful_until {
            in_use.saturating_sub(in_flight)
        } else {
            in_use
        };
        self.others = used.saturating_sub(ours);
        self.others_until = now + i64::from(self.length_ms);
    }

    /// A 429 came: somebody else is there, or the server counts otherwise than we thought.
    pub const fn refused(&mut self, now: i64) {
        self.careful_until = now + CAREFUL_MS;
    }

    /// Places that we may have in use now.
    pub const fn ours(&self, now: i64) -> u32 {
        if now < self.others_until {
            self.limit.saturating_sub(self.others)
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
        for (left, in_use, in_flight, want) in [
            (92, 8, 7, 100), // alone: the server has counted those in flight
            (99, 8, 7, 100), // alone: it has not
            (50, 10, 0, 60), // 50 used, 10 of them ours
            (50, 10, 4, 56), // 50 used, perhaps only 6 of them ours
            (0, 10, 0, 10),
            (0, 0, 0, 0),
        ] {
            let said = Said {
                burst_left: Some(left),
                ..Said::default()
            };
            let mut window = Window::default();
            window.learn(&said, in_use, in_flight, 0);
            assert_eq!(window.ours(1), want, "{left} {in_use} {in_flight}");
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
