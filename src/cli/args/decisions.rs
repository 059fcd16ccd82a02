//! What a person decides, and what decides for them: `conflicts`, `policies`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Asking, Form, Listing};
use crate::model::{ConflictId, LogId, PassId, PolicyId, RecordId};

#[derive(Debug, Subcommand)]
pub enum Conflicts {
    /// Open and decided conflicts, heaviest first.
    List(Listing),
    /// One conflict with all its values.
    Show {
        id: ConflictId,
        #[command(flatten)]
        form: Form,
    },
    /// Answer a conflict; which answers fit depends on its reason.
    Resolve(Resolve),
    /// Put a conflict off.
    Defer {
        id: ConflictId,
        /// Until then: a time, a date, or a span such as `2d`.
        #[arg(long, value_name = "T")]
        until: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        form: Form,
    },
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("answer").required(true))]
pub struct Resolve {
    pub id: ConflictId,
    /// Which field is decided, for a `field` conflict.
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// Whose value, for a `field` conflict; whose version, for `delete_edit`.
    #[arg(long, group = "answer")]
    pub take: Option<TakeArg>,
    /// Another value; "" empties the field.
    #[arg(long, group = "answer", allow_hyphen_values = true)]
    pub value: Option<String>,
    /// These two are the same, for `ambiguous_match` and `duplicate`.
    #[arg(long = "match", group = "answer", num_args = 2, value_names = ["GHL_ID", "GROWBOTS_ID"])]
    pub pair: Option<Vec<String>>,
    /// None of the candidates, for `ambiguous_match` and `duplicate`.
    #[arg(long, group = "answer")]
    pub separate: bool,
    /// Go on, for `mass_change`.
    #[arg(long, group = "answer")]
    pub approve: bool,
    /// Undo it where it happened, for `mass_change`.
    #[arg(long, group = "answer")]
    pub reject: bool,
    /// Only for these records of a `mass_change`, by their ids; the rest waits on.
    #[arg(
        long,
        value_name = "RECORD",
        value_delimiter = ',',
        conflicts_with_all = ["take", "value", "pair", "separate"]
    )]
    pub only: Vec<String>,
    /// The revision that you saw; another one is refused.
    #[arg(long, value_name = "N")]
    pub revision: Option<i64>,
    /// A remark for the log.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Decide later conflicts of this field the same way: on this `record`, in this `field` always, or on records that
    /// match a filter.
    #[arg(long, value_name = "record|field|FILTER", requires = "take")]
    pub remember: Option<String>,
    #[command(flatten)]
    pub form: Asking,
}

impl Resolve {
    /// The two records of `--match`.
    pub fn pair(&self) -> Option<(RecordId, RecordId)> {
        match self.pair.as_deref() {
            Some([ghl, growbots]) => Some((ghl.as_str().into(), growbots.as_str().into())),
            _ => None,
        }
    }
}

/// What `--take` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TakeArg {
    Ghl,
    Growbots,
    Base,
    Both,
}

#[derive(Debug, Subcommand)]
pub enum Policies {
    /// What is remembered, the first that decides at the head.
    List(Listing),
    /// Decide no more by a policy; what it decided stays.
    Remove {
        id: PolicyId,
        #[command(flatten)]
        form: Form,
    },
}

/// What is taken back.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Undo {
    /// A line of the log, by the id that `couplet log list` shows.
    #[arg(value_name = "OPERATION", group = "what")]
    pub operation: Option<LogId>,
    /// Everything that a pass wrote.
    #[arg(long, value_name = "N", group = "what")]
    pub pass: Option<PassId>,
    /// Say what would be written and what it would cost; store nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub form: Form,
}
