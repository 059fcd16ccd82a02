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
        help: "The private integration token of the location. Only from the environment.",
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
        help: "The key of the Growbots account. Only from the environment.",
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
        name: "serve.listen",
        default: Some("127.0.0.1:8790"),
        help: "Where `couplet serve` listens for webhooks, `/healthz`, `/readyz` and `/metrics`. A proxy before it brings HTTPS.",
        example: "\"127.0.0.1:8790\"",
        check: listen,
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

fn poll_seconds(text: &str) -> Result<(), String> {
    match text.parse::<u64>() {
        Ok(1..=3600) => Ok(()),
        _ => Err(format!("`{text}` is no number from 1 to 3600")),
    }
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
