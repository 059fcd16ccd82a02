//! What can be set while the sandbox runs: `GET` and `PUT /_sandbox/settings`. One table: a switch is a row of
//! `switches!`, with its name outside, its field here, its type, its default and what it means.
//!
//! Where the facts mark a behaviour of the real service as unverified, the row's default is what they state.

use serde::{Deserialize, Serialize, de::Error};
use serde_json::{Map, Value, json};

use super::{growbots::HeaderForm, record::Body, webhooks::Signatures};

/// Makes the struct, its defaults, and the ways in and out by name.
macro_rules! switches {
    ($($name:literal $field:ident: $kind:ty = $default:expr, $meaning:literal;)*) => {
        /// The switches of both sides.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Switches {
            $(#[doc = $meaning] pub $field: $kind,)*
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl Switches {
            /// All switches with what they mean.
            pub fn shown(&self) -> Value {
                let mut shown = Map::new();
                $(shown.insert($name.into(), json!({"value": self.$field, "meaning": $meaning}));)*
                shown.into()
            }

            fn set_one(&mut self, name: &str, value: &Value) -> Result<(), BadSwitch> {
                match name {
                    $($name => {
                        self.$field = Deserialize::deserialize(value)
                            .map_err(|_| BadSwitch::Value { name: $name, meaning: $meaning })?;
                    })*
                    _ => return Err(BadSwitch::Name(name.to_owned())),
                }
                Ok(())
            }
        }
    };
}

switches! {
    "ghl.allow_duplicates" allow_duplicates: bool = false,
        "one e-mail or phone may stand on two contacts";
    "ghl.match_phone_first" match_phone_first: bool = false,
        "an upsert and a duplicate are matched by phone before e-mail";
    "ghl.put_refuses_duplicates" put_refuses_duplicates: bool = true,
        "a PUT that gives a contact the e-mail or phone of another is refused like a POST";
    "ghl.search_full_rows" search_full_rows: bool = true,
        "a row of a contact or task search carries the key of every field, null where it is not set";

    "ghl.empty_text_clears" empty_text_clears: bool = true,
        "an empty text clears a field; else the field stays";
    "ghl.unchanged_put_bumps" unchanged_put_bumps: bool = true,
        "a PUT that changes nothing moves dateUpdated on";
    "ghl.children_bump_contact" children_bump_contact: bool = false,
        "a new task or note moves the dateUpdated of its contact on";
    "ghl.new_shows_date_updated" new_shows_date_updated: bool = true,
        "a contact that was never edited shows a dateUpdated";
    "ghl.name_in_replies" name_in_replies: bool = false,
        "a contact read by id carries `name` beside its parts";
    "ghl.lower_case_names" lower_case_names: bool = false,
        "a contact read by id shows firstName and lastName in lower case";
    "ghl.normalise_tags" normalise_tags: bool = true,
        "tags are stored in lower case, trimmed and each once";
    "ghl.default_country" default_country: bool = true,
        "a new contact without a country gets that of the location";
    "ghl.phone_by_contact" phone_by_contact: bool = true,
        "a phone without a calling code is of the contact's country; else of the location's";
    "ghl.refuse_bad_email" refuse_bad_email: bool = true,
        "an e-mail that is none is a 422";
    "ghl.put_takes_company" put_takes_company: bool = false,
        "a PUT of a contact takes companyName";

    "ghl.custom_fields_replaced" custom_fields_replaced: bool = false,
        "customFields of a PUT replace all; else they merge by id";
    "ghl.prefixed_keys_write" prefixed_keys_write: bool = false,
        "a custom field may be written by its key with `contact.`; else that changes nothing";
    "ghl.refuse_unknown_custom_fields" refuse_unknown_custom_fields: bool = false,
        "a custom field that the location lacks is a 422; else it is ignored";
    "ghl.numbers_as_text" numbers_as_text: bool = false,
        "NUMERICAL and MONETORY values are read back as text";
    "ghl.dates_as_millis" dates_as_millis: bool = false,
        "DATE values are read back as milliseconds";

    "ghl.orphan_tasks" orphan_tasks: bool = true,
        "tasks of a deleted contact stay in the task search";
    "ghl.task_rows_by_underscore_id" task_rows_by_underscore_id: bool = true,
        "a row of the task search has `_id`; else `id`";
    "ghl.task_search_total" task_search_total: TotalKey = TotalKey::None,
        "under which name the task search says how many there are: none, count or total";
    "ghl.cancelled_appointments" cancelled_appointments: bool = true,
        "a contact's appointments hold the cancelled ones";
    "ghl.appointments_in_utc" appointments_in_utc: bool = false,
        "times without a zone are UTC; else the location's";

    "ghl.list_newest_first" list_newest_first: bool = true,
        "GET /contacts/ starts at the newest";
    "ghl.list_cursor_alone" list_cursor_alone: bool = false,
        "startAfter counts without startAfterId; else that is page one";
    "ghl.page_limit_is_422" page_limit_is_422: bool = true,
        "a pageLimit over 500 is a 422; else a 400";
    "ghl.deep_page_is_422" deep_page_is_422: bool = false,
        "a page that ends beyond 10,000 is a 422; else a 400";
    "ghl.page_with_cursor_refused" page_with_cursor_refused: bool = false,
        "page beside searchAfter is a 422; else the cursor counts";
    "ghl.range_takes_millis" range_takes_millis: bool = true,
        "a range of dates takes milliseconds beside ISO text";

    "ghl.upsert_answers_201" upsert_answers_201: bool = false,
        "an upsert that creates answers 201; else 200";
    "ghl.task_search_answers_201" task_search_answers_201: bool = false,
        "the task search answers 201; else 200";
    "ghl.tag_create_answers_201" tag_create_answers_201: bool = false,
        "POST of a location's tag answers 201; else 200";
    "ghl.strict_slashes" strict_slashes: bool = false,
        "a slash at the end of a path counts";
    "ghl.extra_keys" extra_keys: bool = false,
        "answers carry keys that no document knows";

    "ghl.missing_contact_message" missing_contact_message: String = "Contact with id {id} not found".into(),
        "the message about a contact that is not there; {id} is replaced";
    "ghl.missing_task_message" missing_task_message: String = "The task id is invalid.".into(),
        "the message about a task that is not there";
    "ghl.missing_note_message" missing_note_message: String = "The note id is invalid.".into(),
        "the message about a note that is not there";
    "ghl.type_message" type_message: String = "{field} must be {wanted}".into(),
        "the message about a property of another type; {field} and {wanted} are replaced";
    "ghl.list_limit_message" list_limit_message: String = "limit must not be greater than 100".into(),
        "the message about a limit over 100 of GET /contacts/";
    "ghl.expired_token_message" expired_token_message: String = "Invalid token: access token is invalid".into(),
        "the message about an OAuth token at its end";
    "ghl.throttled_message" throttled_message: String = "Too Many Requests".into(),
        "the message of a 429";
    "ghl.retry_after" retry_after: bool = false,
        "a 429 carries Retry-After";
    "ghl.daily_reset_header" daily_reset_header: bool = false,
        "answers carry X-RateLimit-Daily-Reset";

    "ghl.refresh_grace_ms" refresh_grace_ms: u32 = 0,
        "how long a used refresh token gets the same answer again; 0 is single use";
    "ghl.webhook_signatures" webhook_signatures: Signatures = Signatures::Ed25519,
        "on webhooks: ed25519 (X-GHL-Signature), rsa (X-WH-Signature), both or none";
    "ghl.task_create_is_sparse" task_create_is_sparse: bool = true,
        "the webhook TaskCreate comes without contactId and body";

    "ghl.rewrites" ghl_rewrites: Rewrites = Rewrites::No,
        "how the website of a contact is saved: no (as it comes), alike (with a slash at its end) or anew (another each time)";
    "growbots.rewrites" growbots_rewrites: Rewrites = Rewrites::No,
        "the same for leads";
    "growbots.ratelimit_headers" ratelimit_headers: HeaderForm = HeaderForm::Draft6,
        "draft6 (RateLimit-Limit, -Remaining, -Reset), later (RateLimit with r and t) or both";
    "growbots.capabilities" capabilities: Capabilities = Capabilities::all(),
        "what GET /account offers; what is left out is not there";
}

impl Switches {
    /// Whether Growbots can do something.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.0.iter().any(|c| c == capability)
    }

    /// Sets what is given, all or nothing.
    pub fn set(&mut self, given: &Map<String, Value>) -> Result<(), BadSwitch> {
        let mut next = self.clone();
        for (name, value) in given {
            next.set_one(name, value)?;
        }
        *self = next;
        Ok(())
    }
}

/// Where a list says how many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TotalKey {
    None,
    Count,
    Total,
}

/// Whether a side saves a website as it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rewrites {
    No,
    Alike,
    Anew,
}

impl Rewrites {
    /// Saves the website of `body` in its own form, if it is new; `number` is a new one each time.
    pub fn apply(self, before: &Body, body: &mut Body, number: usize) {
        let website = body
            .get("website")
            .filter(|new| Some(*new) != before.get("website"));
        let saved = website.and_then(|website| self.saved(website.as_str()?, number));
        if let Some(saved) = saved {
            body.insert("website".into(), saved.into());
        }
    }

    /// What is saved of a website.
    fn saved(self, website: &str, number: usize) -> Option<String> {
        match self {
            Self::No => None,
            Self::Alike => Some(format!("{}/", website.trim_end_matches('/'))),
            Self::Anew => Some(format!("https://link.example.com/{number}")),
        }
    }
}

/// The capabilities of the Growbots side, see the facts, 3.9.
const CAPABILITIES: [&str; 8] = [
    "changes",
    "include_deleted",
    "etag",
    "idempotency",
    "external_id",
    "batch",
    "restore",
    "webhooks",
];

/// Some of the capabilities, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities(Vec<String>);

impl Capabilities {
    fn all() -> Self {
        Self(CAPABILITIES.map(str::to_owned).into())
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: serde::Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
        let list = Vec::<String>::deserialize(given)?;
        match list.iter().find(|c| !CAPABILITIES.contains(&c.as_str())) {
            Some(unknown) => Err(D::Error::unknown_variant(unknown, &CAPABILITIES)),
            None => Ok(Self(list)),
        }
    }
}

/// A switch that is not there, or a value that it does not take.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSwitch {
    /// No switch has this name.
    #[error("there is no setting `{0}`; `GET /_sandbox/settings` shows all")]
    Name(String),
    /// The value is of another type, or not among those that the switch takes.
    #[error("setting `{name}` does not take this value: {meaning}")]
    Value {
        /// The switch.
        name: &'static str,
        /// What it means.
        meaning: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(switches: &mut Switches, name: &str, value: Value) -> Result<(), BadSwitch> {
        switches.set(&Map::from_iter([(name.to_owned(), value)]))
    }

    #[test]
    fn every_switch_is_shown_with_a_meaning_and_takes_back_what_it_shows() {
        let mut switches = Switches::default();
        let shown = switches.shown();
        let rows = shown.as_object().expect("an object");
        assert!(rows.len() > 40);
        for (name, row) in rows {
            assert!(
                !row["meaning"].as_str().unwrap_or_default().is_empty(),
                "{name}"
            );
            assert_eq!(
                set(&mut switches, name, row["value"].clone()),
                Ok(()),
                "{name}"
            );
        }
        assert_eq!(switches, Switches::default());
    }

    #[test]
    fn a_switch_takes_only_what_is_of_its_type() {
        for (name, value, is_taken) in [
            ("ghl.allow_duplicates", json!(true), true),
            ("ghl.allow_duplicates", json!("true"), false),
            ("ghl.task_search_total", json!("count"), true),
            ("ghl.task_search_total", json!("sum"), false),
            ("ghl.throttled_message", json!("slow down"), true),
            ("ghl.throttled_message", json!(429), false),
            ("growbots.capabilities", json!(["etag"]), true),
            ("growbots.capabilities", json!(["magic"]), false),
            ("ghl.magic", json!(true), false),
        ] {
            let set = set(&mut Switches::default(), name, value.clone());
            assert_eq!(set.is_ok(), is_taken, "{name} {value}");
        }
    }

    #[test]
    fn a_website_is_saved_as_it_comes_or_rewritten() {
        for (rewrites, want) in [
            (Rewrites::No, None),
            (Rewrites::Alike, Some("https://a.example/")),
            (Rewrites::Anew, Some("https://link.example.com/7")),
        ] {
            let saved = rewrites.saved("https://a.example/", 7);
            assert_eq!(saved.as_deref(), want, "{rewrites:?}");
        }
    }

    #[test]
    fn settings_are_set_all_or_not_at_all() {
        let mut switches = Switches::default();
        let given = json!({"ghl.allow_duplicates": true, "ghl.magic": 1});
        let set = switches.set(given.as_object().expect("an object"));
        assert_eq!(set, Err(BadSwitch::Name("ghl.magic".into())));
        assert_eq!(switches, Switches::default());
    }
}
