//! Growbots' refusals, by what can be done about them (`facts/growbots.md` 3.10).

use crate::model::{FieldName, Kind, Side};
use crate::remote::{
    Found, RemoteError,
    client::{Answer, Client},
};

use super::{Dialect, Growbots, map::wire_name, wire::Problem};

/// What an answer says about a record that is not there; `None` for every other answer.
///
/// A 404 without the contract's code is a wrong address, not a missing record.
pub fn absent(answer: &Answer) -> Option<Found> {
    let problem: Problem<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, problem.code.text()) {
        (404, "not_found") => Some(Found::Missing),
        (410, "gone") => {
            let stone = problem.tombstone.unwrap_or_default();
            Some(Found::Gone(stone.read()))
        }
        _ => None,
    }
}

/// Whether the answer says that there is nothing to restore.
pub fn is_not_deleted(answer: &Answer) -> bool {
    let problem: Problem<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status, problem.code.text()) == (409, "not_deleted")
}

/// The error for an answer that is no 2xx.
pub fn fault(growbots: &Growbots, kind: Kind, answer: &Answer) -> RemoteError {
    let (side, client) = (Side::Growbots, &growbots.client);
    let operation = answer.operation().to_owned();
    let problem: Problem<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = words(client, &problem, answer.status);
    match (answer.status, problem.code.text()) {
        (401, _) => {
            client.refused_key();
            RemoteError::Unauthorised { side, said }
        }
        (403, _) => RemoteError::Forbidden {
            side,
            operation,
            said,
        },
        (400, "invalid_cursor" | "cursor_mismatch") | (410, "cursor_expired") => {
            RemoteError::CursorExpired { side }
        }
        (422, "idempotency_key_reused") => RemoteError::KeyReused { side },
        (409, "duplicate") if !problem.existing_id.text().is_empty() => RemoteError::Duplicate {
            side,
            holder: problem.existing_id.text().into(),
            field: match problem.matched_on.text() {
                "email" => FieldName::Email,
                "phone" => FieldName::Phone,
                other => FieldName::Custom(other.into()),
            },
        },
        (status, _) => RemoteError::Refused {
            side,
            operation,
            kind,
            status,
            fields: fields(&growbots.dialect, kind, &problem),
            said,
        },
    }
}

fn words(client: &Client, problem: &Problem<'_>, status: u16) -> String {
    let mut words: Vec<String> = [&problem.detail, &problem.title]
        .into_iter()
        .map(|scalar| scalar.text().to_owned())
        .filter(|text| !text.is_empty())
        .take(1)
        .collect();
    for fault in &problem.errors {
        let why = match fault.detail.text() {
            "" => fault.code.text(),
            detail => detail,
        };
        words.push(format!("`{}` {why}", fault.field.text()));
    }
    if words.is_empty() {
        return format!("status {status}");
    }
    client.said(&words.join("; "))
}

fn fields(dialect: &Dialect, kind: Kind, problem: &Problem<'_>) -> Vec<FieldName> {
    let named = |field: &&FieldName| {
        let name = wire_name(field);
        let outer = name.split('.').next().unwrap_or(&name);
        problem.errors.iter().any(|fault| {
            let said = dialect.canonical_name(kind, fault.field.text());
            said == name || said == outer
        })
    };
    FieldName::of(kind).iter().filter(named).cloned().collect()
}
