//! The list of conflicts drawn: what each is about, who is at work on it.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{Conflict, ConflictState, Reason};
use crate::text::clean;

use super::super::model::Model;
use super::super::widgets::paint::{self, Row};
use super::conflicts::{ListRow, is_put_off, list_rows};
use super::detail::show;

/// What a conflict is about, in words.
pub fn what(conflict: &Conflict) -> String {
    match conflict.reason {
        Reason::DeleteEdit => match conflict.gone {
            Some(gone) => format!("deleted in {gone}, edited in {}", gone.other()),
            None => "deleted on one side, edited on the other".into(),
        },
        Reason::AmbiguousMatch => format!("which of {} is this?", conflict.candidates.len()),
        Reason::Duplicate => match conflict.candidates.first() {
            Some(holder) => format!("e-mail or phone of {}", holder.title),
            None => "e-mail or phone is taken".into(),
        },
        Reason::MassChange => "mass change".into(),
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

fn values(model: &Model, conflict: &Conflict) -> String {
    let short = |value: Option<&crate::model::Value>| {
        let text = show(value, &model.times);
        let number = text.len() > 9 && !text.chars().any(char::is_alphabetic);
        if number {
            let kept = text.chars().count() - 4; // the ends of two phones tell them apart
            return format!("…{}", text.chars().skip(kept).collect::<String>());
        }
        crate::text::cut_end(&text, 9).into_owned()
    };
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
        None => String::new(),
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
    let all = &model.conflicts.all;
    let staged = all.iter().filter(|c| !c.staged.is_empty()).count();
    let put_off = all
        .iter()
        .filter(|c| is_put_off(c, model.times.now))
        .count();
    let open = |c: &&Conflict| {
        let is_open = c.state == ConflictState::Open && c.staged.is_empty();
        is_open && !is_put_off(c, model.times.now)
    };
    let counts = [
        (all.iter().filter(open).count() as u64, "to decide"),
        (staged as u64, "staged"),
        (put_off as u64, "put off"),
    ];
    let counts = counts.into_iter().filter(|(n, _)| *n > 0);
    let counts: Vec<_> = counts.map(|(n, words)| format!("{n} {words}")).collect();
    match all.len() {
        0 => String::new(),
        n => format!("{n} open: {}", counts.join(", ")),
    }
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
                Row::of(" ", Style::new())
                    .add(sign, style)
                    .add(gap, Style::new())
                    .cell(&conflict.id.to_string(), id, Style::new())
                    .cell(&conflict.title, record, Style::new())
                    .add(" ", Style::new())
                    .cell(&what(conflict), what_at.saturating_sub(1), Style::new())
                    .add(" ", Style::new())
                    .cell(&values(model, conflict), values_at, Style::new())
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
        let words = match (model.conflicts.loaded, all.is_empty()) {
            (true, false) => " No conflict passes the filter. esc drops it.",
            (true, true) => " = Nothing to decide.",
            (false, _) => " reading…",
        };
        Row::of(words, theme.dim).draw(paint::row(inner, 2), buf);
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
        for side in crate::model::Side::BOTH {
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
    }
}
