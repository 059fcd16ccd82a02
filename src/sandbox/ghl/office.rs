//! What a location has beside its records: custom fields, tags that were made by themselves, calendars, and where
//! secondary addresses are.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::sandbox::{
    ids,
    place::Place,
    record::{Body, text},
};

/// The definition of a custom field.
#[derive(Clone, Debug)]
pub struct Field {
    pub id: String,
    pub name: String,
    /// Without `contact.`.
    pub key: String,
    pub data_type: String,
    pub options: Vec<String>,
    /// `contact` or `opportunity`.
    pub model: String,
    pub placeholder: String,
    pub position: u64,
}

/// A calendar.
#[derive(Clone, Debug)]
pub struct Calendar {
    pub id: String,
    pub name: &'static str,
    pub description: &'static str,
    pub slug: &'static str,
}

/// Everything of a location that is no record.
#[derive(Clone, Debug)]
pub struct Office {
    pub fields: Vec<Field>,
    /// Made by `POST /locations/:locationId/tags`; those of contacts need not be here.
    pub tags: BTreeSet<String>,
    pub calendars: Vec<Calendar>,
    /// Contact by secondary e-mail in lower case. May be stale: who reads it looks at the contact.
    secondary: BTreeMap<String, String>,
}

/// Beside those of the [`Place`], which seeded people have values of: one of each type that the facts name (c6), and
/// one that is not of contacts.
const FIELDS: [(&str, &str, &str, &[&str], &str); 13] = [
    (
        "Tier",
        "tier",
        "SINGLE_OPTIONS",
        &["A", "B", "C"],
        "contact",
    ),
    (
        "Interests",
        "interests",
        "MULTIPLE_OPTIONS",
        &["events", "newsletter", "pricing", "support"],
        "contact",
    ),
    ("Contract end", "contract_end", "DATE", &[], "contact"),
    (
        "Contract value",
        "contract_value",
        "MONETORY",
        &[],
        "contact",
    ),
    ("Background", "background", "LARGE_TEXT", &[], "contact"),
    (
        "Assistant phone",
        "assistant_phone",
        "PHONE",
        &[],
        "contact",
    ),
    ("Billing e-mail", "billing_email", "EMAIL", &[], "contact"),
    (
        "Preferred contact",
        "preferred_contact",
        "RADIO",
        &["phone", "e-mail"],
        "contact",
    ),
    (
        "Delivery addresses",
        "delivery_addresses",
        "TEXTBOX_LIST",
        &["street", "city"],
        "contact",
    ),
    (
        "Signed contract",
        "signed_contract",
        "FILE_UPLOAD",
        &[],
        "contact",
    ),
    ("Consent", "consent", "SIGNATURE", &[], "contact"),
    ("Employees", "employees", "NUMERICAL", &[], "contact"),
    ("Deal source", "deal_source", "TEXT", &[], "opportunity"),
];

impl Office {
    /// What the seed's location has. Draws from a generator of its own, so that the rest of the world does not move.
    pub fn new(seed: u64, place: &Place) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x006f_6666_6963);
        let known = place.custom_fields.iter();
        let known = known.map(|f| {
            (
                f.id.clone(),
                f.name,
                f.key,
                f.data_type,
                f.options,
                "contact",
            )
        });
        let more = FIELDS.map(|(name, key, data_type, options, model)| {
            let id = ids::alphanumeric(&mut rng, 20);
            (id, name, key, data_type, options, model)
        });
        let fields =
            known
                .chain(more)
                .zip(0..)
                .map(|((id, name, key, data_type, options, model), at)| Field {
                    id,
                    name: name.into(),
                    key: key.into(),
                    data_type: data_type.into(),
                    options: options.iter().map(ToString::to_string).collect(),
                    model: model.into(),
                    placeholder: String::new(),
                    position: at * 50,
                });
        Self {
            fields: fields.collect(),
            tags: BTreeSet::new(),
            calendars: vec![
                Calendar {
                    id: place.calendar_id.clone(),
                    name: "Intro calls",
                    description: "Half an hour to get to know each other",
                    slug: "intro-calls",
                },
                Calendar {
                    id: ids::alphanumeric(&mut rng, 20),
                    name: "Contract reviews",
                    description: "",
                    slug: "contract-reviews",
                },
            ],
            secondary: BTreeMap::new(),
        }
    }

    /// A contact's custom field by id or by bare key.
    pub fn field(&self, id_or_key: &str) -> Option<&Field> {
        let mut fields = self.fields.iter().filter(|f| f.model == "contact");
        fields.find(|f| f.id == id_or_key || f.key == id_or_key)
    }

    /// Whose secondary e-mail an address was when it was last written.
    pub fn secondary_holder(&self, email: &str) -> Option<&str> {
        Some(self.secondary.get(&email.to_lowercase())?)
    }

    /// Notes the secondary e-mails of a contact that was written.
    pub fn note_secondary(&mut self, contact: &Body) {
        let Some(id) = text(contact, "id") else {
            return;
        };
        for email in secondary_emails(contact) {
            self.secondary.insert(email, id.to_owned());
        }
    }
}

/// The secondary e-mails of a contact in lower case.
pub fn secondary_emails(contact: &Body) -> Vec<String> {
    let list = contact.get("additionalEmails").and_then(Value::as_array);
    let list = list.into_iter().flatten();
    list.filter_map(|entry| entry.as_str().or_else(|| entry["email"].as_str()))
        .map(str::to_lowercase)
        .collect()
}

impl Field {
    /// As the location's routes show it.
    pub fn shown(&self, location_id: &str) -> Value {
        json!({
            "id": self.id, "name": self.name, "fieldKey": format!("{}.{}", self.model, self.key),
            "placeholder": self.placeholder, "dataType": self.data_type, "position": self.position,
            "picklistOptions": self.options, "picklistImageOptions": [], "isAllowedCustomOption": false,
            "isMultiFileAllowed": false, "maxFileLimit": 1, "locationId": location_id, "model": self.model,
        })
    }
}

impl Calendar {
    /// As the calendar routes show it.
    pub fn shown(&self, location_id: &str) -> Value {
        json!({
            "id": self.id, "locationId": location_id, "name": self.name, "description": self.description,
            "slug": self.slug, "widgetSlug": self.slug, "isActive": true, "eventType": "RoundRobin_OptimizeForAvailability",
            "calendarType": "round_robin", "eventTitle": "{{contact.name}}", "eventColor": "#039be5",
            "slotDuration": 30, "slotDurationUnit": "mins", "slotInterval": 30, "slotIntervalUnit": "mins",
            "autoConfirm": true, "allowReschedule": true, "allowCancellation": true, "notes": "",
        })
    }
}
