//! The sync log: passes, and under each what it did and why.

use std::collections::HashMap;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{BySide, LogEntry, PassId, PassSummary, Side};
use crate::text::{clean, cut_end, thousands};

use super::super::effect::Request;
use super::super::model::Model;
use super::super::msg::Move;
use super::super::times;
use super::super::widgets::paint::{self, Row};
use super::detail::show;

/// State of the tab.
#[derive(Clone, Debug, Default)]
pub struct SyncLog {
    /// Passes, newest first; runs of idle ones as one.
    pub passes: Vec<PassSummary>,
    /// Whether they were read.
    pub loaded: bool,
    /// The pass under the cursor.
    pub cursor: Option<PassId>,
    unfolded: Vec<PassId>,
    lines: HashMap<PassId, Vec<LogEntry>>,
    /// Passes that differ from those shown in idle runs only: shown with the next key.
    waiting: Option<Vec<PassSummary>>,
}

/// Takes what the store has. What is new about idle passes waits for a key, so that a quiet hour draws nothing.
pub fn accept(model: &mut Model, passes: Vec<PassSummary>) {
    let log = &mut model.log;
    let busy = |passes: &[PassSummary]| -> Vec<PassSummary> {
        let busy = passes.iter().filter(|pass| pass.did_something());
        busy.cloned().collect()
    };
    if log.loaded && busy(&log.passes) == busy(&passes) {
        log.waiting = (log.passes != passes).then_some(passes);
        return;
    }
    log.waiting = None;
    put(model, passes);
}

/// Shows what waited for a key.
pub fn wake(model: &mut Model) {
    if let Some(passes) = model.log.waiting.take() {
        put(model, passes);
    }
}

fn put(model: &mut Model, passes: Vec<PassSummary>) {
    let log = &mut model.log;
    let newest = log.passes.first().map(|pass| pass.pass);
    let follows = log.cursor.is_none() || log.cursor == newest;
    log.passes = passes;
    log.loaded = true;
    let gone = log.passes.iter().all(|pass| Some(pass.pass) != log.cursor);
    if follows || gone {
        log.cursor = log.passes.first().map(|pass| pass.pass);
    }
    model.dirty = true;
}

/// Takes the lines of a pass.
pub fn accept_lines(model: &mut Model, pass: PassId, lines: Vec<LogEntry>) {
    if model.log.lines.get(&pass) != Some(&lines) {
        model.log.lines.insert(pass, lines);
        model.dirty = true;
    }
}

/// Moves the cursor.
pub fn go(model: &mut Model, how: Move) {
    let rows = model.body_rows();
    let log = &mut model.log;
    let Some(last) = log.passes.len().checked_sub(1) else {
        return;
    };
    let at = log
        .passes
        .iter()
        .position(|pass| Some(pass.pass) == log.cursor);
    let at = at.unwrap_or(0);
    let page = rows.saturating_sub(4).max(1);
    let to = match how {
        Move::Down => at + 1,
        Move::Up => at.saturating_sub(1),
        Move::Top => 0,
        Move::Bottom => last,
        Move::PageDown => at + page,
        Move::PageUp => at.saturating_sub(page),
    };
    log.cursor = Some(log.passes[to.min(last)].pass);
}

/// Unfolds the pass under the cursor, or folds it.
pub fn toggle(model: &mut Model) {
    let Some(pass) = model.log.cursor else {
        return;
    };
    if model.log.unfolded.contains(&pass) {
        model.log.unfolded.retain(|other| *other != pass);
        return;
    }
    model.log.unfolded.push(pass);
    model.read(Request::LogOfPass(pass));
}

fn took(pass: &PassSummary, side: Side) -> String {
    let mut parts = vec![format!("↓ {}", thousands(*pass.pulled.get(side)))];
    for (sign, counts) in [
        ("+", &pass.created),
        ("~", &pass.updated),
        ("-", &pass.deleted),
    ] {
        let n = *BySide::get(counts, side);
        if n > 0 {
            parts.push(format!("{sign} {}", thousands(n)));
        }
    }
    parts.join("  ")
}

fn pass_row(model: &Model, pass: &PassSummary, columns: usize) -> Row {
    let theme = &model.theme;
    let wide = columns >= 99;
    let at = model.times.moment(pass.started_at);
    let unfolded = model.log.unfolded.contains(&pass.pass);
    if !pass.did_something() {
        let end = pass.started_at.plus(pass.duration_ms as i64);
        let until = model.times.moment(end);
        let span = if at == until {
            at
        } else {
            format!("{at} to {until}")
        };
        let requests = pass.requests.ghl + pass.requests.growbots;
        let words = format!(
            "   {span}   {}, nothing changed, {} requests",
            clean(&pass.because),
            thousands(requests)
        );
        return Row::of(words, theme.dim);
    }
    let mut mark = Row::of(" ", Style::new());
    mark = match (pass.errors > 0, unfolded) {
        (true, _) => mark.add("!", theme.error),
        (false, true) => mark.add("▾", Style::new()),
        (false, false) => mark.add("▸", Style::new()),
    };
    let side = if wide { 26 } else { 18 };
    let requests = pass.requests.ghl + pass.requests.growbots;
    let mut row = mark
        .add(" ", Style::new())
        .cell(&at, 11, Style::new())
        .right(&times::span(pass.duration_ms), 7, theme.dim)
        .add(" ", Style::new())
        .cell(&took(pass, Side::Ghl), side, Style::new())
        .cell(&took(pass, Side::Growbots), side, Style::new());
    if wide {
        row = row
            .right(&thousands(requests), 6, theme.dim)
            .add(" ", Style::new());
    }
    let room = columns.saturating_sub(row.used());
    let because = cut_end(&clean(&pass.because), room).into_owned();
    row.add(because, Style::new())
}

fn line_rows(model: &Model, entry: &LogEntry) -> Vec<Row> {
    let theme = &model.theme;
    let sign = match entry.op.as_str() {
        "create" => "+",
        "update" | "stamp" => "~",
        "delete" => "-",
        "conflict" => "≠",
        "refused" => "!",
        _ => "=",
    };
    let style = match sign {
        "≠" => theme.decide,
        "!" => theme.error,
        _ => Style::new(),
    };
    let side = entry.side.map_or("no write", Side::label);
    let times = &model.times;
    let changes: Vec<_> = entry
        .fields
        .iter()
        .map(|change| {
            let from = show(change.from.as_ref(), times);
            format!(
                "{}  {from} → {}",
                change.field.label(),
                show(change.to.as_ref(), times)
            )
        })
        .collect();
    let what = match (changes.is_empty(), entry.op.as_str()) {
        (true, "link") => "linked".to_owned(),
        (true, "conflict") => "conflict opened".into(),
        (true, op) => op.to_owned(),
        (false, _) => changes.join(", "),
    };
    let head = Row::of("      ", Style::new())
        .add(sign, style)
        .add(" ", Style::new())
        .cell(side, 10, Style::new())
        .add(format!("{}   ", entry.title), theme.title)
        .add(what, Style::new());
    let cause = format!("        cause     {}   op {}", entry.cause, entry.id);
    vec![head, Row::of(cause, theme.dim)]
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let wide = columns >= 99;
    paint::track(area, 0, 0, theme, buf);
    let side = if wide { 26 } else { 18 };
    let mut head = Row::of("   ", Style::new())
        .cell("Pass", 11, Style::new())
        .right("Took", 7, Style::new())
        .add(" ", Style::new())
        .cell("GHL", side, Style::new())
        .cell("Growbots", side, Style::new());
    if wide {
        head = head.right("r", 6, Style::new()).add(" ", Style::new());
    }
    head.add("Because", Style::new())
        .draw(paint::row(inner, 0), buf);
    let mut rows: Vec<(PassId, bool, Row)> = Vec::new();
    for pass in &model.log.passes {
        rows.push((pass.pass, true, pass_row(model, pass, columns)));
        if !model.log.unfolded.contains(&pass.pass) {
            continue;
        }
        match model.log.lines.get(&pass.pass).map(Vec::as_slice) {
            None => rows.push((pass.pass, false, Row::of("        reading…", theme.dim))),
            Some([]) => {
                let words = "        it wrote nothing";
                rows.push((pass.pass, false, Row::of(words, theme.dim)));
            }
            Some(lines) => {
                let drawn = lines.iter().flat_map(|entry| line_rows(model, entry));
                rows.extend(drawn.map(|row| (pass.pass, false, row)));
            }
        }
    }
    let visible = (area.height as usize).saturating_sub(2);
    let mine = |row: &(PassId, bool, Row)| Some(row.0) == model.log.cursor;
    let start = rows.iter().position(mine).unwrap_or(0);
    let end = rows.iter().rposition(mine).unwrap_or(start);
    let end = end.min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (line, (pass, head, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 1);
        row.draw(place, buf);
        if *head && Some(*pass) == model.log.cursor {
            paint::cursor(place, 21, theme, buf);
        }
    }
    if rows.is_empty() {
        let words = if model.log.loaded {
            "   No pass yet. S runs one."
        } else {
            "   reading…"
        };
        Row::of(words, theme.dim).draw(paint::row(inner, 1), buf);
    }
    if rows.len() > visible {
        let list = Rect {
            y: area.y + 1,
            height: visible as u16,
            ..area
        };
        paint::track(list, top, rows.len(), theme, buf);
    }
    let busy = model.log.passes.iter().filter(|pass| pass.did_something());
    let foot = format!(
        " {} passes that did something     ↓ read   + made   ~ changed   - deleted",
        busy.count()
    );
    Row::of(foot, theme.dim).draw(paint::row(inner, visible + 1), buf);
}
