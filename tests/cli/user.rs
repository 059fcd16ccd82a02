//! A user of the program, the systems that they sync, and what they see.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use couplet::clock::Clock;
use couplet::model::{
    FieldName, Holder, Kind, LinkId, Millis, PassId, Reason, Record, Side, Snapshot, Value,
};
use couplet::store::{Lease, Writer};
use serde_json::Value as Json;

/// A user with a home folder of their own, and settings for two sides that are not there.
pub struct User {
    pub home: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

impl User {
    pub fn new() -> Self {
        // A port that was free a moment ago: nobody answers there.
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/ghl", closed.local_addr().unwrap());
        let home = tempfile::tempdir().unwrap();
        let env = vec![
            ("COUPLET_GHL_URL", url.clone()),
            ("COUPLET_GHL_TOKEN", "pit-secret".into()),
            ("COUPLET_GHL_LOCATION", "loc".into()),
            ("COUPLET_GROWBOTS_URL", url),
            ("COUPLET_GROWBOTS_TOKEN", "gb-secret".into()),
        ];
        Self { home, env }
    }

    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.env.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            self.env.push((name, value.into()));
        }
        self
    }

    /// A config file with this text.
    pub fn config(self, text: &str) -> Self {
        let path = self.home.path().join("couplet.toml");
        std::fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        self.set("COUPLET_CONFIG", &path)
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    pub fn database(&self) -> std::path::PathBuf {
        self.data().join("default.db")
    }

    /// Runs a command with this on its stdin.
    pub fn run_with(&self, line: &str, stdin: &str) -> Output {
        let mut command = self.command(line);
        command.stdin(Stdio::piped());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that has ended already reads nothing.
        drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
        child.wait_with_output().unwrap()
    }

    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_couplet"));
        command
            .args(line.split_whitespace())
            .env_clear()
            .env("HOME", self.home.path())
            .env("COUPLET_DATA_DIR", self.data())
            .env("COUPLET_OPERATOR", "dana")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn json(&self, line: &str) -> Json {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{line}: {why}"))
    }
}

/// Both systems on a free port, and a user who has their keys; gone when dropped.
pub struct Sandbox {
    _child: Running,
    /// Its first line.
    pub hello: Json,
}

impl Sandbox {
    pub fn start() -> (Self, User) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_couplet"))
            .args("sandbox --listen 127.0.0.1:0 --contacts 20 --lag 0 --limit off".split(' '))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let hello: Json = serde_json::from_str(&first_line(&mut child)).unwrap();
        let user = [
            ("COUPLET_GHL_URL", "ghl"),
            ("COUPLET_GHL_TOKEN", "ghl_token"),
            ("COUPLET_GHL_LOCATION", "location_id"),
            ("COUPLET_GROWBOTS_URL", "growbots"),
            ("COUPLET_GROWBOTS_TOKEN", "growbots_token"),
        ]
        .into_iter()
        .fold(User::new(), |user, (name, key)| {
            user.set(name, hello[key].as_str().unwrap())
        });
        (
            Self {
                _child: Running(child),
                hello,
            },
            user,
        )
    }
}

/// A program that runs beside the test, and ends with it however that ends.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits for the first line that a program prints; what follows is not for anybody.
pub fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let out = child.stdout.as_mut().unwrap();
    BufReader::new(out).read_line(&mut line).unwrap();
    line
}

/// What a person saw: stdout, then stderr.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// A database with one contact that both sides changed apart: conflict 1 on link 1 or 2.
pub fn with_conflict(path: &Path) -> LinkId {
    let clock = Clock::system();
    let mut writer = Writer::open(path, &clock).unwrap();
    let us = Holder {
        operator: "dana".into(),
        host: "desk".into(),
        pid: std::process::id(),
        since: clock.now(),
    };
    let Lease::Ours(fence) = writer.acquire(&us).unwrap() else {
        panic!("somebody holds the lease of a new database")
    };
    let seen = |side: Side, id: &str, last_name: &str| {
        let record = Record::from_fields([
            (FieldName::FirstName, Value::Text("Ann".into())),
            (FieldName::LastName, Value::Text(last_name.into())),
            (FieldName::Tags, Value::set(["vip"]).unwrap()),
        ]);
        Snapshot {
            created_at: Some(Millis(1_000)),
            updated_at: Some(Millis(2_000)),
            ..Snapshot::new(side, Kind::Contact, id, record)
        }
    };
    let snapshots = [
        seen(Side::Ghl, "g1", "Ost"),
        seen(Side::Growbots, "l1", "West"),
    ];
    let links = writer.put_snapshots(fence, &snapshots).unwrap();
    let pass: PassId = writer.begin_pass(fence, "test").unwrap();
    writer
        .join(fence, pass, links[0].link, links[1].link, "test")
        .unwrap();
    let (link, none) = (links[0].link, &[]);
    writer
        .open_conflict(fence, pass, link, Reason::DeleteEdit, none, Some(Side::Ghl))
        .unwrap();
    writer.release(fence).unwrap();
    link
}
