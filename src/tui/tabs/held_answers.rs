//! Answers for some of the records that a mass change holds: how they are put together, what they say and what they
//! write.

use std::collections::BTreeSet;

use crate::model::{Answer, Candidate, Conflict, LinkId, Side, Staged};

use super::super::model::Model;
use super::{held_view, staging};

/// How many records a question names.
pub const NAMED: usize = 200;

/// What an answer does with a record of the list, in a word.
pub fn verb(conflict: &Conflict, side: Side) -> Option<&'static str> {
    let here = staging::changed_side(conflict)? == side;
    Some(match (conflict.gone.is_some(), here) {
        (true, true) => "delete",
        (true, false) => "keep",
        (false, true) => "go on",
        (false, false) => "undo",
    })
}

/// The answer that takes a side for the marked records, on top of what this operator staged for others.
pub fn answer(model: &Model, conflict: &Conflict, approve: bool) -> Answer {
    let bench = model.conflicts.bench.as_ref();
    let marked = bench.map(|bench| &bench.held.marked);
    let whole = if approve {
        Answer::Approve
    } else {
        Answer::Reject
    };
    match marked.filter(|marked| !marked.is_empty()) {
        None => whole,
        Some(marked) => {
            let mut answered = mine(model, conflict);
            for link in marked {
                answered.put(*link, Some(approve));
            }
            answered.answer(conflict).unwrap_or(whole)
        }
    }
}

/// What an operator's staged answer makes of each record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// They go on.
    pub approve: BTreeSet<LinkId>,
    /// They are undone.
    pub reject: BTreeSet<LinkId>,
}

impl Answered {
    fn of(conflict: &Conflict, staged: &Staged) -> Self {
        let all = || conflict.candidates.iter().filter_map(|one| one.link);
        let mut answered = Self::default();
        match &staged.answer {
            _ if staged.revision != conflict.revision => {} // it was about other records
            Answer::Approve => answered.approve.extend(all()),
            Answer::Reject => answered.reject.extend(all()),
            Answer::Parts { approve, reject } => {
                answered.approve.extend(approve);
                answered.reject.extend(reject);
            }
            _ => {}
        }
        answered
    }

    /// A record goes on (true), is undone, or stays held (`None`).
    pub fn put(&mut self, link: LinkId, approve: Option<bool>) {
        self.approve.remove(&link);
        self.reject.remove(&link);
        match approve {
            Some(true) => self.approve.insert(link),
            Some(false) => self.reject.insert(link),
            None => false,
        };
    }

    /// The answer that says this; `None` where it says nothing.
    pub fn answer(self, conflict: &Conflict) -> Option<Answer> {
        let all = conflict.candidates.len();
        match (self.approve.len(), self.reject.len()) {
            (0, 0) => None,
            (n, 0) if n == all => Some(Answer::Approve),
            (0, n) if n == all => Some(Answer::Reject),
            _ => Some(Answer::Parts {
                approve: self.approve.into_iter().collect(),
                reject: self.reject.into_iter().collect(),
            }),
        }
    }

    /// How many records have an answer.
    pub fn count(&self) -> usize {
        self.approve.len() + self.reject.len()
    }

    /// What is done with a record, in a word; `None` where it stays held.
    pub fn word(&self, conflict: &Conflict, link: LinkId) -> Option<&'static str> {
        let changed = staging::changed_side(conflict)?;
        match (self.approve.contains(&link), self.reject.contains(&link)) {
            (true, _) => verb(conflict, changed),
            (_, true) => verb(conflict, changed.other()),
            (false, false) => None,
        }
    }
}

/// What this operator staged for each record.
pub fn mine(model: &Model, conflict: &Conflict) -> Answered {
    let mut staged = conflict.staged.iter();
    let staged = staged.find(|staged| staged.operator == model.operator);
    staged.map_or_else(Answered::default, |staged| Answered::of(conflict, staged))
}

/// What this operator staged for a record, in a word.
pub fn word_for(model: &Model, conflict: &Conflict, link: LinkId) -> Option<&'static str> {
    mine(model, conflict).word(conflict, link)
}

/// An answer for a part in words: `delete 5, keep 2 of 31`.
pub fn words_of(conflict: &Conflict, approve: &[LinkId], reject: &[LinkId]) -> String {
    let changed = staging::changed_side(conflict);
    let part = |links: &[LinkId], side: Option<Side>| {
        let word = side.and_then(|side| verb(conflict, side))?;
        let word = if word == "go on" { "go on with" } else { word };
        (!links.is_empty()).then(|| format!("{word} {}", links.len()))
    };
    let parts = [
        part(approve, changed),
        part(reject, changed.map(Side::other)),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!("{} of {}", parts.join(", "), conflict.candidates.len())
}

/// What an answer for a part writes, a line a record: with the values, where the record was read.
pub fn writes(
    model: &Model,
    conflict: &Conflict,
    approve: &[LinkId],
    reject: &[LinkId],
) -> Vec<(Side, String)> {
    let Some(changed) = staging::changed_side(conflict) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (links, side) in [(approve, changed.other()), (reject, changed)] {
        let named: BTreeSet<&LinkId> = links.iter().collect();
        let named = |one: &&Candidate| one.link.is_some_and(|link| named.contains(&link));
        let all = conflict.candidates.iter().filter(named);
        let line = |one: &Candidate| (side, write(model, conflict, one, side == changed));
        lines.extend(all.take(NAMED).map(line));
        if links.len() > NAMED {
            let (more, many) = (links.len() - NAMED, conflict.kind.many());
            let words = match conflict.gone {
                Some(_) if side != changed => format!("DELETE {more} more {many}"),
                _ => format!("{more} more {many} likewise"),
            };
            lines.push((side, words));
        }
    }
    lines
}

/// What is written of a record that goes on, or is taken back.
fn write(model: &Model, conflict: &Conflict, one: &Candidate, back: bool) -> String {
    let title = &one.title;
    match (conflict.gone.is_some(), back) {
        (true, false) => return format!("DELETE {} {title}", conflict.kind),
        (true, true) => return format!("{title}  made again there"),
        (false, _) => {}
    }
    let from = one.side.other();
    let bench = model.conflicts.bench.as_ref();
    let mut read = bench.iter().flat_map(|bench| &bench.held.read);
    let record = read.find(|record| Some(record.linked.id) == one.link);
    let told = if back {
        held_view::given_back
    } else {
        held_view::changes
    };
    let values = record.map(|record| told(&record.linked, from, &model.times));
    match values.filter(|values| !values.is_empty()) {
        Some(values) => format!("{title}  {values}"),
        None if back => format!("{title}  given its earlier values back"),
        None => format!("{title}  changed, as {from} has it"),
    }
}

/// How many records an answer to a mass change writes on a side.
pub fn count_of(conflict: &Conflict, answer: &Answer, side: Side) -> usize {
    let all = conflict.candidates.len().max(1);
    let (approve, reject) = match answer {
        Answer::Approve => (all, 0),
        Answer::Reject => (0, all),
        Answer::Parts { approve, reject } => (approve.len(), reject.len()),
        _ => (0, 0),
    };
    match staging::changed_side(conflict) {
        Some(changed) if changed == side => reject,
        Some(_) => approve,
        None => 0,
    }
}
