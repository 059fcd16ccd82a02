//! What can go wrong with the cache.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::model::Fence;

/// A failure of the cache.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has taken the lease since; nothing was written.
    #[error("another process holds the lease now (fence {ours} is older than {theirs})")]
    LeaseLost {
        /// Ours.
        ours: Fence,
        /// The one that counts.
        theirs: Fence,
    },
    /// The file was written by a newer couplet.
    #[error("`{path}` was written by a newer couplet (schema {found}, this one knows {known})")]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// The file is no couplet database, or is damaged.
    #[error("`{path}` is damaged or not a couplet database")]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder or file cannot be made or opened.
    #[error("cannot open `{path}`")]
    Open {
        /// The database file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The bundled SQLite has a known fault.
    #[error(
        "SQLite {found} can corrupt a database that several processes write; 3.51.3 or later is needed"
    )]
    OldSqlite {
        /// The version found.
        found: String,
    },
    /// A query failed.
    #[error("the cache failed in `{query}`")]
    Query {
        /// The verb.
        query: &'static str,
        /// What SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value cannot be read.
    #[error("the cache holds something unreadable in `{query}`: {what}")]
    Unreadable {
        /// The verb.
        query: &'static str,
        /// What is wrong.
        what: String,
    },
}

/// Why a database takes no writes for a while, though what is in it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// There is no room for them.
    DiskFull,
    /// This user may not write there, or the file system is read only.
    NotWritable,
    /// The disk gives errors.
    DiskFails,
}

impl Barred {
    /// In two words, for a narrow screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::DiskFull => "disk full",
            Self::NotWritable => "not writable",
            Self::DiskFails => "disk fails",
        }
    }

    /// In a sentence without its end.
    pub const fn whole(self) -> &'static str {
        match self {
            Self::DiskFull => "read only: the database's disk is full",
            Self::NotWritable => "read only: the database is not writable",
            Self::DiskFails => "read only: the database's disk fails",
        }
    }
}

impl StoreError {
    /// Whether it says that the database takes no writes just now, and why.
    pub fn barred(&self) -> Option<Barred> {
        match self.code()? {
            ErrorCode::DiskFull => Some(Barred::DiskFull),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some(Barred::NotWritable),
            ErrorCode::SystemIoFailure => Some(Barred::DiskFails),
            _ => None,
        }
    }

    /// Whether the query was stopped by the [`interrupter`](super::Reader::interrupter) of its connection.
    pub fn is_interrupted(&self) -> bool {
        self.code() == Some(ErrorCode::OperationInterrupted)
    }

    /// Whether another program has the database in its hands.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }

    /// What to do next, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => Some("use the newer couplet, or another `--data-dir`".into()),
            Self::Damaged { path, .. } => Some(format!(
                "move `{}` away (keep it) and run `couplet sync --once`: the cache fills again, open decisions are lost",
                path.display()
            )),
            Self::Open { .. } | Self::Query { .. } => {
                self.hint_by_code().map(Into::into).or_else(|| {
                    let is_open = matches!(self, Self::Open { .. });
                    is_open.then(|| {
                        "check the path and its permissions, or give another `--data-dir`".into()
                    })
                })
            }
            _ => None,
        }
    }

    fn hint_by_code(&self) -> Option<&'static str> {
        Some(match self.code()? {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                "another program has the database in its hands: close what else has it open, then try again"
            }
            ErrorCode::DiskFull => {
                "make room on the disk of the database: what is stored stands, nothing was sent that is not stored"
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                "make the database and its folder writable for this user"
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                "the database is damaged: put a backup in its place (docs/reliability.md), or move it away and run `couplet sync --once`"
            }
            ErrorCode::SystemIoFailure => {
                "the disk fails: look at the system's log; a backup can be put in the place of the database (docs/reliability.md)"
            }
            _ => return None,
        })
    }

    /// SQLite's code of what failed.
    fn code(&self) -> Option<ErrorCode> {
        let (Self::Query { source, .. } | Self::Open { source, .. }) = self else {
            return None;
        };
        source
            .downcast_ref::<rusqlite::Error>()
            .and_then(rusqlite::Error::sqlite_error_code)
    }
}

/// What can go wrong inside a verb; [`Fault::at`] gives it the verb's name.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Lost { ours: Fence, theirs: Fence },
    Unreadable(String),
}

/// The answer of everything inside a verb.
pub(super) type Res<T> = Result<T, Fault>;

impl Fault {
    /// The error that the caller of `query` gets.
    pub(super) fn at(self, query: &'static str) -> StoreError {
        match self {
            Self::Sql(source) => StoreError::Query {
                query,
                source: Box::new(source),
            },
            Self::Lost { ours, theirs } => StoreError::LeaseLost { ours, theirs },
            Self::Unreadable(what) => StoreError::Unreadable { query, what },
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<crate::model::UnknownName> for Fault {
    fn from(error: crate::model::UnknownName) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<crate::model::BadValue> for Fault {
    fn from(error: crate::model::BadValue) -> Self {
        Self::Unreadable(error.to_string())
    }
}
