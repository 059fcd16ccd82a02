//! The real engine, store and connectors over the sandbox, in this process, on virtual time.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use couplet::clock::Clock;
use couplet::engine::{Engine, LeaseGate, Parts};
use couplet::merge::normalise;
use couplet::model::{BySide, FieldName, Holder, Kind, Millis, Record, Side, Value};
use couplet::remote::{
    self, Connector, Ghl, Growbots, MemorySlots, RouterTransport, Transport, TransportError,
};
use couplet::sandbox::{Actor, LimitSpec, Op, Sandbox, Settings};
use couplet::secrets::Secret;
use couplet::store::{Reader, Writer};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use serde_json::Value as Json;
use tower::ServiceExt;

use super::bugs::{self, Bug, Buggy, Memory};
use super::met::Met;
use super::users::Users;

/// 2026-06-10T12:00:00Z, when all worlds begin.
pub const START: Millis = Millis(1_781_092_800_000);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Databases in memory have a name each.
static DATABASES: AtomicU64 = AtomicU64::new(0);

/// A read by id of a record: its path, and how many events there were when it was answered.
pub type Seen = (String, usize);

/// Everything of one seed.
pub struct Rig {
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub users: Arc<Mutex<Users>>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    /// Which process may begin a write.
    pub may_write: Arc<MayWrite>,
    /// What was wrong at the moment when it happened.
    pub wrong: Arc<Mutex<Vec<String>>>,
    /// Whether the automation rules are on.
    rules: bool,
    /// Requests that have left us and have not arrived.
    pub leaving: Arc<AtomicU32>,
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
    memory: Arc<Memory>,
    pub met: Arc<Met>,
    pub network: Arc<Network>,
}

/// The process that has the lease, as far as the simulation was told: 0 for any, -1 for none.
#[derive(Default)]
pub struct MayWrite(AtomicI64);

impl MayWrite {
    pub fn anybody(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    pub fn nobody(&self) {
        self.0.store(-1, Ordering::SeqCst);
    }

    pub fn only(&self, process: i64) {
        self.0.store(process, Ordering::SeqCst);
    }

    fn is(&self, process: i64) -> bool {
        [0, process].contains(&self.0.load(Ordering::SeqCst))
    }
}

/// What the network does, and what has gone over it.
#[derive(Default)]
pub struct Network {
    /// How likely Growbots does not know a cursor of its feed any more.
    pub forgets_cursors: Mutex<f64>,
    rng: Mutex<fastrand::Rng>,
    /// Creates that got no answer: method, path and body, and whether they were carried out.
    lost_creates: Mutex<Vec<(String, bool)>>,
    /// Records that such a create made.
    pub made_unseen: Mutex<Vec<String>>,
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
            clock: clock.clone(),
        })
        .unwrap();
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let database = PathBuf::from(format!("file:/simulation-{number}?vfs=memdb"));
        let writer = Writer::open(&database, &clock).unwrap();
        Self {
            hello: sandbox.hello("127.0.0.1:1".parse().unwrap()),
            sandbox,
            clock,
            users: Arc::new(Mutex::new(Users::new(seed))),
            seen: Arc::default(),
            may_write: Arc::default(),
            wrong: Arc::default(),
            rules: seed.is_multiple_of(2),
            leaving: Arc::default(),
            slots: Arc::default(),
            database,
            reader: writer.reader().unwrap(),
            writer: RefCell::new(writer),
            ended: RefCell::default(),
            generation: Cell::new(0),
            bug,
            memory: Arc::default(),
            met: Arc::default(),
            network: Arc::new(Network {
                rng: Mutex::new(fastrand::Rng::with_seed(seed ^ 0x006e_6574)),
                ..Network::default()
            }),
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

    /// The number of the process that began last.
    pub fn number(&self) -> i64 {
        self.generation.get()
    }

    /// A process has ended, by itself or not.
    pub fn ended(&self, engine: Engine) {
        self.ended.borrow_mut().push(engine);
    }

    pub fn connectors(&self, gate: LeaseGate) -> BySide<Arc<dyn Connector>> {
        let transport = Busy {
            router: RouterTransport::new(self.sandbox.router()),
            sandbox: self.sandbox.clone(),
            users: Arc::clone(&self.users),
            seen: Arc::clone(&self.seen),
            leaving: Arc::clone(&self.leaving),
            met: Arc::clone(&self.met),
            network: Arc::clone(&self.network),
            bug: self.bug,
            process: self.generation.get(),
            may_write: Arc::clone(&self.may_write),
            wrong: Arc::clone(&self.wrong),
        };
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
    met: Arc<Met>,
    network: Arc<Network>,
    bug: Option<Bug>,
    /// Whose requests these are.
    process: i64,
    may_write: Arc<MayWrite>,
    wrong: Arc<Mutex<Vec<String>>>,
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

/// A request whose answer has not come; when it is dropped so, nobody waits for it any more.
struct Waiting<'a> {
    busy: &'a Busy,
    since: tokio::time::Instant,
    is_write: bool,
    answered: bool,
}

impl<'a> Waiting<'a> {
    fn new(busy: &'a Busy, is_write: bool) -> Self {
        Self {
            busy,
            since: tokio::time::Instant::now(),
            is_write,
            answered: false,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        if self.since.elapsed() + Duration::from_millis(100) >= TIMEOUT {
            self.busy.met.note("no answer within the timeout");
        } else if self.is_write {
            let words = "process died between a write and its answer";
            self.busy.met.note(words);
        }
    }
}

/// What the simulation wants to know of a request.
struct Sent {
    path: String,
    method: http::Method,
    /// Method, path and body of a create.
    create: Option<String>,
}

impl Sent {
    fn of(request: &Request<Bytes>) -> Self {
        let path = request.uri().path().to_owned();
        let method = request.method().clone();
        let last = path.rsplit('/').find(|part| !part.is_empty());
        let makes = matches!(last, Some("contacts" | "tasks" | "notes" | "leads"));
        let create = (method == http::Method::POST && makes)
            .then(|| format!("{path} {}", String::from_utf8_lossy(request.body())));
        Self {
            path,
            method,
            create,
        }
    }

    fn is_write(&self) -> bool {
        let reads = self.path.ends_with("/search") || self.path.ends_with("/search/");
        self.method != http::Method::GET && !reads
    }
}

impl Busy {
    fn moment(&self) -> Duration {
        let mut users = self.users.lock().unwrap();
        users.maybe_meddle(&self.sandbox);
        Duration::from_millis(users.rng.u64(1..30))
    }

    /// A feed that has forgotten our place in it.
    fn forgotten(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let chance = *self.network.forgets_cursors.lock().unwrap();
        let has_cursor = request
            .uri()
            .query()
            .is_some_and(|query| query.contains("cursor="));
        if chance == 0.0 || !has_cursor || !request.uri().path().ends_with("/changes") {
            return None;
        }
        if self.network.rng.lock().unwrap().f64() >= chance {
            return None;
        }
        self.met.note("feed cursor expired");
        let body = r#"{"status":410,"code":"cursor_expired","title":"the cursor is too old"}"#;
        let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
        *answer.status_mut() = http::StatusCode::GONE;
        let json = http::HeaderValue::from_static("application/problem+json");
        answer
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, json);
        Some(answer)
    }

    /// Counts what became of a request.
    fn note(&self, sent: &Sent, answer: &Result<Response<Bytes>, TransportError>, before: usize) {
        let met = &self.met;
        let (did, now) = self.sandbox.with_world(|world| {
            let done = world.events()[before..]
                .iter()
                .filter(|event| event.actor == Actor::Api);
            let done: Vec<(Op, String)> = done.map(|event| (event.op, event.id.clone())).collect();
            (done, world.events().len())
        });
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        match status {
            412 => met.note("412: the record had moved"),
            429 => met.note("429"),
            500.. if sent.is_write() => met.note("5xx on a write"),
            200..300 => {
                let is_read = sent.method == http::Method::GET;
                if is_read {
                    let mut seen = self.seen.lock().unwrap();
                    seen.push((sent.path.clone(), now));
                }
                let cut = |answer: &Response<Bytes>| {
                    serde_json::from_slice::<serde::de::IgnoredAny>(answer.body()).is_err()
                        && !answer.body().is_empty()
                };
                if sent.is_write() && answer.as_ref().is_ok_and(cut) {
                    met.note("answer cut short after a write");
                }
                let is_list = is_read || sent.path.ends_with("/search");
                if is_list && self.is_behind(&sent.path) {
                    met.note("list answered behind the truth");
                }
                if let Some(create) = &sent.create {
                    let lost = self.network.lost_creates.lock().unwrap();
                    if lost.iter().any(|(one, done)| one == create && !done) {
                        met.note("create lost on the way, sent again after none was found");
                    }
                }
            }
            _ => {}
        }
        let Err(_) = answer else { return };
        if let Some(create) = &sent.create {
            let made = did.iter().find(|(op, _)| *op == Op::Create);
            let mut lost = self.network.lost_creates.lock().unwrap();
            lost.push((create.clone(), made.is_some()));
            if let Some((_, id)) = made {
                met.note("create committed, answer lost");
                self.network.made_unseen.lock().unwrap().push(id.clone());
            }
        } else if sent.is_write() {
            for (op, _) in &did {
                match op {
                    Op::Update => met.note("update committed, answer lost"),
                    Op::Delete => met.note("delete committed, answer lost"),
                    _ => {}
                }
            }
        }
    }

    /// Whether something happened on a side so lately that its lists cannot show it.
    fn is_behind(&self, path: &str) -> bool {
        let side = if path.starts_with("/ghl") {
            Side::Ghl
        } else {
            Side::Growbots
        };
        self.sandbox.with_world(|world| {
            let now = world.now();
            let last = world.events().iter().rfind(|event| event.side == side);
            last.and_then(|event| Millis::parse(&event.at))
                .is_some_and(|at| now.since(at) < 1_000)
        })
    }
}

impl Transport for Busy {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let sent = Sent::of(&request);
        Box::pin(async move {
            if let Some(answer) = self.forgotten(&request) {
                return Ok(answer);
            }
            if sent.is_write() && !self.may_write.is(self.process) {
                let (process, method, path) = (self.process, &sent.method, &sent.path);
                self.wrong.lock().unwrap().push(format!(
                    "process {process} began {method} {path} without the lease, or after a stop"
                ));
            }
            let leaving = Leaving::new(&self.leaving);
            super::later(self.moment()).await;
            drop(leaving);
            let before = self.sandbox.with_world(|world| world.events().len());
            let mut waiting = Waiting::new(self, sent.is_write());
            let again = (self.bug == Some(Bug::RetryWrites)).then(|| request.clone());
            let mut answer = self.router.send(request).await;
            if let (Some(again), Err(_)) = (again, &answer) {
                answer = self.router.send(again).await;
            }
            self.note(&sent, &answer, before);
            super::later(self.moment()).await;
            waiting.answered = true;
            answer
        })
    }
}
