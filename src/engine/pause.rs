//! Operators' pauses: of everything, of one side, or of one lane of requests. The operator lane never rests.

use crate::model::{BySide, Lane, LoopState, Paused, Side};

use super::EngineError;
use super::actions::Carried;
use super::core::Core;
use super::pass::Pass;

impl Core {
    /// Which sides rest now. Pauses whose time is over are taken off.
    pub fn rests(&self) -> Result<BySide<bool>, EngineError> {
        let (status, now) = (self.status(), self.now());
        let is_over = |paused: &Paused| paused.until.is_some_and(|until| until <= now);
        if status
            .paused
            .iter()
            .chain(&status.lanes_paused)
            .any(is_over)
        {
            self.tell(|status| {
                status.paused = status.paused.take().filter(|paused| !is_over(paused));
                status.lanes_paused.retain(|paused| !is_over(paused));
            })?;
        }
        Ok(BySide::from_fn(|side| {
            let paused = status.paused.as_ref();
            paused.is_some_and(|paused| paused.rests(side, now))
        }))
    }

    /// Whether what webhooks tell is looked at on neither side.
    pub fn hints_rest(&self) -> bool {
        let (status, now) = (self.status(), self.now());
        let rests = |side| status.lane_pause(side, Lane::Webhook, now).is_some();
        Side::BOTH.into_iter().all(rests)
    }

    /// Keeps a pause that an operator asked for, and tells it.
    pub fn pause(&self, asked: Paused) -> Result<Carried, EngineError> {
        if asked.lane == Some(Lane::Operator) {
            return Ok(Err("the operator lane cannot be paused".into()));
        }
        self.tell(|status| {
            if asked.lane.is_some() {
                let of_lane = |paused: &Paused| paused.lane == asked.lane;
                let at = status.lanes_paused.iter().position(of_lane);
                let before = at.map(|at| status.lanes_paused.remove(at));
                status.lanes_paused.push(paused_too(before, asked));
            } else {
                status.paused = Some(paused_too(status.paused.take(), asked));
            }
            tell_whether_all_rests(status);
        })?;
        Ok(Ok(()))
    }

    /// What is named works again; without a lane the side and all its lanes.
    pub fn resume(&self, side: Option<Side>, lane: Option<Lane>) -> Result<(), EngineError> {
        self.tell(|status| {
            if lane.is_none() {
                status.paused = resumed(status.paused.take(), side);
            }
            let pauses = std::mem::take(&mut status.lanes_paused);
            let left = pauses.into_iter().filter_map(|paused| {
                if lane.is_none() || paused.lane == lane {
                    resumed(Some(paused), side)
                } else {
                    Some(paused)
                }
            });
            status.lanes_paused = left.collect();
            tell_whether_all_rests(status);
        })?;
        Ok(())
    }
}

fn tell_whether_all_rests(status: &mut crate::model::LoopStatus) {
    let all = |paused: &Paused| paused.side.is_none();
    status.state = if status.paused.as_ref().is_some_and(all) {
        LoopState::Paused
    } else {
        LoopState::Idle
    };
}

impl Pass<'_> {
    /// Takes the pauses of now over into this pass. Whether there is nothing left that it may do.
    pub(super) fn heed_pauses(&self) -> Result<bool, EngineError> {
        let rests = self.core.rests()?;
        let mut shut = self.shut.borrow_mut();
        for side in Side::BOTH {
            *shut.get_mut(side) |= *rests.get(side);
        }
        // The first reading of a side is one piece: the sweeps in it do not rest.
        let backfilled = self.is_backfilled()?;
        let (status, now) = (self.core.status(), self.core.now());
        *self.resting.borrow_mut() = BySide::from_fn(|side| {
            let lanes = Lane::ALL.into_iter();
            let rests = |lane: &Lane| status.lane_pause(side, *lane, now).is_some();
            lanes
                .filter(rests)
                .filter(|lane| backfilled || *lane != Lane::Sweep)
                .collect()
        });
        Ok(rests.ghl && rests.growbots)
    }

    /// Whether nothing more may be asked of a side in this pass: it rests, it is shut, or couplet stops.
    pub(super) fn is_over(&self, side: Side) -> bool {
        self.core.stopping.get() || *self.shut.borrow().get(side)
    }

    /// The same, or what would be asked is of a lane that rests. In a pass that an operator asked for none does.
    pub(super) fn rests(&self, side: Side, lane: Lane) -> bool {
        let rests = || self.resting.borrow().get(side).contains(&lane);
        self.is_over(side) || (!self.asked_for.get() && rests())
    }
}

/// The pause after one more was asked for: two of one side each are one of both.
fn paused_too(before: Option<Paused>, asked: Paused) -> Paused {
    let side = match (before.map(|before| before.side), asked.side) {
        (Some(before), Some(side)) if before != Some(side) => None,
        (_, side) => side,
    };
    Paused { side, ..asked }
}

/// What is left of a pause when `side` (both for `None`) works again.
fn resumed(before: Option<Paused>, side: Option<Side>) -> Option<Paused> {
    let before = before?;
    match (before.side, side) {
        (None, Some(side)) => Some(Paused {
            side: Some(side.other()),
            ..before
        }),
        (Some(only), Some(side)) if only != side => Some(before),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;

    fn pause(side: Option<Side>) -> Paused {
        Paused {
            by: "dana".into(),
            at: Millis(0),
            until: None,
            note: None,
            side,
            lane: None,
        }
    }

    #[test]
    fn pauses_of_both_sides_one_after_the_other_are_one_pause() {
        let (ghl, growbots) = (Some(Side::Ghl), Some(Side::Growbots));
        // before (`None`: no pause), asked, after
        for (before, asked, want) in [
            (None, None, None),
            (None, ghl, ghl),
            (Some(ghl), ghl, ghl),
            (Some(ghl), growbots, None),
            (Some(None), ghl, None),
            (Some(growbots), None, None),
        ] {
            let after = paused_too(before.map(pause), pause(asked));
            assert_eq!(after.side, want, "{before:?} {asked:?}");
        }
    }

    #[test]
    fn a_side_that_works_again_leaves_the_other_one_resting() {
        let (ghl, growbots) = (Some(Side::Ghl), Some(Side::Growbots));
        // before, resumed, after (`None`: no pause)
        for (before, side, want) in [
            (None, None, None),
            (None, ghl, Some(growbots)),
            (ghl, growbots, Some(ghl)),
            (ghl, ghl, None),
            (ghl, None, None),
        ] {
            let after = resumed(Some(pause(before)), side);
            assert_eq!(after.map(|after| after.side), want, "{before:?} {side:?}");
        }
    }

    #[test]
    fn a_pause_is_over_when_its_time_has_come() {
        let paused = Paused {
            until: Some(Millis(1_000)),
            ..pause(Some(Side::Ghl))
        };
        for (side, now, want) in [
            (Side::Ghl, 999, true),
            (Side::Ghl, 1_000, false),
            (Side::Growbots, 999, false),
        ] {
            assert_eq!(paused.rests(side, Millis(now)), want, "{side} {now}");
        }
    }
}
