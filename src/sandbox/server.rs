//! From HTTP to the world and back: arrival, limits, faults, and what stands on every answer.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State as Shared},
    response::Response,
};
use http::header;

use super::{
    Sandbox, Settings, churn, control, dump,
    event::By,
    faults::{After, Before, Fate, Faults},
    ghl, growbots,
    http::{Answer, Call},
    ids,
    limits::{Limiter, Standing},
    oauth::{self, Grants},
    requests::{Requests, Row},
    respond, seed,
    tokens::Tokens,
    webhooks::{Keys, Webhooks},
    world::World,
};
use crate::model::{BySide, Kind, Millis, Side};

/// The largest body that is read; the sides have smaller limits of their own.
const LARGEST_BODY: usize = 4 << 20;

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
    pub grants: Grants,
    pub hooks: Webhooks,
    pub gates: BySide<Gate>,
    pub token_rng: fastrand::Rng,
    request_rng: fastrand::Rng,
    /// Idempotency keys of requests that are held back.
    running: BTreeSet<String>,
    settings: Settings,
    pub keys: Arc<Keys>,
}

impl State {
    /// Everything as the seed has it.
    pub fn new(settings: Settings, faults: &BySide<Faults>, keys: Arc<Keys>) -> Self {
        let mut token_rng = fastrand::Rng::with_seed(settings.seed ^ 0x0070_6b65);
        let tokens = Tokens::new(&mut token_rng);
        let grants = Grants::new(&mut token_rng);
        let hooks = Webhooks::new(settings.seed, keys.clone(), grants.apps.ghl.id());
        let world = seed::world(settings.seed, settings.contacts, settings.clock.clone());
        let mut state = Self {
            world,
            tokens,
            grants,
            hooks,
            gates: BySide::from_fn(|_| Gate {
                limiter: Limiter::new(settings.limit),
                requests: Requests::default(),
                faults: Faults::default(),
                meddler: fastrand::Rng::with_seed(settings.seed),
            }),
            token_rng,
            request_rng: fastrand::Rng::with_seed(settings.seed ^ 0x7261_6365),
            running: BTreeSet::new(),
            settings,
            keys,
        };
        state.set_faults(faults);
        state
    }

    /// Back to the seed, without faults.
    pub fn reset(&mut self) {
        let keys = Arc::clone(&self.keys);
        *self = Self::new(self.settings.clone(), &BySide::default(), keys);
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
    fn arrive(&mut self, side: Side, call: &Call) -> Arrived {
        let oauth = oauth::operation(side, call).map(str::to_owned);
        let cost = match side {
            // the limit is of an account, which a request for a token does not name
            _ if oauth.is_some() => 0,
            Side::Ghl => 1,
            Side::Growbots => growbots::cost(&self.world, call),
        };
        let operation = oauth.or_else(|| match side {
            Side::Ghl => ghl::find(call).map(|(route, _)| route.name.to_owned()),
            Side::Growbots => growbots::operation(call),
        });
        let operation = operation.unwrap_or_else(|| "unknown".to_owned());
        let (tick, now) = (self.world.ticks(), self.world.now());
        let window_ms = self.settings.limit.window_ms();
        let gate = self.gates.get_mut(side);
        gate.requests.arrive(tick, cost, window_ms);
        let standing = gate.limiter.take(tick, now.0, cost);
        // one that is refused has no other lot, and uses up no fault
        let fate = if standing.admitted {
            gate.faults.draw(&operation)
        } else {
            Fate::default()
        };
        let once = match side {
            Side::Ghl => None,
            Side::Growbots => growbots::once_place(call),
        };
        let is_repeat = once.as_ref().is_some_and(|p| self.running.contains(p));
        let holds = once.filter(|_| fate.latency_ms > 0 && !is_repeat);
        self.running.extend(holds.clone());
        Arrived {
            side,
            operation,
            cost,
            tick,
            standing,
            fate,
            holds,
        }
    }

    /// Carries a request out.
    fn apply(&mut self, arrived: &Arrived, call: &Call) -> Answer {
        let Arrived { side, fate, .. } = *arrived;
        let mut desk = oauth::Desk {
            world: &mut self.world,
            tokens: &mut self.tokens,
            grants: &mut self.grants,
            rng: &mut self.token_rng,
        };
        if let Some(answer) = oauth::answer(side, &mut desk, call) {
            return answer;
        }
        if side == Side::Growbots
            && self.world.switches.can("idempotency")
            && growbots::once_place(call).is_some_and(|place| self.running.contains(&place))
        {
            return growbots::in_progress(&call.request_id);
        }
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
            Side::Growbots => {
                growbots::answer(&mut self.world, &self.tokens, &mut self.hooks, call)
            }
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
    fn conclude(&mut self, arrived: &Arrived, call: &Call) -> Response {
        let Arrived {
            side,
            standing,
            fate,
            ..
        } = arrived;
        let id = &call.request_id;
        if let Some(place) = &arrived.holds {
            self.running.remove(place);
        }
        let answer = match fate.before {
            before if !standing.admitted || before == Some(Before::Http429) => match side {
                Side::Ghl => ghl::throttled(&self.world.switches, standing),
                Side::Growbots => growbots::throttled(id, standing),
            },
            Some(Before::Reset) => {
                self.end(arrived, "reset", id);
                return respond::severed(false);
            }
            Some(Before::Broken(gateway)) => {
                let (status, name) = gateway.shown();
                let now = self.end(arrived, &status.to_string(), id);
                return self.broken(arrived, (status, name), id, now);
            }
            _ => {
                let answer = self.apply(arrived, call);
                if fate.after == Some(After::Drop) {
                    self.end(arrived, "dropped", id);
                    return respond::severed(true);
                }
                answer
            }
        };
        let now = self.end(arrived, &answer.status.to_string(), id);
        let after = fate.after.filter(|_| answer.status != 429);
        let answer = match side {
            Side::Ghl => ghl::finish(answer, id, standing, &self.world.switches),
            Side::Growbots => growbots::finish(&self.world, answer, id, standing),
        };
        respond::response(&answer, now, after)
    }

    /// A body that is larger than any side takes.
    fn oversized(&mut self, arrived: &Arrived, call: &Call) -> Response {
        let id = &call.request_id;
        let answer = match arrived.side {
            Side::Ghl => {
                let body =
                    serde_json::json!({"statusCode": 413, "message": "request entity too large"});
                let answer = Answer::json(413, body);
                ghl::finish(answer, id, &arrived.standing, &self.world.switches)
            }
            Side::Growbots => {
                let answer = growbots::too_large().answer(id);
                growbots::finish(&self.world, answer, id, &arrived.standing)
            }
        };
        let now = self.end(arrived, "413", id);
        respond::response(&answer, now, None)
    }

    /// A 5xx, as GHL's gateway (HTML) or Growbots (a problem) gives it.
    fn broken(
        &self,
        arrived: &Arrived,
        (status, name): (u16, &str),
        id: &str,
        now: Millis,
    ) -> Response {
        match arrived.side {
            Side::Ghl => {
                let html = format!("<html><body><h1>{status} {name}</h1></body></html>");
                let mut response = respond::plain(status, "text/html", html);
                let date = respond::http_date(now).map(|date| (header::DATE, date));
                response.headers_mut().extend(date);
                response
            }
            Side::Growbots => {
                let code = if status == 500 {
                    "internal"
                } else {
                    "unavailable"
                };
                let answer = growbots::Problem::new(status, code, "something broke").answer(id);
                let answer = growbots::finish(&self.world, answer, id, &arrived.standing);
                respond::response(&answer, now, None)
            }
        }
    }

    fn end(&mut self, arrived: &Arrived, outcome: &str, request_id: &str) -> Millis {
        let (now, tick) = (self.world.now(), self.world.ticks());
        let row = Row {
            side: arrived.side,
            at: now,
            operation: &arrived.operation,
            outcome,
            cost: arrived.cost,
            duration_ms: tick - arrived.tick,
            request_id,
        };
        self.gates.get_mut(arrived.side).requests.end(&row);
        now
    }
}

/// A request that was counted, with its lot.
struct Arrived {
    side: Side,
    operation: String,
    cost: u32,
    tick: i64,
    standing: Standing,
    fate: Fate,
    /// The place of its idempotency key, while the request is held back.
    holds: Option<String>,
}

/// Every request comes here.
pub async fn handle(Shared(sandbox): Shared<Sandbox>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.ok();
    let is_oversized = body.is_none();
    let query = parts.uri.query().unwrap_or_default();
    let mut call = Call {
        method: parts.method,
        path: String::new(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts.headers,
        body: body.unwrap_or_default(),
        request_id: String::new(),
    };
    let under = |base: &str| {
        let rest = parts.uri.path().strip_prefix(base)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    if let Some(path) = under("/_sandbox") {
        call.path = path;
        if let Some((side, kind)) = control::lists_all(&call) {
            return respond::with_body(
                200,
                "application/x-ndjson",
                dump::records(sandbox, side, kind),
            );
        }
        let reply = sandbox.with_state(|state| control::answer(state, &call));
        let content_type = if reply.is_lines {
            "application/x-ndjson"
        } else {
            "application/json"
        };
        return respond::plain(reply.status, content_type, reply.body);
    }
    for (side, base) in [(Side::Ghl, "/ghl"), (Side::Growbots, "/growbots")] {
        if let Some(path) = under(base) {
            call.path = path;
            return serve(&sandbox, side, call, is_oversized).await;
        }
    }
    respond::plain(
        404,
        "text/plain",
        "the sandbox serves /ghl, /growbots and /_sandbox\n".to_owned(),
    )
}

async fn serve(sandbox: &Sandbox, side: Side, mut call: Call, is_oversized: bool) -> Response {
    let arrived = sandbox.with_state(|state| {
        call.request_id = state.request_id(side, call.header("x-request-id"));
        state.arrive(side, &call)
    });
    if is_oversized {
        return sandbox.with_state(|state| state.oversized(&arrived, &call));
    }
    let latency_ms = arrived.fate.latency_ms;
    if latency_ms == 0 {
        return sandbox.with_state(|state| state.conclude(&arrived, &call));
    }
    // a task of its own: what arrived is carried out, also when the client has given up waiting
    let sandbox = sandbox.clone();
    let slow = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
        sandbox.with_state(|state| state.conclude(&arrived, &call))
    });
    slow.await.unwrap_or_else(|_| respond::severed(false))
}
