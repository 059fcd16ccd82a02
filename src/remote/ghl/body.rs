//! Canonical fields to GHL's JSON.

use serde_json::{Map, Value as Json, json};

use crate::model::{FieldName, Kind, Value};
use crate::remote::{RemoteError, client::Client, known::Known};

use super::custom;

/// GHL's name of a field; `None` where it has no such field, or another call than PUT for it.
pub const fn wire_name(kind: Kind, field: &FieldName) -> Option<&'static str> {
    use FieldName as F;
    Some(match (kind, field) {
        (Kind::Contact, F::FirstName) => "firstName",
        (Kind::Contact, F::LastName) => "lastName",
        (Kind::Contact, F::Company) => "companyName",
        (Kind::Contact, F::Street) => "address1",
        (Kind::Contact, F::TimeZone) => "timezone",
        (Kind::Contact, F::Source) => "source",
        (Kind::Contact, F::DoNotContact) => "dnd",
        (Kind::Contact, F::Tags) => "tags",
        (Kind::Contact, F::Owner) | (Kind::Task, F::Assignee) => "assignedTo",
        (Kind::Contact | Kind::Business, F::Email) => "email",
        (Kind::Contact | Kind::Business, F::Phone) => "phone",
        (Kind::Contact | Kind::Business, F::Website) => "website",
        (Kind::Contact | Kind::Business, F::City) => "city",
        (Kind::Contact | Kind::Business, F::Region) => "state",
        (Kind::Contact | Kind::Business, F::PostalCode) => "postalCode",
        (Kind::Contact | Kind::Business, F::Country) => "country",
        (Kind::Business, F::Name) => "name",
        (Kind::Business, F::Description) => "description",
        (Kind::Business, F::Street) => "address",
        (Kind::Task, F::Title) => "title",
        (Kind::Task | Kind::Note, F::Body) => "body",
        (Kind::Task, F::DueAt) => "dueDate",
        (Kind::Task, F::Completed) => "completed",
        (Kind::Note, F::Author) => "userId",
        (Kind::Note, F::Pinned) => "pinned",
        _ => return None,
    })
}

/// Makes bodies, and refuses what GHL cannot take before anything is sent.
pub struct Writer<'a> {
    /// For the errors.
    pub client: &'a Client,
    /// Users.
    pub known: &'a Known,
    /// What is written.
    pub kind: Kind,
    /// For the errors: what is asked.
    pub operation: &'static str,
}

impl Writer<'_> {
    /// The body of a create: all filled fields that GHL has.
    pub fn create<'f>(
        &self,
        fields: impl Iterator<Item = (&'f FieldName, &'f Value)>,
    ) -> Result<Map<String, Json>, RemoteError> {
        let mut body = Map::new();
        for (field, value) in fields {
            if let Some(name) = wire_name(self.kind, field) {
                body.insert(name.to_owned(), self.json(field, Some(value))?);
            } else if let Some(key) = self.custom(field) {
                self.put_custom(&mut body, field, key, Some(value))?;
            }
        }
        Ok(body)
    }

    /// The body of an update with these fields.
    pub fn update<'f>(
        &self,
        fields: impl Iterator<Item = (&'f FieldName, Option<&'f Value>)>,
    ) -> Result<Map<String, Json>, RemoteError> {
        let mut body = Map::new();
        for (field, value) in fields {
            if let Some(key) = self.custom(field) {
                self.put_custom(&mut body, field, key, value)?;
                continue;
            }
            let name = wire_name(self.kind, field).filter(|_| self.takes_update(field));
            let name = name.ok_or_else(|| self.cannot(field, "cannot be changed in GHL"))?;
            body.insert(name.to_owned(), self.json(field, value)?);
        }
        Ok(body)
    }

    /// The key of a custom field, which only contacts have.
    fn custom<'f>(&self, field: &'f FieldName) -> Option<&'f str> {
        match field {
            FieldName::Custom(key) if self.kind == Kind::Contact => Some(key),
            _ => None,
        }
    }

    fn put_custom(
        &self,
        body: &mut Map<String, Json>,
        field: &FieldName,
        key: &str,
        value: Option<&Value>,
    ) -> Result<(), RemoteError> {
        let entry = custom::entry(&self.known.custom_fields, key, value)
            .map_err(|why| self.cannot(field, why))?;
        let entries = body.entry("customFields").or_insert_with(|| json!([]));
        if let Json::Array(entries) = entries {
            entries.push(entry);
        }
        Ok(())
    }

    fn takes_update(&self, field: &FieldName) -> bool {
        !(self.kind == Kind::Contact && *field == FieldName::Company)
    }

    fn json(&self, field: &FieldName, value: Option<&Value>) -> Result<Json, RemoteError> {
        use FieldName as F;
        let Some(value) = value else {
            return self.cleared(field);
        };
        match (field, value) {
            (F::Owner | F::Assignee | F::Author, Value::Text(email)) => self
                .known
                .user_id(email)
                .map(Json::from)
                .ok_or_else(|| self.cannot(field, "is no user of this location")),
            (_, value) => Ok(value.to_json()),
        }
    }

    /// How a field is emptied (`facts/highlevel.md` c1, and the nullable marks of the specification).
    fn cleared(&self, field: &FieldName) -> Result<Json, RemoteError> {
        use FieldName as F;
        match (self.kind, field) {
            (_, F::DoNotContact | F::Completed | F::Pinned) => Ok(json!(false)),
            (Kind::Contact, F::PostalCode | F::Country)
            | (Kind::Task, F::Title | F::DueAt | F::Assignee)
            | (Kind::Note, F::Body | F::Author)
            | (Kind::Business, F::Name) => Err(self.cannot(field, "cannot be emptied in GHL")),
            (Kind::Contact, _) => Ok(Json::Null),
            _ => Ok(json!("")),
        }
    }

    /// The error for a field that GHL cannot take.
    pub fn cannot(&self, field: &FieldName, why: &str) -> RemoteError {
        self.client.cannot(self.kind, self.operation, field, why)
    }
}
