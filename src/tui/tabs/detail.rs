//! A contact in full: which fields stand how, and the rows of its sections.

use std::borrow::Cow;

use crate::merge::FieldMap;
use ratatui::style::Style;

use crate::model::{
    BySide, Conflict, ConflictId, FieldName, Kind, LinkState, Linked, LogEntry, Side, Value, Why,
};
use crate::store::ContactDetail;
use crate::text::{clean, cut_end, cut_middle, width};

use super::super::glyphs::state_mark;
use super::super::model::Model;
use super::super::theme::Theme;
use super::super::times::Times;
use super::super::widgets::{diff, help::wrap, paint::Row};

/// The sections of a detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Fields.
    #[default]
    Fields,
    /// Tasks.
    Tasks,
    /// Notes.
    Notes,
    /// Appointments.
    Appointments,
    /// What the rules would do about it, and where its fields go.
    Rules,
    /// What happened to it.
    History,
}

impl Section {
    /// All, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Fields,
        Self::Tasks,
        Self::Notes,
        Self::Appointments,
        Self::Rules,
        Self::History,
    ];

    /// The section `by` places to the right, around the ends.
    pub fn step(self, by: isize) -> Self {
        let all = Self::ALL.len() as isize;
        let at = Self::ALL.iter().position(|s| *s == self).unwrap_or(0) as isize;
        Self::ALL[((at + by).rem_euclid(all)) as usize]
    }

    fn label(self, detail: &ContactDetail) -> String {
        let count = |n: usize| {
            if n == 0 {
                String::new()
            } else {
                format!(" {n}")
            }
        };
        match self {
            Self::Fields => "Fields".into(),
            Self::Tasks => format!("Tasks{}", count(detail.tasks.len())),
            Self::Notes => format!("Notes{}", count(detail.notes.len())),
            Self::Appointments => format!("Appts{}", count(detail.appointments.len())),
            Self::History => format!("History{}", count(detail.history.len())),
            Self::Rules => "Rules".into(),
        }
    }
}

/// How a field stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Equal on both sides.
    InStep,
    /// Held by a conflict.
    Conflict(Option<ConflictId>),
    /// A side could not take it; why.
    Parked(Side, String),
    /// A one-way field was edited on its receiving side.
    Differs,
    /// A write of it waits for these sides.
    Waiting(BySide<bool>),
    /// Apart, and no pass has looked yet.
    Apart,
    /// Apart, and not kept in step: the map does not carry this field.
    Unmapped,
    /// Only one side has the record.
    OneSide,
}

/// A field of a record, with its three values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which field.
    pub field: FieldName,
    /// What both last agreed on.
    pub base: Option<Value>,
    /// What each side has.
    pub ends: BySide<Option<Value>>,
    /// How it stands.
    pub standing: Standing,
}

impl Entry {
    /// What a form starts from: the value of the first side that has one, for a field in step the common one.
    pub fn value(&self) -> Option<Value> {
        self.ends.ghl.clone().or_else(|| self.ends.growbots.clone())
    }
}

/// The filled fields of a contact in screen order, custom ones last.
pub fn entries(detail: &ContactDetail, conflicts: &[Conflict], map: &FieldMap) -> Vec<Entry> {
    let mut linked = Cow::Borrowed(&detail.linked);
    if map.concerns(&linked) {
        map.make_canonical(linked.to_mut());
    }
    let ends = linked
        .ends
        .as_ref()
        .map(|end| end.last_seen().map(|s| &s.record));
    let records = [linked.base.as_ref(), ends.ghl, ends.growbots];
    let mut fields: Vec<FieldName> = FieldName::of(linked.kind).to_vec();
    for record in records.into_iter().flatten() {
        for (field, _) in record.iter() {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
    }
    let known = FieldName::of(linked.kind).len();
    fields[known..].sort();
    let one_side = linked.ends.ghl.live().is_none() || linked.ends.growbots.live().is_none();
    fields
        .into_iter()
        .map(|field| {
            let base = linked.base.as_ref().and_then(|r| r.get(&field)).cloned();
            let ends = ends.map(|end| end.and_then(|r| r.get(&field)).cloned());
            let standing = match standing(detail, conflicts, &field, &ends) {
                Standing::Apart if one_side => Standing::OneSide,
                Standing::Apart if !map.carries(linked.kind, &field) => Standing::Unmapped,
                other => other,
            };
            Entry {
                field,
                base,
                ends,
                standing,
            }
        })
        .filter(|entry| {
            entry.base.is_some() || entry.value().is_some() || entry.standing != Standing::InStep
        })
        .collect()
}

fn standing(
    detail: &ContactDetail,
    conflicts: &[Conflict],
    field: &FieldName,
    ends: &BySide<Option<Value>>,
) -> Standing {
    let held = detail.held.iter().find(|held| held.field == *field);
    match held.map(|held| held.why) {
        Some(Why::Conflict) => {
            let of_link = |c: &&Conflict| c.link == detail.linked.id;
            let holds = |c: &&Conflict| c.fields.iter().any(|f| f.field == *field);
            let conflict = conflicts.iter().filter(of_link).find(holds);
            return Standing::Conflict(conflict.map(|c| c.id));
        }
        Some(Why::Parked) => {
            let parked = detail.linked.parked.iter().find(|p| p.field == *field);
            return match parked {
                Some(parked) => Standing::Parked(parked.side, clean(&parked.why).into_owned()),
                None => Standing::Parked(Side::Ghl, String::new()),
            };
        }
        Some(Why::Differs) => return Standing::Differs,
        None => {}
    }
    let waits = BySide::from_fn(|side| {
        let mut writes = detail.waiting.iter().filter(|write| write.side == side);
        writes.any(|write| write.fields.iter().any(|change| change.field == *field))
    });
    if waits.ghl || waits.growbots {
        return Standing::Waiting(waits);
    }
    if ends.ghl == ends.growbots {
        return Standing::InStep;
    }
    Standing::Apart
}

/// A value as screens show it, cleaned, on one line; `None` is empty.
pub fn show(value: Option<&Value>, times: &Times) -> String {
    match value {
        None => "(empty)".into(),
        Some(Value::Time(at)) => times.due(*at),
        Some(value) => clean(&value.to_string()).into_owned(),
    }
}

/// The entries that are shown: folded, most that are in step are left out. With their places in `entries`.
pub fn shown(entries: &[Entry], folded: bool) -> Vec<(usize, &Entry)> {
    let always = [
        FieldName::FirstName,
        FieldName::LastName,
        FieldName::Email,
        FieldName::Tags,
    ];
    entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| {
            !folded || entry.standing != Standing::InStep || always.contains(&entry.field)
        })
        .collect()
}

/// How many rows all fields take, at least.
pub fn height(entries: &[Entry]) -> usize {
    let rows = |entry: &Entry| match entry.standing {
        Standing::InStep | Standing::OneSide | Standing::Unmapped => 1,
        _ => 5, // its name, the three values, why
    };
    entries.iter().map(rows).sum()
}

/// The state of a contact in words: `2 fields in conflict, 1 parked`.
pub fn state_words(detail: &ContactDetail, entries: &[Entry]) -> String {
    let count = |fits: &dyn Fn(&Standing) -> bool| {
        entries.iter().filter(|entry| fits(&entry.standing)).count()
    };
    let conflicts = count(&|s| matches!(s, Standing::Conflict(_)));
    let s = if conflicts == 1 { "" } else { "s" };
    let parts = [
        (conflicts, format!("field{s} in conflict")),
        (
            count(&|s| matches!(s, Standing::Parked(..))),
            "parked".into(),
        ),
        (count(&|s| *s == Standing::Differs), "differs".into()),
        (
            count(&|s| matches!(s, Standing::Waiting(_))),
            "waits".into(),
        ),
    ];
    let words: Vec<_> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{n} {words}"))
        .collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    match detail.state {
        LinkState::Ignored => "ignored, i takes it up again".into(),
        LinkState::Conflict => "held by a conflict, 3 shows it".into(),
        LinkState::Error => "a write failed, 5 says why".into(),
        LinkState::Waiting => "waits to be written".into(),
        LinkState::OneSide if detail.linked.ends.ghl.live().is_some() => "only in GHL".into(),
        LinkState::OneSide => "only in Growbots".into(),
        LinkState::InStep => "in step".into(),
    }
}

/// A row of a detail; those of an entry bear its place.
pub type DetailRow = (Option<usize>, Row);

/// The rows of the section in view.
pub fn section_rows(
    model: &Model,
    detail: &ContactDetail,
    entries: &[Entry],
    columns: usize,
) -> Vec<DetailRow> {
    let none = |words: &str| vec![(None, Row::of(format!(" {words}"), model.theme.dim))];
    match model.contacts.section {
        Section::Fields => field_rows(model, entries, columns),
        Section::Tasks if detail.tasks.is_empty() => none("No tasks."),
        Section::Notes if detail.notes.is_empty() => none("No notes. m writes one."),
        Section::Appointments if detail.appointments.is_empty() => none("No appointments."),
        Section::History if detail.history.is_empty() => none("Nothing was written yet."),
        Section::Tasks => children(model, &detail.tasks, columns),
        Section::Notes => children(model, &detail.notes, columns),
        Section::Appointments => children(model, &detail.appointments, columns),
        Section::Rules => super::super::book::rows(model, detail, columns),
        Section::History => {
            let rows = detail.history.iter().enumerate();
            rows.map(|(at, entry)| (Some(at), history_row(model, entry, columns)))
                .collect()
        }
    }
}

fn field_rows(model: &Model, entries: &[Entry], columns: usize) -> Vec<DetailRow> {
    let theme = &model.theme;
    let times = &model.times;
    let folded = super::contacts::is_folded(model, entries);
    let mut rows = Vec::new();
    let shown = shown(entries, folded);
    let mark_at = columns.saturating_sub(2);
    for (at, entry) in &shown {
        let (mark, style) = mark(&entry.standing, theme);
        let label = Row::of(" ", Style::new()).cell(&entry.field.label(), 14, Style::new());
        // One label fills its column.
        let label = if width(&entry.field.label()) < 14 {
            label
        } else {
            label.add("  ", Style::new())
        };
        if matches!(entry.standing, Standing::InStep | Standing::OneSide) {
            let value = entry.value();
            let text = show(value.as_ref(), times);
            let text = cut_end(&text, mark_at.saturating_sub(17)).into_owned();
            let row = label.add(text, Style::new());
            rows.push((Some(*at), row.to(mark_at).add(mark, style)));
            continue;
        }
        if entry.standing == Standing::Unmapped {
            let BySide { ghl, growbots } = entry.ends.as_ref().map(|end| show(end.as_ref(), times));
            let text = format!("GHL {ghl}, Growbots {growbots}; not in the map");
            let text = cut_end(&text, mark_at.saturating_sub(17)).into_owned();
            rows.push((Some(*at), label.add(text, theme.dim)));
            continue;
        }
        rows.push((Some(*at), label.to(mark_at).add(mark, style)));
        let base = show(entry.base.as_ref(), times);
        for (name, value) in [
            ("base", entry.base.as_ref()),
            ("GHL", entry.ends.ghl.as_ref()),
            ("Growbots", entry.ends.growbots.as_ref()),
        ] {
            let text = show(value, times);
            let text = cut_end(&text, mark_at.saturating_sub(18)).into_owned();
            let row = Row::of("   ", Style::new()).cell(name, 12, theme.dim);
            let row = row.spans(diff::spans(&base, &text, Style::new(), theme));
            rows.push((Some(*at), row));
        }
        let why = why_words(entry);
        for line in wrap(&why, columns.saturating_sub(16)) {
            let style = match entry.standing {
                Standing::Conflict(_) => theme.decide,
                _ => theme.dim,
            };
            rows.push((Some(*at), Row::new().to(15).add(line, style)));
        }
    }
    let hidden = entries.len() - shown.len();
    if hidden > 0 {
        let words = format!("{hidden} in step, space shows");
        rows.push((None, Row::new().end_at(&words, mark_at, theme.dim)));
    }
    rows
}

/// The mark of a field.
pub fn mark(standing: &Standing, theme: &Theme) -> (&'static str, Style) {
    match standing {
        Standing::InStep => ("=", theme.dim),
        Standing::Conflict(_) => ("≠", theme.decide),
        Standing::Parked(..) => ("p", theme.title),
        Standing::Differs => ("~", theme.title),
        Standing::Waiting(waits) => match (waits.ghl, waits.growbots) {
            (true, true) => ("⇄", theme.moving),
            (true, false) => ("←", theme.moving),
            _ => ("→", theme.moving),
        },
        Standing::Apart => ("⇄", theme.moving),
        Standing::OneSide | Standing::Unmapped => (" ", theme.dim),
    }
}

fn why_words(entry: &Entry) -> String {
    match &entry.standing {
        Standing::Conflict(Some(id)) => format!("held: conflict {id}, enter decides it"),
        Standing::Conflict(None) => "held by a conflict".into(),
        Standing::Parked(side, why) if why.is_empty() => {
            format!("parked: {side} did not take it; e edits")
        }
        Standing::Parked(side, why) => format!("parked: {side}: {why}; e edits"),
        Standing::Differs => "differs: an edit on the receiving side stays there".into(),
        Standing::Waiting(waits) => match (waits.ghl, waits.growbots) {
            (true, true) => "waits to go to both sides, next pass".into(),
            (true, false) => "waits to go to GHL, next pass".into(),
            _ => "waits to go to Growbots, next pass".into(),
        },
        Standing::Apart => "apart; the next pass looks at it".into(),
        Standing::InStep | Standing::OneSide | Standing::Unmapped => String::new(),
    }
}

fn children(model: &Model, linked: &[Linked], columns: usize) -> Vec<DetailRow> {
    let theme = &model.theme;
    linked
        .iter()
        .enumerate()
        .map(|(at, child)| {
            let ends = child.ends.as_ref().map(|end| end.live());
            let ids = ends.map(|end| end.map(|s| s.id.clone()));
            let state = match (ids.ghl.is_some(), ids.growbots.is_some()) {
                _ if child.ignored => LinkState::Ignored,
                (true, true) => LinkState::InStep,
                _ => LinkState::OneSide,
            };
            let seen = ends.ghl.or(ends.growbots);
            let record = child.base.as_ref().or(seen.map(|s| &s.record));
            let title = record.map_or_else(String::new, |r| r.title(child.kind));
            let (done, at_time) = match (child.kind, record) {
                (Kind::Task, Some(r)) => (
                    if r.is(&FieldName::Completed) {
                        "■ "
                    } else {
                        "□ "
                    },
                    r.time(&FieldName::DueAt).map(|at| model.times.due(at)),
                ),
                (Kind::Appointment, Some(r)) => (
                    "",
                    r.time(&FieldName::StartsAt).map(|at| model.times.due(at)),
                ),
                _ => (
                    "",
                    seen.and_then(|s| s.created_at)
                        .map(|at| model.times.moment(at)),
                ),
            };
            let mark = state_mark(state, BySide::default(), &ids);
            let time = at_time.unwrap_or_default();
            let rule = super::super::book::made_by(child);
            let title = rule.map_or(title.clone(), |rule| format!("{title}  by rule {rule}"));
            let room = columns.saturating_sub(20 + done.chars().count());
            let row = Row::of(format!(" {mark} {done}"), Style::new())
                .cell(&clean(&title), room, Style::new())
                .add(" ", Style::new())
                .add(time, theme.dim);
            (Some(at), row)
        })
        .collect()
}

/// A line of the log under its record.
fn history_row(model: &Model, entry: &LogEntry, columns: usize) -> Row {
    let theme = &model.theme;
    let side = entry.side.map_or("", Side::label);
    let changes: Vec<_> = entry
        .fields
        .iter()
        .map(|change| {
            let from = show(change.from.as_ref(), &model.times);
            let to = show(change.to.as_ref(), &model.times);
            format!("{} {from} → {to}", change.field.label())
        })
        .collect();
    let what = if changes.is_empty() {
        entry.op.clone()
    } else {
        changes.join(", ")
    };
    let words = format!("{what}  {}", entry.cause);
    Row::of(" ", Style::new())
        .cell(&model.times.moment(entry.at), 13, theme.dim)
        .cell(side, 10, theme.dim)
        .add(
            cut_end(&words, columns.saturating_sub(25)).into_owned(),
            Style::new(),
        )
}

/// The rows above the sections: whose, in words, ids.
pub fn head_rows(
    model: &Model,
    detail: &ContactDetail,
    entries: &[Entry],
    columns: usize,
) -> Vec<Row> {
    let theme = &model.theme;
    let ends = detail.linked.ends.as_ref().map(|end| end.live());
    let ids = ends.map(|end| end.map(|s| s.id.clone()));
    let record = ends.ghl.or(ends.growbots).map(|s| &s.record);
    let record = record.or(detail.linked.base.as_ref());
    let name = record.map_or_else(String::new, |r| r.title(Kind::Contact));
    let name = clean(&name).into_owned();
    let company = record.map_or("", |r| r.text(&FieldName::Company));
    let waits = BySide::from_fn(|side| detail.waiting.iter().any(|w| w.side == side));
    let mark = state_mark(detail.state, waits, &ids);
    let mark_style = match detail.state {
        LinkState::Conflict => theme.decide,
        LinkState::Error => theme.error,
        LinkState::Waiting => theme.moving,
        _ => theme.well,
    };
    let words = state_words(detail, entries);
    let words = cut_end(&words, columns.saturating_sub(18)).into_owned();
    let room = columns.saturating_sub(width(&words) + 7).max(10);
    let first = Row::of(" ", Style::new())
        .add(mark, mark_style)
        .add(" ", Style::new())
        .add(cut_end(&name, room).into_owned(), theme.title)
        .end_at(&words, columns.saturating_sub(1), Style::new());
    let changed = Side::BOTH
        .into_iter()
        .filter_map(|side| Some((ends.get(side).as_ref()?.updated_at?, side)))
        .max();
    let edited = changed.map_or_else(String::new, |(at, side)| {
        format!("edited {} in {side}", model.times.moment(at))
    });
    let second = Row::of(" ", Style::new())
        .add(
            cut_end(&clean(company), columns / 2).into_owned(),
            Style::new(),
        )
        .end_at(&edited, columns.saturating_sub(1), Style::new());
    let id = |side: Side| match (ids.get(side), detail.linked.ends.get(side).is_gone()) {
        (Some(id), _) => cut_middle(&clean(id.as_str()), 18).into_owned(),
        (None, true) => "deleted".into(),
        (None, false) => "not here".into(),
    };
    let third = Row::of(
        format!(" GHL {}   Growbots {}", id(Side::Ghl), id(Side::Growbots)),
        theme.dim,
    );
    let mut tabs = Row::new();
    for section in Section::ALL {
        let label = section.label(detail);
        tabs = if section == model.contacts.section {
            tabs.add(format!(" [{label}]"), theme.title)
        } else {
            tabs.add(format!("  {label} "), Style::new())
        };
    }
    vec![first, second, third, tabs]
}
