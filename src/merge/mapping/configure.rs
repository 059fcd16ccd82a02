//! Rows of the config file to entries of the map, and what can be wrong with them.

use crate::model::{FieldName, FieldType, Kind, Side, Value};

use super::{Direction, FieldMap, MapEntry, Policy, RoundTrip, Transform};
use crate::merge::TransformError;

/// The keys of a row.
const KEYS: [&str; 6] = [
    "ghl",
    "direction",
    "policy",
    "to_growbots",
    "to_ghl",
    "enabled",
];
const ARROWS: [&str; 3] = ["<->", "->", "<-"];
/// Values that a pair of templates is tried on before anything is synced by it.
const PROBES: [&str; 6] = ["a", "Ann Lee", "head of SALES", "12", "2026-03-01", "yes"];

/// A row as written: `[map.contact.title]` and what stands under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapRow<'a> {
    /// The kind: `contact`.
    pub kind: &'a str,
    /// The field's canonical name: `title`, `custom.budget`.
    pub field: &'a str,
    /// Keys and values in the order of the file.
    pub values: Vec<(&'a str, &'a str)>,
    /// Where it stands, for `map show`.
    pub origin: &'a str,
}

/// What is wrong with a row of the map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// No kind of this name.
    #[error("there is no kind `{given}`")]
    Kind {
        /// What was given.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
    },
    /// The kind has no field of this name.
    #[error("a {kind} has no field `{given}`")]
    Field {
        /// Of which kind.
        kind: Kind,
        /// What was given.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
    },
    /// A row has no key of this name.
    #[error("a mapping has no setting `{given}`")]
    Key {
        /// What was given.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
    },
    /// A value that its key cannot have.
    #[error("`{given}` is no {key}")]
    Choice {
        /// Which key.
        key: &'static str,
        /// What was given.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
        /// All that it can be.
        all: String,
    },
    /// A policy for values of another type.
    #[error("policy `{policy}` is for {wanted}, and `{field}` is {has}")]
    Policy {
        /// Which.
        policy: Policy,
        /// What it is for.
        wanted: &'static str,
        /// Of which field.
        field: FieldName,
        /// What that is.
        has: &'static str,
    },
    /// The field flows only from GHL.
    #[error("`{field}` of a {kind} only goes from GHL to Growbots")]
    OneWay {
        /// Of which kind.
        kind: Kind,
        /// Which field.
        field: FieldName,
    },
    /// GHL has no such field of its own.
    #[error("GHL has no field for `{field}` of its own")]
    NoGhlField {
        /// Which field.
        field: FieldName,
    },
    /// GHL's side of it is no custom field.
    #[error("`{given}` is not where `{field}` can be kept in GHL")]
    Place {
        /// Which field.
        field: FieldName,
        /// What was given.
        given: String,
    },
    /// Two fields for one of GHL.
    #[error("`{ghl}` of GHL is mapped to `{other}` already")]
    Twice {
        /// GHL's field.
        ghl: FieldName,
        /// What it is mapped to.
        other: FieldName,
    },
    /// A template for values that are no text.
    #[error("`{field}` is {has}: it takes no template")]
    NoTemplate {
        /// Which field.
        field: FieldName,
        /// What it is.
        has: &'static str,
    },
    /// A template that cannot be used.
    #[error("{error}")]
    Template {
        /// Which key.
        key: &'static str,
        /// What is wrong.
        #[source]
        error: TransformError,
    },
    /// A template for a way that the field does not go.
    #[error("`{key}` is never used: the direction is `{direction}`")]
    Unused {
        /// Which key.
        key: &'static str,
        /// The direction.
        direction: Direction,
    },
    /// A pair of templates that changes a value with each turn.
    #[error("the two templates change a value with each turn: `{before}` becomes `{after}`")]
    PingPong {
        /// A value in Growbots.
        before: String,
        /// What it is after a turn.
        after: String,
    },
}

impl MapError {
    /// The key that it is about; `None`: the row as a whole.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Kind { .. } | Self::Field { .. } | Self::NoGhlField { .. } => None,
            Self::Key { given, .. } => Some(given),
            Self::Choice { key, .. } | Self::Template { key, .. } | Self::Unused { key, .. } => {
                Some(key)
            }
            Self::Policy { .. } => Some("policy"),
            Self::OneWay { .. } => Some("direction"),
            Self::Place { .. } | Self::Twice { .. } => Some("ghl"),
            Self::NoTemplate { .. } => Some("to_growbots"),
            Self::PingPong { .. } => Some("to_ghl"),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        let near = |nearest: &Option<String>, all: String| match nearest {
            Some(name) => format!("did you mean `{name}`?"),
            None => all,
        };
        match self {
            Self::Kind { nearest, .. } => near(nearest, format!("it is one of {}", list(&Kind::ALL.map(Kind::name)))),
            Self::Field { nearest, kind, .. } => near(
                nearest,
                format!("`couplet map show` lists the fields of a {kind}; a custom field is `custom.KEY`"),
            ),
            Self::Key { nearest, .. } => near(nearest, format!("it is one of {}", list(&KEYS))),
            Self::Choice { nearest, all, .. } => near(nearest, format!("it is one of {all}")),
            Self::Policy { .. } => "take another policy, for example `newest`".into(),
            Self::OneWay { .. } => "write `direction = \"->\"`, or take the line out".into(),
            Self::NoGhlField { field } => format!(
                "name a custom field of contacts that holds it: `ghl = \"custom.{}\"`",
                field.to_string().replace('.', "_")
            ),
            Self::Place { .. } => {
                "name a custom field of contacts, by key or by name: `ghl = \"custom.job_title\"`".into()
            }
            Self::Twice { .. } => "give each field a custom field of its own".into(),
            Self::NoTemplate { .. } => "take the template out".into(),
            Self::Template { error, .. } => error.hint().into(),
            Self::Unused { .. } => "take the template out, or write `direction = \"<->\"`".into(),
            Self::PingPong { .. } => {
                "make `to_ghl` undo what `to_growbots` does, or let the field go one way: `direction = \"->\"`".into()
            }
        }
    }
}

impl FieldMap {
    /// Puts a row of the config into the map.
    pub fn configure(&mut self, row: &MapRow<'_>) -> Result<(), MapError> {
        let kind = read_kind(row.kind)?;
        let field = read_field(kind, row.field)?;
        let known = self.entry(kind, &field).cloned();
        let known = known.or_else(|| {
            let off = self
                .off
                .iter()
                .find(|(entry, _)| (entry.kind, &entry.field) == (kind, &field));
            off.map(|(entry, _)| entry.clone())
        });
        let mut entry = known.unwrap_or_else(|| MapEntry::new(kind, field.clone()));
        entry.origin = row.origin.into();
        let mut enabled = true;
        for (key, text) in &row.values {
            match *key {
                "ghl" => entry.ghl = read_place(&entry, text)?,
                "direction" => {
                    entry.direction = choice("direction", text, &ARROWS)?;
                    if is_one_way(kind, &field) && entry.direction != Direction::ToGrowbots {
                        return Err(MapError::OneWay { kind, field });
                    }
                }
                "policy" => {
                    entry.policy = choice("policy", text, &Policy::ALL.map(Policy::name))?;
                    fits(entry.policy, &field)?;
                }
                "to_growbots" => entry.to_growbots = template("to_growbots", &field, text)?,
                "to_ghl" => entry.to_ghl = template("to_ghl", &field, text)?,
                "enabled" => enabled = choice("enabled", text, &["true", "false"])?,
                given => {
                    return Err(MapError::Key {
                        given: given.into(),
                        nearest: nearest(given, &KEYS),
                    });
                }
            }
        }
        if !enabled {
            self.switch_off(entry, "switched off");
            return Ok(());
        }
        if kind == Kind::Contact && field == FieldName::Title && entry.ghl == FieldName::Title {
            return Err(MapError::NoGhlField { field });
        }
        for (key, template, side) in [
            ("to_growbots", &entry.to_growbots, Side::Growbots),
            ("to_ghl", &entry.to_ghl, Side::Ghl),
        ] {
            if template.is_some() && !entry.direction.leads_to(side) {
                return Err(MapError::Unused {
                    key,
                    direction: entry.direction,
                });
            }
        }
        let other = self
            .fields(kind)
            .find(|other| other.ghl == entry.ghl && other.field != field);
        if let Some(other) = other {
            return Err(MapError::Twice {
                ghl: entry.ghl,
                other: other.field.clone(),
            });
        }
        self.refuse_ping_pong(&entry)?;
        self.set(entry);
        Ok(())
    }

    /// Puts keys in the place of names, and takes out fields whose custom field the location does not have: what
    /// is read in them would look empty. `fields` are key and name of each.
    pub fn resolve_custom_fields(&mut self, fields: &[(&str, &str)]) {
        let entries: Vec<MapEntry> = self.fields(Kind::Contact).cloned().collect();
        for mut entry in entries {
            let FieldName::Custom(asked) = &entry.ghl else {
                continue;
            };
            let by_key = fields.iter().find(|(key, _)| *key == &**asked);
            let by_name = || {
                fields
                    .iter()
                    .find(|(_, name)| name.to_lowercase() == asked.to_lowercase())
            };
            match by_key.or_else(by_name) {
                Some((key, _)) if **key == **asked => {}
                Some((key, _)) => {
                    entry.ghl = FieldName::Custom((*key).into());
                    self.set(entry);
                }
                None => {
                    let keys: Vec<&str> = fields.iter().map(|(key, _)| *key).collect();
                    let near = nearest(asked, &keys)
                        .map_or_else(String::new, |key| format!("; did you mean `custom.{key}`?"));
                    let why = format!("GHL has no custom field `{asked}`{near}");
                    self.switch_off(entry, why);
                }
            }
        }
    }

    /// Fields that the config asks for and that are off because something is missing in GHL, with the reason.
    pub fn missing(&self) -> impl Iterator<Item = (&MapEntry, &str)> {
        let missing = self
            .off
            .iter()
            .filter(|(_, why)| why.starts_with("GHL has no custom field"));
        missing.map(|(entry, why)| (entry, &**why))
    }

    /// Templates that change every value that they take with each turn are no mapping.
    fn refuse_ping_pong(&self, entry: &MapEntry) -> Result<(), MapError> {
        if entry.direction != Direction::Both || !entry.is_translated() {
            return Ok(());
        }
        let mut unstable = None;
        for probe in PROBES {
            let value = Value::text(probe);
            match self.round_trip(entry, value.as_ref()) {
                RoundTrip::Fails(_) => {}
                RoundTrip::Unstable => unstable = unstable.or(Some(value)),
                RoundTrip::Kept | RoundTrip::Loses(_) => return Ok(()),
            }
        }
        let Some(value) = unstable else { return Ok(()) };
        let shown = |value: Option<Value>| {
            value.map_or_else(|| "(empty)".into(), |value| value.to_string())
        };
        let before = self.read_ghl(entry, value.as_ref()).unwrap_or_default();
        let back = self.write_ghl(entry, before.as_ref()).unwrap_or_default();
        let after = self.read_ghl(entry, back.as_ref()).unwrap_or_default();
        Err(MapError::PingPong {
            before: shown(before),
            after: shown(after),
        })
    }
}

fn read_kind(text: &str) -> Result<Kind, MapError> {
    text.parse().map_err(|_| MapError::Kind {
        given: text.into(),
        nearest: nearest(text, &Kind::ALL.map(Kind::name)),
    })
}

fn read_field(kind: Kind, text: &str) -> Result<FieldName, MapError> {
    let known = || FieldName::of(kind).iter().map(FieldName::to_string);
    match text.parse() {
        Ok(FieldName::Custom(key)) if kind == Kind::Contact && is_key(&key) => {
            Ok(FieldName::Custom(key))
        }
        Ok(field) if FieldName::of(kind).contains(&field) => Ok(field),
        _ => {
            let names: Vec<String> = known().collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Err(MapError::Field {
                kind,
                given: text.into(),
                nearest: nearest(text, &names),
            })
        }
    }
}

/// A key of a custom field, as the Growbots contract has them.
fn is_key(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=64).contains(&key.len()) && key.chars().all(plain)
}

/// Where GHL keeps a field: its own, or a custom one by key or name.
fn read_place(entry: &MapEntry, text: &str) -> Result<FieldName, MapError> {
    let text = text.trim();
    if text == entry.field.to_string() {
        return Ok(entry.field.clone());
    }
    let named = text
        .strip_prefix("custom.")
        .or_else(|| text.strip_prefix("contact."));
    let named = named.unwrap_or(text).trim();
    let is_other_field = text
        .parse::<FieldName>()
        .is_ok_and(|name| !matches!(name, FieldName::Custom(_)));
    let takes = entry.kind == Kind::Contact && !is_one_way(entry.kind, &entry.field);
    if named.is_empty() || is_other_field || !takes || !is_text(&entry.field) {
        return Err(MapError::Place {
            field: entry.field.clone(),
            given: text.into(),
        });
    }
    Ok(FieldName::Custom(named.into()))
}

/// What only GHL's web app makes, or what only Growbots can be told.
fn is_one_way(kind: Kind, field: &FieldName) -> bool {
    matches!(kind, Kind::Note | Kind::Appointment | Kind::Business)
        || (kind == Kind::Contact && *field == FieldName::Business)
}

fn is_text(field: &FieldName) -> bool {
    matches!(field.ty(), FieldType::Text | FieldType::Lines)
}

fn fits(policy: Policy, field: &FieldName) -> Result<(), MapError> {
    let (wanted, ty) = match policy {
        Policy::Union => ("sets of words", FieldType::Set),
        Policy::Append => ("long texts", FieldType::Lines),
        Policy::Restrictive => ("yes-or-no fields", FieldType::Bool),
        _ => return Ok(()),
    };
    if field.ty() == ty {
        return Ok(());
    }
    Err(MapError::Policy {
        policy,
        wanted,
        field: field.clone(),
        has: has(field),
    })
}

const fn has(field: &FieldName) -> &'static str {
    match field.ty() {
        FieldType::Text => "a text",
        FieldType::Lines => "a long text",
        FieldType::Bool => "yes or no",
        FieldType::Time => "a time",
        FieldType::Set => "a set of words",
    }
}

fn template(
    key: &'static str,
    field: &FieldName,
    text: &str,
) -> Result<Option<Transform>, MapError> {
    if !is_text(field) || *field == FieldName::Business {
        return Err(MapError::NoTemplate {
            field: field.clone(),
            has: has(field),
        });
    }
    Transform::new(text)
        .map(Some)
        .map_err(|error| MapError::Template { key, error })
}

fn choice<T: std::str::FromStr>(
    key: &'static str,
    text: &str,
    all: &[&str],
) -> Result<T, MapError> {
    text.parse().map_err(|_| MapError::Choice {
        key,
        given: text.into(),
        nearest: nearest(text, all),
        all: list(all),
    })
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The name that looks most like a text, if one does.
pub fn nearest(text: &str, names: &[&str]) -> Option<String> {
    let likeness = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        let ratio = |name| similar::TextDiff::from_chars(text, name).ratio();
        ratio(name).max(ratio(last))
    };
    names
        .iter()
        .map(|name| (likeness(name), *name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests;
