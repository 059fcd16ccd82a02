//! Errors by pattern, and alerts. Drawn by [`errors_view`](super::errors_view).

use crate::engine::port::Ask;
use crate::model::{
    Action, Alert, AlertState, BySide, ErrorId, ErrorRow, ErrorState, LinkId, Millis,
};

use super::super::confirm::{Confirm, cost_words};
use super::super::effect::{Effect, Request};
use super::super::filter::{self, Filters};
use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};
use super::super::msg::{Do, Move};
use super::super::times::counted;
use super::contacts;

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
    /// Alerts that hold, then those that are over.
    pub alerts: Vec<Alert>,
    /// The records of errors that were listed.
    listed: Vec<(ErrorId, Vec<(LinkId, String)>)>,
    /// Lines that an error of more lines than the screen has is scrolled by.
    down: usize,
}

impl Errors {
    /// The error under the cursor.
    pub fn current(&self) -> Option<&ErrorRow> {
        let cursor = self.cursor?;
        self.all.iter().find(|error| error.id == cursor)
    }

    /// In the order of the screen: those that are open first.
    pub fn order(&self, filters: &Filters, now: Millis) -> Vec<&ErrorRow> {
        let open = |error: &&ErrorRow| error.state == ErrorState::Open;
        let quiet = |error: &&ErrorRow| !open(error);
        let all = || {
            let all = self.all.iter();
            all.filter(|error| filter::passes_error(filters, error, now))
        };
        all().filter(open).chain(all().filter(quiet)).collect()
    }

    /// Whether an error shows what it means.
    pub fn is_unfolded(&self, id: ErrorId) -> bool {
        self.unfolded.contains(&id)
    }

    /// By how many lines an error of `own` lines is scrolled, of `all` in the list.
    pub fn scrolled(&self, own: usize, all: usize) -> usize {
        self.down
            .min(own.saturating_sub(1))
            .min(all.saturating_sub(1))
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
    model.errors.down = 0;
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

/// Lists the records of the error under the cursor.
pub fn list_records(model: &mut Model) {
    let Some(id) = model.errors.cursor else {
        return;
    };
    let errors = &mut model.errors;
    let before = errors.listed.len();
    errors.listed.retain(|(other, _)| *other != id);
    let was_listed = errors.listed.len() < before;
    if !errors.is_unfolded(id) {
        errors.unfolded.push(id);
    } else if was_listed {
        return;
    }
    model.read(Request::ErrorRecords(id));
}

/// Takes the records of an error.
pub fn accept_records(model: &mut Model, error: ErrorId, records: Vec<(LinkId, String)>) {
    let listed = &mut model.errors.listed;
    listed.retain(|(other, _)| *other != error);
    listed.push((error, records));
    model.dirty = true;
}

/// The records of an error, where they are listed.
pub fn records<'a>(model: &'a Model, error: &ErrorRow) -> &'a [(LinkId, String)] {
    let listed = model.errors.listed.iter();
    let found = listed.into_iter().find(|(id, _)| *id == error.id);
    found.map_or(&[], |(_, records)| records)
}

/// Takes the alerts.
pub fn accept_alerts(model: &mut Model, alerts: Vec<Alert>) {
    model.dirty |= model.errors.alerts != alerts;
    model.errors.alerts = alerts;
}

/// The alerts that hold.
pub fn alerts(model: &Model) -> impl Iterator<Item = &Alert> {
    let all = model.errors.alerts.iter();
    all.filter(|alert| matches!(alert.state, AlertState::Open | AlertState::Acknowledged))
}

/// Says of the first alert that nobody has acknowledged that somebody knows.
pub fn acknowledge(model: &mut Model) {
    let open = |alert: &&Alert| alert.state == AlertState::Open;
    let Some(alert) = model.errors.alerts.iter().find(open) else {
        return;
    };
    let (id, name) = (alert.id, alert.name.clone());
    model.ask(Ask::Acknowledge(id));
    model.say_done(format!("Alert {name} is acknowledged."));
}

/// Shows the record of the error under the cursor.
pub fn open_record(model: &mut Model) {
    match model.errors.current().and_then(|error| error.last.link) {
        Some(link) => contacts::show(model, link),
        None => model.say("This error is of no record."),
    }
}

/// What a retry of an error costs, in words.
pub fn cost(error: &ErrorRow) -> String {
    let n = usize::try_from(error.count).unwrap_or(usize::MAX / 4);
    let writes = match error.last.side {
        Some(side) => BySide::from_fn(|other| if other == side { n } else { 0 }),
        None => BySide::default(),
    };
    if error.last.next_retry_at.is_some() {
        return cost_words(writes);
    }
    format!(
        "{}. Refused again unless something changed",
        cost_words(writes)
    )
}

/// The errors that a command is about: the marked ones, else that under the cursor.
fn subjects(model: &Model) -> Vec<&ErrorRow> {
    if model.marks.errors.is_empty() {
        return model.errors.current().into_iter().collect();
    }
    let all = model.errors.all.iter();
    all.filter(|error| model.marks.errors.contains(&error.id))
        .collect()
}

/// Asks before a retry, a skip or a mute.
pub fn ask(model: &mut Model, what: Do) {
    let rows = subjects(model);
    let Some(first) = rows.first() else {
        return;
    };
    let records = counted(rows.iter().map(|row| row.count).sum(), "record", "records");
    let quiet = |state| rows.iter().all(|row| row.state == state);
    let (name, words, yes, said) = match what {
        Do::Retry => (
            "Try again",
            format!(
                "{records} are read and written again. It fails again unless the cause is gone."
            ),
            "try again",
            "The next pass tries again.",
        ),
        Do::Skip => (
            "Skip",
            format!("{records} are not tried again until they change on a side. r takes it back."),
            "skip",
            "Skipped until the records change.",
        ),
        Do::Mute if quiet(ErrorState::Muted) => (
            "Count again",
            format!("It is counted again, and {records} are tried again."),
            "count again",
            "Counted again.",
        ),
        _ => (
            "Mute",
            "It is kept out of the counts. Nothing else changes. m again takes it back.".into(),
            "mute",
            "Muted.",
        ),
    };
    let action = |error: ErrorId| match what {
        Do::Skip => Action::Skip { error },
        Do::Mute if !quiet(ErrorState::Muted) => Action::Mute { error },
        _ => Action::Retry { error },
    };
    let mut lines: Vec<String> = match rows.as_slice() {
        [_] => vec![first.last.message.clone()],
        rows => rows.iter().map(|row| row.last.pattern.clone()).collect(),
    };
    lines.extend([String::new(), words]);
    let title = match rows.len() {
        1 => format!("{name}?"),
        n => format!("{name}, {n} patterns?"),
    };
    let confirm = Confirm {
        lines,
        yes: Some(yes.into()),
        asks: rows.iter().map(|row| Ask::Act(action(row.id))).collect(),
        said: said.into(),
        ..Confirm::new(title)
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Opens the box for the name of the file to export the list to.
pub fn export(model: &mut Model) {
    let title = "Export these errors: to a new file, .csv or .jsonl".to_owned();
    let name = crate::model::Value::text("couplet-errors.csv");
    let fields = vec![(crate::model::FieldName::Name, name)];
    let form = Form::new(title, Purpose::Export, fields, 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Hands the list over to be written to a file.
pub fn write_to(model: &mut Model, path: &str) {
    let rows = model.errors.order(&model.filters, model.times.now);
    let end = std::path::Path::new(path).extension();
    let is_csv = !end.is_some_and(|end| end.eq_ignore_ascii_case("jsonl"));
    let mut text = String::new();
    if is_csv {
        text.push_str(
            "id,state,side,status,operation,count,first_at,last_at,next_retry_at,pattern,message\n",
        );
    }
    for row in rows {
        let last = &row.last;
        let at = |at: Option<Millis>| at.map_or_else(String::new, |at| at.to_string());
        let cells = [
            ("id", row.id.to_string()),
            ("state", row.state.name().to_owned()),
            (
                "side",
                last.side.map_or("couplet", crate::model::Side::name).into(),
            ),
            (
                "status",
                last.status.map_or_else(String::new, |it| it.to_string()),
            ),
            ("operation", last.operation.clone()),
            ("count", row.count.to_string()),
            ("first_at", at(Some(row.first_at))),
            ("last_at", at(Some(row.last_at))),
            ("next_retry_at", at(last.next_retry_at)),
            ("pattern", last.pattern.clone()),
            ("message", last.message.clone()),
        ];
        if is_csv {
            let cells = cells.map(|(_, cell)| quoted(&cell));
            text.push_str(&cells.join(","));
        } else {
            let fields = cells.map(|(name, cell)| (name.to_owned(), serde_json::Value::from(cell)));
            text.push_str(&serde_json::Value::Object(fields.into_iter().collect()).to_string());
        }
        text.push('\n');
    }
    model.effect(Effect::Save {
        path: path.into(),
        text,
    });
}

/// A cell of CSV (RFC 4180). One that a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@']);
    let cell = if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell
}

/// Puts the cursor on the error in a line of the body.
pub fn click(model: &mut Model, line: usize) {
    if let Some(id) = super::errors_view::row_at(model, line) {
        model.errors.cursor = Some(id);
        model.dirty = true;
    }
}
