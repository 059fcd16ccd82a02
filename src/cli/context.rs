//! What every command works with: settings, time, and the workspace's database.

use crate::clock::Clock;
use crate::config::{Config, Flags, Workspaces, check_apart};
use crate::model::{Holder, LinkId};
use crate::store::{ContactDetail, Reader, Writer};

use super::exit::Problem;

/// Settings and time of one run.
#[derive(Clone)]
pub struct Context {
    /// The settings.
    pub config: Config,
    /// Time.
    pub clock: Clock,
}

/// The value of an environment variable.
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Context {
    /// Reads the settings.
    pub fn load(flags: &Flags) -> Result<Self, Problem> {
        Ok(Self::of(Config::load(flags, &env)?))
    }

    /// The settings of a workspace that were read.
    pub const fn of(config: Config) -> Self {
        Self {
            config,
            clock: Clock::system(),
        }
    }

    /// Those of each workspace; of one, where flag or environment name it. Two that share a location or an account are
    /// refused.
    pub fn all(flags: &Flags) -> Result<Vec<Self>, Problem> {
        let all = Workspaces::load(flags, &env)?.all()?;
        check_apart(&all)?;
        Ok(all.into_iter().map(Self::of).collect())
    }

    /// Who we are, as the lease names its holder.
    pub fn us(&self) -> Holder {
        let host = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        Holder {
            operator: self.config.operator().to_owned(),
            host,
            pid: std::process::id(),
            since: self.clock.now(),
        }
    }

    /// A reading connection to the workspace's database, which must be there.
    pub fn reader(&self) -> Result<Reader, Problem> {
        let path = self.config.database()?;
        if !path.exists() {
            return Err(Problem::failed(
                format!(
                    "workspace `{}` has no database yet: `{}` is not there",
                    self.config.workspace(),
                    path.display()
                ),
                "run `couplet sync --once` first, or look at `couplet config show`",
            ));
        }
        Ok(Reader::open(&path)?)
    }

    /// Makes the database, or brings its schema up to date; says what is wrong with it.
    pub fn prepare(&self) -> Result<(), Problem> {
        self.writer().map(|_| ())
    }

    /// The writing connection of this process.
    pub fn writer(&self) -> Result<Writer, Problem> {
        Ok(Writer::open(&self.config.database()?, &self.clock)?)
    }
}

/// The record that `id` names, with all that belongs to it: a link id, GHL id or Growbots id.
pub fn find(reader: &Reader, id: &str) -> Result<ContactDetail, Problem> {
    let none = || {
        Problem::failed(
            format!("there is no record `{id}`"),
            "give a link id, GHL id or Growbots id; `couplet contacts list` and `couplet tasks list` show them",
        )
    };
    let link: LinkId = reader.find(id)?.ok_or_else(none)?;
    reader.detail(link)?.ok_or_else(none)
}
