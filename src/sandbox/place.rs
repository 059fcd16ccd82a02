//! What does not change in a world: the location, its users and its custom fields.

use fastrand::Rng;
use serde_json::{Value, json};

use super::ids;
use crate::model::{BySide, Millis};

/// Country of the location, and so the default of its contacts.
pub const COUNTRY: &str = "US";
/// Time zone of the location: what zone-less appointment times are in.
pub const TIME_ZONE: &str = "America/New_York";

const USERS: [(&str, &str); 4] = [
    ("Ines", "Okafor"),
    ("Tom", "Lindqvist"),
    ("Priya", "Raman"),
    ("Jakub", "Nowak"),
];

/// A user of both systems.
#[derive(Clone, Debug)]
pub struct User {
    pub ids: BySide<String>,
    pub first: &'static str,
    pub last: &'static str,
    pub email: String,
}

/// A custom field of the location.
#[derive(Clone, Debug)]
pub struct CustomField {
    pub id: String,
    pub name: &'static str,
    /// Without `contact.`; also the key on the Growbots side.
    pub key: &'static str,
    pub data_type: &'static str,
    pub options: &'static [&'static str],
}

/// The location of GHL and the account of Growbots.
#[derive(Clone, Debug)]
pub struct Place {
    pub location_id: String,
    pub company_id: String,
    pub account_id: String,
    pub calendar_id: String,
    pub users: Vec<User>,
    pub custom_fields: Vec<CustomField>,
}

impl Place {
    /// All ids from the seed.
    pub fn new(rng: &mut Rng) -> Self {
        let users = USERS.map(|(first, last)| User {
            ids: BySide {
                ghl: ids::alphanumeric(rng, 20),
                growbots: ids::ulid(rng, "us_", Millis(1_700_000_000_000)),
            },
            first,
            last,
            email: format!(
                "{}.{}@agency.example.com",
                first.to_lowercase(),
                last.to_lowercase()
            ),
        });
        let fields: [(&str, &str, &str, &[&str]); 4] = [
            ("Job title", "job_title", "TEXT", &[]),
            ("Budget", "budget", "NUMERICAL", &[]),
            (
                "Plan",
                "plan",
                "SINGLE_OPTIONS",
                &["Bronze", "Silver", "Gold"],
            ),
            (
                "Best days",
                "best_days",
                "CHECKBOX",
                &["mon", "tue", "wed", "thu", "fri"],
            ),
        ];
        Self {
            location_id: ids::alphanumeric(rng, 20),
            company_id: ids::alphanumeric(rng, 20),
            account_id: ids::ulid(rng, "ac_", Millis(1_700_000_000_000)),
            calendar_id: ids::alphanumeric(rng, 20),
            users: users.into(),
            custom_fields: fields
                .map(|(name, key, data_type, options)| CustomField {
                    id: ids::alphanumeric(rng, 20),
                    name,
                    key,
                    data_type,
                    options,
                })
                .into(),
        }
    }

    /// The users as GHL shows them.
    pub fn ghl_users(&self) -> impl Iterator<Item = Value> {
        self.users.iter().map(|user| {
            json!({
                "id": user.ids.ghl, "name": format!("{} {}", user.first, user.last),
                "firstName": user.first, "lastName": user.last, "email": user.email, "deleted": false,
                "roles": {"type": "account", "role": "user", "locationIds": [self.location_id]},
            })
        })
    }

    /// The id of a custom field by id or by bare key.
    pub fn custom_field(&self, id_or_key: &str) -> Option<&CustomField> {
        self.custom_fields
            .iter()
            .find(|f| f.id == id_or_key || f.key == id_or_key)
    }
}
