//! Growbots' records to canonical ones and back (`facts/growbots.md` 4, 7).

use serde_json::{Map, Value as Json, json, value::RawValue};

use crate::model::{
    FieldName, Kind, Record, RecordId, Side, Snapshot, Value, is_status_tag, status_tag,
};
use crate::remote::{
    RemoteError, Row,
    client::Client,
    known::{Knowledge, Known},
    scalar::Scalar,
};

use super::{Dialect, wire};

/// Reads one record: as it came, and under the contract's names. Beside it the field with something else than a value
/// in it, if there is one: what the record has there is not known.
pub fn read(
    dialect: &Dialect,
    knowledge: &Knowledge,
    known: &Known,
    kind: Kind,
    raw: &str,
    canonical: &str,
) -> Result<(Row, Option<FieldName>), serde_json::Error> {
    let wire: wire::Record<'_> = serde_json::from_str(canonical)?;
    let missing = |key| serde::de::Error::custom(format!("a record without `{key}`"));
    let mut record = Record::default();
    let mut complete = true;
    let mut odd = None;
    for field in FieldName::of(kind) {
        let (is_here, value) = value(&wire, known, kind, field);
        complete &= is_here;
        if is_odd(&wire, field) {
            odd.get_or_insert_with(|| field.clone());
        }
        record.set(field.clone(), value);
    }
    if dialect.status_tags && kind == Kind::Contact {
        let own = record.get(&FieldName::Tags).map_or(&[][..], Value::words);
        let own = own
            .iter()
            .map(|tag| &**tag)
            .filter(|tag| !is_status_tag(tag));
        let status = status_tag(wire.status.text());
        let all = Value::set(own.chain(status.as_deref()));
        record.set(FieldName::Tags, all);
    }
    if kind == Kind::Contact {
        complete &= wire.custom_fields.is_some();
        custom(wire.custom_fields, &mut record);
    }
    let text = |scalar: &Scalar<'_>| match scalar.text() {
        "" => None,
        text => Some(Box::from(text)),
    };
    let external = wire.external_ids.as_ref().and_then(|ids| text(&ids.ghl));
    let row = Row {
        complete: complete && odd.is_none(),
        snapshot: Snapshot {
            side: Side::Growbots,
            kind,
            id: RecordId(text(&wire.id).ok_or_else(|| missing("id"))?),
            parent: text(&wire.lead_id).map(RecordId),
            record: knowledge.normalise(known, kind, record),
            raw: raw.into(),
            version: text(&wire.version),
            created_at: wire.created_at.millis(),
            updated_at: wire.updated_at.millis(),
            external_id: external.map(RecordId),
        },
    };
    Ok((row, odd))
}

/// Whether a field has something else than a value in it.
fn is_odd(wire: &wire::Record<'_>, field: &FieldName) -> bool {
    match field {
        FieldName::Tags => wire.tags.is_odd(),
        FieldName::DoNotContact => wire.do_not_contact.is_odd(),
        field => scalar(wire, field).is_some_and(Scalar::is_odd),
    }
}

/// The plain value of a field; `None` for those that are read in another way.
const fn scalar<'a, 'w>(wire: &'a wire::Record<'w>, field: &FieldName) -> Option<&'a Scalar<'w>> {
    use FieldName as F;
    let parts = &wire.address.parts;
    Some(match field {
        F::FirstName => &wire.first_name,
        F::LastName => &wire.last_name,
        F::Name => &wire.name,
        F::Title => &wire.title,
        F::Email => &wire.email,
        F::Phone => &wire.phone,
        F::Company => &wire.company,
        F::Website => &wire.website,
        F::TimeZone => &wire.time_zone,
        F::Source => &wire.source,
        F::Business => &wire.company_id,
        F::Body => &wire.body,
        F::DueAt => &wire.due_at,
        F::Completed => &wire.completed,
        F::Pinned => &wire.pinned,
        F::StartsAt => &wire.starts_at,
        F::EndsAt => &wire.ends_at,
        F::Status => &wire.status,
        F::Location => &wire.location,
        F::Description => &wire.description,
        F::Calendar => &wire.calendar,
        F::Street => &parts.street,
        F::City => &parts.city,
        F::Region => &parts.region,
        F::PostalCode => &parts.postal_code,
        F::Country => &parts.country,
        F::Owner => &wire.owner_id,
        F::Assignee => &wire.assignee_id,
        F::Author => &wire.author_id,
        F::Host => &wire.host_id,
        F::Tags | F::DoNotContact | F::Custom(_) => return None,
    })
}

/// Whether a field's key is there, and its value.
fn value(
    wire: &wire::Record<'_>,
    known: &Known,
    kind: Kind,
    field: &FieldName,
) -> (bool, Option<Value>) {
    use FieldName as F;
    match (field, scalar(wire, field)) {
        (F::Street | F::City | F::Region | F::PostalCode | F::Country, Some(part)) => {
            place(wire, part)
        }
        (F::Owner | F::Assignee | F::Author | F::Host, Some(id)) => user(known, id),
        (field, Some(scalar)) => (scalar.is_here(), scalar.value(field.ty())),
        (F::Tags, None) => (wire.tags.is_here, wire.tags.value()),
        (F::DoNotContact, None) => {
            let stop = wire.do_not_contact.is_yes() || is_unsubscribed(kind, wire.status.text());
            (wire.do_not_contact.is_here(), Value::yes(stop))
        }
        // Read apart: their keys are the record's own.
        (_, None) => (true, None),
    }
}

/// The custom fields of a lead. Numbers and booleans are carried as their text.
fn custom(raw: Option<&RawValue>, record: &mut Record) {
    let Some(Ok(fields)) = raw.map(|raw| serde_json::from_str::<Map<String, Json>>(raw.get()))
    else {
        return;
    };
    for (key, json) in fields {
        let value = match json {
            Json::String(text) => Value::text(text),
            Json::Number(number) => Value::text(number.to_string()),
            Json::Bool(yes) => Value::text(yes.to_string()),
            Json::Array(words) => Value::set(words.iter().filter_map(Json::as_str)),
            Json::Null | Json::Object(_) => None,
        };
        record.set(FieldName::Custom(key.into()), value);
    }
}

/// A custom value in the type that the key has on the record now, where the value can be of that type; a word or a
/// list where the key is new.
fn custom_json(value: &Value, now: Option<&Json>) -> Json {
    let text = value.to_string();
    match now {
        Some(Json::Number(_)) => text
            .parse::<serde_json::Number>()
            .map_or_else(|_| value.to_json(), Json::Number),
        Some(Json::Bool(_)) => text
            .parse::<bool>()
            .map_or_else(|_| value.to_json(), Json::Bool),
        Some(Json::Array(_)) if matches!(value, Value::Text(_)) => json!([text]),
        _ => value.to_json(),
    }
}

/// A null address has all its members empty; one without a member has that one empty.
fn place(wire: &wire::Record<'_>, part: &Scalar<'_>) -> (bool, Option<Value>) {
    (wire.address.is_here, Value::text(part.text()))
}

fn user(known: &Known, id: &Scalar<'_>) -> (bool, Option<Value>) {
    (id.is_here(), known.user(id.text()))
}

fn is_unsubscribed(kind: Kind, status: &str) -> bool {
    kind == Kind::Contact && status == "unsubscribed"
}

/// The contract's name of a field, with `address.` before a member of the address.
pub fn wire_name(field: &FieldName) -> String {
    match field {
        FieldName::Owner => "owner_id".to_owned(),
        FieldName::Assignee => "assignee_id".to_owned(),
        FieldName::Author => "author_id".to_owned(),
        FieldName::Host => "host_id".to_owned(),
        FieldName::Business => "company_id".to_owned(),
        FieldName::Custom(key) => format!("custom_fields.{key}"),
        field => field.to_string(),
    }
}

/// Makes bodies, and refuses what Growbots cannot take before anything is sent.
pub struct Writer<'a> {
    /// For the errors.
    pub client: &'a Client,
    /// The names under which the patched record came.
    pub dialect: &'a Dialect,
    /// Users.
    pub known: &'a Known,
    /// What is written.
    pub kind: Kind,
    /// For the errors: what is asked.
    pub operation: &'static str,
}

impl Writer<'_> {
    /// The JSON of these fields: a record to make, or a merge patch. `seen` is what is patched.
    pub fn json<'f>(
        &self,
        fields: impl Iterator<Item = (&'f FieldName, Option<&'f Value>)>,
        seen: Option<&Snapshot>,
    ) -> Result<Map<String, Json>, RemoteError> {
        let mut body = Map::new();
        for (field, value) in fields {
            let is_custom = matches!(field, FieldName::Custom(_)) && self.kind == Kind::Contact;
            if !is_custom && !FieldName::of(self.kind).contains(field) {
                return Err(self.cannot(field, "is no field of this kind"));
            }
            let value = self.value(field, value, seen)?;
            let name = wire_name(field);
            match name.split_once('.') {
                Some((outer, inner)) => {
                    let outer = body.entry(outer).or_insert_with(|| json!({}));
                    outer[inner] = value;
                }
                None => {
                    body.insert(name, value);
                }
            }
        }
        Ok(body)
    }

    fn value(
        &self,
        field: &FieldName,
        value: Option<&Value>,
        seen: Option<&Snapshot>,
    ) -> Result<Json, RemoteError> {
        use FieldName as F;
        let kind = self.kind;
        let Some(value) = value else {
            return match (kind, field) {
                (_, F::DoNotContact) if seen.is_some_and(|seen| self.has_unsubscribed(seen)) => {
                    Err(self.cannot(field, "stays while the lead's status is `unsubscribed`"))
                }
                (_, F::DoNotContact | F::Completed | F::Pinned) => Ok(json!(false)),
                (_, F::Tags) => Ok(json!([])),
                (Kind::Task, F::Title)
                | (Kind::Note, F::Body)
                | (Kind::Appointment, F::Title | F::StartsAt | F::EndsAt | F::Status)
                | (Kind::Business, F::Name) => {
                    Err(self.cannot(field, "cannot be emptied in Growbots"))
                }
                _ => Ok(Json::Null),
            };
        };
        match (field, value) {
            (F::Owner | F::Assignee | F::Author | F::Host, Value::Text(email)) => self
                .known
                .user_id(email)
                .map(Json::from)
                .ok_or_else(|| self.cannot(field, "is no user of this account")),
            (F::Custom(key), value) => {
                let now = seen.and_then(|seen| {
                    let raw = self.dialect.read(kind, &seen.raw);
                    let raw: Json = serde_json::from_str(&raw).ok()?;
                    raw.get("custom_fields")?.get(&**key).cloned()
                });
                Ok(custom_json(value, now.as_ref()))
            }
            (F::Tags, value) if self.dialect.status_tags => {
                let own = value.words().iter().filter(|tag| !is_status_tag(tag));
                Ok(json!(own.collect::<Vec<_>>()))
            }
            (_, value) => Ok(value.to_json()),
        }
    }

    fn has_unsubscribed(&self, seen: &Snapshot) -> bool {
        let raw = self.dialect.read(seen.kind, &seen.raw);
        let wire: Result<wire::Record<'_>, _> = serde_json::from_str(&raw);
        wire.is_ok_and(|wire| is_unsubscribed(seen.kind, wire.status.text()))
    }

    fn cannot(&self, field: &FieldName, why: &str) -> RemoteError {
        self.client.cannot(self.kind, self.operation, field, why)
    }
}
