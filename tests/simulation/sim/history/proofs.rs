//! What couplet had been told when it wrote.

use couplet::model::{Kind, Millis, Side};
use couplet::sandbox::{Actor, Event, Op};

use super::super::rig::Seen;
use super::History;

/// A write follows the read before it within this: where many contacts are deleted at once, the limit makes each of
/// their requests wait.
const AT_ONCE_MS: i64 = 60_000;

impl History<'_> {
    /// A delete that couplet sends follows answers that its pair is not there any more: two where GHL says so of a
    /// contact or a task, for it keeps no tombstones; one where Growbots does, or a whole list of GHL's. What went
    /// along with a contact is proved by that.
    pub fn unproved(&self, missed: &[Seen]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (at, event) in self.events.iter().enumerate() {
            // A pair that was not told to Growbots yet is not known here.
            let mut others = self.others(&event.id);
            others.retain(|other| self.pairs[&event.id][*other] < at);
            // A single appointment is read by the list of all that its contact has.
            let is_ours = event.op == Op::Delete
                && event.actor == Actor::Api
                && event.kind != Kind::Appointment;
            // An operator may have said which two are one, and that they go.
            let is_decided = self.is_decided(&event.id, None);
            if !is_ours || others.is_empty() || self.went_along(event) || is_decided {
                continue;
            }
            let needed = match (event.side, event.kind) {
                (Side::Growbots, Kind::Contact | Kind::Task) => 2,
                _ => 1,
            };
            let answers = |other: &&str| {
                let deleted = self.events[..at]
                    .iter()
                    .rposition(|event| event.op == Op::Delete && event.id == **other);
                let Some(deleted) = deleted else { return 0 };
                let answers = missed.iter().filter(|seen| {
                    (deleted + 1..=at).contains(&seen.events) && is_of(&seen.path, other)
                });
                answers.count()
            };
            let most = others.iter().map(answers).max().unwrap_or(0);
            if most < needed {
                wrong.push(format!(
                    "{} {} {} was deleted in event {} after {most} proofs: {others:?}",
                    event.side,
                    event.kind,
                    event.id,
                    at + 1
                ));
            }
        }
        wrong
    }

    /// Whether `written` came between our last look at the record and the write at `at`, which followed that look at
    /// once: then nobody could have heeded it.
    pub(super) fn came_between(&self, event: &Event, written: usize, at: usize) -> bool {
        let parent = self.start.parents.get(&event.id);
        let shows = |path: &str| {
            let list = path.rsplit_once('/');
            let is_list = list.is_some_and(|(contact, name)| {
                name.trim_end_matches('s') == event.kind.name()
                    && parent.is_some_and(|parent| contact.ends_with(parent))
            });
            path.ends_with(&event.id) || is_list
        };
        let mut looks = self.seen[..].iter().filter(|seen| seen.events <= at);
        let last = looks.rfind(|seen| shows(&seen.path));
        let now = Millis::parse(&event.at).expect("a time");
        last.is_some_and(|last| last.events <= written && now.since(last.at) <= AT_ONCE_MS)
    }
}

/// Whether a path is that of a record, or of a list of what belongs to it.
fn is_of(path: &str, id: &str) -> bool {
    let list = ["tasks", "notes", "appointments"];
    let head = path
        .rsplit_once('/')
        .filter(|(_, last)| list.contains(last));
    path.ends_with(id) || head.is_some_and(|(head, _)| head.ends_with(id))
}
