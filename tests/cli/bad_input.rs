//! What the program says to bad input: message, hint, exit code.

use crate::user::{User, said, with_conflict};

#[test]
fn bad_input_is_told_once_with_what_to_do_and_its_exit_code() {
    let user = User::new;
    #[rustfmt::skip]
    let cases = [
        (user(), "sync --onec", 2, "unexpected argument '--onec'", "--once"),
        (user(), "sycn", 2, "unrecognized subcommand 'sycn'", "sync"),
        (user(), "sync --children", 2, "arguments were not provided", "--full"),
        (user(), "conflicts resolve 1", 2, "required", "--take"),
        (user(), "conflicts resolve 1 --approve --reject", 2, "cannot be used with", ""),
        (user(), "contacts list --filter tag:", 2, "`--filter`: `tag:` needs a value", "state:conflict"),
        (user(), "demo --faults {", 2, "invalid value '{' for '--faults", ""),
        (user(), "sandbox --limit fast", 2, "`fast` is no limit", ""),
        (user(), "sandbox --listen 127.0.0.1:http", 1, "cannot listen on `127.0.0.1:http`", "--listen 127.0.0.1:0"),
        (user(), "", 2, "the dashboard needs a terminal", "couplet sync"),
        (user(), "status", 1, "workspace `default` has no database yet", "couplet sync --once"),
        (user(), "config explain polls", 2, "there is no setting `polls`", "couplet config show"),
        (user(), "--config nowhere.toml status", 2, "cannot read the config file `nowhere.toml`", "couplet config init"),
        (user(), "sync --once", 1, "GHL cannot be reached at `127.0.0.1:", "check `COUPLET_GHL_URL`"),
        (user(), "doctor", 1, "GHL cannot be reached at `127.0.0.1:", "check `COUPLET_GHL_URL`"),
        (user().set("COUPLET_GHL_TOKEN", ""), "sync --once", 2, "`ghl.token` is not set", "export COUPLET_GHL_TOKEN="),
        (user().set("COUPLET_GHL_TOKEN", ""), "doctor", 2, "`ghl.token` is not set", "export COUPLET_GHL_TOKEN="),
        (user().set("COUPLET_GROWBOTS_TOKEN", ""), "sync", 2, "`growbots.token` is not set", "never read from the config file"),
        (user().set("COUPLET_GHL_LOCATION", ""), "sync --once", 2, "`ghl.location` is not set", "couplet config init"),
        (user().set("COUPLET_GHL_URL", "nowhere"), "status", 2, "`ghl.url` (COUPLET_GHL_URL): `nowhere` is no URL", "couplet config explain ghl.url"),
        (user().set("COUPLET_GHL_URL", "http://api.example.com"), "sync --once", 2, "would send the token unencrypted", "explain ghl.url"),
        (user().config("a = [\n"), "status", 2, "couplet.toml` line 1: ", "quotes"),
        (user().config("\n\nworkspaces = \"a\"\n"), "status", 2, "couplet.toml` line 3: unknown key `workspaces`", "did you mean `workspace`?"),
        (user().config("[ghl]\ntoken = \"pit-secret\"\n"), "status", 2, "line 2: `ghl.token` is a secret", "export COUPLET_GHL_TOKEN="),
        (user().config("first_push = \"ask\""), "sync", 2, "waits for a yes", "couplet sync --start"),
    ];
    for (user, line, code, message, hint) in cases {
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
