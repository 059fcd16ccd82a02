//! Rules of the config file.

use super::error::RuleError;
use crate::merge::mapping::nearest;
use crate::model::{
    Act, Due, FieldName, Filter, Kind, PER_HOUR, Rule, Step, TaskKind, TaskTemplate, Value, When,
};

/// The keys of a rule.
const KEYS: [&str; 5] = ["name", "when", "filter", "then", "enabled"];
/// The keys of a step: what it does, and what belongs to that.
const STEP_KEYS: [&str; 12] = [
    "create_task",
    "add_tag",
    "set_field",
    "create_lead",
    "move_task",
    "complete_task",
    "fill_business",
    "if",
    "kind",
    "due",
    "value",
    "to",
];
/// What a filter of a rule can ask for beside fields.
pub(super) const FACTS: [&str; 5] = ["call", "upcoming", "updated", "tag", "dnd"];
/// The longest name; it stands in `external_ids.rule` with the event's key.
pub(super) const NAME_MOST: usize = 40;
/// So many working days are the most that a task is put off.
const DAYS_MOST: u16 = 260;

/// A rule as written: `[[rules.rule]]` and what stands under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleRow<'a> {
    /// Keys and values, in the order of the file.
    pub values: Vec<(&'a str, &'a str)>,
    /// The steps, each with its keys and values; `None` where the rule names none.
    pub then: Option<Vec<Vec<(&'a str, &'a str)>>>,
    /// Where it stands, for `rules list`.
    pub origin: &'a str,
}

/// Puts a rule of the config into the list: one with the name of a default rule changes that, another one is new.
pub fn configure(rules: &mut Vec<Rule>, row: &RuleRow<'_>) -> Result<(), RuleError> {
    for (key, _) in &row.values {
        if !KEYS.contains(key) {
            return Err(no_key("rule", key, &KEYS));
        }
    }
    let value = |wanted: &str| {
        let mut values = row.values.iter();
        values
            .find(|(key, _)| *key == wanted)
            .map(|(_, text)| *text)
    };
    let name = value("name").ok_or(RuleError::Missing {
        what: "rule",
        key: "name",
        example: "name = \"vip-call\"",
    })?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !(1..=NAME_MOST).contains(&name.len()) || !name.chars().all(plain) {
        return Err(RuleError::Name { given: name.into() });
    }
    let known = rules.iter().position(|rule| rule.name == name);
    if known.is_some_and(|at| rules[at].origin != DEFAULT) {
        return Err(RuleError::Twice { given: name.into() });
    }
    let when = value("when").map(read_when).transpose()?;
    let when = match (known, when) {
        (Some(at), when) if when.is_none_or(|when| when == rules[at].when) => rules[at].when,
        (Some(at), _) => {
            return Err(RuleError::DefaultWhen {
                rule: name.into(),
                when: rules[at].when.name(),
            });
        }
        (None, Some(when)) => when,
        (None, None) => {
            return Err(RuleError::Missing {
                what: "rule",
                key: "when",
                example: "when = \"contact_created\"",
            });
        }
    };
    let mut rule = match known {
        Some(at) => rules[at].clone(),
        None => Rule {
            name: name.into(),
            when,
            filter: Filter::default(),
            then: Vec::new(),
            origin: String::new(),
            on: true,
            per_hour: PER_HOUR,
        },
    };
    rule.origin = row.origin.into();
    if let Some(text) = value("filter") {
        rule.filter = read_filter("filter", text)?;
    }
    rule.on = match value("enabled") {
        None | Some("true") => true,
        Some("false") => false,
        Some(given) => return Err(no_choice("enabled", given, &["true", "false"])),
    };
    if let Some(steps) = &row.then {
        rule.then = steps
            .iter()
            .map(|step| read_step(when, step))
            .collect::<Result<_, _>>()?;
    }
    if rule.then.is_empty() {
        return Err(RuleError::Missing {
            what: "rule",
            key: "then",
            example: "then = [{ create_task = \"Call {name}\" }]",
        });
    }
    match known {
        Some(at) => rules[at] = rule,
        None => rules.push(rule),
    }
    Ok(())
}

/// The origin of a rule that nobody wrote.
const DEFAULT: &str = "default";

fn read_when(text: &str) -> Result<When, RuleError> {
    let found = When::ALL.into_iter().find(|when| when.name() == text);
    found.ok_or_else(|| no_choice("when", text, &When::ALL.map(When::name)))
}

/// A filter of contacts in the words of a rule.
pub fn contact_filter(key: &'static str, text: &str) -> Result<Filter, RuleError> {
    read_filter(key, text)
}

fn read_filter(key: &'static str, text: &str) -> Result<Filter, RuleError> {
    let filter = Filter::parse(text).map_err(|error| RuleError::Filter {
        key,
        why: error.to_string(),
    })?;
    for asked in filter.fields() {
        let canonical = Filter::canonical(asked);
        let is_custom = asked.starts_with("custom.");
        let names = names();
        let short = |name: &String| name.strip_prefix("address.") == Some(asked);
        if !is_custom
            && !FACTS.contains(&asked)
            && !names.iter().any(|name| name == canonical || short(name))
        {
            let names: Vec<&str> = names.iter().map(String::as_str).chain(FACTS).collect();
            return Err(RuleError::FilterField {
                key,
                given: asked.into(),
                nearest: nearest(asked, &names),
            });
        }
    }
    Ok(filter)
}

/// The fields that a filter of a rule can ask for.
fn names() -> Vec<String> {
    let kinds = [Kind::Contact, Kind::Appointment];
    let fields = kinds.into_iter().flat_map(FieldName::of);
    fields.map(FieldName::to_string).collect()
}

fn read_step(when: When, values: &[(&str, &str)]) -> Result<Step, RuleError> {
    let mut step = Step {
        only: Filter::default(),
        act: Act::CreateLead,
    };
    for (key, _) in values {
        if !STEP_KEYS.contains(key) {
            return Err(no_key("step", key, &STEP_KEYS));
        }
    }
    let value = |wanted: &str| {
        let mut values = values.iter();
        values
            .find(|(key, _)| *key == wanted)
            .map(|(_, text)| *text)
    };
    if let Some(text) = value("if") {
        step.only = read_filter("if", text)?;
    }
    let acts = values
        .iter()
        .filter(|(key, _)| STEP_KEYS[..7].contains(key));
    let acts: Vec<_> = acts.collect();
    let [(act, given)] = acts.as_slice() else {
        return Err(RuleError::Acts(if acts.is_empty() {
            "does nothing"
        } else {
            "does several"
        }));
    };
    let about_appointment = |given: &'static str, act: Act| {
        if when.kind() == Kind::Appointment {
            return Ok(act);
        }
        Err(RuleError::NoAppointment {
            given,
            when: when.name(),
        })
    };
    step.act = match *act {
        "create_task" => Act::CreateTask(read_task(when, given, &value)?),
        "add_tag" if given.trim().is_empty() => {
            return Err(no_choice("add_tag", given, &["a tag"]));
        }
        "add_tag" => Act::AddTag(given.trim().to_lowercase().into()),
        "set_field" => {
            let to = value("value").or(value("to"));
            read_set(given, to)?
        }
        // `create_lead = true` and the like: the value says nothing.
        "create_lead" => Act::CreateLead,
        "fill_business" => Act::FillBusiness,
        "move_task" => about_appointment("move_task", Act::MoveTask)?,
        _ => about_appointment("complete_task", Act::CompleteTask)?,
    };
    Ok(step)
}

fn read_task<'a>(
    when: When,
    title: &str,
    value: &impl Fn(&str) -> Option<&'a str>,
) -> Result<TaskTemplate, RuleError> {
    if title.trim().is_empty() {
        return Err(no_choice("create_task", title, &["a title"]));
    }
    let kind = value("kind").unwrap_or("todo");
    let found = TaskKind::ALL.into_iter().find(|one| one.name() == kind);
    let due = value("due").unwrap_or("1 working day");
    let days = || {
        let (count, rest) = due.trim().split_once(' ').unwrap_or((due.trim(), ""));
        let days: u16 = count.parse().ok()?;
        let fits = days <= DAYS_MOST && matches!(rest, "" | "working day" | "working days");
        fits.then_some(Due::WorkingDays(days))
    };
    Ok(TaskTemplate {
        title: title.trim().into(),
        kind: found.ok_or_else(|| no_choice("kind", kind, &TaskKind::ALL.map(TaskKind::name)))?,
        due: match due {
            "start" if when.kind() != Kind::Appointment => {
                return Err(RuleError::NoAppointment {
                    given: "due",
                    when: when.name(),
                });
            }
            "start" => Due::Start,
            _ => days().ok_or_else(|| no_choice("due", due, &["start", "2 working days"]))?,
        },
    })
}

fn read_set(field: &str, to: Option<&str>) -> Result<Act, RuleError> {
    let fields = FieldName::of(Kind::Contact);
    let name = field.parse::<FieldName>().ok().filter(|name| {
        let is_known = matches!(name, FieldName::Custom(_)) || fields.contains(name);
        is_known && !matches!(name, FieldName::Tags | FieldName::Business)
    });
    let name = name.ok_or_else(|| {
        let names: Vec<String> = fields.iter().map(FieldName::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        RuleError::Field {
            given: field.into(),
            nearest: nearest(field, &names).filter(|name| name != field),
        }
    })?;
    let text = to.ok_or(RuleError::Missing {
        what: "step with `set_field`",
        key: "value",
        example: "value = \"GHL\"",
    })?;
    let value = Value::parse(name.ty(), text).map_err(|bad| RuleError::Value {
        field: name.clone(),
        wanted: bad.wanted,
        given: text.into(),
    })?;
    Ok(Act::SetField(name, value))
}

fn no_key(what: &'static str, given: &str, all: &[&str]) -> RuleError {
    RuleError::Key {
        what,
        given: given.into(),
        nearest: nearest(given, all),
        all: list(all),
    }
}

fn no_choice(key: &'static str, given: &str, all: &[&str]) -> RuleError {
    RuleError::Choice {
        key,
        given: given.into(),
        nearest: nearest(given, all),
        all: list(all),
    }
}

pub(super) fn list(all: &[&str]) -> String {
    format!("`{}`", all.join("`, `"))
}
