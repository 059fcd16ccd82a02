//! Why a secret cannot be had.

use std::path::PathBuf;

/// The secrets file or a `token_command` cannot be used. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Others could read the file.
    #[error("`{}` can be read by others (mode {mode:04o}), so its keys are not used", .path.display())]
    TooWide {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file cannot be read or written.
    #[error("cannot {doing} `{}`", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What was tried: `read`, `write`, `lock`.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("`{}` is no secrets file of couplet's", .path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
    },
    /// Another process keeps the file locked.
    #[error("another process has kept `{}` locked for 30 s", .path.display())]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// The command line cannot be split.
    #[error("the token command has a quote without an end, or no word")]
    NoCommand,
    /// The program cannot be started.
    #[error("the token command `{program}` cannot be started")]
    NotStarted {
        /// Its first word.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The program failed. What it said is left out: it may hold a secret.
    #[error("the token command `{program}` failed ({status})")]
    Failed {
        /// Its first word.
        program: String,
        /// How it ended.
        status: String,
    },
    /// The program does not come to an end.
    #[error("the token command `{program}` gave nothing within 30 s")]
    TimedOut {
        /// Its first word.
        program: String,
    },
    /// The program printed nothing, or more than a key.
    #[error("the token command `{program}` did not print one key")]
    NoKey {
        /// Its first word.
        program: String,
    },
}

impl SecretError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::TooWide { path, .. } => {
                format!(
                    "chmod 0600 {}; if others may have read it, `couplet auth rotate SIDE` afterwards",
                    path.display()
                )
            }
            Self::File { path, .. } => format!(
                "check who owns `{}` and its folder, and the space on the disk",
                path.display()
            ),
            Self::Broken { path } => format!(
                "move it away (`mv {0} {0}.old`), then `couplet auth login SIDE`",
                path.display()
            ),
            Self::Busy { path } => format!(
                "another couplet renews a key; if none runs, who holds it is said by `fuser {}.lock`",
                path.display()
            ),
            Self::NoCommand
            | Self::NotStarted { .. }
            | Self::Failed { .. }
            | Self::TimedOut { .. }
            | Self::NoKey { .. } => {
                "run the command by hand: it must print the key on one line and exit with 0; \
                 `couplet config explain ghl.token_command` says more"
                    .into()
            }
        }
    }
}
