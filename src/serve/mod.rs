//! The HTTP face: webhooks of both sides, health, metrics.
//!
//! A webhook is only a hint. It is verified on the raw bytes, stored once, and answered; then the engine reads the
//! record that it names.

mod ghl;
mod growbots;
mod inbox;
mod metrics;
mod refusal;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::model::{Hint, Side};
use crate::store::{HintTaken, Reader, StoreError};

pub use ghl::{BadKey, GhlWebhooks, VENDOR_KEY, VENDOR_RSA_KEY};
pub use growbots::{BadSecret, GrowbotsWebhooks};
pub use inbox::Inbox;
use metrics::{Deliveries, DeliveryLabel};
pub use refusal::Refusal;

/// The longest body that is read; events are a few kilobytes.
const LONGEST_BODY: usize = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Deliveries at a time; more are answered with 429.
const AT_ONCE: usize = 64;
/// A loop whose last pass is older than this, and that is not paused, is not ready.
const STALE_MS: i64 = 15 * 60_000;

/// What the server works with.
pub struct Face {
    /// The workspace's database.
    pub database: PathBuf,
    /// Time.
    pub clock: Clock,
    /// Where hints are put.
    pub inbox: Inbox,
    /// How GHL's deliveries are checked; none is taken without.
    pub ghl: Option<GhlWebhooks>,
    /// How those of Growbots are.
    pub growbots: Option<GrowbotsWebhooks>,
}

struct Shared {
    face: Face,
    deliveries: Deliveries,
    room: Semaphore,
}

/// The routes.
pub fn router(face: Face) -> Router {
    let shared = Arc::new(Shared {
        face,
        deliveries: Deliveries::default(),
        room: Semaphore::new(AT_ONCE),
    });
    Router::new()
        .route("/webhooks/ghl", post(from_ghl))
        .route("/webhooks/growbots", post(from_growbots))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_page))
        .with_state(shared)
}

async fn from_ghl(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    let check = |shared: &Shared, headers: &HeaderMap, body: &[u8]| {
        let keys = shared.face.ghl.as_ref().ok_or(Refusal::NotConfigured)?;
        keys.hint(headers, body, shared.face.clock.now())
    };
    shared.take(Side::Ghl, &headers, body, check).await
}

async fn from_growbots(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let check = |shared: &Shared, headers: &HeaderMap, body: &[u8]| {
        let keys = shared
            .face
            .growbots
            .as_ref()
            .ok_or(Refusal::NotConfigured)?;
        keys.hint(headers, body, shared.face.clock.now())
    };
    shared.take(Side::Growbots, &headers, body, check).await
}

impl Shared {
    /// Takes a delivery, counts what came of it, and answers.
    async fn take(
        &self,
        side: Side,
        headers: &HeaderMap,
        body: Body,
        check: impl FnOnce(&Self, &HeaderMap, &[u8]) -> Result<Option<Hint>, Refusal>,
    ) -> Response {
        let taken = self.stored(headers, body, check).await;
        let (status, result) = match taken {
            Ok(result) => (200, result),
            Err(refusal) => (refusal.status(), refusal.name()),
        };
        let label = DeliveryLabel {
            side: side.name(),
            result,
        };
        self.deliveries.get_or_create(&label).inc();
        if status != 200 {
            tracing::warn!(side = side.name(), result, "a webhook was refused");
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, format!("{result}\n")).into_response()
    }

    async fn stored(
        &self,
        headers: &HeaderMap,
        body: Body,
        check: impl FnOnce(&Self, &HeaderMap, &[u8]) -> Result<Option<Hint>, Refusal>,
    ) -> Result<&'static str, Refusal> {
        let _room = self.room.try_acquire().map_err(|_| Refusal::Overload)?;
        let body = read(body).await?;
        let Some(hint) = check(self, headers, &body)? else {
            return Ok("ignored");
        };
        Ok(match self.face.inbox.put(hint).await? {
            HintTaken::Repeated => "repeated",
            _ => "stored",
        })
    }

    /// Reads the store on a thread where waiting for the disk does no harm.
    async fn read<T: Send + 'static>(
        self: Arc<Self>,
        read: impl FnOnce(&Self, &Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Response> {
        let task =
            tokio::task::spawn_blocking(move || read(&self, &Reader::open(&self.face.database)?));
        let failed =
            |words: String| (StatusCode::SERVICE_UNAVAILABLE, words + "\n").into_response();
        match task.await {
            Ok(read) => read.map_err(|error| failed(error.to_string())),
            Err(_) => Err(failed("the database could not be read".into())),
        }
    }
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_WITHIN, to_bytes(body, LONGEST_BODY)).await {
        Err(_) => Err(Refusal::Slow),
        Ok(Ok(bytes)) => Ok(bytes),
        // A body that breaks off is answered like one that is too long: nobody reads the answer.
        Ok(Err(_)) => Err(Refusal::TooLarge),
    }
}

/// Ready: the database can be read, somebody runs the loop, and its last pass is not long ago.
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let look = shared.read(|shared, reader| {
        let holder = reader.holder()?;
        let status = reader.status()?;
        let last = reader.passes(1)?.into_iter().next();
        let now = shared.face.clock.now();
        let is_fresh = last.is_some_and(|last| now.since(last.started_at) < STALE_MS);
        let moves = now.since(status.progress_at) < STALE_MS || status.paused.is_some();
        Ok(match holder {
            None => Err("nobody runs the loop"),
            Some(_) if is_fresh || moves => Ok("ready"),
            Some(_) => Err("no pass for 15 minutes"),
        })
    });
    match look.await {
        Ok(Ok(words)) => format!("{words}\n").into_response(),
        Ok(Err(words)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{words}\n")).into_response(),
        Err(answer) => answer,
    }
}

async fn metrics_page(State(shared): State<Arc<Shared>>) -> Response {
    let page = shared
        .read(|shared, reader| metrics::page(reader, &shared.deliveries, shared.face.clock.now()));
    match page.await {
        Ok(text) => {
            let ty = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([("content-type", ty)], text).into_response()
        }
        Err(answer) => answer,
    }
}
