//! Several writes in one request, where a side takes that and it saves requests. Each stays an intent of its own:
//! durable before it is sent, with its own key, its own end, and its own settling when the answer is lost.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::model::{Intent, Lane, LinkId, Linked, Op, RecordId, Side, Snapshot};
use crate::remote::{
    BatchWrite, Class, Found, NewRecord, RemoteError, Updated, having_heard, heard, hearing,
};

use super::EngineError;
use super::pass::Pass;
use super::push::live_id;

/// A batch costs one request more than a tenth of its writes: fewer than this go alone.
const LEAST: usize = 3;

/// A write that is ready to stand in a batch.
struct Ready {
    intent: Intent,
    linked: Linked,
    what: What,
}

enum What {
    Create(NewRecord),
    Update(Snapshot),
    Stamp(Snapshot, Option<RecordId>),
}

impl Ready {
    fn write(&self) -> BatchWrite<'_> {
        match &self.what {
            What::Create(new) => BatchWrite::Create(new),
            What::Update(seen) => BatchWrite::Update {
                seen,
                changes: &self.intent.write.fields,
            },
            What::Stamp(seen, ghl_id) => BatchWrite::Stamp {
                seen,
                ghl_id: ghl_id.as_ref(),
            },
        }
    }
}

impl Pass<'_> {
    /// Parts what may go in batches from what goes alone: deletes, what an operator waits for, and records with
    /// several writes go alone.
    pub(super) fn for_batches(&self, ready: Vec<Intent>) -> (Vec<Intent>, Vec<Intent>) {
        let side = Side::Growbots;
        if self.core.side(side).most_in_batch() < LEAST {
            return (Vec::new(), ready);
        }
        let mut of_link: BTreeMap<LinkId, usize> = BTreeMap::new();
        for intent in &ready {
            *of_link.entry(intent.write.link).or_default() += 1;
        }
        let (together, mut alone): (Vec<_>, Vec<_>) = ready.into_iter().partition(|intent| {
            let write = &intent.write;
            write.side == side
                && write.op != Op::Delete
                && write.cause.operator().is_none()
                && of_link.get(&write.link) == Some(&1)
        });
        if together.len() < LEAST {
            alone.extend(together);
            return (Vec::new(), alone);
        }
        (together, alone)
    }

    /// Sends intents in batches; gives back how many were sent, and those that have to go alone.
    pub(super) async fn send_batches(
        &self,
        mut together: Vec<Intent>,
    ) -> Result<(u64, Vec<Intent>), EngineError> {
        let side = Side::Growbots;
        let (mut sent, mut alone) = (0, Vec::new());
        while !together.is_empty() && !self.is_over(side) {
            let most = self.core.side(side).most_in_batch();
            let rest = together.split_off(together.len().min(most));
            let batch = std::mem::replace(&mut together, rest);
            if batch.len() < LEAST || self.is_barred(&batch[0])? {
                alone.extend(batch);
                continue;
            }
            let (done, left) = self.send_batch(batch).await?;
            sent += done;
            // A server that does not take batches after all is not asked again.
            let refused = done == 0 && !left.is_empty();
            alone.extend(left);
            if refused {
                alone.append(&mut together);
            }
        }
        Ok((sent, alone))
    }

    async fn send_batch(&self, batch: Vec<Intent>) -> Result<(u64, Vec<Intent>), EngineError> {
        let remote = self.core.side(Side::Growbots);
        let (mut ready, mut alone) = (Vec::new(), Vec::new());
        for intent in batch {
            match self.made_ready(&intent)? {
                Some((linked, what)) => ready.push(Ready {
                    intent,
                    linked,
                    what,
                }),
                // Superseded, or to be looked at before it is written: sending it alone tells.
                None => alone.push(intent),
            }
        }
        let takes = |one: &Ready| remote.takes_in_batch(&one.write());
        let (mut ready, other): (Vec<_>, Vec<_>) = ready.into_iter().partition(takes);
        alone.extend(other.into_iter().map(|one| one.intent));
        if ready.len() < LEAST {
            alone.extend(ready.into_iter().map(|one| one.intent));
            return Ok((0, alone));
        }
        let mut marked = Vec::with_capacity(ready.len());
        for one in ready.drain(..) {
            self.tried.borrow_mut().insert(one.intent.id);
            let store = self.core.store();
            let is_wanted = { store }.mark_sending(self.fence, one.intent.id, &[])?;
            if is_wanted {
                marked.push(one);
            }
        }
        let writes: Vec<BatchWrite<'_>> = marked.iter().map(Ready::write).collect();
        let lane = self.lane(Lane::Incremental);
        let key = key_of(&marked);
        let (answer, sent) = hearing(async {
            let answer = remote.write_batch(lane, &writes, &key).await;
            (answer, heard())
        })
        .await;
        let count = marked.len() as u64;
        match answer {
            Ok(ends) => {
                for (nth, (one, end)) in marked.iter().zip(ends).enumerate() {
                    // What went together is of many people: each line of the log has its head only.
                    let own = sent.iter().map(|sent| sent.among(marked.len())).collect();
                    having_heard(own, self.ended(one, end, u32::from(nth == 0))).await?;
                }
                Ok((count, alone))
            }
            // Not what this server takes: nothing was done, and each goes alone.
            Err(
                RemoteError::Refused { .. }
                | RemoteError::Duplicate { .. }
                | RemoteError::KeyReused { .. },
            ) => {
                for one in &marked {
                    self.core.store().mark_planned(self.fence, one.intent.id)?;
                    self.tried.borrow_mut().remove(&one.intent.id);
                }
                alone.extend(marked.into_iter().map(|one| one.intent));
                Ok((0, alone))
            }
            Err(error) => {
                self.all_failed(&marked, error).await?;
                Ok((count, alone))
            }
        }
    }

    /// The record of an intent and what is to be written, where it is wanted still.
    fn made_ready(&self, intent: &Intent) -> Result<Option<(Linked, What)>, EngineError> {
        let Some(linked) = self.core.store().linked(intent.write.link)? else {
            return Ok(None);
        };
        let seen = linked.ends.get(intent.write.side).live().cloned();
        let what = match (intent.write.op, seen) {
            (Op::Create, _) => self.new_record(intent, &linked)?.map(What::Create),
            (Op::Update, Some(seen)) => Some(What::Update(seen)),
            (Op::Stamp, Some(seen)) => Some(What::Stamp(seen, live_id(&linked, Side::Ghl))),
            _ => None,
        };
        Ok(what.map(|what| (linked, what)))
    }

    async fn ended(
        &self,
        one: &Ready,
        end: Result<Updated, RemoteError>,
        requests: u32,
    ) -> Result<(), EngineError> {
        let intent = &one.intent;
        match end {
            Ok(Updated::Done(snapshot)) => self.confirmed(intent, Some(&snapshot), requests),
            Ok(Updated::Undone { written, now }) => {
                self.confirmed(intent, Some(&written), requests)?;
                self.put_found(&now)
            }
            Ok(Updated::Moved(snapshot)) => {
                self.put(&[snapshot])?;
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
            Ok(Updated::Gone) => {
                if let What::Update(seen) | What::Stamp(seen, _) = &one.what {
                    self.gone(seen.side, seen.kind, &seen.id, &Found::Missing)?;
                }
                Ok(self.core.store().supersede(self.fence, intent.id)?)
            }
            Err(error) => self.failed(intent, &one.linked, error).await,
        }
    }

    /// The whole batch failed: the first tells of it, and to the others the same has happened.
    async fn all_failed(&self, batch: &[Ready], error: RemoteError) -> Result<(), EngineError> {
        let Some((first, others)) = batch.split_first() else {
            return Ok(());
        };
        let class = error.class();
        for one in others {
            match class {
                Class::Unknown { .. } => {
                    self.core.store().mark_unknown(self.fence, one.intent.id)?;
                }
                _ => self.core.store().mark_planned(self.fence, one.intent.id)?,
            }
        }
        self.failed(&first.intent, &first.linked, error).await?;
        if matches!(class, Class::Unknown { settled: true }) {
            for one in others {
                if let Err(EngineError::Store(error)) = self.settle(&one.intent, true).await {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}

/// The key of a batch: the same for the same writes, and for no others.
fn key_of(batch: &[Ready]) -> String {
    let mut all = ring::digest::Context::new(&ring::digest::SHA256);
    for one in batch {
        all.update(one.intent.key.as_bytes());
        all.update(b"\n");
    }
    format!("batch:{}", BASE64_URL_SAFE_NO_PAD.encode(all.finish()))
}
