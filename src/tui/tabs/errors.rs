//! Errors by pattern, and alerts. Drawn by [`errors_view`](super::errors_view).

use crate::engine::port::Ask;
use crate::model::{
    Action, Alert, AlertState, BySide, End, ErrorId, ErrorRow, ErrorState, FieldChange, FieldName,
    Kind, LinkId, Millis, Side, Value,
};
use crate::text::clean;

use super::super::confirm::{Confirm, cost_words};
use super::super::effect::Request;
use super::super::filter::Filters;
use super::super::model::{Model, Overlay};
use super::super::msg::{Do, Move, Tab};
use super::super::passing;
use super::super::times::counted;
use super::super::widgets::palette::{Palette, Picks};
use super::detail::show;
use super::{contacts, tasks};

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

    /// In the order of the screen: those that are open first, those that are closed last.
    pub fn order(&self, filters: &Filters, now: Millis) -> Vec<&ErrorRow> {
        let all = self.all.iter();
        let passing = all.filter(|error| passing::passes_error(filters, error, now));
        let mut order: Vec<_> = passing.collect();
        order.sort_by_key(|error| match error.state {
            ErrorState::Open => 0,
            ErrorState::Muted | ErrorState::Skipped => 1,
            ErrorState::Closed => 2,
        });
        order
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

/// Asks for the errors; for those that are closed too where the filter names a state.
pub fn read(model: &mut Model) {
    let named = model.filters.of(Tab::Errors).fields();
    let closed = named.contains(&"state");
    model.read(Request::Errors { closed });
}

/// Takes what the store has.
pub fn accept(model: &mut Model, errors: Vec<ErrorRow>) {
    let state = &mut model.errors;
    if state.loaded && state.all == errors {
        return;
    }
    let order = shown(model);
    let at = order.iter().position(|id| Some(*id) == model.errors.cursor);
    model.errors.all = errors;
    model.errors.loaded = true;
    keep_in_view(model, at.unwrap_or(0));
    model.dirty = true;
}

/// The errors of the list, in its order.
fn shown(model: &Model) -> Vec<ErrorId> {
    let order = model.errors.order(&model.filters, model.times.now);
    order.iter().map(|error| error.id).collect()
}

/// Puts the cursor on what is shown, near row `at`, where it stands on nothing that is: commands are about what the
/// operator sees.
fn keep_in_view(model: &mut Model, at: usize) {
    let order = shown(model);
    if !order.iter().any(|id| Some(*id) == model.errors.cursor) {
        model.errors.cursor = order.get(at).or(order.last()).copied();
    }
}

/// The filter changed: asks for what it shows.
pub fn filtered(model: &mut Model) {
    keep_in_view(model, 0);
    read(model);
}

/// Moves the cursor.
pub fn go(model: &mut Model, how: Move) {
    let rows = model.body_rows();
    let order = shown(model);
    let Some(last) = order.len().checked_sub(1) else {
        return;
    };
    let cursor = model.errors.cursor;
    let at = order.iter().position(|id| Some(*id) == cursor).unwrap_or(0);
    let page = rows.saturating_sub(4).max(1);
    model.errors.cursor = Some(order[how.among(at, last, page)]);
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
    let links = records.iter().map(|(link, _)| *link).collect();
    listed.push((error, records));
    model.dirty = true;
    if model.tab == Tab::Errors && matches!(model.overlay, Some(Overlay::Palette(_))) {
        model.read(Request::Marked(links)); // to be given to somebody
    }
}

/// Opens the list of people to give the tasks of the error under the cursor to.
pub fn assign(model: &mut Model) {
    if let Some(id) = model.errors.cursor {
        model.contacts.marked = None;
        tasks::read_board(model);
        let palette = Palette::picking(Picks::Assignee);
        model.overlay = Some(Overlay::Palette(palette));
        model.read(Request::ErrorRecords(id));
    }
}

/// Asks whether to give the tasks of the error under the cursor to somebody; empty: to nobody.
pub fn give_to(model: &mut Model, who: &str) {
    let Some(error) = model.errors.current() else {
        return;
    };
    let Some(details) = &model.contacts.marked else {
        return model.say(
            model
                .keymap
                .fill("Its records are still being read: {error.assign} again."),
        );
    };
    let to = Value::text(who);
    let mut lines = vec!["This will write, now:".to_owned()];
    let mut asks = Vec::new();
    let mut writes = BySide::<usize>::default();
    for linked in details.iter().map(|detail| &detail.linked) {
        if linked.kind != Kind::Task {
            continue;
        }
        let ends = linked.ends.as_ref().map(End::live);
        let Some(first) = ends.ghl.or(ends.growbots) else {
            continue;
        };
        let from = first.record.get(&FieldName::Assignee).cloned();
        let title = clean(&first.record.title(Kind::Task)).into_owned();
        for side in Side::BOTH {
            let had = ends
                .get(side)
                .map(|end| end.record.get(&FieldName::Assignee));
            if had.is_some_and(|had| had != to.as_ref()) {
                *writes.get_mut(side) += 1;
                let (from, to) = (
                    show(had.flatten(), &model.times),
                    show(to.as_ref(), &model.times),
                );
                lines.push(format!("{:<10} {title}  {from} → {to}", side.label()));
            }
        }
        if from != to {
            asks.push(Ask::Act(Action::Edit {
                link: linked.id,
                changes: vec![FieldChange {
                    field: FieldName::Assignee,
                    from,
                    to: to.clone(),
                }],
            }));
        }
    }
    if asks.is_empty() {
        return model.say(
            model.keymap.fill(
                "It holds no task that this would change: {error.record} goes to its record.",
            ),
        );
    }
    let n = counted(asks.len() as u64, "task", "tasks");
    let mut foot = vec![format!("Requests   {}", cost_words(writes))];
    if error.count > details.len() as u64 && details.len() > 100 {
        foot.push(format!(
            "The first {} of its records; {} again takes the next.",
            details.len(),
            model.key("error.assign")
        ));
    }
    let confirm = Confirm {
        lines,
        foot,
        yes: Some("give".into()),
        said: format!(
            "{n} given to {}. {} tries what still fails.",
            show(to.as_ref(), &model.times),
            model.key("error.retry")
        ),
        asks,
        ..Confirm::new(format!("Give {n} of this error?"))
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
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
            format!(
                "{records} are not tried again until they change on a side. {} takes it back.",
                model.key("error.retry")
            ),
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
            model.keymap.fill(
                "It is kept out of the counts. Nothing else changes. {error.mute} again takes it back.",
            ),
            "mute",
            "Muted.",
        ),
    };
    let action = |error: ErrorId| match what {
        Do::Skip => Action::Skip { error, note: None },
        Do::Mute if !quiet(ErrorState::Muted) => Action::Mute { error, note: None },
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

/// Puts the cursor on the error in a line of the body.
pub fn click(model: &mut Model, line: usize) {
    if let Some(id) = super::errors_view::row_at(model, line) {
        model.errors.cursor = Some(id);
        model.dirty = true;
    }
}
