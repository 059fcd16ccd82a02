//! The first pull of a whole location under the real limits, on the virtual clock: the whole engine, the sandbox's
//! router in-process, latencies of the network. Rows of the search are not whole here, so every contact is read by
//! id: nothing costs more requests.
//!
//! `COUPLET_CONTACTS=20000 cargo test --release --test full_pull -- --nocapture` prints the figures of a large one.

#![expect(clippy::print_stdout, reason = "the figures")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use couplet::clock::Clock;
use couplet::engine::{Engine, LeaseGate, Once, Parts};
use couplet::merge::{FieldMap, normalise};
use couplet::model::{BySide, Holder, Kind, Millis, Side};
use couplet::remote::{self, Auth, Connector, Ghl, Growbots, MemorySlots, RouterTransport};
use couplet::sandbox::{self, Sandbox};
use couplet::secrets::Secret;
use couplet::store::{Reader, Writer};
use http::{Request, Response};
use tempfile::TempDir;
use tower::ServiceExt as _;

const START: Millis = Millis(1_781_092_800_000);

fn contacts() -> u32 {
    let asked = std::env::var("COUPLET_CONTACTS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(1_200)
}

struct World {
    clock: Clock,
    sandbox: Sandbox,
    hello: serde_json::Value,
    folder: TempDir,
}

impl World {
    async fn new(limit: &str) -> Self {
        let clock = Clock::of_runtime(START);
        let sandbox = Sandbox::new(sandbox::Settings {
            seed: 5,
            contacts: contacts(),
            limit: limit.parse().expect("a limit"),
            lag_ms: 2_000,
            faults: None,
            clock: clock.clone(),
        })
        .expect("a world");
        let hello = sandbox.hello("127.0.0.1:1".parse().expect("an address"));
        let world = Self {
            clock,
            sandbox,
            hello,
            folder: TempDir::new().expect("a folder"),
        };
        let rows = r#"{"ghl.search_full_rows": false}"#;
        world.control("PUT", "settings", rows).await;
        world
    }

    async fn control(&self, method: &str, path: &str, body: &'static str) -> serde_json::Value {
        let request = Request::builder()
            .method(method)
            .uri(format!("/_sandbox/{path}"));
        let request = request.body(Body::from(body)).expect("a request");
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

    fn text(&self, key: &str) -> String {
        self.hello[key].as_str().expect(key).to_owned()
    }

    /// Into the sandbox; each way takes 10 to 75 ms.
    fn transport(&self) -> Arc<dyn remote::Transport> {
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

    fn sides(&self) -> BySide<Arc<dyn Connector>> {
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

    /// Pulls everything, once, and plans; gives how many contacts of GHL came.
    async fn pull(&self, sides: BySide<Arc<dyn Connector>>) -> u64 {
        let path = self.folder.path().join("pull.db");
        let mut engine = Engine::new(Parts {
            rules: Vec::new(),
            keep_days: 0,
            writer: Writer::open(&path, &self.clock).expect("a database"),
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
        .expect("an engine");
        let pass = engine.dry_run(Once::default()).await.expect("a pass");
        assert!(
            Reader::open(&path)
                .expect("the cache")
                .totals()
                .expect("totals")
                .links[&Kind::Contact]
                == 0
        );
        pass.pulled.ghl
    }

    /// Somebody else with the same token: three requests a second, never more than a third of the limit.
    async fn another_client(&self, got: &AtomicU64) {
        let transport = self.transport();
        let url = format!("{}/contacts/zzzzzzzzzzzzzzzzzzzz", self.text("ghl"));
        let token = format!("Bearer {}", self.text("ghl_token"));
        let mut every = tokio::time::interval(Duration::from_millis(300));
        loop {
            every.tick().await;
            let request = Request::get(&url)
                .header("authorization", &token)
                .header("version", "2021-07-28")
                .body(bytes::Bytes::new())
                .expect("a request");
            let answer = transport.send(request).await.expect("an answer");
            got.fetch_add(u64::from(answer.status() != 429), Ordering::SeqCst);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_pull_uses_nearly_all_of_the_limit_and_is_never_refused() {
    for kind in ["sliding", "fixed", "bucket"] {
        let world = World::new(&format!("100/10/200000/{kind}")).await;
        let sides = world.sides();
        let ghl = Arc::clone(&sides.ghl);
        let start = tokio::time::Instant::now();
        let pulled = world.pull(sides).await;
        let (sent, refused) = ghl.sent();
        let permitted = 100.0 * (1.0 + start.elapsed().as_secs_f64() / 10.0);
        let used = 100.0 * sent as f64 / permitted;
        let seen = world.control("GET", "requests", "").await;
        println!(
            "{kind}: {sent} requests in {:.0} s, {used:.2} % of what is permitted, {refused} refused, {pulled} records",
            start.elapsed().as_secs_f64()
        );
        assert_eq!((refused, &seen["ghl"]["throttled"]), (0, &0.into()));
        // It begins and ends with pages that wait for one another: one window's worth, however long it is.
        assert!(sent as f64 + 100.0 >= 0.99 * permitted, "{kind}: {used}");
    }
}

#[tokio::test(start_paused = true)]
async fn beside_another_client_a_first_pull_loses_no_record() {
    let alone = {
        let world = World::new("off").await;
        world.pull(world.sides()).await
    };
    for kind in ["sliding", "fixed", "bucket"] {
        let world = World::new(&format!("100/10/200000/{kind}")).await;
        let sides = world.sides();
        let ghl = Arc::clone(&sides.ghl);
        let others = AtomicU64::new(0);
        let start = tokio::time::Instant::now();
        let pulled = tokio::select! {
            biased;
            pulled = world.pull(sides) => pulled,
            () = world.another_client(&others) => unreachable!("it never ends"),
        };
        let (sent, refused) = ghl.sent();
        let others = others.load(Ordering::SeqCst) as f64;
        let left = 100.0 * (1.0 + start.elapsed().as_secs_f64() / 10.0) - others;
        let used = 100.0 * (sent - refused) as f64 / left;
        let part = 100.0 * refused as f64 / sent as f64;
        println!(
            "{kind}, beside a third: {used:.2} % of what is left, {part:.2} % refused, {pulled} records"
        );
        assert_eq!(pulled, alone, "{kind}: a record is lost");
        assert!(part <= 1.0, "{kind}: {part} % refused");
    }
}
