//! How far a side's clock is ahead of ours, by its `Date` headers.

use std::collections::VecDeque;

use crate::model::Millis;

/// Answers that are looked at.
const KEPT: usize = 31;
/// A `Date` is cut off to the second: on average it is half of one too early.
const CUT_MS: i64 = 500;

/// The median of recent answers, right to a second.
#[derive(Clone, Debug, Default)]
pub struct Offset {
    of_late: VecDeque<i64>,
    least: Option<i64>,
}

impl Offset {
    /// An answer said `date`; it came at `now`, `took_ms` after its request went out.
    pub fn answered(&mut self, date: Millis, now: Millis, took_ms: i64) {
        if self.of_late.len() == KEPT {
            self.of_late.pop_front();
        }
        let middle = now.plus(-took_ms / 2);
        self.of_late.push_back(date.plus(CUT_MS).since(middle));
        // The side's clock had reached `date` before the answer came, however long that took.
        self.least = Some(date.since(now));
    }

    /// The side's clock less ours; `None` before the first answer.
    pub fn ms(&self) -> Option<i64> {
        let mut all: Vec<_> = self.of_late.iter().copied().collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied()
    }

    /// What the side's clock is ahead of ours at the least, whatever the network did: a moment of ours and this is
    /// never later than it was there.
    pub const fn least_ms(&self) -> Option<i64> {
        self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_right_to_a_second_and_follows_a_clock_that_is_set() {
        let mut offset = Offset::default();
        assert_eq!(offset.ms(), None);
        for ahead in [0, 86_400_000, -3_600_000] {
            for n in 0..31 {
                let server = Millis(1_000_000_000 + n * 617);
                let cut = Millis(server.0 - server.0.rem_euclid(1000));
                let took_ms = 40 + n * 7 % 90;
                offset.answered(cut, server.plus(took_ms / 2 - ahead), took_ms);
            }
            let got = offset.ms().expect("answers came");
            assert!((got - ahead).abs() <= 1_000, "{got} for {ahead}");
            let least = offset.least_ms().expect("answers came");
            assert!(
                least <= ahead && ahead - least < 1_100,
                "{least} for {ahead}"
            );
        }
    }

    #[test]
    fn an_answer_that_was_long_on_its_way_moves_no_moment_ahead() {
        let server = Millis(1_000_000_500);
        for (out, back) in [(0, 9_000), (9_000, 0), (20, 20)] {
            let mut offset = Offset::default();
            let cut = Millis(1_000_000_000);
            offset.answered(cut, server.plus(back), out + back);
            let now = server.plus(back + 40);
            let there = now.plus(offset.least_ms().expect("an answer came"));
            assert!(there <= now, "{out} {back}: both clocks are the same");
        }
    }
}
