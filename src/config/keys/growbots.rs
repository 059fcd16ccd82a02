//! Settings of the Growbots side.

use super::checks::{
    api_url, command, filled, header, header_name, header_value, one_of, page, scheme, within,
};
use super::{Key, PLAIN};

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "growbots.url",
        env: Some("COUPLET_GROWBOTS_URL"),
        help: "Where an adapter that speaks couplet's Growbots contract is (Growbots publishes no API of its own). `https`, except on this machine.",
        example: "\"https://growbots-adapter.example.com\"",
        check: api_url,
        ..PLAIN
    },
    Key {
        name: "growbots.page",
        help: "The address of a lead's page in Growbots' web app, as `ghl.page`; `{id}` is the lead's id.",
        example: "\"https://growbots.example.com/leads/{id}\"",
        check: page,
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
        name: "growbots.batch_size",
        default: Some("50"),
        help: "Writes sent in one request where the server can do `batch`, 1 to 100; 1 sends each alone.",
        example: "50",
        check: |text| within(text, 1, 100),
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
        check: crate::config::growbots::capabilities,
        ..PLAIN
    },
    Key {
        name: "growbots.status_tags",
        default: Some("false"),
        help: "Whether the contact of a lead carries the lead's status as a tag in GHL, `growbots:replied`. It follows the lead; to write the tag in GHL changes nothing in Growbots.",
        example: "true",
        check: |text| one_of(text, &["true", "false"]),
        ..PLAIN
    },
    Key {
        name: "growbots.paths",
        help: "Other paths of a server that is near the contract, by the contract's first segment.",
        example: "{ leads = \"people\" }",
        compound: true,
        check: crate::config::growbots::renames,
        ..PLAIN
    },
    Key {
        name: "growbots.wire",
        help: "Other JSON names of fields, by the contract's segment of the kind and its name of the field.",
        example: "{ leads.first_name = \"given_name\", leads.address.street = \"line1\" }",
        compound: true,
        check: crate::config::growbots::renames,
        ..PLAIN
    },
];
