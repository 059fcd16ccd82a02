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
pub(crate) mod ids;
mod layout;
mod limits;
mod mark;
mod oauth;
mod origin;
pub(crate) mod people;
pub(crate) mod person;
mod phones;
pub(crate) mod place;
mod record;
mod requests;
mod respond;
mod seed;
mod server;
mod switches;
mod table;
mod tokens;
mod users;
mod walk;
mod webhooks;
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
use tokio::{net::TcpListener, sync::Notify};

pub use event::{Actor, By, Event, Moved, Op};
pub use limits::{BadLimit, LimitSpec, Window};
pub use respond::Severed;
pub use users::{Denied, shown};
pub use webhooks::{Delivery, Received};
pub use world::World;

use crate::{clock::Clock, model::Millis};
use server::State;
use webhooks::{Keys, courier};

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
    /// A key to sign webhooks with cannot be made.
    #[error("the keys of the sandbox's webhooks cannot be made: {0}")]
    Keys(ring::error::KeyRejected),
}

/// Both systems. Cheap to clone; clones are the same sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Wakes the courier when a webhook may be due earlier than it thinks.
    stirred: Notify,
}

impl Sandbox {
    /// A sandbox with its seeded world.
    pub fn new(settings: Settings) -> Result<Self, SandboxError> {
        let given = settings.faults.clone().unwrap_or_else(|| json!({}));
        let faults = faults::read(&given).map_err(SandboxError::Faults)?;
        let keys = Arc::new(Keys::new(settings.seed).map_err(SandboxError::Keys)?);
        Ok(Self(Arc::new(Inner {
            state: Mutex::new(State::new(settings, &faults, keys)),
            stirred: Notify::new(),
        })))
    }

    /// Serves both APIs (`/ghl`, `/growbots`) and the control API (`/_sandbox`). A caller in the same process that
    /// finds [`Severed`] among the extensions of a response has got no answer.
    pub fn router(&self) -> axum::Router {
        axum::Router::new()
            .fallback(server::handle)
            .with_state(self.clone())
    }

    /// The contract's first line: where everything is when served at `addr`, and what opens it.
    pub fn hello(&self, addr: SocketAddr) -> Value {
        self.with_state(|state| {
            let oauth = state.grants.apps.as_ref().map(|app| {
                json!({
                    "client_id": app.client_id, "client_secret": app.client_secret,
                    "refresh_token": app.refresh_token,
                })
            });
            json!({
                "ghl": format!("http://{addr}/ghl"),
                "growbots": format!("http://{addr}/growbots"),
                "control": format!("http://{addr}/_sandbox"),
                "location_id": state.world.place.location_id,
                "company_id": state.world.place.company_id,
                "ghl_token": state.tokens.first.ghl,
                "growbots_token": state.tokens.first.growbots,
                "ghl_webhook_key": state.keys.public_pem(),
                "ghl_webhook_rsa_key": webhooks::RSA_PUBLIC,
                "growbots_webhook_secret": state.hooks.first_secret,
                "oauth": oauth,
            })
        })
    }

    /// Serves, and delivers webhooks, until `stop`; requests under way are finished.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        // answers are small and complete: waiting to fill a packet only costs time
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let client = courier::client().map_err(std::io::Error::other)?;
        let serving = axum::serve(listener, self.router()).with_graceful_shutdown(stop);
        tokio::select! {
            ended = serving.into_future() => ended,
            never = courier::run(self, &client) => match never {},
        }
    }

    /// Lets `f` read and change the world; no request runs meanwhile.
    pub fn with_world<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        self.with_state(|state| f(&mut state.world))
    }

    /// The webhooks that are due, each signed for now. [`Sandbox::serve`] delivers them by itself; who drives the
    /// router instead may carry them in any order, and says with [`Sandbox::delivered`] how each went.
    pub fn take_deliveries(&self) -> Vec<Delivery> {
        self.with_state(|state| {
            let now = state.world.now();
            state.hooks.take(&state.world, now)
        })
    }

    /// When the next webhook is due, in the world's time; none if nothing is on its way.
    pub fn next_delivery(&self) -> Option<Millis> {
        self.with_state(|state| state.hooks.next_due())
    }

    /// Notes how a delivery went: its side tries again where it does so.
    pub fn delivered(&self, delivery: Delivery, received: Received) {
        self.with_state(|state| {
            let now = state.world.now();
            state.hooks.received(delivery, received, now);
        });
    }

    fn with_state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // a panic in a handler is a bug that its own test shows; the world is still whole
        let lock = self.0.state.lock();
        let mut state = lock.unwrap_or_else(PoisonError::into_inner);
        let done = f(&mut state);
        let State { hooks, world, .. } = &mut *state;
        hooks.collect(world);
        if hooks.take_stirred() {
            self.0.stirred.notify_one();
        }
        done
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
