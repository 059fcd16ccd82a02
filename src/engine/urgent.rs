//! Operators do not wait for a long reading: between two of its pages what they asked for is carried out and sent.

use crate::model::{Action, LinkId, Op};

use super::EngineError;
use super::pass::Pass;

impl Pass<'_> {
    /// Carries out what operators have asked for since, and sends what comes of it.
    pub(super) async fn let_operators_in(&self) -> Result<(), EngineError> {
        if self.dry || self.core.stopping.get() || self.operators_are_in.get() {
            return Ok(());
        }
        let pending = self.core.store().pending_actions()?;
        if pending.is_empty() {
            return Ok(());
        }
        let mut links = Vec::new();
        for (_, _, action) in &pending {
            match action {
                Action::Edit { link, .. } => links.push(*link),
                Action::Resolve { conflict, .. } => {
                    let conflict = self.core.reader.conflict(*conflict)?;
                    links.extend(conflict.map(|conflict| conflict.link));
                }
                Action::Undo { of } => {
                    let lines = self.core.store().undo_lines(*of)?;
                    links.extend(lines.iter().map(|line| line.entry.link));
                }
                _ => {}
            }
        }
        self.operators_are_in.set(true);
        let done = self.carry_out_between(&links).await;
        self.operators_are_in.set(false);
        done
    }

    /// Only these links: everything else waits until the reading is complete.
    async fn carry_out_between(&self, links: &[LinkId]) -> Result<(), EngineError> {
        self.carry_out_actions()?;
        if self.heed_pauses()? {
            return Ok(());
        }
        for link in links {
            self.merge_pair(*link)?;
        }
        self.send_all(|intent| {
            intent.write.cause.operator().is_some() && intent.write.op != Op::Delete
        })
        .await?;
        Ok(())
    }
}
