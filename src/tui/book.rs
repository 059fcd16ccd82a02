//! What the settings make couplet do by itself, as the dashboard shows it: the field map, and the rules tried on the
//! contact that is looked at.

use jiff::tz::TimeZone;
use ratatui::style::Style;

use crate::merge::FieldMap;
use crate::merge::automation::Subject;
use crate::merge::mapping::Standing;
use crate::model::{CallEnd, FieldName, Kind, Linked, Rule, default_rules};
use crate::store::ContactDetail;
use crate::text::{clean, cut_end};

use super::model::Model;
use super::tabs::detail_view::DetailRow;
use super::widgets::paint::Row;

/// The field map and the rules that are in force.
#[derive(Clone, Debug)]
pub struct Book {
    /// Which field goes where.
    pub map: FieldMap,
    /// The rules, those that are off too.
    pub rules: Vec<Rule>,
    /// The location's zone, in which working days are counted.
    pub zone: TimeZone,
}

/// What the settings ask for where there are none: the default map, and no rule on.
impl Default for Book {
    fn default() -> Self {
        let mut rules = default_rules();
        for rule in &mut rules {
            rule.on = false;
        }
        Self {
            map: FieldMap::default(),
            rules,
            zone: TimeZone::UTC,
        }
    }
}

/// What each rule would do about a contact, then where each of its fields goes.
pub fn rows(model: &Model, detail: &ContactDetail, columns: usize) -> Vec<DetailRow> {
    let theme = &model.theme;
    let room = columns.saturating_sub(2);
    let fit = |words: &str| cut_end(&clean(words), room).into_owned();
    let mut rows = vec![Row::of(
        fit(" If it happened now (nothing is written):"),
        theme.dim,
    )];
    let start = |one: &&Linked| {
        let end = one.ends.ghl.live()?;
        end.record.time(&FieldName::StartsAt)
    };
    let mut contact = detail.linked.clone();
    model.book.map.make_canonical(&mut contact);
    let subject = Subject {
        contact: &contact,
        appointment: detail.appointments.iter().max_by_key(start),
        call: Some(CallEnd::Missed),
        now: model.times.now,
    };
    for rule in &model.book.rules {
        let foreseen = subject.foresee(rule, &model.book.zone);
        let (mark, style) = match foreseen.stopped {
            None => ("+", theme.well),
            Some(_) => ("-", theme.dim),
        };
        let words = match foreseen.stopped {
            Some(why) => format!("{}: {why}", rule.name),
            None => format!("{}: once {}", rule.name, rule.when.words()),
        };
        rows.push(Row::of(format!(" {mark} "), style).add(fit(&words), Style::new()));
        if foreseen.stopped.is_some() {
            continue;
        }
        for step in foreseen.steps.iter().filter(|step| step.holds) {
            rows.push(Row::of(fit(&format!("     {}", step.does)), theme.dim));
        }
    }
    rows.push(Row::new());
    rows.push(Row::of(fit(" GHL, where it goes, Growbots:"), theme.dim));
    let of_contacts = model.book.map.rows();
    for row in of_contacts.iter().filter(|row| row.kind == Kind::Contact) {
        let (words, style) = match &row.standing {
            Standing::On => (
                format!(" {}  {}, {}", row.arrow_line(), row.rule, row.policy),
                Style::new(),
            ),
            Standing::Off(why) => (format!(" {} x  {why}", row.growbots), theme.dim),
        };
        rows.push(Row::of(fit(&words), style));
    }
    let rows = rows.into_iter().enumerate();
    rows.map(|(at, row)| (Some(at), row)).collect()
}

/// The rule that made a task, where one did.
pub fn made_by(task: &Linked) -> Option<String> {
    let end = task.ends.growbots.last_seen()?;
    if !end.raw.contains("\"rule\"") {
        return None;
    }
    let raw: serde_json::Value = serde_json::from_str(&end.raw).ok()?;
    let mark = raw["external_ids"]["rule"].as_str()?;
    let (rule, _) = mark.split_once(':')?;
    Some(clean(rule).into_owned())
}
