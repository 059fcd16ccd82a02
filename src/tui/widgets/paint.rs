//! Rows, rules and the scroll track: what every screen is drawn with.

use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::Style,
    text::Span,
};
use unicode_width::UnicodeWidthChar as _;

use crate::text::{cut_end, fit, width};

use super::super::theme::Theme;

/// One row of a screen, built from left to right.
#[derive(Clone, Debug, Default)]
pub struct Row {
    spans: Vec<Span<'static>>,
    used: usize,
}

impl Row {
    /// An empty row.
    pub const fn new() -> Self {
        Self {
            spans: Vec::new(),
            used: 0,
        }
    }

    /// A row of one text.
    pub fn of(text: impl Into<String>, style: Style) -> Self {
        Self::new().add(text, style)
    }

    /// Adds text as it is.
    pub fn add(mut self, text: impl Into<String>, style: Style) -> Self {
        let text = text.into();
        self.used += width(&text);
        self.spans.push(Span::styled(text, style));
        self
    }

    /// Adds ready pieces.
    pub fn spans(mut self, spans: impl IntoIterator<Item = Span<'static>>) -> Self {
        for span in spans {
            self.used += width(&span.content);
            self.spans.push(span);
        }
        self
    }

    /// Adds text cut or filled to exactly `columns`.
    pub fn cell(self, text: &str, columns: usize, style: Style) -> Self {
        self.add(fit(text, columns), style)
    }

    /// Adds text at the right end of `columns`.
    pub fn right(self, text: &str, columns: usize, style: Style) -> Self {
        let cut = cut_end(text, columns);
        let gap = columns.saturating_sub(width(&cut));
        self.add(" ".repeat(gap), Style::new())
            .add(cut.into_owned(), style)
    }

    /// Fills with spaces up to `column`.
    pub fn to(self, column: usize) -> Self {
        let gap = column.saturating_sub(self.used);
        self.add(" ".repeat(gap), Style::new())
    }

    /// Adds text so that it ends at `column`, at least two columns after what is there.
    pub fn end_at(self, text: &str, column: usize, style: Style) -> Self {
        let start = column.saturating_sub(width(text)).max(self.used + 2);
        self.to(start).add(text, style)
    }

    /// Columns so far.
    pub const fn used(&self) -> usize {
        self.used
    }

    /// Draws it into the first row of `area`, cut at its width.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) {
        if area.height > 0 {
            let mut x = area.x;
            for span in &self.spans {
                x = letters(&span.content, x, span.style, area, buf);
            }
        }
    }
}

/// Puts letters into cells, each with the marks that stand on it; gives the column behind them.
///
/// A cell a letter, as terminals count: a cluster of several letters (Devanagari has many) in one cell would be drawn
/// wider than ratatui believes, and leave pieces behind.
fn letters(text: &str, mut x: u16, style: Style, area: Rect, buf: &mut Buffer) -> u16 {
    let mut last = None;
    for letter in text.chars() {
        let columns = letter.width().unwrap_or(0) as u16;
        if columns == 0 {
            if let Some(at) = last {
                let cell: &mut Cell = &mut buf[at];
                let marked = format!("{}{letter}", cell.symbol());
                cell.set_symbol(&marked);
            }
            continue;
        }
        if x + columns > area.right() {
            return area.right();
        }
        for behind in x + 1..x + columns {
            buf[(behind, area.y)].reset();
        }
        buf[(x, area.y)].set_char(letter).set_style(style);
        last = Some((x, area.y));
        x += columns;
    }
    x
}

/// Row number `at` of an area; empty when it is below the area.
pub fn row(area: Rect, at: usize) -> Rect {
    let at = u16::try_from(at).unwrap_or(u16::MAX);
    if at >= area.height {
        return Rect::new(area.x, area.bottom(), area.width, 0);
    }
    Rect::new(area.x, area.y + at, area.width, 1)
}

/// Draws rows one under the other.
pub fn rows<'a>(rows_of: impl IntoIterator<Item = &'a Row>, area: Rect, buf: &mut Buffer) {
    for (at, one) in rows_of.into_iter().take(area.height as usize).enumerate() {
        one.draw(row(area, at), buf);
    }
}

/// A line over the whole width with a title in it.
pub fn rule(title: &str, title_style: Style, area: Rect, theme: &Theme, buf: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let columns = area.width as usize;
    if title.is_empty() {
        return Row::of("─".repeat(columns), theme.dim).draw(area, buf);
    }
    let head = Row::of("─── ", theme.dim)
        .add(cut_end(title, columns.saturating_sub(5)), title_style)
        .add(" ", theme.dim);
    let rest = columns.saturating_sub(head.used());
    head.add("─".repeat(rest), theme.dim).draw(area, buf);
}

/// The scroll track in the last column of `area`: `first` of `all` rows stands at its top.
pub fn track(area: Rect, first: usize, all: usize, theme: &Theme, buf: &mut Buffer) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let height = area.height as usize;
    let x = area.right() - 1;
    let (from, to) = if all > height {
        let length = (height * height / all).max(1);
        let from = first * (height - length) / (all - height).max(1);
        (from, from + length)
    } else {
        (0, 0)
    };
    for at in 0..height {
        let sign = if (from..to).contains(&at) {
            "┃"
        } else {
            "│"
        };
        buf.set_string(x, area.y + at as u16, sign, theme.dim);
    }
}

/// Marks a row as the one under the cursor: reverse over its first `columns`, which name it. Not over all of it, since
/// every reversed cell is sent twice for each step of the cursor; and in one style, so that its colours cost nothing.
pub fn cursor(area: Rect, columns: usize, theme: &Theme, buf: &mut Buffer) {
    let area = Rect {
        width: area.width.min(columns as u16),
        ..area
    };
    if area.height > 0 && area.width > 0 {
        buf.set_style(area, Style::reset().patch(theme.cursor));
        buf[(area.x, area.y)].set_symbol("▌");
    }
}

/// Puts the star of a marked row into one of its columns.
pub fn star(area: Rect, column: usize, marked: bool, buf: &mut Buffer) {
    if marked && area.height > 0 && column < area.width as usize {
        buf[(area.x + column as u16, area.y)].set_symbol("*");
    }
}

/// The area without its last column, which is the scroll track's.
pub const fn beside_track(area: Rect) -> Rect {
    Rect {
        width: area.width.saturating_sub(1),
        ..area
    }
}

/// The first row to show so that `cursor` is among `visible` rows of `all`, with little change from `top`.
pub fn scrolled(top: usize, cursor: usize, visible: usize, all: usize) -> usize {
    let visible = visible.max(1);
    top.min(all.saturating_sub(visible))
        .max((cursor + 1).saturating_sub(visible))
        .min(cursor)
}
