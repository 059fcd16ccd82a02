//! The daily budget: what is left of it, for whom, and when it starts anew. Pure.

use serde::{Deserialize, Serialize};

use crate::model::{Lane, Millis};

use super::limits::Said;

pub const DAY_MS: i64 = 86_400_000;
/// Two answers nearer than this tell when a day turned between them.
const NEAR_MS: i64 = 600_000;
/// Of a day that may be any 24 h, a hundredth is left alone: we count in five minutes, and others count too.
const ROLLING_SPARE: u64 = 100;
/// A count of our own may be this part of the limit off before it tells that the side counts otherwise.
const SLACK: u64 = 50;

/// What is known of a side's day; kept for the other processes and the next.
///
/// Nobody publishes when a day starts. So it is any 24 h, by our own count, until more is left than a day of that kind
/// could have (it starts anew at some moment), or until an answer names the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayBudget {
    /// Requests of a day.
    pub limit: u64,
    /// Whether the day starts anew at some moment, known or not.
    turns: bool,
    /// When it does.
    ends_at: Option<Millis>,
    /// What the side last said to be left, and when.
    left: Option<(u64, Millis)>,
}

impl Default for DayBudget {
    /// Both sides' published limit.
    fn default() -> Self {
        Self {
            limit: 200_000,
            turns: false,
            ends_at: None,
            left: None,
        }
    }
}

impl DayBudget {
    /// Takes in the headers of an answer that came now, `wall`; `rolling` is what we sent in the last 24 h.
    pub fn learn(&mut self, said: &Said, wall: Millis, rolling: u64) {
        self.limit = said.day.unwrap_or(self.limit).max(1);
        if self.is_over(wall) {
            self.left = None;
            self.ends_at = self.ends_at.map(|at| next_turn(at, wall));
        }
        if let Some(ms) = said.day_resets_in_ms.filter(|ms| *ms <= DAY_MS) {
            self.turns = true;
            self.ends_at = Some(wall.plus(ms));
        }
        let Some(left) = said.day_left else {
            return;
        };
        if left + rolling > self.limit + self.limit / SLACK {
            let turned = self.left.is_some_and(|(before, at)| {
                before + self.limit / SLACK < left && wall.since(at) < NEAR_MS
            });
            if turned && said.day_resets_in_ms.is_none() {
                self.ends_at = Some(wall.plus(DAY_MS));
            }
            self.turns = true;
        }
        self.left = Some((left, wall));
    }

    /// Since when our own requests count against the day at `wall`.
    pub fn since(&self, wall: Millis) -> Millis {
        let started = self.ends_at.filter(|_| self.turns);
        started.map_or(wall, |at| next_turn(at, wall)).plus(-DAY_MS)
    }

    /// Requests left at `wall`, by our count since [`DayBudget::since`] and by the headers: the smaller.
    pub fn left(&self, wall: Millis, sent: u64) -> u64 {
        let heard = self.heard(wall);
        let limit = if self.turns {
            self.limit
        } else {
            self.limit - self.limit / ROLLING_SPARE
        };
        let counted = limit.saturating_sub(sent);
        match heard {
            // Our own count covers more than the day where we do not know when that started.
            Some(left) if self.turns && self.ends_at.is_none() => left,
            Some(left) => left.min(counted),
            None => counted,
        }
    }

    /// Of what is used, the others' part; `None` where no header says what is left.
    pub fn others(&self, wall: Millis, sent: u64) -> Option<u64> {
        let left = self.heard(wall)?;
        Some(self.limit.saturating_sub(left).saturating_sub(sent))
    }

    /// When the day starts anew, where that is known.
    pub fn ends_at(&self, wall: Millis) -> Option<Millis> {
        self.ends_at.map(|at| next_turn(at, wall))
    }

    /// Whether a request of a lane may go while so much is left.
    ///
    /// The less urgent, the more it leaves to those before it: when sweeps have eaten the day, what changes still
    /// travels, and an operator's action works to the last request.
    pub fn admits(&self, lane: Lane, left: u64) -> bool {
        left > self.limit * reserve_percent(lane) / 100
    }

    fn heard(&self, wall: Millis) -> Option<u64> {
        let (left, at) = self.left?;
        let is_old = self.is_over(wall) || wall.since(at) >= DAY_MS;
        (!is_old).then_some(left)
    }

    fn is_over(&self, wall: Millis) -> bool {
        self.ends_at.is_some_and(|at| at <= wall)
    }
}

/// What a lane leaves of the day to the more urgent ones.
const fn reserve_percent(lane: Lane) -> u64 {
    match lane {
        Lane::Operator => 0,
        Lane::Webhook => 1,
        Lane::Incremental => 3,
        Lane::Sweep => 10,
    }
}

/// The first turn after `wall` of days that turn at `at`.
fn next_turn(at: Millis, wall: Millis) -> Millis {
    let days = wall.since(at).div_euclid(DAY_MS) + 1;
    if days > 0 { at.plus(days * DAY_MS) } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis(20_000 * DAY_MS + DAY_MS / 2);

    fn left(left: u64) -> Said {
        Said {
            day_left: Some(left),
            ..Said::default()
        }
    }

    #[test]
    fn the_smaller_of_our_count_and_the_headers_is_left() {
        for (said, sent, want, others) in [
            (None, 0, 198_000, None), // any 24 h, a hundredth less
            (None, 198_000, 0, None), // spent by our own count
            (Some(150_000), 20_000, 150_000, Some(30_000)),
            (Some(150_000), 52_000, 146_000, Some(0)),
            (Some(0), 10, 0, Some(199_990)),
        ] {
            let mut day = DayBudget::default();
            if let Some(n) = said {
                day.learn(&left(n), NOON, sent);
            }
            assert_eq!(day.left(NOON, sent), want, "{said:?} {sent}");
            assert_eq!(day.others(NOON, sent), others, "{said:?} {sent}");
        }
    }

    #[test]
    fn a_jump_of_what_is_left_shows_when_the_day_turns() {
        let mut day = DayBudget::default();
        day.learn(&left(100_000), NOON, 100_000);
        assert_eq!(day.ends_at(NOON), None);
        assert_eq!(day.since(NOON), NOON.plus(-DAY_MS), "any 24 h");
        let turned = NOON.plus(60_000);
        day.learn(&left(199_999), turned, 100_001);
        assert_eq!(day.ends_at(turned), Some(turned.plus(DAY_MS)));
        assert_eq!(day.since(turned), turned);
        assert_eq!(day.left(turned, 1), 199_999);
        let later = turned.plus(DAY_MS + 5);
        assert_eq!(day.left(later, 0), 200_000, "the next day");
        assert_eq!(day.since(later), turned.plus(DAY_MS));
    }

    #[test]
    fn more_left_than_any_24_h_could_have_shows_that_it_turns_at_a_moment_unknown() {
        let mut day = DayBudget::default();
        day.learn(&left(195_000), NOON, 150_000);
        assert_eq!(
            (day.ends_at(NOON), day.left(NOON, 150_000)),
            (None, 195_000)
        );
    }

    #[test]
    fn a_moment_that_an_answer_names_is_taken() {
        let mut day = DayBudget::default();
        let said = Said {
            day_resets_in_ms: Some(7_200_000),
            ..left(3)
        };
        day.learn(&said, NOON, 50_000);
        let ends = NOON.plus(7_200_000);
        assert_eq!(day.ends_at(NOON), Some(ends));
        assert_eq!(day.left(ends.plus(-1), 50_000), 3);
        assert_eq!(day.left(ends, 0), 200_000);
    }

    #[test]
    fn the_more_urgent_lanes_keep_a_reserve() {
        let day = DayBudget::default();
        for (left, want) in [
            (20_001, [true, true, true, true]),
            (20_000, [true, true, true, false]),
            (6_000, [true, true, false, false]),
            (2_000, [true, false, false, false]),
            (1, [true, false, false, false]),
            (0, [false, false, false, false]),
        ] {
            assert_eq!(Lane::ALL.map(|lane| day.admits(lane, left)), want, "{left}");
        }
    }
}
