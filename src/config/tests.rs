use proptest::prelude::Strategy as _;

use super::*;

/// Settings from a file with this text and these variables.
fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    Config::load(&flags, &|name| {
        let found = env.iter().find(|(known, _)| *known == name)?;
        Some(found.1.to_owned())
    })
}

#[test]
fn alerts_need_no_settings_and_take_other_limits() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.alerts().rules, crate::model::AlertRule::defaults());
    assert!(config.alerts().command.is_none() && !config.is_viewer());
    let text = "role = \"viewer\"\n[alerts]\ncommand = \"page 'a team'\"\nquiet_hours = \"22:00-07:30\"\n\
                [alerts.rules]\nconflicts = \"over 5 for 2m\"\nlag = \"off\"\n\"error:POST /leads\" = \"over 2\"\n";
    let config = load(text, &[("COUPLET_ALERTS_WEBHOOK", "https://chat.test/x")]).unwrap();
    assert!(config.is_viewer());
    let alerts = config.alerts();
    let rule = |name: &str| alerts.rules.iter().find(|rule| rule.name == name);
    assert_eq!(
        rule("conflicts").map(|it| (it.over, it.span_ms)),
        Some((5, 120_000))
    );
    assert_eq!(rule("error:POST /leads").map(|it| it.over), Some(2));
    assert!(rule("lag").is_none() && rule("no_pass").is_some());
    assert!(alerts.quiet.is_some() && alerts.webhook.is_some());
    for (text, want) in [
        (
            "[alerts]\nwebhook = \"https://chat.test/x\"\n",
            "COUPLET_ALERTS_WEBHOOK",
        ),
        ("[alerts]\nquiet_hours = \"night\"\n", "no span of hours"),
        (
            "[alerts.rules]\nconflict = \"over 5\"\n",
            "`conflict` is no rule",
        ),
        ("role = \"boss\"\n", "none of `operator`, `viewer`"),
    ] {
        let error = load(text, &[]).unwrap_err();
        let said = format!("{error} {}", error.hint().unwrap_or_default());
        assert!(said.contains(want), "{text}: {said}");
    }
}

#[test]
fn flags_stand_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, "\nworkspace = \"file\"\noperator = \"file\"\n").unwrap();
    let mut flags = Flags {
        config: Some(path.clone()),
        ..Flags::default()
    };
    let env = |name: &str| (name == "COUPLET_WORKSPACE").then(|| "env".to_owned());
    let from = |config: &Config, name: &str| {
        let found = config.all().find(|(key, _)| key.name == name).unwrap();
        found.1.from.clone()
    };

    let config = Config::load(&flags, &|_| None).unwrap();
    assert_eq!(config.workspace(), "file");
    assert_eq!(from(&config, "workspace"), Source::File { path, line: 2 });

    let config = Config::load(&flags, &env).unwrap();
    assert_eq!(config.workspace(), "env");
    assert_eq!(
        from(&config, "workspace"),
        Source::Env("COUPLET_WORKSPACE".into())
    );
    assert_eq!(config.operator(), "file");

    flags.workspace = Some("flag".into());
    let config = Config::load(&flags, &env).unwrap();
    assert_eq!(config.workspace(), "flag");
    assert_eq!(from(&config, "workspace"), Source::Flag("--workspace"));
    assert_eq!(from(&config, "poll_seconds"), Source::Default);
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_to_do() {
    for (text, env, want, hint) in [
        ("a = [\n", &[][..], "line 1", "quotes"),
        (
            "\n[ghl]\nurll = \"x\"\n",
            &[],
            "line 3: unknown key `ghl.urll`",
            "did you mean `ghl.url`?",
        ),
        (
            "poll = 3",
            &[],
            "unknown key `poll`",
            "`couplet config show` lists",
        ),
        (
            "[ghl]\ntoken = \"pit-1\"",
            &[],
            "line 2: `ghl.token` is a secret",
            "COUPLET_GHL_TOKEN",
        ),
        (
            "poll_seconds = 0",
            &[],
            "`0` is no number from 1 to 3600",
            "explain poll_seconds",
        ),
        (
            "workspace = [1]",
            &[],
            "cannot be of type `array`",
            "explain workspace",
        ),
        (
            "first_push = \"yes\"",
            &[],
            "`yes` is none of `ask`, `go`",
            "explain first_push",
        ),
        (
            "workspace = \"../x\"",
            &[],
            "no name of a workspace",
            "explain workspace",
        ),
        (
            "",
            &[("COUPLET_GHL_URL", "http://api.example.com")],
            "(COUPLET_GHL_URL): `http://api.example.com` would send the token unencrypted",
            "explain ghl.url",
        ),
        (
            "",
            &[("COUPLET_GROWBOTS_URL", "nowhere")],
            "is no URL",
            "explain growbots.url",
        ),
        (
            "",
            &[("COUPLET_GROWBOTS_URL", "https://me:key@api.example.com")],
            "a key does not belong",
            "explain",
        ),
    ] {
        let error = load(text, env).unwrap_err();
        assert!(error.to_string().contains(want), "{text} {env:?}: {error}");
        let said = error.hint().unwrap();
        assert!(said.contains(hint), "{text} {env:?}: {said}");
        assert!(!error.to_string().contains("pit-1"), "{error}");
    }
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for (url, fits) in [
        ("http://127.0.0.1:8080/ghl", true),
        ("http://[::1]:8080", true),
        ("http://localhost/x", true),
        ("https://services.leadconnectorhq.com", true),
        ("http://localhost.example.com", false),
        ("http://10.0.0.1", false),
        ("ftp://127.0.0.1", false),
    ] {
        let loaded = load("", &[("COUPLET_GHL_URL", url)]);
        assert_eq!(loaded.is_ok(), fits, "{url}");
    }
}

#[test]
fn everything_from_the_environment_needs_no_file_and_one_thing_less_names_it() {
    let env = [
        ("COUPLET_GHL_URL", "https://ghl.example/"),
        ("COUPLET_GHL_LOCATION", "loc"),
        ("COUPLET_GHL_TOKEN", "pit-1"),
        ("COUPLET_GROWBOTS_URL", "https://growbots.example"),
        ("COUPLET_GROWBOTS_TOKEN", "gb-1"),
    ];
    let config = load("", &env).unwrap();
    let sides = config.sides().unwrap();
    assert_eq!(sides.ghl.url.as_str(), "https://ghl.example/");
    let given = sides.ghl.key.given.expect("from the environment");
    assert_eq!(given.expose(), "pit-1");
    assert!(!format!("{config:?}").contains("pit-1"));
    for gone in 0..env.len() {
        let mut rest = env.to_vec();
        let (name, _) = rest.remove(gone);
        let error = load("", &rest).unwrap().sides().unwrap_err();
        assert!(error.hint().unwrap().contains(name), "{name}: {error}");
    }
}

#[test]
fn the_file_of_config_init_is_read_back_and_asks_before_the_first_push() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("config.toml");
    init(&path, &[], &[]).unwrap();
    assert!(matches!(
        init(&path, &[], &[]),
        Err(ConfigError::Exists { .. })
    ));
    let config = load(&template(&[], &[]), &[]).unwrap();
    assert!(config.asks_before_first_push());
    assert!(!load("", &[]).unwrap().asks_before_first_push());
}

fn pair(growbots: &str, ghl: &str) -> CustomPair {
    CustomPair {
        ghl: ghl.into(),
        growbots: growbots.into(),
    }
}

#[test]
fn what_config_init_was_told_stands_in_its_file_whatever_it_is() {
    let set = [
        ("ghl.url", "https://a.example/x"),
        ("ghl.location", "loc\"1\\"),
    ];
    let custom = [pair("budget", "budget"), pair("odd key", "key")];
    let config = load(&template(&set, &custom), &[]).unwrap();
    assert_eq!(config.get("ghl.url"), Some("https://a.example/x"));
    assert_eq!(config.get("ghl.location"), Some("loc\"1\\"));
    let mapped: Vec<_> = config
        .map_rows()
        .iter()
        .map(|row| row.field.as_str())
        .collect();
    assert_eq!(mapped, ["custom.budget", "custom.odd key"]);
}

/// A file of two locations that share what stands on top.
const TWO: &str = "poll_seconds = 30\n[ghl]\nurl = \"https://ghl.test\"\n[growbots]\nurl = \"https://gb.test\"\n\
    [map.contact.title]\npolicy = \"ghl\"\n[map.contact.company]\npolicy = \"ghl\"\n\
    [[rules.rule]]\nname = \"one\"\nwhen = \"a\"\n[[rules.rule]]\nname = \"two\"\nwhen = \"a\"\n\
    [workspaces.harbor-west]\npoll_seconds = 5\nghl.location = \"west\"\ngrowbots.account_id = \"ac_w\"\n\
    [workspaces.harbor-east]\nghl.location = \"east\"\ngrowbots.account_id = \"ac_e\"\n\
    [workspaces.harbor-east.map.contact.title]\npolicy = \"growbots\"\n\
    [[workspaces.harbor-east.rules.rule]]\nname = \"two\"\nwhen = \"b\"\n";

/// All workspaces of a file with this text.
fn all(text: &str, env: &[(&str, &str)], flags: Flags) -> Result<Vec<Config>, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    let flags = Flags {
        config: Some(path),
        ..flags
    };
    let env = |name: &str| {
        let found = env.iter().find(|(known, _)| *known == name)?;
        Some(found.1.to_owned())
    };
    Workspaces::load(&flags, &env)?.all()
}

#[test]
fn each_workspace_has_what_stands_on_top_but_for_what_it_says_itself() {
    let all = all(TWO, &[], Flags::default()).unwrap();
    let [west, east] = all.as_slice() else {
        panic!("{} workspaces", all.len())
    };
    assert_eq!(
        (west.workspace(), east.workspace()),
        ("harbor-west", "harbor-east")
    );
    assert_eq!((west.poll_seconds(), east.poll_seconds()), (5, 30));
    assert_eq!(
        (west.location(), east.location()),
        (Some("west"), Some("east"))
    );
    assert_eq!(east.get("ghl.url"), Some("https://ghl.test"));
    assert!(west.database().is_err() || west.database().unwrap().ends_with("harbor-west.db"));
    let policies = |config: &Config| -> Vec<String> {
        let rows = config.map_rows().iter();
        rows.map(|row| format!("{} {}", row.field, row.values[0].text))
            .collect()
    };
    assert_eq!(policies(west), ["title ghl", "company ghl"]);
    assert_eq!(policies(east), ["company ghl", "title growbots"]);
    let whens = |config: &Config| -> Vec<String> {
        let rules = config.rule_tables().iter();
        rules
            .map(|rule| format!("{} {}", rule.name(), rule.values[1].text))
            .collect()
    };
    assert_eq!(whens(west), ["one a", "two a"]);
    assert_eq!(whens(east), ["one a", "two b"]);
    check_apart(&all).unwrap();
}

#[test]
fn a_variable_with_the_name_of_a_workspace_is_for_it_alone() {
    let env = [
        ("COUPLET_GHL_TOKEN", "pit-all"),
        ("COUPLET_GHL_TOKEN_HARBOR_EAST", "pit-east"),
        ("COUPLET_THEME_HARBOR_EAST", "dark"),
    ];
    let all = all(TWO, &env, Flags::default()).unwrap();
    let tokens: Vec<_> = all.iter().map(|config| config.get("ghl.token")).collect();
    assert_eq!(tokens, [Some("pit-all"), Some("pit-east")]);
    let missing = all[1].sides().unwrap_err();
    assert!(
        missing.to_string().contains("for workspace `harbor-east`"),
        "{missing}"
    );
    let hint = missing.hint().unwrap();
    assert!(
        hint.contains("COUPLET_GROWBOTS_TOKEN_HARBOR_EAST"),
        "{hint}"
    );
    assert!(
        hint.contains("auth login growbots --workspace harbor-east"),
        "{hint}"
    );
}

#[test]
fn one_is_chosen_by_flag_environment_or_the_top_of_the_file_and_none_by_chance() {
    let named = |name: &str| Flags {
        workspace: Some(name.into()),
        ..Flags::default()
    };
    let env = [("COUPLET_WORKSPACE", "harbor-east")];
    let names = |text: &str, env: &[(&str, &str)], flags| -> Vec<String> {
        let found = all(text, env, flags).unwrap();
        found
            .iter()
            .map(|config| config.workspace().to_owned())
            .collect()
    };
    assert_eq!(names(TWO, &[], named("harbor-west")), ["harbor-west"]);
    assert_eq!(names(TWO, &env, Flags::default()), ["harbor-east"]);
    assert!(matches!(
        all(TWO, &[], named("north")),
        Err(ConfigError::NoWorkspace { .. })
    ));
    // for a command, where all is too many
    assert!(matches!(
        load(TWO, &[]),
        Err(ConfigError::WhichWorkspace { .. })
    ));
    assert_eq!(load(TWO, &env).unwrap().workspace(), "harbor-east");
    let on_top = format!("workspace = \"harbor-west\"\n{TWO}");
    assert_eq!(load(&on_top, &[]).unwrap().workspace(), "harbor-west");
    assert_eq!(names(&on_top, &[], Flags::default()).len(), 2);
    // the top is one too where it names a location
    let own = TWO.replace("[ghl]\n", "[ghl]\nlocation = \"first\"\n");
    assert_eq!(
        names(&own, &[], Flags::default()),
        ["default", "harbor-west", "harbor-east"]
    );
    assert_eq!(load(&own, &[]).unwrap().location(), Some("first"));
    // and a file without tables is of one, whatever its name
    assert_eq!(names("", &[], named("x")), ["x"]);
}

#[test]
fn a_location_and_an_account_stand_in_one_workspace_only() {
    let secret = ("COUPLET_GROWBOTS_WEBHOOK_SECRET", "whsec_x");
    for (text, env, what) in [
        (TWO.replace("\"east\"", "\"west\""), &[][..], "GHL location"),
        (TWO.replace("ac_e", "ac_w"), &[], "Growbots account"),
        (
            TWO.replace("growbots.account_id", "growbots.user_agent"),
            &[("COUPLET_GROWBOTS_TOKEN", "gb-1")],
            "Growbots account",
        ),
        (TWO.to_owned(), &[secret], "secret of Growbots' webhooks"),
    ] {
        let found = all(&text, env, Flags::default()).unwrap();
        let error = check_apart(&found).unwrap_err();
        assert!(error.to_string().ends_with(what), "{what}: {error}");
        assert!(
            error
                .to_string()
                .contains("`harbor-west` and `harbor-east`"),
            "{error}"
        );
    }
}

#[test]
fn a_workspace_is_added_at_the_end_of_a_file_and_the_rest_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    init(&path, &[("ghl.location", "first")], &[]).unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    let set = [
        ("ghl.location", "second"),
        ("growbots.url", "https://gb.test"),
    ];
    add(&path, "second", &set, &[pair("budget", "budget")]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&before));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let found = all(&text, &[], Flags::default()).unwrap();
    let locations: Vec<_> = found.iter().map(|config| config.location()).collect();
    assert_eq!(locations, [Some("first"), Some("second")]);
    assert!(found[1].asks_before_first_push() && found[1].map_rows().len() == 1);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Any text is settings or says what is wrong with it, with a way out.
    #[test]
    fn whatever_a_file_says_it_is_read_or_refused_with_a_hint(
        text in proptest::prop_oneof![
            ".{0,200}",
            ("[a-z_.]{1,20}", ".{0,30}").prop_map(|(key, value)| format!("{key} = {value:?}\n")),
            (0..KEYS.len(), ".{0,30}").prop_map(|(at, value)| format!("{} = {value:?}\n", KEYS[at].name)),
            (0..KEYS.len(), -9..9_i64).prop_map(|(at, value)| format!("{} = [[{value}], {{ a.b = {value} }}]\n", KEYS[at].name)),
            (".{0,12}", 0..KEYS.len(), ".{0,9}")
                .prop_map(|(name, at, value)| format!("[workspaces.{name}]\n{} = {value:?}\n", KEYS[at].name)),
            ("[a-z]{1,9}", "[a-z.]{1,12}", ".{0,20}")
                .prop_map(|(kind, field, value)| format!("[map.{kind}.{field}]\nghl = {value:?}\n")),
        ]
    ) {
        if let Err(error) = load(&text, &[]) {
            assert!(error.hint().is_some(), "{error}");
            assert!(!error.to_string().is_empty());
        }
    }
}
