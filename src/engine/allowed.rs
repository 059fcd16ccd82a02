//! What a key may not do ends neither the pass nor the reading: one error row a side says it, and the writes wait.

use crate::model::{BySide, Intent, Kind, PassSummary, Side};
use crate::remote::RemoteError;

use super::EngineError;
use super::core::{Core, failure};
use super::pass::Pass;

/// How long no write is tried on a side that lets us write nothing. An operator's is tried at once.
const WRITES_AGAIN_MS: i64 = 5 * 60_000;
/// Set while the tasks of GHL cannot be listed.
const TASKS_UNREAD: &str = "tasks.ghl.unread";

fn writes(side: Side) -> String {
    format!("writes.{}.forbidden", side.name())
}

/// Sides to which nothing is written in a pass that begins now.
pub(super) fn barred(core: &Core, urgent: bool) -> Result<BySide<bool>, EngineError> {
    let mut barred = BySide::default();
    for side in Side::BOTH {
        let mark = writes(side);
        *barred.get_mut(side) = !urgent && !core.is_due(&mark, WRITES_AGAIN_MS)?;
    }
    Ok(barred)
}

impl Pass<'_> {
    /// Whether an intent waits, since the key may not write it, or not read what it could double.
    pub(super) fn is_barred(&self, intent: &Intent) -> Result<bool, EngineError> {
        let (side, kind) = (intent.write.side, intent.write.kind);
        Ok(*self.barred.borrow().get(side)
            || (side == Side::Ghl
                && kind == Kind::Task
                && self.core.note::<bool>(TASKS_UNREAD)? == Some(true)))
    }

    /// The key may not write to a side: nothing more is, and one row of errors says why.
    pub(super) fn bar_writes(
        &self,
        intent: &Intent,
        error: &RemoteError,
    ) -> Result<(), EngineError> {
        let side = intent.write.side;
        self.core.store().mark_planned(self.fence, intent.id)?;
        let was = std::mem::replace(self.barred.borrow_mut().get_mut(side), true);
        if !was {
            self.raise_once(&writes(side), error)?;
            self.core.mark_done(&writes(side))?;
        }
        Ok(())
    }

    /// Writes that went through end the row.
    pub(super) fn unbar_writes(&self) -> Result<(), EngineError> {
        for side in Side::BOTH {
            if !*self.barred.borrow().get(side) && wrote(&self.summary.borrow(), side) {
                self.core.store().settle(self.fence, &writes(side))?;
                self.core.drop_note(&writes(side))?;
            }
        }
        Ok(())
    }

    /// The tasks of GHL were listed, or the key may not list them: then none is made there, since it may exist.
    pub(super) fn tasks_listed(&self, listed: Result<(), EngineError>) -> Result<(), EngineError> {
        match listed {
            Err(EngineError::Remote(error @ RemoteError::Forbidden { .. })) => {
                self.raise_once(TASKS_UNREAD, &error)?;
                self.core.put_note(TASKS_UNREAD, &true)
            }
            Ok(()) if self.core.note::<bool>(TASKS_UNREAD)?.is_some() => {
                self.core.store().settle(self.fence, TASKS_UNREAD)?;
                self.core.drop_note(TASKS_UNREAD)
            }
            listed => return listed,
        }
        .map_err(EngineError::from)
    }

    fn raise_once(&self, pattern: &str, error: &RemoteError) -> Result<(), EngineError> {
        let mut row = failure(error, "sync", None);
        pattern.clone_into(&mut row.pattern);
        if let Some(hint) = error.hint() {
            row.message = format!("{}; {hint}", row.message);
        }
        self.summary.borrow_mut().errors += 1;
        self.core.store().raise(self.fence, &row)?;
        Ok(())
    }
}

const fn wrote(summary: &PassSummary, side: Side) -> bool {
    let PassSummary {
        created,
        updated,
        deleted,
        ..
    } = summary;
    match side {
        Side::Ghl => created.ghl + updated.ghl + deleted.ghl > 0,
        Side::Growbots => created.growbots + updated.growbots + deleted.growbots > 0,
    }
}
