//! What the processes of a workspace tell each other of a side: what its headers said, and how much of the day is used.

use serde::{Deserialize, Serialize};

use crate::model::{Millis, SlotsError};

use super::{DAY_MS, DayBudget, LONGEST_WAIT_MS, Limiter, State};

/// How old our own count of the day, and what another process heard, may be.
const RECOUNT_MS: i64 = 60_000;

/// Our own requests of the day, and of the last 24 h.
#[derive(Clone, Copy)]
pub struct Counted {
    at: i64,
    pub day: u64,
    pub rolling: u64,
}

/// What all processes know of a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    at: Millis,
    burst: u32,
    day: DayBudget,
    shut_until: Option<Millis>,
}

impl Limiter {
    /// Our own count, and what other processes heard: at most a minute old.
    pub(super) fn count(&self, state: &mut State) -> Result<Counted, SlotsError> {
        let now = self.clock.ticks();
        let wall = self.clock.now();
        if let Some(counted) = state.counted
            && now < counted.at + RECOUNT_MS
        {
            return Ok(counted);
        }
        if let Some(text) = self.slots.heard(self.side)?
            && let Ok(heard) = serde_json::from_str::<Heard>(&text)
            && state.kept.as_ref().is_none_or(|kept| kept.at < heard.at)
        {
            state.window.expect(heard.burst);
            state.day = heard.day;
            // A wall clock that was set must not shut the side for longer than a day.
            let shut = heard.shut_until.map_or(0, |until| until.since(wall));
            state.blocked_until = state.blocked_until.max(now + shut.min(DAY_MS));
            state.kept = Some(heard);
        }
        let counted = Counted {
            at: now,
            day: self.slots.sent_since(self.side, state.day.since(wall))?,
            rolling: self.slots.sent_since(self.side, wall.plus(-DAY_MS))?,
        };
        state.counted = Some(counted);
        Ok(counted)
    }

    /// Keeps what was heard for other processes: at once where it decides something, else once a minute.
    pub(super) fn keep(&self, state: &mut State) -> Result<(), SlotsError> {
        let (now, wall) = (self.clock.ticks(), self.clock.now());
        let shut = state.blocked_until - now;
        let heard = Heard {
            at: wall,
            burst: state.window.limit,
            day: state.day,
            shut_until: (shut > LONGEST_WAIT_MS).then(|| wall.plus(shut)),
        };
        let is_news = state.kept.as_ref().is_none_or(|kept| {
            kept.burst != heard.burst
                || kept.day.limit != heard.day.limit
                || kept.day.since(wall) != heard.day.since(wall)
                || kept.shut_until.is_some() != heard.shut_until.is_some()
                || wall.since(kept.at).abs() >= RECOUNT_MS
        });
        if is_news {
            if let Ok(text) = serde_json::to_string(&heard) {
                self.slots.put_heard(self.side, &text)?;
            }
            state.kept = Some(heard);
        }
        Ok(())
    }
}
