//! The next thing that needs the operator, from anywhere.

use crate::model::LinkState;

use super::model::Model;
use super::msg::Tab;
use super::tabs::{conflicts, same_person, workbench};
use super::update::show_tab;

/// Goes there: staged decisions that moved, then conflicts by age, then errors.
pub fn for_me(model: &mut Model) {
    let me = model.operator.clone();
    let now = model.times.now;
    let here = model.conflicts.bench.as_ref().map(|bench| bench.conflict);
    let all = &model.conflicts.all;
    let again = same_person::followers(all, now);
    let moved = all.iter().filter(|c| {
        let old = |s: &crate::model::Staged| s.operator == me && s.revision != c.revision;
        c.staged.iter().any(old)
    });
    let mut open: Vec<_> = all
        .iter()
        .filter(|c| c.state == crate::model::ConflictState::Open && c.staged.is_empty())
        .filter(|c| !conflicts::is_put_off(c, now) && !again.contains_key(&c.id))
        .collect();
    open.sort_by_key(|c| c.opened_at);
    let queue: Vec<_> = moved.chain(open).map(|c| c.id).collect();
    let at = queue.iter().position(|id| Some(*id) == here);
    let next = at.map_or(0, |at| at + 1);
    if let Some(id) = queue.get(next) {
        workbench::open(model, *id);
    } else if model.errors.to_first_open() {
        model.conflicts.bench = None;
        show_tab(model, Tab::Errors);
    } else if let Some(id) = queue.first() {
        workbench::open(model, *id);
    } else {
        let failing = model.totals.contacts.get(&LinkState::Error).copied();
        match (model.staged(), failing.unwrap_or(0)) {
            (0, 0) => model.say("Nothing needs you."),
            (0, n) => model.say(format!(
                "Nothing to decide. {n} contacts have a failed write."
            )),
            (n, _) => {
                let key = model.key("conflict.apply");
                model.say(format!("All decided. {n} staged: 3, then {key} applies."));
            }
        }
    }
}
