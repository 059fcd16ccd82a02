//! The table of all settings: the source for reading, `config show`, `config explain` and `config init`.

use std::net::IpAddr;

use url::{Host, Url};

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name in the file, with its section: `ghl.url`.
    pub name: &'static str,
    /// The environment variable that stands over the file.
    pub env: Option<&'static str>,
    /// The flag that stands over both.
    pub flag: Option<&'static str>,
    /// What it is without any of them; `None`: not set, or worked out.
    pub default: Option<&'static str>,
    /// Whether it is never shown, and refused in the file.
    pub secret: bool,
    /// What it does, in a sentence or two.
    pub help: &'static str,
    /// What `config init` writes; commented out unless `init_sets`.
    pub example: &'static str,
    /// Whether `config init` sets it.
    pub init_sets: bool,
    /// Whether its value in the file is a list or a table.
    pub compound: bool,
    /// Why a text is no value of it.
    pub(super) check: fn(&str) -> Result<(), String>,
}

const PLAIN: Key = Key {
    name: "",
    env: None,
    flag: None,
    default: None,
    secret: false,
    help: "",
    example: "",
    init_sets: false,
    compound: false,
    check: |_| Ok(()),
};

/// All settings, in the order in which they are listed; those of a section stand together.
pub const KEYS: &[Key] = &[
    Key {
        name: "workspace",
        env: Some("COUPLET_WORKSPACE"),
        flag: Some("--workspace"),
        default: Some("default"),
        help: "The name of the workspace: one GHL location paired with one Growbots account. Its database is `<workspace>.db`.",
        example: "\"default\"",
        check: workspace,
        ..PLAIN
    },
    Key {
        name: "data_dir",
        env: Some("COUPLET_DATA_DIR"),
        flag: Some("--data-dir"),
        help: "The folder of the databases. By default `couplet` in the XDG data folder.",
        example: "\"/var/lib/couplet\"",
        check: filled,
        ..PLAIN
    },
    Key {
        name: "operator",
        env: Some("COUPLET_OPERATOR"),
        help: "Who you are in the log and to your colleagues. By default your login name.",
        example: "\"dana\"",
        check: filled,
        ..PLAIN
    },
    Key {
        name: "time_zone",
        env: Some("TZ"),
        help: "The IANA zone that times are shown in. By default the machine's.",
        example: "\"Europe/Berlin\"",
        check: time_zone,
        ..PLAIN
    },
    Key {
        name: "theme",
        default: Some("auto"),
        help: "Colours of the dashboard: `auto`, `dark`, `light`, `contrast` or `mono`. `NO_COLOR` in the environment selects `mono`.",
        example: "\"auto\"",
        check: |text| one_of(text, &["auto", "dark", "light", "contrast", "mono"]),
        ..PLAIN
    },
    Key {
        name: "glyphs",
        default: Some("unicode"),
        help: "Marks and lines of the dashboard: `unicode`, or `ascii` for terminals that cannot show them.",
        example: "\"unicode\"",
        check: |text| one_of(text, &["unicode", "ascii"]),
        ..PLAIN
    },
    Key {
        name: "first_push",
        default: Some("go"),
        help: "Whether the first plan of a workspace is written at once (`go`) or waits for a yes (`ask`): look at it with `couplet sync --once --dry-run`, say yes with `couplet sync --start`.",
        example: "\"ask\"",
        init_sets: true,
        check: |text| one_of(text, &["ask", "go"]),
        ..PLAIN
    },
    Key {
        name: "poll_seconds",
        default: Some("15"),
        help: "Seconds between passes, 1 to 3600.",
        example: "15",
        check: poll_seconds,
        ..PLAIN
    },
    Key {
        name: "key_max_age_days",
        default: Some("90"),
        help: "After how many days `couplet auth status` says that a key should be replaced, 1 to 3650.",
        example: "90",
        check: days,
        ..PLAIN
    },
    Key {
        name: "role",
        flag: Some("--role"),
        default: Some("operator"),
        help: "What you may do: `operator`, all; `viewer`, look and change nothing.",
        example: "\"viewer\"",
        check: |text| one_of(text, &["operator", "viewer"]),
        ..PLAIN
    },
    Key {
        name: "ghl.url",
        env: Some("COUPLET_GHL_URL"),
        help: "Where GHL's API is. `https`, except on this machine.",
        example: "\"https://services.leadconnectorhq.com\"",
        init_sets: true,
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "ghl.location",
        env: Some("COUPLET_GHL_LOCATION"),
        help: "The id of the GHL location (sub-account) whose contacts are synced.",
        example: "\"ve9EPM428h8vShlRW1KT\"",
        check: filled,
        ..PLAIN
    },
    Key {
        name: "ghl.token",
        env: Some("COUPLET_GHL_TOKEN"),
        secret: true,
        help: "The private integration token of the location. Here or from `ghl.token_command`, or kept by `couplet auth login ghl`; never from the config file.",
        ..PLAIN
    },
    Key {
        name: "ghl.token_command",
        help: "A command that prints the token on one line, for password managers, vaults and systemd credentials. Run without a shell, for at most 30 s; run again when the token is refused.",
        example: "\"pass show couplet/ghl\"",
        check: command,
        ..PLAIN
    },
    Key {
        name: "ghl.auth_url",
        default: Some("https://marketplace.gohighlevel.com/v2/oauth/chooselocation"),
        help: "Where somebody signs in with OAuth 2.",
        example: "\"https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation\"",
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "ghl.oauth.client_id",
        help: "The client id of a marketplace app. With it `couplet auth login ghl` signs in with OAuth 2 instead of asking for a token.",
        example: "\"66a1b2c3d4e5f60718293a4b-lx1y2z3a\"",
        check: filled,
        ..PLAIN
    },
    Key {
        name: "ghl.oauth.client_secret",
        env: Some("COUPLET_GHL_CLIENT_SECRET"),
        secret: true,
        help: "The app's client secret. Here or from `ghl.oauth.client_secret_command`, or typed at `couplet auth login ghl`.",
        ..PLAIN
    },
    Key {
        name: "ghl.oauth.client_secret_command",
        help: "A command that prints the app's client secret.",
        example: "\"pass show couplet/ghl-app\"",
        check: command,
        ..PLAIN
    },
    Key {
        name: "ghl.oauth.redirect_uri",
        default: Some("http://127.0.0.1:8788/callback"),
        help: "Where GHL sends somebody who signed in, as the app has it. On this machine, couplet listens there during the sign-in; any other address can be pasted.",
        example: "\"http://127.0.0.1:8788/callback\"",
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "ghl.oauth.scopes",
        default: Some(
            "contacts.readonly contacts.write locations.readonly locations/tasks.readonly locations/customFields.readonly locations/tags.readonly businesses.readonly users.readonly calendars/events.readonly",
        ),
        help: "The scopes that are asked for, space between.",
        example: "\"contacts.readonly locations.readonly\"",
        ..PLAIN
    },
    Key {
        name: "ghl.oauth.user_type",
        default: Some("Location"),
        help: "Who signs in: a `Location`, or a `Company`, whose token couplet exchanges for the location's.",
        example: "\"Company\"",
        check: |text| one_of(text, &["Location", "Company"]),
        ..PLAIN
    },
    Key {
        name: "ghl.webhook_key",
        env: Some("COUPLET_GHL_WEBHOOK_KEY"),
        help: "The public key (PEM) that GHL's webhooks are signed with. By default the one that GHL publishes.",
        example: "\"-----BEGIN PUBLIC KEY-----…\"",
        check: filled,
        ..PLAIN
    },
    Key {
        name: "ghl.webhook_rsa",
        default: Some("false"),
        help: "Whether `serve` also takes webhooks of GHL that carry only the older `X-WH-Signature`.",
        example: "false",
        check: |text| one_of(text, &["true", "false"]),
        ..PLAIN
    },
    Key {
        name: "growbots.url",
        env: Some("COUPLET_GROWBOTS_URL"),
        help: "Where an adapter that speaks couplet's Growbots contract is (Growbots publishes no API of its own). `https`, except on this machine.",
        example: "\"https://growbots-adapter.example.com\"",
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "growbots.token",
        env: Some("COUPLET_GROWBOTS_TOKEN"),
        secret: true,
        help: "The key of the Growbots account. Here or from `growbots.token_command`, or kept by `couplet auth login growbots`; never from the config file.",
        ..PLAIN
    },
    Key {
        name: "growbots.token_command",
        help: "A command that prints the key on one line; as `ghl.token_command`.",
        example: "\"pass show couplet/growbots\"",
        check: command,
        ..PLAIN
    },
    Key {
        name: "growbots.account_id",
        help: "The account, for a key that reaches several.",
        example: "\"ac_01J9ZK\"",
        check: header_value,
        ..PLAIN
    },
    Key {
        name: "growbots.account_header",
        default: Some("X-Account-Id"),
        help: "The header that names `growbots.account_id`.",
        example: "\"X-Account-Id\"",
        check: header_name,
        ..PLAIN
    },
    Key {
        name: "growbots.auth.kind",
        default: Some("bearer"),
        help: "How the account lets couplet in: `bearer` (a key), `header` (a key in a header of its own), `oauth2_client` (a client's own tokens), `oauth2_refresh` (somebody signs in).",
        example: "\"bearer\"",
        check: |text| {
            one_of(
                text,
                &["bearer", "header", "oauth2_client", "oauth2_refresh"],
            )
        },
        ..PLAIN
    },
    Key {
        name: "growbots.auth.header",
        default: Some("Authorization"),
        help: "The header that carries the key.",
        example: "\"X-API-Key\"",
        check: header_name,
        ..PLAIN
    },
    Key {
        name: "growbots.auth.scheme",
        default: Some("Bearer"),
        help: "The word before the key; may be empty.",
        example: "\"\"",
        check: scheme,
        ..PLAIN
    },
    Key {
        name: "growbots.auth.token_url",
        help: "Where tokens are had. By default `oauth/token` below `growbots.url`.",
        example: "\"https://growbots-adapter.example.com/oauth/token\"",
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "growbots.auth.authorize_url",
        help: "Where somebody signs in. By default `oauth/authorize` below `growbots.url`.",
        example: "\"https://growbots-adapter.example.com/oauth/authorize\"",
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "growbots.auth.scopes",
        help: "The scopes that are asked for, space between. By default all.",
        example: "\"account.read leads.read leads.write\"",
        ..PLAIN
    },
    Key {
        name: "growbots.auth.client_id",
        help: "The client id, for the `oauth2_…` kinds.",
        example: "\"couplet\"",
        check: filled,
        ..PLAIN
    },
    Key {
        name: "growbots.auth.client_secret",
        env: Some("COUPLET_GROWBOTS_CLIENT_SECRET"),
        secret: true,
        help: "The client's secret. Here or from `growbots.auth.client_secret_command`, or typed at `couplet auth login growbots`.",
        ..PLAIN
    },
    Key {
        name: "growbots.auth.client_secret_command",
        help: "A command that prints the client's secret.",
        example: "\"pass show couplet/growbots-client\"",
        check: command,
        ..PLAIN
    },
    Key {
        name: "growbots.auth.redirect_uri",
        default: Some("http://127.0.0.1:8789/callback"),
        help: "Where somebody who signed in is sent; as `ghl.oauth.redirect_uri`.",
        example: "\"http://127.0.0.1:8789/callback\"",
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "growbots.webhook_secret",
        env: Some("COUPLET_GROWBOTS_WEBHOOK_SECRET"),
        secret: true,
        help: "The secret (`whsec_…`) of the Growbots webhook; while it is rotated the old and the new, parted by a space. Only from the environment.",
        ..PLAIN
    },
    Key {
        name: "growbots.api_prefix",
        default: Some("/v1"),
        help: "Put before every path of the Growbots API.",
        example: "\"/v1\"",
        ..PLAIN
    },
    Key {
        name: "growbots.user_agent",
        help: "Another `User-Agent` than `couplet/<version>`.",
        example: "\"couplet\"",
        check: header,
        ..PLAIN
    },
    Key {
        name: "growbots.page_size",
        default: Some("100"),
        help: "Rows asked of a list, 1 to 200.",
        example: "100",
        check: |text| within(text, 1, 200),
        ..PLAIN
    },
    Key {
        name: "growbots.timeout_ms",
        default: Some("10000"),
        help: "Milliseconds that an answer may take, 100 to 10000.",
        example: "10000",
        check: |text| within(text, 100, 10_000),
        ..PLAIN
    },
    Key {
        name: "growbots.capabilities",
        default: Some("auto"),
        help: "What the server can do: `auto` asks it, a list stands over what it says. couplet makes up for what is not in it.",
        example: "[\"etag\", \"external_id\"]",
        compound: true,
        check: super::growbots::capabilities,
        ..PLAIN
    },
    Key {
        name: "growbots.paths",
        help: "Other paths of a server that is near the contract, by the contract's first segment.",
        example: "{ leads = \"people\" }",
        compound: true,
        check: super::growbots::renames,
        ..PLAIN
    },
    Key {
        name: "growbots.wire",
        help: "Other JSON names of fields, by the contract's segment of the kind and its name of the field.",
        example: "{ leads.first_name = \"given_name\", leads.address.street = \"line1\" }",
        compound: true,
        check: super::growbots::renames,
        ..PLAIN
    },
    Key {
        name: "serve.listen",
        default: Some("127.0.0.1:8790"),
        help: "Where `couplet serve` listens for webhooks, `/healthz`, `/readyz` and `/metrics`. A proxy before it brings HTTPS.",
        example: "\"127.0.0.1:8790\"",
        check: listen,
        ..PLAIN
    },
    Key {
        name: "alerts.command",
        help: "A command that is told of trouble: one JSON object on its stdin, run without a shell, for at most 10 s.",
        example: "\"/usr/local/bin/page-somebody --team sync\"",
        check: command,
        ..PLAIN
    },
    Key {
        name: "alerts.webhook",
        env: Some("COUPLET_ALERTS_WEBHOOK"),
        secret: true,
        help: "An address that trouble is posted to. Only from the environment: chat services put a secret into it.",
        check: |text| api_url(text).map_err(|_| "it is no `https` address".into()),
        ..PLAIN
    },
    Key {
        name: "alerts.webhook_form",
        default: Some("json"),
        help: "What is posted: `json`, every alert with its fields; `slack`, only the words, as Slack and those like it take them.",
        example: "\"slack\"",
        check: |text| one_of(text, &["json", "slack"]),
        ..PLAIN
    },
    Key {
        name: "alerts.bell",
        default: Some("true"),
        help: "Whether a dashboard rings the terminal's bell.",
        example: "false",
        check: |text| one_of(text, &["true", "false"]),
        ..PLAIN
    },
    Key {
        name: "alerts.quiet_hours",
        help: "From when until when nobody is told, in `time_zone`; what still holds is told afterwards.",
        example: "\"22:00-07:00\"",
        check: super::alerts::hours,
        ..PLAIN
    },
    Key {
        name: "alerts.settle_seconds",
        default: Some("60"),
        help: "The least time between two notices, so that a burst is one; also how long a trouble must be gone to be over. 1 to 86400.",
        example: "60",
        check: |text| within(text, 1, 86_400),
        ..PLAIN
    },
    Key {
        name: "alerts.rules",
        help: "Other limits than the usual ones: `429`, `429_daily`, `401`, `breaker_open`, `no_pass`, `conflicts`, `lag`, `mass_change`, or `error:` with words of a pattern; `off`, or such as `over 100 for 5m`. See docs/operating.md.",
        example: "{ conflicts = \"over 20 for 1h\", lag = \"off\", \"error:POST /leads\" = \"over 5\" }",
        compound: true,
        check: super::alerts::rules,
        ..PLAIN
    },
    Key {
        name: "log.format",
        env: Some("COUPLET_LOG_FORMAT"),
        default: Some("text"),
        help: "How log lines are written to stderr: `text`, or `json`, one object a line. `COUPLET_LOG` says which: `info` by default for `serve`, none for other commands.",
        example: "\"json\"",
        check: |text| one_of(text, &["text", "json"]),
        ..PLAIN
    },
    Key {
        name: "rules.defaults",
        default: Some("false"),
        help: "Whether the default automation rules are on.",
        example: "false",
        check: |text| one_of(text, &["true", "false"]),
        ..PLAIN
    },
];

/// The setting of this name.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The setting whose name looks most like `name`, if one does.
pub fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |key: &Key| {
        let whole = similar::TextDiff::from_chars(name, key.name).ratio();
        let last = key.name.rsplit('.').next().unwrap_or(key.name);
        whole.max(similar::TextDiff::from_chars(name, last).ratio())
    };
    KEYS.iter()
        .map(|key| (likeness(key), key.name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

fn filled(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is empty".into());
    }
    Ok(())
}

fn one_of(text: &str, names: &[&str]) -> Result<(), String> {
    if names.contains(&text) {
        return Ok(());
    }
    Err(format!("`{text}` is none of `{}`", names.join("`, `")))
}

fn workspace(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
        return Err(format!(
            "`{text}` is no name of a workspace: 1 to 64 letters, digits, `-` and `_`"
        ));
    }
    Ok(())
}

fn time_zone(text: &str) -> Result<(), String> {
    jiff::tz::TimeZone::get(text.trim_start_matches(':'))
        .map(|_| ())
        .map_err(|_| format!("`{text}` is no time zone that this machine knows"))
}

fn listen(text: &str) -> Result<(), String> {
    let at: Result<std::net::SocketAddr, _> = text.parse();
    at.map(|_| ())
        .map_err(|_| format!("`{text}` is no address and port, such as `127.0.0.1:8790`"))
}

fn header(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Err("it cannot stand in a header".into());
    }
    Ok(())
}

fn within(text: &str, least: u32, most: u32) -> Result<(), String> {
    match text.parse::<u32>() {
        Ok(number) if (least..=most).contains(&number) => Ok(()),
        _ => Err(format!("`{text}` is no number from {least} to {most}")),
    }
}

fn poll_seconds(text: &str) -> Result<(), String> {
    match text.parse::<u64>() {
        Ok(1..=3600) => Ok(()),
        _ => Err(format!("`{text}` is no number from 1 to 3600")),
    }
}

fn days(text: &str) -> Result<(), String> {
    match text.parse::<u16>() {
        Ok(1..=3650) => Ok(()),
        _ => Err(format!("`{text}` is no number from 1 to 3650")),
    }
}

fn command(text: &str) -> Result<(), String> {
    match shell_words::split(text) {
        Ok(words) if !words.is_empty() => Ok(()),
        Ok(_) => Err("it is empty".into()),
        Err(_) => Err("it has a quote without an end".into()),
    }
}

fn header_name(text: &str) -> Result<(), String> {
    http::HeaderName::from_bytes(text.as_bytes())
        .map(|_| ())
        .map_err(|_| format!("`{text}` is no name of a header"))
}

fn header_value(text: &str) -> Result<(), String> {
    let fits = !text.is_empty() && http::HeaderValue::from_str(text).is_ok();
    fits.then_some(())
        .ok_or("it is empty or has characters that no header takes".into())
}

fn scheme(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    header_value(text)
}

fn api_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|why| format!("`{text}` is no URL: {why}"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => return Err(format!("`{text}` names no host")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a key does not belong in a URL".into());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        "http" => Err(format!(
            "`{text}` would send the token unencrypted; `http` is for this machine only, use `https`"
        )),
        other => Err(format!("`{other}` is not `https`")),
    }
}
