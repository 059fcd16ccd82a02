//! The outbox: each intent is durable before it is sent, sent once, and read back.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use crate::model::{
    BySide, Cause, Intent, IntentState, Kind, Lane, LinkId, Linked, LoopState, Op, Record,
    RecordId, Side,
};
use crate::remote::{Deleted, Found, NewRecord, Updated, heard, hearing};
use crate::store::Lookup;

use crate::store::RESTORED;

use super::EngineError;
use super::creating::asked_note;
use super::pass::Pass;
use super::verdict::Verdict;

/// Records written at a time; the limiter decides how fast they go.
const LINKS_AT_ONCE: usize = 8;

impl Pass<'_> {
    /// Sends the planned intents of a kind, but deletes. Whether any was sent.
    pub(super) async fn push(&self, kind: Kind) -> Result<bool, EngineError> {
        self.send_all(|intent| intent.write.kind == kind && intent.write.op != Op::Delete)
            .await
    }

    /// Sends the planned deletes, children before contacts: last of all, when everything else is in place.
    pub(super) async fn push_deletes(&self) -> Result<(), EngineError> {
        // A restored database deletes nothing before it has read both sides in full.
        if self.core.store().note(RESTORED)?.is_some() {
            return Ok(());
        }
        for of_children in [true, false] {
            self.send_all(|intent| {
                intent.write.op == Op::Delete && intent.write.kind.is_child() == of_children
            })
            .await?;
        }
        for kind in Kind::ALL {
            self.merge_dirty(kind)?;
        }
        Ok(())
    }

    pub(super) async fn send_all(
        &self,
        wanted: impl Fn(&Intent) -> bool,
    ) -> Result<bool, EngineError> {
        let intents = self.core.store().open_intents()?;
        let mut ready: Vec<Intent> = intents
            .into_iter()
            .filter(|intent| intent.state == IntentState::Planned && wanted(intent))
            .filter(|intent| !self.tried.borrow().contains(&intent.id))
            .collect();
        self.brake(&mut ready)?;
        if ready.is_empty() {
            return Ok(false);
        }
        let total = ready.len() as u64;
        self.core
            .tell_state(LoopState::Pushing { done: 0, total })?;
        let (together, alone) = self.for_batches(ready);
        // Apart from each other on the heap: a pass is small as long as it sends nothing.
        let (batches, singles) = tokio::join!(
            Box::pin(self.send_batches(together)),
            Box::pin(self.send_alone(alone, total))
        );
        let (sent, left) = batches?;
        let (singles, rest) = (singles?, Box::pin(self.send_alone(left, total)).await?);
        Ok(singles || rest || sent > 0)
    }

    /// Sends intents, each in a request of its own. Whether any was sent.
    async fn send_alone(&self, ready: Vec<Intent>, total: u64) -> Result<bool, EngineError> {
        // One record, one write at a time; many records at once.
        let mut of_link: BTreeMap<LinkId, Vec<Intent>> = BTreeMap::new();
        let mut order = Vec::new();
        for intent in ready {
            let link = intent.write.link;
            let queue = of_link.entry(link).or_default();
            if queue.is_empty() {
                order.push(link);
            }
            queue.push(intent);
        }
        let queues = order.into_iter().filter_map(|link| of_link.remove(&link));
        let mut sent = stream::iter(queues.map(|queue| self.send_queue(queue)))
            .buffer_unordered(LINKS_AT_ONCE);
        let mut done = 0;
        let mut failed = None;
        let mut told = self.core.now();
        while let Some(count) = sent.next().await {
            match count {
                Ok(count) => done += count,
                // What is on its way to its answer is heard out; nothing new starts.
                Err(error) => {
                    *self.shut.borrow_mut() = BySide::from_fn(|_| true);
                    failed = failed.or(Some(error));
                }
            }
            let now = self.core.now();
            if now.since(told) >= 500 {
                told = now;
                self.core.tell_state(LoopState::Pushing { done, total })?;
            }
        }
        failed.map_or(Ok(done > 0), Err)
    }

    async fn send_queue(&self, queue: Vec<Intent>) -> Result<u64, EngineError> {
        let mut sent = 0;
        for intent in queue {
            let side = intent.write.side;
            // A delete asks the other side too.
            if self.is_over(side) || (intent.write.op == Op::Delete && self.is_over(side.other())) {
                break;
            }
            let asked = intent.write.cause.operator().is_some();
            if self.is_barred(&intent)? || (!asked && self.rests(side, Lane::Incremental)) {
                break;
            }
            self.tried.borrow_mut().insert(intent.id);
            hearing(self.send(&intent)).await?;
            sent += 1;
        }
        Ok(sent)
    }

    async fn send(&self, intent: &Intent) -> Result<(), EngineError> {
        let Some(linked) = self.core.store().linked(intent.write.link)? else {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        };
        let answer = match intent.write.op {
            Op::Create => self.send_create(intent, &linked).await,
            Op::Update | Op::Stamp => self.send_update(intent, &linked).await,
            Op::Delete => self.send_delete(intent, &linked).await,
        };
        match answer {
            Ok(()) => Ok(()),
            Err(EngineError::Remote(error)) => self.failed(intent, &linked, error).await,
            Err(error) => Err(error),
        }
    }

    async fn send_create(&self, intent: &Intent, linked: &Linked) -> Result<(), EngineError> {
        let side = intent.write.side;
        let remote = self.core.side(side);
        let lane = self.lane_of(intent);
        let Some(new) = self.new_record(intent, linked)? else {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        };
        let mut siblings = Vec::new();
        let mut requests = 1;
        if side == Side::Ghl
            && let Some(parent) = &new.parent
        {
            // What is there before the POST tells, after a lost answer, what it made.
            requests += 1;
            let Some(there) = remote.children(lane, new.kind, parent).await? else {
                self.gone(side, Kind::Contact, parent, &Found::Missing)?;
                return Ok(self.core.store().supersede(self.fence, intent.id)?);
            };
            siblings = there.into_iter().map(|snapshot| snapshot.id).collect();
        }
        if !self
            .core
            .store()
            .mark_sending(self.fence, intent.id, &siblings)?
        {
            return Ok(());
        }
        let snapshot = self.made(intent, &new).await?;
        requests += u32::from(side == Side::Ghl);
        self.confirmed(intent, Some(&snapshot), requests)
    }

    /// Makes a record, or brings it back under its old id where the write names one and the side can.
    pub(super) async fn made(
        &self,
        intent: &Intent,
        new: &NewRecord,
    ) -> Result<crate::model::Snapshot, EngineError> {
        let remote = self.core.side(intent.write.side);
        let lane = self.lane_of(intent);
        if let Some(id) = &intent.write.id {
            let key = format!("{}-restore", intent.key);
            if let Some(back) = remote.restore(lane, new.kind, id, &key).await? {
                return Ok(back);
            }
        }
        Ok(remote.create(lane, new).await?)
    }

    /// The record that a create makes; `None` when it is not wanted any more.
    pub(super) fn new_record(
        &self,
        intent: &Intent,
        linked: &Linked,
    ) -> Result<Option<NewRecord>, EngineError> {
        let write = &intent.write;
        if linked.ends.get(write.side).live().is_some() {
            return Ok(None);
        }
        let parent = if write.kind.is_child() {
            let Some(parent) = self.parent_id(linked, write.side)? else {
                return Ok(None);
            };
            Some(parent)
        } else {
            None
        };
        let filled = write
            .fields
            .iter()
            .filter_map(|change| Some((change.field.clone(), change.to.clone()?)));
        Ok(Some(NewRecord {
            kind: write.kind,
            parent,
            record: Record::from_fields(filled),
            external_id: match (write.side, intent.state) {
                (Side::Ghl, _) => None,
                // What may have been sent is sent again as it was, whatever has become of the original since.
                (Side::Growbots, IntentState::Unknown) => last_id(linked, Side::Ghl),
                (Side::Growbots, _) => live_id(linked, Side::Ghl),
            },
            mark: match &write.cause {
                Cause::Automation { mark, .. } => mark.clone(),
                _ => None,
            },
            key: intent.key.clone(),
        }))
    }

    async fn send_update(&self, intent: &Intent, linked: &Linked) -> Result<(), EngineError> {
        let side = intent.write.side;
        let Some(seen) = linked.ends.get(side).live() else {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        };
        let lane = self.lane_of(intent);
        if !self.core.store().mark_sending(self.fence, intent.id, &[])? {
            return Ok(());
        }
        let remote = self.core.side(side);
        let (before, _) = remote.sent();
        let answer = if intent.write.op == Op::Stamp {
            let ghl_id = live_id(linked, Side::Ghl);
            remote.stamp(lane, seen, ghl_id.as_ref()).await?
        } else {
            remote
                .update(lane, seen, &intent.write.fields, &intent.key)
                .await?
        };
        // Exact where nothing else runs at the time; the log says how dear a write was, not more.
        let requests = (remote.sent().0 - before).min(8) as u32;
        match answer {
            Updated::Done(snapshot) => self.confirmed(intent, Some(&snapshot), requests),
            Updated::Undone { written, now } => {
                self.confirmed(intent, Some(&written), requests)?;
                self.put_found(&now)
            }
            Updated::Moved(snapshot) => {
                self.put(&[snapshot])?;
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
            Updated::Gone => {
                self.gone(side, intent.write.kind, &seen.id, &Found::Missing)?;
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
        }
    }

    async fn send_delete(&self, intent: &Intent, linked: &Linked) -> Result<(), EngineError> {
        let side = intent.write.side;
        let is_undo = matches!(intent.write.cause, Cause::Undo { .. });
        let Some(seen) = linked.ends.get(side).live() else {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        };
        let lane = self.lane_of(intent);
        // What is undone goes whatever the other side has.
        if !is_undo && !self.is_proved_gone(lane, linked, side.other()).await? {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        }
        if !self.may_go_with_children(intent, linked).await? {
            if is_undo {
                self.keep_unmade(linked.id)?;
            }
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        }
        if !self.core.store().mark_sending(self.fence, intent.id, &[])? {
            return Ok(());
        }
        match self.core.side(side).delete(lane, seen).await? {
            Deleted::Done => self.confirmed(intent, None, 3),
            Deleted::Moved(snapshot) => {
                if is_undo {
                    self.keep_unmade(linked.id)?;
                }
                self.put(&[snapshot])?;
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
        }
    }

    /// Second proof that a record is gone, just before its pair goes too.
    async fn is_proved_gone(
        &self,
        lane: Lane,
        linked: &Linked,
        side: Side,
    ) -> Result<bool, EngineError> {
        let Some(gone) = linked.ends.get(side).last_seen() else {
            return Ok(false);
        };
        let found = self
            .core
            .side(side)
            .get(lane, gone.kind, gone.parent.as_ref(), &gone.id)
            .await?;
        if let Found::Live(snapshot) = &found {
            self.put_found(snapshot)?;
            return Ok(false);
        }
        let Some(contact) = gone.parent.as_ref().filter(|_| gone.kind.is_child()) else {
            return Ok(true);
        };
        // What belongs to a contact that is gone is not there either: it stays or goes with that.
        let found = self
            .core
            .side(side)
            .get(lane, Kind::Contact, None, contact)
            .await?;
        match &found {
            Found::Live(snapshot) => self.put_found(snapshot)?,
            Found::Gone(_) | Found::Missing => self.gone(side, Kind::Contact, contact, &found)?,
        }
        Ok(matches!(found, Found::Live(_)))
    }

    /// What belongs to a contact goes with it: it is read last thing before, for what exists only there. An operator
    /// who decided has seen it.
    async fn may_go_with_children(
        &self,
        intent: &Intent,
        linked: &Linked,
    ) -> Result<bool, EngineError> {
        let side = intent.write.side;
        let Some(contact) = live_id(linked, side) else {
            return Ok(false);
        };
        let is_seen = intent.write.cause.operator().is_some()
            && !matches!(intent.write.cause, Cause::Undo { .. });
        if linked.kind != Kind::Contact || is_seen {
            return Ok(true);
        }
        for kind in Kind::ALL.into_iter().filter(|kind| kind.is_child()) {
            let lane = self.lane_of(intent);
            let mut known = self.core.store().children_ends(kind, side, &contact)?;
            let moved = self.moved_away(kind, side, linked.id, &known)?;
            let children = if known.is_empty() {
                let there = self.core.side(side).children(lane, kind, &contact).await?;
                there.unwrap_or_default()
            } else {
                self.all_children(lane, kind, side, &contact).await?
            };
            self.put(&children)?;
            if side == Side::Ghl {
                // Its lists are not behind: only what they do not show is asked for.
                known.retain(|id| children.iter().all(|child| child.id != *id));
            }
            self.read_known_children(lane, kind, side, &contact, &known)
                .await?;
            // What somebody deleted on its own goes over first: later it would look as if it had gone with the contact.
            if self.is_any_gone(side, &moved)? {
                return Ok(false);
            }
        }
        Ok(!self.children_changed(linked, side)? && !self.moved_children_changed(linked, side)?)
    }

    /// Children that a contact has on `side`, and that belong to another one by now.
    fn moved_away(
        &self,
        kind: Kind,
        side: Side,
        contact: LinkId,
        known: &[RecordId],
    ) -> Result<Vec<LinkId>, EngineError> {
        let store = self.core.store();
        let mut moved = Vec::new();
        for id in known {
            for found in store.lookup(side, kind, Lookup::Id(id))? {
                let child = store.linked(found.link)?;
                moved.extend(
                    child
                        .filter(|child| child.parent != Some(contact))
                        .map(|child| child.id),
                );
            }
        }
        Ok(moved)
    }

    fn is_any_gone(&self, side: Side, links: &[LinkId]) -> Result<bool, EngineError> {
        for link in links {
            let linked = self.core.store().linked(*link)?;
            if linked.is_some_and(|linked| {
                linked.ends.get(side).is_gone() && linked.ends.get(side.other()).live().is_some()
            }) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads children that we know by id: Growbots' lists are behind.
    async fn read_known_children(
        &self,
        lane: Lane,
        kind: Kind,
        side: Side,
        contact: &RecordId,
        known: &[RecordId],
    ) -> Result<(), EngineError> {
        for id in known {
            let found = self
                .core
                .side(side)
                .get(lane, kind, Some(contact), id)
                .await?;
            match found {
                Found::Live(snapshot) => self.put_found(&snapshot)?,
                Found::Gone(_) | Found::Missing => self.gone(side, kind, id, &found)?,
            }
        }
        Ok(())
    }

    pub(super) fn confirmed(
        &self,
        intent: &Intent,
        read_back: Option<&crate::model::Snapshot>,
        requests: u32,
    ) -> Result<(), EngineError> {
        self.core.store().confirm(
            self.fence,
            self.id,
            intent.id,
            read_back,
            requests,
            &heard(),
        )?;
        self.summary
            .borrow_mut()
            .count(intent.write.side, intent.write.op);
        if matches!(intent.write.op, Op::Create | Op::Delete) {
            let link = intent.write.link;
            for name in [Verdict::name(link), asked_note(link)] {
                if self.core.store().note(&name)?.is_some() {
                    self.core.drop_note(&name)?;
                }
            }
        }
        Ok(())
    }

    /// Somebody waits for what an operator asked for.
    pub(super) fn lane_of(&self, intent: &Intent) -> Lane {
        if intent.write.cause.operator().is_some() {
            Lane::Operator
        } else {
            self.lane(Lane::Incremental)
        }
    }
}

/// The id that a side has or had.
fn last_id(linked: &Linked, side: Side) -> Option<RecordId> {
    let seen = linked.ends.get(side).last_seen();
    seen.map(|snapshot| snapshot.id.clone())
}

pub(super) fn live_id(linked: &Linked, side: Side) -> Option<RecordId> {
    linked
        .ends
        .get(side)
        .live()
        .map(|snapshot| snapshot.id.clone())
}
