//! `couplet rules test`: what rules would do about a record.

use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::context::{Context, find};
use crate::cli::exit::{Exit, Problem};
use crate::cli::mapping::{location, resolved_map};
use crate::cli::output::{Page, document};
use crate::merge::automation::{Foreseen, Subject};
use crate::model::{CallEnd, FieldName, Kind, Linked, Rule};
use crate::store::Reader;
use crate::text;

/// Prints what the rule of this name (or all) would do about a contact or an appointment.
pub fn run(
    context: &Context,
    rule: &str,
    record: &str,
    call: &str,
    as_json: bool,
) -> Result<Exit, Problem> {
    let mut rules = super::rules(&context.config)?;
    if rule != "all" {
        rules.retain(|one| one.name == rule);
    }
    if rules.is_empty() {
        return Err(Problem::failed(
            format!("there is no rule `{rule}`"),
            "`couplet rules list` shows them; `all` means every rule",
        ));
    }
    let reader = context.reader()?;
    let (mut contact, mut appointment) = records(&reader, record)?;
    let map = resolved_map(&context.config, &reader)?;
    map.make_canonical(&mut contact);
    if let Some(appointment) = &mut appointment {
        map.make_canonical(appointment);
    }
    let setup = location(&reader)?.unwrap_or_default();
    let zone = TimeZone::get(&setup.time_zone).unwrap_or(TimeZone::UTC);
    let subject = Subject {
        contact: &contact,
        appointment: appointment.as_ref(),
        call: Some(match call {
            "answered" => CallEnd::Answered,
            "voicemail" => CallEnd::Voicemail,
            _ => CallEnd::Missed,
        }),
        now: context.clock.now(),
    };
    let foreseen: Vec<(&Rule, Foreseen)> = rules
        .iter()
        .map(|rule| (rule, subject.foresee(rule, &zone)))
        .collect();
    if as_json {
        let rows = foreseen.iter().map(|(rule, foreseen)| {
            let steps = foreseen.steps.iter();
            let steps: Vec<_> = steps
                .map(|step| json!({"step": step.step, "holds": step.holds, "does": step.does}))
                .collect();
            json!({
                "name": rule.name,
                "acts": foreseen.stopped.is_none(),
                "why_not": foreseen.stopped,
                "steps": steps,
            })
        });
        document(&rows.collect())?;
        return Ok(Exit::Done);
    }
    let mut page = Page::default();
    for (rule, foreseen) in &foreseen {
        let verdict = match foreseen.stopped {
            Some(why) => format!("would not act: {why}"),
            None => format!("would act, once {}", rule.when.words()),
        };
        page.line(format!("{}  {verdict}", rule.name));
        for step in &foreseen.steps {
            let mark = if step.holds { ' ' } else { 'x' };
            page.line(format!("  {mark} {}", text::clean(&step.step)));
            page.line(format!("      {}", text::clean(&step.does)));
        }
    }
    page.gap();
    page.line("nothing was written; `x` marks a step whose `if` does not hold");
    page.print()?;
    Ok(Exit::Done)
}

/// The contact that a text names, with the appointment that it names or the last one.
fn records(reader: &Reader, record: &str) -> Result<(Linked, Option<Linked>), Problem> {
    let found = find(reader, record)?;
    let is = |kind| found.linked.kind == kind;
    if is(Kind::Appointment) {
        let contact = match found.linked.parent {
            Some(parent) => reader.detail(parent)?,
            None => None,
        };
        if let Some(contact) = contact {
            return Ok((contact.linked, Some(found.linked)));
        }
    }
    if !is(Kind::Contact) {
        return Err(Problem::failed(
            format!("`{record}` is no contact and no appointment"),
            "rules are about contacts, their appointments and calls: `couplet contacts list` shows ids",
        ));
    }
    let start = |one: &Linked| {
        let end = one.ends.ghl.live()?;
        end.record.time(&FieldName::StartsAt)
    };
    let last = found.appointments.into_iter().max_by_key(start);
    Ok((found.linked, last))
}
