//! Whether commands can run here and now, or why not, in words for the operator.

use crate::model::{ErrorState, Reason as Because};

use super::commands::Reason;
use super::filter;
use super::model::Model;
use super::msg::Tab;

pub(super) fn contact(model: &Model) -> Result<(), Reason> {
    match model.contacts.subject() {
        Some(_) => Ok(()),
        None => Err("no contact is selected".into()),
    }
}

pub(super) fn pair(model: &Model) -> Result<(), Reason> {
    contact(model)?;
    let row = model
        .contacts
        .current()
        .filter(|_| model.contacts.named.is_none());
    let is_pair = match (row, model.contacts.detail_in_view()) {
        (Some(row), _) => row.ids.ghl.is_some() && row.ids.growbots.is_some(),
        (None, Some(detail)) => {
            let ends = &detail.linked.ends;
            ends.ghl.live().is_some() && ends.growbots.live().is_some()
        }
        (None, None) => return Err("the contact is still being read".into()),
    };
    if is_pair {
        Ok(())
    } else {
        Err("it is in one system only: there is no pair to part".into())
    }
}

pub(super) fn two(model: &Model) -> Result<(), Reason> {
    super::tabs::contact_forms::to_link(model).map(drop)
}

pub(super) fn task(model: &Model) -> Result<(), Reason> {
    match model.tasks.window.current() {
        Some(_) => Ok(()),
        None => Err("no task is selected".into()),
    }
}

pub(super) fn staged(model: &Model) -> Result<(), Reason> {
    match model.staged() {
        0 => Err("nothing is staged: open a conflict and take a side".into()),
        _ => Ok(()),
    }
}

pub(super) fn conflict(model: &Model) -> Result<(), Reason> {
    match model.conflicts.current() {
        Some(_) => Ok(()),
        None => Err("no conflict is selected".into()),
    }
}

pub(super) fn staged_here(model: &Model) -> Result<(), Reason> {
    let mine = model
        .conflicts
        .current()
        .is_some_and(|c| c.staged.iter().any(|s| s.operator == model.operator));
    if mine {
        Ok(())
    } else {
        Err("you staged nothing for this conflict".into())
    }
}

pub(super) fn both(model: &Model) -> Result<(), Reason> {
    let field = model
        .conflicts
        .bench_field()
        .ok_or("no field is selected")?;
    let both = field.value_of(&crate::model::Take::Both);
    both.map(drop).map_err(|_| {
        let key = model.key("bench.both");
        format!("{key} not for {}: it has one value", field.field.label())
    })
}

pub(super) fn candidate(model: &Model) -> Result<(), Reason> {
    match model.conflicts.current() {
        Some(c) if !c.candidates.is_empty() => Ok(()),
        _ => Err("there is no candidate".into()),
    }
}

pub(super) fn separate(model: &Model) -> Result<(), Reason> {
    match model.conflicts.current().map(|c| c.reason) {
        Some(Because::AmbiguousMatch | Because::Duplicate) => Ok(()),
        _ => Err("there is nothing to keep apart".into()),
    }
}

pub(super) fn error(model: &Model) -> Result<(), Reason> {
    match model.errors.current() {
        Some(_) => Ok(()),
        None => Err("no error is selected".into()),
    }
}

pub(super) fn live_error(model: &Model) -> Result<(), Reason> {
    match model.errors.current() {
        Some(row) if row.state == ErrorState::Closed => {
            Err("it is closed: its records are well again".into())
        }
        _ => error(model),
    }
}

pub(super) fn editor(model: &Model) -> Result<(), Reason> {
    match &model.editor {
        Ok(_) => remembers(model),
        Err(why) => Err((*why).into()),
    }
}

pub(super) fn log_line(model: &Model) -> Result<(), Reason> {
    match super::tabs::sync_log::line_here(model) {
        Some(_) => Ok(()),
        None => Err(format!(
            "no line of a pass is selected: {} unfolds one",
            model.key("open")
        )),
    }
}

pub(super) fn alert(model: &Model) -> Result<(), Reason> {
    let open = |alert: &crate::model::Alert| alert.state == crate::model::AlertState::Open;
    if model.errors.alerts.iter().any(open) {
        Ok(())
    } else {
        Err("no alert waits for anybody".into())
    }
}

pub(super) fn pausable(model: &Model) -> Result<(), Reason> {
    use super::tabs::rates::Spot;
    match model.rates.spot() {
        Spot::Lane(crate::model::Lane::Operator) => {
            Err("the operator lane cannot be paused: somebody waits at a screen".into())
        }
        _ => Ok(()),
    }
}

pub(super) fn markable(model: &Model) -> Result<(), Reason> {
    if super::tabs::held::open(model).is_some() {
        return Ok(());
    }
    let tabs = matches!(
        model.tab,
        Tab::Contacts | Tab::Tasks | Tab::Conflicts | Tab::Errors
    );
    if tabs && filter::is_list(model) {
        Ok(())
    } else {
        Err("there is no list here to mark".into())
    }
}

pub(super) fn marked(model: &Model) -> Result<(), Reason> {
    let conflicts = &model.conflicts;
    let filtered = !model.filters.text(Tab::Conflicts).is_empty();
    let why = match model.marks.conflicts.len() {
        1.. => return Ok(()),
        _ if !conflicts.loaded => "the conflicts are still being read",
        _ if conflicts.all.is_empty() => "nothing is listed: no conflict is open",
        _ if filtered && super::tabs::conflicts::passing(model) == 0 => {
            "nothing is listed: no conflict passes the filter, {back} drops it"
        }
        _ if filtered && conflicts.order(model).is_empty() => {
            "what passes the filter is put off: {unfold} shows it"
        }
        _ if filtered => return Ok(()),
        _ => {
            "nothing is marked: {mark} marks a conflict, {mark.all} all of the list, {filter} chooses some"
        }
    };
    Err(model.keymap.fill(why))
}

pub(super) fn filterable(model: &Model) -> Result<(), Reason> {
    if filter::is_list(model) {
        Ok(())
    } else {
        Err("there is no list here to filter".into())
    }
}

pub(super) fn searchable(model: &Model) -> Result<(), Reason> {
    match model.tab {
        Tab::Contacts | Tab::Tasks => Ok(()),
        _ => Err("search works in Contacts and Tasks".into()),
    }
}

pub(super) fn remembers(model: &Model) -> Result<(), Reason> {
    match model.conflicts.bench_field() {
        Some(_) => Ok(()),
        None => Err("no field is selected".into()),
    }
}

pub(super) fn policy(model: &Model) -> Result<(), Reason> {
    let list = model.conflicts.policies.as_ref();
    match list.and_then(super::tabs::policies::Policies::current) {
        Some(_) => Ok(()),
        None => Err("no policy is selected".into()),
    }
}

pub(super) fn several(model: &Model) -> Result<(), Reason> {
    match model.places.len() {
        0 | 1 => Err(
            "the config has one workspace: `couplet config init --workspace NAME` adds one".into(),
        ),
        _ => Ok(()),
    }
}

pub(super) fn sortable(model: &Model) -> Result<(), Reason> {
    match model.tab {
        Tab::Contacts => Ok(()),
        Tab::Conflicts if model.conflicts.is_list() => Ok(()),
        _ => Err("this list has one order".into()),
    }
}
