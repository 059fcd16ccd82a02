//! Where the layers are joined: connectors over HTTP, with the store's slots and the rules of `merge`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::Context as _;

use crate::clock::Clock;
use crate::config::SideSettings;
use crate::engine::port::{Event, Port};
use crate::engine::{Engine, EngineError, LeaseGate, Parts};
use crate::merge::{FieldMap, normalise};
use crate::model::{BySide, FieldName, Holder, Kind, Record, Value};
use crate::remote::{self, Connector, Dialect, Ghl, Growbots, HttpTransport};
use crate::store::{SqliteSlots, Writer};
use crate::tui::{self, ThemeChoice};

use super::context::Context;
use super::exit::{Exit, Problem};

/// How long an answer may take: the lease counts on it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// All that an engine needs but its writing connection, which is opened on the engine's thread.
pub struct Ready {
    database: PathBuf,
    sides: BySide<Arc<dyn Connector>>,
    clock: Clock,
    us: Holder,
    gate: LeaseGate,
    poll: Duration,
    map: FieldMap,
}

impl Ready {
    /// Reads how to reach both sides; a setting that is missing is a usage problem.
    pub fn new(context: &Context) -> Result<Self, Problem> {
        let gate = LeaseGate::new(context.clock.clone());
        Ok(Self {
            sides: connectors(context, &gate)?,
            database: context.config.database()?,
            clock: context.clock.clone(),
            us: context.us(),
            poll: Duration::from_secs(context.config.poll_seconds()),
            map: super::mapping::field_map(&context.config)?,
            gate,
        })
    }

    /// The same with this pause between passes.
    pub const fn every(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// Opens the database; call it on the thread that keeps the engine.
    pub fn build(self) -> Result<Parts, EngineError> {
        Ok(Parts {
            writer: Writer::open(&self.database, &self.clock)?,
            sides: self.sides,
            clock: self.clock,
            us: self.us,
            gate: self.gate,
            poll: self.poll,
            map: self.map,
        })
    }

    /// An engine on this thread.
    pub fn engine(self) -> Result<Engine, Problem> {
        Ok(Engine::new(self.build()?)?)
    }
}

/// Both sides over HTTP. Writes go only while `gate` is open.
pub fn connectors(
    context: &Context,
    gate: &LeaseGate,
) -> Result<BySide<Arc<dyn Connector>>, Problem> {
    let BySide { ghl, growbots } = context.config.sides()?;
    let gate = gate.clone();
    let parts = parts(context, Arc::new(move || gate.is_open()))?;
    Ok(BySide {
        ghl: Arc::new(Ghl::new(settings(ghl), of_ghl(parts.clone()))),
        growbots: Arc::new(speaking(context, growbots, parts)?),
    })
}

/// GHL over HTTP, for an operator who writes without the lease: what is written is no part of the sync.
pub fn ghl(context: &Context) -> Result<Ghl, Problem> {
    let side = context.config.sides()?.ghl;
    Ok(Ghl::new(
        settings(side),
        of_ghl(parts(context, Arc::new(|| true))?),
    ))
}

fn parts(context: &Context, gate: remote::Gate) -> Result<remote::Parts, Problem> {
    Ok(remote::Parts {
        transport: Arc::new(HttpTransport::new(TIMEOUT).context("HTTPS cannot be used")?),
        clock: context.clock.clone(),
        slots: Arc::new(SqliteSlots::open(&context.config.slots()?).map_err(anyhow::Error::from)?),
        normalise: Arc::new(normalise::record),
        gate,
    })
}

/// Growbots, or a server near its contract.
fn speaking(
    context: &Context,
    side: SideSettings,
    parts: remote::Parts,
) -> Result<Growbots, Problem> {
    let own = context.config.growbots();
    let usage = |why: String| {
        let hint = "`couplet config explain growbots.wire` shows the form";
        Problem::usage(format!("`[growbots]` in the settings: {why}"), hint)
    };
    let account = own
        .account
        .map(|(header, id)| Some((header.parse().ok()?, id.parse().ok()?)));
    let dialect = Dialect {
        prefix: own.api_prefix,
        page_rows: own.page_size,
        batch_rows: own.batch_size,
        account: match account {
            Some(None) => return Err(usage("`account_header` is no name of a header".into())),
            account => account.flatten(),
        },
        user_agent: own.user_agent.and_then(|agent| agent.parse().ok()),
        capabilities: own.capabilities,
        paths: own.paths,
        wire: own.wire,
    };
    dialect.check().map_err(|why| usage(why.to_string()))?;
    let settings = remote::Settings {
        timeout: own.timeout,
        ..settings(side)
    };
    Ok(Growbots::speaking(dialect, settings, parts))
}

fn of_ghl(parts: remote::Parts) -> remote::Parts {
    remote::Parts {
        normalise: Arc::new(canonical_of_ghl),
        ..parts
    }
}

/// Notes and appointments written in GHL's web app hold HTML; everywhere else they are plain text.
fn canonical_of_ghl(kind: Kind, country: &str, mut record: Record) -> Record {
    if matches!(kind, Kind::Note | Kind::Appointment) {
        for field in [FieldName::Body, FieldName::Description] {
            let plain = Value::text(normalise::html_to_text(record.text(&field)));
            record.set(field, plain);
        }
    }
    normalise::record(kind, country, record)
}

fn settings(side: SideSettings) -> remote::Settings {
    remote::Settings {
        base_url: side.url,
        token: side.token,
        location: side.location,
        timeout: TIMEOUT,
    }
}

/// The dashboard, until the operator leaves it.
pub fn dashboard(
    context: &Context,
    port: Port,
    events: Receiver<Event>,
    demo: bool,
) -> Result<Exit, Problem> {
    let theme = match context.config.theme() {
        "dark" => ThemeChoice::Dark,
        "light" => ThemeChoice::Light,
        "mono" => ThemeChoice::Mono,
        _ => ThemeChoice::Auto,
    };
    let settings = tui::Settings {
        workspace: context.config.workspace().to_owned(),
        operator: context.config.operator().to_owned(),
        database: context.config.database()?,
        clock: context.clock.clone(),
        zone: context.config.zone(),
        theme,
        ascii: context.config.is_ascii(),
        demo,
    };
    tui::run(settings, port, events).context("the dashboard ended")?;
    Ok(Exit::Done)
}
