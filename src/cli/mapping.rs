//! The field map that the config asks for.

use std::fmt::Display;

use crate::config::{Config, ConfigError, MapValue, Source};
use crate::merge::FieldMap;
use crate::merge::mapping::{Creating, MapRow};
use crate::model::Side;
use crate::remote::Setup;
use crate::store::Reader;

use super::exit::Problem;

/// The default map with the rows of the config; the first row that is wrong is named with file and line.
pub fn field_map(config: &Config) -> Result<FieldMap, ConfigError> {
    let mut map = FieldMap::default();
    for row in config.map_rows() {
        let origin = row.from.to_string();
        let asked = MapRow {
            kind: &row.kind,
            field: &row.field,
            values: row
                .values
                .iter()
                .map(|value| (&*value.key, &*value.text))
                .collect(),
            origin: &origin,
        };
        map.configure(&asked).map_err(|error| {
            let table = (&row.from, format!("`map.{}.{}`", row.kind, row.field));
            wrong(table, &row.values, error.key(), &error, error.hint())
        })?;
    }
    map.set_status_tags(config.growbots().status_tags);
    for side in Side::BOTH {
        let (text, from) = config.creating(side);
        let key = match side {
            Side::Ghl => "create.ghl",
            Side::Growbots => "create.growbots",
        };
        let creating = Creating::parse(key, text).map_err(|error| {
            let none: [&MapValue; 0] = [];
            wrong((from, format!("`{key}`")), none, None, &error, error.hint())
        })?;
        map.set_creating(side, creating);
    }
    Ok(map)
}

/// The same with custom fields by the keys that GHL gave them, as the engine last read them.
pub fn resolved_map(config: &Config, reader: &Reader) -> Result<FieldMap, Problem> {
    let mut map = field_map(config)?;
    if let Some(setup) = location(reader)? {
        resolve(&mut map, &setup);
    }
    Ok(map)
}

/// Custom fields by the keys that GHL gave them, and phone numbers as its country writes them.
pub fn resolve(map: &mut FieldMap, setup: &Setup) {
    let fields = setup.custom_fields.iter();
    let fields: Vec<_> = fields.map(|field| (&*field.key, &*field.name)).collect();
    map.resolve_custom_fields(&fields);
    map.set_country(&setup.country);
}

/// What the engine last read of the GHL location; `None` before the first pass.
pub fn location(reader: &Reader) -> Result<Option<Setup>, Problem> {
    let text = reader.note("setup.ghl")?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// What is wrong with a table of the config file: at the line of the value that it is about, else at the table's.
pub fn wrong<'a>(
    (from, subject): (&Source, String),
    values: impl IntoIterator<Item = &'a MapValue>,
    key: Option<&str>,
    why: &impl Display,
    hint: impl Into<Box<str>>,
) -> ConfigError {
    let value = key.and_then(|key| values.into_iter().find(|value| value.key == key));
    ConfigError::Map {
        from: value.map_or(from, |value| &value.from).clone(),
        subject: subject.into(),
        why: why.to_string().into(),
        hint: hint.into(),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::config::{Flags, template};
    use crate::merge::Policy;
    use crate::model::{FieldName, Kind};

    /// The settings of a config file with this text.
    pub fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let flags = Flags {
            config: Some(path),
            ..Flags::default()
        };
        Config::load(&flags, &|_| None).unwrap()
    }

    #[test]
    fn the_example_of_the_docs_is_a_field_map() {
        let map = field_map(&config(include_str!("../../docs/mapping.example.toml"))).unwrap();
        let title = map.entry(Kind::Contact, &FieldName::Title).unwrap();
        assert_eq!(title.policy, Policy::Newest);
        assert!(title.origin.contains("line 4"), "{}", title.origin);
        assert!(
            map.entry(Kind::Contact, &FieldName::Custom("budget".into()))
                .is_some()
        );
        let city = map.entry(Kind::Contact, &FieldName::City).unwrap();
        assert_eq!(city.policy, Policy::Ghl);
        assert_eq!(map.entry(Kind::Contact, &FieldName::Owner), None);
    }

    #[test]
    fn what_config_init_shows_of_the_map_can_be_used() {
        let text = template(&[], &[]);
        let from = text.find("# [map.contact.title]").unwrap();
        let lines: Vec<&str> = text[from..]
            .lines()
            .map(|line| line.trim_start_matches("# "))
            .collect();
        let map = field_map(&config(&lines.join("\n"))).unwrap();
        assert!(map.entry(Kind::Contact, &FieldName::Title).is_some());
        assert!(
            map.entry(Kind::Contact, &FieldName::Custom("budget".into()))
                .is_some()
        );
    }
}
