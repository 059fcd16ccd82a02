//! What went wrong, in words fit to be shown.

use std::fmt;

use serde::Deserialize;

use crate::{
    model::{FieldName, Kind},
    remote::RemoteError,
    text,
};

use super::{Answer, Client};

impl Client {
    /// Reads the body of an answer.
    pub fn parse<'a, T: Deserialize<'a>>(&self, answer: &'a Answer) -> Result<T, RemoteError> {
        serde_json::from_slice(&answer.body).map_err(|error| self.unread(answer, &error))
    }

    /// The error for an answer that cannot be read.
    pub fn unread(&self, answer: &Answer, why: &impl fmt::Display) -> RemoteError {
        self.malformed(
            answer.operation,
            &without_value(&why.to_string()),
            answer.write,
        )
    }

    /// The error for an answer that makes no sense; `maybe_applied` where it answers a write.
    pub fn malformed(&self, operation: &str, said: &str, maybe_applied: bool) -> RemoteError {
        RemoteError::Malformed {
            side: self.side,
            operation: operation.to_owned(),
            said: self.said(said),
            field: None,
            maybe_applied,
        }
    }

    /// The error for a record with something else than a value in a field: it must not pass for empty.
    pub fn no_value(&self, answer: &Answer, field: &FieldName) -> RemoteError {
        RemoteError::Malformed {
            side: self.side,
            operation: answer.operation.to_owned(),
            said: format!("`{field}` has no plain value"),
            field: Some(field.clone()),
            maybe_applied: answer.write,
        }
    }

    /// The error for values that the side cannot take, found without asking it.
    pub fn cannot(&self, kind: Kind, operation: &str, field: &FieldName, why: &str) -> RemoteError {
        RemoteError::Refused {
            side: self.side,
            operation: operation.to_owned(),
            kind,
            status: 422,
            fields: vec![field.clone()],
            said: format!("`{field}` {why}"),
        }
    }

    /// The error for something that the side has no call for.
    pub fn no_such_call(&self, kind: Kind, what: &str) -> RemoteError {
        RemoteError::Refused {
            side: self.side,
            operation: what.to_owned(),
            kind,
            status: 422,
            fields: vec![],
            said: format!("it has no call for this: {what}"),
        }
    }

    /// A side's words, fit to be shown: one line, no control characters, no key, not endless.
    pub fn said(&self, words: &str) -> String {
        let words = text::impersonal(&text::clean(&self.auth.redact(words)));
        text::cut_end(&words, 300).into_owned()
    }

    /// What an answer that is no 2xx says, fit to be shown.
    pub fn words(&self, answer: &Answer) -> String {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let said = ["message", "detail", "title"].map(|name| body[name].as_str().unwrap_or(""));
        match said.into_iter().find(|words| !words.is_empty()) {
            Some(words) => self.said(words),
            None => format!("status {}", answer.status),
        }
    }
}

/// Why an answer cannot be read, without the value in it: that may be somebody's name or number.
fn without_value(why: &str) -> String {
    let place = why.rfind(" at line ").map_or("", |at| &why[at..]);
    for (begins, said) in [
        ("invalid type: ", "a value of another type than expected"),
        ("invalid value: ", "a value that makes no sense"),
    ] {
        if why.starts_with(begins) {
            return format!("{said}{place}");
        }
    }
    why.to_owned()
}
