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
use crate::merge::normalise;
use crate::model::{BySide, FieldName, Holder, Kind, Record, Value};
use crate::remote::{self, Connector, Ghl, Growbots, HttpTransport};
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
    let parts = remote::Parts {
        transport: Arc::new(HttpTransport::new(TIMEOUT).context("HTTPS cannot be used")?),
        clock: context.clock.clone(),
        slots: Arc::new(SqliteSlots::open(&context.config.slots()?).map_err(anyhow::Error::from)?),
        normalise: Arc::new(normalise::record),
        gate: Arc::new(move || gate.is_open()),
    };
    let of_ghl = remote::Parts {
        normalise: Arc::new(canonical_of_ghl),
        ..parts.clone()
    };
    Ok(BySide {
        ghl: Arc::new(Ghl::new(settings(ghl), of_ghl)),
        growbots: Arc::new(Growbots::new(settings(growbots), parts)),
    })
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
        "contrast" => ThemeChoice::Contrast,
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
        state: context.config.state_file().filter(|_| !demo),
    };
    tui::run(settings, port, events).context("the dashboard ended")?;
    Ok(Exit::Done)
}
