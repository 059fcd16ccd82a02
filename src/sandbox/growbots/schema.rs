//! The fields of each kind, and how a merge patch is checked and put into a record.

use serde_json::{Value, json};

use super::problem::FieldError;
use crate::model::Kind;
use crate::sandbox::{
    record::{Body, text},
    world::World,
};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Text of at most so many scalars.
    Text(usize),
    /// Text that must not be empty.
    Filled(usize),
    Choice(&'static [&'static str]),
    Bool,
    Time,
    TimeZone,
    User,
    Record(Kind),
    Tags,
    Address,
    Custom,
    External,
    /// Kept by the server.
    ReadOnly,
}

/// A field of a kind.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub of: Type,
    pub rule: Rule,
}

/// Whether a field may be null, and whether it may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Nullable,
    /// Never null; set on create or by its default.
    Always,
    Required,
    /// Required, and never changed.
    Fixed,
}

const fn field(name: &'static str, of: Type, rule: Rule) -> Field {
    Field { name, of, rule }
}

const STATUSES: &[&str] = &[
    "new",
    "contacted",
    "replied",
    "interested",
    "not_interested",
    "meeting_booked",
    "customer",
    "bounced",
    "unsubscribed",
];

const LEAD: &[Field] = &[
    field("first_name", Type::Text(100), Rule::Nullable),
    field("last_name", Type::Text(100), Rule::Nullable),
    field("email", Type::Text(254), Rule::Nullable),
    field("phone", Type::Text(32), Rule::Nullable),
    field("company", Type::Text(200), Rule::Nullable),
    field("company_id", Type::Record(Kind::Business), Rule::Nullable),
    field("title", Type::Text(200), Rule::Nullable),
    field("website", Type::Text(2048), Rule::Nullable),
    field("linkedin_url", Type::Text(2048), Rule::Nullable),
    field("address", Type::Address, Rule::Nullable),
    field("time_zone", Type::TimeZone, Rule::Nullable),
    field("status", Type::Choice(STATUSES), Rule::Always),
    field("do_not_contact", Type::Bool, Rule::Always),
    field("tags", Type::Tags, Rule::Always),
    field("custom_fields", Type::Custom, Rule::Always),
    field("owner_id", Type::User, Rule::Nullable),
    field("source", Type::Text(200), Rule::Nullable),
    field("campaign_ids", Type::ReadOnly, Rule::Always),
    field("last_contacted_at", Type::ReadOnly, Rule::Nullable),
    field("last_replied_at", Type::ReadOnly, Rule::Nullable),
];
const TASK: &[Field] = &[
    field("lead_id", Type::Record(Kind::Contact), Rule::Fixed),
    field("title", Type::Filled(255), Rule::Required),
    field("body", Type::Text(10_000), Rule::Nullable),
    field("due_at", Type::Time, Rule::Nullable),
    field("completed", Type::Bool, Rule::Always),
    field("completed_at", Type::ReadOnly, Rule::Nullable),
    field("assignee_id", Type::User, Rule::Nullable),
    field(
        "kind",
        Type::Choice(&["todo", "call", "email", "meeting", "follow_up"]),
        Rule::Always,
    ),
    field(
        "priority",
        Type::Choice(&["normal", "low", "high"]),
        Rule::Always,
    ),
];
const NOTE: &[Field] = &[
    field("lead_id", Type::Record(Kind::Contact), Rule::Fixed),
    field("body", Type::Filled(20_000), Rule::Required),
    field("author_id", Type::User, Rule::Nullable),
    field("pinned", Type::Bool, Rule::Always),
];
const MEETING: &[Field] = &[
    field("lead_id", Type::Record(Kind::Contact), Rule::Fixed),
    field("title", Type::Filled(255), Rule::Required),
    field("description", Type::Text(10_000), Rule::Nullable),
    field("starts_at", Type::Time, Rule::Required),
    field("ends_at", Type::Time, Rule::Required),
    field(
        "status",
        Type::Choice(&[
            "scheduled",
            "confirmed",
            "completed",
            "cancelled",
            "no_show",
        ]),
        Rule::Always,
    ),
    field("location", Type::Text(500), Rule::Nullable),
    field("calendar", Type::Text(200), Rule::Nullable),
    field("host_id", Type::User, Rule::Nullable),
];
const COMPANY: &[Field] = &[
    field("name", Type::Filled(200), Rule::Required),
    field("phone", Type::Text(32), Rule::Nullable),
    field("email", Type::Text(254), Rule::Nullable),
    field("website", Type::Text(2048), Rule::Nullable),
    field("description", Type::Text(5_000), Rule::Nullable),
    field("address", Type::Address, Rule::Nullable),
];
const COMMON: &[Field] = &[
    field("external_ids", Type::External, Rule::Always),
    field("id", Type::ReadOnly, Rule::Always),
    field("version", Type::ReadOnly, Rule::Always),
    field("created_at", Type::ReadOnly, Rule::Always),
    field("updated_at", Type::ReadOnly, Rule::Always),
    field("deleted_at", Type::ReadOnly, Rule::Nullable),
];

/// The fields of a kind, but for those that all have.
const fn fields_of(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Contact => LEAD,
        Kind::Task => TASK,
        Kind::Note => NOTE,
        Kind::Appointment => MEETING,
        Kind::Business => COMPANY,
    }
}

/// A record in which nothing is set yet: every field, null or its default.
pub fn blank(kind: Kind) -> Body {
    let unset = |field: &Field| match (field.of, field.rule) {
        (Type::Bool, _) => false.into(),
        (Type::Choice(all), _) => all[0].into(),
        (Type::Custom | Type::External, _) => json!({}),
        (Type::Tags, _) | (Type::ReadOnly, Rule::Always) => json!([]),
        _ => Value::Null,
    };
    fields_of(kind)
        .iter()
        .chain(&COMMON[..1])
        .map(|field| (field.name.to_owned(), unset(field)))
        .collect()
}

/// Puts a merge patch into a record; gives what is wrong with it, nothing if all is well.
pub fn apply(
    world: &World,
    kind: Kind,
    body: &mut Body,
    patch: &Body,
    is_new: bool,
) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    for (name, value) in patch {
        let found = fields_of(kind)
            .iter()
            .chain(COMMON)
            .find(|field| field.name == name);
        let is_there = name != "external_ids" || world.switches.can("external_id");
        match found.filter(|_| is_there) {
            None => wrong.push(FieldError::new(
                name,
                "unknown_field",
                "there is no such field",
            )),
            Some(field) => wrong.extend(field.apply(world, body, value, is_new)),
        }
    }
    if is_new {
        for field in fields_of(kind) {
            let is_missing = body.get(field.name).is_none_or(Value::is_null);
            if is_missing
                && matches!(field.rule, Rule::Required | Rule::Fixed)
                && !patch.contains_key(field.name)
            {
                wrong.push(FieldError::new(
                    field.name,
                    "required",
                    "this field is required",
                ));
            }
        }
    }
    if wrong.is_empty() {
        wrong.extend(check_whole(kind, body));
    }
    wrong
}

fn check_whole(kind: Kind, body: &Body) -> Option<FieldError> {
    let is_set = |name: &&str| text(body, name).is_some_and(|t| !t.is_empty());
    match kind {
        Kind::Contact
            if !["email", "phone", "first_name", "last_name", "company"]
                .iter()
                .any(is_set) =>
        {
            Some(FieldError::new(
                "email",
                "required",
                "one of `email`, `phone`, `first_name`, `last_name`, `company` must be set",
            ))
        }
        Kind::Appointment if text(body, "ends_at") < text(body, "starts_at") => Some(
            FieldError::new("ends_at", "invalid", "the end is before the start"),
        ),
        _ => None,
    }
}
