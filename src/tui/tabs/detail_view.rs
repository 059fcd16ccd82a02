//! The rows of a contact in full: its head, its fields, and what belongs to it.

use ratatui::style::Style;

use crate::model::{BySide, FieldName, Kind, LinkState, Linked, LogEntry, Side};
use crate::store::ContactDetail;
use crate::text::{clean, cut_end, cut_middle, width};

use super::super::glyphs::state_mark;
use super::super::model::Model;
use super::super::pages;
use super::super::widgets::{diff, help::wrap, paint::Row};
use super::detail::{Entry, Section, Standing, mark, show, shown, state_words};

/// A row of a detail; those of an entry bear its place.
pub type DetailRow = (Option<usize>, Row);

/// The rows of the section in view.
pub fn section_rows(
    model: &Model,
    detail: &ContactDetail,
    entries: &[Entry],
    columns: usize,
) -> Vec<DetailRow> {
    let none = |words: &str| {
        let words = model.keymap.fill(words);
        vec![(None, Row::of(format!(" {words}"), model.theme.dim))]
    };
    match model.contacts.section {
        Section::Fields => field_rows(model, entries, columns),
        Section::Tasks if detail.tasks.is_empty() => none("No tasks."),
        Section::Notes if detail.notes.is_empty() => none("No notes. {contact.note} writes one."),
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
        let why = why_words(model, entry);
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
        let words = format!("{hidden} in step, {} shows", model.key("unfold"));
        rows.push((None, Row::new().end_at(&words, mark_at, theme.dim)));
    }
    rows
}

fn why_words(model: &Model, entry: &Entry) -> String {
    match &entry.standing {
        Standing::Conflict(Some(id)) => {
            format!("held: conflict {id}, {} decides it", model.key("open"))
        }
        Standing::Conflict(None) => "held by a conflict".into(),
        Standing::Parked(side, why) if why.is_empty() => {
            format!(
                "parked: {side} did not take it; {} edits",
                model.key("contact.edit")
            )
        }
        Standing::Parked(side, why) => {
            format!("parked: {side}: {why}; {} edits", model.key("contact.edit"))
        }
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
pub(super) fn history_row(model: &Model, entry: &LogEntry, columns: usize) -> Row {
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
    let words = state_words(model, detail, entries);
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
    let page = |side: Side| pages::linked(model, side, theme.dim);
    let third = Row::of(" GHL ", theme.dim)
        .add(id(Side::Ghl), page(Side::Ghl))
        .add("   Growbots ", theme.dim)
        .add(id(Side::Growbots), page(Side::Growbots));
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
