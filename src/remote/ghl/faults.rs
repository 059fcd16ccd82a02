//! GHL's refusals, by what can be done about them (`facts/highlevel.md` f).

use crate::model::{FieldName, Kind, Side};
use crate::remote::{
    RemoteError,
    client::{Answer, Client},
};

use super::{body::wire_name, wire::Problem};

/// Whether the answer says that the record, or the contact that it belongs to, is not there: a 400 with such a
/// message. A 404 is a wrong address, not a missing record.
pub fn is_missing(answer: &Answer) -> bool {
    if answer.status != 400 {
        return false;
    }
    let problem: Problem<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = problem
        .message
        .texts()
        .collect::<Vec<_>>()
        .join(" ")
        .to_ascii_lowercase();
    message.contains("not found") || message.contains("is invalid")
}

/// The error for an answer that is no 2xx.
pub fn fault(client: &Client, kind: Kind, answer: &Answer) -> RemoteError {
    let side = Side::Ghl;
    let operation = answer.operation().to_owned();
    let problem: Problem<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let messages: Vec<&str> = problem.message.texts().collect();
    let words = messages.join("; ");
    let said = if words.is_empty() {
        format!("status {}", answer.status)
    } else {
        client.said(&words)
    };
    if let Some(meta) = &problem.meta
        && !meta.contact_id.text().is_empty()
    {
        let field = if meta.matching_field.text().eq_ignore_ascii_case("email") {
            FieldName::Email
        } else {
            FieldName::Phone
        };
        return RemoteError::Duplicate {
            side,
            holder: meta.contact_id.text().into(),
            field,
        };
    }
    match answer.status {
        // Both kinds of 401 say "Unauthorized"; only the message tells a scope, which no new token heals.
        401 if words.to_ascii_lowercase().contains("scope") => RemoteError::Forbidden {
            side,
            operation,
            said,
        },
        401 => {
            client.refused_key();
            RemoteError::Unauthorised { side, said }
        }
        403 => RemoteError::Forbidden {
            side,
            operation,
            said,
        },
        status => RemoteError::Refused {
            side,
            operation,
            kind,
            status,
            fields: fields(kind, &messages),
            said,
        },
    }
}

/// The fields that messages name, as whole words: `property companyName should not exist`.
fn fields(kind: Kind, messages: &[&str]) -> Vec<FieldName> {
    let words: Vec<&str> = messages
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .collect();
    let named =
        |field: &&FieldName| wire_name(kind, field).is_some_and(|wire| words.contains(&wire));
    FieldName::of(kind).iter().filter(named).cloned().collect()
}
