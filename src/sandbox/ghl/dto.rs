//! What GHL's whitelisted bodies may hold. Anything else is a 422 with one message a property.

use bytes::Bytes;
use serde_json::Value;

use super::refusal::Refusal;
use crate::sandbox::record::Body;

/// What a property must be.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    Text,
    TextOrNull,
    Bool,
    Number,
    List,
    Object,
}

/// The body of an operation: its properties, and those that must be there.
#[derive(Debug)]
pub struct Dto {
    fields: &'static [(&'static str, Type)],
    shared: &'static [(&'static str, Type)],
    required: &'static [&'static str],
}

const CONTACT: &[(&str, Type)] = &[
    ("firstName", Type::TextOrNull),
    ("lastName", Type::TextOrNull),
    ("name", Type::TextOrNull),
    ("email", Type::TextOrNull),
    ("phone", Type::TextOrNull),
    ("address1", Type::TextOrNull),
    ("city", Type::TextOrNull),
    ("state", Type::TextOrNull),
    ("postalCode", Type::Text),
    ("website", Type::TextOrNull),
    ("timezone", Type::TextOrNull),
    ("country", Type::Text),
    ("dateOfBirth", Type::TextOrNull),
    ("tags", Type::List),
    ("customFields", Type::List),
    ("dnd", Type::Bool),
    ("dndSettings", Type::Object),
    ("inboundDndSettings", Type::Object),
    ("additionalEmails", Type::List),
    ("additionalPhones", Type::List),
];

/// POST /contacts/
pub const CREATE_CONTACT: Dto = Dto {
    fields: &[
        ("locationId", Type::Text),
        ("companyName", Type::TextOrNull),
        ("gender", Type::Text),
        ("assignedTo", Type::Text),
        ("source", Type::Text),
    ],
    shared: CONTACT,
    required: &["locationId"],
};
/// PUT /contacts/:contactId
pub const UPDATE_CONTACT: Dto = Dto {
    fields: &[
        ("assignedTo", Type::TextOrNull),
        ("source", Type::TextOrNull),
    ],
    shared: CONTACT,
    required: &[],
};

const TASK: &[(&str, Type)] = &[
    ("title", Type::Text),
    ("body", Type::TextOrNull),
    ("dueDate", Type::Text),
    ("completed", Type::Bool),
    ("assignedTo", Type::TextOrNull),
];
/// POST tasks
pub const CREATE_TASK: Dto = Dto {
    fields: &[],
    shared: TASK,
    required: &["title", "dueDate", "completed"],
};
/// PUT a task
pub const UPDATE_TASK: Dto = Dto {
    fields: &[],
    shared: TASK,
    required: &[],
};
/// PUT a task's `completed`
pub const COMPLETE_TASK: Dto = Dto {
    fields: &[("completed", Type::Bool)],
    shared: &[],
    required: &["completed"],
};

const NOTE: &[(&str, Type)] = &[
    ("body", Type::Text),
    ("userId", Type::TextOrNull),
    ("title", Type::TextOrNull),
    ("color", Type::TextOrNull),
    ("pinned", Type::Bool),
];
/// POST notes
pub const CREATE_NOTE: Dto = Dto {
    fields: &[],
    shared: NOTE,
    required: &["body"],
};
/// PUT a note
pub const UPDATE_NOTE: Dto = Dto {
    fields: &[],
    shared: NOTE,
    required: &[],
};
/// POST and DELETE tags
pub const TAGS: Dto = Dto {
    fields: &[("tags", Type::List)],
    shared: &[],
    required: &["tags"],
};
/// POST /locations/:locationId/tasks/search
pub const SEARCH_TASKS: Dto = Dto {
    fields: &[
        ("contactId", Type::List),
        ("completed", Type::Bool),
        ("assignedTo", Type::List),
        ("query", Type::Text),
        ("limit", Type::Number),
        ("skip", Type::Number),
        ("businessId", Type::Text),
    ],
    shared: &[],
    required: &[],
};

/// The JSON object in a body; an empty body is an empty object.
pub fn object(bytes: &Bytes) -> Result<Body, Refusal> {
    if bytes.is_empty() {
        return Ok(Body::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Refusal::Bad("the body is not a JSON object".into())),
        Err(error) => Err(Refusal::Bad(error.to_string())),
    }
}

impl Dto {
    /// The body if it is one that the operation takes.
    pub fn read(&self, bytes: &Bytes) -> Result<Body, Refusal> {
        let body = object(bytes)?;
        let mut wrong = Vec::new();
        for (name, value) in &body {
            let of = self
                .fields
                .iter()
                .chain(self.shared)
                .find(|(field, _)| field == name);
            match of {
                None => wrong.push(format!("property {name} should not exist")),
                Some((_, wanted)) => wrong.extend(wanted.complaint(name, value)),
            }
        }
        for name in self.required {
            if !body.contains_key(*name) {
                let wanted = self
                    .fields
                    .iter()
                    .chain(self.shared)
                    .find(|(f, _)| f == name);
                wrong.extend(wanted.and_then(|(_, wanted)| wanted.complaint(name, &Value::Null)));
            }
        }
        if let Some(email) = body.get("email").and_then(Value::as_str)
            && !email.trim().is_empty()
            && !is_email(email.trim())
        {
            wrong.push("email must be an email".into());
        }
        if wrong.is_empty() {
            Ok(body)
        } else {
            Err(Refusal::Invalid(wrong))
        }
    }
}

impl Type {
    fn complaint(self, name: &str, value: &Value) -> Option<String> {
        let (fits, wanted) = match self {
            Self::Text => (value.is_string(), "a string"),
            Self::TextOrNull => (value.is_string() || value.is_null(), "a string"),
            Self::Bool => (value.is_boolean(), "a boolean value"),
            Self::Number => (value.is_number(), "a number"),
            Self::List => (value.is_array(), "an array"),
            Self::Object => (value.is_object(), "an object"),
        };
        (!fits).then(|| format!("{name} must be {wanted}"))
    }
}

fn is_email(text: &str) -> bool {
    let host_has_a_dot =
        |host: &str| host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host_has_a_dot(host)
            && !host.contains('@')
            && !text.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_is_taken_only_if_every_property_is_declared_and_of_its_type() {
        for (dto, given, want) in [
            (
                &CREATE_CONTACT,
                json!({"firstName": "A"}),
                vec!["locationId must be a string"],
            ),
            (
                &CREATE_CONTACT,
                json!({"locationId": "l", "companyName": "c", "gender": "f"}),
                vec![],
            ),
            (
                &UPDATE_CONTACT,
                json!({"locationId": "l", "companyName": "c", "gender": "f"}),
                vec![
                    "property locationId should not exist",
                    "property companyName should not exist",
                    "property gender should not exist",
                ],
            ),
            (
                &UPDATE_CONTACT,
                json!({"city": null, "source": null, "assignedTo": null}),
                vec![],
            ),
            (
                &UPDATE_CONTACT,
                json!({"country": null}),
                vec!["country must be a string"],
            ),
            (
                &CREATE_CONTACT,
                json!({"locationId": "l", "source": null}),
                vec!["source must be a string"],
            ),
            (
                &UPDATE_CONTACT,
                json!({"email": "nobody"}),
                vec!["email must be an email"],
            ),
            (
                &UPDATE_CONTACT,
                json!({"tags": "a", "dnd": "yes"}),
                vec!["tags must be an array", "dnd must be a boolean value"],
            ),
            (
                &CREATE_TASK,
                json!({}),
                vec![
                    "title must be a string",
                    "dueDate must be a string",
                    "completed must be a boolean value",
                ],
            ),
            (
                &CREATE_TASK,
                json!({"title": "t", "dueDate": "d", "completed": false, "contactId": "c"}),
                vec!["property contactId should not exist"],
            ),
            (
                &CREATE_NOTE,
                json!({"title": "t"}),
                vec!["body must be a string"],
            ),
            (&UPDATE_NOTE, json!({"title": "t"}), vec![]),
            (
                &TAGS,
                json!({"tags": ["a"], "locationId": "l"}),
                vec!["property locationId should not exist"],
            ),
        ] {
            let got = match dto.read(&Bytes::from(given.to_string())) {
                Ok(_) => vec![],
                Err(Refusal::Invalid(messages)) => messages,
                Err(other) => panic!("{given}: {other:?}"),
            };
            assert_eq!(got, want, "{given}");
        }
    }
}
