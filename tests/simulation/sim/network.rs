//! The network between couplet and the sandbox: it takes time, has people at its other end, loses what the sandbox's
//! faults say, and knows who may write.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use couplet::model::{Millis, Side};
use couplet::remote::{RouterTransport, Transport, TransportError};
use couplet::sandbox::{Actor, Event, Op, Sandbox};
use futures_util::future::BoxFuture;
use http::{Request, Response};

use super::bugs::{Bug, Memory};
use super::met::Met;
use super::moments::{Asked, Moments};
use super::rig::{Rig, Seen, TIMEOUT};
use super::told;
use super::users::Users;

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
    /// Records that were made with no answer that can be read, or whose maker died before it can have kept that; and
    /// how many events there were by then.
    pub made_unseen: Mutex<Vec<(String, usize)>>,
}

impl Network {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Mutex::new(fastrand::Rng::with_seed(seed ^ 0x006e_6574)),
            ..Self::default()
        }
    }
}

impl Network {
    /// A process died: what it made just before it may not have kept.
    pub fn maker_died(&self, sandbox: &Sandbox) {
        let made = sandbox.with_world(|world| {
            let (now, events) = (world.now(), world.events());
            let lately = |event: &&Event| {
                Millis::parse(&event.at).is_some_and(|at| now.since(at) < KEPT_WITHIN_MS)
            };
            let lately = events.iter().rev().take_while(lately);
            let made = lately.filter(|event| event.op == Op::Create && event.actor == Actor::Api);
            made.map(|event| (event.id.clone(), events.len()))
                .collect::<Vec<_>>()
        });
        self.made_unseen.lock().unwrap().extend(made);
    }
}

/// What an answer told is in the store so soon, also where the limit makes the reading back wait.
const KEPT_WITHIN_MS: i64 = 20_000;

/// A network with users at its other end: a request takes a while, and somebody may edit something just before or
/// after it is carried out.
pub struct Busy {
    router: RouterTransport<axum::Router>,
    sandbox: Sandbox,
    users: Arc<Mutex<Users>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    missed: Arc<Mutex<Vec<Seen>>>,
    leaving: Arc<AtomicU32>,
    moments: Arc<Moments>,
    memory: Arc<Memory>,
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
    asked: Asked,
    /// Method, path and body of a create.
    create: Option<String>,
}

impl Sent {
    fn of(request: &Request<Bytes>) -> Self {
        let path = request.uri().path().to_owned();
        let method = request.method().clone();
        let last = path.rsplit('/').find(|part| !part.is_empty());
        let last = last.unwrap_or_default();
        let makes = matches!(last, "contacts" | "tasks" | "notes" | "leads");
        let create = (method == http::Method::POST && makes)
            .then(|| format!("{path} {}", String::from_utf8_lossy(request.body())));
        let asked = match (&method, last) {
            (_, "changes") => Asked::Feed,
            (_, "search") => Asked::List,
            // No name of a list is as long as an id.
            (&http::Method::GET, id) if id.len() > 15 => Asked::ById,
            (&http::Method::GET, _) => Asked::List,
            _ if create.is_some() => Asked::Create,
            _ => Asked::Change,
        };
        Self {
            path,
            method,
            asked,
            create,
        }
    }

    fn is_write(&self) -> bool {
        let reads = self.path.ends_with("/search") || self.path.ends_with("/search/");
        self.method != http::Method::GET && !reads
    }
}

impl Busy {
    /// That of the process that began last.
    pub fn new(rig: &Rig) -> Self {
        Self {
            router: RouterTransport::new(rig.sandbox.router()),
            sandbox: rig.sandbox.clone(),
            users: Arc::clone(&rig.users),
            seen: Arc::clone(&rig.seen),
            missed: Arc::clone(&rig.missed),
            leaving: Arc::clone(&rig.leaving),
            moments: Arc::clone(&rig.moments),
            memory: Arc::clone(&rig.memory),
            met: Arc::clone(&rig.met),
            network: Arc::clone(&rig.network),
            bug: rig.bug,
            process: rig.number(),
            may_write: Arc::clone(&rig.may_write),
            wrong: Arc::clone(&rig.wrong),
        }
    }

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
        let (did, now, seen) = self.sandbox.with_world(|world| {
            let done = world.events()[before..]
                .iter()
                .filter(|event| event.actor == Actor::Api);
            let done: Vec<(Op, String)> = done.map(|event| (event.op, event.id.clone())).collect();
            let seen = Seen {
                path: sent.path.clone(),
                events: world.events().len(),
                at: world.now(),
            };
            (done, world.events().len(), seen)
        });
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        match status {
            400 | 404 | 410 if answer.as_ref().is_ok_and(says_missing) => {
                self.missed.lock().unwrap().push(seen);
            }
            412 => met.note("412: the record had moved"),
            429 => met.note("429"),
            500.. if sent.is_write() => met.note("5xx on a write"),
            200..300 => {
                let is_read = sent.method == http::Method::GET;
                if is_read {
                    self.seen.lock().unwrap().push(seen);
                }
                let is_empty = |answer: &Response<Bytes>| answer.body().is_empty();
                if sent.is_write() && !tells(answer) && !answer.as_ref().is_ok_and(is_empty) {
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
        if did.iter().any(|(op, _)| *op == Op::Delete) {
            met.note("delete carried over");
        }
        let made = did.iter().find(|(op, _)| *op == Op::Create);
        if let Some((_, id)) = made.filter(|_| !tells(answer)) {
            let mut unseen = self.network.made_unseen.lock().unwrap();
            unseen.push((id.clone(), now));
        }
        let Err(_) = answer else { return };
        if let Some(create) = &sent.create {
            let mut lost = self.network.lost_creates.lock().unwrap();
            lost.push((create.clone(), made.is_some()));
            if made.is_some() {
                met.note("create committed, answer lost");
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

/// Whether an answer came that can be read.
fn tells(answer: &Result<Response<Bytes>, TransportError>) -> bool {
    let is_json = |body: &Bytes| serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    let is_whole =
        |answer: &Response<Bytes>| answer.status().is_success() && is_json(answer.body());
    answer.as_ref().is_ok_and(is_whole)
}

/// Whether an answer says that a record is not there: GHL says so with a 400.
fn says_missing(answer: &Response<Bytes>) -> bool {
    let text = String::from_utf8_lossy(answer.body()).to_lowercase();
    answer.status() != http::StatusCode::BAD_REQUEST
        || text.contains("not found")
        || text.contains("is invalid")
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
            let told = told::request(&request);
            let mut answer = self.router.send(request).await;
            if let (Some(again), Err(_)) = (again, &answer) {
                answer = self.router.send(again).await;
            }
            told::exchange(told, &answer, &self.sandbox);
            self.note(&sent, &answer, before);
            if self.bug == Some(Bug::CursorFirst)
                && sent.asked == Asked::Feed
                && let Ok(answer) = &answer
            {
                self.memory.feed_answered(answer.body());
            }
            let coming = self.moments.answered(sent.asked);
            super::later(self.moment()).await;
            drop(coming);
            waiting.answered = true;
            answer
        })
    }
}
