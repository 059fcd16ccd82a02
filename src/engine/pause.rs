//! Operators' pauses: of everything, or of one side.

use crate::model::{BySide, LoopState, Paused, Side};

use super::EngineError;
use super::core::Core;
use super::pass::Pass;

impl Core {
    /// Which sides rest now. A pause whose time is over is taken off.
    pub fn rests(&self) -> Result<BySide<bool>, EngineError> {
        let Some(paused) = self.status().paused else {
            return Ok(BySide::default());
        };
        let now = self.now();
        if paused.until.is_some_and(|until| until <= now) {
            self.tell(|status| status.paused = None)?;
        }
        Ok(BySide::from_fn(|side| paused.rests(side, now)))
    }

    /// Keeps what an operator asked for, and tells it.
    pub fn pause(&self, paused: Option<Paused>) -> Result<(), EngineError> {
        let all = paused.as_ref().is_some_and(|paused| paused.side.is_none());
        self.tell(|status| {
            status.paused = paused;
            status.state = if all {
                LoopState::Paused
            } else {
                LoopState::Idle
            };
        })?;
        Ok(())
    }
}

impl Pass<'_> {
    /// Takes the pauses of now over into this pass. Whether there is nothing left that it may do.
    pub(super) fn heed_pauses(&self) -> Result<bool, EngineError> {
        let rests = self.core.rests()?;
        let mut shut = self.shut.borrow_mut();
        for side in Side::BOTH {
            *shut.get_mut(side) |= *rests.get(side);
        }
        Ok(rests.ghl && rests.growbots)
    }

    /// Whether nothing more may be asked of a side in this pass: it rests, it is shut, or couplet stops.
    pub(super) fn is_over(&self, side: Side) -> bool {
        self.core.stopping.get() || *self.shut.borrow().get(side)
    }
}

/// The pause after one more was asked for: two of one side each are one of both.
pub(super) fn paused_too(before: Option<Paused>, asked: Paused) -> Paused {
    let side = match (before.map(|before| before.side), asked.side) {
        (Some(before), Some(side)) if before != Some(side) => None,
        (_, side) => side,
    };
    Paused { side, ..asked }
}

/// What is left of a pause when `side` (both for `None`) works again.
pub(super) fn resumed(before: Option<Paused>, side: Option<Side>) -> Option<Paused> {
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
