//! Where the keys of movement lead: further in, back, to the record or the section beside, by what is shown.

use super::filter;
use super::marks;
use super::model::{Model, Overlay};
use super::msg::{Move, Pick, Tab};
use super::tabs::{bulk, contacts, errors, held, policies, rates, sync_log, tasks, workbench};
use super::update::step;

/// Goes back; at the top, leaves or asks whether to.
pub(super) fn quit(model: &mut Model) {
    if back(model) {
        return;
    }
    if model.lease_ours && model.totals.waiting > 0 {
        model.overlay = Some(Overlay::Leave);
    } else {
        model.quit = true;
    }
}

/// One step back; false at the top.
pub(super) fn back(model: &mut Model) -> bool {
    model.pending = None;
    if filter::is_list(model) && marks::back(model) {
        return true;
    }
    if model.tab == Tab::Conflicts && held::let_go(model) {
        return true;
    }
    if model.tab != Tab::Contacts && filter::back(model) {
        return true;
    }
    match model.tab {
        Tab::Contacts => contacts::back(model) || filter::back(model),
        Tab::Tasks if !model.tasks.query.search.is_empty() => {
            tasks::search(model, String::new());
            true
        }
        Tab::Conflicts if model.conflicts.bench.is_some() => {
            workbench::close(model);
            true
        }
        Tab::Conflicts => {
            model.conflicts.policies.take().is_some() || model.conflicts.bulk.take().is_some()
        }
        _ => false,
    }
}

/// Opens what is under the cursor.
pub(super) fn open_current(model: &mut Model) {
    match model.tab {
        Tab::Contacts => contacts::open(model),
        Tab::Tasks => tasks::open(model),
        Tab::Conflicts if model.conflicts.bench.is_some() => {
            if model.conflicts.is_candidates() {
                workbench::pick(model, Pick::Candidate);
            }
        }
        Tab::Conflicts if model.conflicts.policies.is_some() => policies::settled(model),
        Tab::Conflicts if model.conflicts.bulk.is_some() => bulk::stage(model),
        Tab::Conflicts => {
            if let Some(id) = model.conflicts.cursor {
                workbench::open(model, id);
            }
        }
        Tab::SyncLog => sync_log::open(model),
        Tab::Errors => errors::toggle(model),
        Tab::Rates => {}
    }
}

/// Goes to the next or the previous record.
pub(super) fn step_record(model: &mut Model, by: isize) {
    let how = if by > 0 { Move::Down } else { Move::Up };
    match model.tab {
        Tab::Contacts => contacts::step_record(model, how),
        Tab::Conflicts if model.conflicts.bench.is_some() => workbench::step_conflict(model, by),
        _ => step(model, how),
    }
}

/// Goes to the next or the previous section, view, pass or range.
pub(super) fn step_section(model: &mut Model, by: isize) {
    match model.tab {
        Tab::Contacts => {
            model.contacts.section = model.contacts.section.step(by);
            model.contacts.at = 0;
        }
        Tab::Tasks => tasks::step_view(model, by),
        Tab::SyncLog => sync_log::step_pass(model, by),
        Tab::Rates => rates::step_range(model),
        _ => {}
    }
}

/// Shows more of what is under the cursor, or less.
pub(super) fn unfold(model: &mut Model) {
    match model.tab {
        Tab::Contacts => model.contacts.unfolded = !model.contacts.unfolded,
        Tab::Tasks => {}
        Tab::Rates => model.rates.all_operations = !model.rates.all_operations,
        Tab::Conflicts if held::open(model).is_some() => held::unfold(model),
        Tab::Conflicts => match &mut model.conflicts.bench {
            Some(bench) => bench.unfolded = !bench.unfolded,
            None if model.conflicts.bulk.is_some() => bulk::see(model),
            None => model.conflicts.unfolded = !model.conflicts.unfolded,
        },
        Tab::SyncLog => sync_log::toggle(model),
        Tab::Errors => errors::list_records(model),
    }
}
