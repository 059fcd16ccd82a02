//! Settings that stand in no section.

use super::checks::{creating, days, filled, one_of, poll_seconds, time_zone, within, workspace};
use super::{Key, PLAIN, Reach};

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "workspace",
        env: Some("COUPLET_WORKSPACE"),
        flag: Some("--workspace"),
        default: Some("default"),
        help: "The name of the workspace: one GHL location paired with one Growbots account. Its database is `<workspace>.db`. Where the file has several in `[workspaces.NAME]`, this one is meant unless another is named.",
        example: "\"default\"",
        reach: Reach::Program,
        check: workspace,
        ..PLAIN
    },
    Key {
        name: "data_dir",
        env: Some("COUPLET_DATA_DIR"),
        flag: Some("--data-dir"),
        help: "The folder of the databases. By default `couplet` in the XDG data folder.",
        example: "\"/var/lib/couplet\"",
        reach: Reach::Program,
        check: filled,
        ..PLAIN
    },
    Key {
        name: "operator",
        env: Some("COUPLET_OPERATOR"),
        help: "Who you are in the log and to your colleagues. By default your login name.",
        example: "\"dana\"",
        reach: Reach::Program,
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
        reach: Reach::Program,
        check: |text| one_of(text, &["auto", "dark", "light", "contrast", "mono"]),
        ..PLAIN
    },
    Key {
        name: "glyphs",
        default: Some("unicode"),
        help: "Marks and lines of the dashboard: `unicode`, or `ascii` for terminals that cannot show them.",
        example: "\"unicode\"",
        reach: Reach::Program,
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
        name: "keep_days",
        default: Some("365"),
        help: "After how many days the sync log, closed conflicts, ended actions and errors go, 1 to 36500; 0 keeps them. What is gone cannot be undone.",
        example: "365",
        check: |text| within(text, 0, 36_500),
        ..PLAIN
    },
    Key {
        name: "role",
        flag: Some("--role"),
        default: Some("operator"),
        help: "What you may do: `operator`, all; `viewer`, look and change nothing.",
        example: "\"viewer\"",
        reach: Reach::Program,
        check: |text| one_of(text, &["operator", "viewer"]),
        ..PLAIN
    },
    Key {
        name: "no_shell",
        flag: Some("--no-shell"),
        default: Some("false"),
        help: "Whether the dashboard starts no other program: `true` where operators may use couplet and nothing else on the machine (docs/ssh.md). Then `E` opens no editor.",
        example: "true",
        check: |text| one_of(text, &["true", "false"]),
        reach: Reach::Program,
        ..PLAIN
    },
    Key {
        name: "create.ghl",
        default: Some("all"),
        help: "Which leads that only Growbots has are made in GHL: `all`, `off`, or those of a filter in the words of a rule. What belongs to a contact goes with it.",
        example: "\"tag:customer\"",
        check: creating,
        ..PLAIN
    },
    Key {
        name: "create.growbots",
        default: Some("all"),
        help: "Which contacts that only GHL has are made in Growbots: `all`, `off`, or those of a filter. A rule with `create_lead` makes its contact's lead all the same.",
        example: "\"tag:customer OR tag:lead\"",
        check: creating,
        ..PLAIN
    },
];
