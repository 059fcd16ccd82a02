//! Automation rules: when something happened, and a filter lets it through, then these steps.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CallEnd, FieldName, Filter, Kind, LinkId, Millis, RecordId, Value};

/// What a rule waits for. All of it happens in GHL, by somebody other than couplet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A contact was made.
    ContactCreated,
    /// An appointment was made.
    AppointmentCreated,
    /// An appointment got another start.
    AppointmentMoved,
    /// An appointment was kept, cancelled or missed.
    AppointmentEnded,
    /// The contact called; only webhooks tell.
    Call,
    /// A contact was put into a business.
    BusinessLinked,
}

impl When {
    /// All, in the order of the docs.
    pub const ALL: [Self; 6] = [
        Self::ContactCreated,
        Self::AppointmentCreated,
        Self::AppointmentMoved,
        Self::AppointmentEnded,
        Self::Call,
        Self::BusinessLinked,
    ];

    /// The name in the config, in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContactCreated => "contact_created",
            Self::AppointmentCreated => "appointment_created",
            Self::AppointmentMoved => "appointment_moved",
            Self::AppointmentEnded => "appointment_ended",
            Self::Call => "call",
            Self::BusinessLinked => "business_linked",
        }
    }

    /// What happens, in words: `a contact is made`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ContactCreated => "a contact is made",
            Self::AppointmentCreated => "an appointment is made",
            Self::AppointmentMoved => "an appointment gets another start",
            Self::AppointmentEnded => "an appointment is kept, cancelled or missed",
            Self::Call => "the contact calls",
            Self::BusinessLinked => "a contact is put into a business",
        }
    }

    /// The kind of record that it happens to.
    pub const fn kind(self) -> Kind {
        match self {
            Self::ContactCreated | Self::Call | Self::BusinessLinked => Kind::Contact,
            Self::AppointmentCreated | Self::AppointmentMoved | Self::AppointmentEnded => {
                Kind::Appointment
            }
        }
    }
}

/// Something that happened to a record of GHL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// What.
    pub when: When,
    /// To which record of GHL.
    pub id: RecordId,
    /// What tells it from others of the same record; the same however often it is told.
    pub event: String,
    /// How the call ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallEnd>,
}

impl Occurrence {
    /// The same for the same happening, whoever tells of it, and for no other.
    pub fn key(&self) -> String {
        format!("{}:{}:{}", self.when.kind(), self.id, self.event)
    }
}

/// Counts firings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiringId(pub i64);

/// A rule that met an occurrence: once for each pair of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// Its number.
    pub id: FiringId,
    /// The rule's name.
    pub rule: String,
    /// What it met.
    pub occurrence: Occurrence,
    /// When.
    pub at: Millis,
    /// The budget of the rule holds it.
    pub held: bool,
}

/// What a rule did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// Firings carried out.
    pub fired: u64,
    /// When the last one was.
    pub last: Option<Millis>,
    /// Firings that wait for the contact's lead.
    pub waiting: u64,
    /// Firings that its budget holds.
    pub held: u64,
    /// Firings that could not be carried out.
    pub failed: u64,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, of lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// What it waits for.
    pub when: When,
    /// What it lets through.
    pub filter: Filter,
    /// What is then done, all of it or nothing.
    pub then: Vec<Step>,
    /// Where it stands: `default`, or file and line.
    pub origin: String,
    /// Whether it fires.
    pub on: bool,
    /// How often it may act within an hour; what is more waits.
    pub per_hour: u64,
}

/// How often a rule may act within an hour where nobody says otherwise.
pub const PER_HOUR: u64 = 200;

/// One thing that a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Only where this holds too.
    pub only: Filter,
    /// What.
    pub act: Act,
}

/// What a rule can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Waits until the contact is a lead in Growbots.
    CreateLead,
    /// Makes a task of the contact in Growbots; it syncs like any other.
    CreateTask(TaskTemplate),
    /// Gives the open task of the appointment the appointment's start.
    MoveTask,
    /// Completes the open task of the appointment.
    CompleteTask,
    /// Makes the company of the contact's business, and links the lead with it.
    FillBusiness,
    /// Adds a tag to the contact.
    AddTag(Box<str>),
    /// Gives a field of the contact a value; `None` empties it.
    SetField(FieldName, Option<Value>),
}

/// A task to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskTemplate {
    /// The title, with `{name}` for the contact's name and `{title}` for the appointment's title.
    pub title: String,
    /// Its kind in Growbots.
    pub kind: TaskKind,
    /// When it is due.
    pub due: Due,
}

/// When a task of a rule is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// So many working days from now, at 17:00 in the location's zone.
    WorkingDays(u16),
    /// At the start of the appointment.
    Start,
}

/// The kind of a task of Growbots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Anything.
    Todo,
    /// A call.
    Call,
    /// An e-mail.
    Email,
    /// A meeting.
    Meeting,
    /// Following up.
    FollowUp,
}

impl TaskKind {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Todo,
        Self::Call,
        Self::Email,
        Self::Meeting,
        Self::FollowUp,
    ];

    /// The name in Growbots and in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Call => "call",
            Self::Email => "email",
            Self::Meeting => "meeting",
            Self::FollowUp => "follow_up",
        }
    }
}

/// What a rule tells Growbots of a task beside its fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleMark {
    /// For `external_ids.rule`: rule and event key.
    pub key: String,
    /// Its kind.
    pub kind: TaskKind,
}

/// What carrying out a firing means for the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleWork {
    /// Tasks to be made, each with the contact's link in the place of its own.
    pub tasks: Vec<super::Write>,
    /// Values that are decided, by link.
    pub decided: Vec<(LinkId, super::Decided)>,
}

/// In words: `create_task "Follow up with {name}"`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.act {
            Act::CreateLead => f.write_str("create_lead")?,
            Act::CreateTask(task) => {
                write!(f, "create_task \"{}\" ({}, ", task.title, task.kind.name())?;
                match task.due {
                    Due::Start => f.write_str("due at the start)")?,
                    Due::WorkingDays(1) => f.write_str("due in 1 working day)")?,
                    Due::WorkingDays(days) => write!(f, "due in {days} working days)")?,
                }
            }
            Act::MoveTask => f.write_str("move_task")?,
            Act::CompleteTask => f.write_str("complete_task")?,
            Act::FillBusiness => f.write_str("fill_business")?,
            Act::AddTag(tag) => write!(f, "add_tag \"{tag}\"")?,
            Act::SetField(field, value) => match value {
                Some(value) => write!(f, "set_field {field} = \"{value}\"")?,
                None => write!(f, "set_field {field} = \"\"")?,
            },
        }
        if self.only.is_empty() {
            return Ok(());
        }
        write!(f, " if {}", self.only)
    }
}

/// The default rules: `docs/mapping.md`, section Rules.
pub fn default_rules() -> Vec<Rule> {
    let rule = |name: &str, when, filter: &str, then: Vec<(&str, Act)>| Rule {
        name: name.into(),
        when,
        filter: Filter::parse(filter).unwrap_or_default(),
        then: then
            .into_iter()
            .map(|(only, act)| Step {
                only: Filter::parse(only).unwrap_or_default(),
                act,
            })
            .collect(),
        origin: "default".into(),
        on: true,
        per_hour: PER_HOUR,
    };
    let task = |title: &str, kind, due| {
        Act::CreateTask(TaskTemplate {
            title: title.into(),
            kind,
            due,
        })
    };
    let tomorrow = Due::WorkingDays(1);
    vec![
        rule(
            "new-contact-follow-up",
            When::ContactCreated,
            "-dnd:yes -email:\"\" OR -dnd:yes -phone:\"\"",
            vec![
                ("", Act::CreateLead),
                (
                    "",
                    task("Follow up with {name}", TaskKind::FollowUp, tomorrow),
                ),
            ],
        ),
        rule(
            "appointment-task",
            When::AppointmentCreated,
            "upcoming:yes -status:cancelled -status:invalid",
            vec![("", task("Prepare: {title}", TaskKind::Meeting, Due::Start))],
        ),
        rule(
            "appointment-moved",
            When::AppointmentMoved,
            "",
            vec![("", Act::MoveTask)],
        ),
        rule(
            "appointment-done",
            When::AppointmentEnded,
            "",
            vec![
                ("", Act::CompleteTask),
                (
                    "status:no_show",
                    task("Rebook {name}", TaskKind::FollowUp, tomorrow),
                ),
            ],
        ),
        rule(
            "call-task",
            When::Call,
            "call:missed OR call:voicemail",
            vec![("", task("Return call to {name}", TaskKind::Call, tomorrow))],
        ),
        rule(
            "business-fill",
            When::BusinessLinked,
            "",
            vec![("", Act::FillBusiness)],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_of_the_default_rules_can_be_read() {
        let filters = default_rules()
            .iter()
            .map(|rule| rule.filter.is_empty())
            .collect::<Vec<_>>();
        assert_eq!(filters, [false, false, true, true, false, true]);
    }

    #[test]
    fn names_are_those_of_the_json() {
        for when in When::ALL {
            assert_eq!(serde_json::to_value(when).unwrap(), when.name());
        }
        for kind in TaskKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
