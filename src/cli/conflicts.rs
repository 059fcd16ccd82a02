//! `couplet conflicts`: what waits for a decision.

use crate::model::{Action, Conflict, ConflictId, ConflictState, Reason, RecordId, Side};
use crate::store::Reader;
use crate::text::clean;

use super::actions::submit;
use super::args::{Conflicts, Form, Listing};
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;
use super::moment::{moment, shown};
use super::output::{Column, Page, Rows, document};
use super::resolve::{self, answers};

const COLUMNS: &[Column] = &[
    ("ID", 6),
    ("REASON", 15),
    ("STATE", 8),
    ("SINCE", 16),
    ("KIND", 11),
    ("RECORD", 28),
    ("FIELDS", 0),
];

/// Does what `couplet conflicts …` asks for.
pub fn run(context: &Context, command: &Conflicts) -> Result<Exit, Problem> {
    match command {
        Conflicts::List(listing) => list(context, listing),
        Conflicts::Show { id, form } => show(context, *id, *form),
        Conflicts::Resolve(args) => resolve::run(context, args),
        Conflicts::Defer {
            id,
            until,
            note,
            form,
        } => {
            open_one(&context.reader()?, *id)?;
            let until = moment(until, &context.config.zone(), context.clock.now())?;
            let defer = Action::Defer {
                conflict: *id,
                until: Some(until),
                note: note.clone(),
            };
            submit(context, *form, &[defer])
        }
    }
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let zone = context.config.zone();
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    for conflict in context.reader()?.conflicts(u32::MAX)? {
        rows.offer(
            || Ok(json::conflict(&conflict)),
            || {
                let fields = conflict.fields.iter().map(|one| one.field.label());
                vec![
                    conflict.id.to_string(),
                    conflict.reason.name().into(),
                    conflict.state.name().into(),
                    shown(Some(conflict.opened_at), &zone),
                    conflict.kind.name().into(),
                    conflict.title.clone(),
                    fields.collect::<Vec<_>>().join(", "),
                ]
            },
        )?;
    }
    rows.end()?;
    Ok(Exit::Done)
}

fn one(reader: &Reader, id: ConflictId) -> Result<Conflict, Problem> {
    reader.conflict(id)?.ok_or_else(|| {
        Problem::failed(
            format!("there is no conflict {id}"),
            "`couplet conflicts list` shows those that wait",
        )
    })
}

/// A conflict that can still be answered.
pub(super) fn open_one(reader: &Reader, id: ConflictId) -> Result<Conflict, Problem> {
    let conflict = one(reader, id)?;
    if is_open(&conflict) {
        return Ok(conflict);
    }
    Err(Problem::failed(
        format!("conflict {id} is closed ({})", conflict.state.name()),
        "`couplet conflicts list` shows those that wait",
    ))
}

const fn is_open(conflict: &Conflict) -> bool {
    matches!(conflict.state, ConflictState::Open | ConflictState::Decided)
}

fn show(context: &Context, id: ConflictId, form: Form) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    let conflict = one(&reader, id)?;
    if form.json {
        document(&json::conflict(&conflict))?;
    } else {
        page(context, &reader, &conflict)?.print()?;
    }
    Ok(Exit::Done)
}

/// A conflict as a person reads it, with the answers that fit.
fn page(context: &Context, reader: &Reader, conflict: &Conflict) -> Result<Page, Problem> {
    let at = |moment| shown(Some(moment), &context.config.zone());
    let mut page = Page::default();
    page.line(format!(
        "{}  {} {}, conflict {}, revision {}: {}, {} since {}",
        clean(&conflict.title),
        conflict.kind,
        conflict.link,
        conflict.id,
        conflict.revision,
        conflict.reason.name(),
        conflict.state.name(),
        at(conflict.opened_at)
    ));
    let names = reader.businesses()?;
    for field in &conflict.fields {
        page.gap();
        page.line(field.field.to_string());
        for (name, value, side) in [
            ("base", &field.base, None),
            ("GHL", &field.ghl, Some(Side::Ghl)),
            ("Growbots", &field.growbots, Some(Side::Growbots)),
        ] {
            let text = value.as_ref();
            let text = text.map_or("-".into(), |value| names.shown(value));
            let is_newer = side.is_some() && field.newer == side;
            let newer = if is_newer { "  (newer)" } else { "" };
            page.line(format!("  {name:<9} {}{newer}", clean(&text)));
        }
    }
    page.gap();
    match (conflict.reason, conflict.gone) {
        (Reason::MassChange, gone) => page.line(held(conflict, gone)),
        (_, Some(side)) => page.line(format!("deleted in {side}, edited in {}", side.other())),
        (_, None) => {}
    }
    let mut record = |side: Side, id: &RecordId, title: &str| {
        page.line(format!("  {side:<9} {id}  {}", clean(title)));
    };
    if conflict.reason != Reason::MassChange && !conflict.candidates.is_empty() {
        // `--match` asks for the id of the record itself, too.
        let own = reader.outline(conflict.link)?;
        for side in Side::BOTH {
            let end = own
                .as_ref()
                .and_then(|own| own.linked.ends.get(side).live());
            if let Some(snapshot) = end {
                record(side, &snapshot.id, &conflict.title);
            }
        }
    }
    for candidate in &conflict.candidates {
        record(candidate.side, &candidate.id, &candidate.title);
    }
    if let Some(until) = conflict.deferred_until {
        page.line(format!("put off until {}", at(until)));
    }
    if let Some(note) = &conflict.note {
        page.line(format!("note: {}", clean(note)));
    }
    if let Some(by) = &conflict.decided_by {
        page.line(format!("decided by {}", clean(by)));
    }
    if is_open(conflict) {
        page.line(format!(
            "answer with `couplet conflicts resolve {}` and {}",
            conflict.id,
            answers(conflict.reason)
        ));
    }
    Ok(page)
}

/// What happened to the records of a mass change, and what waits.
fn held(conflict: &Conflict, gone: Option<Side>) -> String {
    let written = conflict.candidates.first().map(|one| one.side);
    match (gone, written) {
        (Some(side), _) => format!(
            "deleted in {side}; till you say so, they are not deleted in {}:",
            side.other()
        ),
        (None, Some(side)) => format!(
            "changed in {}; till you say so, they are not written in {side}:",
            side.other()
        ),
        (None, None) => "more than is plausible in one pass".into(),
    }
}
