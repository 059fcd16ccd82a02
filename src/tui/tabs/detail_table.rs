//! A contact over the whole width: its fields as a table of base and both sides, below that why the field under the
//! cursor stands as it does, and what happened to the record.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{FieldName, Side};
use crate::store::ContactDetail;
use crate::text::cut_end;

use super::super::model::Model;
use super::super::widgets::{diff, help::wrap, paint, paint::Row};
use super::detail::{self, Entry, Section, Standing, mark, show};
use super::detail_view::{DetailRow, history_row};

/// Whether the contact is shown this way.
pub fn is_table(model: &Model) -> bool {
    model.is_wide() && model.contacts.zoomed && model.contacts.section == Section::Fields
}

/// The entries with a row: those that are not in step, or all of them once they are unfolded.
pub fn listed(model: &Model, entries: &[Entry]) -> Vec<usize> {
    let all = entries.iter().enumerate();
    let apart = |entry: &Entry| entry.standing != Standing::InStep;
    let none = !entries.iter().any(apart);
    all.filter(|(_, entry)| none || model.contacts.unfolded || apart(entry))
        .map(|(at, _)| at)
        .collect()
}

/// The side whose value is newer, where a conflict says so.
fn newer(model: &Model, detail: &ContactDetail, field: &FieldName) -> Option<Side> {
    let mut of_link = model
        .conflicts
        .all
        .iter()
        .filter(|c| c.link == detail.linked.id);
    of_link.find_map(|c| c.fields.iter().find(|f| f.field == *field)?.newer)
}

fn held(entry: &Entry) -> String {
    match &entry.standing {
        Standing::Conflict(Some(id)) => format!("conflict {id}"),
        Standing::Conflict(None) => "conflict".into(),
        Standing::Parked(..) => "parked".into(),
        Standing::Differs => "differs".into(),
        Standing::Waiting(_) => "waits".into(),
        Standing::Apart => "next pass".into(),
        Standing::Unmapped => "not mapped".into(),
        Standing::OneSide => "one side".into(),
        Standing::InStep => String::new(),
    }
}

/// The heading and a row an entry; the rest, in step, in a line or two.
fn table(
    model: &Model,
    detail: &ContactDetail,
    entries: &[Entry],
    columns: usize,
) -> Vec<DetailRow> {
    let theme = &model.theme;
    let (lead, field, held_at) = (3, 16, 14);
    let each = columns.saturating_sub(lead + field + held_at) / 3;
    let head = Row::new()
        .to(lead)
        .cell("Field", field, Style::new())
        .cell("Base", each, Style::new())
        .cell("GHL", each, Style::new())
        .cell("Growbots", each, Style::new())
        .add("Held", Style::new());
    let mut rows = vec![(None, head)];
    let listed = listed(model, entries);
    for at in &listed {
        let entry = &entries[*at];
        let (sign, style) = mark(&entry.standing, theme);
        let base = show(entry.base.as_ref(), &model.times);
        let quiet = matches!(entry.standing, Standing::InStep | Standing::Unmapped);
        let plain = if quiet { theme.dim } else { Style::new() };
        let mut row = Row::of(" ", Style::new())
            .add(sign, style)
            .to(lead)
            .cell(&entry.field.label(), field - 1, Style::new())
            .to(lead + field)
            .cell(&base, each - 1, theme.dim);
        let newer = newer(model, detail, &entry.field);
        for (nth, side) in Side::BOTH.into_iter().enumerate() {
            let mark = if newer == Some(side) { "  newer" } else { "" };
            let text = show(entry.ends.get(side).as_ref(), &model.times);
            let text = cut_end(&text, each.saturating_sub(1 + mark.len())).into_owned();
            row = row.to(lead + field + (nth + 1) * each);
            row = if quiet {
                row.add(text, plain)
            } else {
                row.spans(diff::spans(&base, &text, Style::new(), theme))
            };
            row = row.add(mark, theme.title);
        }
        let held_style = match entry.standing {
            Standing::Conflict(_) => theme.decide,
            _ => theme.dim,
        };
        row = row.to(lead + field + 3 * each).add(held(entry), held_style);
        rows.push((Some(*at), row));
    }
    let still = entries
        .iter()
        .enumerate()
        .filter(|(at, _)| !listed.contains(at));
    let names: Vec<_> = still.map(|(_, entry)| entry.field.label()).collect();
    if !names.is_empty() {
        let key = model.key("unfold");
        let words = format!("in step: {}   {key} shows", names.join(", "));
        let lines = wrap(&words, columns.saturating_sub(lead + 1)).into_iter();
        rows.extend(lines.map(|line| (None, Row::new().to(lead).add(line, theme.dim))));
    }
    rows
}

/// Why a field stands as it does, in a sentence, with the key that helps.
fn why(model: &Model, entry: &Entry) -> String {
    let words = match &entry.standing {
        Standing::Conflict(Some(id)) => {
            let words = "Both sides changed it since they last agreed, and no policy decides it.";
            return format!("{words} {} opens conflict {id}.", model.key("open"));
        }
        Standing::Conflict(None) => "A conflict holds it.",
        Standing::Parked(side, why) => {
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(": {why}")
            };
            let edit = model.key("contact.edit");
            return format!(
                "{side} did not take it{why}. Nothing is tried until a value changes; {edit} edits it."
            );
        }
        Standing::Differs => "It goes one way: an edit on the receiving side stays there.",
        Standing::Waiting(_) => "One side changed it. It goes over with the next pass.",
        Standing::Apart => "It is apart. The next pass looks at it.",
        Standing::Unmapped => "The field map does not carry it: each side keeps its own.",
        Standing::OneSide => "Only one side has the record.",
        Standing::InStep => "It is the same on both sides.",
    };
    words.into()
}

/// The pane on the field under the cursor.
fn pane(model: &Model, detail: &ContactDetail, entry: &Entry, columns: usize) -> Vec<Row> {
    let theme = &model.theme;
    let mut rows: Vec<Row> = wrap(&why(model, entry), columns.saturating_sub(4))
        .into_iter()
        .map(|line| Row::of(format!("   {line}"), Style::new()))
        .collect();
    for side in Side::BOTH {
        let blame = detail::blame(model, detail, &entry.field, side);
        if !blame.is_empty() {
            let room = columns.saturating_sub(15);
            let head = Row::of("   ", Style::new()).cell(side.label(), 10, theme.dim);
            rows.push(head.add(cut_end(&blame, room).into_owned(), Style::new()));
        }
    }
    rows
}

/// Draws table, pane and history into an area with its scroll track.
pub fn draw(
    model: &Model,
    detail: &ContactDetail,
    entries: &[Entry],
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let height = area.height as usize;
    let rows = table(model, detail, entries, columns);
    let listed = listed(model, entries);
    let at = listed.iter().copied().find(|at| *at >= model.contacts.at);
    let at = at.or(listed.last().copied());
    let pane = at.map_or_else(Vec::new, |at| pane(model, detail, &entries[at], columns));
    // the pane is whole, of the history a few lines at least
    let below = pane.len() + 1 + (2 + detail.history.len()).min(5);
    let visible = rows
        .len()
        .min(height.saturating_sub(below).max(4))
        .min(height);
    let here = rows.iter().position(|(of, _)| of.is_some() && *of == at);
    let top = paint::scrolled(0, here.unwrap_or(0), visible, rows.len());
    for (line, (of, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line);
        row.draw(place, buf);
        if model.contacts.detail_focus && of.is_some() && *of == at {
            paint::cursor(place, 18, theme, buf);
        }
    }
    if rows.len() > visible {
        let list = Rect {
            height: visible as u16,
            ..area
        };
        paint::track(list, top, rows.len(), theme, buf);
    }
    let mut line = visible;
    if let Some(at) = at.filter(|_| line < height) {
        let entry = &entries[at];
        let title = match entry.standing {
            Standing::InStep => entry.field.label(),
            _ => format!("{}: why it is held", entry.field.label()),
        };
        paint::rule(&title, theme.title, paint::row(area, line), theme, buf);
        line += 1;
        for row in &pane {
            row.draw(paint::row(inner, line), buf);
            line += 1;
        }
    }
    if line + 1 >= height {
        return;
    }
    let title = "history of the record, newest first";
    paint::rule(title, theme.title, paint::row(area, line), theme, buf);
    if detail.history.is_empty() {
        Row::of("   Nothing was written yet.", theme.dim).draw(paint::row(inner, line + 1), buf);
    }
    for (nth, entry) in detail.history.iter().take(height - line - 1).enumerate() {
        history_row(model, entry, columns).draw(paint::row(inner, line + 1 + nth), buf);
    }
}
