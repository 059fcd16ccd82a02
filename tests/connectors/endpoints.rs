//! `couplet doctor --endpoints`.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::{Value, json};

use super::lab::Lab;
use super::proxy::{Answered, Asked, Between, Proxy};

const WALK: &[&str] = &["doctor", "--endpoints", "--json"];

/// What GHL holds.
fn held(lab: &Lab) -> Value {
    let (_, text) = lab.call("GET", "/state", None);
    serde_json::from_str::<Value>(&text).expect("JSON")["ghl"].clone()
}

fn row(answer: &Value, number: usize) -> &Value {
    &answer["rows"][number - 1]
}

/// Exactly the 17 rows, each with all its keys.
fn are_whole(answer: &Value) {
    let rows = answer["rows"].as_array().expect("rows");
    let numbers: Vec<_> = rows.iter().map(|row| row["row"].as_u64()).collect();
    assert_eq!(numbers, (1..=17).map(Some).collect::<Vec<_>>());
    for row in rows {
        for key in ["operation", "status", "ms", "requests", "ok", "checked"] {
            assert!(row.get(key).is_some(), "{key} in {row}");
        }
    }
}

#[test]
fn all_seventeen_rows_are_right_and_nothing_stays_behind() {
    let lab = Lab::quick(30, 4);
    let before = held(&lab);
    let answer = lab.run(WALK).ended(&[0]).json();
    are_whole(&answer);
    assert_eq!(answer["ok"], true, "{answer}");
    for row in answer["rows"].as_array().expect("rows") {
        assert_eq!(row["ok"], true, "{row}");
        let want = match row["row"].as_u64() {
            Some(9 | 10 | 13 | 17) => 201,
            _ => 200,
        };
        assert_eq!(row["status"], want, "{row}");
    }
    assert_eq!(held(&lab), before);
}

#[test]
fn a_token_that_only_reads_is_told_apart_and_nothing_is_written() {
    let lab = Lab::quick(30, 4);
    let scopes = json!({"side": "ghl", "expires_in": 3600, "scopes":
        ["contacts.readonly", "locations.readonly", "businesses.readonly", "users.readonly"]});
    let (_, token) = lab.call("POST", "/tokens", Some(&scopes));
    let token: Value = serde_json::from_str(&token).expect("JSON");
    let token = token["token"].as_str().or(token["access_token"].as_str());
    let before = held(&lab);
    let events = lab.events().len();
    let ran = lab
        .command(WALK)
        .env("COUPLET_GHL_TOKEN", token.expect("a token"))
        .output()
        .expect("it starts");
    assert_eq!(ran.status.code(), Some(5));
    let answer: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    are_whole(&answer);
    assert_eq!(answer["ok"], false);
    for number in [1, 2, 4, 6, 7, 8] {
        assert_eq!(row(&answer, number)["ok"], true, "{}", row(&answer, number));
    }
    for number in [9, 10] {
        assert_eq!(
            row(&answer, number)["status"],
            401,
            "{}",
            row(&answer, number)
        );
        let said = row(&answer, number)["checked"].as_str().expect("a text");
        assert!(said.contains("scope"), "{said}");
    }
    for number in [11, 12, 13, 14, 15, 16, 17] {
        assert_eq!(
            row(&answer, number)["ok"],
            false,
            "{}",
            row(&answer, number)
        );
    }
    assert_eq!(held(&lab), before);
    assert_eq!(lab.events().len(), events);
}

/// Takes away the mark of a sandbox, and keeps what was asked.
#[derive(Default)]
struct Unmarked(Mutex<Vec<Method>>);

impl Between for Unmarked {
    fn ask(&self, asked: &mut Asked) {
        self.0
            .lock()
            .expect("one at a time")
            .push(asked.method.clone());
    }

    fn answer(&self, _: &Asked, answered: &mut Answered) {
        answered.headers.remove("x-couplet-sandbox");
    }
}

#[test]
fn what_is_no_sandbox_is_written_to_only_with_a_yes() {
    let lab = Lab::quick(10, 4);
    let unmarked = Arc::new(Unmarked::default());
    let proxy = Proxy::before(&lab.env()["COUPLET_GHL_URL"], Arc::clone(&unmarked) as _);
    let run = |args: &[&str]| {
        lab.command(args)
            .env("COUPLET_GHL_URL", &proxy.url)
            .output()
            .expect("it starts")
    };
    let asked = || std::mem::take(&mut *unmarked.0.lock().expect("one at a time"));

    let ran = run(WALK);
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        said.contains("no sandbox") && said.contains("--yes"),
        "{said}"
    );
    assert!(asked().iter().all(|method| *method == Method::GET));

    let ran = run(&[WALK, &["--yes"]].concat());
    assert_eq!(ran.status.code(), Some(0));
    assert!(asked().contains(&Method::DELETE));
}

/// Holds the first PUT until it is let go.
struct Hold {
    seen: Sender<()>,
    go: Mutex<Receiver<()>>,
}

impl Between for Hold {
    fn ask(&self, asked: &mut Asked) {
        if asked.method == Method::PUT {
            // The second one finds nobody who waits.
            let _sent = self.seen.send(());
            let _told = self.go.lock().expect("one at a time").recv();
        }
    }
}

#[test]
fn after_ctrl_c_the_sample_data_is_gone_and_the_rest_is_told_as_not_run() {
    let lab = Lab::quick(10, 4);
    let before = held(&lab);
    let (seen, saw) = channel();
    let (go, gone) = channel();
    let hold = Hold {
        seen,
        go: Mutex::new(gone),
    };
    let proxy = Proxy::before(&lab.env()["COUPLET_GHL_URL"], Arc::new(hold));
    let child = lab
        .command(WALK)
        .env("COUPLET_GHL_URL", &proxy.url)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    saw.recv().expect("it gets to the PUT");
    assert_ne!(held(&lab), before, "the sample contact is there");
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.expect("kill is there").success());
    drop(go);

    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    are_whole(&answer);
    assert_eq!(row(&answer, 10)["ok"], true);
    assert_eq!(row(&answer, 15)["checked"], "not run: stopped");
    assert_eq!(held(&lab), before);
}

#[test]
fn a_lost_answer_to_the_first_write_leaves_nothing_behind() {
    let lab = Lab::quick(10, 4);
    let before = held(&lab);
    lab.faults(&json!({"ghl": {"drop_response": 1.0, "only": ["POST /contacts/"]}}));
    let answer = lab.run(WALK).ended(&[1]).json();
    are_whole(&answer);
    assert_eq!(row(&answer, 10)["ok"], false);
    let made = lab.events().iter().any(|event| event["op"] == "create");
    assert!(made, "the sandbox made it, and its answer was lost");
    assert_eq!(held(&lab), before);
}
