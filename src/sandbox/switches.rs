//! What can be set while the sandbox runs: `GET` and `PUT /_sandbox/settings`.

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{growbots::HeaderForm, webhooks::Signatures};

/// The capabilities that the Growbots side has, see the facts, 3.9.
pub const CAPABILITIES: [&str; 8] = [
    "changes",
    "include_deleted",
    "etag",
    "idempotency",
    "external_id",
    "batch",
    "restore",
    "webhooks",
];

/// The switches of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// GHL: whether one e-mail or phone may stand on two contacts.
    pub allow_duplicates: bool,
    /// GHL: whether a search row carries the key of every field.
    pub search_full_rows: bool,
    /// GHL: how long a used refresh token gets the same answer again, in milliseconds.
    pub refresh_grace_ms: i64,
    /// GHL: which signatures stand on webhooks.
    pub webhook_signatures: Signatures,
    /// GHL: whether `TaskCreate` comes without contact and body.
    pub task_create_is_sparse: bool,
    /// Growbots: which form of the rate limit headers.
    pub ratelimit_headers: HeaderForm,
    /// Growbots: what the account can do.
    pub capabilities: Vec<String>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            allow_duplicates: false,
            search_full_rows: true,
            refresh_grace_ms: 0,
            webhook_signatures: Signatures::Ed25519,
            task_create_is_sparse: true,
            ratelimit_headers: HeaderForm::Draft6,
            capabilities: CAPABILITIES.map(str::to_owned).into(),
        }
    }
}

impl Switches {
    /// Whether Growbots can do something.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|c| c == capability)
    }

    /// All switches with what they mean.
    pub fn shown(&self) -> Value {
        json!({
            "ghl.allow_duplicates": {
                "value": self.allow_duplicates,
                "meaning": "one e-mail or phone may stand on two contacts",
            },
            "ghl.search_full_rows": {
                "value": self.search_full_rows,
                "meaning": "a row of a contact or task search carries the key of every field, null where it is not set",
            },
            "ghl.refresh_grace_ms": {
                "value": self.refresh_grace_ms,
                "meaning": "how long a used refresh token gets the same answer again; 0 is single use",
            },
            "ghl.webhook_signatures": {
                "value": self.webhook_signatures,
                "meaning": "`ed25519`: X-GHL-Signature; `rsa`: X-WH-Signature; `both`; `none`",
            },
            "ghl.task_create_is_sparse": {
                "value": self.task_create_is_sparse,
                "meaning": "the webhook TaskCreate comes without contactId and body",
            },
            "growbots.ratelimit_headers": {
                "value": self.ratelimit_headers,
                "meaning": "`draft6`: RateLimit-Limit, -Remaining, -Reset; `later`: RateLimit with r and t; or `both`",
            },
            "growbots.capabilities": {
                "value": self.capabilities,
                "meaning": "what GET /account offers; what is left out is not there",
            },
        })
    }

    /// Sets what is given, all or nothing.
    pub fn set(&mut self, given: &serde_json::Map<String, Value>) -> Result<(), BadSwitch> {
        let mut next = self.clone();
        for (name, value) in given {
            let bad = || BadSwitch(name.clone());
            match name.as_str() {
                "ghl.allow_duplicates" => {
                    next.allow_duplicates = value.as_bool().ok_or_else(bad)?;
                }
                "ghl.search_full_rows" => {
                    next.search_full_rows = value.as_bool().ok_or_else(bad)?;
                }
                "ghl.refresh_grace_ms" => {
                    next.refresh_grace_ms = value.as_i64().filter(|ms| *ms >= 0).ok_or_else(bad)?;
                }
                "ghl.webhook_signatures" => {
                    next.webhook_signatures = Signatures::deserialize(value).map_err(|_| bad())?;
                }
                "ghl.task_create_is_sparse" => {
                    next.task_create_is_sparse = value.as_bool().ok_or_else(bad)?;
                }
                "growbots.ratelimit_headers" => {
                    next.ratelimit_headers = HeaderForm::deserialize(value).map_err(|_| bad())?;
                }
                "growbots.capabilities" => {
                    let list: Vec<String> =
                        serde_json::from_value(value.clone()).map_err(|_| bad())?;
                    if !list.iter().all(|c| CAPABILITIES.contains(&c.as_str())) {
                        return Err(bad());
                    }
                    next.capabilities = list;
                }
                _ => return Err(bad()),
            }
        }
        *self = next;
        Ok(())
    }
}

/// A switch that is not there, or a value that it does not take.
#[derive(Debug, thiserror::Error)]
#[error("setting `{0}` does not exist or does not take this value")]
pub struct BadSwitch(pub String);
