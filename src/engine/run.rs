//! The engine's thread: when passes run, and what comes between them.

use std::sync::Arc;

use crate::clock::Clock;
use crate::model::{BySide, Holder, PassSummary};
use crate::remote::Connector;
use crate::store::Writer;

use super::port::{Event, Port};
use super::{EngineError, LeaseGate};

/// All that an engine works with.
pub struct Parts {
    /// The only writing connection of the process.
    pub writer: Writer,
    /// Both sides; their gate is `gate`.
    pub sides: BySide<Arc<dyn Connector>>,
    /// Time.
    pub clock: Clock,
    /// Who we are.
    pub us: Holder,
    /// The deadline of our lease.
    pub gate: LeaseGate,
}

/// What `sync --once` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Once {
    /// Run the sweeps of contacts, tasks, businesses and deletes now.
    pub full: bool,
    /// Notes and appointments of every contact too.
    pub children: bool,
}

/// The sync loop of one workspace. It stays on one thread.
pub struct Engine {
    _parts: Parts,
}

impl Engine {
    /// An engine that has not started.
    pub const fn new(parts: Parts) -> Self {
        Self { _parts: parts }
    }

    /// One pass under the lease, which is given back afterwards. Waits up to 60 s for a side that is shut.
    /// `EngineError::Held`: another process holds the lease.
    pub async fn once(&mut self, what: Once) -> Result<PassSummary, EngineError> {
        unimplemented!("{what:?}")
    }

    /// What a pass would do now: it pulls into a copy of the cache and writes nothing to either side. Needs no lease.
    pub async fn dry_run(&mut self, what: Once) -> Result<PassSummary, EngineError> {
        unimplemented!("{what:?}")
    }

    /// Passes, one after the other, until told to stop; waits for the lease where another process holds it, and
    /// takes over. `tell` gets events, `done` the summary of each pass that ends.
    pub async fn run(
        &mut self,
        asks: tokio::sync::mpsc::UnboundedReceiver<super::port::Ask>,
        stop: tokio::sync::watch::Receiver<bool>,
        tell: &(dyn Fn(Event) + Send + Sync),
        done: &(dyn Fn(&PassSummary) + Send + Sync),
    ) -> Result<(), EngineError> {
        unimplemented!("{} {}", asks.len(), *stop.borrow())
    }
}

/// An engine on a thread of its own.
pub struct Handle {
    /// Where to ask it.
    pub port: Port,
}

impl Handle {
    /// Stops the engine: the request in flight ends, the lease is given back. Waits for it.
    pub fn stop(self) -> Result<(), EngineError> {
        unimplemented!()
    }
}

/// Starts an engine on a thread and runtime of its own; `build` runs on that thread.
pub fn spawn(
    build: impl FnOnce() -> Result<Parts, EngineError> + Send + 'static,
    tell: impl Fn(Event) + Send + Sync + 'static,
    done: impl Fn(&PassSummary) + Send + Sync + 'static,
) -> Result<Handle, EngineError> {
    drop((build, tell, done));
    unimplemented!()
}
