//! What people did to tags, word by word.

use std::collections::{BTreeMap, BTreeSet};

use couplet::model::{FieldName, Side};
use couplet::sandbox::Actor;
use serde_json::Value as Json;

use super::History;

impl History<'_> {
    /// Words that people added to a set stay, and those that they took out stay out.
    pub fn tags(&self, live: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
        let words = |value: &Json| -> BTreeSet<String> {
            let words = value.as_array().into_iter().flatten();
            words
                .filter_map(|word| word.as_str().map(str::to_lowercase))
                .collect()
        };
        let mut wrong = Vec::new();
        for ((side, id, name), moves) in &self.of_field {
            let Some(now) = live.get(id).filter(|_| name == "tags") else {
                continue;
            };
            if self.is_decided(id, Some(&FieldName::Tags)) {
                continue;
            }
            // What people did to each word, on either side, last.
            let mut last: BTreeMap<String, (usize, bool)> = BTreeMap::new();
            let theirs = self.others(id).into_iter().flat_map(|other| {
                let moves = self.field(side.other(), other, "tags").iter();
                moves.filter(move |(at, ..)| self.names(*side, id, other, *at))
            });
            for (at, from, to) in moves.iter().chain(theirs) {
                if self.events[*at].actor == Actor::Api {
                    continue;
                }
                let (from, to) = (words(from), words(to));
                let added = to.difference(&from).map(|word| (word, true));
                let removed = from.difference(&to).map(|word| (word, false));
                for (word, is_there) in added.chain(removed) {
                    let entry = last.entry(word.clone()).or_insert((*at, is_there));
                    if *at >= entry.0 {
                        *entry = (*at, is_there);
                    }
                }
            }
            for (word, (at, is_there)) in last {
                // A first link unites.
                if !is_there && at < self.linked_at {
                    continue;
                }
                // Who deletes a record deletes what was written into it.
                if !live.contains_key(&self.events[at].id) {
                    continue;
                }
                if now.contains(&word) != is_there {
                    wrong.push(format!(
                        "{side} {id}: tag `{word}` of event {}: there {is_there} was wanted",
                        at + 1
                    ));
                }
            }
        }
        wrong
    }

    /// Whether two records were a pair at that time, as far as Growbots' one named a GHL one: a merge of leads gives
    /// the name of the one that goes to the one that stays.
    fn names(&self, side: Side, id: &str, other: &str, at: usize) -> bool {
        let (ghl, growbots) = match side {
            Side::Ghl => (id, other),
            Side::Growbots => (other, id),
        };
        let named = self.field(Side::Growbots, growbots, "external_ids.ghl");
        let last = named.iter().rfind(|(when, ..)| *when <= at);
        last.is_none_or(|(_, _, to)| to.as_str().is_none_or(|to| to == ghl))
    }
}
