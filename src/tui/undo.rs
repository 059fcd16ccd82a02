//! Undo: what would go back and what stays, asked before anything is written.

use crate::engine::port::Ask;
use crate::merge::UndoPlan;
use crate::model::{Action, BySide, LinkId, LogEntry, Op, Undo};
use crate::text::clean;

use super::confirm::{Confirm, cost_words};
use super::effect::Request;
use super::model::{Model, Overlay};
use super::msg::Tab;
use super::tabs::detail::{Section, show};
use super::tabs::sync_log;

/// What an undo comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// What is undone; `None` where the operator has nothing that can be.
    pub of: Option<Undo>,
    /// What it does, writes and leaves.
    pub plan: UndoPlan,
    /// The names of the records that it writes to.
    pub titles: Vec<(LinkId, String)>,
}

/// Whether a line of the log can be undone at all: it was written, or decided.
pub fn is_written(entry: &LogEntry) -> bool {
    let ops = [Op::Create, Op::Update, Op::Delete];
    ops.iter().any(|op| op.name() == entry.op)
}

/// What `u` is about here: in the log and in a history the line under the cursor, else the operator's latest.
fn target(model: &Model) -> Option<Undo> {
    match model.tab {
        Tab::SyncLog => sync_log::to_undo(model),
        Tab::Contacts
            if model.contacts.in_detail() && model.contacts.section == Section::History =>
        {
            let history = &model.contacts.detail_in_view()?.history;
            history
                .get(model.contacts.at)
                .map(|line| Undo::Operation(line.id))
        }
        _ => None,
    }
}

/// Asks what an undo would come to.
pub fn open(model: &mut Model) {
    let of = target(model);
    let operator = model.operator.clone();
    model.say("Reading what would go back…");
    model.read(Request::Undo { of, operator });
}

/// Opens the question that lists what goes back and what stays.
pub fn accept(model: &mut Model, preview: &Preview) {
    model.toast = None;
    model.dirty = true;
    if model.overlay.is_some() {
        return; // something else was opened meanwhile
    }
    let plan = &preview.plan;
    let Some(of) = preview.of else {
        return model.say(
            "Nothing of yours can be undone. In the log (4) u undoes the line under the cursor.",
        );
    };
    if plan.steps.is_empty() && plan.refused.is_empty() {
        return model.say("This line wrote nothing that can be undone.");
    }
    let mut lines = vec![
        "Gives back the earlier value, as new writes, checked again before they go:".to_owned(),
    ];
    let mut writes = BySide::<usize>::default();
    for write in &plan.writes {
        *writes.get_mut(write.side) += 1;
        let named = preview.titles.iter().find(|(link, _)| *link == write.link);
        let title = named.map_or("", |(_, title)| title.as_str());
        let title = clean(title);
        if write.op == Op::Delete {
            lines.push(format!(
                "✓ {:<9} DELETE {} {title}",
                write.side.label(),
                write.kind
            ));
            continue;
        }
        if write.op == Op::Create {
            lines.push(format!(
                "✓ {:<9} {title}  {} made again, with a new id",
                write.side.label(),
                write.kind
            ));
            continue;
        }
        for change in &write.fields {
            let (from, to) = (change.from.as_ref(), change.to.as_ref());
            lines.push(format!(
                "✓ {:<9} {title}  {}  {} → {}",
                write.side.label(),
                change.field.label(),
                show(from, &model.times),
                show(to, &model.times)
            ));
        }
    }
    for left in &plan.refused {
        lines.push(format!(
            "! {}  stays: {}",
            clean(&left.title),
            clean(&left.why)
        ));
    }
    let (n, all) = (plan.steps.len(), plan.steps.len() + plan.refused.len());
    let mut foot = vec![format!(
        "{n} of {all} can go back. Requests   {}",
        cost_words(writes)
    )];
    if !model.lease_ours {
        foot.push("Done by the process that holds the sync, as soon as it reads this.".into());
    }
    let confirm = Confirm {
        lines,
        foot,
        yes: (n > 0).then(|| "undo".into()),
        asks: vec![Ask::Act(Action::Undo { of })],
        said: "Goes back with the next pass. 4 log".into(),
        ..Confirm::new(format!("Undo {of}"))
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}
