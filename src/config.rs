//! Settings from flags, environment and a TOML file, in that order; every value knows where it came from.

mod alerts;
mod auth;
mod error;
mod growbots;
mod init;
mod keys;
mod map;
mod rules;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::secrets::Secret;
use etcetera::BaseStrategy as _;
use jiff::tz::TimeZone;
use toml::de::{DeTable, DeValue};

pub use alerts::AlertSettings;
pub use auth::{ClientSettings, KeySettings, SideSettings};
pub use error::ConfigError;
pub use growbots::GrowbotsSettings;
pub use init::{init, reference, template};
pub use keys::{KEYS, Key, key, nearest};
pub use map::{MapTable, MapValue};
pub use rules::RuleTable;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The config file.
    File {
        /// Which file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
    },
    /// An environment variable.
    Env(&'static str),
    /// A flag.
    Flag(&'static str),
}

/// In words: `default`, `/etc/couplet.toml line 3`, `TZ`, `--data-dir`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Env(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The flags that stand over environment and file.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The config file.
    pub config: Option<PathBuf>,
    /// The folder of the databases.
    pub data_dir: Option<PathBuf>,
    /// The workspace.
    pub workspace: Option<String>,
    /// What may be done: `operator` or `viewer`.
    pub role: Option<String>,
}

/// A value, and where it came from. Its text is kept as a secret, so that no `Debug` shows a token.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it is, as written; `None` where it is not set.
    text: Option<Secret<String>>,
    /// Where from.
    pub from: Source,
}

impl Setting {
    fn new(text: impl Into<String>, from: Source) -> Self {
        Self {
            text: Some(Secret::new(text.into())),
            from,
        }
    }

    fn text(&self) -> Option<&str> {
        self.text.as_ref().map(|text| text.expose().as_str())
    }
}

/// The settings of one run. Every value in it has passed the check of its key.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// One for each of [`KEYS`], in their order.
    settings: Vec<Setting>,
    /// The tables of the field map, in the order of the file.
    map: Vec<MapTable>,
    /// The automation rules, in the order of the file.
    rules: Vec<RuleTable>,
}

impl Config {
    /// Reads flags, environment and file. `env` gives the value of a variable; an empty one counts as not set.
    ///
    /// A file that was named and is not there is an error; the one in the XDG config folder need not be.
    pub fn load(flags: &Flags, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let named = flags.config.clone().or_else(|| {
            env("COUPLET_CONFIG")
                .filter(|path| !path.trim().is_empty())
                .map(PathBuf::from)
        });
        let file = match named {
            Some(path) => Some(path),
            None => default_file().ok().filter(|path| path.exists()),
        };
        Self::read(flags, env, file)
    }

    /// The same without a file, also where one is.
    pub fn from_environment(
        flags: &Flags,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        Self::read(flags, env, None)
    }

    fn read(
        flags: &Flags,
        env: &dyn Fn(&str) -> Option<String>,
        file: Option<PathBuf>,
    ) -> Result<Self, ConfigError> {
        let env = |name: &str| env(name).filter(|text| !text.trim().is_empty());
        let mut settings: Vec<Setting> = KEYS.iter().map(|key| default_of(key, &env)).collect();
        let mut tables = (Vec::new(), Vec::new());
        if let Some(path) = &file {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                path: path.clone(),
                source,
            })?;
            tables = read_file(path, &text, &mut settings)?;
        }
        for (key, setting) in KEYS.iter().zip(&mut settings) {
            let from_env = key.env.and_then(|name| Some((name, env(name)?)));
            if let Some((name, text)) = from_env {
                *setting = Setting::new(text.trim(), Source::Env(name));
            }
            let flag = match key.name {
                "data_dir" => flags.data_dir.as_deref().and_then(Path::to_str),
                "workspace" => flags.workspace.as_deref(),
                "role" => flags.role.as_deref(),
                _ => None,
            };
            if let (Some(text), Some(name)) = (flag, key.flag) {
                *setting = Setting::new(text, Source::Flag(name));
            }
            let Some(text) = setting.text() else { continue };
            // The machine's TZ may be a rule or a path that is no name; then the machine's zone counts.
            if setting.from == Source::Env("TZ") && (key.check)(text).is_err() {
                *setting = default_of(key, &env);
                continue;
            }
            (key.check)(text).map_err(|why| ConfigError::Value {
                key: key.name,
                from: setting.from.clone(),
                why,
            })?;
        }
        Ok(Self {
            file,
            settings,
            map: tables.0,
            rules: tables.1,
        })
    }

    /// Every setting with its key, in the order of [`KEYS`].
    pub fn all(&self) -> impl Iterator<Item = (&'static Key, &Setting)> {
        KEYS.iter().zip(&self.settings)
    }

    /// A setting's value as it may be shown: `None` where it is not set, `***` where it is a secret.
    pub fn shown(key: &Key, setting: &Setting) -> Option<String> {
        let text = setting.text()?;
        Some(if key.secret {
            "***".into()
        } else {
            text.into()
        })
    }

    /// The tables `[map.KIND.FIELD]` of the file, in their order.
    pub fn map_rows(&self) -> &[MapTable] {
        &self.map
    }

    /// The tables `[[rules.rule]]` of the file, in their order.
    pub fn rule_tables(&self) -> &[RuleTable] {
        &self.rules
    }

    /// How often a rule may act within an hour; what is more waits.
    pub fn rules_per_hour(&self) -> u64 {
        let text = self.get("rules.per_hour");
        text.and_then(|text| text.parse().ok())
            .unwrap_or(crate::model::PER_HOUR)
    }

    fn get(&self, name: &str) -> Option<&str> {
        let at = KEYS.iter().position(|key| key.name == name)?;
        self.settings[at].text()
    }

    /// The workspace's name.
    pub fn workspace(&self) -> &str {
        self.get("workspace").unwrap_or("default")
    }

    /// Who acts.
    pub fn operator(&self) -> &str {
        self.get("operator").unwrap_or("operator")
    }

    /// Whether it may be looked at only.
    pub fn is_viewer(&self) -> bool {
        self.get("role") == Some("viewer")
    }

    /// Whether log lines are JSON.
    pub fn logs_json(&self) -> bool {
        self.get("log.format") == Some("json")
    }

    /// The zone that times are shown in.
    pub fn zone(&self) -> TimeZone {
        self.get("time_zone")
            .and_then(|name| TimeZone::get(name.trim_start_matches(':')).ok())
            .unwrap_or_else(TimeZone::system)
    }

    /// The theme's name.
    pub fn theme(&self) -> &str {
        self.get("theme").unwrap_or("auto")
    }

    /// Whether only ASCII may be drawn.
    pub fn is_ascii(&self) -> bool {
        self.get("glyphs") == Some("ascii")
    }

    /// Whether the first plan of a workspace waits for a yes.
    pub fn asks_before_first_push(&self) -> bool {
        self.get("first_push") == Some("ask")
    }

    /// Seconds between passes.
    pub fn poll_seconds(&self) -> u64 {
        self.get("poll_seconds")
            .and_then(|text| text.parse().ok())
            .unwrap_or(15)
    }

    /// After how many days what has ended is taken out of the database; 0 keeps it.
    pub fn keep_days(&self) -> u32 {
        self.get("keep_days")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    /// Whether the default rules are on.
    pub fn has_default_rules(&self) -> bool {
        self.get("rules.defaults") == Some("true")
    }

    /// Turns the default rules on, whatever the settings say.
    pub fn turn_on_default_rules(&mut self) {
        if let Some(at) = KEYS.iter().position(|key| key.name == "rules.defaults") {
            self.settings[at] = Setting::new("true", Source::Default);
        }
    }

    /// Where `serve` listens.
    pub fn listen(&self) -> SocketAddr {
        let text = self.get("serve.listen").unwrap_or_default();
        text.parse()
            .expect("the check of the key has read it as an address")
    }

    /// The public keys of GHL's webhooks in PEM form: the one that is set, else `None` for the vendor's; and whether
    /// the older signature is taken.
    pub fn ghl_webhooks(&self) -> (Option<&str>, bool) {
        (
            self.get("ghl.webhook_key"),
            self.get("ghl.webhook_rsa") == Some("true"),
        )
    }

    /// The secret of Growbots' webhooks; `None` where none is set.
    pub fn growbots_webhook_secret(&self) -> Option<Secret<String>> {
        self.get("growbots.webhook_secret")
            .map(|text| Secret::new(text.to_owned()))
    }

    /// The folder of the databases.
    pub fn data_dir(&self) -> Result<PathBuf, ConfigError> {
        self.get("data_dir")
            .map(PathBuf::from)
            .ok_or(ConfigError::NoHome {
                what: "database",
                flag: "--data-dir",
            })
    }

    /// The workspace's database.
    pub fn database(&self) -> Result<PathBuf, ConfigError> {
        Ok(self.data_dir()?.join(format!("{}.db", self.workspace())))
    }

    /// Where the dashboard keeps tab, filters and cursors between runs; `None` where no home is known.
    pub fn state_file(&self) -> Option<PathBuf> {
        let folder = etcetera::choose_base_strategy().ok()?.state_dir()?;
        let name = format!("{}.json", self.workspace());
        Some(folder.join("couplet").join(name))
    }

    /// Where the limiter keeps the times of its requests: beside the database, since all processes of a workspace
    /// share one window.
    pub fn slots(&self) -> Result<PathBuf, ConfigError> {
        Ok(self
            .data_dir()?
            .join(format!("{}.slots.db", self.workspace())))
    }
}

/// What a key is when nobody set it.
fn default_of(key: &Key, env: &dyn Fn(&str) -> Option<String>) -> Setting {
    let worked_out = match key.name {
        "data_dir" => etcetera::choose_base_strategy()
            .ok()
            .and_then(|xdg| Some(xdg.data_dir().join("couplet").to_str()?.to_owned())),
        "operator" => env("USER")
            .or_else(|| env("LOGNAME"))
            .or(Some("operator".into())),
        _ => key.default.map(str::to_owned),
    };
    Setting {
        text: worked_out.map(Secret::new),
        from: Source::Default,
    }
}

/// The config file of a user who names none.
pub fn default_file() -> Result<PathBuf, ConfigError> {
    let xdg = etcetera::choose_base_strategy().map_err(|_| ConfigError::NoHome {
        what: "config file",
        flag: "--config",
    })?;
    Ok(xdg.config_dir().join("couplet").join("config.toml"))
}

/// Puts what the file sets into `settings`; gives back the tables of the field map, and the rules.
fn read_file(
    path: &Path,
    text: &str,
    settings: &mut [Setting],
) -> Result<(Vec<MapTable>, Vec<RuleTable>), ConfigError> {
    let (mut tables, mut rules) = (Vec::new(), Vec::new());
    let line_at = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.into(),
        line: error.span().map_or(1, |span| line_at(span.start)),
        what: error.message().replace('\n', ", "),
    })?;
    let mut waiting: Vec<(String, &DeTable<'_>)> = vec![(String::new(), table.get_ref())];
    while let Some((section, table)) = waiting.pop() {
        for (name, value) in table {
            let full = format!("{section}{}", name.get_ref());
            let line = line_at(name.span().start);
            if let (DeValue::Table(inner), "map") = (value.get_ref(), &*full) {
                tables = map::read(path, inner, &line_at)?;
                continue;
            }
            if full == "rules.rule" {
                rules = rules::read(path, name.span().start, value.get_ref(), &line_at)?;
                continue;
            }
            let is_section = KEYS
                .iter()
                .any(|key| key.name.starts_with(&format!("{full}.")));
            if let (DeValue::Table(inner), true) = (value.get_ref(), is_section) {
                waiting.push((format!("{full}."), inner));
                continue;
            }
            let Some(at) = KEYS.iter().position(|key| key.name == full) else {
                return Err(ConfigError::UnknownKey {
                    path: path.into(),
                    line,
                    nearest: nearest(&full),
                    key: full,
                });
            };
            let key = &KEYS[at];
            let from = Source::File {
                path: path.into(),
                line,
            };
            if key.secret {
                return Err(ConfigError::SecretInFile {
                    path: path.into(),
                    line,
                    key: key.name,
                    env: key.env.unwrap_or_default(),
                });
            }
            let text = match (plain(value.get_ref()), value.get_ref()) {
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
            settings[at] = Setting::new(text, from);
        }
    }
    Ok((tables, rules))
}

fn plain(value: &DeValue<'_>) -> Option<String> {
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

#[cfg(test)]
mod tests;
