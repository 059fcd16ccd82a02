//! What GHL says no with.

use serde_json::{Value, json};

use crate::{
    model::Kind,
    sandbox::{http::Answer, switches::Switches},
};

/// A refusal, by the form that its body has.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// 400 with one message: a record that is not there, and anything else that is bad.
    Bad(String),
    /// 422 with a list of messages.
    Invalid(Vec<String>),
    /// 400 with the contact that has the e-mail or phone already.
    Duplicate {
        contact_id: String,
        contact_name: String,
        field: &'static str,
    },
    /// 401.
    Unauthorised(String),
    /// 403: the location is not the token's.
    OtherLocation,
    /// 404: no such route.
    NoRoute(String),
}

impl Refusal {
    /// One message of a 422.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(vec![message.into()])
    }

    /// The same refusal where the documents list no 422.
    pub fn into_400(self) -> Self {
        match self {
            Self::Invalid(messages) => Self::Bad(messages.join(", ")),
            other => other,
        }
    }

    /// The same refusal where the documents list no 400.
    pub fn into_422(self) -> Self {
        match self {
            Self::Bad(message) => Self::invalid(message),
            other => other,
        }
    }

    /// A 401.
    pub fn unauthorised(message: &str) -> Self {
        Self::Unauthorised(message.into())
    }

    /// A record that is not there, never was or was deleted.
    pub fn missing(switches: &Switches, kind: Kind, id: &str) -> Self {
        Self::Bad(match kind {
            Kind::Contact => switches.missing_contact_message.replace("{id}", id),
            Kind::Task => switches.missing_task_message.clone(),
            Kind::Note => switches.missing_note_message.clone(),
            Kind::Appointment => "The event id is invalid.".into(),
            Kind::Business => format!("Business with id {id} not found"),
        })
    }

    /// The answer, without its trace id.
    pub fn answer(&self) -> Answer {
        let (status, message, error): (u16, Value, Option<&str>) = match self {
            Self::Bad(message) => (400, message.as_str().into(), Some("Bad Request")),
            Self::Invalid(messages) => (422, json!(messages), Some("Unprocessable Entity")),
            Self::Duplicate { .. } => (
                400,
                "This location does not allow duplicated contacts.".into(),
                None,
            ),
            Self::Unauthorised(message) => (401, message.as_str().into(), Some("Unauthorized")),
            Self::OtherLocation => (
                403,
                "The token does not have access to this location.".into(),
                Some("Forbidden"),
            ),
            Self::NoRoute(message) => (404, message.as_str().into(), Some("Not Found")),
        };
        let mut body = json!({"statusCode": status, "message": message});
        if let Some(error) = error {
            body["error"] = error.into();
        }
        if let Self::Duplicate {
            contact_id,
            contact_name,
            field,
        } = self
        {
            body["meta"] = json!({
                "contactId": contact_id, "contactName": contact_name, "matchingField": field,
            });
        }
        Answer::json(status, body)
    }
}
