//! Errors by pattern, with what to do about each.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::engine::port::Ask;
use crate::model::{Action, ErrorId, ErrorRow, ErrorState, Millis, Side};
use crate::text::{clean, thousands};

use super::super::confirm::Confirm;
use super::super::filter::{self, Filters};
use super::super::model::{Model, Overlay};
use super::super::msg::{Do, Move};
use super::super::times::counted;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};
use super::conflicts;

/// State of the tab.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    /// Errors that are not closed, heaviest first.
    pub all: Vec<ErrorRow>,
    /// Whether they were read.
    pub loaded: bool,
    /// The error under the cursor.
    pub cursor: Option<ErrorId>,
    unfolded: Vec<ErrorId>,
}

impl Errors {
    /// The error under the cursor.
    pub fn current(&self) -> Option<&ErrorRow> {
        let cursor = self.cursor?;
        self.all.iter().find(|error| error.id == cursor)
    }

    /// In the order of the screen: those that are open first.
    fn order(&self, filters: &Filters, now: Millis) -> Vec<&ErrorRow> {
        let open = |error: &&ErrorRow| error.state == ErrorState::Open;
        let quiet = |error: &&ErrorRow| !open(error);
        let all = || {
            let all = self.all.iter();
            all.filter(|error| filter::passes_error(filters, error, now))
        };
        all().filter(open).chain(all().filter(quiet)).collect()
    }

    /// Moves the cursor to the first open error; false if there is none.
    pub fn to_first_open(&mut self) -> bool {
        let open = |error: &&ErrorRow| error.state == ErrorState::Open;
        let first = self.all.iter().find(open).map(|error| error.id);
        self.cursor = first.or(self.cursor);
        first.is_some()
    }
}

/// Takes what the store has.
pub fn accept(model: &mut Model, errors: Vec<ErrorRow>) {
    let state = &mut model.errors;
    if state.loaded && state.all == errors {
        return;
    }
    let order: Vec<_> = state
        .order(&model.filters, model.times.now)
        .iter()
        .map(|error| error.id)
        .collect();
    let at = order.iter().position(|id| Some(*id) == state.cursor);
    state.all = errors;
    state.loaded = true;
    if state.current().is_none() {
        let order = state.order(&model.filters, model.times.now);
        let next = order.get(at.unwrap_or(0)).or(order.last());
        state.cursor = next.map(|error| error.id);
    }
    model.dirty = true;
}

/// Moves the cursor.
pub fn go(model: &mut Model, how: Move) {
    let rows = model.body_rows();
    let order: Vec<_> = model
        .errors
        .order(&model.filters, model.times.now)
        .iter()
        .map(|error| error.id)
        .collect();
    let Some(last) = order.len().checked_sub(1) else {
        return;
    };
    let cursor = model.errors.cursor;
    let at = order.iter().position(|id| Some(*id) == cursor).unwrap_or(0);
    let page = rows.saturating_sub(4).max(1);
    let to = match how {
        Move::Down => at + 1,
        Move::Up => at.saturating_sub(1),
        Move::Top => 0,
        Move::Bottom => last,
        Move::PageDown => at + page,
        Move::PageUp => at.saturating_sub(page),
    };
    model.errors.cursor = Some(order[to.min(last)]);
}

/// Unfolds the error under the cursor, or folds it.
pub fn toggle(model: &mut Model) {
    let errors = &mut model.errors;
    if let Some(id) = errors.cursor {
        if errors.unfolded.contains(&id) {
            errors.unfolded.retain(|other| *other != id);
        } else {
            errors.unfolded.push(id);
        }
    }
}

/// Asks before a retry, a skip or a mute.
pub fn ask(model: &mut Model, what: Do) {
    let Some(error) = model.errors.current() else {
        return;
    };
    let id = error.id;
    let records = match error.count {
        1 => "1 record".to_owned(),
        n => format!("{} records", thousands(n)),
    };
    let (title, words, yes, action, said) = match what {
        Do::Retry => (
            "Try again?",
            format!(
                "{records} are read and written again. It fails again unless the cause is gone."
            ),
            "try again",
            Action::Retry { error: id },
            "The next pass tries again.",
        ),
        Do::Skip => (
            "Skip?",
            format!("{records} are not tried again until they change on a side."),
            "skip",
            Action::Skip { error: id },
            "Skipped until the records change.",
        ),
        _ => (
            "Mute?",
            "It is kept out of the counts. Nothing else changes.".into(),
            "mute",
            Action::Mute { error: id },
            "Muted.",
        ),
    };
    let lines = vec![error.last.message.clone(), String::new(), words];
    let confirm = Confirm::one(title, lines, yes, Ask::Act(action), said);
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

fn next_try(model: &Model, error: &ErrorRow) -> String {
    match (error.state, error.last.next_retry_at) {
        (ErrorState::Skipped, _) => "never: skipped".into(),
        (ErrorState::Muted, None) => "muted".into(),
        (_, Some(at)) => model.times.moment(at),
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
    let status = error
        .last
        .status
        .map_or_else(|| "no answer".into(), |s| s.to_string());
    let times = format!(
        "{} first, {} last, {}",
        model.times.moment(error.first_at),
        model.times.moment(error.last_at),
        counted(error.count, "record", "records")
    );
    for (label, text) in [
        ("Last answer", error.last.message.clone()),
        ("Record", error.title.clone()),
        (
            "Operation",
            format!("{}, {status}", clean(&error.last.operation)),
        ),
        ("When", times),
        ("Next try", next_try(model, error)),
        (
            "What to do",
            "r tries again, x leaves it until the record changes, m mutes it".into(),
        ),
    ] {
        if text.is_empty() {
            continue; // an error of no record
        }
        let lines = wrap(&text, columns.saturating_sub(23));
        for (at, line) in lines.into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            rows.push(
                Row::of("      ", Style::new())
                    .cell(label, 16, theme.dim)
                    .add(line, Style::new()),
            );
        }
    }
    rows
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let wide = columns >= 99;
    paint::track(area, 0, 0, theme, buf);
    let order = model.errors.order(&model.filters, model.times.now);
    let open = order.iter().filter(|e| e.state == ErrorState::Open);
    let records: u64 = open.clone().map(|e| e.count).sum();
    let head = format!(
        " {}, {}, heaviest first",
        counted(open.count() as u64, "pattern", "patterns"),
        counted(records, "record", "records")
    );
    Row::of(head, theme.dim).draw(paint::row(inner, 0), buf);
    let (first, last, next) = if wide { (13, 13, 17) } else { (0, 0, 17) };
    let what = columns.saturating_sub(3 + 10 + 10 + first + last + next);
    Row::of("   ", Style::new())
        .cell("Side", 10, Style::new())
        .cell("What", what, Style::new())
        .cell("Records", 10, Style::new())
        .cell("First", first, Style::new())
        .cell("Last", last, Style::new())
        .cell("Next try", next, Style::new())
        .draw(paint::row(inner, 1), buf);
    let mut rows: Vec<(Option<ErrorId>, bool, Row, Option<String>)> = Vec::new();
    let quiet = order.iter().filter(|e| e.state != ErrorState::Open).count();
    let mut named = false;
    for error in &order {
        if error.state != ErrorState::Open && !named {
            let words = format!("muted and skipped {quiet}");
            rows.push((None, false, Row::new(), Some(words)));
            named = true;
        }
        let unfolded = model.errors.unfolded.contains(&error.id);
        let sign = match (error.state, unfolded) {
            (_, true) => "▾",
            (ErrorState::Muted, _) => "m",
            (ErrorState::Skipped, _) => "x",
            _ => "▸",
        };
        let side = error.last.side.map_or("couplet", Side::label);
        let row = Row::of(format!(" {sign} "), Style::new())
            .cell(side, 10, Style::new())
            .cell(what_happened(error), what.saturating_sub(1), Style::new())
            .add(" ", Style::new())
            .cell(&thousands(error.count), 10, Style::new())
            .cell(&model.times.moment(error.first_at), first, theme.dim)
            .cell(&model.times.moment(error.last_at), last, theme.dim)
            .cell(&next_try(model, error), next, Style::new());
        rows.push((Some(error.id), true, row, None));
        if unfolded {
            let more = unfolded_rows(model, error, columns);
            rows.extend(
                more.into_iter()
                    .map(|row| (Some(error.id), false, row, None)),
            );
        }
    }
    let visible = (area.height as usize).saturating_sub(2);
    let cursor = model.errors.cursor;
    let mine =
        |row: &(Option<ErrorId>, bool, Row, Option<String>)| row.0.is_some() && row.0 == cursor;
    let start = rows.iter().position(mine).unwrap_or(0);
    let end = rows.iter().rposition(mine).unwrap_or(start);
    let end = end.min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (line, (id, is_head, row, words)) in rows.iter().skip(top).take(visible).enumerate() {
        if let Some(words) = words {
            conflicts::heading(words, paint::row(area, line + 2), model, buf);
            continue;
        }
        let place = paint::row(inner, line + 2);
        row.draw(place, buf);
        if *is_head && *id == cursor {
            paint::cursor(place, 13 + what.min(40), theme, buf);
        }
    }
    if rows.is_empty() {
        let words = if model.errors.loaded && !model.errors.all.is_empty() {
            " No error passes the filter. esc drops it."
        } else if model.errors.loaded {
            " = No errors."
        } else {
            " reading…"
        };
        Row::of(words, theme.dim).draw(paint::row(inner, 2), buf);
    }
}
