//! What can be typed; a file for each group of commands.

mod decisions;
mod records;
mod run;
mod setup;
mod tables;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Flags;

pub use decisions::{Conflicts, Policies, Resolve, TakeArg, Undo};
pub use records::{Contacts, Links, Tasks};
pub use run::{Demo, Sandbox, Serve, Sync, SyncCommand};
pub use setup::{Auth, Bench, Config, Credential, Doctor, Init, Map, Rules};
pub use tables::{Export, ExportFormat, ExportKind, Merge, Table};
pub use watch::{Alerts, ErrorIds, Errors, Log};

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
    /// The workspace: one of those that the config file names, or else the name of the only one.
    #[arg(long, global = true, value_name = "NAME")]
    workspace: Option<String>,
    /// What may be done: all (`operator`), or looked at only (`viewer`).
    #[arg(long, global = true, value_name = "ROLE", value_parser = ["operator", "viewer"])]
    role: Option<String>,
    /// Start no other program from the dashboard, such as an editor.
    #[arg(long, global = true)]
    no_shell: bool,
}

impl From<Place> for Flags {
    fn from(place: Place) -> Self {
        Self {
            config: place.config,
            data_dir: place.data_dir,
            workspace: place.workspace,
            role: place.role,
            no_shell: place.no_shell,
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
    /// Give back what was before a write, a decision or a whole pass; what moved since stays as it is.
    Undo(Undo),
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
    /// Take away all that couplet knows of a contact: values, history, tasks, notes. Neither side is written.
    ///
    /// The log keeps that something happened, without content, and the ids, so that it is not read again. Backups and
    /// exports are yours to remove.
    Forget {
        /// A link id, GHL id or Growbots id.
        #[arg(value_name = "CONTACT")]
        id: String,
        #[command(flatten)]
        form: Form,
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

impl Command {
    /// Whether it only looks, so that a viewer may give it.
    pub const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Status(_)
                | Self::Conflicts(
                    Conflicts::List(_)
                        | Conflicts::Show { .. }
                        | Conflicts::Resolve(Resolve {
                            form: Asking { dry_run: true, .. },
                            ..
                        })
                )
                | Self::Contacts(Contacts::List(_) | Contacts::Show { .. })
                | Self::Tasks(Tasks::List(_))
                | Self::Log(Log::List(_))
                | Self::Undo(Undo { dry_run: true, .. })
                | Self::Errors(Errors::List(_))
                | Self::Alerts(Alerts::List(_))
                | Self::Links(Links::List(_))
                | Self::Policies(Policies::List(_))
                | Self::Map(Map::Show(_))
                | Self::Rules(_)
                | Self::Config(
                    Config::Check | Config::Show(_) | Config::Explain { .. } | Config::Keys { .. }
                )
                | Self::Completions { .. }
                | Self::Man
        )
    }
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, Args)]
pub struct Form {
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// How what an operator asks for is told.
#[derive(Clone, Copy, Debug, Args)]
pub struct Asking {
    /// Say what would be written and what it would cost, as far as is known without a pull; ask for nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub form: Form,
}

impl From<Form> for Asking {
    fn from(form: Form) -> Self {
        Self {
            dry_run: false,
            form,
        }
    }
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Couplet::command().debug_assert();
    }

    #[test]
    fn a_viewer_may_look_and_try_and_change_nothing() {
        for (line, may) in [
            ("status", true),
            ("links list", true),
            ("links split 1", false),
            ("policies list", true),
            ("policies remove 1", false),
            ("rules list", true),
            ("rules test all 1", true),
            ("undo 1 --dry-run", true),
            ("undo 1", false),
            ("errors retry 1", false),
            ("forget 1", false),
            ("man", true),
        ] {
            let words = format!("couplet {line}");
            let args = Couplet::try_parse_from(words.split(' ')).unwrap();
            let looks = args.command.as_ref().map(Command::only_looks);
            assert_eq!(looks, Some(may), "{line}");
        }
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
