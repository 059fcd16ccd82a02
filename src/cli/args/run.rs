//! What runs the loop or both systems: `sync`, `serve`, `demo`, `sandbox`.

use clap::{Args, Subcommand};

use super::Form;
use crate::model::Side;
use crate::sandbox::LimitSpec;

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
    /// Stop passes, one side, or one lane of requests. What operators ask for goes on under the pause of a lane.
    Pause {
        /// Only this side: `ghl` or `growbots`.
        side: Option<Side>,
        /// Only this lane.
        #[arg(long, value_name = "LANE", value_parser = ["webhook", "incremental", "sweep"])]
        lane: Option<String>,
        /// For this long: `30m`, `2h`, `1d`.
        #[arg(long = "for", value_name = "SPAN")]
        span: Option<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Let passes run again; without `--lane` lanes that rest too.
    Resume {
        /// Only this side: `ghl` or `growbots`.
        side: Option<Side>,
        /// Only this lane.
        #[arg(long, value_name = "LANE", value_parser = ["webhook", "incremental", "sweep"])]
        lane: Option<String>,
        #[command(flatten)]
        form: Form,
    },
}

fn json(text: &str) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::from_str(text)
}
