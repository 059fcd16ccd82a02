//! The account's own webhooks (facts, sections 5 and 6): made, changed, rotated and tested over the API.

use serde_json::{Value, json};

use super::{
    lists,
    problem::{FieldError, Problem},
    run::object,
};
use crate::sandbox::{
    http::{Answer, Call},
    ids,
    record::Body,
    webhooks::{Subscription, Webhooks, is_event, secret},
    world::World,
};

/// What a path under `/webhooks` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    List,
    Create,
    Get(String),
    Patch(String),
    Delete(String),
    Rotate(String),
    Test(String),
}

impl Op {
    /// The operation of a method and the path after `/webhooks`.
    pub fn find(method: &str, rest: &[&str]) -> Option<Self> {
        Some(match (method, rest) {
            ("GET", []) => Self::List,
            ("POST", []) => Self::Create,
            ("GET", [id]) => Self::Get((*id).to_owned()),
            ("PATCH", [id]) => Self::Patch((*id).to_owned()),
            ("DELETE", [id]) => Self::Delete((*id).to_owned()),
            ("POST", [id, "rotate"]) => Self::Rotate((*id).to_owned()),
            ("POST", [id, "test"]) => Self::Test((*id).to_owned()),
            _ => return None,
        })
    }

    /// The scope that it needs.
    pub const fn scope(&self) -> &'static str {
        match self {
            Self::List | Self::Get(_) => "webhooks.read",
            _ => "webhooks.write",
        }
    }
}

/// Carries an operation out.
pub fn run(
    world: &mut World,
    hooks: &mut Webhooks,
    call: &Call,
    op: &Op,
) -> Result<Answer, Problem> {
    let now = world.now();
    let missing = || Problem::new(404, "not_found", "there is no such webhook");
    match op {
        Op::List => {
            let all = hooks.subscriptions.values();
            let rows = all.map(|hook| hook.shown(false)).collect();
            lists::plain(world, call, rows)
        }
        Op::Create => {
            let given = object(call)?;
            let id = ids::ulid(&mut hooks.rng, "wh_", now);
            let mut made = Subscription::new(id, String::new(), secret(&mut hooks.rng), now);
            change(&mut made, &given)?;
            for (name, is_missing) in [
                ("url", made.url.is_empty()),
                ("events", made.events.is_empty()),
            ] {
                if is_missing {
                    let error = FieldError::new(name, "required", "this field is required");
                    return Err(Problem::invalid(&[error]));
                }
            }
            let answer = Answer::json(201, made.shown(true).into())
                .with("location", format!("/v1/webhooks/{}", made.id));
            hooks.subscriptions.insert(made.id.clone(), made);
            Ok(answer)
        }
        Op::Get(id) => {
            let found = hooks.subscriptions.get(id).ok_or_else(missing)?;
            Ok(Answer::json(200, found.shown(false).into()))
        }
        Op::Patch(id) => {
            let found = hooks.subscriptions.get_mut(id).ok_or_else(missing)?;
            let mut changed = found.clone();
            change(&mut changed, &object(call)?)?;
            changed.touch(now);
            *found = changed;
            Ok(Answer::json(200, found.shown(false).into()))
        }
        Op::Delete(id) => {
            hooks.subscriptions.remove(id).ok_or_else(missing)?;
            Ok(Answer::empty(204))
        }
        Op::Rotate(id) => {
            let next = secret(&mut hooks.rng);
            let found = hooks.subscriptions.get_mut(id).ok_or_else(missing)?;
            found.rotate(next.clone(), now);
            Ok(Answer::json(200, json!({"secret": next})))
        }
        Op::Test(id) => {
            hooks.subscriptions.get(id).ok_or_else(missing)?;
            hooks.ping(id, now);
            Ok(Answer::empty(202))
        }
    }
}

/// Puts what was given into a webhook, all or nothing for its caller.
fn change(hook: &mut Subscription, given: &Body) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    for (name, value) in given {
        let invalid = |detail: &str| FieldError::new(name, "invalid", detail);
        match (name.as_str(), value) {
            ("url", Value::String(url)) if may_go(url) => hook.url.clone_from(url),
            ("url", _) => wrong.push(invalid("an https URL is expected, or http on loopback")),
            ("events", Value::Array(list)) => {
                let names: Option<Vec<String>> = list
                    .iter()
                    .map(|name| {
                        name.as_str()
                            .filter(|name| is_event(name))
                            .map(str::to_owned)
                    })
                    .collect();
                match names.filter(|names| !names.is_empty()) {
                    Some(names) => hook.events = names,
                    None => wrong.push(invalid("a list of events is expected")),
                }
            }
            ("enabled", Value::Bool(enabled)) => hook.enabled = *enabled,
            ("events" | "enabled", _) => wrong.push(FieldError::new(
                name,
                "invalid_type",
                "a value of another type is expected",
            )),
            ("id" | "version" | "secret" | "created_at" | "updated_at" | "deleted_at", _) => {
                let detail = "this field cannot be written";
                wrong.push(FieldError::new(name, "read_only", detail));
            }
            _ => wrong.push(FieldError::new(
                name,
                "unknown_field",
                "there is no such field",
            )),
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(&wrong))
    }
}

fn may_go(given: &str) -> bool {
    let Ok(url) = url::Url::parse(given) else {
        return false;
    };
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || url.scheme() == "http" && is_loopback
}
