//! Records as tables: `export`, `merge`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is exported, and how.
#[derive(Debug, Args)]
pub struct Export {
    /// What.
    pub kind: ExportKind,
    #[command(flatten)]
    pub table: Table,
}

/// In which form a table is written, and where to.
#[derive(Debug, Args)]
pub struct Table {
    /// In which form.
    #[arg(long)]
    pub format: ExportFormat,
    /// A file that is not there yet, readable by its owner only, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportKind {
    Contact,
    Task,
    Note,
    Appointment,
    Business,
    Log,
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Csv,
    Jsonl,
}

/// Which tables, and how.
#[derive(Debug, Args)]
pub struct Merge {
    /// What both last agreed on: `.csv` or `.jsonl`.
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// What GHL made of it.
    #[arg(value_name = "GHL")]
    pub ghl: PathBuf,
    /// What Growbots made of it.
    #[arg(value_name = "GROWBOTS")]
    pub growbots: PathBuf,
    /// The column that names a record.
    #[arg(long, value_name = "COL", default_value = "id")]
    pub key: String,
    /// Columns that are more than text: `phone`, `phone:US`, `email`, `set`.
    #[arg(long, value_name = "COL=TYPE,…", default_value = "")]
    pub types: String,
    /// Where the merged table goes, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where the conflicts go, with the base and both values.
    #[arg(long, value_name = "FILE")]
    pub conflicts: Option<PathBuf>,
    /// Print the counts as one JSON document, and no table.
    #[arg(long)]
    pub json: bool,
}
