//! What the program says to bad input: message, hint, exit code.

use crate::user::{User, said, with_conflict};

/// What input can be wrong in. Terminal and database file have more below, webhooks in `src/serve/tests.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Argument,
    Config,
    Environment,
    Filter,
    Template,
    Webhook,
    Terminal,
    Database,
    Network,
}

const KINDS: [Kind; 9] = [
    Kind::Argument,
    Kind::Config,
    Kind::Environment,
    Kind::Filter,
    Kind::Template,
    Kind::Webhook,
    Kind::Terminal,
    Kind::Database,
    Kind::Network,
];

#[test]
fn bad_input_is_told_once_with_what_to_do_and_its_exit_code() {
    use Kind::{
        Argument, Config, Database, Environment, Filter, Network, Template, Terminal, Webhook,
    };
    let user = User::new;
    let map = |line: &str| User::new().config(&format!("[map.contact.title]\n{line}\n"));
    let two = || {
        let tables =
            "[workspaces.east.ghl]\nlocation = \"e\"\n[workspaces.west.ghl]\nlocation = \"w\"\n";
        User::new().set("COUPLET_GHL_LOCATION", "").config(tables)
    };
    #[rustfmt::skip]
    let cases = [
        (Argument, user(), "sync --onec", 2, "unexpected argument '--onec'", "--once"),
        (Argument, user(), "sycn", 2, "unrecognized subcommand 'sycn'", "sync"),
        (Argument, user(), "sync --children", 2, "arguments were not provided", "--full"),
        (Argument, user(), "conflicts resolve 1", 2, "required", "--take"),
        (Argument, user(), "conflicts resolve 1 --approve --reject", 2, "cannot be used with", ""),
        (Argument, user(), "demo --faults {", 2, "invalid value '{' for '--faults", ""),
        (Argument, user(), "sandbox --limit fast", 2, "`fast` is no limit", ""),
        (Argument, user(), "sandbox --listen 127.0.0.1:http", 1, "cannot listen on `127.0.0.1:http`", "--listen 127.0.0.1:0"),
        (Argument, user(), "config explain polls", 2, "there is no setting `polls`", "couplet config show"),
        (Argument, user(), "config explain ghl.locaton", 2, "there is no setting `ghl.locaton`", "did you mean `ghl.location`?"),
        (Argument, user(), "config init --ghl-url nowhere --config new.toml", 2, "`ghl.url`: `nowhere` is no URL", "couplet config explain ghl.url"),
        (Argument, user(), "--config nowhere.toml status", 2, "cannot read the config file `nowhere.toml`", "couplet config init"),
        (Argument, user(), "sync pause --for soon", 2, "`soon` is no span of time", "30m"),
        (Filter, user(), "contacts list --filter tag:", 2, "`--filter`: `tag:` needs a value", "state:conflict"),
        (Filter, user(), "tasks list --filter \"open", 2, "this quote has no end", "state:conflict"),
        (Filter, user(), "log list --filter OR", 2, "`OR` needs a term on both sides", "state:conflict"),
        (Terminal, user(), "", 2, "the dashboard needs a terminal", "couplet sync"),
        (Terminal, user(), "auth login ghl", 2, "there is no terminal to ask at", "--stdin"),
        (Database, user(), "status", 1, "workspace `default` has no database yet", "couplet sync --once"),
        (Database, user(), "forget 1", 1, "workspace `default` has no database yet", "couplet sync --once"),
        (Network, user(), "sync --once", 1, "GHL cannot be reached at `127.0.0.1:", "check `COUPLET_GHL_URL`"),
        (Network, user(), "doctor", 1, "GHL cannot be reached at `127.0.0.1:", "check `COUPLET_GHL_URL`"),
        (Environment, user().set("COUPLET_GHL_TOKEN", ""), "sync --once", 2, "`ghl.token` is not set", "export COUPLET_GHL_TOKEN="),
        (Environment, user().set("COUPLET_GHL_TOKEN", ""), "doctor", 2, "`ghl.token` is not set", "export COUPLET_GHL_TOKEN="),
        (Environment, user().set("COUPLET_GROWBOTS_TOKEN", ""), "sync", 2, "`growbots.token` is not set", "never read from the config file"),
        (Environment, user().set("COUPLET_GHL_LOCATION", ""), "sync --once", 2, "`ghl.location` is not set", "couplet config init"),
        (Environment, user().set("COUPLET_GHL_URL", "nowhere"), "status", 2, "`ghl.url` (COUPLET_GHL_URL): `nowhere` is no URL", "couplet config explain ghl.url"),
        (Environment, user().set("COUPLET_GHL_URL", "http://api.example.com"), "sync --once", 2, "would send the token unencrypted", "explain ghl.url"),
        (Environment, user().set("COUPLET_WORKSPACE", "../x"), "status", 2, "`../x` is no name of a workspace", "explain workspace"),
        (Webhook, user().set("COUPLET_GHL_WEBHOOK_KEY", "abc"), "serve --listen 127.0.0.1:0", 2, "`ghl.webhook_key`: this is no Ed25519 public key", "leave it unset"),
        (Webhook, user().set("COUPLET_GROWBOTS_WEBHOOK_SECRET", "abc"), "serve --listen 127.0.0.1:0", 2, "a webhook secret is `whsec_`", "when the webhook was made"),
        (Config, user().config("a = [\n"), "status", 2, "couplet.toml` line 1: ", "quotes"),
        (Config, user().config("\n\nworkspaces = \"a\"\n"), "status", 2, "couplet.toml` line 3: unknown key `workspaces`", "did you mean `workspace`?"),
        (Config, user().config("\n[ghl]\nlocatoin = \"a\"\n"), "config check", 2, "couplet.toml` line 3: unknown key `ghl.locatoin`", "did you mean `ghl.location`?"),
        (Config, user().config("\n\n\npoll_seconds = 0\n"), "config check", 2, "couplet.toml line 4): `0` is no number from 1 to 3600", "explain poll_seconds"),
        (Config, user().config("keep_days = \"long\""), "config check", 2, "`long` is no number from 0 to 36500", "explain keep_days"),
        (Config, user().config("[ghl]\ntoken = \"pit-secret\"\n"), "status", 2, "line 2: `ghl.token` is a secret", "export COUPLET_GHL_TOKEN="),
        (Config, user().config("first_push = \"ask\""), "sync", 2, "waits for a yes", "couplet sync --start"),
        (Config, two(), "status", 2, "which workspace? The config has `east`, `west`", "--workspace east"),
        (Argument, two(), "status --workspace north", 2, "there is no workspace `north` (--workspace): the config has `east`, `west`", "couplet config init --workspace north"),
        (Environment, two().set("COUPLET_WORKSPACE", "north"), "status", 2, "there is no workspace `north` (COUPLET_WORKSPACE)", "config init"),
        (Config, two(), "config check", 2, "workspaces `east` and `west` have the same Growbots account", "in one workspace only"),
        (Config, user().config("[workspaces.\"a b\"]\n"), "status", 2, "line 1: `a b` is no name of a workspace", "docs/operating.md"),
        (Config, user().config("[workspaces.a]\ntheme = \"dark\"\n"), "status", 2, "line 2: `theme` is the same for all workspaces", "docs/operating.md"),
        (Config, user().config("[workspaces.a-b]\n[workspaces.A_b]\n"), "status", 2, "line 2: `a-b` and `A_b` are too alike", "docs/operating.md"),
        (Config, user().config("[workspaces.a.ghl]\nurll = \"x\"\n"), "status", 2, "line 2: unknown key `workspaces.a.ghl.urll`", "did you mean `ghl.url`?"),
        (Config, user().config("[workspaces.a.ghl]\ntoken = \"pit-secret\"\n"), "status", 2, "line 2: `ghl.token` is a secret", "export COUPLET_GHL_TOKEN_A="),
        (Template, map("to_growbots = \"{{ value | shout }}\""), "config check", 2, "couplet.toml line 2", "filters follow a bar"),
        (Template, map("to_growbots = \"{{ value \""), "map show", 2, "couplet.toml line 2", "filters follow a bar"),
        (Template, map("direction = \"up\""), "config check", 2, "`up` is no direction", ""),
    ];
    for (kind, user, line, code, message, hint) in &cases {
        let output = user.run(line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(*code), "{kind:?} {line}: {said}");
        assert_eq!(
            said.matches(message).count(),
            1,
            "{kind:?} {line}: {message}\n{said}"
        );
        assert!(said.contains(hint), "{kind:?} {line}: {hint}\n{said}");
        assert!(
            !said.contains("secret\n") && !said.contains("pit-secret"),
            "{line}: {said}"
        );
        assert!(!said.contains("panicked"), "{line}: {said}");
    }
    for kind in KINDS {
        assert!(
            cases.iter().any(|case| case.0 == kind),
            "{kind:?} is not tried"
        );
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
