//! Settings from flags, environment and a TOML file, in that order; every value knows where it came from.

mod alerts;
mod apart;
mod auth;
mod bindings;
mod error;
mod file;
mod growbots;
mod init;
mod keys;
mod map;
mod rules;
mod workspaces;

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::model::Side;
use crate::secrets::Secret;
use etcetera::BaseStrategy as _;
use jiff::tz::TimeZone;

pub use alerts::AlertSettings;
pub use apart::check_apart;
pub use auth::{ClientSettings, KeySettings, SideSettings};
pub use bindings::KeyRow;
pub use error::ConfigError;
pub use growbots::GrowbotsSettings;
pub use init::{CustomPair, add, init, reference, template};
pub use keys::{KEYS, Key, Reach, key, nearest};
pub use map::{MapTable, MapValue};
pub use rules::RuleTable;
pub use workspaces::{Workspaces, variable_of};

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
    Env(Cow<'static, str>),
    /// A flag.
    Flag(&'static str),
}

/// In words: `default`, `/etc/couplet.toml line 3`, `TZ`, `--data-dir`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
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
    /// Start no other program from the dashboard.
    pub no_shell: bool,
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

/// The settings of one workspace. Every value in it has passed the check of its key.
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
    /// The keys of the dashboard.
    bindings: Vec<KeyRow>,
    /// Whether the file has several workspaces, so that variables may carry this one's name.
    is_one_of_several: bool,
}

impl Config {
    /// Reads flags, environment and file, for the workspace that they choose. `env` gives the value of a variable; an
    /// empty one counts as not set.
    ///
    /// A file that was named and is not there is an error; the one in the XDG config folder need not be. So is a file
    /// with several workspaces of which none is chosen: [`ConfigError::WhichWorkspace`].
    pub fn load(flags: &Flags, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Workspaces::load(flags, env)?.chosen()
    }

    /// The same without a file, also where one is.
    pub fn from_environment(
        flags: &Flags,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        Workspaces::without_file(flags, env).chosen()
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

    /// What the table `[keys]` of the file gives commands of the dashboard.
    pub fn bindings(&self) -> &[KeyRow] {
        &self.bindings
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

    /// The flag that chooses this workspace, for a command that is to be pasted; empty where there is no other.
    pub fn flag(&self) -> String {
        if self.is_one_of_several {
            format!(" --workspace {}", self.workspace())
        } else {
            String::new()
        }
    }

    /// Who acts.
    pub fn operator(&self) -> &str {
        self.get("operator").unwrap_or("operator")
    }

    /// Whether it may be looked at only.
    pub fn is_viewer(&self) -> bool {
        self.get("role") == Some("viewer")
    }

    /// Whether the dashboard starts no other program, such as an editor.
    pub fn is_without_shell(&self) -> bool {
        self.get("no_shell") == Some("true")
    }

    /// The addresses of a record's page on each side, in which `{id}` is still to be filled in.
    pub fn pages(&self) -> crate::model::BySide<Option<String>> {
        let location = self.get("ghl.location").unwrap_or_default();
        crate::model::BySide {
            ghl: self.get("ghl.page"),
            growbots: self.get("growbots.page"),
        }
        .map(|page| page.map(|page| page.replace("{location}", location)))
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

    /// Which contacts are made on a side because the other has them, as written, and where that stands.
    pub fn creating(&self, side: Side) -> (&str, &Source) {
        let name = match side {
            Side::Ghl => "create.ghl",
            Side::Growbots => "create.growbots",
        };
        let key = KEYS.iter().position(|key| key.name == name);
        let setting = &self.settings[key.expect("it is in the table")];
        (setting.text().unwrap_or("all"), &setting.from)
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

    /// The GHL location; `None` where it is not set.
    pub fn location(&self) -> Option<&str> {
        self.get("ghl.location")
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

#[cfg(test)]
mod tests;
