//! Several processes on one database: one runs the loop, the others say who, wait, and take over; one that was stopped
//! in the middle writes nothing when it wakes.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use couplet::clock::Clock;
use serde_json::{Value, json};

use super::lab::Lab;
use super::screen::dashboard;

const PATIENCE: Duration = Duration::from_mins(2);
/// How long a lease lasts.
const LEASE_MS: i64 = 20_000;

/// A `couplet sync` of one operator, with what it says line by line.
struct Loop {
    child: Child,
    lines: Receiver<String>,
}

impl Loop {
    fn start(lab: &Lab, operator: &str, env: &[(&str, String)]) -> Self {
        let mut command = lab.command(&["sync", "--json"]);
        command
            .env("COUPLET_OPERATOR", operator)
            .envs(env.iter().map(|(name, value)| (*name, value)));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (to, lines) = channel();
        let out: Box<dyn Read + Send> = Box::new(child.stdout.take().expect("piped"));
        let err: Box<dyn Read + Send> = Box::new(child.stderr.take().expect("piped"));
        for from in [out, err] {
            let to = to.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(from).lines().map_while(Result::ok) {
                    if to.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Self { child, lines }
    }

    /// Waits for a line with these words.
    #[track_caller]
    fn says(&self, words: &str) -> String {
        let mut said = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("it never said `{words}`, but: {said:#?}");
            };
            if line.contains(words) {
                return line;
            }
            said.push(line);
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", name, &pid])
            .status();
        assert!(sent.expect("kill is there").success());
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn holder(lab: &Lab) -> Value {
    lab.run(&["status", "--json"]).ended(&[0]).json()["holder"].clone()
}

#[test]
fn one_runs_the_loop_and_the_others_say_who_wait_and_take_over() {
    let lab = Lab::quick(20, 21);
    let mut one = Loop::start(&lab, "ravi", &[]);
    one.says("this process runs the loop now");
    one.says("\"pass\"");
    let two = Loop::start(&lab, "lou", &[]);
    let said = two.says("waiting to take over");
    let pid = one.child.id();
    assert!(
        said.contains("ravi on ") && said.contains(&format!("(process {pid})")),
        "{said}"
    );
    let screen = dashboard(&lab, (120, 40), &[("COUPLET_OPERATOR", "dana")]);
    screen.wait_for("run by ravi on");
    assert_eq!(holder(&lab)["pid"], pid);
    let once = lab.run(&["sync", "--once"]).ended(&[4]);
    assert!(once.err.contains("ravi"), "{}", once.err);

    one.signal("TERM");
    one.child.wait().expect("a child");
    // Either of the two that wait is next, and the other says so.
    super::serve::until("somebody takes over", || holder(&lab)["pid"].is_u64());
    let next = holder(&lab);
    let person = lab.in_step(0);
    let id = |side: &str| {
        person[format!("{side}_id")]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    lab.edit(
        "ghl",
        "contact",
        &id("ghl"),
        &json!({"lastName": "Takenover"}),
    );
    lab.run(&["contacts", "sync"]).ended(&[0]);
    super::serve::until("the next one does the work", || {
        lab.records("growbots", "contact")[&id("growbots")]["last_name"] == "Takenover"
    });
    if next["operator"] == "lou" {
        screen.wait_for("run by lou on");
    } else {
        two.says("dana");
    }
}

/// Passes on what a client sends to the sandbox, and counts the writes in it.
struct Wire {
    url: String,
    writes: Arc<AtomicU64>,
}

impl Wire {
    fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (address, writes) = (address.to_owned(), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&writes);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&address).expect("the sandbox listens");
                let back = (server.try_clone(), client.try_clone());
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || copy(client, server, &counted));
                if let (Ok(server), Ok(client)) = back {
                    std::thread::spawn(move || copy(server, client, &AtomicU64::new(0)));
                }
            }
        });
        Self { url, writes }
    }

    fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }
}

/// Copies until either end is shut. A request begins with its method; `POST …/search` reads.
fn copy(mut from: TcpStream, mut to: TcpStream, writes: &AtomicU64) {
    let mut buffer = [0; 16_384];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..read]);
        let line = text.lines().next().unwrap_or_default();
        let is_write = ["POST /", "PUT /", "PATCH /", "DELETE /"]
            .iter()
            .any(|method| line.starts_with(method));
        if is_write && !line.contains("/search") {
            writes.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}

/// Settings of one write a request: a batch would be through before it could be stopped in the middle.
fn singly(lab: &Lab) -> String {
    let config = lab.data().join("singly.toml");
    std::fs::write(&config, "[growbots]\nbatch_size = 1\n").expect("a file");
    config.display().to_string()
}

/// Stops a loop after its first writes. Not in the middle of a write of the database, whose lock it would keep: then the
/// others wait for that.
fn stop_in_the_middle(lab: &Lab, running: &Loop, before: usize) {
    let mut least = before + 5;
    super::serve::until("it stands still in the middle of pushing", || {
        if lab.events().len() <= least {
            return false;
        }
        running.signal("STOP");
        let free = rusqlite::Connection::open(lab.data().join("default.db")).is_ok_and(|other| {
            other.busy_timeout(Duration::ZERO).is_ok()
                && other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok()
        });
        if !free {
            least = lab.events().len();
            running.signal("CONT");
        }
        free
    });
}

/// How many writes are on their way, as far as the database knows.
fn being_sent(lab: &Lab) -> i64 {
    let cache = rusqlite::Connection::open(lab.data().join("default.db"));
    let count = "SELECT count(*) FROM intent WHERE state = 'sending'";
    cache
        .and_then(|cache| cache.query_row(count, [], |row| row.get(0)))
        .expect("a count")
}

#[test]
fn one_that_was_stopped_for_twice_the_lease_writes_nothing_when_it_wakes() {
    let lab = Lab::quick(100, 22);
    lab.pass(&[]);
    lab.pass(&[]);
    let listed = lab
        .run(&["contacts", "list", "--json", "--filter", "state:in_step"])
        .ended(&[0])
        .json();
    let people: Vec<(String, String)> = listed
        .as_array()
        .expect("an array")
        .iter()
        .map(|row| {
            let id = |side: &str| {
                row[format!("{side}_id")]
                    .as_str()
                    .expect("an id")
                    .to_owned()
            };
            (id("ghl"), id("growbots"))
        })
        .collect();
    for (nth, (ghl, _)) in people.iter().enumerate() {
        lab.edit(
            "ghl",
            "contact",
            ghl,
            &json!({"lastName": format!("Stopped{nth}")}),
        );
    }
    let before = lab.events().len();
    lab.faults(&json!({"ghl": {"latency_ms": 200}, "growbots": {"latency_ms": 200}}));
    let address = lab.hello("control").replace("http://", "");
    let wire = Wire::to(address.split('/').next().expect("an address"));
    let mut stale = Loop::start(
        &lab,
        "ravi",
        &[
            ("COUPLET_CONFIG", singly(&lab)),
            ("COUPLET_GHL_URL", format!("{}/ghl", wire.url)),
            ("COUPLET_GROWBOTS_URL", format!("{}/growbots", wire.url)),
        ],
    );
    stop_in_the_middle(&lab, &stale, before);
    let clock = Clock::system();
    let stopped_at = clock.ticks();
    let under_way = being_sent(&lab);
    let next = Loop::start(&lab, "lou", &[]);
    next.says("waiting to take over");
    next.says("this process runs the loop now");
    assert!(
        clock.ticks() - stopped_at > LEASE_MS - 5_000,
        "it waits for the end of the lease"
    );
    // Passes come every 15 s. A write of which nobody knows whether it is on its way is sent again after 20 s at the
    // earliest, and in the pass after that where it is found out at the end of one.
    let is_done = || {
        let growbots = lab.records("growbots", "contact");
        people
            .iter()
            .enumerate()
            .all(|(nth, (_, id))| growbots[id]["last_name"] == format!("Stopped{nth}"))
    };
    for _ in 0..12 {
        next.says("\"pass\"");
        if clock.ticks() - stopped_at > 2 * LEASE_MS && is_done() {
            break;
        }
    }
    let written = lab.events().len();
    // What was on its way when it was stopped has long been counted.
    let stopped_with = wire.writes();
    assert!(
        stopped_with > 5 && stopped_with < people.len() as u64,
        "{stopped_with}"
    );
    stale.signal("CONT");
    stale.says("waiting to take over");
    // A request that had passed the last look at the lease goes out now, and changes nothing: the version is another.
    let late = wire.writes() - stopped_with;
    assert!(
        i64::try_from(late).is_ok_and(|late| late <= under_way),
        "the stale one began {late} writes; {under_way} were under way when it was stopped"
    );
    assert_eq!(lab.events().len(), written, "a late write took effect");
    assert_eq!(holder(&lab)["operator"], "lou");
    assert!(
        stale.child.try_wait().expect("a child").is_none(),
        "it goes on waiting"
    );

    let growbots = lab.records("growbots", "contact");
    let events = lab.events();
    for (nth, (_, id)) in people.iter().enumerate() {
        assert_eq!(growbots[id]["last_name"], format!("Stopped{nth}"));
        let writes = events[before..].iter().filter(|event| {
            event["actor"] == "api" && event["id"] == json!(id) && event["op"] == "update"
        });
        assert_eq!(writes.count(), 1, "{id} was written once, whoever did it");
    }
}
