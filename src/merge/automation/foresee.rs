//! What a rule would do about a record, in words: nothing is written.

use jiff::tz::TimeZone;

use crate::model::{Act, FieldName, Kind, Linked, Rule, Side, Step, look};

use super::Subject;

/// What a rule would do about a record, if what it waits for happened now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// Whether it would act at all; else why not.
    pub stopped: Option<&'static str>,
    /// Its steps, in order.
    pub steps: Vec<StepForeseen>,
}

/// What a step would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepForeseen {
    /// The step, as `rules list` shows it.
    pub step: String,
    /// Whether what it asks for holds.
    pub holds: bool,
    /// What it would do, in words.
    pub does: String,
}

impl Subject<'_> {
    /// What a rule would do. Times are those of now, in the zone of the location.
    pub fn foresee(&self, rule: &Rule, zone: &TimeZone) -> Foreseen {
        let needs_appointment = rule.when.kind() == Kind::Appointment;
        let stopped = if !rule.on {
            Some("the rule is off")
        } else if needs_appointment && self.appointment.is_none() {
            Some("the contact has no appointment")
        } else if self.contact.ignored {
            Some("the contact is ignored")
        } else if !self.passes(&rule.filter) {
            Some("its filter does not let this record through")
        } else {
            None
        };
        let steps = rule.then.iter();
        let steps = steps.map(|step| StepForeseen {
            step: step.to_string(),
            holds: self.passes(&step.only),
            does: self.words(step, zone),
        });
        Foreseen {
            stopped,
            steps: steps.collect(),
        }
    }

    fn words(&self, step: &Step, zone: &TimeZone) -> String {
        match &step.act {
            Act::CreateLead if self.contact.ends.growbots.live().is_some() => {
                "the contact is a lead already".into()
            }
            Act::CreateLead => "waits until the contact is a lead".into(),
            Act::CreateTask(task) => {
                let (title, due) = self.task(task, zone);
                let due = due.map_or_else(String::new, |due| format!(", due {due}"));
                let owner = self.owner();
                let owner = owner.map_or_else(String::new, |owner| format!(", for {owner}"));
                format!("makes the task \"{title}\"{due}{owner}")
            }
            Act::MoveTask => match self.start() {
                Some(start) => format!("its open task is due {start}"),
                None => "nothing: there is no start".into(),
            },
            Act::CompleteTask => "its open task is completed".into(),
            Act::FillBusiness => "the business becomes a company that the lead names".into(),
            Act::AddTag(tag) if self.has(&FieldName::Tags, tag) => {
                format!("nothing: the tag `{tag}` is there")
            }
            Act::AddTag(tag) => format!("adds the tag `{tag}`"),
            Act::SetField(field, None) => format!("empties `{field}`"),
            Act::SetField(field, Some(value)) if self.has(field, &value.to_string()) => {
                format!("nothing: `{field}` is so already")
            }
            Act::SetField(field, Some(value)) => format!("sets `{field}` to `{value}`"),
        }
    }

    /// Whether both sides, where they are there, have a value.
    fn has(&self, field: &FieldName, value: &str) -> bool {
        let live = |linked: &Linked, side: Side| linked.ends.get(side).live().cloned();
        let ends = Side::BOTH.map(|side| live(self.contact, side));
        let mut ends = ends.iter().flatten().peekable();
        let has = |end: &crate::model::Snapshot| {
            let all = look::values(&end.record, &field.to_string());
            all.iter().any(|has| has == value)
        };
        ends.peek().is_some() && ends.all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::support::{linked, record};
    use crate::model::{Millis, default_rules};

    fn now() -> Millis {
        // A Wednesday.
        Millis::parse("2026-06-10T12:00:00Z").unwrap()
    }

    fn contact(fields: &[(&str, &str)]) -> Linked {
        linked(Kind::Contact, None, record(fields), record(fields))
    }

    #[test]
    fn a_rule_says_what_it_would_do_and_why_it_would_not() {
        let ann = contact(&[
            ("first_name", "Ann"),
            ("email", "ann@x.test"),
            ("owner", "dana@x.test"),
        ]);
        let nobody = contact(&[("first_name", "Bo")]);
        let rules = default_rules();
        let foresee = |rule: &str, contact: &Linked| {
            let subject = Subject {
                contact,
                appointment: None,
                call: None,
                now: now(),
            };
            let rule = rules.iter().find(|one| one.name == rule).unwrap();
            subject.foresee(rule, &TimeZone::UTC)
        };
        let follow_up = foresee("new-contact-follow-up", &ann);
        assert_eq!(follow_up.stopped, None);
        let does: Vec<&str> = follow_up.steps.iter().map(|step| &*step.does).collect();
        assert_eq!(
            does,
            [
                "the contact is a lead already",
                "makes the task \"Follow up with Ann\", due 2026-06-11T17:00:00.000Z, for dana@x.test",
            ]
        );
        let stopped = |rule, contact| foresee(rule, contact).stopped;
        assert_eq!(
            stopped("new-contact-follow-up", &nobody),
            Some("its filter does not let this record through")
        );
        assert_eq!(
            stopped("appointment-task", &ann),
            Some("the contact has no appointment")
        );
    }
}
