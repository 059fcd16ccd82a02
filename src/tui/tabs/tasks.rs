//! Tasks: a windowed list by due time, ticked with space.

use std::collections::HashMap;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::engine::port::Ask;
use crate::model::{
    Action, FieldChange, FieldName, Filter, LinkId, LinkState, Millis, TaskRow, TaskView, Value,
};
use crate::store::TaskQuery;

use super::super::effect::{Request, Span};
use super::super::glyphs::state_mark;
use super::super::model::Model;
use super::super::msg::{Move, Page, Tab};
use super::super::widgets::paint::{self, Row};
use super::super::window::Window;
use super::{conflicts, contacts, contacts_view};

const LOCAL_MS: i64 = 5_000;

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
    const ALL: [(Self, &str); 6] = [
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
}

impl Tasks {
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
    let pane = if model.body_rows() > 14 { 3 } else { 0 };
    model.body_rows().saturating_sub(2 + pane).max(1)
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
    model.dirty |= model.tasks.window.accept(page, visible);
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
    let visible = visible(model);
    if let Some(span) = model.tasks.window.step(how, visible) {
        read(model, span);
    }
}

/// Another view, `by` to the right.
pub fn step_view(model: &mut Model, by: isize) {
    let here = View::ALL
        .iter()
        .position(|(view, _)| *view == model.tasks.view);
    let n = View::ALL.len();
    let to = (here.unwrap_or(0) + n).saturating_add_signed(by) % n;
    model.tasks.view = View::ALL[to].0;
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

/// The group that a task is in, for the headings.
fn group(model: &Model, row: &TaskRow) -> &'static str {
    match row.due_at.and_then(|at| model.times.days_to(at)) {
        None => "No due date",
        Some(days) if days < 0 => "Overdue",
        Some(0) => "Today",
        Some(_) => "Later",
    }
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let wide = model.is_wide();
    paint::track(area, 0, 0, theme, buf);
    draw_views(model, paint::row(inner, 0), buf);
    let window = &model.tasks.window;
    let (assignee, due) = if wide { (15, 14) } else { (0, 14) };
    let contact = if columns < 50 { 0 } else { columns / 4 };
    let title = columns.saturating_sub(6 + 1 + contact + 1 + assignee + due);
    Row::new()
        .to(6)
        .cell("Task", title + 1, Style::new())
        .cell(
            if contact > 0 { "Contact" } else { "" },
            contact + 1,
            Style::new(),
        )
        .cell("Assignee", assignee, Style::new())
        .cell("Due ▲", due, theme.title)
        .draw(paint::row(inner, 1), buf);
    let pane = if model.body_rows() > 14 { 3 } else { 0 };
    let bottom = (area.height as usize).saturating_sub(pane);
    let open = model.tasks.query.view == TaskView::Open;
    // headings take rows of the screen: start lower where the cursor would fall off
    let mut top = window.top;
    while line_of_cursor(model, top, open).is_some_and(|line| line + 2 >= bottom) {
        top += 1;
    }
    let mut line = 2;
    let mut last = "";
    for row in window.rows.iter().skip(top) {
        let group = group(model, row);
        if open && group != last {
            if line + 1 >= bottom {
                break;
            }
            conflicts::heading(group, paint::row(area, line), model, buf);
            (line, last) = (line + 1, group);
        }
        if line >= bottom {
            break;
        }
        let place = paint::row(inner, line);
        let style = if row.completed {
            theme.dim
        } else {
            Style::new()
        };
        let mark = if row.completed && open && row.state == LinkState::InStep {
            "✓"
        } else {
            state_mark(row.state, row.waits_for, &row.ids)
        };
        let mark_style = match row.state {
            LinkState::Conflict => theme.decide,
            LinkState::Error => theme.error,
            LinkState::Waiting => theme.moving,
            _ => theme.well,
        };
        let when = row.due_at.map(|at| model.times.due(at));
        let who = contacts_view::short_user(&row.assignee, assignee.saturating_sub(1));
        Row::of("  ", Style::new())
            .add(if row.completed { "■ " } else { "□ " }, style)
            .add(mark, mark_style)
            .add(" ", Style::new())
            .cell(&row.title, title, style)
            .add(" ", Style::new())
            .cell(&row.contact_name, contact, style)
            .add(" ", Style::new())
            .cell(&who, assignee, style)
            .cell(&when.unwrap_or_default(), due, style)
            .draw(place, buf);
        paint::star(place, 1, model.marks.tasks.contains(&row.id), buf);
        if Some(row.id) == window.cursor {
            paint::cursor(place, 6 + title.min(40), theme, buf);
        }
        line += 1;
    }
    if window.rows.is_empty() {
        let words = match (window.loaded, open) {
            (false, _) => "reading…",
            _ if !model.filters.of(Tab::Tasks).is_empty() => {
                "No task passes the filter. esc drops it."
            }
            (true, true) => "Nothing to do here. [ ] shows other views.",
            (true, false) => "Nothing is done yet. [ ] shows other views.",
        };
        Row::of(format!("      {words}"), theme.dim).draw(paint::row(inner, 2), buf);
    }
    let rows = Rect {
        y: area.y + 2,
        height: (bottom as u16).saturating_sub(2),
        ..area
    };
    if window.rows.len() > visible(model) {
        paint::track(rows, top, window.rows.len(), theme, buf);
    }
    if pane > 0 {
        draw_pane(model, area, bottom, buf);
    }
}

/// The line of the cursor under the heading, when the list starts at `top`.
fn line_of_cursor(model: &Model, top: usize, headings: bool) -> Option<usize> {
    let window = &model.tasks.window;
    let (mut line, mut last) = (0, "");
    for row in window.rows.iter().skip(top) {
        let group = group(model, row);
        if headings && group != last {
            (line, last) = (line + 1, group);
        }
        if Some(row.id) == window.cursor {
            return Some(line);
        }
        line += 1;
    }
    None
}

fn draw_views(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    if model.searching {
        return Row::of(" search  ", theme.dim)
            .add(model.tasks.query.search.clone(), Style::new())
            .add("█", theme.dim)
            .draw(area, buf);
    }
    let mut row = Row::new();
    for (view, label) in View::ALL {
        let all = format!("{label} {}", model.totals.tasks_open);
        let label = if view == View::All { &all } else { label };
        row = if view == model.tasks.view {
            row.add(format!(" [{label}]"), theme.title)
        } else {
            row.add(format!("  {label} "), Style::new())
        };
    }
    let search = &model.tasks.query.search;
    if !search.is_empty() {
        row = row.add(format!("    search {search}, esc drops it"), Style::new());
    }
    row.draw(area, buf);
}

/// Where a task stands, and what comes next.
fn standing(model: &Model, row: &TaskRow) -> &'static str {
    let open = model.tasks.query.view == TaskView::Open;
    match row.state {
        LinkState::InStep if row.completed && open => {
            "done; space takes it back. It leaves the list when you leave the screen"
        }
        LinkState::InStep => "in step: the same on both sides",
        LinkState::Waiting => match (row.waits_for.ghl, row.waits_for.growbots) {
            (true, true) => "waits to be written to both sides, next pass",
            (true, false) => "waits to be written to GHL, next pass",
            _ => "waits to be written to Growbots, next pass",
        },
        LinkState::Conflict => "held by a conflict: 3 shows it",
        LinkState::Error => "a write of it failed: 5 says why",
        LinkState::OneSide if row.ids.ghl.is_some() => {
            "only in GHL so far: a pass pairs it, or makes it in Growbots after its contact"
        }
        LinkState::OneSide => {
            "only in Growbots so far: a pass pairs it, or makes it in GHL after its contact"
        }
        LinkState::Ignored => "ignored: neither read nor written",
    }
}

fn draw_pane(model: &Model, area: Rect, at: usize, buf: &mut Buffer) {
    let theme = &model.theme;
    let Some(row) = model.tasks.window.current() else {
        return;
    };
    paint::rule(&row.title, theme.title, paint::row(area, at), theme, buf);
    let inner = paint::beside_track(area);
    let due = row.due_at.map_or_else(
        || "no due date".into(),
        |at| format!("due {}", model.times.due(at)),
    );
    let who = match row.assignee.as_str() {
        "" => "for nobody".to_owned(),
        who => format!("for {}", contacts_view::short_user(who, 40)),
    };
    let whose = match row.contact_name.as_str() {
        "" => "no contact",
        name => name,
    };
    let first = format!("   {whose}   {due}   {who}");
    Row::of(first, Style::new()).draw(paint::row(inner, at + 1), buf);
    let columns = (inner.width as usize).saturating_sub(3);
    let second = crate::text::cut_end(standing(model, row), columns).into_owned();
    Row::of(format!("   {second}"), theme.dim).draw(paint::row(inner, at + 2), buf);
}
