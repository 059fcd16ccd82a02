//! What is wrong with the settings: what, where, and what to write instead.

use std::path::PathBuf;

use super::Source;

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The config file cannot be read.
    #[error("cannot read the config file `{}`", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The config file cannot be made.
    #[error("cannot write the config file `{}`", .path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The config file is there already.
    #[error("`{}` is there already; it was left as it is", .path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The file is no TOML.
    #[error("`{}` line {line}: {what}", .path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// A key that couplet does not know.
    #[error("`{}` line {line}: unknown key `{key}`", .path.display())]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// The key, with its section.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
    },
    /// A secret in the file, where backups and colleagues would read it.
    #[error("`{}` line {line}: `{key}` is a secret and does not belong in a file", .path.display())]
    SecretInFile {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// The key.
        key: &'static str,
        /// Where it belongs.
        env: String,
    },
    /// A value that its key cannot have.
    #[error("`{key}` ({from}): {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// Where the value came from.
        from: Source,
        /// What is wrong with it.
        why: String,
    },
    /// A part of the field map that is no table, or a value in it that is no text.
    #[error("`{name}` in the field map ({from}) cannot be of type `{has}`")]
    MapShape {
        /// Where.
        from: Source,
        /// Which.
        name: String,
        /// What it is.
        has: &'static str,
    },
    /// A row of the field map that cannot be used.
    #[error("{from}: {subject}: {why}")]
    Map {
        /// Where.
        from: Source,
        /// Which table, as written: `map.contact.title`.
        subject: Box<str>,
        /// What is wrong.
        why: Box<str>,
        /// What to do.
        hint: Box<str>,
    },
    /// A setting that this command cannot do without.
    #[error("`{key}` is not set{}", .workspace.as_ref().map_or(String::new(), |name| format!(" for workspace `{name}`")))]
    Missing {
        /// The key.
        key: &'static str,
        /// The environment variable that sets it; empty where none does.
        env: String,
        /// Whether the config file may set it.
        secret: bool,
        /// For which workspace, where there are several.
        workspace: Option<String>,
    },
    /// A part of `[workspaces]` that cannot be used.
    #[error("`{}` line {line}: {why}", .path.display())]
    Workspace {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// None of the workspaces has this name.
    #[error("there is no workspace `{name}` ({from}): the config has `{}`", .names.join("`, `"))]
    NoWorkspace {
        /// What was asked for.
        name: String,
        /// By whom.
        from: Source,
        /// Those that there are.
        names: Vec<String>,
    },
    /// There are several workspaces, and none is chosen.
    #[error("which workspace? The config has `{}`", .names.join("`, `"))]
    WhichWorkspace {
        /// Those that there are; never empty.
        names: Vec<String>,
    },
    /// Two workspaces would write the same records.
    #[error("workspaces `{one}` and `{other}` have the same {what}")]
    Shared {
        /// What.
        what: &'static str,
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// The secrets file cannot be used.
    #[error(transparent)]
    Secrets(#[from] crate::secrets::SecretError),
    /// `config explain` was asked for something else.
    #[error("there is no setting `{key}`")]
    NoSuchKey {
        /// What was asked for.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
    },
    /// Nobody knows where this user's files are.
    #[error("the home folder is not known, so the {what} has no place")]
    NoHome {
        /// What was to be placed there.
        what: &'static str,
        /// The flag that names a place.
        flag: &'static str,
    },
}

impl ConfigError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some(
                "check the path; `couplet config init` writes a config file to start from".into(),
            ),
            Self::Write { .. } => {
                Some("check the folder, or name another file with `--config`".into())
            }
            Self::Exists { path } => Some(format!(
                "edit it, add another location with `couplet config init --workspace NAME`, or move it away first: `mv {0} {0}.old`",
                path.display()
            )),
            Self::Syntax { .. } => Some("text stands in quotes: `workspace = \"default\"`".into()),
            Self::UnknownKey { nearest, .. } | Self::NoSuchKey { nearest, .. } => {
                Some(match nearest {
                    Some(key) => format!(
                        "did you mean `{key}`? `couplet config explain {key}` says what it does"
                    ),
                    None => "`couplet config show` lists every setting".into(),
                })
            }
            Self::SecretInFile { env, .. } => Some(format!(
                "take it out of the file, and set it in the environment: `export {env}=…`"
            )),
            Self::Value { key, .. } => Some(format!(
                "`couplet config explain {key}` says what it can be"
            )),
            Self::Map { hint, .. } => Some(hint.to_string()),
            Self::MapShape { .. } => Some(
                "a field has a table of its own: `[map.contact.title]`, then lines such as `policy = \"newest\"`"
                    .into(),
            ),
            Self::Missing {
                key,
                env,
                secret: true,
                workspace,
            } => {
                let side = key.split('.').next().unwrap_or(key);
                let of = workspace.as_ref();
                let of = of.map_or(String::new(), |name| format!(" --workspace {name}"));
                Some(format!(
                    "`couplet auth login {side}{of}`, or `export {env}=…`; secrets are never read from the config file"
                ))
            }
            Self::Workspace { .. } => Some(
                "a workspace has a table `[workspaces.NAME]`, with what it has otherwise than the top of the file: see docs/operating.md"
                    .into(),
            ),
            Self::NoWorkspace { name, .. } => Some(format!(
                "`couplet config init --workspace {name}` adds it to the file"
            )),
            Self::WhichWorkspace { names } => Some(format!(
                "say which: `--workspace {0}`, `export COUPLET_WORKSPACE={0}`, or `workspace = \"{0}\"` on top of the file",
                names[0]
            )),
            Self::Shared { .. } => Some(
                "each GHL location and each Growbots account stands in one workspace only; variables of one workspace end with its name, such as `COUPLET_GHL_TOKEN_NAME`"
                    .into(),
            ),
            Self::Secrets(error) => Some(error.hint()),
            Self::Missing { key, env, .. } if env.is_empty() => Some(format!(
                "set `{key}` in the config file; `couplet config explain {key}` says what it is"
            )),
            Self::Missing { key, env, .. } => Some(format!(
                "set `{key}` in the config file (`couplet config init` writes one), or `export {env}=…`"
            )),
            Self::NoHome { flag, .. } => Some(format!("set `HOME`, or give `{flag}`")),
        }
    }
}
