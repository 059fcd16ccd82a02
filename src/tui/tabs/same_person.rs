//! One person about whom several conflicts ask: a doubtful pair is seen from each record that may be in it. The list
//! shows them as one; an answer to it settles the others with the next pass, or they are asked again.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Answer, Conflict, ConflictId, ConflictState, Millis, Reason};

use super::conflicts::is_put_off;

/// The conflicts that ask again about a person of another one, each with that other one.
///
/// The one that stands for all has the most candidates. A conflict that somebody answered stands for itself, and the
/// answer `different` settles nobody else's question.
pub fn followers(all: &[Conflict], now: Millis) -> BTreeMap<ConflictId, ConflictId> {
    let asks = |c: &&Conflict| {
        c.reason == Reason::AmbiguousMatch && c.state == ConflictState::Open && !is_put_off(c, now)
    };
    let mut order: Vec<&Conflict> = all.iter().filter(asks).collect();
    order.sort_by_key(|c| std::cmp::Reverse(c.candidates.len())); // steady: else as in the list
    let by_link: BTreeMap<_, Vec<&Conflict>> =
        order.iter().fold(BTreeMap::new(), |mut by_link, c| {
            by_link.entry(c.link).or_insert_with(Vec::new).push(*c);
            by_link
        });
    let mut found = BTreeMap::new();
    let mut leads = BTreeSet::new();
    for lead in order {
        let apart = |c: &Conflict| c.staged.iter().any(|s| s.answer == Answer::Separate);
        if found.contains_key(&lead.id) || apart(lead) {
            continue;
        }
        let others = lead.candidates.iter().filter_map(|c| c.link);
        for other in others.filter_map(|link| by_link.get(&link)).flatten() {
            let own = !other.staged.is_empty() || found.contains_key(&other.id);
            if other.id != lead.id && !own && !leads.contains(&other.id) {
                found.insert(other.id, lead.id);
                leads.insert(lead.id);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::model::{Candidate, Kind, LinkId, Side, Staged};

    use super::*;

    fn asks(id: i64, link: i64, of: &[i64]) -> Conflict {
        let candidate = |link: &i64| Candidate {
            side: Side::Growbots,
            id: format!("r{link}").as_str().into(),
            title: String::new(),
            link: Some(LinkId(*link)),
        };
        Conflict {
            id: ConflictId(id),
            link: LinkId(link),
            kind: Kind::Contact,
            reason: Reason::AmbiguousMatch,
            state: ConflictState::Open,
            title: String::new(),
            revision: 1,
            opened_at: Millis(0),
            fields: Vec::new(),
            candidates: of.iter().map(candidate).collect(),
            gone: None,
            deferred_until: None,
            note: None,
            decided_by: None,
            staged: Vec::new(),
        }
    }

    fn led(all: &[Conflict]) -> Vec<(i64, i64)> {
        let found = followers(all, Millis(0));
        found.into_iter().map(|(id, lead)| (id.0, lead.0)).collect()
    }

    #[test]
    fn a_pair_in_doubt_seen_from_each_record_is_one_question() {
        // a contact that may be either of two leads, each of which may be it
        let mut all = [
            asks(1, 10, &[20, 21]),
            asks(2, 20, &[10]),
            asks(3, 21, &[10]),
        ];
        assert_eq!(led(&all), [(2, 1), (3, 1)]);
        let staged = |answer| Staged {
            operator: "dana".into(),
            answer,
            revision: 1,
            at: Millis(0),
        };
        let same = Answer::Match {
            ghl: "r10".into(),
            growbots: "r20".into(),
        };
        all[0].staged = vec![staged(same)];
        assert_eq!(led(&all), [(2, 1), (3, 1)], "settled by that answer");
        all[0].staged = vec![staged(Answer::Separate)];
        assert_eq!(led(&all), [], "they stay open questions");
    }

    #[test]
    fn two_people_in_doubt_stay_two_questions() {
        let all = [
            asks(1, 10, &[20, 21]),
            asks(2, 11, &[20, 21]),
            asks(3, 20, &[10, 11]),
            asks(4, 21, &[10, 11]),
        ];
        assert_eq!(led(&all), [(3, 1), (4, 1)]);
        let apart = [asks(1, 10, &[20]), asks(2, 11, &[21])];
        assert_eq!(led(&apart), []);
    }
}
