//! Colleagues on the same conflicts: they are told which one is open here, and what they did with an answer of ours is
//! said here.

use crate::engine::port::Ask;
use crate::model::{Conflict, ConflictId, ConflictState, Millis, Settled, Staged, Undo};
use crate::text::clean;

use super::confirm::{Choice, Offer, Then};
use super::effect::Request;
use super::model::{Model, Overlay};
use super::msg::Tab;
use super::tabs::detail::show;
use super::tabs::staging;

/// After so long a key tells again that somebody still looks.
const AGAIN_MS: i64 = 60_000;

/// What colleagues were told last, and when.
pub type Told = Option<(ConflictId, Millis)>;

/// Tells colleagues which conflict is open here, where that is news. `key`: the operator pressed one just now.
pub(super) fn tell(model: &mut Model, key: bool) {
    let bench = model.conflicts.bench.as_ref();
    let open = bench.filter(|_| model.tab == Tab::Conflicts && !model.quit);
    let open = open.map(|bench| bench.conflict);
    let now = model.times.now;
    let news = match (open, model.told) {
        _ if model.looks_only.is_some() => false,
        (None, told) => told.is_some(),
        (Some(id), Some((told, at))) if told == id => key && now.since(at) >= AGAIN_MS,
        (Some(_), _) => true,
    };
    if news {
        model.told = open.map(|id| (id, now));
        model.ask(Ask::Look(open));
    }
}

/// Colleagues who have a conflict open, in words; empty where nobody has.
pub fn lookers(model: &Model, conflict: &Conflict) -> String {
    let here = model.conflicts.looking.iter();
    let here = here.filter(|one| one.conflict == conflict.id && one.operator != model.operator);
    let names: Vec<_> = here.map(|one| clean(&one.operator).into_owned()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("{one} looks"),
        names => format!("{} look", names.join(", ")),
    }
}

/// An open conflict that this operator answered or has open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    conflict: ConflictId,
    staged: Vec<Staged>,
}

/// The conflicts that are open and concern this operator, before the store is asked what they are now.
pub fn stakes(model: &Model) -> Vec<Stake> {
    let here = model.conflicts.bench.as_ref().map(|bench| bench.conflict);
    let open = model.conflicts.all.iter();
    let open = open.filter(|conflict| conflict.state == ConflictState::Open);
    let stakes = open.map(|conflict| {
        let mine = conflict.staged.iter();
        let mine = mine.filter(|staged| staged.operator == model.operator);
        Stake {
            conflict: conflict.id,
            staged: mine.cloned().collect(),
        }
    });
    let concerns = |stake: &Stake| !stake.staged.is_empty() || Some(stake.conflict) == here;
    stakes.filter(concerns).collect()
}

/// Asks what became of those that are not open any more, unless this operator decided them.
pub fn follow(model: &mut Model, stakes: Vec<Stake>) {
    let is_over = |stake: &Stake| match model.conflicts.get(stake.conflict) {
        Some(conflict) if conflict.state == ConflictState::Open => false,
        Some(conflict) => conflict.decided_by.as_ref() != Some(&model.operator),
        None => true,
    };
    let over: Vec<Stake> = stakes.into_iter().filter(is_over).collect();
    if !over.is_empty() {
        let ids = over.iter().map(|stake| stake.conflict).collect();
        model.conflicts.stakes.extend(over);
        model.read(Request::Settled(ids));
    }
}

/// What somebody took, in words: `Growbots, Thu 15:00`.
fn took(model: &Model, settled: &Settled) -> String {
    let words = settled.answers.iter().map(|answer| {
        let took = staging::words_of(&settled.conflict, answer);
        let value = staging::value_of(answer);
        let value = value.map(|value| show(value.as_ref(), &model.times));
        let field = staging::field_of(answer).filter(|_| settled.answers.len() > 1);
        let of = field.map_or_else(String::new, |field| format!("{}: ", field.label()));
        match value {
            Some(value) => format!("{of}{took}, {value}"),
            None => format!("{of}{took}"),
        }
    });
    words.collect::<Vec<_>>().join("; ")
}

/// Takes what became of conflicts: says who decided them, and how.
pub fn accept(model: &mut Model, all: &[Settled]) {
    let stakes = std::mem::take(&mut model.conflicts.stakes);
    for settled in all {
        let id = settled.conflict.id;
        let Some(stake) = stakes.iter().find(|stake| stake.conflict == id) else {
            continue;
        };
        let somebody = settled.by.as_ref().filter(|by| **by != model.operator);
        let Some(by) = somebody.map(|by| clean(by).into_owned()) else {
            continue; // ours, or it closed by itself, which is said where it was open
        };
        let took = took(model, settled);
        let free = model.overlay.is_none() && model.filters.editing.is_none() && !model.searching;
        if stake.staged.is_empty() || !free {
            model.say_done(format!(
                "{by} decided {id} while you looked at it: {took}. 4 log"
            ));
        } else {
            let choice = decided_box(model, settled, stake, &by, &took);
            model.overlay = Some(Overlay::Choice(Box::new(choice)));
            model.dirty = true;
        }
    }
}

fn decided_box(model: &Model, settled: &Settled, stake: &Stake, by: &str, took: &str) -> Choice {
    let conflict = &settled.conflict;
    let at = settled.at.map(|at| model.times.moment(at));
    let note = settled.note.as_deref().map(clean);
    let note = note.map_or_else(String::new, |note| format!(": \"{note}\""));
    let over = match conflict.state {
        ConflictState::Resolved => "Both sides have it.",
        _ => "It is on its way to both sides.",
    };
    let mine = stake.staged.iter().map(|staged| {
        let words = staging::words_of(conflict, &staged.answer);
        match staging::value_of(&staged.answer) {
            Some(value) => format!("{words}, {}", show(value.as_ref(), &model.times)),
            None => words,
        }
    });
    let mine: Vec<_> = mine.collect();
    let what = super::tabs::conflicts_view::what(conflict);
    let lines = vec![
        format!("{} {}  {what}", conflict.id, conflict.title),
        format!("{by} took {took}{note}"),
        over.to_owned(),
        format!(
            "You had staged {}. Yours is dropped; nothing was written.",
            mine.join("; ")
        ),
    ];
    let offer = |words: String, then| Offer {
        words,
        then,
        said: String::new(),
    };
    let mut answers = vec![offer(
        "see it in the log".into(),
        Then::Log(format!("\"conflict {}\"", conflict.id)),
    )];
    if let Some(write) = settled.write {
        let undo = Then::Undo(Undo::Operation(write));
        answers.push(offer(format!("undo {by}'s, with a preview"), undo));
    }
    Choice {
        title: match at {
            Some(at) => format!("Decided by {by} at {at}"),
            None => format!("Decided by {by}"),
        },
        lines: lines.into_iter().map(|line| (line, None)).collect(),
        answers,
        foot: String::new(),
    }
}
