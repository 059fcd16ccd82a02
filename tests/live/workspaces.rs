//! Several locations in one service: what becomes of one is nothing to the others.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::{EXE, Lab, Ran};
use crate::serve::{Service, until};

/// Far below the poll of an hour: what comes in this time came by a webhook.
const SOON: Duration = Duration::from_secs(20);

/// Two locations with a config file of their own for both.
struct Pair {
    east: Lab,
    west: Lab,
    home: tempfile::TempDir,
}

impl Pair {
    fn start() -> Self {
        let pair = Self {
            east: Lab::quick(8, 31),
            west: Lab::quick(8, 32),
            home: tempfile::tempdir().expect("a folder"),
        };
        std::fs::write(pair.file(), pair.config()).expect("a file");
        pair
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    fn database(&self, name: &str) -> PathBuf {
        self.home.path().join(format!("{name}.db"))
    }

    fn config(&self) -> String {
        let table = |name: &str, lab: &Lab| {
            let text = |key: &str| json!(lab.hello(key));
            format!(
                "[workspaces.{name}]\nghl.url = {}\nghl.location = {}\nghl.webhook_key = {}\ngrowbots.url = {}\n",
                text("ghl"),
                text("location_id"),
                text("ghl_webhook_key"),
                text("growbots")
            )
        };
        let tables = [table("east", &self.east), table("west", &self.west)];
        format!("poll_seconds = 3600\n{}", tables.concat())
    }

    fn env(&self) -> BTreeMap<String, String> {
        let home = self.home.path().display().to_string();
        let mut env = BTreeMap::from([
            ("HOME".to_owned(), home.clone()),
            ("COUPLET_DATA_DIR".to_owned(), home),
            (
                "COUPLET_CONFIG".to_owned(),
                self.file().display().to_string(),
            ),
            ("COUPLET_OPERATOR".to_owned(), "dana".to_owned()),
        ]);
        for (name, lab) in [("EAST", &self.east), ("WEST", &self.west)] {
            for (variable, key) in [
                ("COUPLET_GHL_TOKEN", "ghl_token"),
                ("COUPLET_GROWBOTS_TOKEN", "growbots_token"),
                ("COUPLET_GROWBOTS_WEBHOOK_SECRET", "growbots_webhook_secret"),
            ] {
                env.insert(format!("{variable}_{name}"), lab.hello(key).to_owned());
            }
        }
        env
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(EXE);
        command.args(args).env_clear().envs(self.env());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().expect("it starts"))
    }

    fn serve(&self) -> Service {
        Service::of(self.command(&["serve", "--listen", "127.0.0.1:0", "--start"]))
    }

    fn hooks(&self, service: &Service) {
        for lab in [&self.east, &self.west] {
            crate::serve::hooks(lab, service, false);
        }
    }

    /// Edits a contact of a location in GHL, and gives how long it took to be in Growbots.
    fn edit_arrives(&self, name: &str, lab: &Lab, last_name: &str) -> Duration {
        let listed = [
            "contacts",
            "list",
            "--json",
            "--filter",
            "state:in_step",
            "--workspace",
            name,
        ];
        let mut people = Value::Null;
        until("the first pass has made pairs", || {
            let ran = self.run(&listed);
            people = if ran.code == 0 {
                ran.json()
            } else {
                Value::Null
            };
            people[0].is_object()
        });
        let id = |side: &str| people[0][side].as_str().expect("an id").to_owned();
        lab.edit(
            "ghl",
            "contact",
            &id("ghl_id"),
            &json!({"lastName": last_name}),
        );
        until("the edit is at Growbots", || {
            let there = lab.records("growbots", "contact");
            there[&id("growbots_id")].to_string().contains(last_name)
        })
    }

    fn passes(&self, name: &str) -> Value {
        let ran = self
            .run(&["status", "--json", "--workspace", name])
            .ended(&[0]);
        ran.json()["last_pass"].clone()
    }
}

#[test]
fn one_service_keeps_two_locations_apart() {
    let pair = Pair::start();
    let mut service = pair.serve();
    until("both are ready", || {
        pair.east.get(&format!("{}/readyz", service.url)).0 == 200
    });
    pair.hooks(&service);
    for (name, lab) in [("east", &pair.east), ("west", &pair.west)] {
        let took = pair.edit_arrives(name, lab, &format!("Of{name}"));
        assert!(took < SOON, "{name}: {took:?}");
    }
    let page = pair.east.get(&format!("{}/metrics", service.url)).1;
    for name in ["east", "west"] {
        for metric in ["workspace_up", "passes_total", "conflicts_open"] {
            let series = format!("couplet_{metric}{{workspace=\"{name}\"}} ");
            assert_eq!(page.matches(&series).count(), 1, "{series}\n{page}");
        }
        for side in ["ghl", "growbots"] {
            let used = format!("couplet_day_used{{workspace=\"{name}\",side=\"{side}\"}} ");
            assert!(page.contains(&used), "{used}\n{page}");
            let stored = format!(
                "couplet_webhook_deliveries_total{{workspace=\"{name}\",side=\"{side}\",result=\"stored\"}} "
            );
            // Growbots tells of our own write, too.
            assert!(page.contains(&stored), "{stored}\n{page}");
        }
    }
    assert_eq!(page.matches("# TYPE couplet_passes ").count(), 1, "{page}");
    assert_eq!(service.stop().code(), Some(0));
    for name in ["east", "west"] {
        let status = ["status", "--json", "--workspace", name];
        let holder = pair.run(&status).ended(&[0]).json()["holder"].clone();
        assert!(holder.is_null(), "{name}: {holder}");
    }
    // neither has a record of the other
    let marked = |lab: &Lab, side: &str, words: &str| {
        let records = lab.records(side, "contact");
        records
            .values()
            .filter(|raw| raw.to_string().contains(words))
            .count()
    };
    for side in ["ghl", "growbots"] {
        assert_eq!(marked(&pair.east, side, "Ofwest"), 0, "{side}");
        assert_eq!(marked(&pair.west, side, "Ofeast"), 0, "{side}");
    }
}

#[test]
fn a_location_that_does_not_answer_holds_no_other_back() {
    let pair = Pair::start();
    for name in ["east", "west"] {
        let pass = ["sync", "--once", "--json", "--workspace", name];
        pair.run(&pass).ended(&[0, 3]);
    }
    // every answer of the west takes as long as couplet waits for one
    let slow = json!({"latency_ms": 9_000});
    pair.west.faults(&json!({"ghl": slow, "growbots": slow}));
    let service = pair.serve();
    pair.hooks(&service);
    let took = pair.edit_arrives("east", &pair.east, "Beside");
    assert!(took < SOON, "beside a slow one: {took:?}");

    // and now its database is in the hands of somebody who does not let go of it
    let held = rusqlite::Connection::open(pair.database("west")).expect("it opens");
    held.execute_batch("BEGIN IMMEDIATE").expect("it is held");
    let took = pair.edit_arrives("east", &pair.east, "Besideheld");
    assert!(took < SOON, "beside one whose database is held: {took:?}");
    let (status, page) = pair.east.get(&format!("{}/metrics", service.url));
    assert_eq!(status, 200);
    assert!(
        page.contains("couplet_workspace_up{workspace=\"east\"} 1"),
        "{page}"
    );
    drop(held);
}

#[test]
fn a_location_without_a_key_is_told_of_and_the_other_runs() {
    let pair = Pair::start();
    let mut command = pair.command(&["serve", "--listen", "127.0.0.1:0", "--start"]);
    command.env_remove("COUPLET_GHL_TOKEN_WEST");
    let mut service = Service::of(command);
    let (url, east) = (service.url.clone(), &pair.east);
    until("it tells who is not ready", || {
        let (status, words) = east.get(&format!("{url}/readyz"));
        status == 503 && words.starts_with("west: ") && words.lines().count() == 1
    });
    until("the other has made a pass", || {
        pair.database("east").exists() && !pair.passes("east").is_null()
    });
    assert_eq!(service.stop().code(), Some(0));
}

#[test]
fn a_second_location_is_added_to_a_file_and_tried_first() {
    let pair = Pair::start();
    let (first, second) = (&pair.east, &pair.west);
    std::fs::remove_file(pair.file()).expect("there");
    let init = |name: Option<&str>, lab: &Lab| {
        let mut command = pair.command(&["config", "init", "--check"]);
        for (flag, key) in [
            ("--ghl-url", "ghl"),
            ("--ghl-location", "location_id"),
            ("--growbots-url", "growbots"),
        ] {
            command.args([flag, lab.hello(key)]);
        }
        if let Some(name) = name {
            command.args(["--workspace", name]);
        }
        for (variable, key) in [
            ("COUPLET_GHL_TOKEN", "ghl_token"),
            ("COUPLET_GROWBOTS_TOKEN", "growbots_token"),
        ] {
            command.env(variable, first.hello(key));
        }
        Ran::of(&command.output().expect("it starts"))
    };
    let ran = init(None, first).ended(&[0]);
    assert!(
        ran.out.contains("next: `couplet` asks for your yes"),
        "{}",
        ran.out
    );
    let ran = init(None, first).ended(&[2]);
    assert!(
        ran.err.contains("config init --workspace NAME"),
        "{}",
        ran.err
    );
    let ran = init(Some("west"), second).ended(&[0]);
    assert!(
        ran.out
            .contains("`couplet sync --once --start --workspace west`"),
        "{}",
        ran.out
    );
    let ran = init(Some("west"), second).ended(&[2]);
    assert!(ran.err.contains("`west` is there already"), "{}", ran.err);
    let check = |more: bool| {
        let mut command = pair.command(&["config", "check"]);
        if more {
            command.env("COUPLET_GHL_TOKEN_DEFAULT", first.hello("ghl_token"));
            command.env(
                "COUPLET_GROWBOTS_TOKEN_DEFAULT",
                first.hello("growbots_token"),
            );
        }
        Ran::of(&command.output().expect("it starts"))
    };
    let missing = check(false).ended(&[2]);
    assert!(
        missing.err.contains("for workspace `default`"),
        "{}",
        missing.err
    );
    let both = check(true).ended(&[0]).out;
    assert!(
        both.contains("workspace `default`") && both.contains("workspace `west`"),
        "{both}"
    );
}
