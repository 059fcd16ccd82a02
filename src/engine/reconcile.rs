//! Merge and plan: each dirty link becomes an outcome, and its writes become intents, in one transaction a batch.

use std::collections::BTreeSet;

use crate::merge::lifecycle::{DeleteStep, create_fields, delete_step, is_as_agreed};
use crate::merge::planner::group_writes;
use crate::merge::record::merge_record_under;
use crate::model::{
    BySide, Cause, ConflictField, End, FieldName, Held, Intent, Kind, LinkId, Linked, Op, Parked,
    Reason, RecordId, Side, Snapshot, Why, Write,
};
use crate::store::{ConflictUpdate, LinkOutcome, Lookup};

use super::EngineError;
use super::mapped::Seen;
use super::outdated::MOST;
use super::pass::Pass;
use super::settle::may_have_made;
use super::verdict::What;

const BATCH: u32 = 500;

/// What comes of one dirty link.
enum Step {
    /// Store this.
    Commit(LinkOutcome),
    /// One side deleted what the other edited.
    DeleteEdit { gone: Side },
    /// Nothing is left of it.
    Forget,
    /// It waits for something else, and stays dirty.
    Later,
}

impl Pass<'_> {
    pub(super) fn merge_dirty(&self, kind: Kind) -> Result<(), EngineError> {
        let mut after = LinkId::default();
        let lost = self.lost_creates(kind)?;
        let mut asked = None;
        let unmade = self.unmade()?;
        loop {
            let batch = self.core.store().dirty(kind, after, BATCH)?;
            let Some(last) = batch.last() else {
                return Ok(());
            };
            after = last.id;
            self.core.keep_lease()?;
            // Read where something is to be merged only: a pass with nothing to do asks for no conflicts.
            let asked = match &mut asked {
                Some(asked) => asked,
                none => none.insert(self.asked_about(kind)?),
            };
            let mut outcomes = Vec::with_capacity(batch.len());
            let mut followed = Vec::new();
            for linked in &batch {
                let seen = self.seen(linked)?;
                let step = match unmade.get(&linked.id) {
                    Some(unmade) => match self.unmake(linked, unmade)? {
                        Some(outcome) => Step::Commit(outcome),
                        None => Step::Later,
                    },
                    None => self.step(linked, &seen, (&lost, asked))?,
                };
                match step {
                    Step::Commit(mut outcome) => {
                        followed.push((linked, self.as_own(linked, seen, &mut outcome)?));
                        outcomes.push(outcome);
                    }
                    Step::DeleteEdit { gone } => {
                        self.open_conflict(linked.id, Reason::DeleteEdit, &[], Some(gone))?;
                    }
                    Step::Forget => {
                        self.core.store().forget_link(
                            self.fence,
                            self.id,
                            linked.id,
                            "gone on both sides",
                        )?;
                    }
                    Step::Later => {}
                }
            }
            self.core.store().commit(self.fence, self.id, &outcomes)?;
            for (linked, after) in followed {
                self.follow_up(linked, after)?;
            }
        }
    }

    /// Merges one link alone, if both sides have it and nothing holds it.
    pub(super) fn merge_pair(&self, link: LinkId) -> Result<(), EngineError> {
        let store = self.core.store();
        let Some(linked) = store.linked(link)? else {
            return Ok(());
        };
        let dirty = store.dirty(linked.kind, LinkId(link.0 - 1), 1)?;
        drop(store);
        if let Some(linked) = dirty.first().filter(|dirty| dirty.id == link)
            && let (End::Live(ghl), End::Live(growbots)) = (&linked.ends.ghl, &linked.ends.growbots)
        {
            let seen = self.seen(linked)?;
            let mut outcome = self.merged(&seen, ghl, growbots)?;
            let after = self.as_own(linked, seen, &mut outcome)?;
            self.core.store().commit(self.fence, self.id, &[outcome])?;
            self.follow_up(linked, after)?;
        }
        Ok(())
    }

    /// Children of which an operator is asked whether they are what a lost create made.
    fn asked_about(&self, kind: Kind) -> Result<BTreeSet<RecordId>, EngineError> {
        if !kind.is_child() {
            return Ok(BTreeSet::new());
        }
        let open = self.core.reader.conflicts(MOST)?.into_iter();
        let asks = open.filter(|one| one.kind == kind && one.reason == Reason::AmbiguousMatch);
        Ok(asks
            .flat_map(|one| one.candidates)
            .map(|one| one.id)
            .collect())
    }

    fn step(
        &self,
        own: &Linked,
        seen: &Seen<'_>,
        (lost, asked): (&[Intent], &BTreeSet<RecordId>),
    ) -> Result<Step, EngineError> {
        let may_be_made = |side: Side| {
            let end = own.ends.get(side).live();
            end.is_some_and(|end| {
                asked.contains(&end.id) || lost.iter().any(|intent| may_have_made(intent, end))
            })
        };
        let linked = &*seen.linked;
        match (&linked.ends.ghl, &linked.ends.growbots) {
            (End::Live(ghl), End::Live(growbots)) => {
                self.drop_verdict(linked)?;
                Ok(Step::Commit(self.merged(seen, ghl, growbots)?))
            }
            // It may be what we made: its pair is told by the settling of that, and until then it is not alone.
            (End::Live(from), End::Missing) | (End::Missing, End::Live(from))
                if may_be_made(from.side) =>
            {
                Ok(Step::Later)
            }
            (End::Live(from), End::Missing) => self.lone(linked, from, Side::Growbots),
            (End::Missing, End::Live(from)) => self.lone(linked, from, Side::Ghl),
            (End::Missing, End::Missing) => Ok(Step::Later),
            // What was made of it, if anything, goes the way of the original, once that is found out.
            (End::Gone(_), End::Missing) | (End::Missing, End::Gone(_))
                if lost.iter().any(|intent| intent.write.link == own.id) =>
            {
                Ok(Step::Later)
            }
            _ => self.deleted(linked),
        }
    }

    fn merged(
        &self,
        seen: &Seen<'_>,
        ghl: &Snapshot,
        growbots: &Snapshot,
    ) -> Result<LinkOutcome, EngineError> {
        let linked = &*seen.linked;
        let map = self.core.map();
        let skew_ms = self.core.skew_ms();
        let standing = self.standing(linked)?;
        let mut merge = if seen.canonical.keeps_title {
            merge_record_under(linked, &map.keeping_title(), skew_ms, &standing)
        } else {
            merge_record_under(linked, &map, skew_ms, &standing)
        };
        self.name_news(linked, &mut merge.writes);
        let mut writes = group_writes(linked, merge.writes);
        if growbots.external_id.as_ref() != Some(&ghl.id)
            && !linked.parked.iter().any(is_stamp)
            && self.core.side(Side::Growbots).keeps_external_ids()
        {
            writes.push(Write {
                link: linked.id,
                side: Side::Growbots,
                kind: linked.kind,
                id: Some(growbots.id.clone()),
                op: Op::Stamp,
                fields: Vec::new(),
                cause: Cause::FirstLink,
            });
        }
        let base = merge.base.into_owned();
        let mut apart = merge.conflicts;
        apart.extend(on_their_way(linked, &merge.drop_decided));
        // In one order, whoever is decided: what only moved within the list is no news to an operator.
        apart.sort_by(|one, two| one.field.cmp(&two.field));
        let conflict = (!apart.is_empty()).then_some(ConflictUpdate { fields: apart });
        Ok(LinkOutcome {
            link: linked.id,
            base: Some(base),
            conflict,
            held: merge.held,
            drop_decided: merge.drop_decided,
            drop_parked: merge.drop_parked,
            writes,
        })
    }

    /// A record that only one side has: it is made on the other, if the map lets it and nothing holds it.
    fn lone(&self, linked: &Linked, from: &Snapshot, to: Side) -> Result<Step, EngineError> {
        let mut outcome = LinkOutcome {
            link: linked.id,
            base: linked.base.clone(),
            ..LinkOutcome::default()
        };
        if let Some(cause) = self.wrongly_stamped(linked.kind, from)? {
            outcome.writes.push(Write {
                link: linked.id,
                side: from.side,
                kind: linked.kind,
                id: Some(from.id.clone()),
                op: Op::Stamp,
                fields: Vec::new(),
                cause,
            });
            return Ok(Step::Commit(outcome));
        }
        let verdict = self.verdict(linked.id)?;
        if verdict
            .as_ref()
            .is_some_and(|verdict| verdict.what == What::Alone)
        {
            return Ok(Step::Commit(outcome));
        }
        let map = self.core.map();
        let fields = create_fields(linked, to, &map);
        if fields.is_empty() {
            return Ok(Step::Commit(outcome));
        }
        let mut cause = verdict.map(|verdict| verdict.cause());
        if cause.is_none() && !map.lets_make(linked, to, self.core.now()) {
            cause = self.lead_asked_for(linked.id, to)?;
            if cause.is_none() {
                return Ok(Step::Commit(outcome));
            }
        }
        if linked.kind.is_child() && self.parent_id(linked, to)?.is_none() {
            return Ok(Step::Later);
        }
        let refused = linked.parked.iter().filter(|parked| parked.side == to);
        let (still, moved): (Vec<_>, Vec<_>) = refused.partition(|parked| {
            parked.seen.get(from.side).as_ref() == from.record.get(&parked.field)
        });
        outcome.drop_parked = moved.iter().map(|parked| parked.field.clone()).collect();
        if moved.is_empty() && !still.is_empty() {
            outcome.held = still
                .iter()
                .map(|parked| Held {
                    field: parked.field.clone(),
                    why: Why::Parked,
                })
                .collect();
            return Ok(Step::Commit(outcome));
        }
        outcome.writes.push(Write {
            link: linked.id,
            side: to,
            kind: linked.kind,
            id: None,
            op: Op::Create,
            fields,
            cause: cause.unwrap_or(Cause::Change { side: from.side }),
        });
        Ok(Step::Commit(outcome))
    }

    /// A record that a side says is gone.
    fn deleted(&self, linked: &Linked) -> Result<Step, EngineError> {
        if self.went_with_its_contact(linked)? {
            return Ok(Step::Later);
        }
        if let Some(gone) = self.was_left_behind(linked)? {
            self.core.store().drop_end(self.fence, linked.id, gone)?;
            return Ok(Step::Later);
        }
        let mut outcome = LinkOutcome {
            link: linked.id,
            base: linked.base.clone(),
            ..LinkOutcome::default()
        };
        let verdict = self.verdict(linked.id)?;
        let step = match (&verdict, gone_and_live(linked)) {
            (Some(verdict), Some((_, live))) if verdict.what == What::Delete => {
                DeleteStep::Delete(live.side)
            }
            (_, Some((gone, _))) => delete_step(
                linked,
                self.children_changed(linked, gone.other())?,
                &self.core.map(),
            ),
            (_, None) => DeleteStep::Forget,
        };
        match step {
            DeleteStep::Delete(side) => {
                let Some(live) = linked.ends.get(side).live() else {
                    return Ok(Step::Forget);
                };
                // Their change goes to their new contact first.
                if self.moved_children_changed(linked, side)? {
                    return Ok(Step::Later);
                }
                let cause = verdict.map_or(Cause::Change { side: side.other() }, |verdict| {
                    verdict.cause()
                });
                outcome.writes.push(Write {
                    link: linked.id,
                    side,
                    kind: linked.kind,
                    id: Some(live.id.clone()),
                    op: Op::Delete,
                    fields: Vec::new(),
                    cause,
                });
                Ok(Step::Commit(outcome))
            }
            DeleteStep::Conflict { gone } => Ok(Step::DeleteEdit { gone }),
            DeleteStep::Forget => Ok(Step::Forget),
            DeleteStep::Nothing => Ok(Step::Commit(outcome)),
        }
    }

    /// Whether a child is gone where its contact is not: it goes, or comes back, with that. After a merge of two
    /// contacts, the one that stays may not have been made there yet.
    fn went_with_its_contact(&self, linked: &Linked) -> Result<bool, EngineError> {
        let (Some(parent), Some((gone, _))) = (linked.parent, gone_and_live(linked)) else {
            return Ok(false);
        };
        let parent = self.core.store().linked(parent)?;
        Ok(parent.is_some_and(|parent| parent.ends.get(gone).live().is_none()))
    }

    /// The side where a child is gone with a contact that it does not belong to any more: two contacts were merged.
    /// It is made again for the one that stays.
    fn was_left_behind(&self, linked: &Linked) -> Result<Option<Side>, EngineError> {
        let Some((gone, _)) = gone_and_live(linked) else {
            return Ok(None);
        };
        let before = linked
            .ends
            .get(gone)
            .last_seen()
            .and_then(|end| end.parent.as_ref());
        let now = self.parent_id(linked, gone)?;
        let Some(before) = before.filter(|before| now.is_some() && now.as_ref() != Some(before))
        else {
            return Ok(None);
        };
        // Where that contact is still there, somebody deleted the child itself.
        let there = self
            .core
            .store()
            .lookup(gone, Kind::Contact, Lookup::Id(before))?;
        Ok(there.is_empty().then_some(gone))
    }

    /// Whether a contact has a task, note or appointment on `side` that would go with it and that exists only there
    /// or changed since both sides agreed.
    pub(super) fn children_changed(
        &self,
        linked: &Linked,
        side: Side,
    ) -> Result<bool, EngineError> {
        if linked.kind != Kind::Contact {
            return Ok(false);
        }
        for kind in [Kind::Task, Kind::Note, Kind::Appointment] {
            let children = self.core.store().children(kind, linked.id)?;
            for child in &children {
                if self.child_changed(child, side)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a contact still has, on `side`, a child that belongs to another by now (two contacts were merged on the
    /// other side), and that changed since both sides agreed.
    pub(super) fn moved_children_changed(
        &self,
        linked: &Linked,
        side: Side,
    ) -> Result<bool, EngineError> {
        let contact = linked.ends.get(side).live();
        let Some(contact) = contact.filter(|_| linked.kind == Kind::Contact) else {
            return Ok(false);
        };
        for kind in Kind::ALL.into_iter().filter(|kind| kind.is_child()) {
            let ids = self.core.store().children_ends(kind, side, &contact.id)?;
            for id in ids {
                let known = self.core.store().lookup(side, kind, Lookup::Id(&id))?;
                for known in known.iter().filter(|known| known.linked) {
                    let child = self.core.store().linked(known.link)?;
                    let moved = child
                        .filter(|child| child.base.is_some() && child.parent != Some(linked.id));
                    if let Some(child) = moved
                        && self.child_changed(&child, side)?
                    {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Whether a child has something on `side` that the other side does not have.
    fn child_changed(&self, child: &Linked, side: Side) -> Result<bool, EngineError> {
        let child = self.seen(child)?.linked;
        let Some(live) = child.ends.get(side).live() else {
            return Ok(false);
        };
        Ok(!is_as_agreed(&child, live, &self.core.map()))
    }

    /// The id, on `side`, of the contact that a child belongs to.
    pub(super) fn parent_id(
        &self,
        linked: &Linked,
        side: Side,
    ) -> Result<Option<RecordId>, EngineError> {
        let Some(parent) = linked.parent else {
            return Ok(None);
        };
        let parent = self.core.store().linked(parent)?;
        Ok(parent.and_then(|parent| {
            parent
                .ends
                .get(side)
                .live()
                .map(|snapshot| snapshot.id.clone())
        }))
    }
}

/// The side that says gone, and the record that is still there on the other.
fn gone_and_live(linked: &Linked) -> Option<(Side, &Snapshot)> {
    Side::BOTH.into_iter().find_map(|side| {
        let live = linked.ends.get(side.other()).live()?;
        linked.ends.get(side).is_gone().then_some((side, live))
    })
}

/// Whether it was a stamp that was refused.
fn is_stamp(parked: &Parked) -> bool {
    parked.side == Side::Growbots && parked.field == FieldName::Custom("external_id".into())
}

/// Fields that an operator decided and whose value is not on both sides yet: their conflict stays until it is.
fn on_their_way<'a>(
    linked: &'a Linked,
    settled: &'a [FieldName],
) -> impl Iterator<Item = ConflictField> + 'a {
    let decided = linked.decided.iter().filter(|decided| {
        matches!(decided.cause, Cause::Decision { .. }) && !settled.contains(&decided.field)
    });
    decided.map(|decided| ConflictField {
        field: decided.field.clone(),
        base: linked
            .base
            .as_ref()
            .and_then(|base| base.get(&decided.field).cloned()),
        ghl: decided.seen.ghl.clone(),
        growbots: decided.seen.growbots.clone(),
        newer: None,
    })
}

/// What both ends of a link have in a field.
pub(super) fn values(linked: &Linked, field: &FieldName) -> BySide<Option<crate::model::Value>> {
    BySide::from_fn(|side| {
        linked
            .ends
            .get(side)
            .live()
            .and_then(|snapshot| snapshot.record.get(field).cloned())
    })
}
