//! The list of conflicts drawn: what each is about, who is at work on it.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{Conflict, ConflictId, ConflictState, Reason, Side, Value};
use crate::text::{clean, cut_end, width};

use super::super::first_pull;
use super::super::model::Model;
use super::super::presence;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};
use super::conflicts::{ListRow, is_put_off, list_rows};
use super::detail::show;
use super::same_person;
use super::staging;

/// Columns in which a chosen value says something.
const CHOSEN: usize = 8;

/// What a conflict is about, in words.
pub fn what(conflict: &Conflict) -> String {
    match conflict.reason {
        Reason::DeleteEdit => match conflict.gone {
            Some(gone) => format!("deleted in {gone}, edited in {}", gone.other()),
            None => "deleted on one side, edited on the other".into(),
        },
        Reason::AmbiguousMatch => match conflict.candidates.as_slice() {
            [one] => format!("is this {}?", one.title),
            [first, ..] => {
                let n = conflict.candidates.len();
                match first.side {
                    Side::Ghl => format!("which of {n} contacts is this?"),
                    Side::Growbots => format!("which of {n} leads is this?"),
                }
            }
            [] => "who is this?".into(),
        },
        Reason::Duplicate => match conflict.candidates.first() {
            Some(holder) => format!("e-mail or phone of {}", holder.title),
            None => "e-mail or phone is taken".into(),
        },
        Reason::MassChange => {
            let done = match conflict.gone {
                Some(_) => "deleted",
                None => "changed",
            };
            match staging::changed_side(conflict) {
                Some(side) => format!("mass change: {done} in {side}"),
                None => format!("mass change: {done}"),
            }
        }
        Reason::Field => {
            let labels: Vec<_> = conflict.fields.iter().map(|f| f.field.label()).collect();
            let n = labels.len();
            let kind = match conflict.kind {
                crate::model::Kind::Contact => String::new(),
                kind => format!("{kind}, "),
            };
            match n {
                0..2 => format!("{kind}{}", labels.join("")),
                _ => format!("{kind}{}  {n} fields", labels.join(", ")),
            }
        }
    }
}

/// The same in the list, with how many conflicts ask about the same person.
fn what_in_list(conflict: &Conflict, again: &BTreeMap<ConflictId, ConflictId>) -> String {
    let words = what(conflict);
    if let Some(lead) = again.get(&conflict.id) {
        return format!("settled with {lead}");
    }
    match again.values().filter(|lead| **lead == conflict.id).count() {
        0 => words,
        n => format!("{}  {} in one", words.replace(" is this?", "?"), n + 1),
    }
}

/// A value in so many columns; of a number its end, since the ends of two phones tell them apart.
fn short(model: &Model, value: Option<&Value>, columns: usize) -> String {
    let text = show(value, &model.times);
    let number = text.len() > columns && !text.chars().any(char::is_alphabetic);
    if number {
        let kept = text.chars().count().saturating_sub(4);
        return format!("…{}", text.chars().skip(kept).collect::<String>());
    }
    cut_end(&text, columns).into_owned()
}

/// What was chosen and waits to be applied, in so many columns; `None` where nothing is staged that still holds.
fn chosen(model: &Model, conflict: &Conflict, columns: usize) -> Option<String> {
    let staged = conflict.staged.iter();
    let mut staged = staged.filter(|s| s.revision == conflict.revision);
    let first = staged.next()?;
    let more = match staged.count() {
        0 => String::new(),
        n => format!(", +{n}"),
    };
    let room = columns.saturating_sub(2 + width(&more));
    let words = match staging::value_of(&first.answer) {
        Some(value) => short(model, value.as_ref(), room),
        None => cut_end(&staging::words_of(conflict, &first.answer), room).into_owned(),
    };
    Some(format!("✓ {words}{more}"))
}

fn values(model: &Model, conflict: &Conflict, columns: usize) -> String {
    if let Some(words) = chosen(model, conflict, columns) {
        return words;
    }
    let short = |value: Option<&Value>| short(model, value, 9);
    match (conflict.reason, conflict.candidates.as_slice()) {
        (Reason::MassChange, held @ [_, ..]) => return format!("{} held", held.len()),
        (Reason::Duplicate, [holder, ..]) => return format!("{} refuses", holder.side),
        (Reason::AmbiguousMatch, [one]) => return one.id.as_str().chars().take(20).collect(),
        _ => {}
    }
    conflict.fields.first().map_or_else(String::new, |field| {
        let (ghl, growbots) = (field.ghl.as_ref(), field.growbots.as_ref());
        format!("{} / {}", short(ghl), short(growbots))
    })
}

pub(super) fn who(model: &Model, conflict: &Conflict) -> String {
    if let Some(by) = conflict
        .decided_by
        .as_ref()
        .filter(|_| conflict.state == ConflictState::Decided)
    {
        return format!("{} decided", clean(by));
    }
    match conflict.staged.last() {
        Some(staged) if staged.operator == model.operator => "you, staged".into(),
        Some(staged) => format!("{}, staged", clean(&staged.operator)),
        None => presence::lookers(model, conflict),
    }
}

/// The mark of a conflict: staged, put off, to decide.
pub fn mark(model: &Model, conflict: &Conflict) -> (&'static str, Style) {
    let theme = &model.theme;
    let fresh = |s: &crate::model::Staged| s.revision == conflict.revision;
    match conflict.reason {
        _ if conflict.state == ConflictState::Decided => ("→", theme.moving),
        _ if is_put_off(conflict, model.times.now) => ("z", theme.dim),
        _ if conflict.staged.iter().any(fresh) => ("✓", theme.well),
        _ if !conflict.staged.is_empty() => ("?", theme.decide),
        Reason::MassChange => ("‖", theme.decide),
        _ => ("≠", theme.decide),
    }
}

/// How many conflicts stand how: `7 open: 5 to decide, 1 staged, 1 put off`.
fn counts(model: &Model) -> String {
    let now = model.times.now;
    let again = same_person::followers(&model.conflicts.all, now);
    let one = |c: &&Conflict| !again.contains_key(&c.id);
    let all: Vec<_> = model.conflicts.all.iter().filter(one).collect();
    let me = &model.operator;
    let by = |mine: bool| {
        let staged = all.iter().filter_map(|c| c.staged.last());
        staged.filter(|s| (s.operator == *me) == mine).count() as u64
    };
    let names: BTreeSet<&str> = all
        .iter()
        .filter_map(|c| c.staged.last())
        .map(|s| s.operator.as_str())
        .filter(|name| name != me)
        .collect();
    let (mine, theirs) = match (model.is_wide(), names.first()) {
        (true, Some(name)) if names.len() == 1 => (
            "staged by you".to_owned(),
            format!("staged by {}", clean(name)),
        ),
        (true, _) => ("staged by you".into(), "staged by others".into()),
        (false, _) => ("staged".into(), String::new()),
    };
    let (mine, theirs) = (mine.as_str(), theirs.as_str());
    let elsewhere = (!model.is_wide()).then(|| by(false)); // one count where there is no room for two
    let put_off = all.iter().filter(|c| is_put_off(c, now)).count();
    let open = |c: &&&Conflict| {
        let is_open = c.state == ConflictState::Open && c.staged.is_empty();
        is_open && !is_put_off(c, now)
    };
    let counts = [
        (all.iter().filter(open).count() as u64, "to decide"),
        (by(true) + elsewhere.unwrap_or(0), mine),
        (by(false) - elsewhere.unwrap_or(0), theirs),
        (put_off as u64, "put off"),
    ];
    let counts = counts.into_iter().filter(|(n, _)| *n > 0);
    let counts: Vec<_> = counts.map(|(n, words)| format!("{n} {words}")).collect();
    match all.len() {
        0 => String::new(),
        n => format!("{n} open: {}", counts.join(", ")),
    }
}

/// What the empty list says.
fn nothing(model: &Model, columns: usize) -> Vec<String> {
    let lines = match (model.conflicts.loaded, model.conflicts.all.is_empty()) {
        (true, false) => vec![
            model
                .keymap
                .fill("No conflict passes the filter. {back} drops it."),
        ],
        (true, true) => {
            let settled = || vec!["= Nothing to decide.".to_owned()];
            first_pull::empty(model).unwrap_or_else(settled)
        }
        (false, _) => vec!["reading…".into()],
    };
    let lines = lines.into_iter();
    lines
        .flat_map(|words| wrap(&words, columns.saturating_sub(2)))
        .collect()
}

/// Draws the list.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let wide = model.is_wide();
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    paint::track(area, 0, 0, theme, buf);
    let rows = model.conflicts.rows(model);
    let all = &model.conflicts.all;
    let counts = counts(model);
    let by = model.conflicts.grouping.label();
    let order = match columns {
        0..60 => String::new(),
        _ if wide => format!(" grouped by {by}, oldest first"),
        _ => format!(" by {by}, oldest first"),
    };
    Row::of(order, theme.dim)
        .end_at(&counts, columns.saturating_sub(2), Style::new())
        .draw(paint::row(inner, 0), buf);
    // as the width shrinks the values go first, then who, then what
    let (id, record, values_at, since, who_at) = match columns {
        _ if wide => (6, columns * 23 / 100, 23, 11, 13),
        70.. => (5, 20, 0, 10, 12),
        50.. => (5, 20, 0, 10, 0),
        _ => (5, columns.saturating_sub(19), 0, 10, 0),
    };
    let lead = if wide { 3 } else { 2 };
    let what_at = columns.saturating_sub(lead + id + record + 1 + values_at + since + who_at);
    let head = Row::new()
        .to(lead)
        .cell("Id", id, Style::new())
        .cell("Record", record + 1, Style::new())
        .cell(if what_at > 1 { "What" } else { "" }, what_at, Style::new())
        .cell(if wide { "Values" } else { "" }, values_at, Style::new())
        .cell("Since", since, Style::new())
        .cell(if who_at > 0 { "Who" } else { "" }, who_at, Style::new());
    head.draw(paint::row(inner, 1), buf);
    let again = same_person::followers(all, model.times.now);
    let visible = list_rows(model);
    let top = model.conflicts.top.min(rows.len().saturating_sub(1));
    for (line, row) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 2);
        match row {
            ListRow::Heading(words) => heading(words, paint::row(area, line + 2), model, buf),
            ListRow::Conflict(at) => {
                let conflict = &all[*at];
                let (sign, style) = mark(model, conflict);
                let gap = if wide { " " } else { "" };
                let since_words = model.times.moment(conflict.opened_at);
                let mut about = what_in_list(conflict, &again);
                let room = what_at.saturating_sub(width(&about) + 3);
                if values_at == 0
                    && room >= CHOSEN
                    && let Some(chosen) = chosen(model, conflict, room)
                {
                    about = format!("{about}  {chosen}"); // no column of its own on a narrow screen
                }
                Row::of(" ", Style::new())
                    .add(sign, style)
                    .add(gap, Style::new())
                    .cell(&conflict.id.to_string(), id, Style::new())
                    .cell(&conflict.title, record, Style::new())
                    .add(" ", Style::new())
                    .cell(&about, what_at.saturating_sub(1), Style::new())
                    .add(" ", Style::new())
                    .cell(
                        &values(model, conflict, values_at.saturating_sub(1)),
                        values_at,
                        Style::new(),
                    )
                    .cell(&since_words, since, theme.dim)
                    .cell(&who(model, conflict), who_at, Style::new())
                    .draw(place, buf);
                let marked = model.marks.conflicts.contains(&conflict.id);
                paint::star(place, lead + id - 1, marked, buf);
                if Some(conflict.id) == model.conflicts.cursor {
                    paint::cursor(place, lead + id + record, theme, buf);
                }
            }
        }
    }
    let list = Rect {
        y: area.y + 2,
        height: (visible as u16).min(area.height.saturating_sub(2)),
        ..area
    };
    if rows.len() > visible {
        paint::track(list, top, rows.len(), theme, buf);
    }
    if rows.is_empty() {
        for (at, words) in nothing(model, columns).into_iter().enumerate() {
            Row::of(format!(" {words}"), theme.dim).draw(paint::row(inner, 2 + at), buf);
        }
    }
    if area.height as usize > visible + 2 {
        preview(model, area, visible + 2, buf);
    }
}

/// A line over the width that names a group.
pub fn heading(words: &str, area: Rect, model: &Model, buf: &mut Buffer) {
    let columns = area.width as usize;
    let head = Row::of(" ── ", model.theme.dim).add(format!("{words} "), model.theme.title);
    let rest = columns.saturating_sub(head.used());
    head.add("─".repeat(rest), model.theme.dim).draw(area, buf);
}

/// Which other conflicts ask about the same person, and what becomes of them; `None` where none does.
pub fn asked_again(model: &Model, conflict: &Conflict) -> Option<String> {
    let again = same_person::followers(&model.conflicts.all, model.times.now);
    if let Some(lead) = again.get(&conflict.id) {
        return Some(format!(
            "{lead} asks about the same person, and settles this one."
        ));
    }
    let others = again.iter().filter(|(_, lead)| **lead == conflict.id);
    let others: Vec<_> = others.map(|(id, _)| id.to_string()).collect();
    (!others.is_empty()).then(|| {
        let others = others.join(", ");
        format!("The same person, seen from the other side: {others}. A pair settles these too.")
    })
}

fn preview(model: &Model, area: Rect, at: usize, buf: &mut Buffer) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let theme = &model.theme;
    let title = format!("{} {}", conflict.id, conflict.title);
    paint::rule(&title, theme.title, paint::row(area, at), theme, buf);
    let inner = paint::beside_track(area);
    for (line, field) in conflict.fields.iter().take(4).enumerate() {
        let base = show(field.base.as_ref(), &model.times);
        let mut row = Row::of("   ", Style::new())
            .cell(&field.field.label(), 14, theme.title)
            .add(format!("base {base}"), theme.dim);
        for side in Side::BOTH {
            let text = show(field.of(side), &model.times);
            row = row.add(format!("   {side} "), theme.dim).spans(
                super::super::widgets::diff::spans(&base, &text, Style::new(), theme),
            );
            if field.newer == Some(side) {
                row = row.add(", newer", theme.title);
            }
        }
        row.draw(paint::row(inner, at + 1 + line), buf);
    }
    if conflict.fields.is_empty() {
        let words = format!("   {}", what(conflict));
        Row::of(words, Style::new()).draw(paint::row(inner, at + 1), buf);
        if let Some(words) = asked_again(model, conflict) {
            Row::of(format!("   {words}"), theme.dim).draw(paint::row(inner, at + 2), buf);
        }
    }
}
