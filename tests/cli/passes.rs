//! Passes over real HTTP: who may run them, how they end, what they print.

use std::process::Stdio;

use serde_json::Value as Json;

use crate::user::{Running, Sandbox, User, first_line, said};

#[test]
fn one_process_holds_the_lease_and_gives_it_back_when_it_is_told_to_stop() {
    let (_sandbox, user) = Sandbox::start();
    let mut command = user.command("sync --json");
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut loops = Running(command.spawn().unwrap());
    let first: Json = serde_json::from_str(&first_line(&mut loops.0)).unwrap();
    assert!(first["requests"]["ghl"].as_u64().unwrap() > 0, "{first}");

    let other = user.run("sync --once");
    assert_eq!(other.status.code(), Some(4), "{}", said(&other));
    assert!(said(&other).contains("holds the lease"), "{}", said(&other));
    let status = user.json("status --json");
    assert_eq!(status["holder"]["operator"], "dana");
    assert_eq!(status["holder"]["pid"], loops.0.id());
    let dry = user.run("sync --dry-run --json");
    assert!(matches!(dry.status.code(), Some(0 | 3)), "{}", said(&dry));

    let pid = rustix::process::Pid::from_child(&loops.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = loops.0.wait().unwrap();
    assert!(matches!(ended.code(), Some(0 | 3)), "{ended}");
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
