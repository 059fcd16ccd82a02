//! The `[keys]` table of the file, as written: which commands there are, and which keys, the dashboard knows.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{ConfigError, Source};

/// A command of the dashboard and the keys that it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The command's name.
    pub command: String,
    /// Its keys; none: it is in the palette only.
    pub keys: Vec<String>,
    /// Where it stands.
    pub from: Source,
}

/// Reads the table `keys` of a file, and the tables in it: `task.due` may stand in quotes or without. `at` gives the
/// line of a place in it.
pub fn read(
    path: &Path,
    table: &DeTable<'_>,
    at: &dyn Fn(usize) -> usize,
) -> Result<Vec<KeyRow>, ConfigError> {
    let mut rows = Vec::new();
    let mut waiting = vec![(String::new(), table)];
    while let Some((section, table)) = waiting.pop() {
        for (name, value) in table {
            let command = format!("{section}{}", name.get_ref());
            let from = Source::File {
                path: path.into(),
                line: at(name.span().start),
            };
            let keys = match value.get_ref() {
                DeValue::Table(inner) => {
                    waiting.push((format!("{command}."), inner));
                    continue;
                }
                DeValue::String(key) => Some(vec![key.to_string()]),
                DeValue::Array(keys) => keys
                    .iter()
                    .map(|key| match key.get_ref() {
                        DeValue::String(key) => Some(key.to_string()),
                        _ => None,
                    })
                    .collect(),
                _ => None,
            };
            let Some(keys) = keys else {
                return Err(ConfigError::Map {
                    from,
                    subject: format!("`keys.{command}`").into(),
                    why: "a key is a text, several are a list of texts".into(),
                    hint: "for example `undo = \"U\"`, or `undo = [\"U\", \"<alt-u>\"]`".into(),
                });
            };
            rows.push(KeyRow {
                command,
                keys,
                from,
            });
        }
    }
    Ok(rows)
}
