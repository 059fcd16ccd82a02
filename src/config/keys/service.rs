//! Settings of `serve`, of what is told of trouble, of the log and of the rules.

use super::checks::{api_url, command, listen, one_of, within};
use super::{Key, PLAIN, Reach};

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "serve.listen",
        default: Some("127.0.0.1:8790"),
        help: "Where `couplet serve` listens for webhooks, `/healthz`, `/readyz` and `/metrics`. A proxy before it brings HTTPS.",
        example: "\"127.0.0.1:8790\"",
        reach: Reach::Program,
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
        check: crate::config::alerts::hours,
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
        check: crate::config::alerts::rules,
        ..PLAIN
    },
    Key {
        name: "log.format",
        env: Some("COUPLET_LOG_FORMAT"),
        default: Some("text"),
        help: "How log lines are written to stderr: `text`, or `json`, one object a line. `COUPLET_LOG` says which: `info` by default for `serve`, none for other commands.",
        example: "\"json\"",
        reach: Reach::Program,
        check: |text| one_of(text, &["text", "json"]),
        ..PLAIN
    },
    Key {
        name: "rules.defaults",
        default: Some("false"),
        help: "Whether the default automation rules are on. Rules of your own stand in `[[rules.rule]]`: see docs/mapping.md.",
        example: "false",
        check: |text| one_of(text, &["true", "false"]),
        ..PLAIN
    },
    Key {
        name: "rules.per_hour",
        default: Some("200"),
        help: "How often a rule may act within an hour, 1 to 10000; what is more waits, and stands among the errors.",
        example: "200",
        check: |text| within(text, 1, 10_000),
        ..PLAIN
    },
];
