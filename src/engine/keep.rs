//! What is kept, and for how long: looked at after a pass.

use crate::model::Millis;

use super::EngineError;
use super::pass::Pass;

/// When old rows were last taken away.
const PRUNED: &str = "pruned";
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Pass<'_> {
    /// Takes away what is older than it should be, some rows a pass and at most once an hour when nothing is left of
    /// it; and what was forgotten out of the `-wal` file.
    pub(super) fn tidy(&self) -> Result<(), EngineError> {
        self.core.store().wipe()?;
        let now = self.core.now();
        let days = i64::from(self.core.keep_days);
        let last: Option<i64> = self.core.note(PRUNED)?;
        if last.is_some_and(|at| now.since(Millis(at)) < HOUR_MS) {
            return Ok(());
        }
        let before = match days {
            0 => Millis(0), // all is kept, but what was sent and answered
            days => now.plus(-days * DAY_MS),
        };
        if self.core.store().prune(self.fence, before)? {
            self.core.put_note(PRUNED, &now.0)?;
        }
        Ok(())
    }
}
