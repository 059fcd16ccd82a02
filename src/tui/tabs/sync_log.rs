//! The sync log: passes, and under each what it did and why.

use std::collections::HashMap;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{
    BySide, Filter, Kind, LogEntry, LogId, LoopState, PassId, PassSummary, Side, Undo,
};
use crate::text::{clean, cut_end, thousands};

use super::super::effect::Request;
use super::super::model::Model;
use super::super::msg::{Move, Tab};
use super::super::times::{self, Times, counted};
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};
use super::contacts;
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
    /// The line of that pass under the cursor; 0 is the pass itself.
    at: usize,
    unfolded: Vec<PassId>,
    lines: HashMap<PassId, Vec<LogEntry>>,
    /// Passes that differ from those shown in idle runs only: shown with the next key.
    waiting: Option<Vec<PassSummary>>,
    /// The newest lines that pass the filter, shown in place of the passes.
    found: Vec<LogEntry>,
    /// The filter that `found` passed.
    found_by: Option<Filter>,
    found_cursor: Option<LogId>,
    /// Lines that show all they have.
    open_lines: Vec<LogId>,
    /// The cursor does not follow the newest pass.
    still: bool,
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
    let follows = log.cursor.is_none() || !log.still;
    log.passes = passes;
    log.loaded = true;
    let gone = log.passes.iter().all(|pass| Some(pass.pass) != log.cursor);
    if follows || gone {
        log.cursor = log.passes.first().map(|pass| pass.pass);
        log.at = 0;
    }
    model.dirty = true;
}

/// Asks for the lines that pass the filter, if there is one.
pub fn find(model: &mut Model) {
    let filter = model.filters.of(Tab::SyncLog);
    if !filter.is_empty() {
        let filter = filter.clone();
        model.read(Request::LogFound(filter));
    }
}

/// Takes the lines that passed a filter.
pub fn accept_found(model: &mut Model, filter: &Filter, lines: Vec<LogEntry>) {
    let same = model.log.found_by.as_ref() == Some(filter);
    if filter != model.filters.of(Tab::SyncLog) || (same && model.log.found == lines) {
        return;
    }
    let log = &mut model.log;
    log.found = lines;
    log.found_by = Some(filter.clone());
    if log
        .found
        .iter()
        .all(|line| Some(line.id) != log.found_cursor)
    {
        log.found_cursor = log.found.first().map(|line| line.id);
    }
    model.dirty = true;
}

/// Whether lines that pass a filter stand in place of the passes.
fn is_filtered(model: &Model) -> bool {
    !model.filters.of(Tab::SyncLog).is_empty()
}

/// Takes the lines of a pass.
pub fn accept_lines(model: &mut Model, pass: PassId, lines: Vec<LogEntry>) {
    if model.log.lines.get(&pass) != Some(&lines) {
        model.log.lines.insert(pass, lines);
        model.dirty = true;
    }
}

impl SyncLog {
    /// The lines of a pass that are shown under it.
    fn lines_of(&self, pass: PassId) -> &[LogEntry] {
        match self.lines.get(&pass) {
            Some(lines) if self.unfolded.contains(&pass) => lines,
            _ => &[],
        }
    }

    /// How many lines passed the filter.
    pub const fn found(&self) -> usize {
        self.found.len()
    }

    /// The log line under the cursor, when that is no pass.
    fn line(&self, filtered: bool) -> Option<&LogEntry> {
        if filtered {
            let here = |line: &&LogEntry| Some(line.id) == self.found_cursor;
            return self.found.iter().find(here);
        }
        let at = self.at.checked_sub(1)?;
        self.lines_of(self.cursor?).get(at)
    }
}

/// Moves the cursor over passes, and over the lines of those that are unfolded.
pub fn go(model: &mut Model, how: Move) {
    let rows = model.body_rows();
    let filtered = is_filtered(model);
    let log = &mut model.log;
    if filtered {
        let Some(last) = log.found.len().checked_sub(1) else {
            return;
        };
        let here = |line: &LogEntry| Some(line.id) == log.found_cursor;
        let at = log.found.iter().position(here).unwrap_or(0);
        let page = (rows.saturating_sub(4) / 2).max(1);
        let to = match how {
            Move::Down => at + 1,
            Move::Up => at.saturating_sub(1),
            Move::Top => 0,
            Move::Bottom => last,
            Move::PageDown => at + page,
            Move::PageUp => at.saturating_sub(page),
        };
        log.found_cursor = Some(log.found[to.min(last)].id);
        return;
    }
    let places = log.passes.iter().flat_map(|pass| {
        let lines = log.lines_of(pass.pass).len();
        (0..=lines).map(|at| (pass.pass, at))
    });
    let places: Vec<_> = places.collect();
    let Some(last) = places.len().checked_sub(1) else {
        return;
    };
    let here = log.cursor.map(|pass| (pass, log.at));
    let at = places.iter().position(|place| Some(*place) == here);
    let at = at.unwrap_or(0);
    let page = (rows.saturating_sub(4) / 2).max(1); // a line takes two rows
    let to = match how {
        Move::Down => at + 1,
        Move::Up => at.saturating_sub(1),
        Move::Top => 0,
        Move::Bottom => last,
        Move::PageDown => at + page,
        Move::PageUp => at.saturating_sub(page),
    };
    let (pass, at) = places[to.min(last)];
    (log.cursor, log.at) = (Some(pass), at);
    log.still = to.min(last) > 0;
}

/// Keeps the cursor on the newest pass, or lets it be.
pub fn follow(model: &mut Model) {
    let log = &mut model.log;
    log.still = !log.still;
    if !log.still {
        log.cursor = log.passes.first().map(|pass| pass.pass);
        log.at = 0;
    }
}

/// Goes to the next or the previous pass.
pub fn step_pass(model: &mut Model, by: isize) {
    let log = &mut model.log;
    let here = |pass: &PassSummary| Some(pass.pass) == log.cursor;
    let at = log.passes.iter().position(here).unwrap_or(0);
    if let Some(pass) = at.checked_add_signed(by).and_then(|at| log.passes.get(at)) {
        (log.cursor, log.at) = (Some(pass.pass), 0);
        log.still = true;
    }
}

/// The line of the log under the cursor, where that is no pass.
pub fn line_here(model: &Model) -> Option<&LogEntry> {
    model.log.line(is_filtered(model))
}

/// A line in words, for the clipboard.
pub fn words_of(line: &LogEntry, times: &Times) -> String {
    let side = line.side.map_or("no write", Side::label);
    let mut words = format!(
        "{} operation {}, {side}: {} {}",
        times.second(line.at),
        line.id,
        line.op,
        line.title
    );
    for change in &line.fields {
        let from = show(change.from.as_ref(), times);
        let to = show(change.to.as_ref(), times);
        words = format!("{words}\n  {}: {from} → {to}", change.field.label());
    }
    format!("{words}\n  cause: {}", line.cause)
}

/// What an undo here is about; or why there is nothing to undo.
pub fn undoable(model: &Model) -> Result<Undo, &'static str> {
    match (line_here(model), model.log.cursor) {
        (Some(line), _) if line.side.is_none() && line.op != "resolved" => {
            Err("Nothing was written here that could go back.")
        }
        (Some(line), _) => Ok(Undo::Operation(line.id)),
        (None, Some(pass)) if !is_filtered(model) => Ok(Undo::Pass(pass)),
        _ => Err("There is nothing here to undo."),
    }
}

/// Shows the record of the line under the cursor.
pub fn open_record(model: &mut Model) {
    match line_here(model) {
        Some(line) if line.kind == Kind::Contact => {
            let link = line.link;
            contacts::show(model, link);
        }
        Some(line) => {
            let words = format!(
                "A {} has no screen of its own: its contact shows it.",
                line.kind
            );
            model.say(words);
        }
        None => {}
    }
}

/// Unfolds the pass or the line under the cursor, or folds it.
pub fn open(model: &mut Model) {
    let Some(id) = line_here(model).map(|line| line.id) else {
        return toggle(model);
    };
    let open = &mut model.log.open_lines;
    if open.contains(&id) {
        open.retain(|other| *other != id);
    } else {
        open.push(id);
    }
}

/// What enter does, in a word.
pub fn enter_word(model: &Model) -> &'static str {
    let folds = match (line_here(model), model.log.cursor) {
        (Some(line), _) => model.log.open_lines.contains(&line.id),
        (None, None) => return "",
        (None, Some(pass)) => model.log.unfolded.contains(&pass),
    };
    if folds { "fold" } else { "unfold" }
}

/// Unfolds the pass under the cursor, or folds it.
pub fn toggle(model: &mut Model) {
    if is_filtered(model) {
        return;
    }
    let Some(pass) = model.log.cursor else {
        return;
    };
    model.log.at = 0;
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
    let unfolded = model.log.unfolded.contains(&pass.pass);
    if !pass.did_something() {
        let at = model.times.moment(pass.started_at);
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
    let at = model.times.second(pass.started_at);
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
    let mut rows = vec![head, Row::of(cause, theme.dim)];
    if model.log.open_lines.contains(&entry.id) {
        rows.extend(all_of(model, entry));
    }
    rows
}

/// All that the log has of a line: each field whole, when, by whom, what it took.
fn all_of(model: &Model, entry: &LogEntry) -> Vec<Row> {
    let theme = &model.theme;
    let times = &model.times;
    let columns = (model.size.0 as usize).saturating_sub(34);
    let mut rows = Vec::new();
    for change in &entry.fields {
        let from = show(change.from.as_ref(), times);
        let to = show(change.to.as_ref(), times);
        for (at, line) in wrap(&format!("{from} → {to}"), columns)
            .into_iter()
            .enumerate()
        {
            let label = change.field.label();
            let label = if at == 0 { label.as_str() } else { "" };
            let row = Row::of("        ", theme.dim).cell(label, 20, theme.dim);
            rows.push(row.add(line, Style::new()));
        }
    }
    let by = entry
        .operator
        .as_deref()
        .map_or_else(String::new, |who| format!(", {who}"));
    let requests = counted(u64::from(entry.requests), "request", "requests");
    let took = format!(
        "        {}, {requests}{by}. u previews its undo",
        times.second(entry.at)
    );
    rows.push(Row::of(took, theme.dim));
    rows
}

/// What is said while the list is empty.
fn no_pass(model: &Model) -> Vec<String> {
    let since = model.holder.as_ref().map(|holder| {
        let since = model.times.second(holder.since);
        format!("the sync runs since {since}")
    });
    let now = match &model.status.state {
        _ if !model.log.loaded => return vec!["reading…".into()],
        LoopState::Pulling { side, kind, .. } => format!("reads {kind}s from {side}"),
        LoopState::Pushing { done, total } => {
            let (done, total) = (thousands(*done), thousands(*total));
            format!("writes, {done} of {total} done")
        }
        _ => return vec!["No pass yet. S runs one.".into()],
    };
    let since = since.map_or_else(String::new, |since| format!("; {since}"));
    vec![
        format!("The first pass {now}{since}."),
        "It stands here with all it did when it ends.".into(),
    ]
}

/// Draws the lines that pass the filter.
fn view_found(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let log = &model.log;
    let inner = paint::beside_track(area);
    paint::track(area, 0, 0, theme, buf);
    if log.found.is_empty() {
        let read = log.found_by.as_ref() == Some(model.filters.of(Tab::SyncLog));
        let words = if read {
            "   No line of the log passes the filter. esc drops it."
        } else {
            "   reading…"
        };
        Row::of(words, theme.dim).draw(paint::row(inner, 0), buf);
    }
    let here = |line: &LogEntry| Some(line.id) == log.found_cursor;
    let mut rows: Vec<(&LogEntry, usize, Row)> = Vec::new();
    for entry in &log.found {
        let drawn = line_rows(model, entry).into_iter().enumerate();
        rows.extend(drawn.map(|(line, row)| (entry, line, row)));
    }
    let visible = (area.height as usize).max(1);
    let start = rows.iter().position(|row| here(row.0)).unwrap_or(0);
    let end = rows.iter().rposition(|row| here(row.0)).unwrap_or(start);
    let end = end.min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (at, (entry, line, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, at);
        let row = match line {
            1 => {
                let when = model.times.second(entry.at);
                row.clone()
                    .end_at(&when, inner.width as usize - 1, theme.dim)
            }
            _ => row.clone(),
        };
        row.draw(place, buf);
        if *line == 0 && here(entry) {
            paint::cursor(place, 18, theme, buf);
        }
    }
    paint::track(area, top, rows.len(), theme, buf);
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    if is_filtered(model) {
        return view_found(model, area, buf);
    }
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
    let mut rows: Vec<((PassId, usize), bool, Row)> = Vec::new();
    for pass in &model.log.passes {
        let place = (pass.pass, 0);
        rows.push((place, true, pass_row(model, pass, columns)));
        if !model.log.unfolded.contains(&pass.pass) {
            continue;
        }
        match model.log.lines.get(&pass.pass).map(Vec::as_slice) {
            None => rows.push((place, false, Row::of("        reading…", theme.dim))),
            Some([]) => {
                let words = "        it wrote nothing";
                rows.push((place, false, Row::of(words, theme.dim)));
            }
            Some(lines) => {
                for (at, entry) in lines.iter().enumerate() {
                    let drawn = line_rows(model, entry).into_iter().enumerate();
                    let place = (pass.pass, at + 1);
                    rows.extend(drawn.map(|(line, row)| (place, line == 0, row)));
                }
            }
        }
    }
    let visible = (area.height as usize).saturating_sub(2);
    let here = model.log.cursor.map(|pass| (pass, model.log.at));
    let mine = |row: &((PassId, usize), bool, Row)| Some(row.0) == here;
    let start = rows.iter().position(mine).unwrap_or(0);
    let end = rows.iter().rposition(mine).unwrap_or(start);
    let end = end.min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (line, (of, head, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 1);
        row.draw(place, buf);
        if *head && Some(*of) == here {
            paint::cursor(place, 21, theme, buf);
        }
    }
    if rows.is_empty() {
        let said = no_pass(model).into_iter();
        let said = said.flat_map(|words| wrap(&words, columns.saturating_sub(4)));
        for (line, words) in said.enumerate() {
            Row::of(format!("   {words}"), theme.dim).draw(paint::row(inner, line + 1), buf);
        }
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
    let busy = counted(busy.count() as u64, "pass", "passes");
    let follows = if model.log.still { "off" } else { "on" };
    let foot = format!(
        " {busy} that did something   follow {follows}   ↓ read  + made  ~ changed  - gone"
    );
    Row::of(foot, theme.dim).draw(paint::row(inner, visible + 1), buf);
}
