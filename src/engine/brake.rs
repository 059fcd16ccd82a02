//! The brake: more deletes or updates of one kind on one side than is plausible wait for an operator.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{
    Candidate, Cause, ConflictId, ConflictState, Intent, Kind, LinkId, Op, Reason, Side,
};

use super::EngineError;
use super::outdated::MOST;
use super::pass::Pass;

/// Writes that an operator let go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Approved {
    pub links: Vec<LinkId>,
}

/// Which writes one brake holds; whose they are is in its conflict.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Braked {
    pub conflict: ConflictId,
    pub kind: Kind,
    pub side: Side,
    pub op: Op,
}

impl Braked {
    fn name(kind: Kind, side: Side, op: Op) -> String {
        format!("brake.{}.{}.{}", kind.name(), side.name(), op.name())
    }

    pub fn note_name(&self) -> String {
        Self::name(self.kind, self.side, self.op)
    }

    pub fn approved_name(kind: Kind, side: Side, op: Op) -> String {
        format!("approved.{}.{}.{}", kind.name(), side.name(), op.name())
    }
}

/// The most writes of one sort that go without asking.
fn most(op: Op, linked: u64) -> u64 {
    match op {
        Op::Delete => (linked / 100).max(25),
        _ => (linked / 5).max(200),
    }
}

impl Pass<'_> {
    /// Takes out of `ready` what a brake holds. Creates, stamps, first links and what operators asked for go on.
    pub(super) fn brake(&self, ready: &mut Vec<Intent>) -> Result<(), EngineError> {
        for op in [Op::Delete, Op::Update] {
            for side in Side::BOTH {
                for kind in Kind::ALL {
                    self.brake_one(ready, kind, side, op)?;
                }
            }
        }
        Ok(())
    }

    fn brake_one(
        &self,
        ready: &mut Vec<Intent>,
        kind: Kind,
        side: Side,
        op: Op,
    ) -> Result<(), EngineError> {
        let is_of_sort = |intent: &Intent| {
            let write = &intent.write;
            write.kind == kind
                && write.side == side
                && write.op == op
                && matches!(
                    write.cause,
                    Cause::Change { .. } | Cause::Merge | Cause::Mapping
                )
        };
        // Most sorts have no write in a push: they ask the cache nothing.
        if !ready.iter().any(is_of_sort) {
            return Ok(());
        }
        let approved: Approved = self
            .core
            .note(&Braked::approved_name(kind, side, op))?
            .unwrap_or_default();
        let counts =
            |intent: &Intent| is_of_sort(intent) && !approved.links.contains(&intent.write.link);
        let held = self.held(kind, side, op)?;
        let number = ready.iter().filter(|intent| counts(intent)).count() as u64;
        if number == 0 {
            return Ok(());
        }
        if held.is_none() {
            let totals = self.core.reader.totals()?;
            if number <= most(op, totals.links.get(&kind).copied().unwrap_or(0)) {
                return Ok(());
            }
            self.hold(ready.iter().filter(|intent| counts(intent)), kind, side, op)?;
        }
        ready.retain(|intent| !counts(intent));
        Ok(())
    }

    /// An approval is for what was held then, not for later: at the end of a pass it lasts for what still waits.
    pub(super) fn end_approvals(&self) -> Result<(), EngineError> {
        let open = self.core.store().open_intents()?;
        for op in [Op::Delete, Op::Update] {
            for side in Side::BOTH {
                for kind in Kind::ALL {
                    let name = Braked::approved_name(kind, side, op);
                    let Some(approved) = self.core.note::<Approved>(&name)? else {
                        continue;
                    };
                    let waits = open.iter().any(|intent| {
                        let write = &intent.write;
                        (write.kind, write.side, write.op) == (kind, side, op)
                            && approved.links.contains(&write.link)
                    });
                    if !waits {
                        self.core.drop_note(&name)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The brake that holds this sort of write, while its conflict is open.
    fn held(&self, kind: Kind, side: Side, op: Op) -> Result<Option<Braked>, EngineError> {
        let Some(braked) = self.core.note::<Braked>(&Braked::name(kind, side, op))? else {
            return Ok(None);
        };
        let conflict = self.core.reader.conflict(braked.conflict)?;
        let open = conflict.is_some_and(|conflict| {
            matches!(conflict.state, ConflictState::Open | ConflictState::Decided)
        });
        Ok(open.then_some(braked))
    }

    fn hold<'i>(
        &self,
        intents: impl Iterator<Item = &'i Intent>,
        kind: Kind,
        side: Side,
        op: Op,
    ) -> Result<(), EngineError> {
        let mut candidates = Vec::new();
        for intent in intents {
            let link = intent.write.link;
            let Some(linked) = self.core.store().linked(link)? else {
                continue;
            };
            let Some(end) = linked.ends.get(side).last_seen() else {
                continue;
            };
            candidates.push(Candidate {
                side,
                id: end.id.clone(),
                title: end.record.title(kind),
                link: Some(link),
            });
        }
        // A record may stand for one mass change only, and may be held by two: as one of GHL, and one of Growbots.
        let open = self.core.reader.conflicts(MOST)?.into_iter();
        let others = open.filter(|one| one.reason == Reason::MassChange);
        let others: BTreeSet<LinkId> = others.map(|one| one.link).collect();
        let mut links = candidates.iter().filter_map(|one| one.link);
        let Some(first) = links.find(|link| !others.contains(link)) else {
            return Ok(());
        };
        let gone = (op == Op::Delete).then(|| side.other());
        let conflict = self.open_conflict(first, Reason::MassChange, &candidates, gone)?;
        let braked = Braked {
            conflict,
            kind,
            side,
            op,
        };
        self.core.put_note(&braked.note_name(), &braked)?;
        self.core.put_note(&format!("braked.{conflict}"), &braked)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brake_grows_with_the_number_of_linked_records() {
        for (op, linked, want) in [
            (Op::Delete, 0, 25),
            (Op::Delete, 2_310, 25),
            (Op::Delete, 10_000, 100),
            (Op::Update, 300, 200),
            (Op::Update, 118_400, 23_680),
        ] {
            assert_eq!(most(op, linked), want, "{op:?} {linked}");
        }
    }
}
