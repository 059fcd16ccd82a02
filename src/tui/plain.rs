//! Plain mode: what is under the cursor as one line, for screen readers.

use crate::model::Conflict;
use crate::text::{clean, thousands};

use super::model::Model;
use super::msg::Tab;
use super::tabs::{conflicts_view, held, held_answers, rates, sync_log};

/// What is under the cursor, in words without marks.
pub fn words(model: &Model) -> String {
    let nothing = || format!("{}: nothing is under the cursor", model.tab.label());
    let found = match model.tab {
        Tab::Contacts => contact(model),
        Tab::Tasks => task(model),
        Tab::Conflicts => conflict(model),
        Tab::SyncLog => log(model),
        Tab::Errors => error(model),
        Tab::Rates => Some(rate(model)),
    };
    found.unwrap_or_else(nothing)
}

/// Parts with something in them, one after the other.
fn joined(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    let parts: Vec<_> = parts.copied().collect();
    parts.join(", ")
}

fn contact(model: &Model) -> Option<String> {
    let row = model.contacts.current()?;
    let state = row.state.name().replace('_', " ");
    Some(joined(&[
        "contact", &row.name, &state, &row.email, &row.owner,
    ]))
}

fn task(model: &Model) -> Option<String> {
    let row = model.tasks.window.current()?;
    let done = if row.completed { "done" } else { "open" };
    let due = row.due_at.map_or_else(
        || "no due date".to_owned(),
        |at| format!("due {}", model.times.due(at)),
    );
    let state = row.state.name().replace('_', " ");
    let parts = [
        "task",
        &row.title,
        done,
        &due,
        &row.assignee,
        &row.contact_name,
        &state,
    ];
    Some(joined(&parts))
}

fn conflict(model: &Model) -> Option<String> {
    let conflict = model.conflicts.current()?;
    let staged = if conflict.staged.is_empty() {
        "undecided"
    } else {
        "staged"
    };
    let id = format!("conflict {}", conflict.id);
    let what = conflicts_view::what(conflict);
    let order = model.conflicts.order(model);
    let at = order.iter().position(|id| *id == conflict.id);
    let place = at.map_or_else(String::new, |at| format!("{} of {}", at + 1, order.len()));
    let values = model
        .conflicts
        .bench_field()
        .map_or_else(String::new, |field| {
            let show = |value| super::tabs::detail::show(value, &model.times);
            format!(
                "{}: base {}, GHL {}, Growbots {}",
                field.field.label(),
                show(field.base.as_ref()),
                show(field.ghl.as_ref()),
                show(field.growbots.as_ref())
            )
        });
    let record = held_record(model, conflict).unwrap_or_default();
    Some(joined(&[
        &id,
        &conflict.title,
        &what,
        staged,
        &values,
        &place,
        &record,
    ]))
}

/// The record under the cursor of a mass change: its name, whether it is marked, and what is staged for it.
fn held_record(model: &Model, conflict: &Conflict) -> Option<String> {
    let (one, place, all) = held::under_cursor(model)?;
    let marked = &model.conflicts.bench.as_ref()?.held.marked;
    let marked = one.link.is_some_and(|link| marked.contains(&link));
    let marked = if marked { "marked" } else { "" };
    let answer = one
        .link
        .and_then(|link| held_answers::word_for(model, conflict, link));
    let place = format!("record {} of {all}", place + 1);
    Some(joined(&[
        &place,
        &one.title,
        marked,
        answer.unwrap_or_default(),
    ]))
}

fn log(model: &Model) -> Option<String> {
    if let Some(line) = sync_log::line_here(model) {
        return Some(sync_log::words_of(line, &model.times).replace('\n', ","));
    }
    let pass = model
        .log
        .passes
        .iter()
        .find(|pass| Some(pass.pass) == model.log.cursor)?;
    let writes = |counts: &crate::model::BySide<u64>| counts.ghl + counts.growbots;
    Some(format!(
        "pass of {}, {}, {} read, {} made, {} changed, {} deleted, {} errors",
        model.times.second(pass.started_at),
        clean(&pass.because),
        writes(&pass.pulled),
        writes(&pass.created),
        writes(&pass.updated),
        writes(&pass.deleted),
        pass.errors
    ))
}

fn error(model: &Model) -> Option<String> {
    let error = model.errors.current()?;
    let state = error.state.name();
    let records = format!("{} records", thousands(error.count));
    Some(joined(&[
        "error",
        &error.last.pattern,
        state,
        &records,
        &super::advice::meaning(error),
    ]))
}

fn rate(model: &Model) -> String {
    let spot = model.rates.spot();
    let paused = rates::pause_of(model, spot).map_or("", |_| "paused");
    let told = match spot {
        rates::Spot::Side(side) => {
            let status = model.status.sides.get(side);
            format!(
                "{}, burst {} of {}, day {} of {}",
                status.health.name(),
                status.burst.used,
                status.burst.limit,
                thousands(status.day.used),
                thousands(status.day.limit)
            )
        }
        rates::Spot::Lane(lane) => format!("{} of 100 places", lane.share()),
    };
    joined(&[&spot.label(), &told, paused])
}
