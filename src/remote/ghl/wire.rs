//! GHL's JSON, as it comes (`facts/highlevel.md` c, h): unknown keys are ignored, any field may be missing.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::model::Kind;
use crate::remote::scalar::{Scalar, Words};

/// A contact, by id or as a row of a search.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Contact<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow, rename = "_id")]
    pub mongo_id: Scalar<'a>,
    #[serde(borrow)]
    pub first_name: Scalar<'a>,
    #[serde(borrow)]
    pub last_name: Scalar<'a>,
    #[serde(borrow)]
    pub email: Scalar<'a>,
    #[serde(borrow)]
    pub phone: Scalar<'a>,
    #[serde(borrow)]
    pub company_name: Scalar<'a>,
    #[serde(borrow)]
    pub website: Scalar<'a>,
    #[serde(borrow)]
    pub address1: Scalar<'a>,
    /// What search rows call `address1`.
    #[serde(borrow)]
    pub address: Scalar<'a>,
    #[serde(borrow)]
    pub city: Scalar<'a>,
    #[serde(borrow)]
    pub state: Scalar<'a>,
    #[serde(borrow)]
    pub postal_code: Scalar<'a>,
    #[serde(borrow)]
    pub country: Scalar<'a>,
    #[serde(borrow)]
    pub timezone: Scalar<'a>,
    #[serde(borrow)]
    pub tags: Words<'a>,
    #[serde(borrow)]
    pub assigned_to: Scalar<'a>,
    #[serde(borrow)]
    pub source: Scalar<'a>,
    #[serde(borrow)]
    pub dnd: Scalar<'a>,
    #[serde(borrow)]
    pub business_id: Scalar<'a>,
    #[serde(borrow)]
    pub date_added: Scalar<'a>,
    #[serde(borrow)]
    pub date_updated: Scalar<'a>,
    #[serde(borrow)]
    pub deleted: Scalar<'a>,
    #[serde(borrow)]
    pub search_after: Option<&'a RawValue>,
    /// `None` where the key is not there.
    #[serde(borrow, deserialize_with = "here")]
    pub custom_fields: Option<&'a RawValue>,
}

/// A value as it stands, also where it is null.
fn here<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// A task, a note or an appointment; their keys do not clash.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Child<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow, rename = "_id")]
    pub mongo_id: Scalar<'a>,
    #[serde(borrow)]
    pub contact_id: Scalar<'a>,
    #[serde(borrow)]
    pub title: Scalar<'a>,
    #[serde(borrow)]
    pub body: Scalar<'a>,
    #[serde(borrow)]
    pub due_date: Scalar<'a>,
    #[serde(borrow)]
    pub completed: Scalar<'a>,
    #[serde(borrow)]
    pub assigned_to: Scalar<'a>,
    #[serde(borrow)]
    pub user_id: Scalar<'a>,
    #[serde(borrow)]
    pub pinned: Scalar<'a>,
    #[serde(borrow)]
    pub start_time: Scalar<'a>,
    #[serde(borrow)]
    pub end_time: Scalar<'a>,
    #[serde(borrow)]
    pub appointment_status: Scalar<'a>,
    #[serde(borrow)]
    pub status: Scalar<'a>,
    #[serde(borrow)]
    pub address: Scalar<'a>,
    #[serde(borrow)]
    pub notes: Scalar<'a>,
    #[serde(borrow)]
    pub calendar_id: Scalar<'a>,
    #[serde(borrow)]
    pub assigned_user_id: Scalar<'a>,
    #[serde(borrow)]
    pub date_added: Scalar<'a>,
    #[serde(borrow)]
    pub date_updated: Scalar<'a>,
}

impl Child<'_> {
    /// The status of an appointment, under either of its names.
    pub fn its_status(&self) -> &str {
        match self.appointment_status.text() {
            "" => self.status.text(),
            text => text,
        }
    }
}

/// A business.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Business<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow, rename = "_id")]
    pub mongo_id: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub phone: Scalar<'a>,
    #[serde(borrow)]
    pub email: Scalar<'a>,
    #[serde(borrow)]
    pub website: Scalar<'a>,
    #[serde(borrow)]
    pub description: Scalar<'a>,
    #[serde(borrow)]
    pub address: Scalar<'a>,
    #[serde(borrow)]
    pub city: Scalar<'a>,
    #[serde(borrow)]
    pub state: Scalar<'a>,
    #[serde(borrow)]
    pub postal_code: Scalar<'a>,
    #[serde(borrow)]
    pub country: Scalar<'a>,
    #[serde(borrow)]
    pub created_at: Scalar<'a>,
    #[serde(borrow)]
    pub updated_at: Scalar<'a>,
}

/// An answer that holds one record, under the name of its kind; `buiseness` is GHL's own spelling.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct One<'a> {
    #[serde(borrow)]
    contact: Option<&'a RawValue>,
    #[serde(borrow)]
    task: Option<&'a RawValue>,
    #[serde(borrow)]
    note: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    business: Option<&'a RawValue>,
    #[serde(borrow)]
    buiseness: Option<&'a RawValue>,
}

impl<'a> One<'a> {
    /// The record.
    pub fn of(self, kind: Kind) -> Option<&'a str> {
        let raw = match kind {
            Kind::Contact => self.contact,
            Kind::Task => self.task,
            Kind::Note => self.note,
            Kind::Appointment => self.event,
            Kind::Business => self.business.or(self.buiseness),
        };
        raw.map(RawValue::get)
    }
}

/// An answer that holds many records, under the plural of their kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Many<'a> {
    #[serde(borrow)]
    contacts: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    tasks: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    notes: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    businesses: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    total: Scalar<'a>,
    #[serde(borrow)]
    count: Scalar<'a>,
    #[serde(borrow)]
    meta: Option<ListEnd<'a>>,
}

/// Where the deprecated list goes on. Its `nextPageUrl` may name any host and is not followed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListEnd<'a> {
    #[serde(borrow)]
    total: Scalar<'a>,
    #[serde(borrow)]
    start_after: Scalar<'a>,
    #[serde(borrow)]
    start_after_id: Scalar<'a>,
    #[serde(borrow)]
    next_page: Scalar<'a>,
}

impl<'a> Many<'a> {
    /// How many there are in all, where it says.
    pub fn total(&self) -> Option<u64> {
        let number = |scalar: &Scalar<'_>| scalar.text().parse().ok();
        let meta = self.meta.as_ref();
        number(&self.total)
            .or_else(|| number(&self.count))
            .or_else(|| number(&meta?.total))
    }

    /// The two cursor values of the deprecated list, where its answer has them.
    pub fn list_cursor(&self) -> Option<(String, String)> {
        let meta = self.meta.as_ref()?;
        let pair = [&meta.start_after, &meta.start_after_id].map(|part| part.text().to_owned());
        let [at, id] = pair;
        (!at.is_empty() && !id.is_empty()).then_some((at, id))
    }

    /// Whether the deprecated list says that this is its last page.
    pub fn is_last(&self) -> bool {
        self.meta
            .as_ref()
            .is_some_and(|meta| meta.next_page == Scalar::Null)
    }

    /// The records; `None` where their key is missing, which is no empty list.
    pub fn of(self, kind: Kind) -> Option<Vec<&'a RawValue>> {
        match kind {
            Kind::Contact => self.contacts,
            Kind::Task => self.tasks,
            Kind::Note => self.notes,
            Kind::Appointment => self.events,
            Kind::Business => self.businesses,
        }
    }
}

/// An error (`facts/highlevel.md` f): `message` is one text or many.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem<'a> {
    #[serde(borrow)]
    pub message: Words<'a>,
    #[serde(borrow)]
    pub meta: Option<Meta<'a>>,
}

/// Who holds what a contact may not share.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta<'a> {
    #[serde(borrow)]
    pub contact_id: Scalar<'a>,
    #[serde(borrow)]
    pub matching_field: Scalar<'a>,
}

/// `GET /locations/:id`.
#[derive(Debug, Deserialize)]
pub struct LocationAnswer<'a> {
    /// The location.
    #[serde(borrow)]
    pub location: Location<'a>,
}

/// What we read of a location.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Location<'a> {
    #[serde(borrow)]
    pub company_id: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub timezone: Scalar<'a>,
    #[serde(borrow)]
    pub country: Scalar<'a>,
}

/// `GET /locations/:id/customFields`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomFields<'a> {
    /// The definitions.
    #[serde(borrow)]
    pub custom_fields: Vec<CustomField<'a>>,
}

/// What we read of a custom field's definition.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomField<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub field_key: Scalar<'a>,
    #[serde(borrow)]
    pub data_type: Scalar<'a>,
    #[serde(borrow)]
    pub model: Scalar<'a>,
    #[serde(borrow)]
    pub picklist_options: Words<'a>,
}

/// `GET /calendars/`.
#[derive(Debug, Deserialize)]
pub struct Calendars<'a> {
    /// The calendars.
    #[serde(borrow)]
    pub calendars: Vec<Calendar<'a>>,
}

/// What we read of a calendar.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Calendar<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
}

/// A page of users.
#[derive(Debug, Deserialize)]
pub struct Users<'a> {
    /// The users.
    #[serde(borrow)]
    pub users: Vec<User<'a>>,
}

/// What we read of a user.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub first_name: Scalar<'a>,
    #[serde(borrow)]
    pub last_name: Scalar<'a>,
    #[serde(borrow)]
    pub email: Scalar<'a>,
}
