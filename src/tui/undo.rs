//! Taking back what was written: a preview of what goes back and what stays, then a question.

use std::collections::BTreeMap;

use crate::engine::port::Ask;
use crate::merge::UndoPlan;
use crate::model::{Action, BySide, LinkId, Op, Side, Undo, Write};
use crate::text::clean;

use super::confirm::{Confirm, cost_words};
use super::effect::Request;
use super::model::{Model, Overlay};
use super::msg::Tab;
use super::tabs::detail::{Section, show};
use super::tabs::sync_log;
use super::times::Times;

/// What an undo would do, and whose records it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What is to be undone; `None`: this operator has written nothing that the log still has.
    pub of: Option<Undo>,
    /// What goes back and what stays.
    pub plan: UndoPlan,
    /// Names of the records.
    pub titles: BTreeMap<LinkId, String>,
}

/// Asks for the preview: in the log of the line or the pass under the cursor, elsewhere of your latest operation.
pub fn ask(model: &mut Model) {
    let of = match model.tab {
        Tab::SyncLog => match sync_log::undoable(model) {
            Ok(of) => Some(of),
            Err(why) => return model.say(why),
        },
        Tab::Contacts
            if model.contacts.in_detail() && model.contacts.section == Section::History =>
        {
            let detail = model.contacts.detail_in_view();
            let line = detail.and_then(|detail| detail.history.get(model.contacts.at));
            match line {
                Some(line) => Some(Undo::Operation(line.id)),
                None => return model.say("No line of the history is selected."),
            }
        }
        _ => None,
    };
    model.read(Request::Undo {
        of,
        me: model.operator.clone(),
    });
}

fn line(write: &Write, titles: &BTreeMap<LinkId, String>, times: &Times) -> Vec<String> {
    let unknown = format!("the {}", write.kind);
    let title = titles.get(&write.link).unwrap_or(&unknown);
    let head = format!("✓ {:<9} {title}", write.side.label());
    match write.op {
        Op::Delete => vec![format!(
            "✓ {:<9} DELETE {} {title}",
            write.side.label(),
            write.kind
        )],
        Op::Create => vec![format!("{head}  made again; it may get another id")],
        Op::Stamp => vec![format!("{head}  linked again")],
        Op::Update => {
            let fields = write.fields.iter();
            let said = fields.map(|change| {
                let from = show(change.from.as_ref(), times);
                let to = show(change.to.as_ref(), times);
                format!("{head}  {}  {from} → {to}", change.field.label())
            });
            said.collect()
        }
    }
}

/// Takes the preview: asks whether to do it, or says why nothing can go back.
pub fn accept(model: &mut Model, preview: &Preview) {
    let Some(of) = preview.of else {
        return model.say("You have written nothing yet that could be undone.");
    };
    let Preview { plan, titles, .. } = preview;
    if model.overlay.is_some() {
        return; // the operator has gone on
    }
    if plan.steps.is_empty() && plan.refused.is_empty() {
        return model.say(format!("Nothing to undo: {of} wrote nothing."));
    }
    let times = &model.times;
    let mut lines = vec![
        "Gives back the earlier value, as new writes, checked again before they go:".to_owned(),
    ];
    for write in &plan.writes {
        lines.extend(line(write, titles, times));
    }
    for left in &plan.refused {
        lines.push(format!(
            "! stays     {}  {}",
            clean(&left.title),
            clean(&left.why)
        ));
    }
    let writes = BySide::from_fn(|side: Side| {
        let of_side = plan.writes.iter().filter(|write| write.side == side);
        of_side.count()
    });
    let all = plan.steps.len() + plan.refused.len();
    let can = plan.steps.len();
    let foot = vec![
        format!("{can} of {all} can go back."),
        format!("Requests   {}", cost_words(writes)),
    ];
    let confirm = Confirm {
        lines,
        foot,
        yes: (can > 0).then(|| format!("undo these {can}")),
        asks: vec![Ask::Act(Action::Undo { of })],
        said: "Goes back with the next pass. 4 log".into(),
        ..Confirm::new(format!("Undo {of}"))
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    model.dirty = true;
}
