//! A Growbots server with other paths, other names and an account header: couplet works with it by config alone.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use super::lab::Lab;
use super::proxy::{Answered, Asked, Between, Proxy};
use super::together;

const CONFIG: &str = r#"
[growbots]
api_prefix = "/api/v2"
account_id = "acc_7"
account_header = "X-Tenant"
user_agent = "near-miss-test"
page_size = 7

[growbots.paths]
leads = "crm/people"
tasks = "todos"
account = "me"

[growbots.wire]
leads.first_name = "given_name"
leads.email = "mail"
leads.tags = "labels"
leads.address = "place"
"leads.address.city" = "town"
tasks.lead_id = "person"
tasks.due_at = "deadline"
tasks.completed = "done"
"#;

/// The contract's path and the server's.
const PATHS: [(&str, &str); 3] = [
    ("leads", "crm/people"),
    ("tasks", "todos"),
    ("account", "me"),
];

/// The contract's names and the server's, of leads and of tasks; members of the address apart.
fn names(kind: &str) -> &'static [(&'static str, &'static str)] {
    match kind {
        "leads" => &[
            ("first_name", "given_name"),
            ("email", "mail"),
            ("tags", "labels"),
            ("address", "place"),
        ],
        "tasks" => &[
            ("lead_id", "person"),
            ("due_at", "deadline"),
            ("completed", "done"),
        ],
        _ => &[],
    }
}

#[derive(Default)]
struct NearMiss {
    /// What the server was asked that it does not know.
    wrong: Mutex<Vec<String>>,
}

/// Renames the keys of an object; a key of the other vocabulary is told.
fn rename(object: &mut Value, pairs: &[(&str, &str)], wrong: &mut Vec<String>) {
    let Value::Object(fields) = object else {
        return;
    };
    let mut renamed = Map::new();
    for (name, value) in std::mem::take(fields) {
        match pairs.iter().find(|(from, _)| *from == name) {
            Some((_, to)) => renamed.insert((*to).to_owned(), value),
            None if pairs.iter().any(|(_, to)| *to == name) => {
                wrong.push(name);
                continue;
            }
            None => renamed.insert(name, value),
        };
    }
    *fields = renamed;
}

fn turned<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    pairs
        .iter()
        .map(|(ours, theirs)| (*theirs, *ours))
        .collect()
}

impl NearMiss {
    /// A record of the contract under the server's names.
    fn to_server(kind: &str, record: &mut Value) {
        let mut none = vec![];
        if kind == "leads" {
            rename(&mut record["address"], &[("city", "town")], &mut none);
        }
        rename(record, names(kind), &mut none);
    }

    /// A record or a patch under the server's names as the contract has it.
    fn to_contract(kind: &str, record: &mut Value, wrong: &mut Vec<String>) {
        rename(record, &turned(names(kind)), wrong);
        if kind == "leads" && record.get("address").is_some() {
            rename(&mut record["address"], &[("town", "city")], wrong);
        }
    }
}

impl Between for NearMiss {
    fn ask(&self, asked: &mut Asked) {
        let mut wrong = self.wrong.lock().expect("one at a time");
        if asked.headers.get("x-tenant").is_none_or(|id| id != "acc_7") {
            wrong.push(format!("no account: {}", asked.path));
        }
        if asked
            .headers
            .get("user-agent")
            .is_none_or(|agent| agent != "near-miss-test")
        {
            wrong.push("another user agent".into());
        }
        let Some(path) = asked.path.strip_prefix("/api/v2/").map(str::to_owned) else {
            wrong.push(asked.path.clone());
            return;
        };
        if PATHS
            .iter()
            .any(|(ours, _)| path.split('/').next() == Some(ours))
        {
            wrong.push(path.clone());
        }
        let ours = PATHS.iter().find_map(|(ours, theirs)| {
            let rest = path.strip_prefix(theirs)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{ours}{rest}"))
        });
        let path = ours.unwrap_or(path);
        let kind = path.split('/').next().unwrap_or("").to_owned();
        asked.path = format!("/v1/{path}");
        asked.query = asked.query.take().map(|query| {
            let pairs = query.split('&').map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                if name == "limit" && value != "7" && kind != "changes" {
                    wrong.push(format!("{kind} {pair}"));
                }
                if names(&kind).iter().any(|(ours, _)| *ours == name) {
                    wrong.push(format!("{kind}?{name}"));
                }
                let ours = names(&kind).iter().find(|(_, theirs)| *theirs == name);
                format!("{}={value}", ours.map_or(name, |(ours, _)| ours))
            });
            pairs.collect::<Vec<_>>().join("&")
        });
        if let Ok(mut body) = serde_json::from_slice::<Value>(&asked.body) {
            if kind == "batch" {
                for operation in body["operations"].as_array_mut().into_iter().flatten() {
                    let theirs = operation["kind"].as_str().unwrap_or("").to_owned();
                    let ours = PATHS.iter().find(|(_, name)| *name == theirs);
                    let of = ours.map_or(&*theirs, |(ours, _)| ours);
                    Self::to_contract(of, &mut operation["record"], &mut wrong);
                    operation["kind"] = of.into();
                }
            } else {
                Self::to_contract(&kind, &mut body, &mut wrong);
            }
            asked.body = body.to_string().into_bytes();
        }
    }

    fn answer(&self, asked: &Asked, answered: &mut Answered) {
        let kind = asked.path.split('/').nth(2).unwrap_or("").to_owned();
        let Ok(mut body) = serde_json::from_slice::<Value>(&answered.body) else {
            return;
        };
        if kind == "changes" {
            for change in body["data"].as_array_mut().into_iter().flatten() {
                let of = change["kind"].as_str().unwrap_or("").to_owned();
                Self::to_server(&of, &mut change["record"]);
                if let Some((_, theirs)) = PATHS.iter().find(|(ours, _)| *ours == of) {
                    change["kind"] = (*theirs).into();
                }
            }
        } else if let Some(rows) = body["data"].as_array_mut() {
            for row in rows {
                Self::to_server(&kind, row);
            }
        } else if kind == "batch" {
            let sent: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            for result in body["results"].as_array_mut().into_iter().flatten() {
                let at = result["index"].as_u64().unwrap_or(0) as usize;
                let of = sent["operations"][at]["kind"].as_str().unwrap_or("");
                for place in ["/record", "/problem/current"] {
                    if let Some(record) = result.pointer_mut(place) {
                        Self::to_server(of, record);
                    }
                }
            }
        } else if body.get("code").is_some() {
            if body.get("current").is_some() {
                Self::to_server(&kind, &mut body["current"]);
            }
        } else {
            Self::to_server(&kind, &mut body);
        }
        answered.body = body.to_string().into_bytes();
    }
}

#[test]
fn a_server_with_other_paths_and_names_works_by_config_alone() {
    let lab = Lab::quick(20, 8);
    let near = Arc::new(NearMiss::default());
    let proxy = Proxy::before(&lab.env()["COUPLET_GROWBOTS_URL"], Arc::clone(&near) as _);
    let config = lab.data().join("near.toml");
    std::fs::write(&config, CONFIG).expect("a folder of our own");
    together::edits_and_deletes_on_both_sides_arrive_once(&lab, &|command| {
        command
            .env("COUPLET_GROWBOTS_URL", &proxy.url)
            .env("COUPLET_CONFIG", &config);
    });
    let wrong = near.wrong.lock().expect("one at a time");
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_rename_of_what_is_not_there_is_a_usage_problem_that_names_it() {
    let lab = Lab::quick(1, 8);
    let config = lab.data().join("near.toml");
    std::fs::write(&config, "[growbots.wire]\nleads.emial = \"mail\"\n").expect("a folder");
    let ran = lab.run(&[
        "sync",
        "--once",
        "--config",
        config.to_str().expect("UTF-8"),
    ]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("leads.emial"), "{}", ran.err);
}
