//! What Growbots says no with: problem details (RFC 9457).

use serde_json::{Value, json};

use crate::sandbox::{http::Answer, record::Body};

/// A problem; `code` is what clients go by.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub status: u16,
    pub code: &'static str,
    detail: String,
    extra: Body,
}

impl Problem {
    /// A problem with a sentence about this case.
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            extra: Body::new(),
        }
    }

    /// A parameter of the query that is not there or not so.
    pub fn parameter(name: &str) -> Self {
        Self::new(
            400,
            "invalid_parameter",
            format!("the parameter `{name}` cannot be used so"),
        )
    }

    /// Fields that are not as they must be.
    pub fn invalid(errors: &[FieldError]) -> Self {
        let is_reference = errors.iter().all(|e| e.code == "reference_not_found");
        let code = if is_reference {
            "reference_not_found"
        } else {
            "validation_failed"
        };
        let listed: Vec<Value> = errors
            .iter()
            .map(|e| json!({"field": e.field, "code": e.code, "detail": e.detail}))
            .collect();
        Self::new(422, code, "some fields are not valid").with("errors", listed)
    }

    /// The same problem with one more member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// The answer.
    pub fn answer(&self, request_id: &str) -> Answer {
        let mut title = self.code.replace('_', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let mut body = json!({
            "type": format!("urn:couplet:growbots:{}", self.code), "title": title, "status": self.status,
            "detail": self.detail, "code": self.code, "request_id": request_id,
        });
        for (name, value) in &self.extra {
            body[name] = value.clone();
        }
        let mut answer = Answer::json(self.status, body);
        answer.content_type = "application/problem+json";
        answer
    }
}

/// One field of a 422.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub field: String,
    pub code: &'static str,
    pub detail: String,
}

impl FieldError {
    /// An error of one field.
    pub fn new(field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            code,
            detail: detail.into(),
        }
    }
}
