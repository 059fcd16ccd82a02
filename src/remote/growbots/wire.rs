//! The Growbots contract's JSON (`facts/growbots.md` 3, 4): unknown keys are ignored, any field may be missing.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::model::{self, Kind, RecordId};
use crate::remote::scalar::{Scalar, Words};

/// A record of any kind; no key means two things.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Record<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow)]
    pub version: Scalar<'a>,
    #[serde(borrow)]
    pub external_ids: Option<ExternalIds<'a>>,
    #[serde(borrow)]
    pub created_at: Scalar<'a>,
    #[serde(borrow)]
    pub updated_at: Scalar<'a>,
    #[serde(borrow)]
    pub lead_id: Scalar<'a>,
    #[serde(borrow)]
    pub first_name: Scalar<'a>,
    #[serde(borrow)]
    pub last_name: Scalar<'a>,
    #[serde(borrow)]
    pub email: Scalar<'a>,
    #[serde(borrow)]
    pub phone: Scalar<'a>,
    #[serde(borrow)]
    pub company: Scalar<'a>,
    #[serde(borrow)]
    pub company_id: Scalar<'a>,
    #[serde(borrow)]
    pub title: Scalar<'a>,
    #[serde(borrow)]
    pub website: Scalar<'a>,
    #[serde(borrow)]
    pub address: Place<'a>,
    #[serde(borrow)]
    pub time_zone: Scalar<'a>,
    #[serde(borrow)]
    pub status: Scalar<'a>,
    #[serde(borrow)]
    pub do_not_contact: Scalar<'a>,
    #[serde(borrow)]
    pub tags: Words<'a>,
    #[serde(borrow)]
    pub owner_id: Scalar<'a>,
    #[serde(borrow)]
    pub source: Scalar<'a>,
    #[serde(borrow)]
    pub body: Scalar<'a>,
    #[serde(borrow)]
    pub due_at: Scalar<'a>,
    #[serde(borrow)]
    pub completed: Scalar<'a>,
    #[serde(borrow)]
    pub assignee_id: Scalar<'a>,
    #[serde(borrow)]
    pub author_id: Scalar<'a>,
    #[serde(borrow)]
    pub pinned: Scalar<'a>,
    #[serde(borrow)]
    pub description: Scalar<'a>,
    #[serde(borrow)]
    pub starts_at: Scalar<'a>,
    #[serde(borrow)]
    pub ends_at: Scalar<'a>,
    #[serde(borrow)]
    pub location: Scalar<'a>,
    #[serde(borrow)]
    pub calendar: Scalar<'a>,
    #[serde(borrow)]
    pub host_id: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
    /// An object from key to value.
    #[serde(borrow, deserialize_with = "here")]
    pub custom_fields: Option<&'a RawValue>,
}

/// A value as it stands, also where it is null.
fn here<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// Ids in other systems.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExternalIds<'a> {
    /// The GHL record that this one is linked with.
    #[serde(borrow)]
    pub ghl: Scalar<'a>,
}

/// An address, or null.
#[derive(Debug, Default)]
pub struct Place<'a> {
    /// Whether the key is there.
    pub is_here: bool,
    /// Its members; all empty where it is null.
    pub parts: Address<'a>,
}

/// The members of an address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Address<'a> {
    #[serde(borrow)]
    pub street: Scalar<'a>,
    #[serde(borrow)]
    pub city: Scalar<'a>,
    #[serde(borrow)]
    pub region: Scalar<'a>,
    #[serde(borrow)]
    pub postal_code: Scalar<'a>,
    #[serde(borrow)]
    pub country: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Place<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let parts = Option::<Address<'a>>::deserialize(from)?;
        Ok(Self {
            is_here: true,
            parts: parts.unwrap_or_default(),
        })
    }
}

/// A page of records or of changes.
#[derive(Debug, Deserialize)]
pub struct List<'a> {
    /// The rows.
    #[serde(borrow)]
    pub data: Vec<&'a RawValue>,
    /// Where it goes on.
    #[serde(borrow, default)]
    pub page: PageEnd<'a>,
}

/// The end of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageEnd<'a> {
    /// The next page's cursor.
    #[serde(borrow)]
    pub next_cursor: Scalar<'a>,
    /// Whether there is a next page.
    #[serde(borrow)]
    pub has_more: Scalar<'a>,
}

/// A change of the feed.
#[derive(Debug, Deserialize)]
pub struct Change<'a> {
    /// The path segment of its kind.
    #[serde(borrow, default)]
    pub kind: Scalar<'a>,
    /// The record's id.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// `upsert` or `delete`.
    #[serde(borrow, default)]
    pub op: Scalar<'a>,
    /// The record, or its tombstone.
    #[serde(borrow, default)]
    pub record: Option<&'a RawValue>,
}

/// What is left of a deleted record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tombstone<'a> {
    /// The survivor of a merge.
    #[serde(borrow)]
    pub merged_into: Scalar<'a>,
    #[serde(borrow)]
    pub version: Scalar<'a>,
    #[serde(borrow)]
    pub updated_at: Scalar<'a>,
    #[serde(borrow)]
    pub deleted_at: Scalar<'a>,
}

impl Tombstone<'_> {
    /// What it says.
    pub fn read(&self) -> model::Tombstone {
        let text = |scalar: &Scalar<'_>| (!scalar.text().is_empty()).then(|| scalar.text().into());
        model::Tombstone {
            merged_into: text(&self.merged_into).map(RecordId),
            version: text(&self.version),
            updated_at: self.updated_at.millis(),
            deleted_at: self.deleted_at.millis(),
        }
    }
}

/// An error (RFC 9457; `facts/growbots.md` 3.10).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem<'a> {
    #[serde(borrow)]
    pub code: Scalar<'a>,
    #[serde(borrow)]
    pub title: Scalar<'a>,
    #[serde(borrow)]
    pub detail: Scalar<'a>,
    #[serde(borrow)]
    pub errors: Vec<Fault<'a>>,
    #[serde(borrow)]
    pub existing_id: Scalar<'a>,
    #[serde(borrow)]
    pub matched_on: Scalar<'a>,
    #[serde(borrow)]
    pub current: Option<&'a RawValue>,
    #[serde(borrow)]
    pub tombstone: Option<Tombstone<'a>>,
}

/// The answer to a batch.
#[derive(Debug, Deserialize)]
pub struct BatchResults<'a> {
    /// In the order of the operations.
    #[serde(borrow)]
    pub results: Vec<BatchResult<'a>>,
}

/// How one operation of a batch ended.
#[derive(Debug, Deserialize)]
pub struct BatchResult<'a> {
    /// Which, from 0.
    pub index: usize,
    /// As the request of this operation alone would have answered.
    pub status: u16,
    /// The record.
    #[serde(borrow, default)]
    pub record: Option<&'a RawValue>,
    /// What is wrong.
    #[serde(borrow, default)]
    pub problem: Option<&'a RawValue>,
}

/// One field that is wrong.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fault<'a> {
    #[serde(borrow)]
    pub field: Scalar<'a>,
    #[serde(borrow)]
    pub code: Scalar<'a>,
    #[serde(borrow)]
    pub detail: Scalar<'a>,
}

/// `GET /account`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Account<'a> {
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub time_zone: Scalar<'a>,
    #[serde(borrow)]
    pub capabilities: Words<'a>,
}

/// A user.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct User<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub email: Scalar<'a>,
}

/// The path segment of a kind.
pub const fn segment(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "leads",
        Kind::Task => "tasks",
        Kind::Note => "notes",
        Kind::Appointment => "meetings",
        Kind::Business => "companies",
    }
}

/// The contract's names of a kind's fields (`facts/growbots.md` 4).
pub const fn names_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contact => &[
            "id",
            "version",
            "external_ids",
            "created_at",
            "updated_at",
            "deleted_at",
            "merged_into",
            "first_name",
            "last_name",
            "email",
            "phone",
            "company",
            "company_id",
            "title",
            "website",
            "address",
            "address.street",
            "address.city",
            "address.region",
            "address.postal_code",
            "address.country",
            "time_zone",
            "status",
            "do_not_contact",
            "tags",
            "custom_fields",
            "owner_id",
            "source",
        ],
        Kind::Task => &[
            "id",
            "version",
            "external_ids",
            "created_at",
            "updated_at",
            "deleted_at",
            "lead_id",
            "title",
            "body",
            "due_at",
            "completed",
            "assignee_id",
            "kind",
            "priority",
        ],
        Kind::Note => &[
            "id",
            "version",
            "external_ids",
            "created_at",
            "updated_at",
            "deleted_at",
            "lead_id",
            "body",
            "author_id",
            "pinned",
        ],
        Kind::Appointment => &[
            "id",
            "version",
            "external_ids",
            "created_at",
            "updated_at",
            "deleted_at",
            "lead_id",
            "title",
            "description",
            "starts_at",
            "ends_at",
            "status",
            "location",
            "calendar",
            "host_id",
        ],
        Kind::Business => &[
            "id",
            "version",
            "external_ids",
            "created_at",
            "updated_at",
            "deleted_at",
            "name",
            "phone",
            "email",
            "website",
            "description",
            "address",
            "address.street",
            "address.city",
            "address.region",
            "address.postal_code",
            "address.country",
        ],
    }
}
