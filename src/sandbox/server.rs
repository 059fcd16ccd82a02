//! From HTTP to the world and back: arrival, limits, faults, and what stands on every answer.

use std::time::Duration;

use axum::{
    body::Body as HttpBody,
    extract::{Request, State as Shared},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderValue, header};

use super::{
    Sandbox, Settings, churn, control,
    event::By,
    faults::{After, Before, Fate, Faults},
    ghl, growbots,
    http::{Answer, Call},
    ids,
    limits::{Limiter, Standing},
    requests::Requests,
    seed,
    tokens::Tokens,
    world::World,
};
use crate::model::{BySide, Kind, Millis, Side};

/// The largest body that is read; the sides have smaller limits of their own.
const LARGEST_BODY: usize = 4 << 20;

/// Stands in the extensions of a response whose connection closes without a byte, for callers in the same process:
/// they must treat the answer as lost. Its body fails when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Severed {
    /// Whether the request was carried out before.
    pub applied: bool,
}

/// Why the body of a response ends early.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox closed the connection on purpose")]
struct CutOff;

/// What stands at the door of one side.
#[derive(Debug)]
pub struct Gate {
    limiter: Limiter,
    pub requests: Requests,
    faults: Faults,
    /// For what the fault `edit_before_write` writes.
    meddler: fastrand::Rng,
}

/// The world with all that serves it.
#[derive(Debug)]
pub struct State {
    pub world: World,
    pub tokens: Tokens,
    pub gates: BySide<Gate>,
    pub token_rng: fastrand::Rng,
    request_rng: fastrand::Rng,
    settings: Settings,
}

impl State {
    /// Everything as the seed has it.
    pub fn new(settings: Settings, faults: &BySide<Faults>) -> Self {
        let mut token_rng = fastrand::Rng::with_seed(settings.seed ^ 0x0070_6b65);
        let tokens = Tokens::new(&mut token_rng);
        let world = seed::world(settings.seed, settings.contacts, settings.clock.clone());
        let mut state = Self {
            world,
            tokens,
            gates: BySide::from_fn(|_| Gate {
                limiter: Limiter::new(settings.limit),
                requests: Requests::default(),
                faults: Faults::default(),
                meddler: fastrand::Rng::with_seed(settings.seed),
            }),
            token_rng,
            request_rng: fastrand::Rng::with_seed(settings.seed ^ 0x7261_6365),
            settings,
        };
        state.set_faults(faults);
        state
    }

    /// Back to the seed, without faults.
    pub fn reset(&mut self) {
        *self = Self::new(self.settings.clone(), &BySide::default());
    }

    /// Replaces all faults.
    pub fn set_faults(&mut self, faults: &BySide<Faults>) {
        for side in Side::BOTH {
            let faults = faults.get(side).clone();
            let lag_ms = faults.lag_ms().unwrap_or(self.settings.lag_ms);
            *self.world.lag_ms.get_mut(side) = lag_ms as i64;
            if faults.expires_tokens() {
                self.tokens.expire(side);
            }
            self.gates.get_mut(side).faults = faults;
        }
    }

    fn request_id(&mut self, side: Side, sent: Option<&str>) -> String {
        match (side, sent) {
            (Side::Ghl, _) => ids::uuid(&mut self.request_rng),
            (Side::Growbots, Some(sent)) => sent.to_owned(),
            (Side::Growbots, None) => {
                format!("rq_{}", ids::alphanumeric(&mut self.request_rng, 16))
            }
        }
    }

    /// Counts a request and draws its lot.
    fn arrive(&mut self, side: Side, operation: &str) -> (Standing, Fate) {
        let (tick, now) = (self.world.ticks(), self.world.now());
        let window_ms = self.settings.limit.window_ms();
        let gate = self.gates.get_mut(side);
        gate.requests.arrive(tick, 1, window_ms);
        let standing = gate.limiter.take(tick, now.0, 1);
        // one that is refused has no other lot, and uses up no fault
        let fate = if standing.admitted {
            gate.faults.draw(operation)
        } else {
            Fate::default()
        };
        (standing, fate)
    }

    /// Carries a request out.
    fn apply(&mut self, side: Side, call: &Call, fate: Fate) -> Answer {
        if fate.edit_before_write {
            let target = match side {
                Side::Ghl => ghl::target(call),
                Side::Growbots => growbots::target(call),
            };
            if let Some((kind, id)) = target {
                self.meddle(side, kind, &id);
            }
        }
        let mut answer = match side {
            Side::Ghl => ghl::answer(&mut self.world, &self.tokens, call),
            Side::Growbots => growbots::answer(&mut self.world, &self.tokens, call),
        };
        if fate.empty_page && answer.status == 200 {
            match side {
                Side::Ghl => ghl::emptied(&mut answer),
                Side::Growbots => growbots::emptied(call, self.world.now(), &mut answer),
            }
        }
        answer
    }

    fn meddle(&mut self, side: Side, kind: Kind, id: &str) {
        let rng = &mut self.gates.get_mut(side).meddler;
        churn::edit_one(&mut self.world, rng, &By::fault(), side, kind, id);
    }

    /// Carries out what arrived, and gives what the client gets.
    fn conclude(
        &mut self,
        side: Side,
        call: &Call,
        operation: &str,
        standing: Standing,
        fate: Fate,
    ) -> Response {
        let id = &call.request_id;
        let answer = match fate.before {
            before if !standing.admitted || before == Some(Before::Http429) => {
                throttled(&self.world, side, id, &standing)
            }
            Some(Before::Reset) => {
                self.end(side, operation, "reset", id);
                return severed(false);
            }
            Some(Before::Broken(gateway)) => {
                let (status, name) = gateway.shown();
                let now = self.end(side, operation, &status.to_string(), id);
                return broken(side, id, &standing, now, (status, name));
            }
            _ => {
                let answer = self.apply(side, call, fate);
                if fate.after == Some(After::Drop) {
                    self.end(side, operation, "dropped", id);
                    return severed(true);
                }
                answer
            }
        };
        let now = self.end(side, operation, &answer.status.to_string(), id);
        let after = fate.after.filter(|_| answer.status != 429);
        let answer = match side {
            Side::Ghl => ghl::finish(answer, id, &standing, &self.world.switches),
            Side::Growbots => growbots::finish(answer, id, &standing),
        };
        response(&answer, now, after)
    }

    fn end(&mut self, side: Side, operation: &str, outcome: &str, request_id: &str) -> Millis {
        let now = self.world.now();
        self.gates
            .get_mut(side)
            .requests
            .end(now, operation, outcome, request_id);
        now
    }
}

/// Every request comes here.
pub async fn handle(Shared(sandbox): Shared<Sandbox>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return plain(413, "text/plain", String::new());
    };
    let query = parts.uri.query().unwrap_or_default();
    let mut call = Call {
        method: parts.method,
        path: String::new(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts.headers,
        body,
        request_id: String::new(),
    };
    let under = |base: &str| {
        let rest = parts.uri.path().strip_prefix(base)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    if let Some(path) = under("/_sandbox") {
        call.path = path;
        let reply = sandbox.with_state(|state| control::answer(state, &call));
        let content_type = if reply.is_lines {
            "application/x-ndjson"
        } else {
            "application/json"
        };
        return plain(reply.status, content_type, reply.body);
    }
    for (side, base) in [(Side::Ghl, "/ghl"), (Side::Growbots, "/growbots")] {
        if let Some(path) = under(base) {
            call.path = path;
            return serve(&sandbox, side, call).await;
        }
    }
    plain(
        404,
        "text/plain",
        "the sandbox serves /ghl, /growbots and /_sandbox\n".to_owned(),
    )
}

async fn serve(sandbox: &Sandbox, side: Side, mut call: Call) -> Response {
    let operation = match side {
        Side::Ghl => ghl::find(&call).map(|(route, _)| route.name.to_owned()),
        Side::Growbots => growbots::operation(&call),
    };
    let operation = operation.unwrap_or_else(|| "unknown".to_owned());
    let (standing, fate) = sandbox.with_state(|state| {
        call.request_id = state.request_id(side, call.header("x-request-id"));
        state.arrive(side, &operation)
    });
    if fate.latency_ms == 0 {
        return sandbox.with_state(|state| state.conclude(side, &call, &operation, standing, fate));
    }
    // a task of its own: what arrived is carried out, also when the client has given up waiting
    let sandbox = sandbox.clone();
    let slow = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(fate.latency_ms)).await;
        sandbox.with_state(|state| state.conclude(side, &call, &operation, standing, fate))
    });
    slow.await.unwrap_or_else(|_| severed(false))
}

fn throttled(world: &World, side: Side, request_id: &str, standing: &Standing) -> Answer {
    match side {
        Side::Ghl => ghl::throttled(&world.switches, standing),
        Side::Growbots => growbots::throttled(request_id, standing),
    }
}

/// A 500 or its like, as GHL's gateway (HTML) or Growbots (a problem) gives it.
fn broken(
    side: Side,
    request_id: &str,
    standing: &Standing,
    now: Millis,
    (status, name): (u16, &str),
) -> Response {
    match side {
        Side::Ghl => {
            let html = format!("<html><body><h1>{status} {name}</h1></body></html>");
            let mut response = plain(status, "text/html", html);
            response
                .headers_mut()
                .extend(http_date(now).map(|date| (header::DATE, date)));
            response
        }
        Side::Growbots => {
            let problem = growbots::Problem::new(status, "internal", "something broke");
            let answer = growbots::finish(problem.answer(request_id), request_id, standing);
            response(&answer, now, None)
        }
    }
}

fn response(answer: &Answer, now: Millis, after: Option<After>) -> Response {
    let text = answer.body.as_ref().map(ToString::to_string);
    let mut bytes = Bytes::from(text.unwrap_or_default());
    let after = after.filter(|_| !bytes.is_empty());
    if after == Some(After::Malformed) {
        bytes = Bytes::from_static(b"{\"contacts\": [{\"id\": \xff\xfe, ]}");
    }
    let has_body = !bytes.is_empty();
    let body = match after {
        Some(After::Truncate) => cut_off(bytes.slice(..bytes.len() / 2)),
        _ => HttpBody::from(bytes),
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    if has_body {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(answer.content_type),
        );
    }
    headers.insert("x-couplet-sandbox", HeaderValue::from_static("1"));
    if let Some(date) = http_date(now) {
        headers.insert(header::DATE, date);
    }
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(*name, value);
        }
    }
    response
}

/// The world's time, which may have been moved on, as a `Date` header has it.
fn http_date(now: Millis) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_millisecond(now.0).ok()?;
    HeaderValue::from_str(&at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

fn plain(status: u16, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(HttpBody::from(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert("x-couplet-sandbox", HeaderValue::from_static("1"));
    response
}

/// A response of which not one byte is sent: the body fails before the head is flushed, and the server closes.
fn severed(applied: bool) -> Response {
    let never = futures_util::stream::iter([Err::<Bytes, CutOff>(CutOff)]);
    let mut response = Response::new(HttpBody::from_stream(never));
    response.extensions_mut().insert(Severed { applied });
    response
}

/// A body that ends in the middle: the part, then a closed connection.
fn cut_off(part: Bytes) -> HttpBody {
    let states = futures_util::stream::unfold(0_u8, move |step| {
        let part = part.clone();
        async move {
            match step {
                0 => Some((Ok(part), 1)),
                1 => {
                    // lets the server flush what it has
                    tokio::task::yield_now().await;
                    Some((Err(CutOff), 2))
                }
                _ => None,
            }
        }
    });
    HttpBody::from_stream(states)
}
