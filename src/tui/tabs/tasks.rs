//! Tasks: a windowed list by due time, ticked with space. Drawn by [`tasks_view`](super::tasks_view); forms and bulk
//! commands are in [`task_forms`](super::task_forms).

use std::collections::HashMap;

use crate::engine::port::Ask;
use crate::model::{
    Action, FieldChange, FieldName, Filter, LinkId, LinkState, Millis, TaskRow, TaskView, Value,
};
use crate::store::{BoardDays, ContactDetail, TaskBoard, TaskQuery};

use super::super::effect::{Request, Span};
use super::super::model::Model;
use super::super::msg::{Move, Page, Tab};
use super::super::window::Window;
use super::contacts;

const LOCAL_MS: i64 = 5_000;
/// Both sides of a task are read when the cursor rests on it.
const REST_MS: i64 = 120;
/// A read that takes longer is said to take place.
const PATIENCE_MS: i64 = 150;

/// The views of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Open ones of this operator.
    Mine,
    /// Open ones whose day is over.
    Overdue,
    /// Open ones of today.
    Today,
    /// Open ones of today and the six days after.
    Week,
    /// All that are open.
    #[default]
    All,
    /// What is done.
    Done,
}

impl View {
    /// All, with their names, from left to right.
    pub const ALL: [(Self, &str); 6] = [
        (Self::Mine, "Mine"),
        (Self::Overdue, "Overdue"),
        (Self::Today, "Today"),
        (Self::Week, "Week"),
        (Self::All, "All"),
        (Self::Done, "Done"),
    ];
}

/// State of the tab.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    /// The list.
    pub window: Window<TaskRow>,
    /// Which view.
    pub view: View,
    /// What is listed.
    pub query: TaskQuery,
    ticked: HashMap<LinkId, (bool, Millis)>,
    /// Rows that were ticked here: they stay in view until the operator leaves the screen.
    kept: Vec<TaskRow>,
    /// What the heads say, and whom tasks are for.
    pub board: TaskBoard,
    detail: Option<Box<ContactDetail>>,
    /// Its row, which may leave the loaded ones while the cursor moves.
    row: Option<TaskRow>,
    rests: Option<Millis>,
    /// Since when the sides are waited for, as long as that is no long time.
    since: Option<Millis>,
}

impl Tasks {
    /// Both sides of the task under the cursor, once they were read.
    pub fn detail(&self) -> Option<&ContactDetail> {
        let detail = self.detail.as_deref()?;
        (Some(detail.linked.id) == self.window.cursor).then_some(detail)
    }

    /// The task to draw in the pane, with its sides once they were read: while the cursor moves, and for as long as the
    /// reader may take, the one before.
    pub fn drawn(&self) -> Option<(&TaskRow, Option<&ContactDetail>)> {
        let waits = self.rests.is_some() || self.since.is_some();
        match (self.detail.as_deref(), &self.row) {
            (Some(detail), Some(row)) if waits && self.detail().is_none() => {
                let loaded = self.window.rows.iter().find(|other| other.id == row.id);
                Some((loaded.unwrap_or(row), Some(detail)))
            }
            _ => Some((self.window.current()?, self.detail())),
        }
    }

    /// When both sides of the task under the cursor are to be read, if it rests till then, or `reading…` has to be
    /// said.
    pub fn next_wake(&self) -> Option<Millis> {
        self.rests.or_else(|| Some(self.since?.plus(PATIENCE_MS)))
    }

    /// Lets go of the rows that stand in the list only because they were ticked here.
    pub fn forget_ticked(&mut self) {
        self.kept.clear();
    }

    /// Puts the rows ticked here that the view lost back where they stood.
    fn keep(&self, page: &mut Page<TaskRow>) {
        for row in &self.kept {
            let lost = page.rows.iter().all(|other| other.id != row.id);
            let before = self.window.rows.iter().take_while(|o| o.id != row.id);
            let place = before.map(|o| o.id).collect::<Vec<_>>().into_iter().rev();
            let in_page = |id| page.rows.iter().position(|other| other.id == id);
            let place = place.into_iter().find_map(in_page).map(|at| at + 1);
            if let (true, Some(at)) = (lost, place.or(page.at_start.then_some(0))) {
                let written = TaskRow {
                    state: LinkState::InStep,
                    ..row.clone()
                };
                page.rows.insert(at, written);
            }
        }
    }
}

/// Rows of the list that are on the screen.
pub fn visible(model: &Model) -> usize {
    model
        .body_rows()
        .saturating_sub(2 + pane_rows(model))
        .max(1)
}

/// Rows of the pane under the list, with its rule.
pub fn pane_rows(model: &Model) -> usize {
    if model.body_rows() > 14 { 4 } else { 0 }
}

/// Asks for what the view and the filter say. Days are the operator's.
fn aim(model: &mut Model) {
    let day = |n| model.times.at_hour(n, 0);
    let (from, until) = match model.tasks.view {
        View::Overdue => (None, day(0)),
        View::Today => (day(0), day(1)),
        View::Week => (day(0), day(7)),
        View::Mine | View::All | View::Done => (None, None),
    };
    let filter = model.filters.of(Tab::Tasks);
    let filter = match model.tasks.view {
        View::Mine => {
            let mine = Filter::parse("assignee:me").unwrap_or_default();
            mine.with_me(&["assignee"], &model.operator).and(filter)
        }
        _ => filter.clone(),
    };
    let query = &mut model.tasks.query;
    (query.due_from, query.due_until, query.filter) = (from, until, filter);
    query.view = match model.tasks.view {
        View::Done => TaskView::Done,
        _ => TaskView::Open,
    };
}

/// Asks for a part of the list.
pub fn read(model: &mut Model, span: Span) {
    aim(model);
    let request = Request::Tasks {
        query: model.tasks.query.clone(),
        span,
        reach: (visible(model) * 2).clamp(20, 200) as u16,
    };
    model.read(request);
    read_board(model);
}

/// Asks for what the heads say, and whom tasks are for.
pub fn read_board(model: &mut Model) {
    let day = |n| model.times.at_hour(n, 0);
    if let (Some(today), Some(tomorrow), Some(week)) = (day(0), day(1), day(7)) {
        model.read(Request::TaskBoard {
            me: model.operator.clone(),
            days: BoardDays {
                today,
                tomorrow,
                week,
            },
        });
    }
}

/// Takes what the heads say.
pub fn accept_board(model: &mut Model, board: TaskBoard) {
    model.dirty |= model.tasks.board != board;
    model.tasks.board = board;
}

/// Asks for both sides of the task under the cursor.
pub fn look(model: &mut Model) {
    model.tasks.rests = None;
    if let Some(task) = model.tasks.window.cursor {
        if model.tasks.detail().is_none() {
            model.tasks.since = Some(model.times.now);
        }
        model.read(Request::Task(task));
    }
}

/// Asks for both sides if the cursor rested long enough; says that they are read if that takes long.
pub fn rested(model: &mut Model) {
    let now = model.times.now;
    if model.tasks.rests.is_some_and(|at| at <= now) {
        look(model);
    }
    let since = model.tasks.since;
    if since.is_some_and(|since| since.plus(PATIENCE_MS) <= now) {
        model.tasks.since = None;
        model.dirty |= model.tasks.detail().is_none();
    }
}

/// Takes both sides of a task.
pub fn accept_detail(model: &mut Model, detail: Option<Box<ContactDetail>>) {
    model.dirty |= model.tasks.detail != detail;
    model.tasks.detail = detail;
    model.tasks.since = None;
    let id = model.tasks.detail.as_ref().map(|detail| detail.linked.id);
    let row = model
        .tasks
        .window
        .rows
        .iter()
        .find(|row| Some(row.id) == id);
    model.tasks.row = row.cloned();
}

/// Takes a page of rows; what was ticked a moment ago stays ticked until the store shows it.
pub fn accept(model: &mut Model, query: &TaskQuery, mut page: Page<TaskRow>) {
    if *query != model.tasks.query {
        return;
    }
    let now = model.times.now;
    let ticked = &mut model.tasks.ticked;
    ticked.retain(|_, (_, at)| now.since(*at) < LOCAL_MS);
    for row in &mut page.rows {
        if let Some((completed, _)) = ticked.get(&row.id) {
            if row.completed == *completed {
                ticked.remove(&row.id);
            } else {
                tick(row, *completed);
            }
        }
    }
    model.tasks.keep(&mut page);
    let visible = visible(model);
    let before = model.tasks.window.cursor;
    model.dirty |= model.tasks.window.accept(page, visible);
    if model.tasks.window.cursor != before {
        look(model);
    }
}

fn tick(row: &mut TaskRow, completed: bool) {
    row.completed = completed;
    if row.state == LinkState::InStep {
        row.state = LinkState::Waiting;
        row.waits_for = crate::model::BySide {
            ghl: row.ids.ghl.is_some(),
            growbots: row.ids.growbots.is_some(),
        };
    }
}

/// Moves the cursor.
pub fn go(model: &mut Model, how: Move) {
    let visible = super::tasks_view::fits(model); // headings take rows of the screen
    let before = model.tasks.window.cursor;
    let wanted = model.tasks.window.step(how, visible);
    if model.tasks.window.cursor != before {
        model.tasks.since = None;
        model.tasks.rests = Some(model.times.now.plus(REST_MS));
    }
    if let Some(span) = wanted {
        read(model, span);
    }
}

/// Puts the cursor on the row in a line of the body; a click on the heads shows that view.
pub fn click(model: &mut Model, x: u16, line: usize) {
    model.dirty = true;
    if line == 0 {
        if let Some(view) = super::tasks_view::view_at(model, x) {
            show_view(model, view);
        }
        return;
    }
    if let Some(id) = super::tasks_view::row_at(model, line) {
        model.tasks.window.cursor = Some(id);
        look(model);
    }
}

/// Another view, `by` to the right.
pub fn step_view(model: &mut Model, by: isize) {
    let here = View::ALL
        .iter()
        .position(|(view, _)| *view == model.tasks.view);
    let n = View::ALL.len();
    let to = (here.unwrap_or(0) + n).saturating_add_signed(by) % n;
    show_view(model, View::ALL[to].0);
}

fn show_view(model: &mut Model, view: View) {
    model.tasks.view = view;
    model.tasks.window.reset();
    model.tasks.forget_ticked();
    read(model, Span::Start);
}

/// Looks for other words.
pub fn search(model: &mut Model, words: String) {
    model.tasks.query.search = words;
    model.tasks.window.reset();
    model.tasks.forget_ticked();
    read(model, Span::Start);
}

/// Lists what passes the filter, which changed.
pub fn filter(model: &mut Model) {
    model.tasks.window.reset();
    model.tasks.forget_ticked();
    read(model, Span::Start);
}

/// Ticks the task under the cursor, or takes the tick back.
pub fn complete(model: &mut Model) {
    let now = model.times.now;
    let Some(row) = model.tasks.window.current() else {
        return;
    };
    let (id, completed) = (row.id, !row.completed);
    model.tasks.ticked.insert(id, (completed, now));
    for row in &mut model.tasks.window.rows {
        if row.id == id {
            tick(row, completed);
            model.tasks.kept.retain(|kept| kept.id != id);
            model.tasks.kept.push(row.clone());
        }
    }
    model.dirty = true;
    model.ask(Ask::Act(Action::Edit {
        link: id,
        changes: vec![FieldChange {
            field: FieldName::Completed,
            from: Value::yes(!completed),
            to: Value::yes(completed),
        }],
    }));
}

/// Shows the contact of the task under the cursor.
pub fn open(model: &mut Model) {
    match model.tasks.window.current().and_then(|row| row.contact) {
        Some(contact) => contacts::show(model, contact),
        None => model.say("This task has no contact."),
    }
}
