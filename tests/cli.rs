//! The program from outside: what it says to bad input, with which exit code, and the shapes of its JSON.

use std::io::Read as _;
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
struct User {
    home: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

impl User {
    fn new() -> Self {
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

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.env.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            self.env.push((name, value.into()));
        }
        self
    }

    /// A config file with this text.
    fn config(self, text: &str) -> Self {
        let path = self.home.path().join("couplet.toml");
        std::fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        self.set("COUPLET_CONFIG", &path)
    }

    fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    fn database(&self) -> std::path::PathBuf {
        self.data().join("default.db")
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    fn command(&self, line: &str) -> Command {
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

    fn json(&self, line: &str) -> Json {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{line}: {why}"))
    }
}

/// Both systems on a free port, and a user who has their keys; gone when dropped.
struct Sandbox {
    child: Child,
}

impl Sandbox {
    fn start() -> (Self, User) {
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
        (Self { child }, user)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for the first line that a program prints.
fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let out = child.stdout.as_mut().unwrap();
    // One byte at a time: a buffer would take what belongs to the next reader.
    for byte in out.bytes() {
        match byte.unwrap() {
            b'\n' => break,
            byte => line.push(byte.into()),
        }
    }
    line
}

/// What a person saw: stdout, then stderr.
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// A database with one contact that both sides changed apart: conflict 1 on link 1 or 2.
fn with_conflict(path: &Path) -> LinkId {
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
    let seen = |side: Side, id: &str, last_name: &str| Snapshot {
        side,
        kind: Kind::Contact,
        id: id.into(),
        parent: None,
        record: Record::from_fields([
            (FieldName::FirstName, Value::Text("Ann".into())),
            (FieldName::LastName, Value::Text(last_name.into())),
            (FieldName::Tags, Value::set(["vip"]).unwrap()),
        ]),
        raw: "{}".into(),
        version: None,
        created_at: Some(Millis(1_000)),
        updated_at: Some(Millis(2_000)),
        external_id: None,
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

#[test]
fn bad_input_is_told_once_with_what_to_do_and_its_exit_code() {
    let user = User::new;
    for (user, line, code, message, hint) in [
        (
            user(),
            "sync --onec",
            2,
            "unexpected argument '--onec'",
            "--once",
        ),
        (user(), "sycn", 2, "unrecognized subcommand 'sycn'", "sync"),
        (
            user(),
            "sync --children",
            2,
            "arguments were not provided",
            "--full",
        ),
        (user(), "conflicts resolve 1", 2, "required", "--take"),
        (
            user(),
            "conflicts resolve 1 --approve --reject",
            2,
            "cannot be used with",
            "",
        ),
        (
            user(),
            "contacts list --filter tag:",
            2,
            "`--filter`: `tag:` needs a value",
            "state:conflict",
        ),
        (
            user().set("COUPLET_GHL_TOKEN", ""),
            "sync --once",
            2,
            "`ghl.token` is not set",
            "export COUPLET_GHL_TOKEN=",
        ),
        (
            user().set("COUPLET_GROWBOTS_TOKEN", ""),
            "sync",
            2,
            "`growbots.token` is not set",
            "never read from the config file",
        ),
        (
            user().set("COUPLET_GHL_LOCATION", ""),
            "sync --once",
            2,
            "`ghl.location` is not set",
            "couplet config init",
        ),
        (
            user().set("COUPLET_GHL_URL", "nowhere"),
            "status",
            2,
            "`ghl.url` (COUPLET_GHL_URL): `nowhere` is no URL",
            "couplet config explain ghl.url",
        ),
        (
            user().set("COUPLET_GHL_URL", "http://api.example.com"),
            "sync --once",
            2,
            "would send the token unencrypted",
            "explain ghl.url",
        ),
        (
            user().config("a = [\n"),
            "status",
            2,
            "couplet.toml` line 1: ",
            "quotes",
        ),
        (
            user().config("\n\nworkspaces = \"a\"\n"),
            "status",
            2,
            "couplet.toml` line 3: unknown key `workspaces`",
            "did you mean `workspace`?",
        ),
        (
            user().config("[ghl]\ntoken = \"pit-secret\"\n"),
            "status",
            2,
            "line 2: `ghl.token` is a secret",
            "export COUPLET_GHL_TOKEN=",
        ),
        (
            user(),
            "--config nowhere.toml status",
            2,
            "cannot read the config file `nowhere.toml`",
            "couplet config init",
        ),
        (
            user(),
            "status",
            1,
            "workspace `default` has no database yet",
            "couplet sync --once",
        ),
        (
            user(),
            "config explain polls",
            2,
            "there is no setting `polls`",
            "couplet config show",
        ),
        (
            user().config("first_push = \"ask\""),
            "sync",
            2,
            "waits for a yes",
            "couplet sync --start",
        ),
        (
            user(),
            "demo --faults {",
            2,
            "invalid value '{' for '--faults",
            "",
        ),
        (user(), "sandbox --limit fast", 2, "`fast` is no limit", ""),
        (
            user(),
            "sandbox --listen 127.0.0.1:http",
            1,
            "cannot listen on `127.0.0.1:http`",
            "--listen 127.0.0.1:0",
        ),
        (
            user(),
            "",
            2,
            "the dashboard needs a terminal",
            "couplet sync",
        ),
        (
            user(),
            "doctor",
            1,
            "GHL cannot be reached at `127.0.0.1:",
            "check `COUPLET_GHL_URL`",
        ),
        (
            user().set("COUPLET_GHL_TOKEN", ""),
            "doctor",
            2,
            "`ghl.token` is not set",
            "export COUPLET_GHL_TOKEN=",
        ),
    ] {
        let output = user.run(line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert_eq!(
            said.matches(message).count(),
            1,
            "{line}: {message}\n{said}"
        );
        assert!(said.contains(hint), "{line}: {hint}\n{said}");
        assert!(
            !said.contains("secret\n") && !said.contains("pit-secret"),
            "{line}: {said}"
        );
        assert!(!said.contains("panicked"), "{line}: {said}");
    }
}

#[test]
fn a_database_that_is_newer_or_damaged_is_left_alone() {
    let newer = User::new();
    with_conflict(&newer.database());
    let file = rusqlite::Connection::open(newer.database()).unwrap();
    file.pragma_update(None, "user_version", 9_999).unwrap();
    drop(file);
    let damaged = User::new();
    std::fs::create_dir_all(damaged.data()).unwrap();
    std::fs::write(
        damaged.database(),
        "no database, but long enough to look like one".repeat(99),
    )
    .unwrap();
    for (user, message, hint) in [
        (
            &newer,
            "was written by a newer couplet (schema 9999",
            "another `--data-dir`",
        ),
        (&damaged, "is damaged or not a couplet database", "move `"),
    ] {
        let before = std::fs::read(user.database()).unwrap();
        for line in [
            "status",
            "contacts list --json",
            "sync --once",
            "conflicts resolve 1 --approve",
        ] {
            let output = user.run(line);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{line}: {said}");
            assert!(
                said.contains(message) && said.contains(hint),
                "{line}: {said}"
            );
        }
        assert_eq!(std::fs::read(user.database()).unwrap(), before, "{message}");
    }
}

#[test]
fn an_answer_must_fit_its_conflict_and_the_revision_that_was_seen() {
    let user = User::new();
    with_conflict(&user.database());
    let revision = user.json("conflicts list --json")[0]["revision"].clone();
    let moved = format!(
        "conflicts resolve 1 --take ghl --revision {}",
        revision.as_i64().unwrap() + 1
    );
    let seen = format!("conflicts resolve 1 --take ghl --revision {revision} --note gone");
    for (line, code, message) in [
        (
            "conflicts resolve 1 --approve",
            2,
            "this is no answer to conflict 1, whose reason is `delete_edit`",
        ),
        (
            "conflicts resolve 1 --match a b",
            2,
            "answer with `--take ghl` or `--take growbots`",
        ),
        ("conflicts resolve 1 --take base", 2, "this is no answer"),
        (
            "conflicts resolve 1 --field email --take ghl",
            2,
            "this is no answer",
        ),
        (
            "conflicts resolve 99 --take ghl",
            1,
            "there is no conflict 99",
        ),
        ("conflicts show 99", 1, "there is no conflict 99"),
        ("conflicts defer 1 --until soon", 2, "`soon` is no time"),
        (moved.as_str(), 1, "conflict 1 moved"),
        (
            seen.as_str(),
            0,
            "nobody runs the loop, so the next pass carries it out",
        ),
    ] {
        let output = user.run(line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains(message), "{line}: {said}");
    }
    let writer = Writer::open(&user.database(), &Clock::system()).unwrap();
    let actions = writer.pending_actions().unwrap();
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(actions[0].1, "dana");
}

#[test]
fn what_is_asked_of_a_record_is_stored_for_the_one_who_runs_the_loop() {
    let user = User::new();
    let link = with_conflict(&user.database());
    for (line, code, message) in [
        (
            format!("contacts edit {link} --set last_name=Nord --set title="),
            0,
            "stored",
        ),
        (
            "contacts edit g1 --set last_name=Ost".into(),
            1,
            "has these values already",
        ),
        (
            "contacts edit g1 --set due_at=1d".into(),
            2,
            "a contact has no field `due_at`",
        ),
        (
            "contacts edit nobody --set last_name=Ost".into(),
            1,
            "there is no record `nobody`",
        ),
        (
            "contacts tag l1 --add new --remove vip --json".into(),
            0,
            "{\"action\":",
        ),
        (
            "contacts tag l1 --add VIP".into(),
            1,
            "exactly these tags already",
        ),
        ("contacts note g1 hello".into(), 0, "stored"),
        ("contacts ignore g1".into(), 0, "stored"),
        ("contacts sync".into(), 0, "stored"),
        ("tasks add g1 --title Call --due 2d".into(), 0, "stored"),
        (
            "tasks complete g1".into(),
            1,
            "`g1` is a contact, not a task",
        ),
        ("errors retry 5".into(), 1, "there is no open error 5"),
        ("sync pause ghl --for 2h --note lunch".into(), 0, "stored"),
        (
            "sync pause ghl --for ever".into(),
            2,
            "`ever` is no span of time",
        ),
        ("sync resume".into(), 0, "stored"),
    ] {
        let output = user.run(&line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains(message), "{line}: {said}");
    }
    let writer = Writer::open(&user.database(), &Clock::system()).unwrap();
    assert_eq!(writer.pending_actions().unwrap().len(), 8);
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let user = User::new();
    let link = with_conflict(&user.database());
    let shown = format!("contacts show {link} --json");
    for (line, keys) in [
        (
            "contacts list --json",
            "id ghl_id growbots_id state fields_held first_name last_name email phone tags do_not_contact address.postal_code updated_at",
        ),
        (
            shown.as_str(),
            "id base ghl growbots tasks notes appointments history",
        ),
        (
            "conflicts list --json",
            "id kind reason state title revision opened_at fields candidates deferred_until note decided_by",
        ),
        (
            "conflicts show 1 --json",
            "id kind reason state title revision opened_at fields candidates",
        ),
        (
            "log list --json --limit 1",
            "id at pass side kind record op fields cause operator requests",
        ),
        (
            "status --json",
            "holder state idle_since paused last_pass waiting held conflicts_open errors_open sides",
        ),
    ] {
        let json = user.json(line);
        let object = json.get(0).unwrap_or(&json);
        for key in keys.split(' ') {
            assert!(object.get(key).is_some(), "{line}: no `{key}` in {object}");
        }
    }
    let contact = &user.json("contacts list --json")[0];
    assert_eq!(contact["ghl_id"], "g1");
    assert_eq!(contact["growbots_id"], "l1");
    assert_eq!(contact["state"], "conflict");
    assert_eq!(contact["tags"], serde_json::json!(["vip"]));
    assert_eq!(contact["email"], Json::Null);
    assert_eq!(contact["do_not_contact"], false);
    assert_eq!(contact["updated_at"], "1970-01-01T00:00:02.000Z");
    assert_eq!(user.json("status --json")["conflicts_open"], 1);
    for what in ["tasks", "errors"] {
        assert_eq!(
            user.json(&format!("{what} list --json")),
            serde_json::json!([]),
            "{what}"
        );
    }
}

#[test]
fn filters_and_limits_choose_rows_in_every_form() {
    let user = User::new();
    with_conflict(&user.database());
    for (line, rows) in [
        ("contacts list --jsonl", 1),
        ("contacts list --jsonl --filter state:conflict", 1),
        ("contacts list --jsonl --filter -state:conflict", 0),
        ("contacts list --jsonl --filter tag:vip", 1),
        ("contacts list --jsonl --filter ann", 1),
        ("contacts list --jsonl --filter nobody", 0),
        ("contacts list --jsonl --limit 0", 0),
        ("conflicts list --jsonl --filter deferred:yes", 0),
        ("conflicts list --jsonl --filter reason:delete_edit", 1),
        // A table has its heads too.
        ("contacts list", 2),
        ("contacts list --filter tag:none", 0),
    ] {
        let output = user.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
        let lines = String::from_utf8(output.stdout).unwrap().lines().count();
        assert_eq!(lines, rows, "{line}");
    }
    let output = user.run("contacts list --filter tag:");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn one_process_holds_the_lease_and_gives_it_back_when_it_is_told_to_stop() {
    let (_sandbox, user) = Sandbox::start();
    let mut loops = user
        .command("sync --json")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let first: Json = serde_json::from_str(&first_line(&mut loops)).unwrap();
    assert!(first["requests"]["ghl"].as_u64().unwrap() > 0, "{first}");

    let other = user.run("sync --once");
    assert_eq!(other.status.code(), Some(4), "{}", said(&other));
    assert!(said(&other).contains("holds the lease"), "{}", said(&other));
    let status = user.json("status --json");
    assert_eq!(status["holder"]["operator"], "dana");
    assert_eq!(status["holder"]["pid"], loops.id());
    let dry = user.run("sync --dry-run --json");
    assert!(matches!(dry.status.code(), Some(0 | 3)), "{}", said(&dry));

    let pid = rustix::process::Pid::from_child(&loops);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = loops.wait_with_output().unwrap();
    assert!(
        matches!(ended.status.code(), Some(0 | 3)),
        "{}",
        said(&ended)
    );
    assert_eq!(user.json("status --json")["holder"], Json::Null);
    let next = user.run("sync --once --json");
    assert!(matches!(next.status.code(), Some(0 | 3)), "{}", said(&next));
}

#[test]
fn a_refused_token_is_its_own_exit_code_and_never_shown() {
    let (_sandbox, user) = Sandbox::start();
    let user = user.set("COUPLET_GROWBOTS_TOKEN", "gb-wrong-token");
    for line in ["sync --once", "sync --once --dry-run", "doctor"] {
        let output = user.run(line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(5), "{line}: {said}");
        assert!(said.contains("COUPLET_GROWBOTS_TOKEN"), "{line}: {said}");
        assert!(!said.contains("gb-wrong-token"), "{line}: {said}");
    }
}

#[test]
fn the_first_plan_waits_for_a_yes_where_the_file_says_so() {
    let (_sandbox, user) = Sandbox::start();
    let user = user.config("first_push = \"ask\"\n");
    let asked = user.run("sync --once --json");
    assert_eq!(asked.status.code(), Some(0), "{}", said(&asked));
    let plan: Json = serde_json::from_slice(&asked.stdout).unwrap();
    assert!(plan["waiting"].as_u64().unwrap() > 0, "{plan}");
    assert_eq!(plan["created"]["ghl"], 0);
    assert!(
        said(&asked).contains("couplet sync --once --start"),
        "{}",
        said(&asked)
    );
    let yes = user.run("sync --once --start --json");
    let done: Json = serde_json::from_slice(&yes.stdout).unwrap();
    assert!(done["created"]["growbots"].as_u64().unwrap() > 0, "{done}");
    let next = user.run("sync --once --json");
    let next: Json = serde_json::from_slice(&next.stdout).unwrap();
    assert!(next.get("plan").is_none(), "{next}");
}

#[test]
fn a_demo_without_a_screen_prints_a_summary_a_pass_and_leaves_nothing() {
    let user = User::new();
    let temporary = user.home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = user
        .command("demo --headless --passes 2 --contacts 6 --churn 0")
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{}",
        said(&output)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let passes: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(passes.len(), 2, "{text}");
    assert!(passes[0]["pulled"]["ghl"].as_u64().unwrap() > 0, "{text}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(!user.data().exists());
}
