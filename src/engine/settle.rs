//! Intents whose answer was lost: consistent reads tell whether they happened, and nothing is sent again before.

use std::borrow::Cow;

use crate::model::{
    Candidate, FieldChange, FieldName, Intent, IntentState, Kind, Lane, Linked, Op, Reason,
    RecordId, Side, Snapshot, Value,
};
use crate::remote::{Found, NewRecord, PageRequest, Read, RemoteError};
use crate::store::Lookup;

use super::EngineError;
use super::matching::Pair;
use super::pass::Pass;
use super::push::live_id;

/// A request that timed out, or whose process died, may still be on its way; this long after it was sent it is not.
pub(super) const IN_FLIGHT_MS: i64 = 20_000;
/// Growbots keeps the answer to a key for 24 h; within this the same key is safe.
const KEY_KEPT_MS: i64 = 20 * 3_600_000;
/// A search that is as old as this shows what was made.
const INDEX_LAG_MS: i64 = 120_000;
/// So many empty lists of children, one after the other, prove that there is none.
const EMPTY_ANSWERS: u32 = 3;
/// Growbots counts the versions of a record from here.
const FIRST_VERSION: &str = "1";
/// By so much the clock of a side may be behind ours.
const SKEW_MS: i64 = 600_000;

/// What a lost create may have left behind.
#[derive(Default)]
struct Traces {
    /// With all that was sent in them, or with our id.
    made: Vec<Snapshot>,
    /// With some of it: an operator has to say.
    perhaps: Vec<Snapshot>,
}

impl Pass<'_> {
    /// Settles what can be settled; a failure leaves the intent as it is, for the next pass.
    pub(super) async fn settle_unknown(&self) -> Result<(), EngineError> {
        let unknown = self.core.store().unknown_intents()?;
        for intent in &unknown {
            if self.is_over(intent.write.side) {
                continue;
            }
            match self.settle(intent, false).await {
                Ok(()) => {}
                Err(EngineError::Remote(error)) => {
                    self.core.raise(&error, "settle", Some(intent.write.link))?;
                    self.summary.borrow_mut().errors += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Creates of which it is not known whether they happened.
    pub(super) fn lost_creates(&self, kind: Kind) -> Result<Vec<Intent>, EngineError> {
        let mut intents = self.core.store().unknown_intents()?;
        intents.retain(|intent| intent.write.op == Op::Create && intent.write.kind == kind);
        Ok(intents)
    }

    /// Finds out whether an intent happened. `nothing_in_flight`: the connection is known to be closed.
    pub(super) async fn settle(
        &self,
        intent: &Intent,
        nothing_in_flight: bool,
    ) -> Result<(), EngineError> {
        // As it is by now: when it was sent, and what was there before, is known since then.
        let mut open = self.core.store().intents_of(intent.write.link)?.into_iter();
        let Some(intent) = &open.find(|one| one.id == intent.id) else {
            return Ok(());
        };
        let age = self.core.age_ms(intent);
        let may_resend = nothing_in_flight || !(0..IN_FLIGHT_MS).contains(&age);
        let Some(linked) = self.core.store().linked(intent.write.link)? else {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        };
        match intent.write.op {
            Op::Create => self.settle_create(intent, &linked, may_resend, age).await,
            Op::Update | Op::Stamp | Op::Delete => {
                self.settle_change(intent, &linked, may_resend).await
            }
        }
    }

    async fn settle_change(
        &self,
        intent: &Intent,
        linked: &Linked,
        may_resend: bool,
    ) -> Result<(), EngineError> {
        let write = &intent.write;
        let Some(seen) = linked.ends.get(write.side).live() else {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        };
        let lane = self.lane_of(intent);
        let found = self
            .core
            .side(write.side)
            .get(lane, write.kind, seen.parent.as_ref(), &seen.id)
            .await?;
        match found {
            Found::Live(now) => {
                let happened = match write.op {
                    Op::Stamp => now.external_id == live_id(linked, Side::Ghl),
                    Op::Delete => false,
                    _ => holds(&now, &write.fields),
                };
                if happened {
                    return self.confirmed(intent, Some(&now), 1);
                }
                if may_resend {
                    self.put(&[now])?;
                    self.core.store().supersede(self.fence, intent.id)?;
                }
                Ok(())
            }
            Found::Gone(_) | Found::Missing if write.op == Op::Delete => {
                self.confirmed(intent, None, 1)
            }
            Found::Gone(_) | Found::Missing => {
                self.gone(write.side, write.kind, &seen.id, &found)?;
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
        }
    }

    async fn settle_create(
        &self,
        intent: &Intent,
        linked: &Linked,
        may_resend: bool,
        age: i64,
    ) -> Result<(), EngineError> {
        let write = &intent.write;
        let Some(new) = self.new_record(intent, linked)? else {
            return Ok(self.core.store().supersede(self.fence, intent.id)?);
        };
        let mut is_made = false;
        if self.core.side(write.side).keeps_keys() && age < KEY_KEPT_MS {
            // The same key again: either the first answer comes back, or it happens now, once. It stays `unknown`
            // meanwhile: the age of the key counts from the first sending.
            match self.made(intent, &new).await {
                Ok(made) => return self.confirmed_as_it_is(intent, &made).await,
                Err(EngineError::Remote(
                    error @ (RemoteError::Duplicate { .. } | RemoteError::Refused { .. }),
                )) => return self.turned_down(intent, linked, &error).await,
                // It came before, and what it says has changed since: its contact was merged, say.
                Err(EngineError::Remote(RemoteError::KeyReused { .. })) => is_made = true,
                Err(error) => return Err(error),
            }
        }
        let Traces { made, perhaps } = self.look_for(intent, linked, &new).await?;
        // GHL's lists of children are consistent; Growbots' may lag by some seconds.
        let may_resend =
            may_resend && (write.side == Side::Ghl || !(0..IN_FLIGHT_MS).contains(&age));
        match made.as_slice() {
            [one] if holds(one, &write.fields) => self.confirmed(intent, Some(one), 1),
            [one] if is_since(one, intent) => self.confirmed_since(intent, one),
            // It bears our id and was there before: an original's pair that was not known.
            [one] => {
                self.put_found(one)?;
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
            // A search may be behind.
            [] if (is_made || is_hard_to_find(&new)) && (0..INDEX_LAG_MS).contains(&age) => Ok(()),
            [] if is_made || is_hard_to_find(&new) => {
                // A search that finds nothing is no proof: an operator has to see whether it is there.
                self.open_conflict(write.link, Reason::AmbiguousMatch, &[], None)?;
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
            [] if perhaps.is_empty() && may_resend => {
                Ok(self.core.store().mark_planned(self.fence, intent.id)?)
            }
            [] if perhaps.is_empty() => Ok(()),
            several => {
                let several = if several.is_empty() {
                    &perhaps[..]
                } else {
                    several
                };
                let candidates: Vec<_> = several
                    .iter()
                    .map(|snapshot| Candidate {
                        side: snapshot.side,
                        id: snapshot.id.clone(),
                        title: snapshot.record.title(snapshot.kind),
                        link: None,
                    })
                    .collect();
                self.put(several)?;
                self.core.store().supersede(self.fence, intent.id)?;
                self.open_conflict(write.link, Reason::AmbiguousMatch, &candidates, None)?;
                Ok(())
            }
        }
    }

    /// Confirms a create by what it made, as it was: what is in it now is no answer to what was sent, somebody has
    /// changed it since.
    pub(super) fn confirmed_since(
        &self,
        intent: &Intent,
        now: &Snapshot,
    ) -> Result<(), EngineError> {
        self.confirmed(intent, Some(&as_made(now, &intent.write.fields)), 1)?;
        self.put_found(now)
    }

    /// Confirms a create by an answer that is as old as the first sending: what became of the record since was told
    /// to nobody who knew it, so that it is read once more.
    async fn confirmed_as_it_is(
        &self,
        intent: &Intent,
        made: &Snapshot,
    ) -> Result<(), EngineError> {
        let (write, lane) = (&intent.write, self.lane_of(intent));
        let remote = self.core.side(write.side);
        let found = remote
            .get(lane, write.kind, made.parent.as_ref(), &made.id)
            .await?;
        match found {
            Found::Live(now) => {
                // The answer is what the side made of the write; what differs from it now, somebody has changed since.
                self.confirmed(intent, Some(made), 2)?;
                self.put_found(&now)
            }
            Found::Gone(_) | Found::Missing => {
                self.confirmed(intent, Some(made), 2)?;
                self.gone(write.side, write.kind, &made.id, &found)
            }
        }
    }

    /// Records that the lost create may have made: not known before.
    async fn look_for(
        &self,
        intent: &Intent,
        linked: &Linked,
        new: &NewRecord,
    ) -> Result<Traces, EngineError> {
        let write = &intent.write;
        let remote = self.core.side(write.side);
        let lane = self.lane_of(intent);
        let text = |field| new.record.get(field).and_then(Value::as_text);
        let (email, phone) = (text(&FieldName::Email), text(&FieldName::Phone));
        // What bears our id is ours, whatever has become of its content since.
        let ours = self.named_by_us(intent, new).await?;
        let is_ours = |id: &RecordId| ours.iter().any(|snapshot| snapshot.id == *id);
        let there = if !ours.is_empty() {
            ours.clone()
        } else if let Some(parent) = &new.parent {
            self.all_children(lane, new.kind, write.side, parent)
                .await?
        } else if is_hard_to_find(new) {
            self.contacts_made_since(intent).await?
        } else {
            remote.holders(lane, email, phone).await?
        };
        let mut traces = Traces::default();
        // Whose original is there is matched with who has its address now. Where the original has gone, that one would
        // count as new, and be made again where the original was deleted.
        let is_original_gone = linked.ends.get(write.side.other()).live().is_none();
        for snapshot in there {
            let has_its_address =
                is_original_gone && write.kind == Kind::Contact && is_since(&snapshot, intent);
            let is_alike =
                is_ours(&snapshot.id) || holds(&snapshot, &write.fields) || has_its_address;
            if intent.siblings.contains(&snapshot.id) || !(is_alike || is_near(&snapshot, intent)) {
                continue;
            }
            let known =
                self.core
                    .store()
                    .lookup(write.side, write.kind, Lookup::Id(&snapshot.id))?;
            if known.iter().any(|known| known.linked) {
                continue;
            }
            if is_alike {
                traces.made.push(snapshot);
            } else {
                traces.perhaps.push(snapshot);
            }
        }
        Ok(traces)
    }

    /// The pairs that no create of ours made. One whose answer was lost, and which a reading of its side shows before
    /// it could be settled, is confirmed: what differs by now from what was sent, somebody has changed since.
    pub(super) fn without_lost_creates<'a>(
        &self,
        pairs: &'a [Pair],
    ) -> Result<Cow<'a, [Pair]>, EngineError> {
        if self.core.store().unknown_intents()?.is_empty() {
            return Ok(Cow::Borrowed(pairs));
        }
        let mut left = Vec::new();
        for pair in pairs {
            let made = self.core.store().linked(pair.1)?;
            let made = made.as_ref().and_then(|made| made.ends.growbots.live());
            let mut open = self.core.store().intents_of(pair.0)?.into_iter();
            let lost = open.find(|intent| {
                let write = &intent.write;
                intent.state == IntentState::Unknown
                    && (write.op, write.side) == (Op::Create, Side::Growbots)
            });
            match (lost, made) {
                (Some(intent), Some(made)) if is_since(made, &intent) => {
                    self.confirmed_since(&intent, made)?;
                }
                _ => left.push(*pair),
            }
        }
        Ok(Cow::Owned(left))
    }

    /// What belongs to a contact. Where none is shown, that is asked for again: one empty answer is no proof, and what
    /// follows from it cannot be taken back.
    pub(super) async fn all_children(
        &self,
        lane: Lane,
        kind: Kind,
        side: Side,
        contact: &RecordId,
    ) -> Result<Vec<Snapshot>, EngineError> {
        for _ in 0..EMPTY_ANSWERS {
            let found = self.core.side(side).children(lane, kind, contact).await?;
            match found {
                Some(found) if found.is_empty() => {}
                found => return Ok(found.unwrap_or_default()),
            }
        }
        Ok(Vec::new())
    }

    /// Records that bear the id which a create gives to what it makes: GHL's, or that of the event which a rule
    /// followed.
    async fn named_by_us(
        &self,
        intent: &Intent,
        new: &NewRecord,
    ) -> Result<Vec<Snapshot>, EngineError> {
        let (name, id) = match (&new.external_id, &new.mark) {
            (Some(id), _) => ("ghl", id.as_str()),
            (None, Some(mark)) => ("rule", mark.key.as_str()),
            (None, None) => return Ok(Vec::new()),
        };
        let (remote, lane) = (self.core.side(intent.write.side), self.lane_of(intent));
        Ok(remote.known_as(lane, new.kind, name, id).await?)
    }

    /// Contacts that a search shows as changed since an intent was sent, each read by id.
    async fn contacts_made_since(&self, intent: &Intent) -> Result<Vec<Snapshot>, EngineError> {
        let since = intent.sent_at.unwrap_or_default().plus(-SKEW_MS);
        let (remote, lane) = (self.core.side(intent.write.side), self.lane_of(intent));
        let mut request = PageRequest {
            kind: Kind::Contact,
            read: Read::Since(since),
            after: None,
        };
        let mut made = Vec::new();
        loop {
            let page = remote.page(lane, &request).await?;
            for row in page.rows {
                let is_new = is_since(&row.snapshot, intent);
                if !is_new || !holds(&row.snapshot, &intent.write.fields) {
                    continue;
                }
                if let Found::Live(snapshot) = remote
                    .get(lane, Kind::Contact, None, &row.snapshot.id)
                    .await?
                {
                    made.push(snapshot);
                }
            }
            request.after = page.next;
            if request.after.is_none() {
                return Ok(made);
            }
        }
    }
}

/// Whether a record, first seen after a create was lost, may be what that made.
pub(super) fn may_have_made(intent: &Intent, record: &Snapshot) -> bool {
    let write = &intent.write;
    write.side == record.side
        && write.kind == record.kind
        && !intent.siblings.contains(&record.id)
        && (holds(record, &write.fields) || is_near(record, intent))
}

/// Whether a GHL child has something of what was sent: it may have been made by that, and edited at once.
fn is_near(record: &Snapshot, intent: &Intent) -> bool {
    let mut sent = intent.write.fields.iter();
    record.side == Side::Ghl
        && record.kind.is_child()
        && sent.any(|change| has_word_of(record, change))
}

/// Whether a record has every value that was written.
fn holds(snapshot: &Snapshot, fields: &[FieldChange]) -> bool {
    fields
        .iter()
        .all(|change| snapshot.record.get(&change.field) == change.to.as_ref())
}

/// Whether a record has the text or the time that was written.
fn has_word_of(snapshot: &Snapshot, change: &FieldChange) -> bool {
    let says_something = |value: &&Value| matches!(value, Value::Text(_) | Value::Time(_));
    let sent = change.to.as_ref().filter(says_something);
    sent.is_some() && snapshot.record.get(&change.field) == sent
}

/// Whether a record may have been made by what was sent, as far as its side tells when it was made.
fn is_since(snapshot: &Snapshot, intent: &Intent) -> bool {
    let since = intent.sent_at.unwrap_or_default().plus(-SKEW_MS);
    snapshot.created_at.is_none_or(|at| at >= since)
}

/// A record as a create made it, before anybody changed it.
fn as_made(now: &Snapshot, fields: &[FieldChange]) -> Snapshot {
    let mut made = now.clone();
    for change in fields {
        made.record.set(change.field.clone(), change.to.clone());
    }
    made.updated_at = made.created_at;
    made.version = made.version.map(|_| FIRST_VERSION.into());
    made
}

/// A contact without e-mail and phone: no consistent read finds it.
fn is_hard_to_find(new: &NewRecord) -> bool {
    let has = |field| new.record.get(&field).is_some();
    new.kind == Kind::Contact && !has(FieldName::Email) && !has(FieldName::Phone)
}
