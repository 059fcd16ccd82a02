//! What ends a pass, or keeps it from starting.

use crate::model::Holder;
use crate::remote::RemoteError;
use crate::store::StoreError;

/// A failure of the loop itself; failures of single records are error rows, not this.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Another process runs the loop.
    #[error("{} on {} (process {}) holds the lease", .0.operator, .0.host, .0.pid)]
    Held(Holder),
    /// The cache failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A side does not authorise us, or cannot be used at all.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A fault of couplet itself ended a pass.
    #[error("a pass ended in a fault of couplet itself; what it had done stands")]
    Panicked,
    /// The engine's thread or runtime could not be started.
    #[error("the engine cannot start")]
    Start(#[from] std::io::Error),
}

impl EngineError {
    /// Whether a side does not authorise us.
    pub const fn is_unauthorised(&self) -> bool {
        matches!(self, Self::Remote(error) if error.is_unauthorised())
    }

    /// What failed and what to do next, in one line.
    pub fn in_one_line(&self) -> String {
        let hint = self
            .hint()
            .map_or_else(String::new, |hint| format!("; {hint}"));
        format!("{self}{hint}")
    }

    /// What to do next, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Held(_) => {
                Some("it does the work; `couplet status` shows what it is doing".into())
            }
            Self::Store(error) => error.hint(),
            Self::Remote(error) => error.hint(),
            Self::Start(_) | Self::Panicked => None,
        }
    }
}
