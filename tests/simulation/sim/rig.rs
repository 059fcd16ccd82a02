//! The real engine, store and connectors over the sandbox, in this process, on virtual time.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use couplet::clock::Clock;
use couplet::engine::{Engine, LeaseGate, Parts};
use couplet::merge::normalise;
use couplet::model::{BySide, FieldName, Holder, Kind, Millis, Record, Value};
use couplet::remote::{self, Connector, Ghl, Growbots, MemorySlots};
use couplet::sandbox::{LimitSpec, Sandbox, Settings};
use couplet::secrets::Secret;
use couplet::store::{Reader, Writer};
use http::Request;
use serde_json::Value as Json;
use tower::ServiceExt;

use super::bugs::{self, Bug, Buggy, Memory};
use super::hooks::Hooks;
use super::met::Met;
use super::moments::Moments;
use super::network::{Busy, MayWrite, Network};
use super::users::Users;

/// 2026-06-10T12:00:00Z, when all worlds begin.
pub const START: Millis = Millis(1_781_092_800_000);
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// Databases in memory have a name each.
static DATABASES: AtomicU64 = AtomicU64::new(0);

/// An answer about a record.
#[derive(Clone)]
pub struct Seen {
    pub path: String,
    /// How many events there were when it was given.
    pub events: usize,
    /// When, by the sides' clock.
    pub at: Millis,
}

/// Everything of one seed.
pub struct Rig {
    pub sandbox: Sandbox,
    /// That of our machines; the sides have one of their own.
    pub clock: Clock,
    hooks: RefCell<Hooks>,
    pub users: Arc<Mutex<Users>>,
    /// Records that were there when they were read.
    pub seen: Arc<Mutex<Vec<Seen>>>,
    /// Records of which a side said that they are not there.
    pub missed: Arc<Mutex<Vec<Seen>>>,
    /// Which process may begin a write.
    pub may_write: Arc<MayWrite>,
    /// What was wrong at the moment when it happened.
    pub wrong: Arc<Mutex<Vec<String>>>,
    /// Whether the automation rules are on.
    rules: bool,
    /// Requests that have left us and have not arrived.
    pub leaving: Arc<AtomicU32>,
    pub moments: Arc<Moments>,
    hello: Json,
    slots: Arc<MemorySlots>,
    /// Where the database is: in memory, for it is processes that die here, not the machine.
    database: PathBuf,
    /// What operators see and write with, in processes of their own.
    pub reader: Reader,
    pub writer: RefCell<Writer>,
    /// Engines whose processes ended. The next process takes over their connections: nothing is open in them, and a
    /// schema that is known already need not be read again.
    ended: RefCell<Vec<Engine>>,
    generation: Cell<i64>,
    /// What is wrong with couplet on purpose.
    pub bug: Option<Bug>,
    pub memory: Arc<Memory>,
    pub met: Arc<Met>,
    pub network: Arc<Network>,
}

impl Rig {
    /// Call it inside the runtime.
    pub fn new(seed: u64, contacts: u32, bug: Option<Bug>) -> Self {
        fastrand::seed(seed);
        let clock = Clock::of_runtime(START);
        let sandbox = Sandbox::new(Settings {
            seed,
            contacts,
            limit: LimitSpec::default(),
            lag_ms: 2_000,
            faults: None,
            clock: Clock::of_runtime(START),
        })
        .unwrap();
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let database = PathBuf::from(format!("file:/simulation-{number}?vfs=memdb"));
        let writer = Writer::open(&database, &clock).unwrap();
        Self {
            hello: sandbox.hello("127.0.0.1:1".parse().unwrap()),
            sandbox,
            clock,
            hooks: RefCell::new(Hooks::new(seed)),
            users: Arc::new(Mutex::new(Users::new(seed))),
            seen: Arc::default(),
            missed: Arc::default(),
            may_write: Arc::default(),
            wrong: Arc::default(),
            rules: seed.is_multiple_of(2),
            leaving: Arc::default(),
            moments: Arc::default(),
            slots: Arc::default(),
            database,
            reader: writer.reader().unwrap(),
            writer: RefCell::new(writer),
            ended: RefCell::default(),
            generation: Cell::new(0),
            bug,
            memory: Arc::default(),
            met: Arc::default(),
            network: Arc::new(Network::new(seed)),
        }
    }

    /// A new process on the machine `host`, as far as the store can tell.
    pub fn engine(&self, host: &str) -> Engine {
        self.generation.set(self.generation.get() + 1);
        let gate = LeaseGate::new(self.clock.clone());
        let one = self.bug == Some(Bug::OneLease);
        let parts = |writer| Parts {
            map: couplet::merge::FieldMap::default(),
            rules: if self.rules {
                couplet::model::default_rules()
            } else {
                Vec::new()
            },
            keep_days: 0,
            writer,
            sides: self.connectors(gate.clone()),
            clock: self.clock.clone(),
            us: Holder {
                operator: "sim".into(),
                host: if one { "sim" } else { host }.into(),
                pid: std::process::id(),
                since: Millis(if one { 0 } else { self.generation.get() }),
            },
            gate: gate.clone(),
            poll: Duration::from_secs(15),
        };
        let ended = self.ended.borrow_mut().pop();
        ended.map_or_else(
            || Engine::new(parts(Writer::open(&self.database, &self.clock).unwrap())).unwrap(),
            |ended| ended.replaced(parts),
        )
    }

    /// Webhooks come.
    pub fn webhooks(&self) {
        let (mut hooks, mut writer) = (self.hooks.borrow_mut(), self.writer.borrow_mut());
        self.sandbox
            .with_world(|world| hooks.deliver(world, &mut writer, &self.met));
    }

    /// The number of the process that began last.
    pub fn number(&self) -> i64 {
        self.generation.get()
    }

    /// A process has ended, by itself or not.
    pub fn ended(&self, engine: Engine) {
        self.ended.borrow_mut().push(engine);
    }

    pub fn connectors(&self, gate: LeaseGate) -> BySide<Arc<dyn Connector>> {
        let transport = Busy::new(self);
        let bug = self.bug;
        let slots = match bug {
            Some(Bug::OwnLimiter) => Arc::default(),
            _ => Arc::<MemorySlots>::clone(&self.slots),
        };
        let parts = remote::Parts {
            transport: Arc::new(transport),
            clock: self.clock.clone(),
            slots,
            normalise: Arc::new(move |kind, country: &str, record| {
                spoiled(bug, kind, record, |record| {
                    normalise::record(kind, country, record)
                })
            }),
            gate: Arc::new(move || gate.is_open() || bug == Some(Bug::NoGate)),
        };
        let of_ghl = remote::Parts {
            normalise: Arc::new(move |kind, country: &str, record| {
                spoiled(bug, kind, record, |record| {
                    canonical_of_ghl(kind, country, record)
                })
            }),
            ..parts.clone()
        };
        let text = |key: &str| self.hello[key].as_str().unwrap().to_owned();
        let settings = |side: &str| remote::Settings {
            base_url: format!("http://sandbox/{side}").parse().unwrap(),
            auth: remote::Auth::bearer(Secret::new(text(&format!("{side}_token")))),
            location: text("location_id"),
            timeout: TIMEOUT,
        };
        let sides = BySide::<Arc<dyn Connector>> {
            ghl: Arc::new(Ghl::new(settings("ghl"), of_ghl)),
            growbots: Arc::new(Growbots::new(settings("growbots"), parts)),
        };
        match bug {
            Some(bug) => sides.map(|inner| -> Arc<dyn Connector> {
                Arc::new(Buggy {
                    inner,
                    bug,
                    memory: Arc::clone(&self.memory),
                    clock: self.clock.clone(),
                })
            }),
            None => sides,
        }
    }

    /// The process that ran has died.
    pub fn died(&self) {
        self.network.maker_died(&self.sandbox);
        if let Some(bug) = self.bug {
            bugs::after_death(bug, &self.database, &self.memory);
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

/// Canonical form, or what a bug makes of it.
fn spoiled(
    bug: Option<Bug>,
    kind: Kind,
    record: Record,
    canonical: impl FnOnce(Record) -> Record,
) -> Record {
    match bug {
        // Before, so that an address stays as it was written.
        Some(Bug::NoNormalise) => {
            let email = record.get(&FieldName::Email).cloned();
            let mut record = canonical(record);
            record.set(FieldName::Email, email);
            record
        }
        Some(bug) => bugs::normalised(bug, kind, canonical(record)),
        None => canonical(record),
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

/// Runs a future until it ends, was polled so often, or is doomed: then its process dies.
pub async fn until_dead<F: Future>(
    future: F,
    mut polls: u32,
    moments: &Moments,
) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        match future.as_mut().poll(cx) {
            Poll::Pending if moments.is_doomed() => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}
