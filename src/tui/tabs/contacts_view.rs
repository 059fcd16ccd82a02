//! Contacts drawn: the list, the contact in full, side by side where there is room.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{ContactSort, LinkState};
use crate::text::{cut_middle, thousands, width};

use super::super::glyphs::state_mark;
use super::super::model::Model;
use super::super::theme::Theme;
use super::super::widgets::paint::{self, Row};
use super::views::Column;
use super::{detail, detail_table, detail_view};

/// Columns of the list with its scroll track: all of a narrow terminal.
pub fn list_columns(model: &Model) -> u16 {
    let width = model.size.0;
    if !model.is_wide() {
        return width;
    }
    let share = if width < 120 { 45 } else { 50 };
    (width * share / 100 + 1).min(81) + 1
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let wide = model.is_wide();
    let zoomed = model.contacts.zoomed || (!wide && model.contacts.detail_focus);
    if zoomed {
        return draw_detail(model, area, !wide, buf);
    }
    if !wide {
        return draw_list(model, area, buf);
    }
    let columns = list_columns(model) - 1;
    let theme = &model.theme;
    paint::rule("", theme.dim, paint::row(area, 0), theme, buf);
    buf.set_string(area.x + columns, area.y, "┬", theme.dim);
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let list = Rect {
        width: columns + 1,
        ..body
    };
    draw_list(model, list, buf);
    let detail = Rect {
        x: body.x + columns + 1,
        width: body.width - columns - 1,
        ..body
    };
    draw_detail(model, detail, false, buf);
}

fn mark_style(state: LinkState, theme: &Theme) -> Style {
    match state {
        LinkState::Conflict => theme.decide,
        LinkState::Error => theme.error,
        LinkState::Waiting => theme.moving,
        LinkState::Ignored => theme.dim,
        LinkState::OneSide | LinkState::InStep => theme.well,
    }
}

/// A name is cut, but not to less than this.
const LEAST_NAME: usize = 16;

/// The columns of the list with their widths: those chosen, as far as there is room beside the name. Who goes first, then
/// the firm, the phone, the e-mail; the time goes last.
fn widths(chosen: &[Column], columns: usize) -> (usize, Vec<(Column, usize)>) {
    let lead = 4 + 1; // cursor, star, mark, and a space at the end
    let fixed = |column: Column| match column {
        Column::Owner if columns < 70 => 11,
        Column::Owner | Column::Email => 14,
        Column::Edited => 7,
        Column::Phone => 15,
        Column::Company if columns < 70 => 14,
        Column::Company => 20,
    };
    let mut kept: Vec<Column> = chosen.to_vec();
    let needed = |kept: &[Column]| kept.iter().map(|c| fixed(*c) + 1).sum::<usize>();
    for gone in [
        Column::Owner,
        Column::Company,
        Column::Phone,
        Column::Email,
        Column::Edited,
    ] {
        if lead + LEAST_NAME + needed(&kept) <= columns {
            break;
        }
        kept.retain(|column| *column != gone);
    }
    let rest = columns.saturating_sub(lead + needed(&kept));
    let flexible = kept.contains(&Column::Email);
    let name = if flexible {
        (columns * 3 / 10).clamp(LEAST_NAME, 40).min(rest)
    } else {
        rest
    };
    let more = rest - name; // what is left goes to the e-mail
    let widths = kept.into_iter().map(|column| match column {
        Column::Email => (column, fixed(column) + more),
        other => (other, fixed(other)),
    });
    (name, widths.collect())
}

fn draw_list(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let window = &model.contacts.window;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let (name, shown) = widths(&model.contacts.columns, columns);
    let by_name = match model.contacts.query.sort {
        ContactSort::Name => "Name ▲",
        ContactSort::Edited => "Name",
    };
    let mut head = Row::new().to(4).cell(by_name, name, theme.title);
    for (column, width) in &shown {
        head = head.add(" ", Style::new());
        head = match (column, model.contacts.query.sort) {
            (Column::Edited, ContactSort::Edited) => head.right("Edited▼", *width, theme.title),
            (Column::Edited, _) => head.right("Edited", *width, Style::new()),
            (column, _) => head.cell(column.label(), *width, Style::new()),
        };
    }
    head.draw(paint::row(inner, 0), buf);
    let visible = (area.height as usize).saturating_sub(2);
    let top = window.top;
    for (line, row) in window.rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 1);
        let ignored = row.state == LinkState::Ignored;
        let style = if ignored { theme.dim } else { Style::new() };
        let when = row.updated_at.map(|at| model.times.brief(at));
        let mut line = Row::of("  ", Style::new())
            .add(
                state_mark(row.state, row.waits_for, &row.ids),
                mark_style(row.state, theme),
            )
            .add(" ", Style::new())
            .cell(&row.name, name, style);
        for (column, width) in &shown {
            line = line.add(" ", Style::new());
            line = match column {
                Column::Email => line.cell(&cut_middle(&row.email, *width), *width, style),
                Column::Phone => line.cell(&row.phone, *width, style),
                Column::Company => line.cell(&row.company, *width, style),
                Column::Owner => line.cell(&short_user(&row.owner, *width), *width, style),
                Column::Edited => {
                    line.right(when.as_deref().unwrap_or_default(), *width, theme.dim)
                }
            };
        }
        line.draw(place, buf);
        paint::star(place, 1, model.marks.contacts.contains(&row.id), buf);
        if Some(row.id) == window.cursor {
            paint::cursor(place, 4 + name.min(width(&row.name)), theme, buf);
        }
    }
    if window.rows.is_empty() {
        let words = match (window.loaded, model.contacts.query.search.as_str()) {
            (false, _) => "reading…".into(),
            (true, "") if !model.contacts.query.filter.is_empty() => model
                .keymap
                .fill("No contact passes the filter. {back} drops it."),
            (true, "") => "No contact yet. The first pass brings them.".into(),
            (true, search) => {
                format!(
                    "No contact matches {search}. {} shows all.",
                    model.key("back")
                )
            }
        };
        Row::of(format!("    {words}"), theme.dim).draw(paint::row(inner, 1), buf);
    }
    let track = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    paint::track(area, 0, 0, theme, buf);
    paint::track(
        Rect {
            height: track.height.saturating_sub(1),
            ..track
        },
        top,
        window.rows.len(),
        theme,
        buf,
    );
    let foot = paint::row(inner, area.height.saturating_sub(1) as usize);
    draw_foot(model, foot, buf);
}

/// A user in `columns`: `tom.lindqvist` of `tom.lindqvist@firm.example`, or `t.lindqvist` where that is too wide.
pub fn short_user(text: &str, columns: usize) -> String {
    let name = text.split('@').next().unwrap_or(text);
    match name.split_once(['.', '_', '-']) {
        Some((first, last)) if width(name) > columns => {
            let initial = first.chars().next().map(String::from);
            format!("{}.{last}", initial.unwrap_or_default())
        }
        _ => name.to_owned(),
    }
}

fn draw_foot(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    if model.searching {
        return Row::of(" search  ", theme.dim)
            .add(model.contacts.query.search.clone(), Style::new())
            .add("█", theme.dim)
            .draw(area, buf);
    }
    let count = |state: LinkState| model.totals.contacts.get(&state).copied().unwrap_or(0);
    let all: u64 = model.totals.contacts.values().sum();
    let by = match model.contacts.query.sort {
        ContactSort::Name => "by name",
        ContactSort::Edited => "by latest edit",
    };
    let mut row = match model.contacts.query.search.as_str() {
        "" if !model.frame_read => Row::new(),
        "" => Row::of(format!(" {} contacts, {by}", thousands(all)), Style::new()),
        search => Row::of(
            format!(" search {search}, {by}, {} drops it", model.key("back")),
            Style::new(),
        ),
    };
    for (mark, state) in [
        ("≠", LinkState::Conflict),
        ("!", LinkState::Error),
        ("←→⇄", LinkState::Waiting),
        ("◐◑", LinkState::OneSide),
    ] {
        let n = count(state);
        if n > 0 {
            let gap = if mark == "≠" { "    " } else { "  " };
            row = row
                .add(gap, Style::new())
                .add(format!("{mark} {}", thousands(n)), mark_style(state, theme));
        }
    }
    row.draw(area, buf);
}

fn draw_detail(model: &Model, area: Rect, compact: bool, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let Some(detail) = model.contacts.detail_drawn() else {
        paint::track(area, 0, 0, theme, buf);
        if let (None, Some(row)) = (model.contacts.named, model.contacts.current()) {
            Row::of(" ", Style::new())
                .add(
                    state_mark(row.state, row.waits_for, &row.ids),
                    mark_style(row.state, theme),
                )
                .add(format!(" {}", row.name), theme.title)
                .draw(paint::row(inner, 0), buf);
            Row::of(" reading…", theme.dim).draw(paint::row(inner, 1), buf);
        }
        return;
    };
    let entries = detail::entries(detail, &model.conflicts.all, &model.book.map);
    let head = detail_view::head_rows(model, detail, &entries, columns);
    let ruled = paint::row(inner, if compact { 2 } else { 3 });
    paint::track(area, 0, 0, theme, buf);
    let first = if compact {
        head[0].draw(paint::row(inner, 0), buf);
        head[3].draw(paint::row(inner, 1), buf);
        3
    } else {
        for (at, row) in [0, 1, 2, 4].into_iter().zip(&head) {
            row.draw(paint::row(inner, at), buf);
        }
        6
    };
    let line = Rect {
        x: ruled.x + 1,
        width: ruled.width.saturating_sub(2),
        ..ruled
    };
    paint::rule("", theme.dim, line, theme, buf);
    let place = Rect {
        y: area.y + first,
        height: area.height.saturating_sub(first),
        ..area
    };
    if detail_table::is_table(model) {
        return detail_table::draw(model, detail, &entries, place, buf);
    }
    let rows = detail_view::section_rows(model, detail, &entries, columns);
    let at = model.contacts.at;
    let start = rows.iter().position(|(of, _)| *of == Some(at)).unwrap_or(0);
    let end = rows.iter().rposition(|(of, _)| *of == Some(at));
    let visible = place.height as usize;
    let end = end.unwrap_or(start).min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (line, (of, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let spot = paint::row(paint::beside_track(place), line);
        row.draw(spot, buf);
        if model.contacts.detail_focus && *of == Some(at) {
            if line + top == start {
                paint::cursor(spot, 15, theme, buf);
            } else {
                buf[(spot.x, spot.y)].set_symbol("▌");
            }
        }
    }
    paint::track(place, top, rows.len(), theme, buf);
}
