//! Settings, keys and checks: `config`, `auth`, `map`, `rules`, `doctor`.

use clap::{Args, Subcommand};

use super::{Form, Listing};
use crate::model::Side;

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
    /// Every setting with what it does, as a page: `docs/config.md`.
    Keys {
        /// The commands of the dashboard and their keys instead: `docs/keys.md`.
        #[arg(long)]
        dashboard: bool,
    },
    /// Set up a workspace: ask, try each answer, write a commented config file, and say what the first sync would do.
    ///
    /// Without a terminal it asks nothing, and writes what flags and environment say. A file that is there stays as
    /// it is; with `--workspace NAME` a location is added at its end.
    Init(Init),
}

#[derive(Debug, Args)]
pub struct Init {
    /// Where GHL's API is.
    #[arg(long, value_name = "URL")]
    pub ghl_url: Option<String>,
    /// The GHL location: its id, or the address of its page in the web app.
    #[arg(long, value_name = "ID")]
    pub ghl_location: Option<String>,
    /// Where the Growbots adapter is.
    #[arg(long, value_name = "URL")]
    pub growbots_url: Option<String>,
    /// Ask nothing, also at a terminal.
    #[arg(long)]
    pub no_questions: bool,
    /// Without questions: try both sides with the keys of the environment before the file is written, and end with the
    /// dry run.
    #[arg(long)]
    pub check: bool,
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
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
        samples: u16,
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
    /// Every rule: what it waits for, what it does, how often it acted.
    List(Listing),
    /// What a rule would do about a record if what it waits for happened now. Writes nothing.
    Test {
        /// The rule's name, or `all`.
        rule: String,
        /// A contact or an appointment: link id, GHL id or Growbots id. Of a contact the last appointment counts.
        record: String,
        /// How the call ended, for a rule about calls.
        #[arg(long, value_name = "END", default_value = "missed", value_parser = ["answered", "missed", "voicemail"])]
        call: String,
        #[command(flatten)]
        form: Form,
    },
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
