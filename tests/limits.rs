//! The limiter against a side that counts: how much of the limit is used, and how often it says "too many". In one
//! process, in virtual time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use couplet::{
    clock::Clock,
    model::{Kind, Lane, Millis, RecordId, Slots},
    remote::{Auth, Connector, Ghl, Growbots, MemorySlots, Parts, RouterTransport, Settings},
    sandbox::{self, LimitSpec, Sandbox},
    secrets::Secret,
};
use futures_util::future::join_all;
use http::{Request, Response};
use tower::ServiceExt;

const START: Millis = Millis(1_781_092_800_000);
const REQUESTS: u32 = 1_300;

struct World {
    clock: Clock,
    sandbox: Sandbox,
    slots: Arc<dyn Slots>,
}

impl World {
    fn new(window: &str) -> Self {
        let clock = Clock::of_runtime(START);
        let limit: LimitSpec = format!("100/10/200000/{window}").parse().expect("a limit");
        let sandbox = Sandbox::new(sandbox::Settings {
            seed: 7,
            contacts: 20,
            limit,
            lag_ms: 0,
            faults: None,
            clock: clock.clone(),
        });
        Self {
            clock,
            sandbox: sandbox.expect("a sandbox"),
            slots: Arc::new(MemorySlots::default()),
        }
    }

    fn token(&self, side: &str) -> String {
        let hello = self.sandbox.hello("127.0.0.1:1".parse().expect("valid"));
        hello[format!("{side}_token")]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// What a connector needs; each way takes 10 to 40 ms.
    fn connect(&self, side: &str, seed: u64) -> (Settings, Parts) {
        let hello = self.sandbox.hello("127.0.0.1:1".parse().expect("valid"));
        let text = |key: &str| hello[key].as_str().expect(key).to_owned();
        let router = self.sandbox.router();
        let calls = Arc::new(AtomicU32::new(0));
        let service = tower::service_fn(move |request: Request<Body>| {
            let router = router.clone();
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move {
                let mut random = fastrand::Rng::with_seed(seed ^ u64::from(call));
                tokio::time::sleep(Duration::from_millis(random.u64(10..=40))).await;
                let answer: Response<Body> = router.oneshot(request).await?;
                tokio::time::sleep(Duration::from_millis(random.u64(10..=40))).await;
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        let settings = Settings {
            base_url: text(side).parse().expect("a URL"),
            auth: Auth::bearer(Secret::new(self.token(side))),
            location: text("location_id"),
            timeout: Duration::from_secs(10),
        };
        let parts = Parts {
            transport: Arc::new(RouterTransport::new(service)),
            clock: self.clock.clone(),
            slots: Arc::clone(&self.slots),
            normalise: Arc::new(|_, _, record| record),
            gate: Arc::new(|| true),
        };
        (settings, parts)
    }
}

/// Sends this many requests as fast as it may, from twenty tasks; gives how many the limit would allow in the time
/// that it took.
async fn backlog(side: &dyn Connector, requests: u32) -> f64 {
    let nobody = RecordId::from("zzzzzzzzzzzzzzzzzzzz");
    let left = AtomicU32::new(requests);
    let take = || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
    let worker = async || {
        while take().is_ok() {
            let found = side.get(Lane::Sweep, Kind::Contact, None, &nobody).await;
            found.expect("an answer");
        }
    };
    let start = tokio::time::Instant::now();
    join_all((0..20).map(|_| worker())).await;
    100.0 * (1.0 + start.elapsed().as_secs_f64() / 10.0)
}

#[tokio::test(start_paused = true)]
async fn alone_nearly_all_of_the_limit_is_used_and_never_more() {
    for window in ["sliding", "fixed", "bucket"] {
        for name in ["ghl", "growbots"] {
            let world = World::new(window);
            let (settings, parts) = world.connect(name, 1);
            let side: Box<dyn Connector> = if name == "ghl" {
                Box::new(Ghl::new(settings, parts))
            } else {
                Box::new(Growbots::new(settings, parts))
            };
            let most = backlog(&*side, REQUESTS).await;
            let (sent, throttled) = side.sent();
            assert_eq!(throttled, 0, "{name} {window}");
            let used = sent as f64 / most;
            assert!(used >= 0.99, "{name} {window}: {used}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn beside_another_client_what_it_leaves_is_used_with_few_refusals() {
    for window in ["sliding", "fixed"] {
        let world = World::new(window);
        let (settings, parts) = world.connect("ghl", 1);
        let ghl = Ghl::new(settings, parts);
        // Another program with the same key, which knows nothing of us: three requests a second.
        let (settings, mut parts) = world.connect("ghl", 2);
        parts.slots = Arc::new(MemorySlots::default());
        let transport = Arc::clone(&parts.transport);
        let url = format!("{}/contacts/zzzz", settings.base_url);
        let token = format!("Bearer {}", world.token("ghl"));
        let got = AtomicU32::new(0);
        let other = async {
            let mut every = tokio::time::interval(Duration::from_millis(333));
            loop {
                every.tick().await;
                let request = Request::get(&url)
                    .header("authorization", &token)
                    .header("version", "2021-07-28")
                    .body(bytes::Bytes::new());
                let answer = transport.send(request.expect("valid")).await;
                let refused = answer.expect("an answer").status() == 429;
                got.fetch_add(u32::from(!refused), Ordering::SeqCst);
            }
        };
        let most = tokio::select! {
            biased;
            most = backlog(&ghl, 4 * REQUESTS) => most,
            () = other => unreachable!("it never ends"),
        };
        let (sent, throttled) = ghl.sent();
        let left = most - f64::from(got.load(Ordering::SeqCst));
        let used = (sent - throttled) as f64 / left;
        let refused = throttled as f64 / sent as f64;
        // Where the window is not the one that we log, the refusals cost a wait each.
        let least = if window == "sliding" { 0.95 } else { 0.9 };
        assert!(used >= least, "{window}: {used}");
        assert!(refused <= 0.005, "{window}: {refused}");
    }
}
