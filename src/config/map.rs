//! The `[map…]` tables of the file, as written: what they mean is the field map's.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{ConfigError, Source};

/// One table: `[map.contact.title]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapTable {
    /// The kind: `contact`.
    pub kind: String,
    /// The field: `title`, `custom.budget`, `address.city`.
    pub field: String,
    /// Where it stands.
    pub from: Source,
    /// What is set in it, in the order of the file.
    pub values: Vec<MapValue>,
}

/// One line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapValue {
    /// The key: `direction`.
    pub key: String,
    /// The value; `true` and `false` as words.
    pub text: String,
    /// Where it stands.
    pub from: Source,
}

/// Names that have a dot after them in the name of a field: `[map.contact.address.city]` needs no quotes.
const GROUPS: [&str; 2] = ["address", "custom"];

/// Reads the table `map` of a file. `at` gives the line of a place in it.
pub fn read(
    path: &Path,
    map: &DeTable<'_>,
    at: &dyn Fn(usize) -> usize,
) -> Result<Vec<MapTable>, ConfigError> {
    let source = |place: usize| Source::File {
        path: path.into(),
        line: at(place),
    };
    let table_of = |name: &str, value: &DeValue<'_>, place: usize| match value {
        DeValue::Table(_) => Ok(()),
        other => Err(ConfigError::MapShape {
            from: source(place),
            name: name.into(),
            has: other.type_str(),
        }),
    };
    let mut tables: Vec<(usize, MapTable)> = Vec::new();
    for (kind, fields) in map {
        let start = kind.span().start;
        table_of(kind.get_ref(), fields.get_ref(), start)?;
        let DeValue::Table(fields) = fields.get_ref() else {
            continue;
        };
        let mut waiting: Vec<(String, usize, &DeTable<'_>)> = Vec::new();
        for (name, value) in fields {
            let start = name.span().start;
            let group = name.get_ref().to_string();
            table_of(&group, value.get_ref(), start)?;
            let DeValue::Table(inner) = value.get_ref() else {
                continue;
            };
            if !GROUPS.contains(&&*group) {
                waiting.push((group, start, inner));
                continue;
            }
            for (part, value) in inner {
                let start = part.span().start;
                let field = format!("{group}.{}", part.get_ref());
                table_of(&field, value.get_ref(), start)?;
                if let DeValue::Table(inner) = value.get_ref() {
                    waiting.push((field, start, inner));
                }
            }
        }
        for (field, start, inner) in waiting {
            let mut values: Vec<(usize, MapValue)> = Vec::new();
            for (key, value) in inner {
                let start = key.span().start;
                let text = match value.get_ref() {
                    DeValue::String(text) => text.to_string(),
                    DeValue::Boolean(yes) => yes.to_string(),
                    other => {
                        return Err(ConfigError::MapShape {
                            from: source(start),
                            name: key.get_ref().to_string(),
                            has: other.type_str(),
                        });
                    }
                };
                let value = MapValue {
                    key: key.get_ref().to_string(),
                    text,
                    from: source(start),
                };
                values.push((start, value));
            }
            values.sort_by_key(|(start, _)| *start);
            let table = MapTable {
                kind: kind.get_ref().to_string(),
                field,
                from: source(start),
                values: values.into_iter().map(|(_, value)| value).collect(),
            };
            tables.push((start, table));
        }
    }
    tables.sort_by_key(|(start, _)| *start);
    Ok(tables.into_iter().map(|(_, table)| table).collect())
}
