//! What happened in the world: one event a change, with who did it and which fields moved.

use serde::Serialize;
use serde_json::Value;

use super::record::Body;
use crate::model::{Kind, Side};

/// Who changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// A person in one of the web apps: the control API and the churn.
    User,
    /// A client of the API.
    Api,
    /// The fault `edit_before_write`.
    Fault,
}

/// The author of a change, and the request that made it, where one did.
#[derive(Clone, Debug)]
pub struct By {
    pub(super) actor: Actor,
    pub(super) request_id: Option<String>,
}

impl By {
    /// A person in a web app.
    pub const fn user() -> Self {
        Self {
            actor: Actor::User,
            request_id: None,
        }
    }

    /// The fault that edits a record just before it is written.
    pub const fn fault() -> Self {
        Self {
            actor: Actor::Fault,
            request_id: None,
        }
    }

    /// A client's request.
    pub fn api(request_id: &str) -> Self {
        Self {
            actor: Actor::Api,
            request_id: Some(request_id.to_owned()),
        }
    }
}

/// What was done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Made.
    Create,
    /// Changed.
    Update,
    /// Deleted.
    Delete,
    /// Brought back from a tombstone.
    Restore,
}

/// A field that moved, in the side's wire names; members of objects have a dot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// The wire name.
    pub field: String,
    /// Null where it was not set.
    pub from: Value,
    /// Null where it is not set now.
    pub to: Value,
}

/// One change of one record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Grows by one with each event, from 1.
    pub seq: u64,
    /// When, as the APIs write times.
    pub at: String,
    /// Who.
    pub actor: Actor,
    /// The `traceId` or `X-Request-Id` of the request that did it.
    pub request_id: Option<String>,
    /// Where.
    pub side: Side,
    /// What kind of record.
    pub kind: Kind,
    /// Which.
    pub id: String,
    /// What was done.
    pub op: Op,
    /// What moved; empty for a delete.
    pub fields: Vec<Moved>,
}

/// Fields that a side keeps by itself; they are no news.
const KEPT_BY_THE_SIDE: &[&str] = &[
    "id",
    "_id",
    "version",
    "created_at",
    "updated_at",
    "deleted_at",
    "dateAdded",
    "dateUpdated",
    "createdAt",
    "updatedAt",
    "completed_at",
    "locationId",
    "type",
];

/// What differs between two bodies, in order of name.
pub fn moved(before: Option<&Body>, after: Option<&Body>) -> Vec<Moved> {
    let from = before.map(flat).unwrap_or_default();
    let to = after.map(flat).unwrap_or_default();
    let names: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let a = from.get(name).cloned().unwrap_or_default();
            let b = to.get(name).cloned().unwrap_or_default();
            (a != b).then(|| Moved {
                field: name.clone(),
                from: a,
                to: b,
            })
        })
        .collect()
}

fn flat(body: &Body) -> std::collections::BTreeMap<String, Value> {
    let mut out = std::collections::BTreeMap::new();
    for (name, value) in body {
        if KEPT_BY_THE_SIDE.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Object(members) => {
                for (member, value) in members {
                    out.insert(format!("{name}.{member}"), value.clone());
                }
            }
            Value::Array(values) if name == "customFields" => {
                for field in values {
                    if let Some(id) = field["id"].as_str() {
                        out.insert(format!("{name}.{id}"), field["value"].clone());
                    }
                }
            }
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_moved_is_in_an_event_with_members_by_dot() {
        let before = json!({"version": 1, "name": "a", "address": {"city": "x", "street": null}});
        let after = json!({"version": 2, "name": "a", "address": {"city": "y", "street": null}, "tags": ["t"]});
        let got = moved(before.as_object(), after.as_object());
        let names: Vec<&str> = got.iter().map(|m| m.field.as_str()).collect();
        assert_eq!(names, ["address.city", "tags"]);
        assert_eq!((&got[0].from, &got[0].to), (&json!("x"), &json!("y")));
    }
}
