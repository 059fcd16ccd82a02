//! What a push does: intents from planned to final.

use crate::model::{
    ActionId, Exchange, Failure, Fence, Intent, IntentId, IntentState, LinkId, Parked, PassId,
    RecordId, Snapshot, Write,
};
use crate::store::{StoreError, Writer, outbox, refresh::refresh};

/// So many intents are kept in memory, until anything changes.
const OPEN_KEPT: usize = 5_000;

impl Writer {
    /// Adds a write to the outbox.
    pub fn intend(
        &mut self,
        fence: Fence,
        pass: PassId,
        write: &Write,
    ) -> Result<IntentId, StoreError> {
        self.fenced("intend", fence, |tx| {
            let intent = outbox::insert(tx, pass, write)?;
            refresh(tx, write.link)?;
            Ok(intent)
        })
    }

    /// Records that an operator asks for, each with the contact that it belongs to: a link without ends and a create
    /// for each (its `link` is told here). The action is done with it, in the same transaction.
    pub fn make(
        &mut self,
        fence: Fence,
        pass: PassId,
        action: ActionId,
        writes: &[(Option<LinkId>, Write)],
    ) -> Result<(), StoreError> {
        self.fenced("make", fence, |tx| outbox::make(tx, pass, action, writes))
    }

    /// Intents of one link that are not final, in the order in which they were planned.
    pub fn intents_of(&self, link: LinkId) -> Result<Vec<Intent>, StoreError> {
        outbox::of_link(&self.conn, link).map_err(|fault| fault.at("intents_of"))
    }

    /// Intents that are not final, in sending order: creates of contacts, updates of contacts, then children
    /// likewise, deletes of children, deletes of contacts; each by id.
    pub fn open_intents(&self) -> Result<Vec<Intent>, StoreError> {
        let now = self.moment()?;
        if let Some((then, open)) = &*self.open.borrow()
            && *then == now
        {
            return Ok(open.clone());
        }
        let open = outbox::open(&self.conn).map_err(|fault| fault.at("open_intents"))?;
        // A brake may hold some thousands, which each pass asks for again; the many of a first pass come once.
        let kept = (open.len() <= OPEN_KEPT).then(|| (now, open.clone()));
        *self.open.borrow_mut() = kept;
        Ok(open)
    }

    /// Those of them whose answer was lost.
    pub fn unknown_intents(&self) -> Result<Vec<Intent>, StoreError> {
        outbox::unknown(&self.conn).map_err(|fault| fault.at("unknown_intents"))
    }

    /// Makes it durable that an intent is about to be sent. False: it is not wanted any more, and must not be sent.
    pub fn mark_sending(
        &mut self,
        fence: Fence,
        intent: IntentId,
        siblings: &[RecordId],
    ) -> Result<bool, StoreError> {
        self.fenced("mark_sending", fence, |tx| {
            outbox::mark_sending(tx, fence, intent, siblings)
        })
    }

    /// An intent's answer was lost.
    pub fn mark_unknown(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        self.fenced("mark_unknown", fence, |tx| {
            outbox::mark(tx, intent, IntentState::Unknown)
        })
    }

    /// An intent was shown not to have happened: it may be sent again.
    pub fn mark_planned(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        self.fenced("mark_planned", fence, |tx| {
            outbox::mark(tx, intent, IntentState::Planned)
        })
    }

    /// An intent is done. `read_back` becomes the snapshot of its end (`None` after a delete: the end is gone); the
    /// link is dirty; the write is logged; errors of the link on that side close.
    pub fn confirm(
        &mut self,
        fence: Fence,
        pass: PassId,
        intent: IntentId,
        read_back: Option<&Snapshot>,
        requests: u32,
        heard: &[Exchange],
    ) -> Result<(), StoreError> {
        self.fenced("confirm", fence, |tx| {
            outbox::confirm(tx, pass, intent, read_back, requests, heard)
        })
    }

    /// An intent is not wanted any more; its link is dirty.
    pub fn supersede(&mut self, fence: Fence, intent: IntentId) -> Result<(), StoreError> {
        self.fenced("supersede", fence, |tx| {
            outbox::mark(tx, intent, IntentState::Superseded)
        })
    }

    /// A side refused an intent: its fields are parked, the failure is raised and logged; the link is dirty.
    pub fn refuse(
        &mut self,
        fence: Fence,
        pass: PassId,
        intent: IntentId,
        failure: &Failure,
        parked: &[Parked],
        heard: &[Exchange],
    ) -> Result<(), StoreError> {
        self.fenced("refuse", fence, |tx| {
            outbox::refuse(tx, pass, intent, failure, parked, heard)
        })
    }
}
