//! What GHL's whitelisted bodies may hold. Anything else is a 422 with one message a property.

use bytes::Bytes;
use serde_json::Value;

use super::refusal::Refusal;
use crate::sandbox::{record::Body, switches::Switches};

/// What a property must be.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    Text,
    TextOrNull,
    Bool,
    Number,
    /// A list of text.
    Texts,
    /// A list of text or of objects.
    Addresses,
    /// Custom fields: each has an id or a key.
    Fields,
    /// Channels, each with a status.
    Dnd,
    /// `all` with a status.
    InboundDnd,
    /// Anything.
    Any,
}

/// The body of an operation: its properties, and those that must be there.
#[derive(Debug)]
pub struct Dto {
    fields: &'static [(&'static str, Type)],
    shared: &'static [(&'static str, Type)],
    required: &'static [&'static str],
}

const fn dto(
    required: &'static [&'static str],
    fields: &'static [(&'static str, Type)],
    shared: &'static [(&'static str, Type)],
) -> Dto {
    Dto {
        fields,
        shared,
        required,
    }
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
    ("tags", Type::Texts),
    ("customFields", Type::Fields),
    ("dnd", Type::Bool),
    ("dndSettings", Type::Dnd),
    ("inboundDndSettings", Type::InboundDnd),
];
/// POST /contacts/
pub const CREATE_CONTACT: Dto = dto(
    &["locationId"],
    &[
        ("locationId", Type::Text),
        ("companyName", Type::TextOrNull),
        ("gender", Type::Text),
        ("assignedTo", Type::Text),
        ("source", Type::Text),
        ("additionalEmails", Type::Addresses),
        ("additionalPhones", Type::Addresses),
    ],
    CONTACT,
);
/// POST /contacts/upsert
pub const UPSERT_CONTACT: Dto = dto(
    &["locationId"],
    &[
        ("locationId", Type::Text),
        ("companyName", Type::TextOrNull),
        ("gender", Type::Text),
        ("assignedTo", Type::Text),
        ("source", Type::Text),
        ("createNewIfDuplicateAllowed", Type::Bool),
    ],
    CONTACT,
);
/// PUT /contacts/:contactId
pub const UPDATE_CONTACT: Dto = dto(
    &[],
    &[
        ("assignedTo", Type::TextOrNull),
        ("source", Type::TextOrNull),
        ("additionalEmails", Type::Addresses),
        ("additionalPhones", Type::Addresses),
    ],
    CONTACT,
);
/// The same where a PUT takes the company too.
pub const UPDATE_CONTACT_AND_COMPANY: Dto = dto(
    &[],
    &[
        ("assignedTo", Type::TextOrNull),
        ("source", Type::TextOrNull),
        ("companyName", Type::TextOrNull),
        ("additionalEmails", Type::Addresses),
        ("additionalPhones", Type::Addresses),
    ],
    CONTACT,
);

const TASK: &[(&str, Type)] = &[
    ("title", Type::Text),
    ("body", Type::Text),
    ("dueDate", Type::Text),
    ("completed", Type::Bool),
    ("assignedTo", Type::Text),
];
/// POST tasks
pub const CREATE_TASK: Dto = dto(&["title", "dueDate", "completed"], &[], TASK);
/// PUT a task
pub const UPDATE_TASK: Dto = dto(&[], &[], TASK);
/// PUT a task's `completed`
pub const COMPLETE_TASK: Dto = dto(&["completed"], &[("completed", Type::Bool)], &[]);

const NOTE: &[(&str, Type)] = &[
    ("body", Type::Text),
    ("userId", Type::Text),
    ("title", Type::Text),
    ("color", Type::Text),
    ("pinned", Type::Bool),
];
/// POST notes
pub const CREATE_NOTE: Dto = dto(&["body"], &[], NOTE);
/// PUT a note
pub const UPDATE_NOTE: Dto = dto(&[], &[], NOTE);
/// POST and DELETE tags
pub const TAGS: Dto = dto(&["tags"], &[("tags", Type::Texts)], &[]);
/// POST and DELETE followers
pub const FOLLOWERS: Dto = dto(&["followers"], &[("followers", Type::Texts)], &[]);
/// POST and DELETE workflow
pub const WORKFLOW: Dto = dto(&[], &[("eventStartTime", Type::Text)], &[]);
/// POST /contacts/bulk/tags/update/:type
pub const BULK_TAGS: Dto = dto(
    &["contacts", "tags", "locationId"],
    &[
        ("contacts", Type::Texts),
        ("tags", Type::Texts),
        ("locationId", Type::Text),
        ("removeAllTags", Type::Bool),
    ],
    &[],
);
/// POST /contacts/bulk/business
pub const BULK_BUSINESS: Dto = dto(
    &["locationId", "ids", "businessId"],
    &[
        ("locationId", Type::Text),
        ("ids", Type::Texts),
        ("businessId", Type::TextOrNull),
    ],
    &[],
);
/// POST /contacts/search; what its filters hold is read elsewhere.
pub const SEARCH_CONTACTS: Dto = dto(
    &["locationId", "pageLimit"],
    &[
        ("locationId", Type::Text),
        ("pageLimit", Type::Number),
        ("page", Type::Number),
        ("searchAfter", Type::Any),
        ("filters", Type::Any),
        ("sort", Type::Any),
        ("query", Type::Text),
    ],
    &[],
);
/// POST /locations/:locationId/tasks/search
pub const SEARCH_TASKS: Dto = dto(
    &[],
    &[
        ("contactId", Type::Texts),
        ("completed", Type::Bool),
        ("assignedTo", Type::Texts),
        ("query", Type::Text),
        ("limit", Type::Number),
        ("skip", Type::Number),
        ("businessId", Type::Text),
    ],
    &[],
);
/// POST and PUT of a location's tag
pub const TAG: Dto = dto(&["name"], &[("name", Type::Text)], &[]);

const FIELD: &[(&str, Type)] = &[
    ("name", Type::Text),
    ("placeholder", Type::Text),
    ("acceptedFormat", Type::Texts),
    ("isMultipleFile", Type::Bool),
    ("maxNumberOfFiles", Type::Number),
    ("textBoxListOptions", Type::Addresses),
    ("position", Type::Number),
    ("model", Type::Text),
];
/// POST a custom field
pub const CREATE_FIELD: Dto = dto(&["name", "dataType"], &[("dataType", Type::Text)], FIELD);
/// PUT a custom field
pub const UPDATE_FIELD: Dto = dto(&["name"], &[], FIELD);

const BUSINESS: &[(&str, Type)] = &[
    ("name", Type::Text),
    ("phone", Type::Text),
    ("email", Type::Text),
    ("website", Type::Text),
    ("address", Type::Text),
    ("city", Type::Text),
    ("postalCode", Type::Text),
    ("state", Type::Text),
    ("country", Type::Text),
    ("description", Type::Text),
];
/// POST /businesses/
pub const CREATE_BUSINESS: Dto = dto(
    &["name", "locationId"],
    &[("locationId", Type::Text)],
    BUSINESS,
);
/// PUT /businesses/:businessId
pub const UPDATE_BUSINESS: Dto = dto(&[], &[], BUSINESS);
/// POST /users/search/filter-by-email
pub const USERS_BY_EMAIL: Dto = dto(
    &["companyId", "emails"],
    &[
        ("companyId", Type::Text),
        ("emails", Type::Text),
        ("deleted", Type::Bool),
        ("skip", Type::Text),
        ("limit", Type::Text),
        ("projection", Type::Text),
    ],
    &[],
);
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
    fn of(&self, name: &str) -> Option<Type> {
        let mut all = self.fields.iter().chain(self.shared);
        all.find(|(field, _)| *field == name).map(|(_, of)| *of)
    }

    /// The body if it is one that the operation takes.
    pub fn read(&self, bytes: &Bytes, switches: &Switches) -> Result<Body, Refusal> {
        let body = object(bytes)?;
        let mut wrong = Vec::new();
        for (name, value) in &body {
            match self.of(name) {
                None => wrong.push(format!("property {name} should not exist")),
                Some(of) => wrong.extend(of.complaint(switches, name, value)),
            }
        }
        for name in self.required {
            let of = self.of(name).filter(|_| !body.contains_key(*name));
            wrong.extend(of.map(|of| of.says(switches, name)));
        }
        if let Some(email) = body.get("email").and_then(Value::as_str)
            && switches.refuse_bad_email
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
    /// What is wrong with a value, if anything.
    fn complaint(self, switches: &Switches, name: &str, value: &Value) -> Option<String> {
        let list = value.as_array();
        let all = |fits: fn(&Value) -> bool| list.is_some_and(|list| list.iter().all(fits));
        let is_here = match self {
            Self::Texts if list.is_some() && !all(Value::is_string) => {
                return Some(format!("each value in {name} must be a string"));
            }
            Self::Fields if list.is_some() && !all(names_a_field) => {
                return Some(format!("each value in {name} must have an id"));
            }
            Self::Dnd if value.is_object() => {
                return dnd(
                    name,
                    value,
                    &["Call", "Email", "SMS", "WhatsApp", "GMB", "FB", "RCS"],
                );
            }
            Self::InboundDnd if value.is_object() => return dnd(name, value, &["all"]),
            Self::Text => value.is_string(),
            Self::TextOrNull => value.is_string() || value.is_null(),
            Self::Bool => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Texts | Self::Fields => list.is_some(),
            Self::Addresses => all(|entry| entry.is_string() || entry.is_object()),
            Self::Dnd | Self::InboundDnd => false,
            Self::Any => true,
        };
        (!is_here).then(|| self.says(switches, name))
    }

    fn says(self, switches: &Switches, name: &str) -> String {
        let wanted = match self {
            Self::Text | Self::TextOrNull | Self::Any => "a string",
            Self::Bool => "a boolean value",
            Self::Number => "a number",
            Self::Texts | Self::Addresses | Self::Fields => "an array",
            Self::Dnd | Self::InboundDnd => "an object",
        };
        let message = switches.type_message.replace("{field}", name);
        message.replace("{wanted}", wanted)
    }
}

fn names_a_field(entry: &Value) -> bool {
    entry["id"].is_string() || entry["key"].is_string()
}

/// What is wrong with settings of channels, if anything.
fn dnd(name: &str, value: &Value, channels: &[&str]) -> Option<String> {
    let statuses: &[&str] = match channels {
        ["all"] => &["active", "inactive"],
        _ => &["active", "inactive", "permanent"],
    };
    value.as_object()?.iter().find_map(|(channel, setting)| {
        if !channels.contains(&channel.as_str()) {
            return Some(format!("{name}.property {channel} should not exist"));
        }
        let status = setting["status"].as_str().unwrap_or_default();
        (!statuses.contains(&status)).then(|| {
            let wanted = statuses.join(", ");
            format!("{name}.{channel}.status must be one of the following values: {wanted}")
        })
    })
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
                json!({"tags": ["a", 1]}),
                vec!["each value in tags must be a string"],
            ),
            (
                &UPDATE_CONTACT,
                json!({"customFields": [{"field_value": "v"}]}),
                vec!["each value in customFields must have an id"],
            ),
            (
                &UPDATE_CONTACT,
                json!({"dndSettings": {"SMS": {"status": "off"}}, "inboundDndSettings": {"all": {"status": "active"}}}),
                vec![
                    "dndSettings.SMS.status must be one of the following values: active, inactive, permanent",
                ],
            ),
            (
                &UPSERT_CONTACT,
                json!({"locationId": "l", "additionalEmails": []}),
                vec!["property additionalEmails should not exist"],
            ),
            (
                &TAGS,
                json!({"tags": ["a"], "locationId": "l"}),
                vec!["property locationId should not exist"],
            ),
        ] {
            let got = match dto.read(&Bytes::from(given.to_string()), &Switches::default()) {
                Ok(_) => vec![],
                Err(Refusal::Invalid(messages)) => messages,
                Err(other) => panic!("{given}: {other:?}"),
            };
            assert_eq!(got, want, "{given}");
        }
    }
}
