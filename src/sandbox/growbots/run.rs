//! What each operation does, once its caller is let in.

use serde_json::{Value, json};

use super::{
    Op, batch, kind_segment, lists,
    once::once,
    problem::{FieldError, Problem},
    rules,
};
use crate::model::{Kind, Side};
use crate::sandbox::{
    event::By,
    http::{Answer, Call},
    place::{self, User},
    record::{Body, text},
    tokens::Tokens,
    world::World,
};

/// Carries an operation out.
pub fn run(world: &mut World, tokens: &Tokens, call: &Call, op: &Op) -> Result<Answer, Problem> {
    let by = By::api(&call.request_id);
    match op {
        Op::Account => Ok(account(world, &tokens.scopes(call.bearer()))),
        Op::Users => {
            let users = world.place.users.iter();
            let rows = users.map(user).collect();
            lists::plain(world, call, rows)
        }
        Op::User(id) => {
            let found = world
                .place
                .users
                .iter()
                .find(|user| user.ids.growbots == *id);
            let found =
                found.ok_or_else(|| Problem::new(404, "not_found", "there is no such user"))?;
            Ok(Answer::json(200, user(found).into()))
        }
        Op::Changes => {
            let scopes = tokens.scopes(call.bearer());
            let may_read = |kind: &Kind| scopes.contains(&format!("{}.read", kind_segment(*kind)));
            let readable: Vec<Kind> = Kind::ALL.into_iter().filter(may_read).collect();
            lists::changes(world, call, &readable)
        }
        Op::List(kind) => lists::records(world, call, *kind),
        Op::Get(kind, id) => get(world, call, *kind, id),
        Op::Create(kind) => once(world, call, |world| {
            let made = rules::create(world, &by, *kind, &object(call)?)?;
            let at = format!(
                "/v1/{}/{}",
                kind_segment(*kind),
                text(&made, "id").unwrap_or_default()
            );
            Ok(record(world, 201, &made).with("location", at))
        }),
        Op::Patch(kind, id) => {
            let before = rules::find(world, *kind, id)?;
            check_tag(world, call.header("if-match"), &before, true)?;
            let after = rules::edit(world, &by, *kind, id, &object(call)?)?;
            Ok(record(world, 200, &after))
        }
        Op::Delete(kind, id) => {
            let before = rules::find(world, *kind, id)?;
            check_tag(world, call.header("if-match"), &before, true)?;
            rules::delete(world, &by, *kind, id)?;
            Ok(Answer::empty(204))
        }
        Op::Restore(kind, id) => once(world, call, |world| {
            let back = rules::restore(world, &by, *kind, id)?;
            Ok(record(world, 200, &back))
        }),
        Op::SetCompleted(id, completed) => once(world, call, |world| {
            let before = rules::find(world, Kind::Task, id)?;
            check_tag(world, call.header("if-match"), &before, false)?;
            let patch = Body::from_iter([("completed".into(), (*completed).into())]);
            let after = rules::edit(world, &by, Kind::Task, id, &patch)?;
            Ok(record(world, 200, &after))
        }),
        Op::Merge(id) => once(world, call, |world| {
            let before = rules::find(world, Kind::Contact, id)?;
            check_tag(world, call.header("if-match"), &before, true)?;
            let body = known(object(call)?, &["into"])?;
            let survivor =
                rules::merge_leads(world, &by, id, text(&body, "into").unwrap_or_default())?;
            Ok(record(world, 200, &survivor))
        }),
        Op::Tags(id) => once(world, call, |world| {
            rules::find(world, Kind::Contact, id)?;
            let change = known(object(call)?, &["add", "remove"])?;
            let (add, remove) = (list(&change, "add")?, list(&change, "remove")?);
            let after = rules::retag(world, &by, id, &add, &remove)?;
            Ok(record(world, 200, &after))
        }),
        Op::Batch => once(world, call, |world| {
            let scopes = tokens.scopes(call.bearer());
            let may_write = |kind| scopes.contains(&format!("{}.write", kind_segment(kind)));
            batch::run(world, call, may_write)
        }),
        Op::Webhooks(_) => Err(Problem::new(404, "not_found", "there is no such path")),
    }
}

/// A body that has no other members than these.
fn known(body: Body, names: &[&str]) -> Result<Body, Problem> {
    let others = body.keys().filter(|name| !names.contains(&name.as_str()));
    let wrong: Vec<FieldError> = others
        .map(|name| FieldError::new(name, "unknown_field", "there is no such field"))
        .collect();
    if wrong.is_empty() {
        Ok(body)
    } else {
        Err(Problem::invalid(&wrong))
    }
}

/// A list of texts; empty where there is none.
fn list(body: &Body, name: &str) -> Result<Vec<Value>, Problem> {
    match body.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => Ok(list.clone()),
        Some(_) => {
            let error = FieldError::new(name, "invalid_type", "a list of tags is expected");
            Err(Problem::invalid(&[error]))
        }
    }
}

fn get(world: &mut World, call: &Call, kind: Kind, id: &str) -> Result<Answer, Problem> {
    let body = rules::find(world, kind, id)?;
    let unchanged = call
        .header("if-none-match")
        .is_some_and(|tags| names_tag(tags, &body));
    if unchanged && world.switches.can("etag") {
        return Ok(Answer::empty(304).with("etag", tag_of(&body)));
    }
    Ok(record(world, 200, &body))
}

fn record(world: &World, status: u16, body: &Body) -> Answer {
    let answer = Answer::json(status, body.clone().into());
    if world.switches.can("etag") {
        answer.with("etag", tag_of(body))
    } else {
        answer
    }
}

fn tag_of(body: &Body) -> String {
    format!(
        "\"{}\"",
        body.get("version").and_then(Value::as_u64).unwrap_or(0)
    )
}

fn names_tag(tags: &str, body: &Body) -> bool {
    let own = tag_of(body);
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag == own)
}

/// Refuses a write whose `If-Match` is not the record's, or is missing where it must be there.
pub fn check_tag(
    world: &World,
    sent: Option<&str>,
    body: &Body,
    is_required: bool,
) -> Result<(), Problem> {
    if !world.switches.can("etag") {
        return Ok(());
    }
    match sent {
        None if is_required => Err(Problem::new(
            428,
            "precondition_required",
            "`If-Match` is needed here",
        )),
        Some(tags) if !names_tag(tags, body) => {
            let current = Value::Object(body.clone());
            Err(
                Problem::new(412, "version_mismatch", "the record has moved on")
                    .with("current", current),
            )
        }
        _ => Ok(()),
    }
}

/// The body as an object.
pub fn object(call: &Call) -> Result<Body, Problem> {
    let bad = |detail: String| Problem::new(400, "invalid_json", detail);
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(bad("an object is expected".into())),
        Err(error) => Err(bad(error.to_string())),
    }
}

fn account(world: &mut World, scopes: &[String]) -> Answer {
    let counts: Body = Kind::ALL
        .into_iter()
        .map(|kind| {
            (
                kind_segment(kind).to_owned(),
                world.all(Side::Growbots, kind).count().into(),
            )
        })
        .collect();
    Answer::json(
        200,
        json!({
            "id": world.place.account_id, "name": "Harbour Street Agency", "time_zone": place::TIME_ZONE,
            "scopes": scopes, "capabilities": world.switches.capabilities, "counts": counts,
            "server_time": world.now().to_string(),
        }),
    )
}

/// A user as both routes show it.
pub fn user(user: &User) -> Body {
    let name = format!("{} {}", user.first, user.last);
    Body::from_iter([
        ("id".into(), user.ids.growbots.clone().into()),
        ("name".into(), name.into()),
        ("email".into(), user.email.clone().into()),
        ("active".into(), true.into()),
    ])
}
