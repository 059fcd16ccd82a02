//! What a rule makes of a record: whether its filter lets it through, and the words of its tasks.

mod configure;
mod error;
mod foresee;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use crate::model::{
    CallEnd, Due, FieldName, Filter, Kind, Linked, Millis, Record, TaskTemplate, Value, look,
};

use super::due::working_day;

pub use configure::{RuleRow, configure, contact_filter};
pub use error::RuleError;
pub use foresee::{Foreseen, StepForeseen};

/// Growbots takes no longer title.
const TITLE_MAX: usize = 255;

/// What a rule looks at, in canonical form.
pub struct Subject<'a> {
    /// The contact.
    pub contact: &'a Linked,
    /// The appointment, where the rule is about one.
    pub appointment: Option<&'a Linked>,
    /// How the call ended, where the rule is about one.
    pub call: Option<CallEnd>,
    /// Now.
    pub now: Millis,
}

impl Subject<'_> {
    /// Whether a filter lets it through. Fields are those of the appointment where there is one, then those of the
    /// contact, and `dnd`, `tag`, `upcoming` (of an appointment) and `call`.
    pub fn passes(&self, filter: &Filter) -> bool {
        let text = || [self.title(), self.name()].join(" ");
        filter.matches(self.now, &|field| self.look(field), &text)
    }

    fn look(&self, field: &str) -> Vec<String> {
        let field = match field {
            "call" => {
                let end = self.call.map(|end| match end {
                    CallEnd::Answered => "answered",
                    CallEnd::Voicemail => "voicemail",
                    CallEnd::Missed => "missed",
                });
                return end.map(str::to_owned).into_iter().collect();
            }
            "upcoming" => {
                let start = self.start();
                let is = start.is_some_and(|start| start > self.now);
                return vec![if is { "yes" } else { "no" }.into()];
            }
            "updated" => {
                let own = self.appointment.unwrap_or(self.contact);
                let at = own.ends.ghl.last_seen().and_then(|end| end.updated_at);
                return at.map(|at| at.to_string()).into_iter().collect();
            }
            other => other,
        };
        let own = self.appointment.filter(|_| {
            let field = Filter::canonical(field).parse::<FieldName>();
            field.is_ok_and(|field| FieldName::of(Kind::Appointment).contains(&field))
        });
        record(own.unwrap_or(self.contact))
            .map_or_else(Vec::new, |record| look::values(record, field))
    }

    fn name(&self) -> String {
        record(self.contact).map_or_else(String::new, |record| record.title(Kind::Contact))
    }

    fn title(&self) -> String {
        let own = self.appointment.and_then(record);
        own.map_or_else(String::new, |record| record.title(Kind::Appointment))
    }

    /// The start of the appointment.
    pub fn start(&self) -> Option<Millis> {
        record(self.appointment?)?.time(&FieldName::StartsAt)
    }

    /// The contact's owner, by e-mail.
    pub fn owner(&self) -> Option<&Value> {
        record(self.contact)?.get(&FieldName::Owner)
    }

    /// Title and due time of a task.
    pub fn task(&self, task: &TaskTemplate, zone: &TimeZone) -> (String, Option<Millis>) {
        let title = task.title.replace("{name}", &self.name());
        let title: String = title
            .replace("{title}", &self.title())
            .chars()
            .take(TITLE_MAX)
            .collect();
        let due = match task.due {
            Due::Start => self.start(),
            Due::WorkingDays(days) => working_day(self.now, zone, days),
        };
        (title, due)
    }
}

/// GHL's version, where it has one.
fn record(linked: &Linked) -> Option<&Record> {
    let end = linked.ends.ghl.last_seen();
    end.or(linked.ends.growbots.last_seen())
        .map(|end| &end.record)
}
