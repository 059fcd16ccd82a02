//! The built program before a side whose answers are broken, in each way and at each call that matters: the cache is
//! whole and as it was, nothing is written by mistake, an error row says why, and peace brings all of it together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{HeaderMap, HeaderValue};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::lab::Lab;
use super::proxy::{Answered, Asked, Between, Proxy};

const PERSON: &str = "secret@person.test";

/// What becomes of a true answer.
type Break = fn(&mut Answered);

const WAYS: [(&str, Break); 11] = [
    ("truncated", |answer| {
        let half = answer.body.len() / 2;
        answer.body.truncate(half);
    }),
    ("wrong types in the answer", |answer| {
        answer.body = turned(&json_of(answer), 0).to_string().into_bytes();
    }),
    ("wrong types in the records", |answer| {
        answer.body = turned(&json_of(answer), 2).to_string().into_bytes();
    }),
    ("wrong types beside the ids", |answer| {
        answer.body = beside_ids(&json_of(answer)).to_string().into_bytes();
    }),
    ("another document", |answer| {
        answer.body = br#"{"ok": true}"#.to_vec();
    }),
    ("HTML", |answer| {
        let html = HeaderValue::from_static("text/html");
        answer.headers.insert("content-type", html);
        answer.body = format!("<html>\u{1b}[31m{PERSON}</html>").into_bytes();
    }),
    ("50 MB", |answer| answer.body = vec![b' '; 50 << 20]),
    ("deep nesting beside the records", |answer| {
        let deep = ["[".repeat(20_000), "]".repeat(20_000)].concat();
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        answer.body = body.replacen('{', &format!("{{\"x\": {deep}, "), 1).into();
    }),
    ("nothing but deep nesting", |answer| {
        answer.body = ["[".repeat(20_000), "]".repeat(20_000)].concat().into();
    }),
    ("gzip that is none", |answer| {
        let gzip = HeaderValue::from_static("gzip");
        answer.headers.insert("content-encoding", gzip);
    }),
    ("UTF-16", |answer| {
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        answer.body = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }),
];

fn json_of(answer: &Answered) -> Value {
    serde_json::from_slice(&answer.body).expect("the sandbox answers JSON")
}

/// Every value below `depth` in another type: a text is a list, a list a text, a number a group.
fn turned(value: &Value, depth: u32) -> Value {
    match value {
        Value::Object(members) if depth > 0 || members.len() > 1 => {
            let members = members.iter();
            members
                .map(|(key, value)| (key.clone(), turned(value, depth.saturating_sub(1))))
                .collect()
        }
        Value::Array(list) if depth > 0 => list.iter().map(|one| turned(one, depth - 1)).collect(),
        Value::Object(_) | Value::Array(_) => json!("odd"),
        Value::String(_) => json!(["odd", {}]),
        Value::Number(_) | Value::Bool(_) => json!({"odd": []}),
        Value::Null => json!(7.5),
    }
}

/// Names, addresses and tags in another type; all else as it is.
fn beside_ids(value: &Value) -> Value {
    let odd = [
        "firstName",
        "first_name",
        "email",
        "city",
        "address",
        "tags",
    ];
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| match value {
                Value::String(_) | Value::Null if odd.contains(&&**key) => {
                    (key.clone(), json!([{"odd": 1}]))
                }
                Value::Array(_) if odd.contains(&&**key) => (key.clone(), json!({"odd": 1})),
                value => (key.clone(), beside_ids(value)),
            });
            members.collect()
        }
        Value::Array(list) => list.iter().map(beside_ids).collect(),
        other => other.clone(),
    }
}

/// Breaks the answers of one call.
struct Breaking {
    method: &'static str,
    path: &'static str,
    way: Break,
    hits: AtomicU32,
}

impl Between for Breaking {
    fn answer(&self, asked: &Asked, answered: &mut Answered) {
        if asked.method == self.method && is_of(&asked.path, self.path) && answered.status < 300 {
            self.hits.fetch_add(1, Ordering::SeqCst);
            (self.way)(answered);
            if answered.headers.get("content-type").is_none() {
                answered.headers = HeaderMap::new();
            }
        }
    }
}

/// Whether a path is of this form; `*` stands for one part of it.
fn is_of(path: &str, form: &str) -> bool {
    let (path, form) = (path.split('/'), form.split('/'));
    path.clone().count() == form.clone().count()
        && path
            .zip(form)
            .all(|(part, wanted)| wanted == "*" || part == wanted)
}

/// A call whose answers are broken, and what it is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Nothing of it is stored or written to the other side.
    Reading,
    /// The write was carried out, and nobody was told.
    Writing,
}

/// Each way at each of these calls; an edit on `side` is what makes them.
fn all_ways(side: &str, env: &'static str, calls: &[(Of, &'static str, &'static str)]) {
    let lab = Lab::quick(24, 2);
    for _ in 0..3 {
        lab.pass(&["--full", "--children"]);
    }
    // A record that could not be read is marked, and nothing else of it is touched.
    let unmarked = |mut rows: Value| {
        for row in rows.as_array_mut().expect("rows") {
            row["state"] = Value::Null;
        }
        rows
    };
    let contacts = || lab.run(&["contacts", "list", "--json"]).ended(&[0]).json();
    let tasks = || lab.run(&["tasks", "list", "--json"]).ended(&[0]).json();
    let open = |summary: &Value| {
        (
            summary["errors_open"].clone(),
            summary["conflicts_open"].clone(),
        )
    };
    let quiet = open(&lab.pass(&[]));
    let mut harmless = BTreeSet::new();
    for (nth, (name, way)) in WAYS.iter().enumerate() {
        for (of, method, path) in calls {
            let what = format!("{name}, {method} {path}");
            let person = lab.in_step(nth % 10);
            let id = |side: &str| person[side].as_str().expect("linked").to_owned();
            let city = format!("{what} {}", side.len());
            let (from, patch) = match (side, *of) {
                ("ghl", Of::Reading) | ("growbots", Of::Writing) => ("ghl", json!({"city": city})),
                _ => ("growbots", json!({"address": {"city": city}})),
            };
            let before = (unmarked(contacts()), unmarked(tasks()));
            lab.edit(from, "contact", &id(&format!("{from}_id")), &patch);
            let events = lab.events().len();
            let breaking = Arc::new(Breaking {
                method,
                path,
                way: *way,
                hits: AtomicU32::new(0),
            });
            let proxy = Proxy::before(&lab.env()[env], Arc::clone(&breaking) as _);
            let ran = lab
                .command(&["sync", "--once", "--json", "--full"])
                .env(env, &proxy.url)
                .output()
                .expect("it starts");
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert!(
                breaking.hits.load(Ordering::SeqCst) > 0,
                "{what}: not asked"
            );
            assert!(
                matches!(ran.status.code(), Some(0 | 1 | 3)),
                "{what}: {said}"
            );
            assert!(
                !said.contains("panicked") && !said.contains(PERSON),
                "{what}: {said}"
            );
            whole(&lab, &what);
            let events = lab.events().split_off(events);
            let by_us = events.iter().filter(|event| event["actor"] == "api");
            let by_us: Vec<_> = by_us.collect();
            let is_told = is_told(&lab, side, &what);
            if *of == Of::Reading && is_told {
                assert_eq!(by_us.len(), 0, "{what}: {events:?}");
                let now = (unmarked(contacts()), unmarked(tasks()));
                assert!(now == before, "{what}: the cache: {now:?}");
            } else {
                // The answer could be read after all, or its record by id; a write is settled by reading it back. The
                // edit arrived, once, and nothing else was written.
                let cities = by_us
                    .iter()
                    .filter(|event| event.to_string().contains(&city));
                assert_eq!((cities.count(), by_us.len()), (1, 1), "{what}: {events:?}");
                assert!(!is_told, "{what}: it is settled");
                if *of == Of::Reading {
                    harmless.insert(*name);
                }
            }
            drop(proxy);
            for _ in 0..2 {
                lab.pass(&["--full"]);
            }
            assert_eq!(open(&lab.pass(&[])), quiet, "{what}: it is over");
            let there = &lab.records("growbots", "contact")[&id("growbots_id")];
            assert_eq!(there["address"]["city"], json!(city), "{what}");
            let here = &lab.records("ghl", "contact")[&id("ghl_id")];
            assert_eq!(here["city"], json!(city), "{what}");
        }
    }
    // What nobody asked for may be as deep as it likes, and a row of a listing is only a reason to read the record.
    for name in harmless {
        let may = [
            "deep nesting beside the records",
            "wrong types beside the ids",
        ];
        assert!(may.contains(&name), "{name} was not told");
    }
}

/// Whether an open error row says what is wrong with this side.
fn is_told(lab: &Lab, side: &str, what: &str) -> bool {
    let errors = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    errors.as_array().expect("rows").iter().any(|row| {
        let message = row["message"].as_str().expect("a text");
        assert!(!message.contains("person"), "{what}: {message}");
        row["state"] == "open" && row["side"] == side
    })
}

/// The database is sound.
fn whole(lab: &Lab, what: &str) {
    let database = Connection::open(lab.data().join("default.db")).expect("a database");
    let check = |pragma: &str| {
        let row = database.query_row(pragma, [], |row| row.get::<_, String>(0));
        row.unwrap_or_else(|_| "ok".to_owned())
    };
    assert_eq!(check("PRAGMA integrity_check"), "ok", "{what}");
    assert_eq!(check("PRAGMA foreign_key_check"), "ok", "{what}");
}

#[test]
fn broken_answers_of_ghl_corrupt_nothing_and_are_told() {
    all_ways(
        "ghl",
        "COUPLET_GHL_URL",
        &[
            (Of::Reading, "POST", "/contacts/search"),
            (Of::Reading, "GET", "/contacts/*"),
            (Of::Writing, "PUT", "/contacts/*"),
        ],
    );
}

#[test]
fn broken_answers_of_growbots_corrupt_nothing_and_are_told() {
    all_ways(
        "growbots",
        "COUPLET_GROWBOTS_URL",
        &[
            (Of::Reading, "GET", "/v1/changes"),
            (Of::Writing, "PATCH", "/v1/leads/*"),
        ],
    );
}
