//! Contacts drawn: the list, the contact in full, side by side where there is room.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{ContactSort, LinkState};
use crate::text::{cut_middle, thousands, width};

use super::super::glyphs::state_mark;
use super::super::model::Model;
use super::super::theme::Theme;
use super::super::widgets::paint::{self, Row};
use super::detail;

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

/// Columns of the list; on a narrow one the owner goes first, then the e-mail.
struct Widths {
    name: usize,
    email: usize,
    owner: usize,
    edited: usize,
}

impl Widths {
    fn of(columns: usize) -> Self {
        let (owner, edited) = match columns {
            0..58 => (0, 7),
            58..70 => (11, 7),
            _ => (14, 7),
        };
        let rest = columns.saturating_sub(4 + 2 + owner + edited + 1);
        if rest < 34 {
            return Self {
                name: rest,
                email: 0,
                owner,
                edited,
            };
        }
        let name = (columns * 3 / 10).clamp(18, 40);
        Self {
            name,
            email: rest - name,
            owner,
            edited,
        }
    }
}

fn draw_list(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let window = &model.contacts.window;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let Widths {
        name,
        email,
        owner,
        edited,
    } = Widths::of(columns);
    let (by_name, by_edited) = match model.contacts.query.sort {
        ContactSort::Name => ("Name ▲", "Edited"),
        ContactSort::Edited => ("Name", "Edited▼"),
    };
    Row::new()
        .to(4)
        .cell(by_name, name + 1, theme.title)
        .cell(
            if email > 0 { "E-mail" } else { "" },
            email + 1,
            Style::new(),
        )
        .cell("Owner", owner, Style::new())
        .right(by_edited, edited, Style::new())
        .draw(paint::row(inner, 0), buf);
    let visible = (area.height as usize).saturating_sub(2);
    let top = window.top;
    for (line, row) in window.rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 1);
        let ignored = row.state == LinkState::Ignored;
        let style = if ignored { theme.dim } else { Style::new() };
        let when = row.updated_at.map(|at| model.times.brief(at));
        Row::of("  ", Style::new())
            .add(
                state_mark(row.state, row.waits_for, &row.ids),
                mark_style(row.state, theme),
            )
            .add(" ", Style::new())
            .cell(&row.name, name, style)
            .add(" ", Style::new())
            .cell(&cut_middle(&row.email, email), email, style)
            .add(" ", Style::new())
            .cell(&short_user(&row.owner, owner), owner, style)
            .right(&when.unwrap_or_default(), edited, theme.dim)
            .draw(place, buf);
        paint::star(place, 1, model.marks.contacts.contains(&row.id), buf);
        if Some(row.id) == window.cursor {
            paint::cursor(place, 4 + name.min(width(&row.name)), theme, buf);
        }
    }
    if window.rows.is_empty() {
        let words = match (window.loaded, model.contacts.query.search.as_str()) {
            (false, _) => "reading…".into(),
            (true, "") if !model.contacts.query.filter.is_empty() => {
                "No contact passes the filter. esc drops it.".into()
            }
            (true, "") => "No contact yet. The first pass brings them.".into(),
            (true, search) => format!("No contact matches {search}. esc shows all."),
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
            format!(" search {search}, {by}, esc drops it"),
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
    let head = detail::head_rows(model, detail, &entries, columns);
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
    let rows = detail::section_rows(model, detail, &entries, columns);
    let place = Rect {
        y: area.y + first,
        height: area.height.saturating_sub(first),
        ..area
    };
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
