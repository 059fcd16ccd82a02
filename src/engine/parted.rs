//! Answers to a mass change: for all that it holds, or for some of it while the rest waits on.

use std::collections::BTreeSet;

use crate::model::{Answer, Candidate, Cause, Conflict, Decided, LinkId, Op};

use super::EngineError;
use super::actions::{Asked, Carried};
use super::brake::{Approved, Braked};
use super::pass::Pass;
use super::reconcile::values;
use super::verdict::What;

/// A mass change parted by an answer.
#[derive(Debug, PartialEq, Eq)]
struct Parted {
    approve: Vec<LinkId>,
    reject: Vec<LinkId>,
    /// Those that no answer names.
    left: Vec<Candidate>,
}

impl Parted {
    /// What an answer makes of the records that are held, or why it makes nothing.
    fn of(conflict: &Conflict, answer: &Answer) -> Result<Self, String> {
        let held: Vec<LinkId> = conflict.candidates.iter().filter_map(|c| c.link).collect();
        let whole = |approve, reject| Self {
            approve,
            reject,
            left: Vec::new(),
        };
        let (approve, reject) = match answer {
            Answer::Approve => return Ok(whole(held, Vec::new())),
            Answer::Reject => return Ok(whole(Vec::new(), held)),
            Answer::Parts { approve, reject } => (approve.clone(), reject.clone()),
            other => return Err(format!("{other:?} is no answer to a mass change")),
        };
        if let Some(twice) = approve.iter().find(|link| reject.contains(link)) {
            return Err(format!("record {twice} cannot go on and be undone"));
        }
        let named: BTreeSet<LinkId> = approve.iter().chain(&reject).copied().collect();
        if let Some(stray) = named.iter().find(|link| !held.contains(link)) {
            return Err(format!(
                "record {stray} is not held by conflict {}",
                conflict.id
            ));
        }
        if named.is_empty() {
            return Err("no record is named".into());
        }
        let is_left = |one: &&Candidate| one.link.is_none_or(|link| !named.contains(&link));
        let left = conflict
            .candidates
            .iter()
            .filter(is_left)
            .cloned()
            .collect();
        Ok(Self {
            approve,
            reject,
            left,
        })
    }

    fn words(&self) -> String {
        match (self.approve.len(), self.reject.len()) {
            (_, 0) if self.left.is_empty() => "go on".into(),
            (0, _) if self.left.is_empty() => "take it back".into(),
            (go_on, 0) => format!("go on with {go_on}"),
            (0, back) => format!("take {back} back"),
            (go_on, back) => format!("go on with {go_on}, take {back} back"),
        }
    }
}

impl Pass<'_> {
    pub(super) fn resolve_mass_change(
        &self,
        asked: &Asked<'_>,
        conflict: &Conflict,
        answers: &[Answer],
    ) -> Result<Carried, EngineError> {
        let Some(braked) = self
            .core
            .note::<Braked>(&format!("braked.{}", conflict.id))?
        else {
            return Ok(Err(format!(
                "nothing is held by conflict {} any more",
                conflict.id
            )));
        };
        let parted = match answers.first() {
            Some(answer) => Parted::of(conflict, answer),
            None => Err("say what is to be done with the records".into()),
        };
        let parted = match parted {
            Ok(parted) => parted,
            Err(why) => return Ok(Err(why)),
        };
        // Doing these twice does no harm, so that they come first: what is cut off here is asked for again.
        let name = Braked::approved_name(braked.kind, braked.side, braked.op);
        let mut approved: Approved = self.core.note(&name)?.unwrap_or_default();
        approved.links.extend(&parted.approve);
        self.core.put_note(&name, &approved)?;
        for link in &parted.reject {
            self.reject(conflict, asked, &braked, *link)?;
        }
        let said = parted.words();
        if !parted.left.is_empty() {
            let why = format!(
                "{} decided some of conflict {}: {said}, {} still held",
                asked.operator,
                conflict.id,
                parted.left.len()
            );
            self.core.store().answer_in_part(
                self.fence,
                self.id,
                conflict.id,
                asked.operator,
                &parted.left,
                &why,
            )?;
            return Ok(Ok(()));
        }
        let closed = self.close(conflict, asked, &said)?;
        self.core.drop_note(&braked.note_name())?;
        self.core.drop_note(&format!("braked.{}", conflict.id))?;
        Ok(closed)
    }

    /// Takes one record of a mass change back where it happened.
    fn reject(
        &self,
        conflict: &Conflict,
        asked: &Asked<'_>,
        braked: &Braked,
        link: LinkId,
    ) -> Result<(), EngineError> {
        let Some(linked) = self.core.store().linked(link)? else {
            return Ok(());
        };
        if braked.op == Op::Delete {
            self.put_verdict(conflict, asked, link, What::Recreate)?;
            self.core
                .store()
                .drop_end(self.fence, link, braked.side.other())?;
            return Ok(());
        }
        let linked = self.seen(&linked)?.linked;
        let base = linked.base.clone().unwrap_or_default();
        let map = self.core.map();
        let decided: Vec<Decided> = map
            .fields(linked.kind)
            .map(|entry| (entry.field.clone(), values(&linked, &entry.field)))
            .filter(|(field, now)| {
                // Changed where the mass change came from, unchanged where it would go.
                now.get(braked.side).as_ref() == base.get(field)
                    && now.get(braked.side.other()).as_ref() != base.get(field)
            })
            .map(|(field, seen)| Decided {
                value: base.get(&field).cloned(),
                seen,
                cause: Cause::Decision {
                    conflict: conflict.id,
                    operator: asked.operator.to_owned(),
                    policy: None,
                },
                field,
            })
            .collect();
        self.core
            .store()
            .decide(self.fence, link, None, asked.operator, None, &decided)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConflictId, ConflictState, Kind, Millis, Reason, Side};

    fn mass(links: &[i64]) -> Conflict {
        let held = links.iter().map(|link| Candidate {
            side: Side::Ghl,
            id: format!("g{link}").as_str().into(),
            title: "Ann".into(),
            link: Some(LinkId(*link)),
        });
        Conflict {
            id: ConflictId(7),
            link: LinkId(links[0]),
            kind: Kind::Task,
            reason: Reason::MassChange,
            state: ConflictState::Open,
            title: "tasks".into(),
            revision: 1,
            opened_at: Millis(0),
            fields: vec![],
            candidates: held.collect(),
            gone: Some(Side::Growbots),
            deferred_until: None,
            note: None,
            decided_by: None,
            staged: vec![],
        }
    }

    fn parts(approve: &[i64], reject: &[i64]) -> Answer {
        let links = |all: &[i64]| all.iter().map(|link| LinkId(*link)).collect();
        Answer::Parts {
            approve: links(approve),
            reject: links(reject),
        }
    }

    #[test]
    fn an_answer_parts_a_mass_change_or_says_why_not() {
        for (answer, want) in [
            (Answer::Approve, Ok(("go on", 0))),
            (Answer::Reject, Ok(("take it back", 0))),
            (parts(&[1, 3], &[]), Ok(("go on with 2", 2))),
            (parts(&[], &[4]), Ok(("take 1 back", 3))),
            (parts(&[1], &[2, 4]), Ok(("go on with 1, take 2 back", 1))),
            (parts(&[1, 2, 3, 4], &[]), Ok(("go on", 0))),
            (parts(&[], &[]), Err("no record is named")),
            (
                parts(&[1], &[1]),
                Err("record 1 cannot go on and be undone"),
            ),
            (parts(&[9], &[]), Err("record 9 is not held by conflict 7")),
            (
                Answer::Separate,
                Err("Separate is no answer to a mass change"),
            ),
        ] {
            let got = Parted::of(&mass(&[1, 2, 3, 4]), &answer);
            let got = got.map(|parted| (parted.words(), parted.left.len()));
            let want = want.map(|(words, left)| (words.to_owned(), left));
            assert_eq!(got, want.map_err(str::to_owned), "{answer:?}");
        }
    }
}
