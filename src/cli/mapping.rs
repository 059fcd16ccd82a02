//! The field map that the config asks for.

use crate::config::{Config, ConfigError};
use crate::merge::FieldMap;
use crate::merge::mapping::MapRow;
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
            let value = error
                .key()
                .and_then(|key| row.values.iter().find(|value| value.key == key));
            ConfigError::Map {
                from: value.map_or(&row.from, |value| &value.from).clone(),
                subject: format!("`map.{}.{}`", row.kind, row.field).into(),
                why: error.to_string().into(),
                hint: error.hint().into(),
            }
        })?;
    }
    Ok(map)
}

/// The same with custom fields by the keys that GHL gave them, as the engine last read them.
pub fn resolved_map(config: &Config, reader: &Reader) -> Result<FieldMap, Problem> {
    let mut map = field_map(config)?;
    let setup = reader.note("setup.ghl")?;
    let setup = setup.and_then(|text| serde_json::from_str::<Setup>(&text).ok());
    if let Some(setup) = setup {
        let fields = setup.custom_fields.iter();
        let fields: Vec<_> = fields.map(|field| (&*field.key, &*field.name)).collect();
        map.resolve_custom_fields(&fields);
        map.set_country(&setup.country);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, template};
    use crate::merge::Policy;
    use crate::model::{FieldName, Kind};

    fn config(text: &str) -> Config {
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
