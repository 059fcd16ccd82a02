//! Where the layers are joined: connectors over HTTP, with the store's slots and the rules of `merge`.

use std::sync::Arc;

use crate::clock::Clock;
use crate::engine::port::{Event, Port};
use crate::engine::{Engine, EngineError, LeaseGate, Parts};
use crate::model::{BySide, Holder};
use crate::remote::Connector;
use crate::store::Writer;

use super::context::Context;
use super::exit::{Exit, Problem};

/// All that an engine needs but its writing connection, which is opened on the engine's thread.
pub struct Ready {
    database: std::path::PathBuf,
    sides: BySide<Arc<dyn Connector>>,
    clock: Clock,
    us: Holder,
    gate: LeaseGate,
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
            gate,
        })
    }

    /// Opens the database; call it on the thread that keeps the engine.
    pub fn build(self) -> Result<Parts, EngineError> {
        Ok(Parts {
            writer: Writer::open(&self.database, &self.clock)?,
            sides: self.sides,
            clock: self.clock,
            us: self.us,
            gate: self.gate,
        })
    }

    /// An engine on this thread.
    pub fn engine(self) -> Result<Engine, Problem> {
        Ok(Engine::new(self.build()?))
    }
}

/// Both sides over HTTP. Writes go only while `gate` is open.
pub fn connectors(
    context: &Context,
    gate: &LeaseGate,
) -> Result<BySide<Arc<dyn Connector>>, Problem> {
    let sides = context.config.sides()?;
    drop((sides, gate, context.config.slots()?));
    Err(Problem::failed(
        "this build has no connectors yet",
        "use a later build",
    ))
}

/// The dashboard, until the operator leaves it.
pub fn dashboard(
    context: &Context,
    port: Port,
    events: std::sync::mpsc::Receiver<Event>,
    demo: bool,
) -> Result<Exit, Problem> {
    drop((port, events));
    Err(Problem::failed(
        format!(
            "this build has no dashboard yet (theme {}, {}, {}, {demo})",
            context.config.theme(),
            context.config.is_ascii(),
            context.config.workspace()
        ),
        "use `couplet sync`",
    ))
}

/// The filter grammar, as far as it is here: `field:value`, `-term`, bare words.
pub struct Filter(Vec<(bool, Option<String>, String)>);

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split_whitespace().map(|term| {
            let (not, term) = term
                .strip_prefix('-')
                .map_or((false, term), |term| (true, term));
            match term.split_once(':') {
                Some((field, value)) => (not, Some(field.to_owned()), value.to_lowercase()),
                None => (not, None, term.to_lowercase()),
            }
        });
        Ok(Self(terms.collect()))
    }

    /// Whether an object fits.
    pub fn matches(
        &self,
        _now: crate::model::Millis,
        values: &dyn Fn(&str) -> Vec<String>,
        words: &dyn Fn() -> String,
    ) -> bool {
        self.0.iter().all(|(not, field, want)| {
            let found = match field {
                Some(field) => values(field)
                    .iter()
                    .any(|value| value.to_lowercase() == *want),
                None => words().to_lowercase().contains(want),
            };
            found != *not
        })
    }
}
