//! Rows of the cache with what the sides sent cleaned, so that it cannot steer the terminal. Values of fields are cleaned
//! when they are shown: a decision must carry them as they are.

use crate::model::{Conflict, ContactRow, ErrorRow, LogEntry, TaskRow};
use crate::store::ContactDetail;
use crate::text::{clean, clean_lines};

use super::msg::Page;

pub(super) fn clean_page<R>(page: Page<R>, one: impl Fn(R) -> R) -> Page<R> {
    Page {
        rows: page.rows.into_iter().map(one).collect(),
        span: page.span,
        at_start: page.at_start,
        at_end: page.at_end,
    }
}

/// Cleans a text in its place.
pub(super) fn tidy(text: &mut String) {
    if let std::borrow::Cow::Owned(clean) = clean(text) {
        *text = clean;
    }
}

/// A row with its remote text cleaned.
pub fn clean_contact(mut row: ContactRow) -> ContactRow {
    for text in [
        &mut row.name,
        &mut row.email,
        &mut row.phone,
        &mut row.company,
        &mut row.owner,
    ] {
        tidy(text);
    }
    row
}

/// A row with its remote text cleaned.
pub fn clean_task(mut row: TaskRow) -> TaskRow {
    for text in [&mut row.contact_name, &mut row.title, &mut row.assignee] {
        tidy(text);
    }
    row
}

/// A conflict with its titles cleaned; its values are cleaned when shown.
pub fn clean_conflict(mut conflict: Conflict) -> Conflict {
    tidy(&mut conflict.title);
    for candidate in &mut conflict.candidates {
        tidy(&mut candidate.title);
    }
    conflict
}

/// A log line with its remote text cleaned.
pub fn clean_entry(mut entry: LogEntry) -> LogEntry {
    tidy(&mut entry.title);
    tidy(&mut entry.cause);
    entry
}

/// An error with its remote text cleaned.
pub fn clean_error(mut row: ErrorRow) -> ErrorRow {
    tidy(&mut row.title);
    tidy(&mut row.last.pattern);
    row.last.message = clean_lines(&row.last.message);
    row
}

pub(super) fn clean_detail(mut detail: ContactDetail) -> ContactDetail {
    for candidate in &mut detail.candidates {
        tidy(&mut candidate.title);
    }
    detail.history = detail.history.into_iter().map(clean_entry).collect();
    detail
}
