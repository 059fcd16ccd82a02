//! `couplet serve` as a supervisor sees it: webhooks of both sides, signals, log lines.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use couplet::clock::Clock;
use serde_json::{Value, json};

use crate::lab::Lab;

/// Far more than anything needs, so that a slow machine passes.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Service {
    child: Child,
    lines: Receiver<String>,
    pub url: String,
}

impl Service {
    /// A service with JSON logs that would poll once an hour, so that only webhooks bring a change in time.
    pub fn start(lab: &Lab, config: &str) -> Self {
        std::fs::create_dir_all(lab.data().join("couplet")).expect("a folder");
        set(lab, config);
        let mut command = lab.command(&["serve", "--listen", "127.0.0.1:0", "--start"]);
        command.env(
            "COUPLET_GROWBOTS_WEBHOOK_SECRET",
            lab.hello("growbots_webhook_secret"),
        );
        Self::of(command)
    }

    /// A service by this command, with JSON logs; waits until it listens.
    pub fn of(mut command: Command) -> Self {
        let mut child = command
            .env("COUPLET_LOG_FORMAT", "json")
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let err = BufReader::new(child.stderr.take().expect("piped"));
        let (to, lines) = channel();
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
        let mut service = Self {
            child,
            lines,
            url: String::new(),
        };
        service.url = service.listening();
        service
    }

    /// Waits for a log line with these words; each line is JSON.
    #[track_caller]
    fn says(&self, words: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect(words);
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if line["message"]
                .as_str()
                .is_some_and(|it| it.contains(words))
            {
                return line;
            }
        }
    }

    fn listening(&self) -> String {
        let line = self.says("listening on ");
        let (_, url) = line["message"]
            .as_str()
            .expect("a text")
            .rsplit_once(' ')
            .expect("words");
        url.to_owned()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// The log lines that nobody waited for.
    pub fn rest(&self) -> impl Iterator<Item = String> {
        self.lines.try_iter()
    }

    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().expect("a child")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn set(lab: &Lab, config: &str) {
    std::fs::write(lab.data().join("couplet/config.toml"), config).expect("a file");
}

pub fn settings(lab: &Lab) -> String {
    let key = json!(lab.hello("ghl_webhook_key"));
    format!("poll_seconds = 3600\n[ghl]\nwebhook_key = {key}\n")
}

/// Looks until it is so; how long that took.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let (clock, mut took) = (Clock::system(), Duration::ZERO);
    let began = clock.ticks();
    while !is_so() {
        took = Duration::from_millis(clock.ticks().abs_diff(began));
        assert!(took < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
    took
}

pub fn hooks(lab: &Lab, service: &Service, forge: bool) {
    for side in ["ghl", "growbots"] {
        let url = format!("{}/webhooks/{side}", service.url);
        let plan = json!({"side": side, "url": url, "forge": forge});
        let (status, text) = lab.call("PUT", "/webhooks", Some(&plan));
        assert!(status < 300, "{status} {text}");
    }
}

pub fn delivered(lab: &Lab, service: &Service, side: &str, result: &str) -> u64 {
    let page = lab.get(&format!("{}/metrics", service.url)).1;
    let name = format!(",side=\"{side}\",result=\"{result}\"}} ");
    let counts = page
        .lines()
        .filter(|line| line.starts_with("couplet_webhook_deliveries_total{"));
    let counts = counts.filter_map(|line| line.split_once(&name));
    counts
        .map(|(_, count)| count.parse::<u64>().expect("a number"))
        .sum()
}

#[test]
fn an_edit_reaches_the_other_side_by_its_webhook_long_before_the_poll() {
    let lab = Lab::quick(10, 3);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let id = |side: &str| person[side].as_str().expect("an id").to_owned();
    let (ghl, growbots) = (id("ghl_id"), id("growbots_id"));
    let mut service = Service::start(&lab, &settings(&lab));
    until("it is ready", || {
        lab.get(&format!("{}/readyz", service.url)).0 == 200
    });
    hooks(&lab, &service, false);

    lab.edit("ghl", "contact", &ghl, &json!({"lastName": "Hookfromghl"}));
    let there = until("GHL's edit is at Growbots", || {
        lab.records("growbots", "contact")[&growbots]
            .to_string()
            .contains("Hookfromghl")
    });
    lab.edit(
        "growbots",
        "contact",
        &growbots,
        &json!({"last_name": "Hookfromgrowbots"}),
    );
    let back = until("Growbots' edit is at GHL", || {
        lab.records("ghl", "contact")[&ghl]
            .to_string()
            .contains("Hookfromgrowbots")
    });
    // A burst is gathered for 3 s; far more would be the poll.
    for took in [there, back] {
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
    for side in ["ghl", "growbots"] {
        assert!(delivered(&lab, &service, side, "stored") > 0, "{side}");
    }

    let status = service.stop();
    assert_eq!(status.code(), Some(0));
    let holder = lab.run(&["status", "--json"]).ended(&[0]).json()["holder"].clone();
    assert!(holder.is_null(), "the lease is given back: {holder}");
}

#[test]
fn forged_webhooks_are_counted_and_not_believed() {
    let lab = Lab::quick(5, 4);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let service = Service::start(&lab, &settings(&lab));
    hooks(&lab, &service, true);
    lab.edit(
        "ghl",
        "contact",
        person["ghl_id"].as_str().expect("an id"),
        &json!({"lastName": "Forged"}),
    );
    lab.edit(
        "growbots",
        "contact",
        person["growbots_id"].as_str().expect("an id"),
        &json!({"first_name": "Forged"}),
    );
    for side in ["ghl", "growbots"] {
        until("it is refused", || {
            delivered(&lab, &service, side, "bad_signature") > 0
        });
        assert_eq!(delivered(&lab, &service, side, "stored"), 0, "{side}");
    }
    let line = service.says("a webhook was refused");
    assert_eq!(line["level"], "WARN", "{line}");
}

#[test]
fn wrong_settings_at_sighup_leave_the_old_ones_and_right_ones_take_their_place() {
    let lab = Lab::quick(2, 5);
    let mut service = Service::start(&lab, &settings(&lab));
    until("it is ready", || {
        lab.get(&format!("{}/readyz", service.url)).0 == 200
    });
    set(&lab, "poll_seconds = \"often\"\n");
    service.signal("HUP");
    let line = service.says("the settings are as they were");
    assert!(
        line["message"]
            .as_str()
            .is_some_and(|it| it.contains("poll_seconds")),
        "{line}"
    );
    assert_eq!(lab.get(&format!("{}/healthz", service.url)).0, 200);
    set(&lab, &settings(&lab));
    service.signal("HUP");
    service.says("the settings were read again");
    let url = service.listening();
    until("it is ready again", || {
        lab.get(&format!("{url}/readyz")).0 == 200
    });
    assert_eq!(service.stop().code(), Some(0));
}
