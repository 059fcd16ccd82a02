//! What a record is looked up by, besides its id and its contact.

use serde_json::Value;

use super::record::{Body, text};
use crate::model::{Kind, Side};

/// Something that stands on few records of a kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// In small letters.
    Email(String),
    /// The digits, with the plus before them.
    Phone(String),
    /// The system and the id there.
    External(String, String),
    /// The business or company that a contact is in.
    Business(String),
}

impl Mark {
    /// An e-mail, whatever its case.
    pub fn email(given: &str) -> Self {
        Self::Email(given.trim().to_lowercase())
    }

    /// A phone number, however it is grouped.
    pub fn phone(given: &str) -> Self {
        let is_kept = |c: &char| c.is_ascii_digit() || *c == '+';
        Self::Phone(given.chars().filter(is_kept).collect())
    }

    /// The id that a record has in another system.
    pub fn external(system: &str, id: &str) -> Self {
        Self::External(system.to_owned(), id.to_owned())
    }

    /// All marks of a record.
    pub fn all(side: Side, kind: Kind, body: &Body) -> Vec<Self> {
        let mut marks = Vec::new();
        if kind == Kind::Contact {
            let business = match side {
                Side::Ghl => "businessId",
                Side::Growbots => "company_id",
            };
            marks.extend(text(body, "email").map(Self::email));
            marks.extend(text(body, "phone").map(Self::phone));
            marks.extend(text(body, business).map(|id| Self::Business(id.to_owned())));
        }
        let external = body.get("external_ids").and_then(Value::as_object);
        for (system, id) in external.into_iter().flatten() {
            marks.extend(id.as_str().map(|id| Self::external(system, id)));
        }
        marks
    }

    /// Whether a record has it.
    pub fn is_on(&self, side: Side, kind: Kind, body: &Body) -> bool {
        Self::all(side, kind, body).contains(self)
    }
}
