//! Whose turn it is when requests of several lanes wait: a pure chooser.

use crate::model::Lane;

/// Deals places by [`Lane::share`] among the lanes that have work; within a lane first come, first served.
///
/// Each lane has a mark that moves on by the inverse of its share with each place; the lane with the lowest mark is
/// next, the more urgent where marks are equal. A lane that was idle starts at the present, so that it cannot save up.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    marks: [u64; 4],
    present: u64,
}

impl Lanes {
    /// A lane that had nothing waiting has something now.
    pub fn wakes(&mut self, lane: Lane) {
        let mark = &mut self.marks[lane as usize];
        *mark = (*mark).max(self.present);
    }

    /// The next of the waiting lanes.
    pub fn next(&self, waiting: impl Iterator<Item = Lane>) -> Option<Lane> {
        waiting.min_by_key(|lane| (self.marks[*lane as usize], *lane))
    }

    /// A place went to `lane`.
    pub fn served(&mut self, lane: Lane) {
        let mark = &mut self.marks[lane as usize];
        self.present = self.present.max(*mark);
        *mark += 1000 / u64::from(lane.share());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_by_share_and_an_empty_lane_gives_its_own_to_the_others() {
        use Lane::{Incremental, Operator, Sweep, Webhook};
        for (waiting, want) in [
            (
                &[Operator, Webhook, Incremental, Sweep][..],
                [40, 25, 25, 10],
            ),
            (&[Sweep], [0, 0, 0, 100]),
            (&[Operator, Sweep], [80, 0, 0, 20]),
            (&[Webhook, Incremental], [0, 50, 50, 0]),
        ] {
            let mut lanes = Lanes::default();
            let mut got = [0; 4];
            for _ in 0..100 {
                let lane = lanes.next(waiting.iter().copied()).expect("one waits");
                lanes.served(lane);
                got[lane as usize] += 1;
            }
            assert_eq!(got, want, "{waiting:?}");
        }
    }

    #[test]
    fn a_lane_that_was_idle_gets_its_share_from_now_on_and_no_more() {
        let mut lanes = Lanes::default();
        for _ in 0..1000 {
            lanes.served(Lane::Sweep);
        }
        lanes.wakes(Lane::Webhook);
        let mut webhooks = 0;
        for _ in 0..35 {
            let both = [Lane::Webhook, Lane::Sweep].into_iter();
            let lane = lanes.next(both).expect("both wait");
            lanes.served(lane);
            webhooks += u32::from(lane == Lane::Webhook);
        }
        assert!((24..=27).contains(&webhooks), "{webhooks} of 35");
    }
}
