//! The config file, read once: what stands on top of it, and what each workspace changes.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::keys::{Reach, checks, nearest};
use super::{
    ConfigError, KEYS, KeyRow, MapTable, RuleTable, Setting, Source, bindings, map, rules,
    variable_of,
};

/// What a file says.
#[derive(Debug, Default)]
pub struct File {
    /// What stands on top: for all workspaces, or for the only one.
    pub top: Layer,
    /// The tables `[workspaces.NAME]`, in the order of the file.
    pub tables: Vec<Table>,
}

/// A table `[workspaces.NAME]`.
#[derive(Debug)]
pub struct Table {
    /// The workspace's name.
    pub name: String,
    /// What it says otherwise than the top.
    pub layer: Layer,
}

/// Settings, fields and rules as one part of the file has them.
#[derive(Debug, Default)]
pub struct Layer {
    /// The place of each key in [`KEYS`], and what it is.
    pub settings: Vec<(usize, Setting)>,
    /// The tables of the field map.
    pub map: Vec<MapTable>,
    /// The automation rules.
    pub rules: Vec<RuleTable>,
    /// The keys of the dashboard: on top only.
    pub bindings: Vec<KeyRow>,
}

impl Layer {
    /// The text of a setting, where this part has it.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.settings.iter().find(|(at, _)| KEYS[*at].name == name);
        found.and_then(|(_, setting)| setting.text())
    }
}

/// Reads the text of a file.
pub fn read(path: &Path, text: &str) -> Result<File, ConfigError> {
    let line_at = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.into(),
        line: error.span().map_or(1, |span| line_at(span.start)),
        what: error.message().replace('\n', ", "),
    })?;
    let reader = FileReader {
        path,
        line_at: &line_at,
    };
    reader.file(table.get_ref())
}

struct FileReader<'a> {
    path: &'a Path,
    line_at: &'a dyn Fn(usize) -> usize,
}

impl FileReader<'_> {
    fn file(&self, table: &DeTable<'_>) -> Result<File, ConfigError> {
        let mut file = File {
            top: self.layer(table, None)?,
            tables: Vec::new(),
        };
        let Some(tables) = workspaces(table) else {
            return Ok(file);
        };
        let mut found = Vec::new();
        for (name, value) in tables {
            let start = name.span().start;
            let name = name.get_ref().to_string();
            let wrong = |why: String| ConfigError::Workspace {
                path: self.path.into(),
                line: (self.line_at)(start),
                why,
            };
            checks::workspace(&name).map_err(wrong)?;
            let DeValue::Table(inner) = value.get_ref() else {
                let has = value.get_ref().type_str();
                return Err(wrong(format!(
                    "`workspaces.{name}` cannot be of type `{has}`"
                )));
            };
            let layer = self.layer(inner, Some(&name))?;
            found.push((start, Table { name, layer }));
        }
        found.sort_by_key(|(start, _)| *start);
        for (start, table) in found {
            // Variables are told apart by it, and on some disks files are too.
            let same =
                |other: &&Table| variable_of("", &other.name) == variable_of("", &table.name);
            if let Some(other) = file.tables.iter().find(same) {
                return Err(ConfigError::Workspace {
                    path: self.path.into(),
                    line: (self.line_at)(start),
                    why: format!(
                        "`{}` and `{}` are too alike for the names of variables",
                        other.name, table.name
                    ),
                });
            }
            file.tables.push(table);
        }
        Ok(file)
    }

    /// What the top of the file or a workspace says.
    fn layer(&self, table: &DeTable<'_>, workspace: Option<&str>) -> Result<Layer, ConfigError> {
        let mut layer = Layer::default();
        let mut waiting: Vec<(String, &DeTable<'_>)> = vec![(String::new(), table)];
        while let Some((section, table)) = waiting.pop() {
            for (name, value) in table {
                let full = format!("{section}{}", name.get_ref());
                let start = name.span().start;
                match (value.get_ref(), full.as_str(), workspace) {
                    (DeValue::Table(_), "workspaces", None) => {}
                    (DeValue::Table(inner), "map", _) => {
                        layer.map = map::read(self.path, inner, self.line_at)?;
                    }
                    (DeValue::Table(inner), "keys", None) => {
                        layer.bindings = bindings::read(self.path, inner, self.line_at)?;
                    }
                    (_, "keys", Some(_)) => {
                        return Err(ConfigError::Workspace {
                            path: self.path.into(),
                            line: (self.line_at)(start),
                            why: "`keys` are the same for all workspaces".into(),
                        });
                    }
                    (rules, "rules.rule", _) => {
                        layer.rules = rules::read(self.path, start, rules, self.line_at)?;
                    }
                    (DeValue::Table(inner), section, _) if is_section(section) => {
                        waiting.push((format!("{full}."), inner));
                    }
                    (value, ..) => {
                        let setting = self.setting(&full, start, value, workspace)?;
                        layer.settings.push(setting);
                    }
                }
            }
        }
        Ok(layer)
    }

    fn setting(
        &self,
        full: &str,
        start: usize,
        value: &DeValue<'_>,
        workspace: Option<&str>,
    ) -> Result<(usize, Setting), ConfigError> {
        let line = (self.line_at)(start);
        let path = || self.path.into();
        let within = workspace.map_or(String::new(), |name| format!("workspaces.{name}."));
        let Some(at) = KEYS.iter().position(|key| key.name == full) else {
            return Err(ConfigError::UnknownKey {
                path: path(),
                line,
                nearest: nearest(full),
                key: format!("{within}{full}"),
            });
        };
        let key = &KEYS[at];
        if key.secret {
            let env = key.env.unwrap_or_default();
            return Err(ConfigError::SecretInFile {
                path: path(),
                line,
                key: key.name,
                env: workspace.map_or_else(|| env.to_owned(), |name| variable_of(env, name)),
            });
        }
        if workspace.is_some() && key.reach == Reach::Program {
            return Err(ConfigError::Workspace {
                path: path(),
                line,
                why: format!("`{full}` is the same for all workspaces"),
            });
        }
        let from = Source::File { path: path(), line };
        let text = match (plain(value), value) {
            (Some(text), _) => text,
            (None, DeValue::Array(words)) if key.compound => {
                let words = words.iter().filter_map(|word| plain(word.get_ref()));
                words.collect::<Vec<_>>().join(", ")
            }
            (None, DeValue::Table(inner)) if key.compound => pairs("", inner).join(", "),
            (None, other) => {
                return Err(ConfigError::Value {
                    key: key.name,
                    from,
                    why: format!("its value cannot be of type `{}`", other.type_str()),
                });
            }
        };
        Ok((at, Setting::new(text, from)))
    }
}

/// The table of all workspaces.
fn workspaces<'a, 'b>(table: &'a DeTable<'b>) -> Option<&'a DeTable<'b>> {
    let mut all = table.iter();
    match all
        .find(|(name, _)| name.get_ref() == "workspaces")?
        .1
        .get_ref()
    {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    }
}

fn is_section(name: &str) -> bool {
    let start = format!("{name}.");
    KEYS.iter().any(|key| key.name.starts_with(&start))
}

/// A value that stands for itself, as text.
pub fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// The plain values of a table with their names, those of tables in it with dots.
fn pairs(section: &str, table: &DeTable<'_>) -> Vec<String> {
    let one = |name: &str, value: &DeValue<'_>| match value {
        DeValue::Table(inner) => pairs(&format!("{section}{name}."), inner),
        value => vec![format!(
            "{section}{name} = {}",
            plain(value).unwrap_or_default()
        )],
    };
    let lists = table
        .iter()
        .map(|(name, value)| one(name.get_ref(), value.get_ref()));
    lists.flatten().collect()
}
