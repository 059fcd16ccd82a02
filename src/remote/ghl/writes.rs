//! What is written to GHL. It has no conditional writes and no idempotency keys: each change re-reads just before,
//! and each create is read back (`facts/highlevel.md` f5).

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::model::{FieldChange, FieldName, Kind, Lane, RecordId, Snapshot, Value};
use crate::remote::{
    Deleted, Found, NewRecord, RemoteError, Updated,
    client::{Answer, Call},
    known::{pending, words_over},
    scalar::Words,
};

use super::{
    Ghl,
    body::Writer,
    faults::{fault, is_missing},
};

impl Ghl {
    pub(super) async fn create_record(
        &self,
        lane: Lane,
        new: &NewRecord,
    ) -> Result<Snapshot, RemoteError> {
        let kind = new.kind;
        let operation = match kind {
            Kind::Contact => "POST /contacts/",
            Kind::Task => "POST /contacts/{contactId}/tasks",
            Kind::Note => "POST /contacts/{contactId}/notes",
            Kind::Business => "POST /businesses/",
            Kind::Appointment => return Err(self.no_such_call(kind, "create")),
        };
        let known = self.knowledge.now();
        let writer = self.writer(&known, kind, operation);
        let mut body = writer.create(new.record.iter())?;
        let needs: &[FieldName] = match kind {
            Kind::Contact | Kind::Business => {
                body.insert("locationId".to_owned(), json!(&*self.location));
                &[]
            }
            Kind::Task => {
                body.entry("completed").or_insert(json!(false));
                &[FieldName::Title, FieldName::DueAt]
            }
            _ => &[FieldName::Body],
        };
        if let Some(field) = needs.iter().find(|field| new.record.get(field).is_none()) {
            return Err(writer.cannot(field, "is required by GHL"));
        }
        let parent = new.parent.as_ref().map_or("", RecordId::as_str);
        if kind.is_child() && parent.is_empty() {
            return Err(self.no_such_call(kind, "create without its contact"));
        }
        let call = Call::write(operation, &[parent]).json(&Json::Object(body));
        let answer = self.ok(lane, kind, call).await?;
        let made = self.one(&answer, kind, new.parent.as_ref())?.row.snapshot;
        match self
            .read_one(lane, kind, new.parent.as_ref(), &made.id)
            .await
        {
            Ok(Found::Live(snapshot)) => Ok(snapshot),
            // It was made, whatever the read says: never let it look as if it was not.
            Ok(_) | Err(_) => Ok(made),
        }
    }

    pub(super) async fn update_record(
        &self,
        lane: Lane,
        seen: &Snapshot,
        changes: &[FieldChange],
    ) -> Result<Updated, RemoteError> {
        let (kind, parent) = (seen.kind, seen.parent.as_ref());
        let operation = update_operation(kind).ok_or_else(|| self.no_such_call(kind, "change"))?;
        let known = self.knowledge.now();
        let writer = self.writer(&known, kind, operation);
        // What GHL cannot take is known before anything is asked.
        let (tags, fields): (Vec<&FieldChange>, Vec<_>) = changes
            .iter()
            .partition(|change| change.field == FieldName::Tags);
        writer.update(
            fields
                .iter()
                .map(|change| (&change.field, change.to.as_ref())),
        )?;

        let current = match self.read_one(lane, kind, parent, &seen.id).await? {
            Found::Live(current) => current,
            Found::Gone(_) | Found::Missing => return Ok(Updated::Gone),
        };
        let Some(pending) = pending(&current.record, changes) else {
            return Ok(Updated::Moved(current));
        };
        if pending.is_empty() {
            return Ok(Updated::Done(current));
        }
        let mut body = writer.update(
            pending
                .iter()
                .filter(|change| change.field != FieldName::Tags)
                .map(|change| (&change.field, change.to.as_ref())),
        )?;
        if kind == Kind::Note {
            keep_title(&current, &mut body);
        }
        if !body.is_empty() && !self.put(lane, &current, operation, body).await? {
            return Ok(Updated::Gone);
        }
        let mut tagged = None;
        if let Some(tags) = tags.first() {
            let now = current.record.get(&FieldName::Tags);
            let more = words_over(tags.to.as_ref(), now);
            let less = words_over(now, tags.to.as_ref());
            for (operation, words) in [
                ("POST /contacts/{contactId}/tags", more),
                ("DELETE /contacts/{contactId}/tags", less),
            ] {
                if words.is_empty() {
                    continue;
                }
                let call = Call::write(operation, &[seen.id.as_str()]);
                let answer = self
                    .call(lane, call.json(&json!({ "tags": words })))
                    .await?;
                if is_missing(&answer) {
                    return Ok(Updated::Gone);
                }
                let answer = self.checked(kind, answer)?;
                tagged = tags_after(&answer);
            }
        }
        match self.read_one(lane, kind, parent, &seen.id).await? {
            Found::Live(now) => Ok(match tagged {
                Some(tags) if Some(&tags) != now.record.get(&FieldName::Tags) => {
                    let mut written = now.clone();
                    written.record.set(FieldName::Tags, Some(tags));
                    written.updated_at = current.updated_at;
                    Updated::Undone { written, now }
                }
                _ => Updated::Done(now),
            }),
            Found::Gone(_) | Found::Missing => Ok(Updated::Gone),
        }
    }

    /// Sends changed fields; `false` where the record is gone.
    async fn put(
        &self,
        lane: Lane,
        current: &Snapshot,
        operation: &'static str,
        body: Map<String, Json>,
    ) -> Result<bool, RemoteError> {
        let id = current.id.as_str();
        let parent = current.parent.as_ref().map_or("", RecordId::as_str);
        let only_completed = body.len() == 1 && body.contains_key("completed");
        let call = match current.kind {
            Kind::Task if only_completed => Call::write(
                "PUT /contacts/{contactId}/tasks/{taskId}/completed",
                &[parent, id],
            ),
            Kind::Task | Kind::Note => Call::write(operation, &[parent, id]),
            _ => Call::write(operation, &[id]),
        };
        let answer = self.call(lane, call.json(&Json::Object(body))).await?;
        if is_missing(&answer) {
            return Ok(false);
        }
        self.checked(current.kind, answer)?;
        Ok(true)
    }

    pub(super) async fn delete_record(
        &self,
        lane: Lane,
        seen: &Snapshot,
    ) -> Result<Deleted, RemoteError> {
        let (kind, parent, id) = (seen.kind, seen.parent.as_ref(), seen.id.as_str());
        let contact = parent.map_or("", RecordId::as_str);
        let call = match kind {
            Kind::Contact => Call::write("DELETE /contacts/{contactId}", &[id]),
            Kind::Business => Call::write("DELETE /businesses/{businessId}", &[id]),
            Kind::Task => Call::write(
                "DELETE /contacts/{contactId}/tasks/{taskId}",
                &[contact, id],
            ),
            Kind::Note => Call::write("DELETE /contacts/{contactId}/notes/{id}", &[contact, id]),
            Kind::Appointment => return Err(self.no_such_call(kind, "delete")),
        };
        match self.read_one(lane, kind, parent, &seen.id).await? {
            Found::Live(current) if current.record != seen.record => {
                return Ok(Deleted::Moved(current));
            }
            Found::Live(_) => {}
            Found::Gone(_) | Found::Missing => return Ok(Deleted::Done),
        }
        let answer = self.call(lane, call).await?;
        if answer.is_ok() || is_missing(&answer) {
            Ok(Deleted::Done)
        } else {
            Err(fault(&self.client, kind, &answer))
        }
    }

    const fn writer<'a>(
        &'a self,
        known: &'a crate::remote::known::Known,
        kind: Kind,
        operation: &'static str,
    ) -> Writer<'a> {
        Writer {
            client: &self.client,
            known,
            kind,
            operation,
        }
    }
}

const fn update_operation(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Contact => Some("PUT /contacts/{contactId}"),
        Kind::Task => Some("PUT /contacts/{contactId}/tasks/{taskId}"),
        Kind::Note => Some("PUT /contacts/{contactId}/notes/{id}"),
        Kind::Business => Some("PUT /businesses/{businessId}"),
        Kind::Appointment => None,
    }
}

/// A note's body is always sent. Where the note has a title, that is the first line of the canonical body.
fn keep_title(current: &Snapshot, body: &mut Map<String, Json>) {
    let raw: Json = serde_json::from_str(&current.raw).unwrap_or_default();
    let Some(text) = body.get("body").and_then(Json::as_str).map(str::to_owned) else {
        let unchanged = raw.get("body").cloned().unwrap_or_else(|| json!(""));
        body.insert("body".to_owned(), unchanged);
        return;
    };
    let has_title = raw["title"].as_str().is_some_and(|title| !title.is_empty());
    if let Some((title, rest)) = text.split_once('\n').filter(|_| has_title) {
        body.insert("title".to_owned(), json!(title));
        body.insert("body".to_owned(), json!(rest));
    }
}

/// The tags that a contact has after a change of them, as the answer to that says; `None` where it says none.
fn tags_after(answer: &Answer) -> Option<Value> {
    #[derive(Deserialize)]
    struct Told<'a> {
        #[serde(borrow)]
        tags: Words<'a>,
    }
    let told: Told<'_> = serde_json::from_slice(&answer.body).ok()?;
    told.tags.value()
}
