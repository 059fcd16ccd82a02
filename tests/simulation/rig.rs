//! The real engine, store and connectors over the sandbox, in this process, on virtual time.

use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use couplet::clock::Clock;
use couplet::engine::{Engine, LeaseGate, Parts};
use couplet::merge::{FieldMap, normalise};
use couplet::model::{BySide, FieldName, Holder, Kind, Millis, Record, Value};
use couplet::remote::{
    self, Connector, Ghl, Growbots, MemorySlots, RouterTransport, Transport, TransportError,
};
use couplet::sandbox::{LimitSpec, Sandbox, Settings};
use couplet::secrets::Secret;
use couplet::store::{Reader, Writer};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use serde_json::Value as Json;
use tower::ServiceExt;

use crate::users::Users;

/// 2026-06-10T12:00:00Z, when all worlds begin.
pub const START: Millis = Millis(1_781_092_800_000);
const TIMEOUT: Duration = Duration::from_secs(10);

/// A read by id of a GHL record: its path, and how many events there were when it was answered.
pub type Seen = (String, usize);

/// Everything of one seed.
pub struct Rig {
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub users: Arc<Mutex<Users>>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    /// Requests that have left us and have not arrived.
    pub leaving: Arc<AtomicU32>,
    hello: Json,
    slots: Arc<MemorySlots>,
    folder: tempfile::TempDir,
    generation: i64,
}

impl Rig {
    /// Call it inside the runtime.
    pub fn new(seed: u64, contacts: u32) -> Self {
        fastrand::seed(seed);
        let clock = Clock::of_runtime(START);
        let sandbox = Sandbox::new(Settings {
            seed,
            contacts,
            limit: LimitSpec::default(),
            lag_ms: 2_000,
            faults: None,
            clock: clock.clone(),
        })
        .unwrap();
        let mut place = tempfile::Builder::new();
        place.prefix("couplet-simulation-");
        // In memory where there is such a place: what is under test is not the disk.
        let folder = place.tempdir_in("/dev/shm").or_else(|_| place.tempdir());
        Self {
            hello: sandbox.hello("127.0.0.1:1".parse().unwrap()),
            sandbox,
            clock,
            users: Arc::new(Mutex::new(Users::new(seed))),
            seen: Arc::default(),
            leaving: Arc::default(),
            slots: Arc::default(),
            folder: folder.unwrap(),
            generation: 0,
        }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("couplet.db")
    }

    pub fn reader(&self) -> Option<Reader> {
        Reader::open(&self.database()).ok()
    }

    pub fn writer(&self) -> Writer {
        Writer::open(&self.database(), &self.clock).unwrap()
    }

    /// A new process on the machine `host`, as far as the store can tell.
    pub fn engine(&mut self, host: &str) -> Engine {
        self.generation += 1;
        let gate = LeaseGate::new(self.clock.clone());
        let sides = self.connectors(gate.clone());
        Engine::new(Parts {
            writer: self.writer(),
            sides,
            clock: self.clock.clone(),
            us: Holder {
                operator: "sim".into(),
                host: host.into(),
                pid: std::process::id(),
                since: Millis(self.generation),
            },
            gate,
            poll: Duration::from_secs(15),
            map: FieldMap::default(),
        })
        .unwrap()
    }

    pub fn connectors(&self, gate: LeaseGate) -> BySide<Arc<dyn Connector>> {
        let transport = Busy {
            router: RouterTransport::new(self.sandbox.router()),
            sandbox: self.sandbox.clone(),
            users: Arc::clone(&self.users),
            seen: Arc::clone(&self.seen),
            leaving: Arc::clone(&self.leaving),
        };
        let parts = remote::Parts {
            transport: Arc::new(transport),
            clock: self.clock.clone(),
            slots: Arc::<MemorySlots>::clone(&self.slots),
            normalise: Arc::new(normalise::record),
            gate: Arc::new(move || gate.is_open()),
        };
        let of_ghl = remote::Parts {
            normalise: Arc::new(canonical_of_ghl),
            ..parts.clone()
        };
        let text = |key: &str| self.hello[key].as_str().unwrap().to_owned();
        let settings = |side: &str| remote::Settings {
            base_url: format!("http://sandbox/{side}").parse().unwrap(),
            token: Secret::new(text(&format!("{side}_token"))),
            location: text("location_id"),
            timeout: TIMEOUT,
        };
        BySide {
            ghl: Arc::new(Ghl::new(settings("ghl"), of_ghl)),
            growbots: Arc::new(Growbots::new(settings("growbots"), parts)),
        }
    }

    /// Asks the sandbox's control API.
    pub async fn control(&self, method: &str, path: &str, body: &Json) -> Json {
        let request = Request::builder()
            .method(method)
            .uri(format!("/_sandbox{path}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.sandbox.router().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{method} {path} {body}");
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 24).await;
        serde_json::from_slice(&bytes.unwrap()).unwrap_or_default()
    }
}

/// As the command line joins it: what GHL's web app writes as HTML is plain text everywhere else.
fn canonical_of_ghl(kind: Kind, country: &str, mut record: Record) -> Record {
    if matches!(kind, Kind::Note | Kind::Appointment) {
        for field in [FieldName::Body, FieldName::Description] {
            let plain = Value::text(normalise::html_to_text(record.text(&field)));
            record.set(field, plain);
        }
    }
    normalise::record(kind, country, record)
}

/// Runs a future until it ends or was polled so often: then its process dies.
pub async fn until_poll<F: Future>(future: F, mut polls: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

/// A network with users at its other end: a request takes a while, and somebody may edit something just before or
/// after it is carried out.
struct Busy {
    router: RouterTransport<axum::Router>,
    sandbox: Sandbox,
    users: Arc<Mutex<Users>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    leaving: Arc<AtomicU32>,
}

/// One request on its way to the server.
struct Leaving<'a>(&'a AtomicU32);

impl<'a> Leaving<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Busy {
    fn moment(&self) -> Duration {
        let mut users = self.users.lock().unwrap();
        users.maybe_meddle(&self.sandbox);
        Duration::from_millis(users.rng.u64(1..30))
    }
}

impl Transport for Busy {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let path = request.uri().path().to_owned();
        let is_read = request.method() == http::Method::GET && path.starts_with("/ghl/");
        Box::pin(async move {
            let leaving = Leaving::new(&self.leaving);
            crate::later(self.moment()).await;
            drop(leaving);
            let answer = self.router.send(request).await;
            if is_read && answer.is_ok() {
                let events = self.sandbox.with_world(|world| world.events().len());
                self.seen.lock().unwrap().push((path, events));
            }
            crate::later(self.moment()).await;
            answer
        })
    }
}
