//! Both sides in this process, on the virtual clock, with the latencies of a network. For tests with `start_paused`, in
//! which these take no time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use couplet::clock::Clock;
use couplet::engine::{Engine, LeaseGate, Parts};
use couplet::merge::{FieldMap, normalise};
use couplet::model::{BySide, Holder, Millis, Side};
use couplet::remote::{self, Auth, Connector, Ghl, Growbots, MemorySlots, RouterTransport};
use couplet::sandbox::{self, Sandbox};
use couplet::secrets::Secret;
use couplet::store::Writer;
use http::{Request, Response};
use tempfile::TempDir;
use tower::ServiceExt as _;

const START: Millis = Millis(1_781_092_800_000);

/// The sandbox and a folder for the database.
pub struct World {
    clock: Clock,
    sandbox: Sandbox,
    hello: serde_json::Value,
    folder: TempDir,
}

impl World {
    /// A sandbox of so many people under this limit, as `--limit` has it.
    pub fn new(contacts: u32, limit: &str) -> Self {
        let clock = Clock::of_runtime(START);
        let sandbox = Sandbox::new(sandbox::Settings {
            seed: 5,
            contacts,
            limit: limit.parse().expect("a limit"),
            lag_ms: 2_000,
            faults: None,
            clock: clock.clone(),
        })
        .expect("a world");
        let hello = sandbox.hello("127.0.0.1:1".parse().expect("an address"));
        Self {
            clock,
            sandbox,
            hello,
            folder: TempDir::new().expect("a folder"),
        }
    }

    /// What the control API answers.
    pub async fn control(&self, method: &str, path: &str, body: &str) -> serde_json::Value {
        let request = Request::builder()
            .method(method)
            .uri(format!("/_sandbox/{path}"));
        let request = request
            .body(Body::from(body.to_owned()))
            .expect("a request");
        let answer = self
            .sandbox
            .router()
            .oneshot(request)
            .await
            .expect("an answer");
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("a body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// What the sandbox's first line says.
    pub fn text(&self, key: &str) -> String {
        self.hello[key].as_str().expect(key).to_owned()
    }

    /// Into the sandbox; each way takes 10 to 75 ms.
    pub fn transport(&self) -> Arc<dyn remote::Transport> {
        let router = self.sandbox.router();
        let calls = Arc::new(AtomicU64::new(0));
        let service = tower::service_fn(move |request: Request<Body>| {
            let router = router.clone();
            let mut random = fastrand::Rng::with_seed(calls.fetch_add(1, Ordering::SeqCst));
            async move {
                tokio::time::sleep(Duration::from_millis(random.u64(10..=75))).await;
                let answer: Response<Body> = router.oneshot(request).await?;
                tokio::time::sleep(Duration::from_millis(random.u64(10..=75))).await;
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        Arc::new(RouterTransport::new(service))
    }

    fn settings(&self, side: Side) -> remote::Settings {
        let name = side.name();
        remote::Settings {
            base_url: self.text(name).parse().expect("a URL"),
            auth: Auth::bearer(Secret::new(self.text(&format!("{name}_token")))),
            location: self.text("location_id"),
            timeout: Duration::from_secs(10),
        }
    }

    /// A connector of each side.
    pub fn sides(&self) -> BySide<Arc<dyn Connector>> {
        let parts = remote::Parts {
            transport: self.transport(),
            clock: self.clock.clone(),
            slots: Arc::new(MemorySlots::default()),
            normalise: Arc::new(normalise::record),
            gate: Arc::new(|| true),
        };
        BySide {
            ghl: Arc::new(Ghl::new(self.settings(Side::Ghl), parts.clone())),
            growbots: Arc::new(Growbots::new(self.settings(Side::Growbots), parts)),
        }
    }

    /// A connection to the cache.
    pub fn writer(&self) -> Writer {
        Writer::open(&self.database(), &self.clock).expect("a database")
    }

    /// Where the engine keeps its cache.
    pub fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("pull.db")
    }

    /// An engine on this connection to the cache.
    pub fn engine(&self, writer: Writer, sides: BySide<Arc<dyn Connector>>) -> Engine {
        Engine::new(Parts {
            rules: Vec::new(),
            keep_days: 0,
            writer,
            sides,
            clock: self.clock.clone(),
            us: Holder {
                operator: "test".into(),
                host: "here".into(),
                pid: std::process::id(),
                since: START,
            },
            gate: LeaseGate::new(self.clock.clone()),
            poll: Duration::from_secs(15),
            map: FieldMap::default(),
        })
        .expect("an engine")
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_takes_as_long_as_the_network() {
    let world = World::new(1, "off");
    let request = Request::get(format!("{}/contacts/x", world.text("ghl")));
    let request = request.body(bytes::Bytes::new()).expect("a request");
    let start = tokio::time::Instant::now();
    world.transport().send(request).await.expect("an answer");
    let took_ms = start.elapsed().as_millis();
    assert!((20..=150).contains(&took_ms), "{took_ms}");
}
