//! The sync log: passes, and under each what it did and why. Drawn by [`sync_log_view`](super::sync_log_view).

use std::collections::HashMap;

use crate::model::{Exchange, Filter, Kind, LogEntry, LogId, PassId, PassSummary, Side, Undo};
use crate::text::clean;

use super::super::effect::Request;
use super::super::model::Model;
use super::super::msg::{Move, Tab};
use super::super::times::Times;
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
    pub(super) at: usize,
    pub(super) unfolded: Vec<PassId>,
    pub(super) lines: HashMap<PassId, Vec<LogEntry>>,
    /// Passes that differ from those shown in idle runs only: shown with the next key.
    waiting: Option<Vec<PassSummary>>,
    /// The newest lines that pass the filter, shown in place of the passes.
    pub(super) found: Vec<LogEntry>,
    /// The filter that `found` passed.
    pub(super) found_by: Option<Filter>,
    pub(super) found_cursor: Option<LogId>,
    /// Lines that show all they have.
    pub(super) open_lines: Vec<LogId>,
    /// What was sent for those lines, and what came back.
    pub(super) exchanges: HashMap<LogId, Vec<Exchange>>,
    /// The cursor does not follow the newest pass.
    pub(super) still: bool,
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
pub(super) fn is_filtered(model: &Model) -> bool {
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
        log.found_cursor = Some(log.found[how.among(at, last, page)].id);
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
    let to = how.among(at, last, page);
    let (pass, at) = places[to];
    (log.cursor, log.at) = (Some(pass), at);
    log.still = to > 0;
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
    let Some((id, side)) = line_here(model).map(|line| (line.id, line.side)) else {
        return toggle(model);
    };
    let open = &mut model.log.open_lines;
    if open.contains(&id) {
        open.retain(|other| *other != id);
    } else {
        open.push(id);
        if side.is_some() {
            model.read(Request::Exchanges(id));
        }
    }
}

/// Takes what was sent for a line, and what came back.
pub fn accept_exchanges(model: &mut Model, line: LogId, all: Vec<Exchange>) {
    model.log.exchanges.insert(line, all);
    model.dirty = true;
}

/// What was sent for a line and what came back, in words for the clipboard; nothing where it was not unfolded.
pub fn sent_words(model: &Model, line: LogId) -> String {
    let mut words = String::new();
    for exchange in model.log.exchanges.get(&line).into_iter().flatten() {
        let status = exchange
            .status
            .map_or_else(|| "no answer".into(), |s| s.to_string());
        let parts = [
            Some(format!("request: {}", exchange.request)),
            exchange
                .condition
                .as_ref()
                .map(|it| format!("If-Match: {it}")),
            exchange.sent.clone(),
            Some(format!("answer: {status}, {} ms", exchange.took_ms)),
            exchange.tag.as_ref().map(|it| format!("ETag: {it}")),
            exchange.answer.clone(),
        ];
        for part in parts.into_iter().flatten() {
            words = format!("{words}\n  {}", clean(&part));
        }
    }
    words
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
