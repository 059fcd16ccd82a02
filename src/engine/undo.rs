//! Undo, carried out: earlier values become decided ones, records that were made go, deleted ones are made again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::merge::{Known, UndoStep, undo};
use crate::model::{
    Cause, ConflictId, Kind, LinkId, Linked, LogOp, NewLog, Op, Side, Undo, Write, WrittenLine,
};
use crate::store::LinkOutcome;

use super::EngineError;
use super::actions::{Asked, Carried};
use super::pass::Pass;
use super::verdict::{Verdict, What};

/// Records that go because their making was undone; a note of this name keeps them until they are gone.
const UNMADE: &str = "unmade";

/// What is to go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Unmade {
    side: Side,
    is_copy: bool,
    cause: Cause,
}

impl Pass<'_> {
    pub(super) fn undo(&self, asked: &Asked<'_>, of: Undo) -> Result<Carried, EngineError> {
        let lines = self.core.store().undo_lines(of)?;
        if lines.is_empty() {
            return Ok(Err(format!("{of} wrote nothing that can be undone")));
        }
        let known = self.known_of(&lines)?;
        let cause = Cause::Undo {
            of,
            action: asked.id,
            operator: asked.operator.to_owned(),
        };
        let plan = undo(&lines, &known, &self.core.map(), &cause);
        if plan.steps.is_empty() {
            let why = plan.refused.into_iter().map(|one| one.why);
            return Ok(Err(why.collect::<Vec<_>>().join("; ")));
        }
        for left in &plan.refused {
            if known.contains_key(&left.link) {
                let line = NewLog {
                    side: None,
                    op: LogOp::Refused,
                    fields: Vec::new(),
                    cause: None,
                    words: format!("{} asked to undo {of}: {}", asked.operator, left.why),
                    requests: 0,
                };
                self.core
                    .store()
                    .log(self.fence, self.id, left.link, &line)?;
            }
        }
        let mut again = Vec::new();
        for step in plan.steps {
            match step {
                UndoStep::Give { link, decided } => self.core.store().decide(
                    self.fence,
                    link,
                    None,
                    asked.operator,
                    None,
                    &[decided],
                )?,
                UndoStep::Unmake {
                    link,
                    side,
                    is_copy,
                } => {
                    let unmade = Unmade {
                        side,
                        is_copy,
                        cause: cause.clone(),
                    };
                    self.change_unmade(|all| all.insert(link, unmade))?;
                    self.core.store().touch(self.fence, &[link])?;
                }
                UndoStep::Rejoin { link } => {
                    self.core.drop_note(&Verdict::name(link))?;
                    self.core.store().touch(self.fence, &[link])?;
                }
                UndoStep::Remake { parent, write } => again.push((parent, write)),
            }
        }
        if !again.is_empty() {
            self.core
                .store()
                .make(self.fence, self.id, asked.id, &again)?;
        }
        Ok(Ok(()))
    }

    /// What the lines of an undo are about, as far as it is still there.
    fn known_of(&self, lines: &[WrittenLine]) -> Result<BTreeMap<LinkId, Known>, EngineError> {
        let mut known = BTreeMap::new();
        let contacts = lines
            .iter()
            .filter_map(|line| line.lost.as_ref().and_then(|lost| lost.parent));
        for link in lines.iter().map(|line| line.entry.link).chain(contacts) {
            if known.contains_key(&link) {
                continue;
            }
            let Some(linked) = self.core.store().linked(link)? else {
                continue;
            };
            let mut children = Vec::new();
            for kind in Kind::ALL.into_iter().filter(|kind| kind.is_child()) {
                let of_kind = self.core.store().children(kind, link)?;
                for child in of_kind {
                    children.push(self.seen(&child)?.linked.into_owned());
                }
            }
            let linked = self.seen(&linked)?.linked.into_owned();
            known.insert(link, Known { linked, children });
        }
        Ok(known)
    }

    /// Records whose making was undone and that are not gone yet.
    pub(super) fn unmade(&self) -> Result<BTreeMap<LinkId, Unmade>, EngineError> {
        Ok(self.core.note(UNMADE)?.unwrap_or_default())
    }

    fn change_unmade<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<LinkId, Unmade>) -> T,
    ) -> Result<(), EngineError> {
        let mut all = self.unmade()?;
        change(&mut all);
        if all.is_empty() {
            return Ok(self.core.drop_note(UNMADE)?);
        }
        Ok(self.core.put_note(UNMADE, &all)?)
    }

    /// The write that takes a record away whose making was undone; `None` when it is gone: a copy leaves its original
    /// alone, the rest goes the way of every delete.
    pub(super) fn unmake(
        &self,
        linked: &Linked,
        unmade: &Unmade,
    ) -> Result<Option<LinkOutcome>, EngineError> {
        let side = unmade.side;
        if let Some(end) = linked.ends.get(side).live() {
            return Ok(Some(LinkOutcome {
                link: linked.id,
                base: linked.base.clone(),
                writes: vec![Write {
                    link: linked.id,
                    side,
                    kind: linked.kind,
                    id: Some(end.id.clone()),
                    op: Op::Delete,
                    fields: Vec::new(),
                    cause: unmade.cause.clone(),
                }],
                ..LinkOutcome::default()
            }));
        }
        if unmade.is_copy && linked.ends.get(side.other()).live().is_some() {
            let verdict = Verdict {
                what: What::Alone,
                conflict: ConflictId::default(),
                operator: unmade.cause.operator().unwrap_or_default().to_owned(),
            };
            self.core.put_note(&Verdict::name(linked.id), &verdict)?;
            self.core.store().drop_end(self.fence, linked.id, side)?;
        }
        self.change_unmade(|all| all.remove(&linked.id))?;
        Ok(None)
    }

    /// A record whose making was undone is not what it was: it stays.
    pub(super) fn keep_unmade(&self, link: LinkId) -> Result<(), EngineError> {
        self.change_unmade(|all| all.remove(&link))
    }
}
