//! Alerts of the built program: a real command and a real receiver of webhooks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::{Lab, Ran};

/// Takes webhooks on loopback; each body comes out of the channel.
pub struct Receiving {
    pub url: String,
    pub bodies: Receiver<Value>,
}

impl Receiving {
    pub fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!(
            "http://{}/hook/canary-secret",
            listener.local_addr().expect("bound")
        );
        let (to, bodies) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                if to.send(taken(stream, status)).is_err() {
                    return;
                }
            }
        });
        Self { url, bodies }
    }

    #[track_caller]
    pub fn next(&self) -> Value {
        self.bodies
            .recv_timeout(Duration::from_mins(1))
            .expect("a notice within a minute")
    }
}

fn taken(stream: TcpStream, status: &str) -> Value {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).expect("a head");
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    reader
        .get_mut()
        .write_all(answer.as_bytes())
        .expect("it listens");
    serde_json::from_slice(&body).expect("JSON")
}

fn config(lab: &Lab, text: &str) {
    std::fs::create_dir_all(lab.data().join("couplet")).expect("a folder");
    std::fs::write(lab.data().join("couplet/config.toml"), text).expect("a file");
}

const HOOK: &str = "COUPLET_ALERTS_WEBHOOK";

fn run(lab: &Lab, line: &str, env: &[(&str, &str)]) -> Ran {
    let args: Vec<&str> = line.split(' ').collect();
    let mut command = lab.command(&args);
    command.envs(env.iter().copied());
    let ended = command.output().expect("it starts");
    Ran {
        code: ended.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&ended.stdout).into_owned(),
        err: String::from_utf8_lossy(&ended.stderr).into_owned(),
    }
}

#[test]
fn a_test_alert_reaches_the_command_and_the_webhook_or_it_is_said_why_not() {
    let lab = Lab::quick(2, 1);
    let none = run(&lab, "alerts test", &[]).ended(&[2]);
    assert!(none.err.contains("nobody would be told"), "{}", none.err);

    let told = lab.data().join("told");
    config(
        &lab,
        &format!("[alerts]\ncommand = \"tee {}\"\n", told.display()),
    );
    let hook = Receiving::start("204 No Content");
    let ends = run(&lab, "alerts test --json", &[(HOOK, &hook.url)])
        .ended(&[0])
        .json();
    assert_eq!(
        ends[0],
        json!({"channel": "command", "delivered": true, "why": null})
    );
    let posted = hook.next();
    let piped = std::fs::read_to_string(&told).expect("the command ran");
    let piped: Value = serde_json::from_str(&piped).expect("JSON");
    assert_eq!(posted, piped);
    assert_eq!(posted["alerts"][0]["name"], "test");

    // No shell: the words are arguments, and nothing else runs.
    config(
        &lab,
        "[alerts]\ncommand = \"false ; true\"\nwebhook_form = \"slack\"\n",
    );
    let failed = run(&lab, "alerts test", &[(HOOK, &hook.url)]).ended(&[1]);
    assert!(
        failed.err.contains("`false` failed (exit status: 1)"),
        "{}",
        failed.err
    );
    let words = json!({"text": "couplet `default`: this is a test: alerts arrive"});
    assert_eq!(hook.next(), words);

    let closed = Receiving::start("403 Forbidden");
    let refused = run(&lab, "alerts test", &[(HOOK, &closed.url)]).ended(&[1]);
    assert!(
        refused.out.contains("the webhook answered 403"),
        "{}",
        refused.out
    );
    for ran in [&failed, &refused] {
        assert!(!format!("{}{}", ran.out, ran.err).contains("canary-secret"));
    }
}

#[test]
fn a_refused_key_is_one_alert_until_it_is_acknowledged_and_its_end_is_told() {
    let lab = Lab::quick(5, 2);
    config(&lab, "[alerts]\nsettle_seconds = 1\n");
    let hook = Receiving::start("200 OK");
    let pass = |env: &[(&str, &str)]| {
        let env = [&[(HOOK, hook.url.as_str())], env].concat();
        run(&lab, "sync --once", &env)
    };
    pass(&[]).ended(&[0, 3]);
    let none = run(&lab, "alerts list --json", &[]).ended(&[0]).json();
    assert_eq!(none, json!([]));
    for _ in 0..4 {
        pass(&[("COUPLET_GHL_TOKEN", "pit-wrong")]).ended(&[5]);
    }
    let raised = hook.next();
    assert_eq!(raised["alerts"][0]["name"], "401.ghl", "{raised}");
    assert_eq!(raised["alerts"][0]["state"], "open", "{raised}");
    assert_eq!(hook.bodies.try_iter().count(), 0, "a burst is one notice");

    let listed = run(&lab, "alerts list --json", &[]).ended(&[0]).json();
    let line = format!("alerts ack {} --json", listed[0]["id"]);
    let acked = run(&lab, &line, &[]).ended(&[0]).json();
    assert_eq!(acked[0]["state"], "acknowledged", "{acked}");
    run(&lab, "alerts ack 99", &[]).ended(&[1]);

    // Gone for a second, it is over; each pass looks once.
    let over = (0..200).find_map(|_| {
        pass(&[]).ended(&[0, 3]);
        hook.bodies.try_recv().ok()
    });
    let over = over.expect("its end is told");
    assert_eq!(over["alerts"][0]["state"], "recovered", "{over}");
    let listed = run(&lab, "alerts list --json", &[]).ended(&[0]).json();
    assert_eq!(listed[0]["state"], "recovered", "{listed}");
}
