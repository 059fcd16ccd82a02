//! Growbots' events (facts, section 6) and who is subscribed to them.

use serde_json::{Value, json};

use crate::model::{Kind, Millis};
use crate::sandbox::{
    event::{Event, Op},
    growbots::kind_segment,
    record::Body,
};

/// How long the secret before the last also signs.
const ROTATION_MS: i64 = 24 * 3_600_000;

/// A webhook of the account.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub enabled: bool,
    pub version: u64,
    pub created_at: Millis,
    pub updated_at: Millis,
    secret: String,
    /// The secret before, and when it signs no more.
    before: Option<(String, Millis)>,
}

impl Subscription {
    /// A webhook for all events.
    pub const fn new(id: String, url: String, secret: String, now: Millis) -> Self {
        Self {
            id,
            url,
            events: Vec::new(),
            enabled: true,
            version: 1,
            created_at: now,
            updated_at: now,
            secret,
            before: None,
        }
    }

    /// Whether an event goes there.
    pub fn wants(&self, name: &str) -> bool {
        self.enabled
            && self
                .events
                .iter()
                .any(|event| event == "*" || event == name)
    }

    /// The secrets that sign at a moment, the newest first.
    pub fn secrets(&self, now: Millis) -> impl Iterator<Item = &str> {
        let before = self.before.as_ref().filter(|(_, ends)| *ends > now);
        std::iter::once(self.secret.as_str()).chain(before.map(|(secret, _)| secret.as_str()))
    }

    /// Another secret; the one before it signs for a day more.
    pub fn rotate(&mut self, secret: String, now: Millis) {
        let old = std::mem::replace(&mut self.secret, secret);
        self.before = Some((old, now.plus(ROTATION_MS)));
        self.touch(now);
    }

    /// The next version.
    pub const fn touch(&mut self, now: Millis) {
        self.version += 1;
        self.updated_at = now;
    }

    /// As the API shows it: the secret only where it is new.
    pub fn shown(&self, with_secret: bool) -> Body {
        let mut shown = Body::from_iter([
            ("id".into(), json!(self.id)),
            ("version".into(), json!(self.version)),
            ("url".into(), json!(self.url)),
            ("events".into(), json!(self.events)),
            ("enabled".into(), json!(self.enabled)),
            ("created_at".into(), json!(self.created_at.to_string())),
            ("updated_at".into(), json!(self.updated_at.to_string())),
            ("deleted_at".into(), Value::Null),
        ]);
        if with_secret {
            shown.insert("secret".into(), self.secret.clone().into());
        }
        shown
    }
}

const fn singular(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "lead",
        Kind::Task => "task",
        Kind::Note => "note",
        Kind::Appointment => "meeting",
        Kind::Business => "company",
    }
}

/// Whether there is an event of this name; `*` stands for all.
pub fn is_event(name: &str) -> bool {
    let of_kind = |kind: Kind| {
        let own: &[&str] = match kind {
            Kind::Contact => &["merged", "replied"],
            Kind::Task => &["completed", "reopened"],
            _ => &[],
        };
        let verb = name
            .strip_prefix(singular(kind))
            .and_then(|rest| rest.strip_prefix('.'));
        verb.is_some_and(|verb| {
            ["created", "updated", "deleted", "restored"].contains(&verb) || own.contains(&verb)
        })
    };
    name == "*" || name == "ping" || Kind::ALL.into_iter().any(of_kind)
}

/// The events that a change fires, with the record as it is now, or its tombstone.
pub fn bodies(event: &Event, record: &Body) -> Vec<(String, Value)> {
    let mut verbs = match event.op {
        Op::Create => vec!["created"],
        Op::Update => vec!["updated"],
        Op::Delete if record.contains_key("merged_into") => vec!["merged"],
        Op::Delete => vec!["deleted"],
        Op::Restore => vec!["restored"],
    };
    if event.op == Op::Update {
        for moved in &event.fields {
            match (event.kind, moved.field.as_str(), &moved.to) {
                (Kind::Task, "completed", Value::Bool(true)) => verbs.push("completed"),
                (Kind::Task, "completed", Value::Bool(false)) => verbs.push("reopened"),
                (Kind::Contact, "status", status) if status == "replied" => verbs.push("replied"),
                _ => {}
            }
        }
    }
    let mut changed: Vec<&str> = event
        .fields
        .iter()
        .filter_map(|moved| moved.field.split('.').next())
        .collect();
    changed.dedup();
    let data = json!({
        "kind": kind_segment(event.kind), "id": event.id, "version": record.get("version"),
        "record": record, "changed": changed,
    });
    verbs
        .into_iter()
        .map(|verb| {
            let name = format!("{}.{verb}", singular(event.kind));
            let body = json!({"type": name, "timestamp": event.at, "data": data});
            (name, body)
        })
        .collect()
}
