//! What stands beside a field conflict: the fields that are not in conflict, the field under the cursor in full, other
//! conflicts of the record and of the field.

use ratatui::style::Style;

use crate::model::{BySide, Conflict, ConflictField, Side, Value};
use crate::text::clean;

use super::super::model::Model;
use super::super::times::counted;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::Row;
use super::bench_view::{BenchRow, plain, ruled};
use super::conflicts_view;
use super::detail::{self, Entry, Standing, show};
use super::workbench::Bench;

/// How many past writes of a field are shown.
const PAST: usize = 3;

/// The fields of the record that no conflict holds; `None` until it was read.
fn others(model: &Model, bench: &Bench) -> Option<Vec<Entry>> {
    let detail = bench.detail.as_ref()?;
    let mut entries = detail::entries(detail, &model.conflicts.all, &model.book.map);
    entries.retain(|entry| !matches!(entry.standing, Standing::Conflict(_)));
    Some(entries)
}

fn reading(model: &Model) -> BenchRow {
    plain(Row::of("   reading…", model.theme.dim))
}

/// On a wide terminal: those that are apart with their values, the rest as a count or, unfolded, with its values.
pub fn not_in_conflict(model: &Model, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let mut rows = vec![ruled("not in conflict", model, columns)];
    let Some(entries) = others(model, bench) else {
        rows.extend([reading(model), plain(Row::new())]);
        return rows;
    };
    let column = (columns as usize - 16) / 4;
    let is_still = |entry: &&Entry| entry.standing == Standing::InStep;
    let apart = entries.iter().filter(|entry| !is_still(entry));
    for entry in apart {
        let cell = |value: Option<&Value>| show(value, &model.times);
        let (mark, style) = detail::mark(&entry.standing, theme);
        let row = Row::of("  ", Style::new())
            .cell(&entry.field.label(), 12, theme.dim)
            .add(" ", Style::new())
            .cell(&cell(entry.base.as_ref()), column - 1, Style::new())
            .add(" ", Style::new())
            .cell(&cell(entry.ends.ghl.as_ref()), column - 1, Style::new())
            .add(" ", Style::new())
            .cell(
                &cell(entry.ends.growbots.as_ref()),
                column - 1,
                Style::new(),
            )
            .add(" ", Style::new())
            .add(mark, style)
            .add(format!(" {}", becomes(entry)), Style::new());
        rows.push(plain(row));
    }
    let still: Vec<_> = entries.iter().filter(is_still).collect();
    if bench.unfolded {
        for entry in still {
            let value = show(entry.value().as_ref(), &model.times);
            let row = Row::of("  ", Style::new())
                .cell(&entry.field.label(), 12, theme.dim)
                .add(" ", Style::new())
                .cell(&value, 3 * column - 1, Style::new())
                .add(" = in step", theme.dim);
            rows.push(plain(row));
        }
    } else if !still.is_empty() {
        let words = format!(
            "  {} in step; {} shows",
            counted(still.len() as u64, "field", "fields"),
            model.key("unfold")
        );
        rows.push(plain(Row::of(words, theme.dim)));
    }
    rows.push(plain(Row::new()));
    rows
}

/// What becomes of a field that is apart, in two words.
fn becomes(entry: &Entry) -> String {
    match &entry.standing {
        Standing::Waiting(waits) => match (waits.ghl, waits.growbots) {
            (true, true) => "to both sides".into(),
            (true, false) => "to GHL".into(),
            _ => "to Growbots".into(),
        },
        Standing::Differs => "differs, one way".into(),
        Standing::Parked(side, _) => format!("parked: {side}"),
        Standing::Unmapped => "not in the map".into(),
        Standing::OneSide => "one side".into(),
        Standing::Apart => "next pass".into(),
        Standing::InStep | Standing::Conflict(_) => String::new(),
    }
}

/// On a wide terminal: the field under the cursor, its values uncut and what was written of it before.
pub fn in_full(model: &Model, bench: &Bench, field: &ConflictField, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let title = format!("{}, in full", field.field.label());
    let mut rows = vec![ruled(&title, model, columns)];
    let room = columns as usize - 18;
    let values = BySide {
        ghl: field.ghl.as_ref(),
        growbots: field.growbots.as_ref(),
    };
    let ends = Side::BOTH.map(|side| {
        let blame = bench
            .detail
            .as_ref()
            .map(|own| detail::blame(model, own, &field.field, side));
        let blame = blame.filter(|words| !words.is_empty());
        let blame = blame.map_or_else(String::new, |words| format!("; {words}"));
        (side.label(), *values.get(side), blame)
    });
    let base = ("base", field.base.as_ref(), String::new());
    for (name, value, after) in [base].into_iter().chain(ends) {
        let lines = wrap(&show(value, &model.times), room);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            let row = Row::of("   ", Style::new())
                .cell(name, 12, theme.dim)
                .add(line, Style::new());
            let after = if at == last { after.as_str() } else { "" };
            rows.push(plain(row.add(after, theme.dim)));
        }
    }
    let history = bench.detail.iter().flat_map(|detail| &detail.history);
    let of_field = history.filter_map(|entry| {
        let change = entry.fields.iter().find(|c| c.field == field.field)?;
        Some((entry, change))
    });
    for (at, (entry, change)) in of_field.take(PAST).enumerate() {
        let name = if at == 0 { "before" } else { "" };
        let side = entry.side.map_or("", Side::label);
        let (from, to) = (change.from.as_ref(), change.to.as_ref());
        let words = format!(
            "{}  {side} {} → {}, {}",
            model.times.moment(entry.at),
            show(from, &model.times),
            show(to, &model.times),
            clean(&entry.cause)
        );
        let words = crate::text::cut_end(&words, room).into_owned();
        let row = Row::of("   ", Style::new()).cell(name, 12, theme.dim);
        rows.push(plain(row.add(words, theme.dim)));
    }
    rows.push(plain(Row::new()));
    rows
}

/// Other conflicts of the same record.
fn same_record(model: &Model, conflict: &Conflict) -> Vec<BenchRow> {
    let same = model.conflicts.all.iter();
    let same = same.filter(|c| c.link == conflict.link && c.id != conflict.id);
    same.map(|other| {
        let words = format!(
            "   same record: {}, {}",
            other.id,
            conflicts_view::what(other)
        );
        plain(Row::of(words, Style::new()))
    })
    .collect()
}

/// On a wide terminal: other conflicts of the record and of the field.
pub fn neighbours(model: &Model, conflict: &Conflict, columns: u16) -> Vec<BenchRow> {
    let mut rows = vec![ruled("neighbours", model, columns)];
    rows.extend(same_record(model, conflict));
    if let Some(field) = model.conflicts.bench_field() {
        let has = |c: &&Conflict| c.fields.iter().any(|f| f.field == field.field);
        let others = model.conflicts.all.iter().filter(has);
        let words = match others.filter(|c| c.id != conflict.id).count() {
            0 => "same field: no other conflict is open".into(),
            n => format!(
                "same field: {} open, {} and {} go there",
                counted(n as u64, "other", "others"),
                model.key("record.next"),
                model.key("record.previous")
            ),
        };
        rows.push(plain(Row::of(format!("   {words}"), Style::new())));
    }
    rows
}

/// On a narrow terminal: all this in a few lines.
pub fn folded(model: &Model, conflict: &Conflict, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let mut rows = vec![ruled("beside it", model, columns)];
    rows.extend(same_record(model, conflict));
    let Some(entries) = others(model, bench) else {
        rows.push(reading(model));
        return rows;
    };
    if bench.unfolded {
        rows.extend(entries.iter().map(|entry| {
            let row = Row::of("   ", Style::new())
                .cell(&entry.field.label(), 15, theme.dim)
                .add(show(entry.value().as_ref(), &model.times), Style::new());
            plain(row)
        }));
        return rows;
    }
    let still = entries.iter();
    let still = still.filter(|e| e.standing == Standing::InStep).count();
    let key = model.key("unfold");
    let words = match entries.len() - still {
        0 => format!("   not in conflict: {still} in step ({key} shows)"),
        apart => format!("   not in conflict: {still} in step, {apart} apart ({key} shows)"),
    };
    rows.push(plain(Row::of(words, theme.dim)));
    rows
}
