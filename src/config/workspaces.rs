//! Which workspaces there are, which is meant, and the settings of each.
//!
//! Without a table `[workspaces.NAME]` the file is of one workspace, of whatever name. With one, each table is a
//! workspace, which takes from the top of the file what it does not say itself; the top is a workspace too where it
//! names a location.

use std::path::{Path, PathBuf};

use super::file::{self, File};
use super::{
    Config, ConfigError, Flags, KEYS, Key, RuleTable, Setting, Source, default_file, default_of,
};

/// The variable that sets something for one workspace: `COUPLET_GHL_TOKEN_HARBOR_EAST`.
pub fn variable_of(variable: &str, workspace: &str) -> String {
    let name = workspace.to_ascii_uppercase().replace('-', "_");
    format!("{variable}_{name}")
}

/// Flags, environment and file, read once; the settings of each workspace are made from them.
pub struct Workspaces<'a> {
    flags: &'a Flags,
    env: &'a dyn Fn(&str) -> Option<String>,
    path: Option<PathBuf>,
    file: File,
}

impl<'a> Workspaces<'a> {
    /// Reads the file that flags or environment name, or else the one in the XDG config folder, which need not be there.
    pub fn load(
        flags: &'a Flags,
        env: &'a dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let named = flags
            .config
            .clone()
            .or_else(|| filled(env, "COUPLET_CONFIG").map(PathBuf::from));
        let path = match named {
            Some(path) => Some(path),
            None => default_file().ok().filter(|path| path.exists()),
        };
        let mut all = Self::without_file(flags, env);
        if let Some(path) = path {
            let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read {
                path: path.clone(),
                source,
            })?;
            all.file = file::read(&path, &text)?;
            all.path = Some(path);
        }
        Ok(all)
    }

    /// What flags and environment say alone.
    pub fn without_file(flags: &'a Flags, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            flags,
            env,
            path: None,
            file: File::default(),
        }
    }

    /// All that there are, in the order of the file. Without tables that is one.
    pub fn names(&self) -> Vec<String> {
        if self.file.tables.is_empty() {
            let asked = self.asked().map(|(name, _)| name);
            return vec![asked.unwrap_or_else(|| self.name_on_top())];
        }
        let top = self.has_own_on_top().then(|| self.name_on_top());
        let tables = self.file.tables.iter().map(|table| table.name.clone());
        top.into_iter().chain(tables).collect()
    }

    /// The one that flag, environment or file choose. [`ConfigError::WhichWorkspace`] where none of them does and there
    /// are several, [`ConfigError::NoWorkspace`] where there is none of that name.
    pub fn chosen(&self) -> Result<Config, ConfigError> {
        let names = self.names();
        match (self.choice()?, names.as_slice()) {
            (Some(name), _) => self.of(&name),
            (None, [only]) => self.of(only),
            (None, _) => Err(ConfigError::WhichWorkspace { names }),
        }
    }

    /// The one that is chosen, or else the first.
    pub fn chosen_or_first(&self) -> Result<Config, ConfigError> {
        match self.chosen() {
            Err(ConfigError::WhichWorkspace { names }) => self.of(&names[0]),
            result => result,
        }
    }

    /// All of them, or only that which flag or environment name.
    pub fn all(&self) -> Result<Vec<Config>, ConfigError> {
        if self.asked().is_some() {
            return Ok(vec![self.chosen()?]);
        }
        self.names().iter().map(|name| self.of(name)).collect()
    }

    /// A workspace beside those of the file, with what stands on top.
    pub fn beside(&self, name: &str) -> Result<Config, ConfigError> {
        self.of(name)
    }

    /// Why no workspace of this name can be put into the file, if it cannot.
    pub fn refuses(&self, name: &str) -> Option<String> {
        if let Err(why) = super::keys::checks::workspace(name) {
            return Some(why);
        }
        if self.file.tables.is_empty() && !self.has_own_on_top() {
            return Some("`ghl.location` of the workspace that is there does not stand in the file: put it there first".into());
        }
        let names = self.names();
        let same = names
            .iter()
            .find(|known| variable_of("", known) == variable_of("", name));
        same.map(|known| format!("workspace `{known}` is there already"))
    }

    /// What the flag or the environment name.
    fn asked(&self) -> Option<(String, Source)> {
        let flag = self.flags.workspace.clone();
        flag.map(|name| (name, Source::Flag("--workspace")))
            .or_else(|| {
                let name = filled(self.env, "COUPLET_WORKSPACE")?;
                Some((name, Source::Env("COUPLET_WORKSPACE".into())))
            })
    }

    /// The name that is chosen, by flag, environment or the top of the file; `None` where none is.
    fn choice(&self) -> Result<Option<String>, ConfigError> {
        let names = self.names();
        if let Some((name, from)) = self.asked() {
            super::keys::checks::workspace(&name).map_err(|why| ConfigError::Value {
                key: "workspace",
                from: from.clone(),
                why,
            })?;
            if !names.contains(&name) {
                return Err(ConfigError::NoWorkspace { name, from, names });
            }
            return Ok(Some(name));
        }
        Ok(Some(self.name_on_top()).filter(|name| names.contains(name)))
    }

    /// What the top of the file calls its workspace.
    fn name_on_top(&self) -> String {
        let name = self.file.top.text("workspace");
        name.unwrap_or("default").to_owned()
    }

    /// Whether the top of the file is a workspace of its own.
    fn has_own_on_top(&self) -> bool {
        let name = self.name_on_top();
        self.file.top.text("ghl.location").is_some()
            && !self.file.tables.iter().any(|table| table.name == name)
    }

    /// The settings of one.
    fn of(&self, name: &str) -> Result<Config, ConfigError> {
        let several = !self.file.tables.is_empty();
        let table = self.file.tables.iter().find(|table| table.name == name);
        let layers = [Some(&self.file.top), table.map(|table| &table.layer)];
        let env = |name: &str| filled(self.env, name);
        let mut settings: Vec<Setting> = KEYS.iter().map(|key| default_of(key, &env)).collect();
        let (mut map, mut rules) = (Vec::new(), Vec::new());
        for layer in layers.into_iter().flatten() {
            for (at, setting) in &layer.settings {
                settings[*at] = setting.clone();
            }
            for row in &layer.map {
                map.retain(|known: &super::MapTable| {
                    (&known.kind, &known.field) != (&row.kind, &row.field)
                });
                map.push(row.clone());
            }
            // Two of one name in one part are told of by who reads the rules.
            rules.retain(|known: &RuleTable| {
                layer.rules.iter().all(|rule| rule.name() != known.name())
            });
            rules.extend(layer.rules.iter().cloned());
        }
        for (key, setting) in KEYS.iter().zip(&mut settings) {
            self.stand_over(key, setting, several.then_some(name));
            let Some(text) = setting.text() else { continue };
            // The machine's TZ may be a rule or a path that is no name; then the machine's zone counts.
            if setting.from == Source::Env("TZ".into()) && key.accepts(text).is_err() {
                *setting = default_of(key, &env);
                continue;
            }
            key.accepts(text).map_err(|why| ConfigError::Value {
                key: key.name,
                from: setting.from.clone(),
                why,
            })?;
        }
        if several && let Some(at) = KEYS.iter().position(|key| key.name == "workspace") {
            let from = match self.asked() {
                Some((asked, from)) if asked == name => from,
                _ => settings[at].from.clone(),
            };
            settings[at] = Setting::new(name, from);
        }
        Ok(Config {
            file: self.path.clone(),
            settings,
            map,
            rules,
            bindings: self.file.top.bindings.clone(),
            is_one_of_several: several,
        })
    }

    /// Puts what environment and flags say in the place of what the file says. A variable that carries the workspace's
    /// name stands over the plain one.
    fn stand_over(&self, key: &Key, setting: &mut Setting, workspace: Option<&str>) {
        let plain = key
            .env
            .filter(|_| !(key.name == "workspace" && workspace.is_some()));
        if let Some(variable) = plain {
            if let Some(text) = filled(self.env, variable) {
                *setting = Setting::new(text.trim(), Source::Env(variable.into()));
            }
            let own = workspace.filter(|_| key.is_of_workspace());
            let own = own.map(|name| variable_of(variable, name));
            if let Some((variable, text)) =
                own.and_then(|name| filled(self.env, &name).map(|text| (name, text)))
            {
                *setting = Setting::new(text.trim(), Source::Env(variable.into()));
            }
        }
        let flag = match key.name {
            "data_dir" => self.flags.data_dir.as_deref().and_then(Path::to_str),
            "workspace" if workspace.is_none() => self.flags.workspace.as_deref(),
            "role" => self.flags.role.as_deref(),
            "no_shell" => self.flags.no_shell.then_some("true"),
            _ => None,
        };
        if let (Some(text), Some(name)) = (flag, key.flag) {
            *setting = Setting::new(text, Source::Flag(name));
        }
    }
}

/// A variable that is set to something.
fn filled(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    env(name).filter(|text| !text.trim().is_empty())
}
