//! The workbench drawn: fields as columns or, on a narrow terminal, one under the other; deletes; candidates.

use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};

use crate::model::{
    Answer, Conflict, ConflictField, ConflictState, FieldName, Millis, Reason, Side, Staged, Take,
    Value,
};
use crate::text::{clean, thousands};

use super::super::model::Model;
use super::super::presence;
use super::super::widgets::diff;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};
use super::detail::show;
use super::workbench::Bench;
use super::{bench_beside, bench_candidates, bench_records, conflicts_view, held_answers, staging};

/// Draws the workbench.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let (Some(bench), Some(conflict)) = (&model.conflicts.bench, model.conflicts.current()) else {
        return;
    };
    let theme = &model.theme;
    paint::track(area, 0, 0, theme, buf);
    let order = model.conflicts.order(model);
    let at = order.iter().position(|id| *id == conflict.id);
    let place = at.map_or_else(String::new, |at| format!("{} of {}", at + 1, order.len()));
    let opened = model.times.moment(conflict.opened_at);
    let right = if model.is_wide() {
        format!(
            "revision {}, opened {opened}       {place}   {} {} next, previous",
            conflict.revision,
            model.key("record.next"),
            model.key("record.previous")
        )
    } else {
        format!("revision {}   {place}", conflict.revision)
    };
    let (sign, style) = conflicts_view::mark(model, conflict);
    let columns = area.width as usize;
    let share = if conflict.holds_record() { 3 } else { 2 };
    let title = crate::text::cut_end(&conflict.title, columns / share).into_owned();
    let mut head = Row::of(" ", Style::new())
        .add(sign, style)
        .add(format!(" {}  ", conflict.id), Style::new())
        .add(title, theme.title);
    if conflict.holds_record() {
        let gap = if model.is_wide() { 5 } else { 2 };
        let room = columns.saturating_sub(head.used() + gap + 2 + crate::text::width(&place));
        let what = conflicts_view::what(conflict);
        let what = crate::text::cut_end(&what, room).into_owned();
        head = head
            .add(" ".repeat(gap), Style::new())
            .add(what, Style::new());
    }
    let now = model.times.now;
    let until = conflict.deferred_until.filter(|until| *until > now);
    if let Some(until) = until {
        let note = conflict.note.as_deref().map(clean);
        let note = note.map_or_else(String::new, |note| format!(": {note}"));
        let words = format!("   put off until {}{note}", model.times.due(until));
        head = head.add(words, theme.dim);
    }
    let fits = |right: &str| head.used() + 2 + crate::text::width(right) <= area.width as usize;
    let shorter = format!("revision {}   {place}", conflict.revision);
    let right = [right, shorter].into_iter().find(|right| fits(right));
    let right = right.unwrap_or(place);
    head.end_at(&right, area.width as usize, theme.dim)
        .draw(paint::row(area, 0), buf);
    paint::rule("", theme.dim, paint::row(area, 1), theme, buf);
    let body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    let rows = match conflict.reason {
        Reason::Field if model.is_wide() => wide_fields(model, conflict, bench, body.width),
        Reason::Field if body.height < 10 => one_field(model, conflict, body.width),
        Reason::Field => narrow_fields(model, conflict, bench, body.width),
        Reason::DeleteEdit | Reason::MassChange => {
            let room = body.height.saturating_sub(1) as usize; // the foot
            bench_records::sides(model, conflict, bench, (body.width, room))
        }
        Reason::AmbiguousMatch | Reason::Duplicate => {
            bench_candidates::view(model, conflict, bench, body)
        }
    };
    let visible = body.height.saturating_sub(1) as usize;
    let cursor = rows.iter().position(|row| row.cursor).unwrap_or(0);
    let end = rows.iter().rposition(|row| row.cursor).unwrap_or(cursor);
    let top = paint::scrolled(0, end, visible, rows.len());
    for (line, row) in rows.iter().skip(top).take(visible).enumerate() {
        let whole = paint::row(body, line);
        if row.full {
            row.row.draw(whole, buf);
        } else {
            row.row.draw(paint::beside_track(whole), buf);
        }
        if row.cursor {
            buf.set_string(whole.x, whole.y, "▌", theme.decide);
        }
    }
    let foot = paint::row(body, visible);
    draw_foot(model, conflict, foot, buf);
}

/// A row of the workbench.
pub struct BenchRow {
    /// What it shows.
    pub row: Row,
    /// Whether it belongs to what is under the cursor.
    pub cursor: bool,
    /// Whether it covers the scroll track too.
    pub full: bool,
}

/// A row beside the cursor.
pub const fn plain(row: Row) -> BenchRow {
    BenchRow {
        row,
        cursor: false,
        full: false,
    }
}

/// A line with a title in it.
pub fn ruled(title: &str, model: &Model, columns: u16) -> BenchRow {
    let theme = &model.theme;
    let head = Row::of("─── ", theme.dim)
        .add(title.to_owned(), theme.title)
        .add(" ", theme.dim);
    let rest = (columns as usize).saturating_sub(head.used());
    BenchRow {
        row: head.add("─".repeat(rest), theme.dim),
        cursor: false,
        full: true,
    }
}

fn staged_for<'a>(model: &Model, conflict: &'a Conflict, field: &FieldName) -> Option<&'a Staged> {
    let of_field = |s: &&Staged| staging::field_of(&s.answer) == Some(field);
    let mine = |s: &&Staged| s.operator == model.operator;
    let all = || conflict.staged.iter().filter(of_field);
    all().find(mine).or_else(|| all().next_back())
}

/// What stands under *Result*: lines, the first as the accent says.
fn result(model: &Model, conflict: &Conflict, field: &ConflictField) -> Vec<(String, Style)> {
    let theme = &model.theme;
    let Some(staged) = staged_for(model, conflict, &field.field) else {
        let words = match (conflict.state, &conflict.decided_by) {
            (ConflictState::Decided, Some(by)) => format!("→ decided by {}", clean(by)),
            _ => return vec![("? undecided".into(), theme.decide)],
        };
        return vec![(words, theme.moving)];
    };
    let value = staging::value_of(&staged.answer);
    let value = value.map_or_else(|| "?".into(), |value| show(value.as_ref(), &model.times));
    let took = staging::words_of(conflict, &staged.answer);
    if staged.revision != conflict.revision {
        return vec![
            (format!("? was {took}"), theme.decide),
            (format!("{value}; it moved"), theme.dim),
        ];
    }
    let by = if staged.operator == model.operator {
        "you".to_owned()
    } else {
        clean(&staged.operator).into_owned()
    };
    vec![
        (format!("✓ {value}"), theme.well),
        (format!("{took}, staged by {by}"), theme.dim),
        (model.times.moment(staged.at), theme.dim),
    ]
}

/// When a side's record last changed.
pub fn updated(bench: &Bench, side: Side) -> Option<Millis> {
    let detail = bench.detail.as_ref()?;
    detail.linked.ends.get(side).live()?.updated_at
}

/// When a value was seen to move while it was looked at.
fn moved(bench: &Bench, field: &FieldName, side: Side) -> Option<Millis> {
    let found = bench
        .moved
        .iter()
        .find(|(name, of, _)| (name, *of) == (field, side));
    found.map(|(_, _, at)| *at)
}

fn wide_fields(model: &Model, conflict: &Conflict, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let column = (columns as usize - 16) / 4;
    let mut head = Row::new().to(15);
    for (id, name) in [
        ("bench.base", "Base"),
        ("bench.ghl", "GHL"),
        ("bench.growbots", "Growbots"),
    ] {
        let key = model.key(id);
        let rest = column.saturating_sub(1 + crate::text::width(&key));
        head = head
            .add(key, theme.title)
            .add(" ", Style::new())
            .cell(name, rest, Style::new());
    }
    let under = Row::new().to(15 + 3 * column);
    let mut rows = vec![
        plain(head.add("Result", Style::new())),
        plain(under.add("what both sides get", theme.dim)),
        BenchRow {
            row: Row::of("─".repeat(columns as usize), theme.dim),
            cursor: false,
            full: true,
        },
    ];
    for (at, field) in conflict.fields.iter().enumerate() {
        let base = show(field.base.as_ref(), &model.times);
        let cell = |value: Option<&Value>| {
            let text = show(value, &model.times);
            diff::lines(&base, &text, column - 2, theme)
        };
        let mut cells: Vec<Vec<Vec<Span<'static>>>> = vec![cell(field.base.as_ref())];
        for side in Side::BOTH {
            let mut lines = cell(field.of(side));
            let mut under = Vec::new();
            if let Some(at) = moved(bench, &field.field, side) {
                let words = format!("moved {}", model.times.moment(at));
                under.push(Span::styled(words, theme.decide));
            } else if let Some(at) = updated(bench, side) {
                under.push(Span::styled(model.times.moment(at), theme.dim));
            }
            if field.newer == Some(side) {
                let gap = if under.is_empty() { "" } else { "  " };
                under.push(Span::styled(gap, Style::new()));
                under.push(Span::styled("newer", theme.title));
            }
            lines.push(under);
            cells.push(lines);
        }
        let mut lines = Vec::new();
        for (words, style) in result(model, conflict, field) {
            let wrapped = wrap(&words, column - 1);
            lines.extend(
                wrapped
                    .into_iter()
                    .map(|line| vec![Span::styled(line, style)]),
            );
        }
        cells.push(lines);
        let height = cells.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..height {
            let label = if line == 0 {
                field.field.label()
            } else {
                String::new()
            };
            let mut row = Row::of("  ", Style::new()).cell(&label, 13, theme.title);
            for (place, cell) in cells.iter().enumerate() {
                row = row.to(15 + place * column);
                row = row.spans(cell.get(line).cloned().unwrap_or_default());
            }
            rows.push(BenchRow {
                row,
                cursor: at == bench.at,
                full: false,
            });
        }
        rows.push(plain(Row::new()));
    }
    rows.extend(bench_beside::not_in_conflict(model, bench, columns));
    if let Some(field) = model.conflicts.bench_field() {
        rows.extend(bench_beside::in_full(model, bench, field, columns));
        rows.push(plain(Row::of(
            format!("   {}", cost(model, field).join("    ")),
            Style::new(),
        )));
        rows.push(plain(Row::new()));
    }
    rows.extend(bench_beside::neighbours(model, conflict, columns));
    rows
}

/// The field under the cursor alone, on a terminal of few rows.
fn one_field(model: &Model, conflict: &Conflict, columns: u16) -> Vec<BenchRow> {
    let Some(field) = model.conflicts.bench_field() else {
        return Vec::new();
    };
    let theme = &model.theme;
    let (words, style) = result(model, conflict, field)
        .into_iter()
        .next()
        .unwrap_or_default();
    let head = Row::of(" ", Style::new()).cell(&field.field.label(), 14, theme.title);
    let mut rows = vec![BenchRow {
        row: head.add(words, style),
        cursor: true,
        full: false,
    }];
    let base = show(field.base.as_ref(), &model.times);
    for (id, name, value) in three(field) {
        let text = show(value, &model.times);
        let lines = diff::lines(&base, &text, columns as usize - 16, theme);
        for (line, spans) in lines.into_iter().enumerate() {
            let (key, name) = if line == 0 {
                (model.key(id), name)
            } else {
                (" ".into(), "")
            };
            let row = Row::of("   ", Style::new())
                .add(key, theme.title)
                .add(" ", Style::new())
                .cell(name, 10, Style::new());
            rows.push(plain(row.spans(spans)));
        }
    }
    rows
}

/// The three values of a field, with the key that takes each.
fn three(field: &ConflictField) -> [(&'static str, &'static str, Option<&Value>); 3] {
    [
        ("bench.base", "base", field.base.as_ref()),
        ("bench.ghl", "GHL", field.ghl.as_ref()),
        ("bench.growbots", "Growbots", field.growbots.as_ref()),
    ]
}

fn narrow_fields(model: &Model, conflict: &Conflict, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let mut rows = Vec::new();
    for (at, field) in conflict.fields.iter().enumerate() {
        let lines = result(model, conflict, field);
        let (first, style) = lines[0].clone();
        let mut row = Row::of(" ", Style::new())
            .cell(&field.field.label(), 12, theme.title)
            .add(first, style);
        if let Some((who, style)) = lines.get(1) {
            row = row.end_at(who, columns as usize - 3, *style);
        }
        rows.push(BenchRow {
            row,
            cursor: at == bench.at,
            full: false,
        });
    }
    let Some(field) = model.conflicts.bench_field() else {
        return rows;
    };
    rows.push(ruled(&field.field.label(), model, columns));
    let room = columns as usize - 16;
    let base = show(field.base.as_ref(), &model.times);
    let sides = [None, Some(Side::Ghl), Some(Side::Growbots)];
    for ((id, name, value), side) in three(field).into_iter().zip(sides) {
        let text = show(value, &model.times);
        for (line, spans) in diff::lines(&base, &text, room, theme)
            .into_iter()
            .enumerate()
        {
            let mut row = Row::new().to(15);
            if line == 0 {
                row = Row::of("   ", Style::new())
                    .add(model.key(id), theme.title)
                    .add(" ", Style::new())
                    .cell(name, 10, Style::new());
            }
            row = row.spans(spans);
            if line == 0 && side.is_some() && side == field.newer {
                row = row.end_at("newer", columns as usize - 3, theme.title);
            }
            rows.push(plain(row));
        }
        if let Some(at) = side.and_then(|side| moved(bench, &field.field, side)) {
            let words = format!("moved {}", model.times.moment(at));
            rows.push(plain(Row::new().to(15).add(words, theme.decide)));
        } else if let Some(at) = side.and_then(|side| updated(bench, side)) {
            let row = Row::new().to(15).add(model.times.moment(at), theme.dim);
            rows.push(plain(row));
        }
    }
    for (line, (words, style)) in result(model, conflict, field)
        .into_iter()
        .take(2)
        .enumerate()
    {
        let name = if line == 0 { "result" } else { "" };
        let row = Row::new().to(5).cell(name, 10, theme.dim);
        rows.push(plain(row.add(words, style)));
    }
    rows.push(plain(Row::new()));
    let mut line = Row::of(" ", Style::new());
    for part in cost(model, field) {
        if line.used() + 2 + crate::text::width(&part) > columns as usize - 2 {
            rows.push(plain(line));
            line = Row::of(" ", Style::new());
        }
        line = line.add(format!("  {part}"), Style::new());
    }
    rows.push(plain(line));
    rows.extend(bench_beside::folded(model, conflict, bench, columns));
    rows
}

/// What each key would write, before it is pressed.
fn cost(model: &Model, field: &ConflictField) -> Vec<String> {
    let of = |take: &Take| {
        let value = field.value_of(take).ok()?;
        let to: Vec<_> = Side::BOTH
            .into_iter()
            .filter(|side| field.of(*side) != value.as_ref())
            .collect();
        Some(match to.as_slice() {
            [] => "writes nothing".to_owned(),
            [side] if value.is_none() => format!("empties {side}"),
            _ if value.is_none() => "empties both".to_owned(),
            [side] => format!("writes 1 to {side}"),
            _ => "writes 1 to each".to_owned(),
        })
    };
    let mut parts = Vec::new();
    for (id, take) in [
        ("bench.ghl", Take::Side(Side::Ghl)),
        ("bench.growbots", Take::Side(Side::Growbots)),
        ("bench.base", Take::Base),
        ("bench.both", Take::Both),
    ] {
        let key = model.key(id);
        match of(&take) {
            Some(words) => parts.push(format!("{key} {words}")),
            None => parts.push(format!("{key} not for this field")),
        }
    }
    parts
}

fn draw_foot(model: &Model, conflict: &Conflict, area: Rect, buf: &mut Buffer) {
    let mine: Vec<_> = conflict
        .staged
        .iter()
        .filter(|s| s.operator == model.operator && s.revision == conflict.revision)
        .collect();
    let of = match conflict.reason {
        Reason::Field => conflict.fields.len(),
        _ => 1,
    };
    let fields = mine
        .iter()
        .filter(|s| !matches!(s.answer, Answer::Field { .. }) || conflict.reason == Reason::Field);
    let lookers = match presence::lookers(model, conflict) {
        nobody if nobody.is_empty() => nobody,
        somebody => format!("     {somebody} at this too"),
    };
    let (decided, of) = match conflict.reason {
        Reason::MassChange if !conflict.candidates.is_empty() => {
            let answered = held_answers::mine(model, conflict).count();
            (answered, conflict.candidates.len())
        }
        _ => (fields.count(), of),
    };
    let (decided, of) = (thousands(decided as u64), thousands(of as u64));
    let left = format!(" {decided} of {of} decided{lookers}");
    let all = format!("{} staged by you in all", model.staged());
    Row::of(left, Style::new())
        .end_at(&all, area.width as usize, model.theme.dim)
        .draw(area, buf);
}
