//! What must hold at the end of a simulated schedule, told by the sandbox's own log of events: no client's store is
//! trusted.

mod proofs;
mod start;
mod tags;

use std::collections::{BTreeMap, BTreeSet};

use couplet::model::{FieldName, Kind, Millis, Side};
use couplet::sandbox::{Actor, Event, Op};
use serde_json::Value as Json;

use super::operators::Decision;
use super::rig::Seen;
use super::users::{TASK_TEXTS, TEXTS};

pub use start::Start;

/// Whether an operator decided about one of these records: that field, or the whole.
pub fn decided(decisions: &[Decision], ids: &[&str], field: Option<&FieldName>) -> bool {
    decisions.iter().any(|decision| {
        let same = decision.field.is_none() || decision.field.as_ref() == field;
        same && decision.ids.iter().any(|of| ids.contains(&of.as_str()))
    })
}

/// A change of a field: by which event (its place), from what, to what.
type Move<'a> = (usize, &'a Json, &'a Json);
/// Records made under one name, and the places of the events that made them.
type Made<'a> = BTreeMap<(Side, Kind, String), Vec<(usize, &'a Event)>>;

/// The events, by field; and which records were ever a pair.
pub struct History<'a> {
    events: &'a [Event],
    of_field: BTreeMap<(Side, String, String), Vec<Move<'a>>>,
    /// Since which event.
    pairs: BTreeMap<String, BTreeMap<String, usize>>,
    decisions: &'a [Decision],
    seen: &'a [Seen],
    /// Records made under one name: pairs, as far as people go, also where couplet has not paired them.
    namesakes: Vec<Vec<(Side, &'a str)>>,
    /// Records that we made and had no answer about.
    made_unseen: &'a [(String, usize)],
    start: Start,
    /// How many events had happened when both sides were linked for the first time.
    linked_at: usize,
}

const NOTE_TEXTS: [(FieldName, &str, &str); 1] = [(FieldName::Body, "body", "body")];
const EMAIL: (FieldName, &str, &str) = (FieldName::Email, "email", "email");

fn tracked(kind: Kind) -> Vec<(FieldName, &'static str, &'static str)> {
    match kind {
        Kind::Contact => TEXTS.into_iter().chain([EMAIL]).collect(),
        Kind::Task => TASK_TEXTS.into(),
        Kind::Note => NOTE_TEXTS.into(),
        _ => vec![],
    }
}

const fn wire(side: Side, of: &(FieldName, &'static str, &'static str)) -> &'static str {
    match side {
        Side::Ghl => of.1,
        Side::Growbots => of.2,
    }
}

fn same(one: &Json, two: &Json) -> bool {
    let plain = |value: &Json| match value {
        Json::Null | Json::Bool(false) => String::new(),
        Json::String(text) => {
            Millis::parse(text).map_or_else(|| text.trim().to_lowercase(), |at| at.0.to_string())
        }
        other => other.to_string(),
    };
    plain(one) == plain(two)
}

impl<'a> History<'a> {
    pub fn new(
        events: &'a [Event],
        mut start: Start,
        decisions: &'a [Decision],
        (seen, made_unseen): (&'a [Seen], &'a [(String, usize)]),
        linked_at: usize,
    ) -> Self {
        let mut of_field: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut pairs: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        let mut pair = |at: usize, one: &str, two: &str| {
            for (one, two) in [(one, two), (two, one)] {
                let of_one = pairs.entry(one.into()).or_default();
                of_one.entry(two.into()).or_insert(at);
            }
        };
        for (ghl, growbots) in &start.pairs {
            pair(0, ghl, growbots);
        }
        let mut namesakes: BTreeMap<(Kind, String), Vec<(Side, &str)>> = BTreeMap::new();
        // Under one name people may make somebody on each side, and make them different at once: then it is two.
        let mut people: BTreeMap<(Kind, String), BTreeSet<Side>> = BTreeMap::new();
        for (at, event) in events.iter().enumerate() {
            if event.op == Op::Create
                && let Some(mark) = mark(event)
            {
                let by = people.entry((event.kind, mark.clone())).or_default();
                if event.actor != Actor::Api {
                    by.insert(event.side);
                }
                let is_two = by.len() > 1;
                let same = namesakes.entry((event.kind, mark)).or_default();
                // What couplet makes under a name that somebody gave on the other side is the pair of that.
                for (_, id) in same.iter().filter(|(side, _)| *side != event.side) {
                    if event.actor == Actor::Api && !is_two {
                        pair(at, id, &event.id);
                    }
                }
                same.push((event.side, &event.id));
            }
            for moved in &event.fields {
                // What was taken back is as it was: no value is news.
                if event.op != Op::Restore {
                    of_field
                        .entry((event.side, event.id.clone(), moved.field.clone()))
                        .or_default()
                        .push((at, &moved.from, &moved.to));
                }
                if let ("contactId" | "lead_id", Some(parent)) =
                    (moved.field.as_str(), moved.to.as_str())
                {
                    start.parents.insert(event.id.clone(), parent.to_owned());
                }
                if moved.field == "external_ids.ghl"
                    && let Some(ghl) = moved.to.as_str()
                {
                    pair(at, ghl, &event.id);
                }
            }
        }
        Self {
            events,
            of_field,
            pairs,
            decisions,
            seen,
            made_unseen,
            namesakes: namesakes.into_values().collect(),
            start,
            linked_at,
        }
    }

    fn field(&self, side: Side, id: &str, name: &str) -> &[Move<'a>] {
        self.of_field
            .get(&(side, id.to_owned(), name.to_owned()))
            .map_or(&[], Vec::as_slice)
    }

    fn others(&self, id: &str) -> Vec<&str> {
        self.pairs
            .get(id)
            .into_iter()
            .flatten()
            .map(|(other, _)| other.as_str())
            .collect()
    }

    fn is_decided(&self, id: &str, field: Option<&FieldName>) -> bool {
        let mut ids = self.others(id);
        ids.push(id);
        decided(self.decisions, &ids, field)
    }

    /// Whether an operator decided about the contact that a child belonged to.
    fn is_decided_with_parent(&self, id: &str) -> bool {
        let parent = self.start.parents.get(id);
        parent.is_some_and(|parent| self.is_decided(parent, None))
    }

    /// What a person wrote is lost only where another person wrote over it and could see it, or an operator decided.
    pub fn lost(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (at, event) in self.events.iter().enumerate() {
            if event.actor != Actor::Api {
                continue;
            }
            for of in tracked(event.kind) {
                let name = wire(event.side, &of);
                let of_field = self.field(event.side, &event.id, name);
                let before = of_field.iter().rev().find(|(when, ..)| *when < at);
                let Some((written, _, value)) = before.copied() else {
                    continue;
                };
                if self.events[written].actor == Actor::Api || same(value, &Json::Null) {
                    continue;
                }
                // Back to what it was before people began to change it: no news to anybody.
                let theirs = of_field
                    .iter()
                    .rev()
                    .skip_while(|(when, ..)| *when > written)
                    .take_while(|(when, ..)| self.events[*when].actor != Actor::Api);
                if theirs.skip(1).any(|(_, from, _)| same(from, value)) {
                    continue;
                }
                let to = match event.op {
                    Op::Delete => None,
                    _ => match of_field.iter().find(|(when, ..)| *when == at) {
                        Some((_, _, to)) if !same(to, value) => Some(*to),
                        _ => continue,
                    },
                };
                let goes_along = event.op == Op::Delete && self.is_decided_with_parent(&event.id);
                if self.is_decided(&event.id, Some(&of.0))
                    || goes_along
                    || self.was_seen(event, &of, written, at, value, to)
                    || (self.is_unconditional(event) && self.came_between(event, written, at))
                    || self.was_not_listed(event, written)
                {
                    continue;
                }
                wrong.push(format!(
                    "{} {} {} `{}`: {value} of event {} was lost in event {} ({to:?})",
                    event.side,
                    event.kind,
                    event.id,
                    of.0,
                    written + 1,
                    at + 1
                ));
            }
        }
        wrong
    }

    /// Whether `value` was on the other side when somebody wrote `to` there (or deleted the record, or its contact).
    fn was_seen(
        &self,
        event: &Event,
        of: &(FieldName, &'static str, &'static str),
        written: usize,
        at: usize,
        value: &Json,
        to: Option<&Json>,
    ) -> bool {
        let other = event.side.other();
        let mut others = self.others(&event.id);
        let is_of = |same: &&Vec<(Side, &str)>| same.iter().any(|(_, id)| **id == event.id);
        let named_so = self.namesakes.iter().filter(is_of).flatten();
        others.extend(
            named_so
                .filter(|(side, _)| *side == other)
                .map(|(_, id)| *id),
        );
        others.into_iter().any(|id| {
            let on_field = self.field(other, id, wire(other, of));
            // What it had then counts too: both may have written the same.
            let then = on_field.iter().rposition(|(when, ..)| *when < written);
            let shown = on_field[then.unwrap_or(0)..]
                .iter()
                .filter(|(when, ..)| *when < at)
                .find(|(_, from, to)| same(from, value) || same(to, value));
            let always = self.start.values.get(&(id.to_owned(), wire(other, of)));
            let was_there = on_field.is_empty() && always.is_some_and(|had| same(had, value));
            let shown = shown.map(|(shown, ..)| *shown).or(was_there.then_some(0));
            let Some(shown) = shown else { return false };
            match to {
                Some(to) => on_field.iter().any(|(when, _, now)| {
                    *when >= shown
                        && *when > written
                        && *when < at
                        && self.events[*when].actor != Actor::Api
                        && same(now, to)
                }),
                None => true,
            }
        })
    }

    /// GHL has no conditional writes, and what belongs to a contact goes with it whatever its version.
    fn is_unconditional(&self, event: &Event) -> bool {
        event.side == Side::Ghl
            || (event.op == Op::Delete && event.kind.is_child() && self.went_along(event))
    }

    /// Whether a record went with its contact, rather than by itself.
    fn went_along(&self, event: &Event) -> bool {
        let parent = self.start.parents.get(&event.id);
        self.events.iter().any(|other| {
            other.op == Op::Delete
                && other.request_id == event.request_id
                && Some(&other.id) == parent
        })
    }

    /// Growbots has no list of what belongs to a lead that is not behind: what was made in that while cannot be seen
    /// before the lead is deleted.
    fn was_not_listed(&self, event: &Event, written: usize) -> bool {
        let at = |event: &Event| Millis::parse(&event.at).expect("a time");
        event.side == Side::Growbots
            && event.op == Op::Delete
            && event.kind.is_child()
            && self.events[written].op == Op::Create
            && at(event).since(at(&self.events[written])) < 20_000
    }

    /// One thing that a person made is one record on each side, and one that a person deleted stays so.
    pub fn twice_or_back(&self, live: &BTreeSet<String>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut made = Made::new();
        for (at, event) in self.events.iter().enumerate() {
            if event.op == Op::Create
                && live.contains(&event.id)
                && let Some(mark) = mark(event)
            {
                let of_mark = made.entry((event.side, event.kind, mark)).or_default();
                of_mark.push((at, event));
            }
        }
        // Persons who make the same on both sides may make it different at once: then it is two.
        let made_by_people = |wanted: &String| {
            let by_people = self.events.iter().filter(|event| {
                event.op == Op::Create
                    && event.actor != Actor::Api
                    && mark(event).as_ref() == Some(wanted)
            });
            by_people.count()
        };
        // Who takes back the delete of one of a pair has both again.
        let taken_back = |wanted: &String| {
            let created = self
                .events
                .iter()
                .filter(|event| event.op == Op::Create && mark(event).as_ref() == Some(wanted));
            let ids: BTreeSet<&str> = created.map(|event| event.id.as_str()).collect();
            self.events.iter().any(|event| {
                event.op == Op::Restore
                    && event.actor == Actor::User
                    && ids.contains(event.id.as_str())
            })
        };
        for ((side, kind, mark), records) in &made {
            let by_us = records.iter().any(|(_, event)| event.actor == Actor::Api);
            let decided = records.iter().any(|(_, event)| {
                self.is_decided(&event.id, None) || self.is_decided_with_parent(&event.id)
            });
            if records.len() > made_by_people(mark).max(1) && by_us && !decided {
                let ids: Vec<&str> = records.iter().map(|(_, event)| event.id.as_str()).collect();
                wrong.push(format!("{side} {kind} `{mark}` was made twice: {ids:?}"));
            }
        }
        for (at, event) in self.events.iter().enumerate() {
            if event.op != Op::Delete || event.actor != Actor::User {
                continue;
            }
            let created = self
                .events
                .iter()
                .find(|made| made.op == Op::Create && made.id == event.id);
            let Some(mark) = created.and_then(mark) else {
                continue;
            };
            for side in Side::BOTH {
                let back = made.get(&(side, event.kind, mark.clone()));
                for (later, again) in back.into_iter().flatten() {
                    if *later > at
                        && again.actor == Actor::Api
                        && !self.was_never_known(&event.id, at)
                        && !self.stays_elsewhere(at, *later)
                        && made_by_people(&mark) < 2
                        && !taken_back(&mark)
                        && ![&event.id, &again.id]
                            .iter()
                            .any(|id| self.is_decided(id, None) || self.is_decided_with_parent(id))
                    {
                        wrong.push(format!(
                            "{side} {} {} came back: `{mark}` was deleted in event {}",
                            event.kind,
                            again.id,
                            at + 1
                        ));
                    }
                }
            }
        }
        wrong
    }
}

impl History<'_> {
    /// Whether what was deleted at `at` only went with its contact, while a merge on the other side gave it to
    /// another contact there: it belongs to that one, and is made again at `later`.
    fn stays_elsewhere(&self, at: usize, later: usize) -> bool {
        let (event, other) = (&self.events[at], self.events[at].side.other());
        let mut same_time = self.events[at..]
            .iter()
            .take_while(|one| one.at == event.at);
        let goes_with = same_time
            .any(|one| (one.op, one.kind, one.side) == (Op::Delete, Kind::Contact, event.side));
        let twins = self.pairs.get(&event.id);
        let mut twins = twins.into_iter().flat_map(BTreeMap::keys);
        event.kind.is_child()
            && goes_with
            && twins.any(|twin| {
                ["contactId", "lead_id"].iter().any(|field| {
                    let moves = self
                        .of_field
                        .get(&(other, twin.clone(), (*field).to_owned()));
                    let mut moves = moves.into_iter().flatten();
                    moves.any(|(when, from, _)| *when < later && !from.is_null())
                })
            })
    }

    /// Whether a GHL record was made by us, the answer was lost (or who had it died), and nobody read it before its
    /// delete at `at`: GHL keeps neither keys nor tombstones, so that this looks as if it had never been made.
    fn was_never_known(&self, id: &str, at: usize) -> bool {
        let is_lost = |(unseen, lost): &(String, usize)| {
            let seen =
                |seen: &Seen| (lost + 1..=at).contains(&seen.events) && seen.path.ends_with(unseen);
            unseen == id && !self.seen.iter().any(seen)
        };
        self.events[at].side == Side::Ghl && self.made_unseen.iter().any(is_lost)
    }
}

/// What names a record that was made in the simulation: users never use a word twice.
fn mark(event: &Event) -> Option<String> {
    let text = |names: &[&str]| {
        let moved = event
            .fields
            .iter()
            .find(|moved| names.contains(&moved.field.as_str()))?;
        moved.to.as_str().map(str::to_owned)
    };
    let (text, begins) = match event.kind {
        Kind::Contact => (text(&["firstName", "first_name"])?, "First"),
        Kind::Task => (text(&["title"])?, "task"),
        Kind::Note => (text(&["body"])?, "note"),
        _ => return None,
    };
    text.starts_with(begins).then_some(text)
}

/// Two live contacts of a side with one address, of which couplet made one.
pub fn same_email(events: &[Event], live: &BTreeMap<String, (Side, String)>) -> Vec<String> {
    let mut by_email: BTreeMap<(Side, &str), Vec<&str>> = BTreeMap::new();
    for (id, (side, email)) in live {
        if !email.is_empty() {
            by_email.entry((*side, email)).or_default().push(id);
        }
    }
    let ours: BTreeSet<&str> = events
        .iter()
        .filter(|event| event.actor == Actor::Api && event.op == Op::Create)
        .map(|event| event.id.as_str())
        .collect();
    by_email
        .into_iter()
        .filter(|(_, ids)| ids.len() > 1 && ids.iter().any(|id| ours.contains(id)))
        .map(|((side, email), ids)| format!("{side}: {ids:?} have {email}"))
        .collect()
}
