//! What can be wrong with a table, in words that name file and line.

use std::io;
use std::path::PathBuf;

/// Why tables could not be merged. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The ending of a name does not say what is in the file.
    #[error("`{}` is neither `.csv` nor `.jsonl`", path.display())]
    Ending {
        /// Which file.
        path: PathBuf,
    },
    /// It could not be read or written.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It has no header.
    #[error("`{}` is empty: not even a header", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// It lacks the key's column.
    #[error("`{}` has no column `{key}`", path.display())]
    NoKey {
        /// Which file.
        path: PathBuf,
        /// The column that was asked for.
        key: String,
        /// The columns that are there.
        columns: Vec<String>,
    },
    /// A column stands twice in the header.
    #[error("`{}` has the column `{column}` twice", path.display())]
    TwoColumns {
        /// Which file.
        path: PathBuf,
        /// Which column.
        column: String,
    },
    /// A line cannot be read.
    #[error("`{}` line {line}: {why}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Where in it, from 1.
        line: u64,
        /// What is wrong there.
        why: String,
    },
    /// A key stands in two rows.
    #[error("`{}` line {line}: the key `{key}` stood in line {earlier} already", path.display())]
    TwoRows {
        /// Which file.
        path: PathBuf,
        /// The second row.
        line: u64,
        /// The first row.
        earlier: u64,
        /// The key of both.
        key: String,
    },
    /// A type was given to a column that no table has.
    #[error("`--types`: no table has a column `{0}`")]
    UnknownColumn(String),
    /// A type that does not exist, or no type at all.
    #[error("`--types`: `{0}` is not a column and its type")]
    BadType(String),
}

impl TableError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Ending { .. } => "rename it to what is in it: `.csv`, or `.jsonl` with one JSON object a line".into(),
            Self::Empty { .. } => "a CSV table starts with a line of column names".into(),
            Self::NoKey { columns, .. } => format!("`--key` takes one of: {}", columns.join(", ")),
            Self::TwoColumns { .. } => "rename one of the two in the header".into(),
            Self::TwoRows { .. } => "a key names one record: remove one of the two rows, or choose another column with `--key`".into(),
            Self::BadType(_) | Self::UnknownColumn(_) => {
                "such as `phone=phone:US,mail=email,tags=set`; a column without a type is text".into()
            }
            Self::Io { .. } | Self::Line { .. } => return None,
        })
    }
}
