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
use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::model::{Hint, Side};
use crate::store::{HintTaken, Reader, StoreError};

pub use ghl::{BadKey, GhlReceivers, GhlWebhooks, VENDOR_KEY, VENDOR_RSA_KEY};
pub use growbots::{BadSecret, GrowbotsReceivers, GrowbotsWebhooks};
pub use inbox::Inbox;
use metrics::{Deliveries, DeliveryLabel, Numbers};
pub use refusal::Refusal;

/// The longest body that is read; events are a few kilobytes.
const LONGEST_BODY: usize = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Bodies that are read at a time; more are answered with 429.
const AT_ONCE: usize = 64;
/// Databases that are read at a time.
const READ_AT_ONCE: usize = 8;
/// How long a database may take to be read; the others do not wait for it longer.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// A loop whose last pass is older than this, and that is not paused, is not ready.
const STALE_MS: i64 = 15 * 60_000;

/// What the server knows of a workspace.
pub struct Workspace {
    /// Its name.
    pub name: String,
    /// Its database.
    pub database: PathBuf,
    /// Where hints for it are put.
    pub inbox: Inbox,
}

/// What the server works with.
pub struct Face {
    /// Time.
    pub clock: Clock,
    /// The workspaces, in the order of the settings.
    pub workspaces: Vec<Workspace>,
    /// How GHL's deliveries are checked, and which workspace each is for.
    pub ghl: GhlReceivers,
    /// How those of Growbots are.
    pub growbots: GrowbotsReceivers,
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
    let face = &shared.face;
    let check = |body: &[u8]| face.ghl.hint(&headers, body, face.clock.now());
    shared.take(Side::Ghl, body, check).await
}

async fn from_growbots(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let face = &shared.face;
    let check = |body: &[u8]| face.growbots.hint(&headers, body, face.clock.now());
    shared.take(Side::Growbots, body, check).await
}

/// What came of a delivery, and the workspace that it is for, where that is known.
type Taken = (Option<usize>, Result<&'static str, Refusal>);

impl Shared {
    /// Takes a delivery, counts what came of it, and answers.
    async fn take(
        &self,
        side: Side,
        body: Body,
        check: impl FnOnce(&[u8]) -> Result<(usize, Option<Hint>), Refusal>,
    ) -> Response {
        let (at, taken) = self.stored(body, check).await;
        let (status, result) = match taken {
            Ok(result) => (200, result),
            Err(refusal) => (refusal.status(), refusal.name()),
        };
        let workspace = at.map_or("", |at| self.face.workspaces[at].name.as_str());
        let label = DeliveryLabel {
            workspace: workspace.to_owned(),
            side: side.name(),
            result,
        };
        self.deliveries.get_or_create(&label).inc();
        if status != 200 {
            tracing::warn!(
                workspace,
                side = side.name(),
                result,
                "a webhook was refused"
            );
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, format!("{result}\n")).into_response()
    }

    async fn stored(
        &self,
        body: Body,
        check: impl FnOnce(&[u8]) -> Result<(usize, Option<Hint>), Refusal>,
    ) -> Taken {
        let verified = async {
            let _room = self.room.try_acquire().map_err(|_| Refusal::Overload)?;
            check(&read(body).await?)
        };
        match verified.await {
            Err(refusal) => (None, Err(refusal)),
            Ok((at, None)) => (Some(at), Ok("ignored")),
            Ok((at, Some(hint))) => {
                let taken = self.face.workspaces[at].inbox.put(hint).await;
                let result = taken.map(|taken| match taken {
                    HintTaken::Repeated => "repeated",
                    _ => "stored",
                });
                (Some(at), result)
            }
        }
    }

    /// Reads the store of each workspace, several at a time. In the order of the workspaces; the words say what hinders.
    async fn read<T: Send + 'static>(
        &self,
        look: impl Fn(&Reader) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Vec<Result<T, String>> {
        let all = self.face.workspaces.iter();
        let databases: Vec<_> = all
            .map(|one| (one.database.clone(), look.clone()))
            .collect();
        let reads = stream::iter(databases).map(|(database, look)| read_store(database, look));
        reads.buffered(READ_AT_ONCE).collect().await
    }
}

/// Reads a store on a thread where waiting for a disk does no harm.
async fn read_store<T: Send + 'static>(
    database: PathBuf,
    look: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, String> {
    let task = tokio::task::spawn_blocking(move || look(&Reader::open(&database)?));
    match tokio::time::timeout(READ_WITHIN, task).await {
        Ok(Ok(read)) => read.map_err(|error| error.to_string()),
        Ok(Err(_)) => Err("the database could not be read".into()),
        Err(_) => Err("the database does not answer".into()),
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

/// Ready: the database of each workspace can be read, somebody runs its loop, and its last pass is not long ago. Else
/// a line says what of which workspace is not.
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let now = shared.face.clock.now();
    let looks = shared.read(move |reader| {
        let holder = reader.holder()?;
        let status = reader.status()?;
        let last = reader.passes(1)?.into_iter().next();
        let is_fresh = last.is_some_and(|last| now.since(last.started_at) < STALE_MS);
        let moves = now.since(status.progress_at) < STALE_MS || status.paused.is_some();
        Ok(match holder {
            None => Some("nobody runs the loop"),
            Some(_) if is_fresh || moves => None,
            Some(_) => Some("no pass for 15 minutes"),
        })
    });
    let mut ill = Vec::new();
    for (workspace, look) in shared.face.workspaces.iter().zip(looks.await) {
        let words = match look {
            Ok(None) => continue,
            Ok(Some(words)) => words.to_owned(),
            Err(words) => words,
        };
        ill.push(format!("{}: {words}\n", workspace.name));
    }
    if ill.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, ill.concat()).into_response()
}

async fn metrics_page(State(shared): State<Arc<Shared>>) -> Response {
    let now = shared.face.clock.now();
    let read = shared.read(move |reader| Numbers::read(reader, now)).await;
    let names = shared.face.workspaces.iter();
    let all = names.map(|workspace| workspace.name.as_str()).zip(read);
    let text = metrics::page(all, &shared.deliveries);
    let ty = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([("content-type", ty)], text).into_response()
}
