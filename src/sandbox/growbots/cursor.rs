//! Opaque cursors: JSON that the client is not meant to read.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::problem::Problem;

/// A cursor that stands for a value.
pub fn opaque(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The value that a cursor stands for.
pub fn open(cursor: &str) -> Result<Value, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::new(400, "invalid_cursor", "the cursor is not one of ours"))
}
