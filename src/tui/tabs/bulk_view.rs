//! The screen of one answer for many conflicts, drawn.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{ConflictField, Side, Value};
use crate::text::clean;

use super::super::confirm::cost_words;
use super::super::model::Model;
use super::super::times::counted;
use super::super::widgets::paint::{self, Row};
use super::bulk::{Bulk, By, Line, Outcome, cost, lines, only_field};
use super::conflicts_view;
use super::detail::show;
use super::staging;

/// The answers in a line, the chosen one filled in.
fn take_row(model: &Model, bulk: &Bulk) -> Row {
    let theme = &model.theme;
    let wide = model.is_wide();
    let mut row = Row::of("  Take", theme.dim);
    let value = match &bulk.by {
        Some(By::Value(value)) => show(value.as_ref(), &model.times),
        _ => "a value".into(),
    };
    for (id, words, by) in [
        ("bulk.ghl", "GHL", Some(By::Side(Side::Ghl))),
        ("bulk.growbots", "Growbots", Some(By::Side(Side::Growbots))),
        ("bulk.base", "base", Some(By::Base)),
        ("bulk.newest", "newest", Some(By::Newest)),
        ("bulk.value", value.as_str(), None),
    ] {
        let key = model.key(id);
        // on a narrow terminal the keys, and what is chosen
        let words = if model.size.0 >= 76 { words } else { "" };
        let chosen = match (&bulk.by, &by) {
            (Some(By::Value(_)), None) => true,
            (chosen, by) => by.is_some() && chosen == by,
        };
        row = row
            .add(if wide { "   " } else { "  " }, Style::new())
            .add(if chosen { "(•) " } else { "( ) " }, Style::new())
            .add(key, theme.title)
            .add(if words.is_empty() { "" } else { " " }, Style::new())
            .add(words.to_owned(), Style::new());
    }
    match (&bulk.by, model.size.0 >= 76) {
        (Some(by), false) => row.add(format!("   {}", by_words(by, &value)), Style::new()),
        _ => row,
    }
}

/// What is chosen, in a word.
fn by_words(by: &By, value: &str) -> String {
    match by {
        By::Side(side) => side.label().to_owned(),
        By::Base => "base".into(),
        By::Newest => "newest".into(),
        By::Value(_) => value.to_owned(),
    }
}

fn value_cell(model: &Model, field: Option<&ConflictField>, side: Side, columns: usize) -> String {
    let Some(field) = field else {
        return String::new();
    };
    let text = show(field.of(side), &model.times);
    let newer = if field.newer == Some(side) && columns > 20 {
        "  newer"
    } else {
        ""
    };
    let room = columns.saturating_sub(newer.len() + 1);
    format!("{}{newer}", crate::text::cut_end(&text, room))
}

/// The mark of a row, what it gets, and where that is written.
fn outcome_cells(model: &Model, line: &Line<'_>) -> (&'static str, Style, String, String) {
    let theme = &model.theme;
    let open = |why: &str| ("?", theme.decide, why.to_owned(), "nothing".to_owned());
    match &line.outcome {
        Outcome::Stages(answer) => {
            let value: Option<Value> = staging::value_of(answer).flatten();
            let to = match line.writes().as_slice() {
                [] => "nothing".to_owned(),
                [side] => side.label().to_owned(),
                _ => "each".to_owned(),
            };
            ("✓", theme.well, show(value.as_ref(), &model.times), to)
        }
        Outcome::Undecided => ("?", theme.decide, String::new(), String::new()),
        Outcome::SameTime => open("same time"),
        Outcome::OwnScreen => open("own screen"),
        Outcome::LeftOut => ("-", theme.dim, "left out".into(), "nothing".into()),
        Outcome::Kept(by) => {
            let by = if *by == model.operator {
                "yours"
            } else {
                by.as_str()
            };
            (
                "-",
                theme.dim,
                format!("staged by {}", clean(by)),
                "kept".into(),
            )
        }
    }
}

/// How many rows become what: `47 decided, 2 left open: same time, 1 kept`.
fn sums(lines: &[Line<'_>]) -> String {
    let count =
        |fits: &dyn Fn(&Outcome) -> bool| lines.iter().filter(|line| fits(&line.outcome)).count();
    let parts = [
        (count(&|o| matches!(o, Outcome::Stages(_))), "decided"),
        (count(&|o| *o == Outcome::Undecided), "undecided"),
        (count(&|o| *o == Outcome::SameTime), "left open: same time"),
        (
            count(&|o| *o == Outcome::OwnScreen),
            "left open: own screen",
        ),
        (count(&|o| *o == Outcome::LeftOut), "left out"),
        (count(&|o| matches!(o, Outcome::Kept(_))), "kept"),
    ];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<_> = parts.map(|(n, words)| format!("{n} {words}")).collect();
    parts.join("   ")
}

/// Rows below the list: a rule, the sums, the cost.
const FOOT: usize = 3;

/// Draws it.
pub fn view(model: &Model, bulk: &Bulk, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let wide = model.is_wide();
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let lines = lines(model, bulk);
    let only = only_field(&lines);
    let many = counted(bulk.ids.len() as u64, "conflict", "conflicts");
    let about = match &only {
        Some(field) => format!("field {}", field.label()),
        None => "several fields".into(),
    };
    let gap = if columns >= 76 { 5 } else { 2 };
    let (gap, chosen) = (" ".repeat(gap), clean(&bulk.chosen));
    let head = Row::of(format!(" Decide {many} at once"), theme.title)
        .add(format!("{gap}{about}{gap}{chosen}"), Style::new());
    let head = if head.used() + 10 < columns {
        head.end_at(&model.keymap.fill("{back} back"), columns, theme.dim)
    } else {
        head
    };
    head.draw(paint::row(area, 0), buf);
    paint::rule("", theme.dim, paint::row(area, 1), theme, buf);
    take_row(model, bulk).draw(paint::row(area, 2), buf);
    paint::rule("", theme.dim, paint::row(area, 3), theme, buf);
    let lead = 4;
    let field = if only.is_some() { 0 } else { 12 };
    let write = if wide { 10 } else { 0 };
    let record = (columns / 5).clamp(12, 26);
    let rest = columns.saturating_sub(lead + record + field + write);
    let each = rest * 36 / 100;
    let result = rest - 2 * each;
    Row::new()
        .to(lead)
        .cell("Record", record, Style::new())
        .cell(if field > 0 { "Field" } else { "" }, field, Style::new())
        .cell("GHL", each, Style::new())
        .cell("Growbots", each, Style::new())
        .cell("Result", result, Style::new())
        .cell(if wide { "Written to" } else { "" }, write, Style::new())
        .draw(paint::row(inner, 4), buf);
    let visible = (area.height as usize).saturating_sub(5 + FOOT).max(1);
    let at = bulk.at.min(lines.len().saturating_sub(1));
    let top = paint::scrolled(0, at, visible, lines.len());
    let body = Rect {
        y: area.y + 4,
        height: area.height.saturating_sub(4),
        ..area
    };
    paint::track(body, 0, 0, theme, buf);
    for (shown, line) in lines.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, 5 + shown);
        let (mark, style, value, to) = outcome_cells(model, line);
        let label = line.field.map_or_else(
            || conflicts_view::what(line.conflict),
            |field| field.field.label(),
        );
        let cell = |side| value_cell(model, line.field, side, each);
        let typed = matches!(bulk.by, Some(By::Value(_) | By::Base));
        let result_words = match (wide, &line.outcome) {
            (false, Outcome::Stages(_)) if !typed => format!("to {to}"),
            _ => value,
        };
        let fit = |text: &str, columns: usize| {
            crate::text::cut_end(text, columns.saturating_sub(1)).into_owned()
        };
        Row::of("  ", Style::new())
            .add(mark, style)
            .add(" ", Style::new())
            .cell(&fit(&line.conflict.title, record), record, Style::new())
            .cell(&fit(&label, field), field, theme.dim)
            .cell(&cell(Side::Ghl), each, Style::new())
            .cell(&cell(Side::Growbots), each, Style::new())
            .cell(&fit(&result_words, result), result, Style::new())
            .cell(&to, write, theme.dim)
            .draw(place, buf);
        if top + shown == at {
            paint::cursor(
                place,
                lead + record.min(crate::text::width(&line.conflict.title)),
                theme,
                buf,
            );
        }
    }
    if lines.len() > visible {
        let list = Rect {
            y: area.y + 5,
            height: visible as u16,
            ..area
        };
        paint::track(list, top, lines.len(), theme, buf);
    }
    draw_foot(model, bulk, &lines, area, buf);
}

/// The sums, and what they cost once they are applied.
fn draw_foot(model: &Model, bulk: &Bulk, lines: &[Line<'_>], area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let below = (area.height as usize).saturating_sub(FOOT);
    paint::rule("", theme.dim, paint::row(area, below), theme, buf);
    let cost = match &bulk.by {
        None => {
            let after = if inner.width < 76 {
                "."
            } else {
                "; each row shows what it would get."
            };
            let keys = "{bulk.ghl}, {bulk.growbots}, {bulk.base}, {bulk.newest} or {bulk.value}";
            model
                .keymap
                .fill(&format!("Choose what all take: {keys}{after}"))
        }
        Some(_) => format!("Once applied: {}", cost_words(cost(lines))),
    };
    Row::of(format!("  {}", sums(lines)), Style::new()).draw(paint::row(inner, below + 1), buf);
    Row::of(format!("  {cost}"), theme.dim).draw(paint::row(inner, below + 2), buf);
}
