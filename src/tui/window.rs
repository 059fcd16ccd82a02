//! A window on a long list: the rows around the cursor, which is held by record id, never by row number.

use crate::model::{ContactRow, LinkId, PageKey, TaskRow};

use super::effect::Span;
use super::msg::{Move, Page};

/// A row that a window can hold.
pub trait Row {
    /// Its record.
    fn id(&self) -> LinkId;
    /// Its place in the list.
    fn key(&self) -> &PageKey;
}

impl Row for ContactRow {
    fn id(&self) -> LinkId {
        self.id
    }
    fn key(&self) -> &PageKey {
        &self.key
    }
}

impl Row for TaskRow {
    fn id(&self) -> LinkId {
        self.id
    }
    fn key(&self) -> &PageKey {
        &self.key
    }
}

/// The loaded part of a list and where the operator is in it.
#[derive(Clone, Debug)]
pub struct Window<R> {
    /// The loaded rows, in list order.
    pub rows: Vec<R>,
    /// The record under the cursor.
    pub cursor: Option<LinkId>,
    /// The first row on the screen, as an index of `rows`.
    pub top: usize,
    /// Nothing stands before the loaded rows.
    pub at_start: bool,
    /// Nothing stands after the loaded rows.
    pub at_end: bool,
    /// Whether rows have come at least once since the query changed.
    pub loaded: bool,
    asked: Option<Span>,
    /// Where the cursor was when the dashboard was left.
    left_at: Option<PageKey>,
}

impl<R> Default for Window<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            cursor: None,
            top: 0,
            at_start: true,
            at_end: true,
            loaded: false,
            asked: None,
            left_at: None,
        }
    }
}

impl<R: Row + PartialEq> Window<R> {
    /// Index of the cursor's row.
    pub fn index(&self) -> Option<usize> {
        let cursor = self.cursor?;
        self.rows.iter().position(|row| row.id() == cursor)
    }

    /// The row under the cursor.
    pub fn current(&self) -> Option<&R> {
        self.rows.get(self.index()?)
    }

    /// Puts the cursor where it was when the dashboard was left, before anything is read.
    pub fn return_to(&mut self, key: PageKey) {
        self.cursor = Some(LinkId(key.id));
        self.left_at = Some(key);
    }

    /// Forgets the rows but not the cursor: the query changed.
    pub fn reset(&mut self) {
        self.asked = None;
        self.loaded = false;
        self.cursor = None;
    }

    /// Moves the cursor among the loaded rows; what else must be read, if anything.
    pub fn step(&mut self, how: Move, visible: usize) -> Option<Span> {
        let last = self.rows.len().checked_sub(1)?;
        let at = self.index().unwrap_or(0);
        let page = visible.saturating_sub(1).max(1);
        let to = how.among(at, last, page);
        self.cursor = Some(self.rows[to].id());
        let out = to < self.top || to >= self.top + visible;
        if out && matches!(how, Move::Down | Move::Up) {
            // a page at once but for a row: each scroll sends every row
            self.top = match how {
                Move::Down => to.saturating_sub(1),
                _ => (to + 2).saturating_sub(visible),
            };
        }
        self.scroll(visible);
        match how {
            Move::Top if !self.at_start => self.ask(Span::Start),
            Move::Bottom if !self.at_end => self.ask(Span::End),
            _ => self.wanted(visible),
        }
    }

    /// Moves the view so that the cursor is on the screen.
    pub fn scroll(&mut self, visible: usize) {
        let at = self.index().unwrap_or(0);
        let visible = visible.max(1);
        self.top = self
            .top
            .min(self.rows.len().saturating_sub(visible))
            .clamp((at + 1).saturating_sub(visible), at);
    }

    /// What to read because the cursor came near an end of what is loaded.
    fn wanted(&mut self, visible: usize) -> Option<Span> {
        let at = self.index()?;
        let near_start = at < visible && !self.at_start;
        let near_end = at + visible >= self.rows.len() && !self.at_end;
        if near_start || near_end {
            return self.ask(Span::Around(self.rows[at].key().clone()));
        }
        None
    }

    fn ask(&mut self, span: Span) -> Option<Span> {
        if self.asked.as_ref() == Some(&span) {
            return None; // on its way
        }
        self.asked = Some(span.clone());
        Some(span)
    }

    /// What to read when the data changed: the same place again.
    pub fn refresh(&mut self) -> Span {
        let place = match (self.at_start, self.index()) {
            (true, at) if at.is_none_or(|at| at < 20) => None, // well inside of the shortest page
            (_, at) => at.map(|at| self.rows[at].key().clone()),
        };
        let place = place.or_else(|| self.left_at.clone());
        let span = place.map_or(Span::Start, Span::Around);
        self.asked = Some(span.clone());
        span
    }

    /// Takes a page; the cursor stays on its record and on its screen line. True if anything changed.
    pub fn accept(&mut self, page: Page<R>, visible: usize) -> bool {
        let before = self.index();
        let line = before.map_or(0, |at| at.saturating_sub(self.top));
        let same = self.loaded && self.rows == page.rows;
        self.rows = page.rows;
        (self.at_start, self.at_end, self.loaded) = (page.at_start, page.at_end, true);
        self.asked = None;
        self.left_at = None;
        let jumped = page.span == Span::End && !same;
        let fallback = match page.span {
            Span::End => self.rows.len().saturating_sub(1),
            Span::Start => before.unwrap_or(0),
            Span::Around(key) => self
                .rows
                .iter()
                .position(|row| *row.key() == key)
                .or_else(|| before.filter(|_| self.at_start))
                .unwrap_or(self.rows.len() / 2),
        };
        let at = match self.index() {
            Some(at) if !jumped => at,
            _ => fallback.min(self.rows.len().saturating_sub(1)),
        };
        self.cursor = self.rows.get(at).map(Row::id);
        self.top = at.saturating_sub(line);
        self.scroll(visible);
        !same
    }
}
