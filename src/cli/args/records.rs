//! What concerns records: `contacts`, `tasks`, `links`.

use clap::{Args, Subcommand};

use super::{Asking, Form, Listing};

#[derive(Debug, Subcommand)]
pub enum Contacts {
    /// All contacts, by name.
    List(Listing),
    /// One contact with both sides, tasks, notes, appointments and history.
    Show {
        /// A link id, GHL id or Growbots id.
        id: String,
        #[command(flatten)]
        form: Form,
    },
    /// Change fields of a contact on both sides.
    Edit {
        /// A link id, GHL id or Growbots id.
        id: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Add and remove tags.
    Tag {
        /// A link id, GHL id or Growbots id.
        id: String,
        /// A tag to add. Can be given several times.
        #[arg(long, value_name = "TAG", required_unless_present = "remove")]
        add: Vec<String>,
        /// A tag to remove. Can be given several times.
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
        #[command(flatten)]
        form: Asking,
    },
    /// Write a note on a contact.
    Note {
        /// A link id, GHL id or Growbots id.
        id: String,
        /// The note.
        text: String,
        #[command(flatten)]
        form: Asking,
    },
    /// Make a contact on both sides.
    Add(Changes),
    /// Read a contact on both sides and run a pass, or just run a pass, now.
    Sync {
        /// A link id, GHL id or Growbots id.
        id: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Leave a contact alone: it is neither read nor written any more.
    Ignore {
        /// A link id, GHL id or Growbots id.
        id: String,
        #[command(flatten)]
        form: Form,
    },
    /// Take an ignored contact up again.
    Unignore {
        /// A link id, GHL id or Growbots id.
        id: String,
        #[command(flatten)]
        form: Form,
    },
}

#[derive(Debug, Subcommand)]
pub enum Tasks {
    /// All tasks: open ones by due time, then done ones.
    List(Listing),
    /// Give a contact a task.
    Add {
        /// The contact: a link id, GHL id or Growbots id.
        contact: String,
        /// What is to be done.
        #[arg(long, value_name = "TEXT")]
        title: String,
        /// More about it.
        #[arg(long, value_name = "TEXT")]
        body: Option<String>,
        /// When: a time, a date, or a span from now such as `2d`.
        #[arg(long, value_name = "T")]
        due: Option<String>,
        /// Who, by e-mail.
        #[arg(long, value_name = "EMAIL")]
        assignee: Option<String>,
        #[command(flatten)]
        form: Asking,
    },
    /// Change fields of a task on both sides.
    Edit {
        /// A link id, GHL id or Growbots id.
        id: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Mark a task as done.
    Complete {
        /// A link id, GHL id or Growbots id.
        id: String,
        /// Mark it as not done again.
        #[arg(long)]
        reopen: bool,
        #[command(flatten)]
        form: Asking,
    },
}

/// Fields to change.
#[derive(Debug, Args)]
pub struct Changes {
    /// A field and its new value; `FIELD=` empties it. Can be given several times.
    #[arg(long = "set", value_name = "FIELD=VALUE", required = true)]
    pub set: Vec<String>,
    #[command(flatten)]
    pub form: Asking,
}

#[derive(Debug, Subcommand)]
pub enum Links {
    /// All links in order of their ids.
    List(Listing),
    /// These two are the same: make a pair of them, also where they were split.
    Match {
        #[arg(value_name = "GHL_ID")]
        ghl: String,
        #[arg(value_name = "GROWBOTS_ID")]
        growbots: String,
        #[command(flatten)]
        form: Asking,
    },
    /// The two records of a link are different ones: part them, for good.
    Split {
        /// A link id, GHL id or Growbots id.
        id: String,
        #[command(flatten)]
        form: Asking,
    },
}
