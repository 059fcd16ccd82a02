//! Both systems, imitated: a seeded world, and a router that serves HighLevel, Growbots and a control API over real
//! HTTP. What it promises stands in the contract, section "Sandbox". It is written from the documents and shares
//! nothing with the connectors, so that a mistake there is not mirrored here.
//!
//! Operations are named by method and path without the base (and without `/v1` on Growbots):
//! `GET /contacts/{contactId}`, `POST /leads/{id}/tags`; a path that is none is `unknown`. A request that got no
//! answer on purpose is counted as `dropped` (carried out) or `reset` (not).
//!
//! With the limit off, the headers show a limit that nobody reaches, so that a client may go as fast as it can.

pub mod churn;
mod control;
mod dump;
mod event;
mod faults;
mod ghl;
mod growbots;
mod http;
mod ids;
mod layout;
mod limits;
mod mark;
mod origin;
mod people;
mod person;
mod phones;
mod place;
mod record;
mod requests;
mod seed;
mod server;
mod switches;
mod table;
mod tokens;
mod users;
mod walk;
mod world;

#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::serve::ListenerExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use event::{Actor, By, Event, Moved, Op};
pub use limits::{BadLimit, LimitSpec, Window};
pub use server::Severed;
pub use users::{Denied, shown};
pub use world::World;

use crate::clock::Clock;
use server::State;

/// What a sandbox starts from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Same seed and same time of the clock: same world.
    pub seed: u64,
    /// How many people there are, on either side or both.
    pub contacts: u32,
    /// The rate limit of each side.
    pub limit: LimitSpec,
    /// How far lists and searches are behind writes.
    pub lag_ms: u64,
    /// The body of `PUT /_sandbox/faults`.
    pub faults: Option<Value>,
    /// The time that the world's time follows.
    pub clock: Clock,
}

/// What a sandbox cannot start with.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The faults are not as the contract has them.
    #[error("the faults of the sandbox cannot be read")]
    Faults(#[source] serde_json::Error),
}

/// Both systems. Cheap to clone; clones are the same sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Mutex<State>>);

impl Sandbox {
    /// A sandbox with its seeded world.
    pub fn new(settings: Settings) -> Result<Self, SandboxError> {
        let given = settings.faults.clone().unwrap_or_else(|| json!({}));
        let faults = faults::read(&given).map_err(SandboxError::Faults)?;
        Ok(Self(Arc::new(Mutex::new(State::new(settings, &faults)))))
    }

    /// Serves both APIs (`/ghl`, `/growbots`) and the control API (`/_sandbox`). A caller in the same process that
    /// finds [`Severed`] among the extensions of a response has got no answer.
    pub fn router(&self) -> axum::Router {
        axum::Router::new()
            .fallback(server::handle)
            .with_state(self.clone())
    }

    /// The contract's first line: where everything is when served at `addr`, and the tokens.
    pub fn hello(&self, addr: SocketAddr) -> Value {
        self.with_state(|state| {
            json!({
                "ghl": format!("http://{addr}/ghl"),
                "growbots": format!("http://{addr}/growbots"),
                "control": format!("http://{addr}/_sandbox"),
                "location_id": state.world.place.location_id,
                "ghl_token": state.tokens.first.ghl,
                "growbots_token": state.tokens.first.growbots,
            })
        })
    }

    /// Serves until `stop`; requests under way are finished.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        // answers are small and complete: waiting to fill a packet only costs time
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, self.router())
            .with_graceful_shutdown(stop)
            .await
    }

    /// Lets `f` read and change the world; no request runs meanwhile.
    pub fn with_world<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        self.with_state(|state| f(&mut state.world))
    }

    fn with_state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // a panic in a handler is a bug that its own test shows; the world is still whole
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Background users at this rate, until dropped; 0 is nobody.
    pub async fn churn(&self, edits_per_minute: u32) {
        if edits_per_minute == 0 {
            return std::future::pending().await;
        }
        let mut rng = fastrand::Rng::with_seed(self.with_world(|world| world.seed()) ^ 0x00c4_0012);
        let pause = Duration::from_mins(1) / edits_per_minute;
        loop {
            tokio::time::sleep(pause).await;
            self.with_world(|world| churn::step(world, &mut rng));
        }
    }
}
