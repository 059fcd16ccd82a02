//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Flags;
use crate::model::{AlertId, ConflictId, ErrorId, FieldName, PolicyId, RecordId, Side};
use crate::sandbox::LimitSpec;

/// Keeps contacts and tasks the same in HighLevel (GHL) and Growbots.
///
/// Without a command it opens the dashboard on the workspace, with the sync loop in it.
#[derive(Debug, Parser)]
#[command(name = "couplet", version, max_term_width = 100)]
pub struct Couplet {
    #[command(flatten)]
    pub place: Place,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Which settings and which database.
#[derive(Debug, Args)]
pub struct Place {
    /// The config file, instead of `couplet/config.toml` in the XDG config folder.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the databases, instead of `couplet` in the XDG data folder.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The workspace, instead of `default`.
    #[arg(long, global = true, value_name = "NAME")]
    workspace: Option<String>,
    /// What may be done: all (`operator`), or looked at only (`viewer`).
    #[arg(long, global = true, value_name = "ROLE", value_parser = ["operator", "viewer"])]
    role: Option<String>,
}

impl From<Place> for Flags {
    fn from(place: Place) -> Self {
        Self {
            config: place.config,
            data_dir: place.data_dir,
            workspace: place.workspace,
            role: place.role,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show couplet at work: both systems on this machine, a temporary database, and people who edit both sides.
    Demo(Demo),
    /// Serve both systems, imitated, until SIGTERM or Ctrl-C; the first line on stdout says where.
    Sandbox(Sandbox),
    /// Run passes without a screen.
    Sync(Sync),
    /// Run the loop as a service: passes, webhooks of both sides, `/healthz`, `/readyz` and `/metrics`.
    ///
    /// SIGHUP reads the settings again, and keeps the old ones where the new are wrong.
    Serve(Serve),
    /// What the loop and both sides are doing.
    Status(Form),
    /// What waits for a decision.
    #[command(subcommand)]
    Conflicts(Conflicts),
    /// The contacts of both sides.
    #[command(subcommand)]
    Contacts(Contacts),
    /// The tasks of both sides.
    #[command(subcommand)]
    Tasks(Tasks),
    /// What was written, where, and why.
    #[command(subcommand)]
    Log(Log),
    /// What went wrong.
    #[command(subcommand)]
    Errors(Errors),
    /// What somebody is told of while nobody looks.
    #[command(subcommand)]
    Alerts(Alerts),
    /// Which records are the same.
    #[command(subcommand)]
    Links(Links),
    /// What decides conflicts of a field without asking again.
    #[command(subcommand)]
    Policies(Policies),
    /// Which field goes where.
    #[command(subcommand)]
    Map(Map),
    /// The automation rules.
    #[command(subcommand)]
    Rules(Rules),
    /// The settings.
    #[command(subcommand)]
    Config(Config),
    /// The keys of both sides.
    #[command(subcommand)]
    Auth(Auth),
    /// Check settings, permissions, clock, database, and what both keys may do.
    Doctor(Doctor),
    /// What measurements start from.
    #[command(subcommand)]
    Bench(Bench),
    /// Copy the database to a file that is not there yet. A running loop goes on meanwhile.
    ///
    /// Put in the place of the database, the copy deletes nothing before it has read both sides in full.
    Backup {
        /// Where to; only its owner can read it.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write records or the log as a table.
    ///
    /// In CSV a cell that a spreadsheet would take for a formula gets a `'` before it; numbers and phone numbers stay.
    Export(Export),
    /// Print the completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
    /// Merge exported tables three ways: what GHL and Growbots made of a common base. Needs no account.
    ///
    /// CSV or JSON lines by the ending of each name. A field that both changed apart keeps the base's value, a record
    /// deleted on one side and edited on the other keeps the edit; either makes exit 3.
    Merge(Merge),
}

/// What is exported, and how.
#[derive(Debug, Args)]
pub struct Export {
    /// What.
    pub kind: ExportKind,
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
        form: Form,
    },
    /// The two records of a link are different ones: part them, for good.
    Split {
        /// A link id, GHL id or Growbots id.
        id: String,
        #[command(flatten)]
        form: Form,
    },
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

/// What `doctor` looks at.
#[derive(Clone, Copy, Debug, Args)]
pub struct Doctor {
    /// Walk the 17 GHL operations on a contact, a task and a note made for it and deleted again.
    #[arg(long)]
    pub endpoints: bool,
    /// Do not ask before writing to something that is no sandbox.
    #[arg(long, requires = "endpoints")]
    pub yes: bool,
    #[command(flatten)]
    pub form: Form,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, Args)]
pub struct Form {
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// What a listing gives and how.
#[derive(Clone, Debug, Args)]
pub struct Listing {
    /// Print one JSON array.
    #[arg(long, conflicts_with = "jsonl")]
    pub json: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    pub jsonl: bool,
    /// Only rows that match: `state:conflict`, `tag:vip`, `updated:<2d`, `-term`, `a OR b`, words.
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// At most this many rows.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen, instead of `serve.listen`; port 0 takes a free one, and stderr says which.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<std::net::SocketAddr>,
    /// Say yes to the first plan of a workspace.
    #[arg(long)]
    pub start: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// The same number gives the same people.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many people.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub contacts: u32,
    /// Edits a minute by people on both sides.
    #[arg(long, value_name = "EDITS_PER_MINUTE", default_value_t = 20)]
    pub churn: u32,
    /// Faults of both sides: the body of `PUT /_sandbox/faults`.
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub faults: Option<serde_json::Value>,
    /// No dashboard: one summary a pass, one JSON object a line.
    #[arg(long)]
    pub headless: bool,
    /// End after this many passes; without it, on SIGTERM or Ctrl-C.
    #[arg(long, value_name = "N", requires = "headless", value_parser = clap::value_parser!(u64).range(1..))]
    pub passes: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Sandbox {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8787")]
    pub listen: String,
    /// The same number gives the same people.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many people.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub contacts: u32,
    /// Faults of both sides: the body of `PUT /_sandbox/faults`.
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub faults: Option<serde_json::Value>,
    /// The rate limits of both sides: BURST/SECONDS/DAILY, then `/sliding`, `/fixed` or `/bucket`; or `off`.
    #[arg(long, value_name = "LIMIT", default_value = "100/10/200000/sliding")]
    pub limit: LimitSpec,
    /// Milliseconds until lists show a change.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    pub lag: u64,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Sync {
    #[command(subcommand)]
    pub command: Option<SyncCommand>,
    /// One pass, then end.
    #[arg(long)]
    pub once: bool,
    /// Say what a pass would write and what it would cost; write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Run the sweeps of contacts, tasks, businesses and deletes now.
    #[arg(long)]
    pub full: bool,
    /// With `--full`: notes and appointments of every contact too.
    #[arg(long, requires = "full")]
    pub children: bool,
    /// Say yes to the first plan of a workspace.
    #[arg(long)]
    pub start: bool,
    /// Print summaries as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum SyncCommand {
    /// Stop passes, or one side.
    Pause {
        /// Only this side: `ghl` or `growbots`.
        side: Option<Side>,
        /// For this long: `30m`, `2h`, `1d`.
        #[arg(long = "for", value_name = "SPAN")]
        span: Option<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Let passes run again.
    Resume {
        /// Only this side: `ghl` or `growbots`.
        side: Option<Side>,
        #[command(flatten)]
        form: Form,
    },
}

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
    pub field: Option<FieldName>,
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
    pub form: Form,
}

/// What `--take` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TakeArg {
    Ghl,
    Growbots,
    Base,
    Both,
}

/// Fields to change.
#[derive(Debug, Args)]
pub struct Changes {
    /// A field and its new value; `FIELD=` empties it. Can be given several times.
    #[arg(long = "set", value_name = "FIELD=VALUE", required = true)]
    pub set: Vec<String>,
    #[command(flatten)]
    pub form: Form,
}

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
        form: Form,
    },
    /// Write a note on a contact.
    Note {
        /// A link id, GHL id or Growbots id.
        id: String,
        /// The note.
        text: String,
        #[command(flatten)]
        form: Form,
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
        form: Form,
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
        form: Form,
    },
}

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

#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Sign in to a side: with OAuth 2 where the settings name a client, else with a key, which is asked for.
    ///
    /// Nothing is kept before the side has taken it.
    Login(Credential),
    /// What key each side has, where from, how old it is, and what it may do.
    Status {
        /// Only this side: `ghl` or `growbots`.
        side: Option<Side>,
        #[command(flatten)]
        form: Form,
    },
    /// Put a new key in the place of the old one, once the side has taken it; running loops go on with it.
    Rotate(Credential),
    /// Forget what is kept of a side.
    Logout {
        /// `ghl` or `growbots`.
        side: Side,
    },
}

#[derive(Debug, Args)]
pub struct Credential {
    /// `ghl` or `growbots`.
    pub side: Side,
    /// Read the key from stdin; where the settings name an OAuth 2 client, a refresh token.
    #[arg(long)]
    pub stdin: bool,
}

#[derive(Debug, Subcommand)]
pub enum Map {
    /// Every field: its names on both sides, the ways that it goes, rule, policy and templates.
    Show(Form),
    /// Try the map on records of both sides; says what it makes of them and what it would lose. Writes nothing.
    Check {
        #[command(flatten)]
        form: Form,
        /// Records of each kind and side.
        #[arg(long, value_name = "N", default_value_t = 100)]
        samples: usize,
    },
}

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Fill a workspace that has no database yet with made-up people who are on both sides, their tasks and history.
    ///
    /// Nothing is sent. Name a workspace or a folder of its own: a loop that runs on it would look for these people.
    Seed {
        /// How many.
        #[arg(long, value_name = "N")]
        contacts: u32,
    },
}

#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Every rule: what it waits for, what it does, how often it fired.
    List(Form),
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say whether the settings can be used.
    Check,
    /// Every setting and where its value came from; secrets are masked.
    Show(Form),
    /// What a setting does, what it is, and where from.
    Explain {
        /// Such as `ghl.url`.
        key: String,
    },
    /// Write a commented config file; one that is there stays as it is.
    Init,
}

impl Command {
    /// Whether it only looks, so that a viewer may give it.
    pub const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Status(_)
                | Self::Conflicts(Conflicts::List(_) | Conflicts::Show { .. })
                | Self::Contacts(Contacts::List(_) | Contacts::Show { .. })
                | Self::Tasks(Tasks::List(_))
                | Self::Log(Log::List(_))
                | Self::Errors(Errors::List(_))
                | Self::Alerts(Alerts::List(_))
                | Self::Map(Map::Show(_))
                | Self::Config(Config::Check | Config::Show(_) | Config::Explain { .. })
        )
    }
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

fn json(text: &str) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::from_str(text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Couplet::command().debug_assert();
    }

    #[test]
    fn the_place_can_be_named_before_and_after_the_command() {
        for line in [
            "couplet --workspace x --data-dir d status",
            "couplet status --data-dir d --workspace x",
            "couplet conflicts list --workspace x --data-dir d",
        ] {
            let args = Couplet::try_parse_from(line.split(' ')).unwrap();
            let flags = Flags::from(args.place);
            assert_eq!(flags.workspace.as_deref(), Some("x"), "{line}");
            assert_eq!(flags.data_dir, Some("d".into()), "{line}");
        }
    }
}
