//! Errors, drawn: patterns, heaviest first; of an unfolded one what it means, what to do and what it holds.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{Alert, AlertState, ErrorId, ErrorRow, ErrorState, Side};
use crate::text::{clean, cut_end, thousands};

use super::super::advice;
use super::super::model::Model;
use super::super::msg::Tab;
use super::super::times::counted;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};
use super::conflicts;

fn next_try(model: &Model, error: &ErrorRow) -> String {
    match (error.state, error.last.next_retry_at) {
        (ErrorState::Skipped, _) => "never: skipped".into(),
        (ErrorState::Closed, _) => "settled".into(),
        (_, Some(at)) => model.times.moment(at),
        (_, None) if error.title.is_empty() => "with a pass".into(),
        (_, None) => "when it changes".into(),
    }
}

/// The pattern without its side, which has a column of its own; of an error of no record its last answer.
fn what_happened(error: &ErrorRow) -> &str {
    let pattern = error.last.pattern.as_str();
    let side = error.last.side.map_or("", Side::name);
    let pattern = pattern.strip_prefix(side).map_or(pattern, str::trim_start);
    let answer = error.last.message.lines().next();
    answer
        .filter(|line| error.title.is_empty() && !line.is_empty())
        .unwrap_or(pattern)
}

fn unfolded_rows(model: &Model, error: &ErrorRow, columns: usize) -> Vec<Row> {
    let theme = &model.theme;
    let mut rows = Vec::new();
    let mut say = |label: &str, text: &str| {
        let lines = wrap(text, columns.saturating_sub(23));
        for (at, line) in lines.into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let head = Row::of("      ", Style::new()).cell(label, 16, theme.dim);
            rows.push(head.add(line, Style::new()));
        }
    };
    say("What it means", &advice::meaning(error));
    let steps = advice::of(error).map(|advice| advice::steps(error, advice));
    for (at, step) in steps.unwrap_or_default().iter().enumerate() {
        let label = if at == 0 { "What to do" } else { "" };
        let step = model.keymap.fill(step);
        say(label, &format!("{}  {step}", at + 1));
    }
    if !error.title.is_empty() {
        let label = model.keymap.fill("Cost of {error.retry}");
        say(&label, &super::errors::cost(error));
        let records = super::errors::records(model, error);
        if records.is_empty() {
            let more = match error.count {
                0 | 1 => String::new(),
                n => format!(
                    " and {} more; {} lists them",
                    thousands(n - 1),
                    model.key("unfold")
                ),
            };
            say("Records", &format!("{}{more}", error.title));
        }
        for (at, (_, title)) in records.iter().enumerate() {
            say(if at == 0 { "Records" } else { "" }, title);
        }
    }
    let status = error
        .last
        .status
        .map_or_else(|| "no answer".into(), |s| s.to_string());
    let answer = format!(
        "{}  {}  {status}  {}",
        model.times.moment(error.last_at),
        clean(&error.last.operation),
        clean(&error.last.message)
    );
    say("Last answer", &answer);
    let first = model.times.moment(error.first_at);
    let times = counted(error.count, "record", "records");
    say("Since", &format!("{first}, {times}"));
    if let Some(who) = &error.operator {
        let done = match error.state {
            ErrorState::Muted => "muted by",
            ErrorState::Skipped => "skipped by",
            _ => "tried again by",
        };
        let why = error.note.as_deref().map(clean);
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        say("Who", &format!("{done} {}{why}", clean(who)));
    }
    rows
}

/// What the line over the list says of alerts.
fn alert_words(alert: &Alert, model: &Model) -> String {
    let since = model.times.moment(alert.since);
    match alert.state {
        AlertState::Acknowledged => format!("alert since {since}, acknowledged: {}", alert.text),
        _ => format!("alert since {since}: {}", alert.text),
    }
}

/// Rows that the alerts over the list take.
fn alert_rows(model: &Model) -> usize {
    let room = model.body_rows() / 4;
    super::errors::alerts(model).count().min(room)
}

fn draw_alerts(model: &Model, inner: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let rows = alert_rows(model);
    for (at, alert) in super::errors::alerts(model).take(rows).enumerate() {
        let (mark, style) = match alert.state {
            AlertState::Acknowledged => (" ✓ ", theme.dim),
            _ => (" ! ", theme.error),
        };
        let words = alert_words(alert, model);
        let room = (inner.width as usize).saturating_sub(20);
        let mut row = Row::of(mark, style).add(cut_end(&words, room).into_owned(), Style::new());
        if alert.state == AlertState::Open && at == 0 {
            let words = model.keymap.fill("{error.acknowledge} acknowledges");
            row = row.end_at(&words, inner.width as usize - 1, theme.dim);
        }
        row.draw(paint::row(inner, 1 + at), buf);
    }
}

/// A line of the list.
enum Line {
    Heading(String),
    Head(ErrorId, Row),
    More(ErrorId, Row),
}

impl Line {
    const fn of(&self) -> Option<ErrorId> {
        match self {
            Self::Heading(_) => None,
            Self::Head(id, _) | Self::More(id, _) => Some(*id),
        }
    }
}

/// The columns of the list.
struct Columns {
    what: usize,
    first: usize,
    last: usize,
    who: usize,
}

const NEXT: usize = 17;

fn head_row(model: &Model, error: &ErrorRow, widths: &Columns) -> Row {
    let theme = &model.theme;
    let sign = match (error.state, model.errors.is_unfolded(error.id)) {
        (_, true) => "▾",
        (ErrorState::Muted, _) => "m",
        (ErrorState::Skipped, _) => "x",
        (ErrorState::Closed, _) => "✓",
        _ => "▸",
    };
    let side = error.last.side.map_or("couplet", Side::label);
    Row::of(format!(" {sign} "), Style::new())
        .cell(side, 10, Style::new())
        .cell(
            what_happened(error),
            widths.what.saturating_sub(1),
            Style::new(),
        )
        .add(" ", Style::new())
        .cell(&thousands(error.count), 9, Style::new())
        .cell(&model.times.moment(error.first_at), widths.first, theme.dim)
        .cell(&model.times.moment(error.last_at), widths.last, theme.dim)
        .cell(&next_try(model, error), NEXT, Style::new())
        .cell(&who(error), widths.who, theme.dim)
}

/// Who did something about an error.
fn who(error: &ErrorRow) -> String {
    error
        .operator
        .as_deref()
        .map_or_else(String::new, |who| clean(who).into_owned())
}

fn lines(model: &Model, widths: &Columns, columns: usize) -> Vec<Line> {
    let order = model.errors.order(&model.filters, model.times.now);
    let group = |error: &ErrorRow| match error.state {
        ErrorState::Open => "",
        ErrorState::Muted | ErrorState::Skipped => "muted and skipped",
        ErrorState::Closed => "settled",
    };
    let mut lines = Vec::new();
    let mut named = "";
    for error in &order {
        let name = group(error);
        if name != named {
            let members = order.iter().filter(|other| group(other) == name);
            lines.push(Line::Heading(format!("{name} {}", members.count())));
            named = name;
        }
        lines.push(Line::Head(error.id, head_row(model, error, widths)));
        if model.errors.is_unfolded(error.id) {
            let more = unfolded_rows(model, error, columns).into_iter();
            lines.extend(more.map(|row| Line::More(error.id, row)));
        }
    }
    lines
}

fn widths(model: &Model, columns: usize) -> Columns {
    let (first, last, who) = if model.is_wide() {
        (13, 13, 10)
    } else {
        (0, 0, 0)
    };
    Columns {
        what: columns.saturating_sub(3 + 10 + 9 + first + last + NEXT + who),
        first,
        last,
        who,
    }
}

/// The first line on the screen: all of an unfolded error where that has room, else its head.
fn top(model: &Model, lines: &[Line], visible: usize) -> usize {
    let cursor = model.errors.cursor;
    let mine = |line: &Line| line.of().is_some() && line.of() == cursor;
    let start = lines.iter().position(mine).unwrap_or(0);
    let end = lines.iter().rposition(mine).unwrap_or(start);
    let end = end.min(start + visible.saturating_sub(1));
    paint::scrolled(0, end, visible, lines.len())
        + model.errors.scrolled(end + 1 - start, lines.len())
}

/// The error in a line of the body.
pub fn row_at(model: &Model, line: usize) -> Option<ErrorId> {
    let columns = model.size.0 as usize - 1;
    let lines = lines(model, &widths(model, columns), columns);
    let before = 2 + alert_rows(model);
    let visible = model.body_rows().saturating_sub(before);
    let at = line.checked_sub(before)? + top(model, &lines, visible);
    lines.get(at)?.of()
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    paint::track(area, 0, 0, theme, buf);
    draw_sum(model, paint::row(inner, 0), buf);
    draw_alerts(model, inner, buf);
    let before = 2 + alert_rows(model);
    let widths = widths(model, columns);
    Row::of("   ", Style::new())
        .cell("Side", 10, Style::new())
        .cell("What", widths.what, Style::new())
        .cell("Records", 9, Style::new())
        .cell("First", widths.first, Style::new())
        .cell("Last", widths.last, Style::new())
        .cell("Next try", NEXT, Style::new())
        .cell(
            if widths.who > 0 { "Who" } else { "" },
            widths.who,
            Style::new(),
        )
        .draw(paint::row(inner, before - 1), buf);
    let lines = lines(model, &widths, columns);
    let visible = (area.height as usize).saturating_sub(before);
    let top = top(model, &lines, visible);
    for (at, line) in lines.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, at + before);
        match line {
            Line::Heading(words) => {
                conflicts::heading(words, paint::row(area, at + before), model, buf);
            }
            Line::More(_, row) => row.draw(place, buf),
            Line::Head(id, row) => {
                row.draw(place, buf);
                paint::star(place, 0, model.marks.errors.contains(id), buf);
                if Some(*id) == model.errors.cursor {
                    paint::cursor(place, 13 + widths.what.min(30), theme, buf);
                    paint::star(place, 1, model.marks.errors.contains(id), buf);
                }
            }
        }
    }
    if lines.is_empty() {
        let words = match (model.errors.loaded, model.errors.all.is_empty()) {
            (false, _) => " reading…".to_owned(),
            (true, true) => model
                .keymap
                .fill(" = No errors. {filter} state:closed shows those that were settled."),
            (true, false) => format!(
                " No error passes {}. {} drops it.",
                model.filters.text(Tab::Errors),
                model.key("back")
            ),
        };
        Row::of(words, theme.dim).draw(paint::row(inner, before), buf);
    }
    if lines.len() > visible {
        let list = Rect {
            y: area.y + before as u16,
            height: visible as u16,
            ..area
        };
        paint::track(list, top, lines.len(), theme, buf);
    }
}

fn draw_sum(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let order = model.errors.order(&model.filters, model.times.now);
    let open = order.iter().filter(|e| e.state == ErrorState::Open);
    let records: u64 = open.clone().map(|e| e.count).sum();
    let head = format!(
        " {}, {}, heaviest first",
        counted(open.count() as u64, "pattern", "patterns"),
        counted(records, "record", "records")
    );
    let row = match model.marks.errors.len() {
        0 => Row::of(head, theme.dim),
        n => Row::of(
            model.keymap.fill(&format!(
                " {n} marked: {{error.retry}} retries, {{error.skip}} skips, {{error.mute}} mutes them"
            )),
            theme.title,
        ),
    };
    row.draw(area, buf);
}
