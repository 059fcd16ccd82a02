//! The records that a mass change holds, drawn: why they wait, and the list with what is to be done with each.

use ratatui::style::Style;

use crate::model::{Candidate, Conflict, FieldName, Kind, LinkId, Linked, Record, Side};
use crate::text::{clean, thousands};

use super::super::model::Model;
use super::super::times::Times;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::Row;
use super::bench_view::{BenchRow, plain};
use super::detail::show;
use super::held;
use super::held_answers::{self, Answered};
use super::workbench::Bench;
use super::{bench_records, staging};

/// The fewest rows of the list, on a terminal of few rows.
const LEAST: usize = 3;

/// Why the records wait, then as much of the list as fits over `below`, which says what the keys do.
pub fn rows(
    model: &Model,
    conflict: &Conflict,
    bench: &Bench,
    (columns, height): (u16, usize),
    below: Vec<BenchRow>,
) -> Vec<BenchRow> {
    let mut rows = above(model, conflict, bench, columns);
    let room = height.saturating_sub(rows.len() + below.len()).max(LEAST);
    let answered = held_answers::mine(model, conflict);
    let listed = held::rows(conflict, bench.unfolded);
    let at = held::place(&listed, bench.held.at);
    let top = super::super::widgets::paint::scrolled(bench.held.top, at, room, listed.len());
    let seen = listed.iter().enumerate().skip(top).take(room);
    rows.extend(seen.map(|(place, one)| BenchRow {
        row: record(model, conflict, bench, (one, &answered), columns),
        cursor: place == at,
        full: false,
    }));
    rows.extend(below);
    rows
}

/// How many rows of the list fit on the screen as it is.
pub fn room(model: &Model) -> usize {
    let (Some(conflict), Some(bench)) = (held::open(model), &model.conflicts.bench) else {
        return LEAST;
    };
    let columns = model.size.0;
    let fixed = above(model, conflict, bench, columns).len()
        + bench_records::boxes(model, conflict, bench, columns).len();
    let height = model.body_rows().saturating_sub(3); // name, rule and foot
    height.saturating_sub(fixed).max(LEAST)
}

fn above(model: &Model, conflict: &Conflict, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let done = match conflict.gone {
        Some(_) => "deleted",
        None => "changed",
    };
    let side = staging::changed_side(conflict);
    let there = side.map_or_else(String::new, |side| format!(" in {side}"));
    let words = format!(
        "{} were {done}{there}: more than is plausible in one pass, so they wait. Nothing happens to them till then; \
         others go on.",
        capital(&staging::held_words(conflict))
    );
    let wrapped = wrap(&words, (columns as usize).saturating_sub(6)).into_iter();
    let mut rows: Vec<_> = wrapped
        .map(|line| plain(Row::of(format!("   {line}"), Style::new())))
        .collect();
    let all = conflict.candidates.len();
    if all == 0 {
        return rows;
    }
    let listed = held::rows(conflict, bench.unfolded);
    let (n, of) = (thousands(listed.len() as u64), thousands(all as u64));
    let counted = match bench.held.marked.len() {
        0 if listed.len() < all => format!("Sample {n} of {of}"),
        0 => {
            let at = held::place(&listed, bench.held.at) + 1;
            format!("{} of {of}", thousands(at as u64))
        }
        marked => format!("{} marked of {of}", thousands(marked as u64)),
    };
    let keys = match (bench.held.marked.is_empty(), listed.len() < all) {
        (true, true) => "{unfold} shows all, {mark} marks some to answer for these alone",
        (true, false) => "{mark} marks some to answer for these alone",
        (false, _) => "{sides.ghl} and {sides.growbots} answer for these, the others stay held",
    };
    rows.push(plain(
        Row::of(format!("   {counted}"), theme.title)
            .add("   ", Style::new())
            .add(model.keymap.fill(keys), theme.dim),
    ));
    rows
}

fn record(
    model: &Model,
    conflict: &Conflict,
    bench: &Bench,
    (one, answered): (&Candidate, &Answered),
    columns: u16,
) -> Row {
    let theme = &model.theme;
    let word = one.link.and_then(|link| answered.word(conflict, link));
    let word = word.map_or_else(String::new, |word| format!("✓ {word}"));
    let is_marked = |link: LinkId| bench.held.marked.contains(&link);
    let star = if one.link.is_some_and(is_marked) {
        " *  "
    } else {
        "    "
    };
    let room = (columns as usize).saturating_sub(4 + 10 + 2); // star, answer, track
    let title = (room / 3).max(12);
    let mut row = Row::of(star, Style::new())
        .cell(&one.title, title, Style::new())
        .add("  ", Style::new());
    let mut read = bench.held.read.iter();
    if let Some(record) = read.find(|record| Some(record.linked.id) == one.link) {
        let rest = room.saturating_sub(title + 2);
        for (text, columns) in about(model, conflict, one.side, record, rest) {
            row = row
                .cell(&text, columns.saturating_sub(1), theme.dim)
                .add(" ", Style::new());
        }
    }
    row.to(4 + room).add(word, theme.well)
}

/// What is to be known of a record to decide about it, in cells of so many columns.
fn about(
    model: &Model,
    conflict: &Conflict,
    written: Side,
    record: &held::Record,
    columns: usize,
) -> Vec<(String, usize)> {
    let linked = &record.linked;
    let contact = clean(&record.contact).into_owned();
    if conflict.gone.is_none() {
        let changed = changes(linked, written.other(), &model.times);
        return vec![(changed, columns)];
    }
    let Some(end) = linked.ends.get(written).last_seen() else {
        return vec![("not there any more".into(), columns)];
    };
    let text = |field| clean(end.record.text(&field)).into_owned();
    let time = |field| {
        let at = end.record.time(&field);
        at.map_or_else(String::new, |at| model.times.due(at))
    };
    let edited = if is_edited(linked, written) {
        "edited"
    } else {
        ""
    };
    match linked.kind {
        Kind::Task => {
            let done = end.record.is(&FieldName::Completed);
            let mut how = if done { "done" } else { "open" }.to_owned();
            if !edited.is_empty() {
                how.push_str(", edited");
            }
            let due = time(FieldName::DueAt);
            let rest = columns.saturating_sub(13 + 13);
            vec![(contact, rest), (due, 13), (how, 13)]
        }
        Kind::Appointment => {
            let at = time(FieldName::StartsAt);
            let rest = columns.saturating_sub(13 + 8);
            vec![(contact, rest), (at, 13), (edited.into(), 8)]
        }
        Kind::Note => vec![(contact, columns.saturating_sub(8)), (edited.into(), 8)],
        Kind::Contact => vec![
            (text(FieldName::Email), columns.saturating_sub(8)),
            (edited.into(), 8),
        ],
        Kind::Business => vec![(edited.into(), columns)],
    }
}

/// Whether a side's record is not what both had agreed on.
fn is_edited(linked: &Linked, side: Side) -> bool {
    let base = linked.base.as_ref();
    let now = linked.ends.get(side).live();
    let moved = |field: &&FieldName| {
        let (from, to) = (
            base.and_then(|base| base.get(field)),
            now.map(|now| &now.record),
        );
        to.is_some_and(|to| to.get(field) != from)
    };
    base.is_some() && FieldName::of(linked.kind).iter().any(|field| moved(&field))
}

/// What a side changed since both agreed: `phone 555 0104 → 555 0161`; empty where it changed nothing that is shown.
pub fn changes(linked: &Linked, side: Side, times: &Times) -> String {
    let now = linked.ends.get(side).live().map(|now| &now.record);
    let base = linked.base.as_ref();
    differences(linked.kind, (base, now), times)
}

/// The same the other way round: what the side gets back.
pub fn given_back(linked: &Linked, side: Side, times: &Times) -> String {
    let now = linked.ends.get(side).live().map(|now| &now.record);
    let base = linked.base.as_ref();
    differences(linked.kind, (now, base), times)
}

fn differences(
    kind: Kind,
    (from, to): (Option<&Record>, Option<&Record>),
    times: &Times,
) -> String {
    if from.is_none() || to.is_none() {
        return String::new();
    }
    let changed = FieldName::of(kind).iter().filter_map(|field| {
        let value = |record: Option<&Record>| {
            let value = record.and_then(|record| record.get(field));
            show(value, times)
        };
        let (from, to) = (value(from), value(to));
        (from != to).then(|| format!("{} {from} → {to}", field.label()))
    });
    changed.collect::<Vec<_>>().join(", ")
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}
