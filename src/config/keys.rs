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
        help: "Colours of the dashboard: `auto`, `dark`, `light` or `mono`. `NO_COLOR` in the environment selects `mono`.",
        example: "\"auto\"",
        check: |text| one_of(text, &["auto", "dark", "light", "mono"]),
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
        name: "growbots.api_prefix",
        default: Some("/v1"),
        help: "Put before every path of the Growbots API.",
        example: "\"/v1\"",
        ..PLAIN
    },
    Key {
        name: "growbots.account_id",
        help: "The account, for a key that reaches several; sent in the header `account_header`.",
        example: "\"acc_1\"",
        check: header,
        ..PLAIN
    },
    Key {
        name: "growbots.account_header",
        default: Some("X-Account-Id"),
        help: "The header that names the account.",
        example: "\"X-Account-Id\"",
        check: header,
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
        name: "growbots.batch_size",
        default: Some("50"),
        help: "Writes sent in one batch, 1 to 100, where the server takes batches; 1 is none.",
        example: "50",
        check: |text| within(text, 1, 100),
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
