//! What a connector knows from its side's setup, and how it compares what it sees with what it was told.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::{civil::DateTime, tz::TimeZone};

use crate::model::{FieldChange, Kind, Millis, Record, Value};

use super::{CustomField, Normalise, Setup};

/// The setup, by what mapping asks for.
#[derive(Debug)]
pub struct Known {
    /// Country of the location, alpha-2; may be empty.
    pub country: String,
    /// What the server can do.
    pub capabilities: Option<Vec<String>>,
    /// The custom fields of contacts.
    pub custom_fields: Vec<CustomField>,
    calendars: HashMap<String, String>,
    zone: TimeZone,
    emails: HashMap<String, String>,
    ids: HashMap<String, String>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            country: String::new(),
            capabilities: None,
            custom_fields: vec![],
            calendars: HashMap::new(),
            zone: TimeZone::UTC,
            emails: HashMap::new(),
            ids: HashMap::new(),
        }
    }
}

/// How a user is named whose e-mail address is not known.
pub fn unknown_user(id: &str) -> String {
    format!("user:{id}")
}

impl Known {
    /// Takes a setup apart.
    pub fn of(setup: &Setup) -> Self {
        let users = setup.users.iter().filter(|user| !user.email.is_empty());
        let pairs = || {
            users
                .clone()
                .map(|user| (&user.id, user.email.to_lowercase()))
        };
        Self {
            country: setup.country.clone(),
            capabilities: Some(setup.capabilities.clone()),
            custom_fields: setup.custom_fields.clone(),
            calendars: setup
                .calendars
                .iter()
                .map(|calendar| (calendar.id.clone(), calendar.name.clone()))
                .collect(),
            zone: TimeZone::get(&setup.time_zone).unwrap_or(TimeZone::UTC),
            emails: pairs().map(|(id, email)| (id.clone(), email)).collect(),
            ids: pairs().map(|(id, email)| (email, id.clone())).collect(),
        }
    }

    /// The value for a user's id: the e-mail address, or `user:<id>` where that is not known.
    pub fn user(&self, id: &str) -> Option<Value> {
        match (id, self.emails.get(id)) {
            ("", _) => None,
            (_, Some(email)) => Value::text(email.as_str()),
            (id, None) => Value::text(unknown_user(id)),
        }
    }

    /// The id of the user with this e-mail address.
    pub fn user_id(&self, email: &str) -> Option<&str> {
        self.ids.get(&email.to_lowercase()).map(String::as_str)
    }

    /// A calendar's name, or its id where the name is not known.
    pub fn calendar(&self, id: &str) -> Option<Value> {
        Value::text(self.calendars.get(id).map_or(id, String::as_str))
    }

    /// A moment as the side writes it; one without an offset is in the location's time zone.
    pub fn moment(&self, text: &str) -> Option<Millis> {
        let text = text.trim();
        let civil = !text.ends_with(['Z', 'z']) && !has_offset(text);
        match text.parse::<DateTime>() {
            Ok(at) if civil => {
                let at = self.zone.to_timestamp(at).ok()?;
                Some(Millis(at.as_millisecond()))
            }
            _ => Millis::parse(text),
        }
    }
}

/// Whether a `+` or `-` follows the time of day.
fn has_offset(text: &str) -> bool {
    text.find(':')
        .is_some_and(|at| text[at..].contains(['+', '-']))
}

/// The setup that a connector uses now, and the rules for values.
pub struct Knowledge {
    known: RwLock<Arc<Known>>,
    normalise: Normalise,
}

impl Knowledge {
    /// Nothing is known yet.
    pub fn new(normalise: Normalise) -> Self {
        Self {
            known: RwLock::default(),
            normalise,
        }
    }

    /// What is known now.
    pub fn now(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses a setup.
    pub fn learn(&self, setup: &Setup) {
        let known = Arc::new(Known::of(setup));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The record in canonical form.
    pub fn normalise(&self, known: &Known, kind: Kind, record: Record) -> Record {
        (self.normalise)(kind, &known.country, record)
    }
}

/// The changes that `current` does not have yet; `None` where a field has neither its earlier nor its new value.
pub fn pending<'a>(current: &Record, changes: &'a [FieldChange]) -> Option<Vec<&'a FieldChange>> {
    let mut pending = vec![];
    for change in changes {
        let now = current.get(&change.field);
        if now == change.to.as_ref() {
            continue;
        }
        if now != change.from.as_ref() {
            return None;
        }
        pending.push(change);
    }
    Some(pending)
}

/// The words that `to` has over `from`.
pub fn words_over(to: Option<&Value>, from: Option<&Value>) -> Vec<String> {
    let words = |value: Option<&Value>| value.map_or(vec![], |value| value.words().to_vec());
    let from = words(from);
    words(to)
        .into_iter()
        .filter(|word| !from.contains(word))
        .map(String::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldName;
    use crate::remote::User;

    fn known() -> Known {
        Known::of(&Setup {
            time_zone: "America/Denver".into(),
            users: vec![User {
                id: "u1".into(),
                email: "Ida@x.test".into(),
                name: "Ida".into(),
            }],
            ..Setup::default()
        })
    }

    #[test]
    fn users_are_known_by_their_address() {
        let known = known();
        assert_eq!(known.user("u1"), Value::text("ida@x.test"));
        assert_eq!(known.user("u2"), Value::text("user:u2"));
        assert_eq!(known.user(""), None);
        assert_eq!(known.user_id("IDA@x.test"), Some("u1"));
        assert_eq!(known.user_id("user:u2"), None);
    }

    #[test]
    fn a_time_without_an_offset_is_in_the_locations_zone() {
        for (text, want) in [
            ("2026-06-22 10:00:00", Some("2026-06-22T16:00:00.000Z")),
            ("2026-06-22T10:00:00Z", Some("2026-06-22T10:00:00.000Z")),
            (
                "2026-06-22T10:00:00+05:30",
                Some("2026-06-22T04:30:00.000Z"),
            ),
            (
                "2026-06-22T10:00:00-06:00",
                Some("2026-06-22T16:00:00.000Z"),
            ),
            ("soon", None),
            ("", None),
        ] {
            let got = known().moment(text).map(|at| at.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn a_change_is_pending_done_or_overtaken() {
        let text = |text: &str| Value::text(text);
        let change = |from, to| FieldChange {
            field: FieldName::City,
            from: text(from),
            to: text(to),
        };
        for (now, from, to, want) in [
            ("a", "a", "b", Some(1)),
            ("b", "a", "b", Some(0)),
            ("c", "a", "b", None),
            ("", "", "b", Some(1)),
            ("", "a", "", Some(0)),
        ] {
            let mut current = Record::default();
            current.set(FieldName::City, text(now));
            let changes = [change(from, to)];
            let got = pending(&current, &changes).map(|pending| pending.len());
            assert_eq!(got, want, "{now}: {from} to {to}");
        }
    }
}
