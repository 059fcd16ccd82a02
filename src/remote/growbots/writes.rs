//! What is written to Growbots: conditional on the version that was seen, and with the intent's key.

use http::{HeaderName, header::IF_MATCH};
use serde_json::{Map, Value as Json, json};

use crate::model::{FieldChange, FieldName, Kind, Lane, RecordId, Snapshot, is_status_tag};
use crate::remote::{
    Deleted, Found, NewRecord, RemoteError, Updated,
    client::{Answer, Call},
    known::{pending, words_over},
};

use super::{
    Growbots,
    faults::{absent, fault, is_not_deleted},
    map::Writer,
    wire::Problem,
};

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How a conditional write ended.
pub(super) enum Conditional {
    Done(Answer),
    /// The record had another version; as it is now.
    Stale(Snapshot),
    Gone,
}

impl Growbots {
    pub(super) async fn create_record(
        &self,
        lane: Lane,
        new: &NewRecord,
    ) -> Result<Snapshot, RemoteError> {
        let operation = match new.kind {
            Kind::Contact => "POST /leads",
            Kind::Task => "POST /tasks",
            Kind::Note => "POST /notes",
            Kind::Appointment => "POST /meetings",
            Kind::Business => "POST /companies",
        };
        let body = self.new_body(new, operation)?;
        let call = Call::write(operation, &[])
            .header(IDEMPOTENCY_KEY, &*new.key)
            .json(&Json::Object(self.dialect.write(new.kind, body)));
        let answer = self.ok(lane, new.kind, call).await?;
        self.record(&answer, new.kind)
    }

    /// What is sent to make a record, under the contract's names.
    pub(super) fn new_body(
        &self,
        new: &NewRecord,
        operation: &'static str,
    ) -> Result<Map<String, Json>, RemoteError> {
        let known = self.knowledge.now();
        let writer = Writer {
            client: &self.client,
            dialect: &self.dialect,
            known: &known,
            kind: new.kind,
            operation,
        };
        let fields = new.record.iter().map(|(field, value)| (field, Some(value)));
        let mut body = writer.json(fields, None)?;
        if let Some(parent) = &new.parent {
            body.insert("lead_id".to_owned(), json!(parent.as_str()));
        }
        let mut ids = Map::new();
        if let Some(id) = &new.external_id {
            ids.insert("ghl".to_owned(), id.as_str().into());
        }
        if let Some(mark) = &new.mark {
            body.insert("kind".to_owned(), mark.kind.name().into());
            ids.insert("rule".to_owned(), mark.key.as_str().into());
        }
        if !ids.is_empty() && self.has("external_id") {
            body.insert("external_ids".to_owned(), Json::Object(ids));
        }
        Ok(body)
    }

    pub(super) async fn update_record(
        &self,
        lane: Lane,
        seen: &Snapshot,
        changes: &[FieldChange],
        key: &str,
    ) -> Result<Updated, RemoteError> {
        if let [change] = changes
            && change.field == FieldName::Completed
            && seen.kind == Kind::Task
        {
            return self.complete(lane, seen, change.to.is_some(), key).await;
        }
        let is_tags = |change: &&FieldChange| change.field == FieldName::Tags;
        let mut now = seen.clone();
        let mut is_fresh = false;
        // Without a version to compare, or where the caller has seen something else, we must look first.
        if !self.has("etag") || seen.version.is_none() || pending(&seen.record, changes).is_none() {
            match self.read_one(lane, seen.kind, &seen.id).await? {
                Found::Live(current) => now = current,
                Found::Gone(_) | Found::Missing => return Ok(Updated::Gone),
            }
            is_fresh = true;
        }
        for last in [false, true] {
            let Some(pending) = pending(&now.record, changes) else {
                return Ok(Updated::Moved(now));
            };
            let fields: Vec<_> = pending.into_iter().filter(|c| !is_tags(c)).collect();
            if fields.is_empty() {
                break;
            }
            let body = self.patch_body(&now, &fields)?;
            match self.patch(lane, &now, body).await? {
                Conditional::Done(answer) => {
                    now = self.record(&answer, seen.kind)?;
                    is_fresh = true;
                    break;
                }
                Conditional::Stale(current) if last => return Ok(Updated::Moved(current)),
                Conditional::Stale(current) => {
                    now = current;
                    is_fresh = true;
                }
                Conditional::Gone => return Ok(Updated::Gone),
            }
        }
        if let Some(tags) = changes.iter().find(is_tags)
            && now.record.get(&FieldName::Tags) != tags.to.as_ref()
        {
            let mut over = [
                words_over(tags.to.as_ref(), tags.from.as_ref()),
                words_over(tags.from.as_ref(), tags.to.as_ref()),
            ];
            if self.dialect.status_tags {
                for words in &mut over {
                    words.retain(|tag| !is_status_tag(tag));
                }
            }
            let [add, remove] = over;
            let call = Call::write("POST /leads/{id}/tags", &[seen.id.as_str()])
                .header(IDEMPOTENCY_KEY, key)
                .json(&json!({"add": add, "remove": remove}));
            let answer = self.send(lane, call).await?;
            if absent(&answer).is_some() {
                return Ok(Updated::Gone);
            }
            let answer = self.checked(seen.kind, answer)?;
            now = self.record(&answer, seen.kind)?;
            is_fresh = true;
        }
        if is_fresh {
            return Ok(Updated::Done(now));
        }
        // Nothing was to be done: what was seen has the values. The side shall say so itself.
        Ok(match self.read_one(lane, seen.kind, &seen.id).await? {
            Found::Live(current) => Updated::Done(current),
            Found::Gone(_) | Found::Missing => Updated::Gone,
        })
    }

    /// Without a condition: a task that is already so is left alone, and there is no third value to lose.
    async fn complete(
        &self,
        lane: Lane,
        seen: &Snapshot,
        done: bool,
        key: &str,
    ) -> Result<Updated, RemoteError> {
        let operation = if done {
            "POST /tasks/{id}/complete"
        } else {
            "POST /tasks/{id}/reopen"
        };
        let call = Call::write(operation, &[seen.id.as_str()]).header(IDEMPOTENCY_KEY, key);
        let answer = self.send(lane, call).await?;
        if absent(&answer).is_some() {
            return Ok(Updated::Gone);
        }
        let answer = self.checked(seen.kind, answer)?;
        Ok(Updated::Done(self.record(&answer, seen.kind)?))
    }

    pub(super) async fn stamp_record(
        &self,
        lane: Lane,
        seen: &Snapshot,
        ghl_id: Option<&RecordId>,
    ) -> Result<Updated, RemoteError> {
        let mut now = seen.clone();
        for last in [false, true] {
            match self.patch(lane, &now, stamp_body(ghl_id)).await? {
                Conditional::Done(answer) => {
                    return Ok(Updated::Done(self.record(&answer, seen.kind)?));
                }
                Conditional::Gone => return Ok(Updated::Gone),
                Conditional::Stale(current) if current.external_id.as_ref() == ghl_id => {
                    return Ok(Updated::Done(current));
                }
                Conditional::Stale(current) => {
                    if last || current.external_id != seen.external_id {
                        return Ok(Updated::Moved(current));
                    }
                    now = current;
                }
            }
        }
        Ok(Updated::Moved(now))
    }

    pub(super) async fn delete_record(
        &self,
        lane: Lane,
        seen: &Snapshot,
    ) -> Result<Deleted, RemoteError> {
        let operation = match seen.kind {
            Kind::Contact => "DELETE /leads/{id}",
            Kind::Task => "DELETE /tasks/{id}",
            Kind::Note => "DELETE /notes/{id}",
            Kind::Appointment => "DELETE /meetings/{id}",
            Kind::Business => "DELETE /companies/{id}",
        };
        let mut now = seen.clone();
        if !self.has("etag") || seen.version.is_none() {
            match self.read_one(lane, seen.kind, &seen.id).await? {
                Found::Live(current) if current.record != seen.record => {
                    return Ok(Deleted::Moved(current));
                }
                Found::Live(current) => now = current,
                Found::Gone(_) | Found::Missing => return Ok(Deleted::Done),
            }
        }
        for last in [false, true] {
            let call = Call::write(operation, &[now.id.as_str()]);
            match self.conditional(lane, &now, call).await? {
                Conditional::Done(_) | Conditional::Gone => return Ok(Deleted::Done),
                Conditional::Stale(current) => {
                    if last || current.record != seen.record {
                        return Ok(Deleted::Moved(current));
                    }
                    // Only something that is not ours changed.
                    now = current;
                }
            }
        }
        Ok(Deleted::Moved(now))
    }

    /// `POST /{kind}/{id}/restore`: 200 record; 404, 409 `not_deleted`, 409 `duplicate` (`facts/growbots.md` 5).
    pub(super) async fn restore_record(
        &self,
        lane: Lane,
        kind: Kind,
        id: &RecordId,
        key: &str,
    ) -> Result<Option<Snapshot>, RemoteError> {
        if !self.has("restore") {
            return Ok(None);
        }
        let operation = match kind {
            Kind::Contact => "POST /leads/{id}/restore",
            Kind::Task => "POST /tasks/{id}/restore",
            Kind::Note => "POST /notes/{id}/restore",
            Kind::Appointment => "POST /meetings/{id}/restore",
            Kind::Business => "POST /companies/{id}/restore",
        };
        let call = Call::write(operation, &[id.as_str()]).header(IDEMPOTENCY_KEY, key);
        let answer = self.send(lane, call).await?;
        if absent(&answer).is_some() {
            return Ok(None);
        }
        if is_not_deleted(&answer) {
            // It is there: somebody else was first, or our own answer was lost.
            return Ok(match self.read_one(lane, kind, id).await? {
                Found::Live(now) => Some(now),
                Found::Gone(_) | Found::Missing => None,
            });
        }
        let answer = self.checked(kind, answer)?;
        Ok(Some(self.record(&answer, kind)?))
    }

    pub(super) fn patch_body(
        &self,
        now: &Snapshot,
        changes: &[&FieldChange],
    ) -> Result<Map<String, Json>, RemoteError> {
        let known = self.knowledge.now();
        let writer = Writer {
            client: &self.client,
            dialect: &self.dialect,
            known: &known,
            kind: now.kind,
            operation: patch_operation(now.kind),
        };
        let fields = changes
            .iter()
            .map(|change| (&change.field, change.to.as_ref()));
        writer.json(fields, Some(now))
    }

    async fn patch(
        &self,
        lane: Lane,
        now: &Snapshot,
        body: Map<String, Json>,
    ) -> Result<Conditional, RemoteError> {
        let call = Call::write(patch_operation(now.kind), &[now.id.as_str()]);
        let body = self.dialect.write(now.kind, body);
        self.conditional(lane, now, call.json(&Json::Object(body)))
            .await
    }

    /// Sends a write that is done only if the record still has the version of `now`.
    async fn conditional(
        &self,
        lane: Lane,
        now: &Snapshot,
        call: Call,
    ) -> Result<Conditional, RemoteError> {
        let tag = match &now.version {
            Some(version) if self.has("etag") => format!("\"{version}\""),
            _ => "*".to_owned(),
        };
        let answer = self.send(lane, call.header(IF_MATCH, tag)).await?;
        if let Some(ended) = self.ended(now.kind, answer)? {
            return Ok(ended);
        }
        Ok(match self.read_one(lane, now.kind, &now.id).await? {
            Found::Live(current) => Conditional::Stale(current),
            Found::Gone(_) | Found::Missing => Conditional::Gone,
        })
    }

    /// How a conditional write ended, by its answer; `None` where it is stale and the answer has not what is there now.
    pub(super) fn ended(
        &self,
        kind: Kind,
        answer: Answer,
    ) -> Result<Option<Conditional>, RemoteError> {
        if answer.is_ok() {
            return Ok(Some(Conditional::Done(answer)));
        }
        if absent(&answer).is_some() {
            return Ok(Some(Conditional::Gone));
        }
        if answer.status != 412 {
            return Err(fault(self, kind, &answer));
        }
        let problem: Problem<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
        let Some(raw) = problem.current else {
            return Ok(None);
        };
        let now = self.whole(&answer, kind, raw.get())?;
        Ok(Some(Conditional::Stale(now)))
    }
}

/// What is sent to write the GHL id into a record.
pub(super) fn stamp_body(ghl_id: Option<&RecordId>) -> Map<String, Json> {
    let ids = json!({ "ghl": ghl_id.map(RecordId::as_str) });
    Map::from_iter([("external_ids".to_owned(), ids)])
}

const fn patch_operation(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "PATCH /leads/{id}",
        Kind::Task => "PATCH /tasks/{id}",
        Kind::Note => "PATCH /notes/{id}",
        Kind::Appointment => "PATCH /meetings/{id}",
        Kind::Business => "PATCH /companies/{id}",
    }
}
