//! What can be set while the sandbox runs: `GET` and `PUT /_sandbox/settings`.

use serde_json::{Value, json};

/// The capabilities that the Growbots side has, see the facts, 3.9.
pub const CAPABILITIES: [&str; 6] = [
    "changes",
    "include_deleted",
    "etag",
    "idempotency",
    "external_id",
    "restore",
];

/// The switches of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// GHL: whether one e-mail or phone may stand on two contacts.
    pub allow_duplicates: bool,
    /// GHL: whether a search row carries the key of every field.
    pub search_full_rows: bool,
    /// Growbots: what the account can do.
    pub capabilities: Vec<String>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            allow_duplicates: false,
            search_full_rows: true,
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
