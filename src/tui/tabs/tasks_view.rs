//! Tasks, drawn: the views, the list by day, and where the task under the cursor stands on both sides.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{ErrorState, FieldName, LinkId, LinkState, Record, Side, TaskRow, TaskView};
use crate::store::{COUNTED, ContactDetail};
use crate::text::{clean, cut_end, thousands, width};

use super::super::glyphs::state_mark;
use super::super::model::Model;
use super::super::msg::Tab;
use super::super::widgets::paint::{self, Row};
use super::conflicts;
use super::contacts_view::short_user;
use super::detail::show;
use super::tasks::{View, pane_rows, visible};

/// The group that a task is in, for the headings.
fn group(model: &Model, row: &TaskRow) -> &'static str {
    match row.due_at.and_then(|at| model.times.days_to(at)) {
        None => "No due date",
        Some(days) if days < 0 => "Overdue",
        Some(0) => "Today",
        Some(_) => "Later",
    }
}

/// Columns of the list.
struct Columns {
    title: usize,
    contact: usize,
    assignee: usize,
    side: usize,
}

const DUE: usize = 14;

fn columns(model: &Model, all: usize) -> Columns {
    let (assignee, side) = if model.is_wide() { (11, 9) } else { (0, 0) };
    let contact = if all < 50 { 0 } else { all / 4 };
    let title = all.saturating_sub(6 + 1 + contact + 1 + assignee + DUE + 2 * side);
    Columns {
        title,
        contact,
        assignee,
        side,
    }
}

/// How a task stands on a side, in a word.
fn side_word(model: &Model, row: &TaskRow, side: Side) -> &'static str {
    let refused = || {
        let mut errors = model.errors.all.iter();
        errors.any(|error| {
            let is_open = error.state != ErrorState::Closed;
            is_open && error.last.link == Some(row.id) && error.last.side == Some(side)
        })
    };
    match row.state {
        _ if row.ids.get(side).is_none() => "not here",
        LinkState::Waiting if *row.waits_for.get(side) => "waits",
        LinkState::Error if refused() => "refused",
        _ if row.completed => "done",
        _ => "open",
    }
}

/// A line of the list under the heads.
enum Line<'a> {
    Heading(&'static str),
    Row(&'a TaskRow),
}

/// The lines of the list from its row `top` on, `rows` of them at most.
fn lines(model: &Model, top: usize, rows: usize) -> Vec<Line<'_>> {
    let open = model.tasks.query.view == TaskView::Open;
    let mut lines = Vec::new();
    let mut last = "";
    for row in model.tasks.window.rows.iter().skip(top) {
        let group = group(model, row);
        if open && group != last {
            lines.push(Line::Heading(group));
            last = group;
        }
        lines.push(Line::Row(row));
        if lines.len() > rows {
            break;
        }
    }
    lines.truncate(rows);
    if matches!(lines.last(), Some(Line::Heading(_))) {
        lines.pop(); // a heading over nothing
    }
    lines
}

/// The lines on the screen, and the first row of the window that they show. Headings take rows of the screen, so the
/// list starts lower where the cursor would fall off.
fn shown(model: &Model) -> (usize, Vec<Line<'_>>) {
    let window = &model.tasks.window;
    let rows = visible(model);
    let mut top = window.top;
    loop {
        let lines = lines(model, top, rows);
        let is_here =
            |line: &Line<'_>| matches!(line, Line::Row(row) if Some(row.id) == window.cursor);
        if lines.iter().any(is_here) || window.index().is_none_or(|at| at <= top) {
            return (top, lines);
        }
        top += 1;
    }
}

/// How many tasks are on the screen from the first on.
pub fn fits(model: &Model) -> usize {
    let lines = lines(model, model.tasks.window.top, visible(model));
    let rows = lines.iter().filter(|line| matches!(line, Line::Row(_)));
    rows.count().max(1)
}

/// The task in a line of the body, where that is one.
pub fn row_at(model: &Model, line: usize) -> Option<LinkId> {
    match shown(model).1.get(line.checked_sub(2)?)? {
        Line::Heading(_) => None,
        Line::Row(row) => Some(row.id),
    }
}

/// The view whose head is drawn in a column.
pub fn view_at(model: &Model, x: u16) -> Option<View> {
    let ends = |last: &View| heads(model, Some(*last)).used() > x as usize;
    View::ALL.into_iter().map(|(view, _)| view).find(ends)
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let wide = model.is_wide();
    let widths = columns(model, inner.width as usize);
    paint::track(area, 0, 0, theme, buf);
    draw_heads(model, paint::row(inner, 0), buf);
    let contact = if widths.contact > 0 { "Contact" } else { "" };
    let plain = Style::new();
    let mut head = Row::new()
        .to(6)
        .cell("Task", widths.title + 1, plain)
        .cell(contact, widths.contact + 1, plain)
        .cell("Assignee", widths.assignee, plain)
        .cell("Due ▲", DUE, theme.title);
    if wide {
        head = head
            .cell("GHL", widths.side, plain)
            .cell("Growbots", widths.side, plain);
    }
    head.draw(paint::row(inner, 1), buf);
    let (top, lines) = shown(model);
    let list = lines.len();
    for (at, line) in lines.into_iter().enumerate() {
        let place = paint::row(inner, at + 2);
        match line {
            Line::Heading(words) => conflicts::heading(&named(model, words), place, model, buf),
            Line::Row(row) => draw_row(model, row, &widths, place, buf),
        }
    }
    if list == 0 {
        let words = format!("      {}", empty(model));
        Row::of(words, theme.dim).draw(paint::row(inner, 2), buf);
    }
    let rows = Rect {
        y: area.y + 2,
        height: visible(model) as u16,
        ..area
    };
    let all = model.tasks.window.rows.len();
    if all > visible(model) {
        paint::track(rows, top, all, theme, buf);
    }
    if pane_rows(model) > 0 {
        let at = (area.height as usize).saturating_sub(pane_rows(model));
        draw_pane(model, area, at, buf);
    }
}

/// A heading with how many tasks are under it, where the heads know it.
fn named(model: &Model, group: &str) -> String {
    let board = &model.tasks.board;
    let all = model.tasks.query.search.is_empty() && model.filters.of(Tab::Tasks).is_empty();
    match (group, model.tasks.view) {
        ("Overdue", View::Overdue | View::All) if all => {
            format!("{group} {}", count(board.overdue))
        }
        ("Today", View::Today | View::Week | View::All) if all => {
            format!("{group} {}", count(board.today))
        }
        _ => group.to_owned(),
    }
}

fn count(n: u64) -> String {
    let more = if n >= COUNTED { "+" } else { "" };
    format!("{}{more}", thousands(n))
}

fn draw_row(model: &Model, row: &TaskRow, widths: &Columns, place: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let open = model.tasks.query.view == TaskView::Open;
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
    let who = short_user(&row.assignee, widths.assignee.saturating_sub(1));
    let mut cells = Row::of("  ", Style::new())
        .add(if row.completed { "■ " } else { "□ " }, style)
        .add(mark, mark_style)
        .add(" ", Style::new())
        .cell(&row.title, widths.title, style)
        .add(" ", Style::new())
        .cell(&row.contact_name, widths.contact, style)
        .add(" ", Style::new())
        .cell(&who, widths.assignee, style)
        .cell(&when.unwrap_or_default(), DUE, style);
    if widths.side > 0 {
        for side in Side::BOTH {
            let word = side_word(model, row, side);
            let style = match word {
                "refused" => theme.error,
                "waits" => theme.moving,
                _ => theme.dim,
            };
            cells = cells.cell(word, widths.side, style);
        }
    }
    cells.draw(place, buf);
    paint::star(place, 1, model.marks.tasks.contains(&row.id), buf);
    if Some(row.id) == model.tasks.window.cursor {
        let title = width(&row.title).min(widths.title);
        paint::cursor(place, 6 + title.min(24), theme, buf);
    }
}

fn empty(model: &Model) -> String {
    let tasks = &model.tasks;
    let filter = model.filters.text(Tab::Tasks);
    let others = model
        .keymap
        .fill("{section.previous} {section.next} shows other views.");
    match (tasks.view, tasks.query.search.as_str()) {
        _ if !tasks.window.loaded => "reading…".into(),
        _ if !filter.is_empty() => {
            format!("No task passes {filter}. {} drops it.", model.key("back"))
        }
        (_, words) if !words.is_empty() => {
            format!("No task has {words}. {} shows all.", model.key("back"))
        }
        (View::Done, _) => format!("Nothing is done yet. {others}"),
        (View::All, _) => model.keymap.fill("No open task. {task.new} makes one."),
        (View::Mine, _) => format!("Nothing is for {}. {others}", model.operator),
        _ => format!("Nothing due. {others}"),
    }
}

/// The names of the views with their counts, up to one of them or all.
fn heads(model: &Model, last: Option<View>) -> Row {
    let board = &model.tasks.board;
    let mut row = Row::new();
    for (view, label) in View::ALL {
        let n = match view {
            View::Mine => Some(board.mine),
            View::Overdue => Some(board.overdue),
            View::Today => Some(board.today),
            View::Week => Some(board.week),
            View::All => Some(model.totals.tasks_open),
            View::Done => None,
        };
        let counted = match (n, view) {
            (Some(n), View::All) => format!("{label} {}", thousands(n)),
            (Some(n), _) => format!("{label} {}", count(n)),
            (None, _) => label.to_owned(),
        };
        row = if view == model.tasks.view {
            row.add(format!(" [{counted}]"), model.theme.title)
        } else {
            row.add(format!("  {counted} "), Style::new())
        };
        if Some(view) == last {
            break;
        }
    }
    row
}

fn draw_heads(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let search = &model.tasks.query.search;
    if model.searching {
        return Row::of(" search  ", theme.dim)
            .add(search.clone(), Style::new())
            .add("█", theme.dim)
            .draw(area, buf);
    }
    let mut row = heads(model, None);
    let marked = model.marks.tasks.len();
    if !search.is_empty() {
        let back = model.key("back");
        row = row.add(
            format!("    search {search}, {back} drops it"),
            Style::new(),
        );
    } else if marked > 0 {
        row = row.add(format!("    {marked} marked"), theme.title);
    } else {
        let words = format!("due by the day of {}", model.times.zone_name());
        if row.used() + words.len() + 4 <= area.width as usize {
            row = row.end_at(&words, area.width as usize - 1, theme.dim);
        }
    }
    row.draw(area, buf);
}

/// Where a task stands, and what comes next.
fn standing(model: &Model, row: &TaskRow) -> String {
    let open = model.tasks.query.view == TaskView::Open;
    let words = match row.state {
        LinkState::InStep if row.completed && open => {
            "done; {task.complete} takes it back. It leaves the list when you leave the screen"
        }
        LinkState::InStep => "the same on both sides",
        LinkState::Waiting => "goes with the next pass",
        LinkState::Conflict => "held by a conflict: 3 shows it",
        LinkState::Error => "5 says why and what to do; tried again when either side changes",
        LinkState::OneSide if row.ids.ghl.is_some() => {
            "only in GHL so far; made in Growbots after its contact"
        }
        LinkState::OneSide => "only in Growbots so far; made in GHL after its contact",
        LinkState::Ignored => "ignored: neither read nor written",
    };
    model.keymap.fill(words)
}

/// A task as a side has it: `open, due 23 Nov 17:00, dana`.
fn as_recorded(model: &Model, record: &Record) -> String {
    let state = if record.is(&FieldName::Completed) {
        "done"
    } else {
        "open"
    };
    let due = record.time(&FieldName::DueAt);
    let due = due.map_or_else(
        || "no due date".into(),
        |at| format!("due {}", model.times.due(at)),
    );
    let who = match record.text(&FieldName::Assignee) {
        "" => "for nobody".to_owned(),
        who => short_user(&clean(who), 24),
    };
    format!("{state}, {due}, {who}")
}

/// What a side has of a task, and what is on its way there.
fn side_words(model: &Model, detail: &ContactDetail, side: Side) -> String {
    let mut words = match detail.linked.ends.get(side) {
        crate::model::End::Live(seen) => as_recorded(model, &seen.record),
        crate::model::End::Gone(seen) => {
            format!("deleted; was {}", as_recorded(model, &seen.record))
        }
        crate::model::End::Missing => "not here".into(),
    };
    for parked in detail.linked.parked.iter().filter(|it| it.side == side) {
        let field = parked.field.label();
        words = format!("{words}. Refused: {field}, {}", clean(&parked.why));
    }
    for write in detail.waiting.iter().filter(|it| it.side == side) {
        let changes = write.fields.iter().map(|change| {
            let to = show(change.to.as_ref(), &model.times);
            format!("{} → {to}", change.field.label())
        });
        let changes: Vec<_> = changes.collect();
        let what = match (write.op, changes.is_empty()) {
            (crate::model::Op::Stamp, _) | (_, true) => "its link".to_owned(),
            _ => changes.join(", "),
        };
        words = format!("{words}. Waits: {what}");
    }
    words
}

fn draw_pane(model: &Model, area: Rect, at: usize, buf: &mut Buffer) {
    let theme = &model.theme;
    let Some((row, drawn)) = model.tasks.drawn() else {
        return paint::rule("", theme.dim, paint::row(area, at), theme, buf);
    };
    let title = match row.contact_name.as_str() {
        "" => row.title.clone(),
        contact => format!("{}, {contact}", row.title),
    };
    paint::rule(&title, theme.title, paint::row(area, at), theme, buf);
    let inner = paint::beside_track(area);
    let room = (inner.width as usize).saturating_sub(13);
    for (line, side) in Side::BOTH.into_iter().enumerate() {
        let words = drawn.map_or_else(
            || "reading…".into(),
            |detail| side_words(model, detail, side),
        );
        Row::of("   ", Style::new())
            .cell(side.label(), 10, theme.dim)
            .add(cut_end(&words, room).into_owned(), Style::new())
            .draw(paint::row(inner, at + 1 + line), buf);
    }
    let mark = state_mark(row.state, row.waits_for, &row.ids);
    let words = cut_end(&standing(model, row), room).into_owned();
    Row::of(format!("   {mark} "), Style::new())
        .add(words, theme.dim)
        .draw(paint::row(inner, at + 3), buf);
}
