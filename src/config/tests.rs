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
    assert_eq!(from(&config, "workspace"), Source::Env("COUPLET_WORKSPACE"));
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

#[test]
fn what_config_init_was_told_stands_in_its_file_whatever_it_is() {
    let set = [
        ("ghl.url", "https://a.example/x"),
        ("ghl.location", "loc\"1\\"),
    ];
    let config = load(&template(&set, &["budget".into(), "odd key".into()]), &[]).unwrap();
    assert_eq!(config.get("ghl.url"), Some("https://a.example/x"));
    assert_eq!(config.get("ghl.location"), Some("loc\"1\\"));
    let mapped: Vec<_> = config
        .map_rows()
        .iter()
        .map(|row| row.field.as_str())
        .collect();
    assert_eq!(mapped, ["custom.budget", "custom.odd key"]);
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
