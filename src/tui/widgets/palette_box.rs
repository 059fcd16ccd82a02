//! The palette, drawn: what was typed, and what fits, with a line between commands and records.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::text::{cut_end, head, width};

use super::super::model::Model;
use super::super::theme::Theme;
use super::boxes::{divide, frame};
use super::help::wrap;
use super::paint::{self, Row};
use super::palette::{self, Group, Hit, Palette};

/// Columns of the keys at the right, with what a hit is.
const KEYS: usize = 12;
/// Rows for what is under the cursor, in full.
const FOOT: usize = 3;

/// Draws it.
pub fn draw(model: &Model, palette: &Palette, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let hits = palette::hits(model, palette);
    let columns = area.width.min(100).saturating_sub(4) as usize;
    let whole = hits.get(palette.at).map(in_full);
    let whole = whole.map_or_else(Vec::new, |words| wrap(&words, columns));
    let foot = if area.height < 14 { 0 } else { FOOT };
    let room = (area.height as usize).saturating_sub(5 + foot).clamp(1, 16);
    let inside = frame(palette.title(), room + 3 + foot, area, theme, buf);
    let shown = cut_start(&palette.text, columns.saturating_sub(4));
    Row::of("> ", theme.dim)
        .add(shown, Style::new())
        .add("█", theme.dim)
        .draw(paint::row(inside, 0), buf);
    if hits.is_empty() {
        Row::of("  nothing has this name", theme.dim).draw(paint::row(inside, 1), buf);
    }
    // a line where a group begins, but for the first
    let mut lines: Vec<Option<usize>> = Vec::new();
    let mut last: Option<Group> = None;
    for (at, hit) in hits.iter().enumerate() {
        if last.is_some_and(|group| group != hit.group) {
            lines.push(None);
        }
        last = Some(hit.group);
        lines.push(Some(at));
    }
    let here = lines.iter().position(|line| *line == Some(palette.at));
    let first = paint::scrolled(0, here.unwrap_or(0), room, lines.len());
    for (row, line) in lines.iter().skip(first).take(room).enumerate() {
        let Some(at) = line else {
            divide(inside, row + 1, theme, buf);
            continue;
        };
        let place = paint::row(inside, row + 1);
        draw_hit(&hits[*at], place, theme, buf);
        if *at == palette.at {
            paint::cursor(place, columns, theme, buf);
        }
    }
    divide(inside, room + 1, theme, buf);
    for (row, words) in whole.into_iter().take(foot).enumerate() {
        Row::of(words, theme.dim).draw(paint::row(inside, room + 2 + row), buf);
    }
    let enter = match palette.picks {
        palette::Picks::Anything => "run",
        _ => "take",
    };
    let mut keys = Row::of(
        format!("enter {enter}     up down choose     esc close"),
        Style::new(),
    );
    if lines.len() > room {
        let of = format!("{} of {}", palette.at + 1, hits.len());
        keys = keys.end_at(&of, columns, theme.dim);
    }
    keys.draw(paint::row(inside, room + 2 + foot), buf);
}

/// The hit under the cursor, nothing cut: what it does, and why it cannot.
fn in_full(hit: &Hit) -> String {
    match &hit.reason {
        Some(reason) => format!("{} Not now: {reason}.", hit.words),
        None => hit.words.clone(),
    }
}

/// A hit: what was typed is underlined; a command that cannot run is dimmed, with its reason.
fn draw_hit(hit: &Hit, place: Rect, theme: &Theme, buf: &mut Buffer) {
    let columns = place.width as usize;
    let (room, style) = match &hit.reason {
        Some(reason) => {
            let room = columns.saturating_sub(KEYS + 4 + width(reason)).max(20);
            (room, theme.dim)
        }
        None => (columns.saturating_sub(KEYS), Style::new()),
    };
    let words = cut_end(&hit.words, room);
    let whole = width(&words) == width(&hit.words);
    let kept = words.chars().count() - usize::from(!whole); // without the sign of a cut
    let underlined = style.patch(theme.hit);
    let mut row = Row::of("  ", Style::new());
    for (at, letter) in words.chars().enumerate() {
        let typed = at < kept && hit.letters.binary_search(&(at as u32)).is_ok();
        row = row.add(letter.to_string(), if typed { underlined } else { style });
    }
    if let Some(reason) = &hit.reason {
        let room = columns.saturating_sub(row.used() + KEYS);
        row = row.add("  ", style).add(cut_end(reason, room), theme.dim);
    }
    row.to(columns - KEYS + 2)
        .right(&hit.keys, KEYS - 2, theme.title)
        .draw(place, buf);
}

/// The end of a text that has no room: where it is typed.
fn cut_start(text: &str, columns: usize) -> String {
    let mut rest = text;
    while width(rest) > columns {
        let first = rest.chars().next().map_or(1, char::len_utf8);
        rest = &rest[first.max(head(rest, 1).len())..];
    }
    rest.to_owned()
}
