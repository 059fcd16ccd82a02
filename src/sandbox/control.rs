//! The control API at `/_sandbox`: it stands in for the people who use the two web apps, and sets what goes wrong.

use http::Method;
use serde_json::{Value, json};

use super::{
    event::By,
    faults,
    http::Call,
    record::{Body, text},
    server::State,
    tokens::Grant,
    users::{self, Denied},
    webhooks::Plan,
};
use crate::model::{BySide, Kind, Side};

/// A status and a body; NDJSON where it is several lines.
pub struct Reply {
    pub status: u16,
    pub body: String,
    pub is_lines: bool,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            body: body.to_string(),
            is_lines: false,
        }
    }

    fn lines(rows: impl Iterator<Item = String>) -> Self {
        Self {
            status: 200,
            body: rows.map(|row| row + "\n").collect(),
            is_lines: true,
        }
    }
}

/// What is wrong with a request to the control API.
struct Wrong(u16, Value);

impl Wrong {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self(status, json!({"error": message.into()}))
    }

    fn not_found() -> Self {
        Self::new(404, "there is no such call, side, kind or record")
    }
}

impl From<Denied> for Wrong {
    fn from(denied: Denied) -> Self {
        Self(denied.status, denied.body)
    }
}

/// Answers a call; `path` is without `/_sandbox`.
pub fn answer(state: &mut State, call: &Call) -> Reply {
    route(state, call).unwrap_or_else(|Wrong(status, body)| Reply::json(status, &body))
}

fn route(state: &mut State, call: &Call) -> Result<Reply, Wrong> {
    let path = call.path.trim_matches('/').to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    let ok = |body: &Value| Ok(Reply::json(200, body));
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", ["state"]) => ok(&world_state(state)),
        (_, ["records", side, kind, rest @ ..]) => {
            let side: Side = side.parse().map_err(|_| Wrong::not_found())?;
            let kind: Kind = kind.parse().map_err(|_| Wrong::not_found())?;
            records(state, call, side, kind, rest)
        }
        ("GET", ["events"]) => {
            let after: u64 = call
                .param("after")
                .and_then(|seq| seq.parse().ok())
                .unwrap_or(0);
            let events = state.world.events();
            let rows = events.iter().skip(after as usize);
            Ok(Reply::lines(
                rows.filter_map(|event| serde_json::to_string(event).ok()),
            ))
        }
        ("GET", ["requests"]) => {
            let with_log = call.param("log") == Some("1");
            let shown = state
                .gates
                .as_ref()
                .map(|gate| gate.requests.shown(with_log));
            ok(&json!(shown))
        }
        ("PUT", ["faults"]) => {
            let read = faults::read(&Value::Object(object(call)?));
            state.set_faults(&read.map_err(|error| Wrong::new(400, error.to_string()))?);
            ok(&json!({}))
        }
        ("GET", ["settings"]) => ok(&state.world.switches.shown()),
        ("PUT", ["settings"]) => {
            let set = state.world.switches.set(&object(call)?);
            set.map_err(|error| Wrong::new(400, error.to_string()))?;
            ok(&state.world.switches.shown())
        }
        ("GET", ["webhooks"]) => ok(&state.hooks.shown()),
        ("PUT", ["webhooks"]) => {
            let (side, rest) = side_and_rest(call)?;
            let plan = Plan::read(rest.into()).map_err(|error| Wrong::new(400, error))?;
            let now = state.world.now();
            state.hooks.set(side, plan, now);
            ok(&state.hooks.shown())
        }
        ("POST", ["webhooks", "emit"]) => {
            let (side, rest) = side_and_rest(call)?;
            let body = rest.get("body").filter(|body| !body.is_null());
            let body = body.ok_or_else(|| Wrong::new(400, "`body` is needed"))?;
            let now = state.world.now();
            let location = &state.world.place.location_id;
            if state.hooks.emit(side, location, body, now) {
                Ok(Reply::json(202, &state.hooks.shown()))
            } else {
                Err(Wrong::new(409, "nobody is listening: set a `url` first"))
            }
        }
        ("POST", ["tokens"]) => new_token(state, call),
        ("DELETE", ["tokens", token])
            if state.tokens.revoke(token) || state.grants.revoke(token) =>
        {
            ok(&json!({}))
        }
        ("POST", ["clock"]) => {
            let ms = object(call)?
                .get("advance_ms")
                .and_then(Value::as_i64)
                .filter(|ms| *ms >= 0);
            state.world.advance(
                ms.ok_or_else(|| Wrong::new(400, "`advance_ms` must be a number, not negative"))?,
            );
            state.hooks.stir();
            ok(&json!({"clock": state.world.now().to_string()}))
        }
        ("POST", ["reset"]) => {
            state.reset();
            ok(&json!({}))
        }
        _ => Err(Wrong::not_found()),
    }
}

fn object(call: &Call) -> Result<Body, Wrong> {
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Wrong::new(400, "a JSON object is expected")),
        Err(error) => Err(Wrong::new(400, error.to_string())),
    }
}

/// The side that a body names, and the rest of it.
fn side_and_rest(call: &Call) -> Result<(Side, Body), Wrong> {
    let mut body = object(call)?;
    let side = text(&body, "side").and_then(|side| side.parse::<Side>().ok());
    let side = side.ok_or_else(|| Wrong::new(400, "`side` must be `ghl` or `growbots`"))?;
    body.shift_remove("side");
    Ok((side, body))
}

fn world_state(state: &mut State) -> Value {
    let counts = BySide::from_fn(|side| {
        let of = |kind: Kind| {
            (
                kind.name().to_owned(),
                state.world.records(side, kind).count().into(),
            )
        };
        Kind::ALL.into_iter().map(of).collect::<Body>()
    });
    json!({
        "seed": state.world.seed(), "clock": state.world.now().to_string(),
        "ghl": counts.ghl, "growbots": counts.growbots,
    })
}

fn raw(side: Side, kind: Kind, body: &Body) -> Value {
    json!({"id": body.get("id"), "raw": users::shown(side, kind, body)})
}

fn records(
    state: &mut State,
    call: &Call,
    side: Side,
    kind: Kind,
    rest: &[&str],
) -> Result<Reply, Wrong> {
    let by = By::user();
    let world = &mut state.world;
    let (status, body) = match (&call.method, rest) {
        (&Method::GET, []) => {
            let rows = world.records(side, kind);
            return Ok(Reply::lines(
                rows.map(|body| raw(side, kind, body).to_string()),
            ));
        }
        (&Method::GET, [id]) => (200, world.read(side, kind, id)?),
        (&Method::POST, []) => (201, world.create(&by, side, kind, object(call)?)?),
        (&Method::POST, [id, "merge"]) if kind == Kind::Contact => {
            let body = object(call)?;
            (
                200,
                world.merge(&by, side, id, text(&body, "into").unwrap_or_default())?,
            )
        }
        (&Method::PATCH, [id]) => (200, world.edit(&by, side, kind, id, object(call)?)?),
        (&Method::DELETE, [id]) => {
            world.delete(&by, side, kind, id)?;
            return Ok(Reply::json(200, &json!({})));
        }
        _ => return Err(Wrong::not_found()),
    };
    Ok(Reply::json(status, &raw(side, kind, &body)))
}

fn new_token(state: &mut State, call: &Call) -> Result<Reply, Wrong> {
    let (side, body) = side_and_rest(call)?;
    let mut grant = match text(&body, "user_type") {
        None | Some("Location") => Grant::all(side),
        Some("Company") if side == Side::Ghl => Grant::company(),
        Some(_) => {
            return Err(Wrong::new(
                400,
                "`user_type` must be `Location` or `Company`",
            ));
        }
    };
    match body.get("scopes") {
        None | Some(Value::Null) => {}
        Some(Value::String(list)) => {
            grant.scopes = list.split_whitespace().map(str::to_owned).collect();
        }
        Some(list) => {
            grant.scopes = serde_json::from_value(list.clone())
                .map_err(|_| Wrong::new(400, "`scopes` must be a list of names"))?;
        }
    }
    let ends = body
        .get("expires_in")
        .and_then(Value::as_i64)
        .map(|s| state.world.now().plus(s * 1000));
    let rng = &mut state.token_rng;
    let mut made = json!({"token": state.tokens.add(rng, grant.clone(), ends)});
    if body.get("refresh") == Some(&true.into()) {
        made["refresh_token"] = state.grants.refresh_token(rng, grant, None).into();
    }
    Ok(Reply::json(201, &made))
}
