//! What can be wrong with a rule of the config file.

use crate::model::FieldName;

use super::configure::{FACTS, NAME_MOST, list};

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A rule, or a step of one, has no key of this name.
    #[error("a {what} has no setting `{given}`")]
    Key {
        /// A rule or a step.
        what: &'static str,
        /// What was given.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
        /// All that it can be.
        all: String,
    },
    /// A key that must be there.
    #[error("a {what} needs `{key}`")]
    Missing {
        /// A rule or a step.
        what: &'static str,
        /// Which key.
        key: &'static str,
        /// Such as.
        example: &'static str,
    },
    /// A value that its key cannot have.
    #[error("`{given}` is no {key}")]
    Choice {
        /// Which key.
        key: &'static str,
        /// What was given.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
        /// All that it can be.
        all: String,
    },
    /// A name that no rule can have.
    #[error("`{given}` is no name of a rule")]
    Name {
        /// What was given.
        given: String,
    },
    /// A second rule of the same name.
    #[error("there are two rules `{given}`")]
    Twice {
        /// The name.
        given: String,
    },
    /// A default rule waits for what it waits for.
    #[error("the default rule `{rule}` waits for `{when}`, and for nothing else")]
    DefaultWhen {
        /// Which rule.
        rule: String,
        /// What it waits for.
        when: &'static str,
    },
    /// A filter that cannot be read.
    #[error("`{key}`: {why}")]
    Filter {
        /// `filter` or `if`.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A filter that asks for what no contact or appointment has.
    #[error("`{key}` asks for `{given}`, which no contact or appointment has")]
    FilterField {
        /// `filter` or `if`.
        key: &'static str,
        /// What it asks for.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
    },
    /// A step that does two things, or a rule without a step.
    #[error("a step does one thing, and this one {0}")]
    Acts(&'static str),
    /// A field that a rule cannot set.
    #[error("a rule cannot set `{given}`")]
    Field {
        /// What was given.
        given: String,
        /// What looks like it.
        nearest: Option<String>,
    },
    /// A value that its field cannot have.
    #[error("`{field}` is {wanted}, not `{given}`")]
    Value {
        /// Which field.
        field: FieldName,
        /// What it can be.
        wanted: &'static str,
        /// What was given.
        given: String,
    },
    /// A due date that depends on an appointment, in a rule without one.
    #[error("`{given}` is about an appointment, and `{when}` is not")]
    NoAppointment {
        /// What was given.
        given: &'static str,
        /// What the rule waits for.
        when: &'static str,
    },
}

impl RuleError {
    /// The key that it is about; `None`: the rule as a whole.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Key { given, .. } => Some(given),
            Self::Choice { key, .. } | Self::Filter { key, .. } | Self::FilterField { key, .. } => {
                Some(key)
            }
            Self::Name { .. } | Self::Twice { .. } => Some("name"),
            Self::DefaultWhen { .. } => Some("when"),
            Self::Field { .. } => Some("set_field"),
            Self::Value { .. } => Some("value"),
            Self::NoAppointment { given, .. } => Some(given),
            Self::Missing { .. } | Self::Acts(_) => None,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        let near = |nearest: &Option<String>, all: String| match nearest {
            Some(name) => format!("did you mean `{name}`?"),
            None => all,
        };
        match self {
            Self::Key { nearest, all, .. } | Self::Choice { nearest, all, .. } => {
                near(nearest, format!("it is one of {all}"))
            }
            Self::Missing { example, .. } => format!("such as `{example}`"),
            Self::Name { .. } => format!("1 to {NAME_MOST} lower-case letters, digits, `-` and `_`"),
            Self::Twice { .. } => "give each rule a name of its own".into(),
            Self::DefaultWhen { .. } => "take the line out, or give the rule a name of its own".into(),
            Self::Filter { .. } => "such as `tag:vip -dnd:yes`; the words are those of every list".into(),
            Self::FilterField { nearest, .. } => near(
                nearest,
                format!(
                    "`couplet map show` lists the fields; a custom field is `custom.KEY`; beside them there are {}",
                    list(&FACTS)
                ),
            ),
            Self::Acts(_) => "write a `then` for each: `{ create_task = \"Call {name}\" }`, `{ add_tag = \"new\" }`".into(),
            Self::Field { nearest, .. } => near(
                nearest,
                "`couplet map show` lists the fields of a contact; tags have `add_tag`".into(),
            ),
            Self::Value { .. } => "correct the value; an empty one empties the field".into(),
            Self::NoAppointment { .. } => "write `due = \"1 working day\"`, or take the line out".into(),
        }
    }
}
