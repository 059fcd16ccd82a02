//! Settings of the GHL side.

use super::checks::{api_url, command, filled, one_of, page};
use super::{Key, PLAIN};

pub(super) const KEYS: &[Key] = &[
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
        name: "ghl.page",
        default: Some("https://app.gohighlevel.com/v2/location/{location}/contacts/detail/{id}"),
        help: "The address of a contact's page in GHL's web app, for the links of the dashboard; `{id}` is the contact's id, `{location}` that of the location. Agencies with a domain of their own set it here.",
        example: "\"https://app.example.com/v2/location/{location}/contacts/detail/{id}\"",
        check: page,
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
];
