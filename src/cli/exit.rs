//! How a command ends: the exit codes of the contract, and the one place where an error is printed.

use std::io::Write as _;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::engine::EngineError;
use crate::remote::RemoteError;
use crate::store::StoreError;
use crate::table::TableError;

/// How a command ended, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// Wrong usage or settings.
    Usage = 2,
    /// Done, but conflicts wait.
    ConflictsWait = 3,
    /// Another process holds the lease.
    Held = 4,
    /// A side does not authorise us.
    Unauthorised = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ends with something else than [`Exit::Done`], in words for the person who typed it.
#[derive(Debug)]
pub struct Problem {
    /// The exit code.
    pub exit: Exit,
    error: anyhow::Error,
    hint: Option<String>,
}

impl Problem {
    /// What was typed cannot be done.
    pub fn usage(words: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::of(Exit::Usage, words.into(), hint.into())
    }

    /// It was right to ask, and did not work.
    pub fn failed(words: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::of(Exit::Failed, words.into(), hint.into())
    }

    fn of(exit: Exit, words: String, hint: String) -> Self {
        Self {
            exit,
            error: anyhow::Error::msg(words),
            hint: Some(hint),
        }
    }

    /// The message with its causes, one after the other.
    pub fn message(&self) -> String {
        format!("{:#}", self.error)
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Prints it on stderr: the message, then after a blank line what to do next. A reader of our output that went
    /// away is no error, and says nothing.
    pub fn print(&self) -> Exit {
        let gone = self.error.chain().any(|cause| {
            cause
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        });
        if gone {
            return Exit::Done;
        }
        let hint = self.hint.as_ref().map(|hint| format!("\nhint: {hint}\n"));
        let text = format!("error: {}\n{}", self.message(), hint.unwrap_or_default());
        // With stderr closed there is nobody left to tell.
        drop(std::io::stderr().write_all(text.as_bytes()));
        self.exit
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Self {
            exit: Exit::Usage,
            hint: error.hint(),
            error: error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self {
            exit: Exit::Failed,
            hint: error.hint(),
            error: error.into(),
        }
    }
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        Self {
            // A wrong table is wrong usage; a disk that fails is not.
            exit: match error {
                TableError::Io { .. } => Exit::Failed,
                _ => Exit::Usage,
            },
            hint: error.hint(),
            error: error.into(),
        }
    }
}

impl From<RemoteError> for Problem {
    fn from(error: RemoteError) -> Self {
        EngineError::Remote(error).into()
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let exit = match &error {
            _ if error.is_unauthorised() => Exit::Unauthorised,
            EngineError::Held(_) => Exit::Held,
            _ => Exit::Failed,
        };
        Self {
            exit,
            hint: error.hint(),
            error: error.into(),
        }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self {
            exit: Exit::Failed,
            error,
            hint: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Holder, Millis, Side};

    #[test]
    fn each_failure_has_the_exit_code_of_the_contract() {
        let holder = Holder {
            operator: "dana".into(),
            host: "desk".into(),
            pid: 7,
            since: Millis(0),
        };
        let unauthorised = || RemoteError::Unauthorised {
            side: Side::Ghl,
            said: "no".into(),
        };
        let forbidden = RemoteError::Forbidden {
            side: Side::Growbots,
            operation: "GET /leads".into(),
            said: "no".into(),
        };
        let newer = StoreError::Newer {
            path: "x.db".into(),
            found: 9,
            known: 1,
        };
        let missing = ConfigError::Missing {
            key: "ghl.url",
            env: "COUPLET_GHL_URL".into(),
            secret: false,
            workspace: None,
        };
        for (problem, code, hint) in [
            (
                Problem::from(EngineError::Remote(unauthorised())),
                5,
                "COUPLET_GHL_TOKEN",
            ),
            (unauthorised().into(), 5, "COUPLET_GHL_TOKEN"),
            (forbidden.into(), 5, "COUPLET_GROWBOTS_TOKEN"),
            (EngineError::Held(holder).into(), 4, "couplet status"),
            (missing.into(), 2, "COUPLET_GHL_URL"),
            (newer.into(), 1, "--data-dir"),
        ] {
            assert_eq!(problem.exit as u8, code, "{}", problem.message());
            let said = problem.hint().unwrap_or_default();
            assert!(said.contains(hint), "{}: {said}", problem.message());
        }
    }
}
