//! The field map that the config asks for.

use crate::config::{Config, ConfigError};
use crate::merge::FieldMap;
use crate::merge::mapping::MapRow;

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
