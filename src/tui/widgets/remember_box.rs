//! The box of "remember as a policy".

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::super::model::Model;
use super::super::remember::{Line, Reach, Remember, policies, policy_words};
use super::boxes::{divide, frame};
use super::help::wrap;
use super::paint::{self, Row};

/// The column at which answers stand.
const ANSWERS: usize = 12;

fn settles_words(model: &Model, remember: &Remember, reach: Reach) -> String {
    if reach == Reach::Filter
        && let Err(why) = remember.read_filter(&model.operator)
    {
        return why;
    }
    let Some(settles) = remember.settles(model, reach) else {
        return "counting…".into();
    };
    let stay = Some(settles.stay).filter(|n| *n > 0);
    let kept = Some(settles.kept).filter(|n| *n > 0);
    let parts = [
        Some(format!("settles {} now", settles.answers.len())),
        stay.map(|n| format!("{n} stay")),
        kept.map(|n| format!("{n} staged")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Draws it.
pub fn draw(model: &Model, remember: &Remember, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let mut rows: Vec<(Option<Line>, Row)> = Vec::new();
    let label = |name: &str| Row::of("  ", Style::new()).cell(name, ANSWERS, theme.dim);
    let columns = area.width.min(100).saturating_sub(4) as usize;
    let field = format!("{} of {}s", remember.field.label(), remember.kind);
    rows.push((None, label("Field").add(field, theme.title)));
    let radio = |chosen: bool| if chosen { "(•) " } else { "( ) " };
    let mut line = label("Decide by");
    let mut lines = Vec::new();
    for policy in policies(&remember.field) {
        let words = format!(
            "{}{}   ",
            radio(policy == remember.by),
            policy_words(policy)
        );
        if line.used() + crate::text::width(&words) > columns {
            lines.push(std::mem::replace(&mut line, label("")));
        }
        line = line.add(words, Style::new());
    }
    lines.push(line);
    rows.extend(lines.into_iter().map(|row| (Some(Line::By), row)));
    for (at, reach) in remember.reaches().iter().enumerate() {
        let name = match reach {
            Reach::Record => "this record only",
            Reach::Filter => "a filter",
            Reach::Field => "the field, always",
        };
        let row = label(if at == 0 { "Scope" } else { "" })
            .add(radio(*reach == remember.reach), Style::new())
            .cell(name, 20, Style::new())
            .add(settles_words(model, remember, *reach), theme.dim);
        // of the scopes, the one that is chosen has the cursor
        rows.push(((*reach == remember.reach).then_some(Line::Scope), row));
    }
    let text = |name: &str, text: &str, line: Line| {
        let cursor = if remember.line == line { "█" } else { "" };
        label(name)
            .add(text.to_owned(), Style::new())
            .add(cursor, theme.dim)
    };
    if remember.reach == Reach::Filter {
        rows.push((
            Some(Line::Filter),
            text("Filter", &remember.filter, Line::Filter),
        ));
    }
    rows.push((Some(Line::Note), text("Note", &remember.note, Line::Note)));
    let keys = "tab a line     arrows choose     enter what it settles     esc back";
    let keys = wrap(keys, columns);
    let inside = frame(
        "Remember as a policy",
        rows.len() + keys.len() + 1,
        area,
        theme,
        buf,
    );
    let count = rows.len();
    for (at, (line, row)) in rows.into_iter().enumerate() {
        let place = paint::row(inside, at);
        row.draw(place, buf);
        if line == Some(remember.line) {
            buf.set_string(place.x, place.y, "▌", theme.decide);
        }
    }
    divide(inside, count, theme, buf);
    for (at, line) in keys.into_iter().enumerate() {
        Row::of(line, Style::new()).draw(paint::row(inside, count + 1 + at), buf);
    }
}
