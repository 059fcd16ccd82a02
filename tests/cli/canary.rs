//! Secrets planted by every source are in no output, log, database or list.

use std::fmt::Write as _;
use std::path::Path;

use reqwest::Method;
use serde_json::json;

use crate::user::{Sandbox, User};

const SOURCES: [&str; 3] = ["environment", "command", "file"];

/// Where any of these texts stands in a file below `folder`, but in the secrets file itself.
fn found_in(folder: &Path, canaries: &[String]) -> Vec<String> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(found_in(&path, canaries));
        } else if !path.ends_with("default.secrets") && !path.ends_with("token") {
            let bytes = std::fs::read(&path).unwrap();
            found.extend(
                seen(&bytes, canaries).map(|canary| format!("{canary} in {}", path.display())),
            );
        }
    }
    found
}

fn seen<'a>(bytes: &'a [u8], canaries: &'a [String]) -> impl Iterator<Item = &'a String> {
    let holds = |canary: &&String| {
        bytes
            .windows(canary.len())
            .any(|part| part == canary.as_bytes())
    };
    canaries.iter().filter(holds)
}

#[test]
fn no_secret_of_any_source_is_seen_anywhere() {
    for source in SOURCES {
        let (sandbox, user) = Sandbox::start();
        let mut canaries: Vec<String> = ["/ghl_token", "/growbots_token"]
            .map(|path| sandbox.text(path))
            .into();
        let client_secret = "canary-client-secret-0815";
        let wrong = "pit-canary-wrong-key-4711";
        canaries.extend([client_secret.to_owned(), wrong.to_owned()]);
        let user = user
            .set("COUPLET_LOG", "trace")
            .set("COUPLET_GHL_CLIENT_SECRET", client_secret);
        let user = planted(source, &sandbox, user);
        let mut ran = vec![];
        for line in [
            "config show",
            "config show --json",
            "config explain ghl.token",
            "config check",
            "auth status",
            "auth status --json",
            "sync --once --json",
            "sync --once --dry-run",
            "status --json",
            "errors list --json",
            "log list --json",
            "doctor --json",
        ] {
            ran.push((line, user.run(line)));
        }
        ran.push(("rotate", user.run_with("auth rotate ghl --stdin", wrong)));
        // A key that is refused in the middle makes error rows.
        for path in ["/ghl_token", "/growbots_token"] {
            sandbox.control(
                Method::DELETE,
                &format!("tokens/{}", sandbox.text(path)),
                &json!(null),
            );
        }
        for line in [
            "sync --once",
            "errors list --json",
            "status --json",
            "auth status",
        ] {
            ran.push((line, user.run(line)));
        }
        assert!(
            ran.iter().any(|(_, output)| !output.stderr.is_empty()),
            "trace is on"
        );
        for (line, output) in &ran {
            for bytes in [&output.stdout, &output.stderr] {
                let found: Vec<_> = seen(bytes, &canaries).collect();
                assert!(found.is_empty(), "{source}: `{line}` shows {found:?}");
            }
        }
        assert!(user.database().exists());
        let found = found_in(user.home.path(), &canaries);
        assert!(found.is_empty(), "{source}: {found:?}");
    }
}

/// A user who has both keys from this source.
fn planted(source: &str, sandbox: &Sandbox, user: User) -> User {
    let sides = [
        ("ghl", "COUPLET_GHL_TOKEN"),
        ("growbots", "COUPLET_GROWBOTS_TOKEN"),
    ];
    let key = |side: &str| sandbox.text(&format!("/{side}_token"));
    match source {
        "environment" => user,
        "command" => {
            let mut text = String::new();
            for (side, _) in sides {
                let folder = user.home.path().join(side);
                std::fs::create_dir(&folder).unwrap();
                std::fs::write(folder.join("token"), key(side)).unwrap();
                let path = folder.join("token");
                writeln!(
                    text,
                    "[{side}]\ntoken_command = \"cat '{}'\"",
                    path.display()
                )
                .unwrap();
            }
            let user = user.config(&text);
            sides
                .into_iter()
                .fold(user, |user, (_, env)| user.set(env, ""))
        }
        _ => {
            let user = sides
                .into_iter()
                .fold(user, |user, (_, env)| user.set(env, ""));
            for (side, _) in sides {
                let output = user.run_with(&format!("auth login {side} --stdin"), &key(side));
                assert_eq!(
                    output.status.code(),
                    Some(0),
                    "{}",
                    crate::user::said(&output)
                );
            }
            user
        }
    }
}
