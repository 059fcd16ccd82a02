//! What happened to this machine rather than to the records: a database put back from an older copy, a clock that is
//! wrong. Each is told as a row of errors with the way out, and the row goes when it is over.

use crate::model::{Failure, Side};
use crate::store::RESTORED;

use super::EngineError;
use super::pass::Pass;

const OLDER_COPY: &str = "couplet older copy";
const CLOCK: &str = "couplet clock";
/// By so much the clocks of both sides may differ from ours before somebody is told.
const CLOCK_MS: i64 = 300_000;

impl Pass<'_> {
    /// Tells what is known to be wrong with this machine, and settles what is not any more.
    pub(super) fn tell_machine(&self) -> Result<(), EngineError> {
        let restored = self.core.store().note(RESTORED)?.is_some();
        self.told(
            OLDER_COPY,
            restored.then(|| {
                "the database was put back from an older copy: nothing is deleted before both sides were read in full; \
                 `couplet sync --once --full` does that now"
                    .into()
            }),
        )?;
        let offsets = Side::BOTH.map(|side| self.core.side(side).clock_offset_ms());
        let wrong = match offsets {
            [Some(ghl), Some(growbots)] if (ghl > 0) == (growbots > 0) => {
                let least = if ghl.abs() < growbots.abs() {
                    ghl
                } else {
                    growbots
                };
                (least.abs() >= CLOCK_MS).then_some(least)
            }
            _ => None,
        };
        self.told(
            CLOCK,
            wrong.map(|offset| {
                format!(
                    "the clock of this machine is {} s {} those of both sides: set it; times that operators give and \
                     times on the screen are wrong meanwhile, what is synced is not",
                    offset.abs() / 1_000,
                    if offset > 0 { "behind" } else { "ahead of" }
                )
            }),
        )
    }

    fn told(&self, pattern: &str, message: Option<String>) -> Result<(), EngineError> {
        let Some(message) = message else {
            return Ok(self.core.store().settle(self.fence, pattern)?);
        };
        let failure = Failure {
            pattern: pattern.into(),
            side: None,
            operation: "recovery".into(),
            status: None,
            message,
            link: None,
            next_retry_at: None,
        };
        self.core.store().raise(self.fence, &failure)?;
        Ok(())
    }
}
