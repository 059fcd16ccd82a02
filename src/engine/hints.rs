//! What webhooks told is followed: the records are read, and then merged like any other.

use std::collections::BTreeSet;

use crate::model::{Happened, Hint, HintId, Kind, Lane, RecordId, Side};
use crate::remote::Found;
use crate::store::Lookup;

use super::EngineError;
use super::pass::Pass;
use super::shares::OPEN_TASKS;

/// Hints that one pass follows; the next one goes on.
const AT_ONCE: u32 = 500;

impl Pass<'_> {
    /// Reads what was told to have moved. A side with a change feed has been read already, and names what moved
    /// itself. A record that several hints name is read once.
    pub(super) async fn follow_hints(&self) -> Result<(), EngineError> {
        if self.dry {
            return Ok(());
        }
        let pending = self.core.store().pending_hints(AT_ONCE)?;
        if pending.is_empty() {
            return Ok(());
        }
        let mut read: BTreeSet<(Side, Kind, RecordId)> = BTreeSet::new();
        let mut followed: Vec<HintId> = Vec::new();
        for (id, hint) in pending {
            if self.rests(hint.side, Lane::Webhook) {
                continue;
            }
            let is_fed = self.core.side(hint.side).has_changes();
            let is_first = read.insert((hint.side, hint.kind, hint.id.clone()));
            if hint.what == Happened::Moved && !is_fed && is_first {
                self.follow(&hint).await?;
            }
            if let Happened::Called(end) = hint.what {
                // The contact may be newer than what was pulled.
                let known = self
                    .core
                    .store()
                    .lookup(hint.side, hint.kind, Lookup::Id(&hint.id))?;
                if is_first && known.is_empty() {
                    self.follow(&hint).await?;
                }
                self.core
                    .store()
                    .note_call(self.fence, &hint.id, &hint.event, end)?;
            }
            followed.push(id);
        }
        Ok(self.core.store().finish_hints(self.fence, &followed)?)
    }

    async fn follow(&self, hint: &Hint) -> Result<(), EngineError> {
        let Hint { side, kind, id, .. } = hint;
        if *side == Side::Ghl && *kind == Kind::Business {
            return Ok(());
        }
        let known = self.parent_of(*side, *kind, id)?;
        let told = hint.parent.clone();
        // A webhook is a hint: what is not there under a contact that only the hint names is not shown to be gone.
        if let (Some(told), Some(known)) = (&told, &known)
            && told != known
        {
            let lane = self.lane(Lane::Webhook);
            let found = self.core.side(*side).get(lane, *kind, Some(told), id).await;
            if let Ok(Found::Live(snapshot)) = found {
                return self.put_found(&snapshot);
            }
        }
        let parent = known.or(told);
        // GHL tells of a new task without its contact, by which alone it can be read: the list of open tasks has it.
        if *side == Side::Ghl && *kind != Kind::Contact && parent.is_none() {
            return OPEN_TASKS.ask(self.core);
        }
        self.read_one(*side, *kind, parent.as_ref(), id, Lane::Webhook)
            .await
    }

    fn parent_of(
        &self,
        side: Side,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Option<RecordId>, EngineError> {
        let store = self.core.store();
        let Some(found) = store.lookup(side, kind, Lookup::Id(id))?.into_iter().next() else {
            return Ok(None);
        };
        let linked = store.linked(found.link)?;
        let live = linked
            .as_ref()
            .and_then(|linked| linked.ends.get(side).live());
        Ok(live.and_then(|snapshot| snapshot.parent.clone()))
    }
}
