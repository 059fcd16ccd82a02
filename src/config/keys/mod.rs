//! The table of all settings: the source for reading, `config show`, `config explain` and `config init`.

pub(in crate::config) mod checks;
mod general;
mod ghl;
mod growbots;
mod service;

use std::sync::LazyLock;

/// Whom a setting holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Each workspace may have its own.
    Workspace,
    /// It is the same for all workspaces of a file.
    Program,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the file, with its section: `ghl.url`.
    pub name: &'static str,
    /// The environment variable that stands over the file.
    pub env: Option<&'static str>,
    /// The flag that stands over both.
    pub flag: Option<&'static str>,
    /// What it is without any of them; `None`: not set, or worked out.
    pub default: Option<&'static str>,
    /// Whether it is never shown, and refused in the file.
    pub secret: bool,
    /// What it does, in a sentence or two.
    pub help: &'static str,
    /// What `config init` writes; commented out unless `init_sets`.
    pub example: &'static str,
    /// Whether `config init` sets it.
    pub init_sets: bool,
    /// Whether its value in the file is a list or a table.
    pub compound: bool,
    /// Whom it holds for.
    pub reach: Reach,
    /// Why a text is no value of it.
    pub(in crate::config) check: fn(&str) -> Result<(), String>,
}

const PLAIN: Key = Key {
    name: "",
    env: None,
    flag: None,
    default: None,
    secret: false,
    help: "",
    example: "",
    init_sets: false,
    compound: false,
    reach: Reach::Workspace,
    check: |_| Ok(()),
};

impl Key {
    /// Whether each workspace may have its own, also by a variable with its name.
    pub fn is_of_workspace(&self) -> bool {
        let ours = self.env.is_none_or(|name| name.starts_with("COUPLET_"));
        ours && self.reach == Reach::Workspace
    }

    /// Why a text is no value of it, if it is none.
    pub fn accepts(&self, text: &str) -> Result<(), String> {
        (self.check)(text)
    }
}

/// All settings, in the order in which they are listed; those of a section stand together.
pub static KEYS: LazyLock<Vec<Key>> =
    LazyLock::new(|| [general::KEYS, ghl::KEYS, growbots::KEYS, service::KEYS].concat());

/// The setting of this name.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The setting whose name looks most like `name`, if one does.
pub fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |key: &Key| {
        let whole = similar::TextDiff::from_chars(name, key.name).ratio();
        let last = key.name.rsplit('.').next().unwrap_or(key.name);
        whole.max(similar::TextDiff::from_chars(name, last).ratio())
    };
    KEYS.iter()
        .map(|key| (likeness(key), key.name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}
