//! What happened and what went wrong: `log`, `errors`, `alerts`.

use clap::{Args, Subcommand};

use super::{Form, Listing, Table};
use crate::model::{AlertId, ErrorId};

#[derive(Debug, Subcommand)]
pub enum Log {
    /// The sync log, newest first.
    List(Listing),
}

#[derive(Debug, Subcommand)]
pub enum Errors {
    /// Errors that are not closed, heaviest first.
    List(Listing),
    /// Try the records of these errors again.
    Retry(ErrorIds),
    /// Do not try them again until their records change.
    Skip(ErrorIds),
    /// Keep them out of the counts.
    Mute(ErrorIds),
    /// Write these errors as a table.
    Export {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<ErrorId>,
        #[command(flatten)]
        table: Table,
    },
}

#[derive(Debug, Args)]
pub struct ErrorIds {
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<ErrorId>,
    #[command(flatten)]
    pub form: Form,
}

#[derive(Debug, Subcommand)]
pub enum Alerts {
    /// Alerts that hold, then those that are over.
    List(Listing),
    /// Tell everybody who would be told, and say whether it arrived.
    Test(Form),
    /// Say that you know: nobody is told of these again until they are over.
    Ack {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<AlertId>,
        #[command(flatten)]
        form: Form,
    },
}
