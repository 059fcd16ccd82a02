//! The table of settings as text: the file that `config init` writes, and the page of all settings.

use std::io::Write as _;
use std::path::Path;

use super::{ConfigError, KEYS, Reach};

/// The commented file that `config init` writes. `set` gives values; other settings stand there as examples. `custom`
/// names custom fields of contacts that are kept in step.
pub fn template(set: &[(&str, &str)], custom: &[CustomPair]) -> String {
    let mut lines = vec![
        "# couplet's settings. Lines with a `#` show an example; take the `#` away to set it."
            .into(),
        "# Keys never stand here: `couplet auth login SIDE`, or `export COUPLET_GHL_TOKEN=…`."
            .to_owned(),
    ];
    let mut section = "";
    for key in KEYS.iter().filter(|key| !key.secret) {
        let (its, name) = key.name.split_once('.').unwrap_or(("", key.name));
        lines.push(String::new());
        if its != section {
            section = its;
            lines.push(format!("[{section}]"));
        }
        let given = set.iter().find(|(name, _)| *name == key.name);
        let off = if key.init_sets || given.is_some() {
            ""
        } else {
            "# "
        };
        let over = key
            .env
            .map_or(String::new(), |env| format!(" (`{env}` stands over it.)"));
        lines.push(format!("# {}{over}", key.help));
        let value = given.map_or_else(|| key.example.to_owned(), |(_, text)| quoted(text));
        lines.push(format!("{off}{name} = {value}"));
    }
    lines.extend(MAP_EXAMPLE.lines().map(str::to_owned));
    lines.extend(custom_fields("", custom));
    lines.push(String::new());
    lines.join("\n")
}

/// A custom field of contacts on both sides, by its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomPair {
    /// GHL's key, without `contact.`.
    pub ghl: String,
    /// Growbots' key.
    pub growbots: String,
}

/// The tables of custom fields of contacts that are kept in step; `within` stands before `map`.
fn custom_fields(within: &str, custom: &[CustomPair]) -> Vec<String> {
    let mut lines = Vec::new();
    if !custom.is_empty() {
        lines.push(String::new());
        lines.push("# Custom fields that are kept in step.".into());
    }
    for pair in custom {
        let key = &pair.growbots;
        let plain = key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let name = if plain { key.clone() } else { quoted(key) };
        lines.push(format!("[{within}map.contact.custom.{name}]"));
        lines.push(format!("ghl = {}", quoted(&format!("custom.{}", pair.ghl))));
    }
    lines
}

/// The table that [`add`] puts at the end of a file.
fn table(workspace: &str, set: &[(&str, &str)], custom: &[CustomPair]) -> String {
    let mut lines = vec![
        String::new(),
        "# Another location. What does not stand here is as on top of this file; its keys are given by".to_owned(),
        format!("# `couplet auth login SIDE --workspace {workspace}`, or by variables that end with its name."),
        format!("[workspaces.{workspace}]"),
        "first_push = \"ask\"".to_owned(),
    ];
    let mut section = "";
    for (name, text) in set {
        let (its, name) = name.split_once('.').unwrap_or(("", name));
        if its != section {
            section = its;
            lines.push(format!("[workspaces.{workspace}.{section}]"));
        }
        lines.push(format!("{name} = {}", quoted(text)));
    }
    lines.extend(custom_fields(&format!("workspaces.{workspace}."), custom));
    lines.push(String::new());
    lines.join("\n")
}

/// Puts a workspace at the end of a file that is there, which is replaced whole and keeps its mode; what stood in it
/// stays as it is.
pub fn add(
    path: &Path,
    workspace: &str,
    set: &[(&str, &str)],
    custom: &[CustomPair],
) -> Result<(), ConfigError> {
    let failed = |source| ConfigError::Write {
        path: path.into(),
        source,
    };
    // A link to the file stays one.
    let real = path.canonicalize().map_err(failed)?;
    let before = std::fs::read_to_string(&real).map_err(failed)?;
    let folder = real.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let gap = if before.ends_with('\n') { "" } else { "\n" };
        write!(file, "{before}{gap}{}", table(workspace, set, custom))?;
        let mode = std::fs::metadata(&real)?.permissions();
        file.as_file().set_permissions(mode)?;
        file.as_file().sync_all()?;
        file.persist(&real)?;
        Ok(())
    };
    write().map_err(failed)
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// What `config init` says of the field map.
const MAP_EXAMPLE: &str = r#"
# Which field goes where: `couplet map show` lists all of them, `couplet map check` tries them on real records and
# lists GHL's custom fields. A table changes one field; what it does not name stays as it is. See docs/mapping.md.
# [map.contact.title]
# ghl = "custom.job_title"             # where GHL keeps it: a custom field, by key or by name
# direction = "<->"                    # both ways; `->` GHL to Growbots; `<-` Growbots to GHL
# policy = "newest"                    # who wins when both changed it: manual, ghl, growbots, newest
# to_growbots = "{{ value | title }}"  # GHL's value on its way to Growbots
# to_ghl = "{{ value }}"               # and back
# enabled = true
# [map.contact.custom.budget]          # custom field `budget` of Growbots, and the one of GHL with this key"#;

/// Writes [`template`] to `path`, mode 0600; a file that is there stays as it is: [`ConfigError::Exists`].
pub fn init(path: &Path, set: &[(&str, &str)], custom: &[CustomPair]) -> Result<(), ConfigError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => ConfigError::Exists { path: path.into() },
        _ => ConfigError::Write {
            path: path.into(),
            source,
        },
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(template(set, custom).as_bytes())
        .map_err(failed)
}

/// Every setting with what it does, in Markdown: `docs/config.md`.
pub fn reference() -> String {
    let mut lines = vec![
        "# Settings".to_owned(),
        String::new(),
        "Made by `couplet config keys > docs/config.md`; a test fails when it is stale. A flag stands over the".into(),
        "environment, that over the config file. `couplet config show` says what holds and where from,".into(),
        "`couplet config explain KEY` the same of one. A table `[workspaces.NAME]` may have all but those that are the same".into(),
        "for all workspaces: see [operating.md](operating.md#several-locations).".into(),
    ];
    let mut section = None;
    for key in KEYS.iter() {
        let its = key.name.split_once('.').map_or("", |(its, _)| its);
        if section != Some(its) {
            section = Some(its);
            lines.push(String::new());
            lines.push(match its {
                "" => "## General".to_owned(),
                its => format!("## `[{its}]`"),
            });
        }
        lines.push(String::new());
        lines.push(format!("### `{}`", key.name));
        lines.push(String::new());
        lines.push(key.help.to_owned());
        lines.push(String::new());
        let ways = [
            key.default
                .map(|text| format!("default `{text}`").replace("``", "empty")),
            (!key.secret).then(|| format!("for example `{}`", key.example)),
            key.env.map(|env| format!("environment `{env}`")),
            key.flag.map(|flag| format!("flag `{flag}`")),
            key.secret.then(|| "never in the file".to_owned()),
            (key.reach == Reach::Program).then(|| "the same for all workspaces".to_owned()),
        ];
        let ways: Vec<_> = ways.into_iter().flatten().collect();
        lines.push(format!("- {}", ways.join("\n- ")));
    }
    lines.push(String::new());
    lines.join("\n")
}
