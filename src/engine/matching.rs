//! Finding the pair of a record that has none: the rules are `merge::identity`'s, the candidates the store's.

use std::collections::{BTreeMap, BTreeSet};

use crate::merge::identity::{self, Candidate, Identity, Near};
use crate::model::{
    self, BySide, ConflictField, ConflictId, FieldName, Kind, LinkId, Linked, Reason, RecordId,
    Side, Snapshot,
};
use crate::store::{Lookup, Match};

use super::EngineError;
use super::pass::Pass;
use super::reconcile::values;
use super::verdict::Verdict;

/// Links looked at in one go.
const BATCH: u32 = 500;

impl Pass<'_> {
    /// Pairs what can be paired; what could be more than one is a conflict.
    pub(super) fn match_unlinked(&self, kind: Kind) -> Result<(), EngineError> {
        self.core.match_once(kind, || self.pair_unlinked(kind))
    }

    fn pair_unlinked(&self, kind: Kind) -> Result<(), EngineError> {
        if kind == Kind::Contact {
            for side in Side::BOTH {
                self.match_contacts(side)?;
            }
            return Ok(());
        }
        if kind == Kind::Business {
            return self.match_businesses();
        }
        // Children pair only within their contact: those of Growbots are read where GHL has a lone one.
        let mut by_parent: BTreeMap<LinkId, BySide<Vec<Linked>>> = BTreeMap::new();
        self.each_batch(kind, Side::Ghl, |batch| {
            for linked in batch {
                let Some(parent) = linked.parent else {
                    continue;
                };
                by_parent.entry(parent).or_default().ghl.push(linked);
            }
            Ok(())
        })?;
        for (parent, lone) in &mut by_parent {
            let store = self.core.store();
            lone.growbots = store.unlinked_of(kind, Side::Growbots, *parent)?;
        }
        let mut pairs: Vec<Pair> = Vec::new();
        for mut lone in by_parent.into_values() {
            for side in Side::BOTH {
                lone.get_mut(side).sort_by_key(|linked| made(linked, side));
            }
            let paired = children_paired(kind, &lone);
            pairs.extend(self.named_elsewhere(kind, &lone.ghl, &paired)?);
            pairs.extend(paired);
        }
        for some in pairs.chunks(BATCH as usize) {
            self.core.keep_lease()?;
            self.join(some)?;
        }
        Ok(())
    }

    /// Pairs of children whose Growbots record names the GHL one, though it belongs to the lead of another contact: two
    /// contacts were merged in GHL, and that lead is still there. `paired` are those found under their own contact.
    fn named_elsewhere(
        &self,
        kind: Kind,
        lone: &[Linked],
        paired: &[Pair],
    ) -> Result<Vec<Pair>, EngineError> {
        let mut pairs = Vec::new();
        for linked in lone {
            let Some(ghl) = linked.ends.ghl.live() else {
                continue;
            };
            if paired.iter().any(|(one, ..)| *one == linked.id) {
                continue;
            }
            let by = Lookup::External(&ghl.id);
            let named = self.core.store().lookup(Side::Growbots, kind, by)?;
            let is_free = |link| !paired.iter().any(|(_, other, _)| *other == link);
            if let [one] = &named[..]
                && !one.linked
                && is_free(one.link)
            {
                pairs.push((linked.id, one.link, "external id"));
            }
        }
        Ok(pairs)
    }

    pub(super) fn join(&self, pairs: &[Pair]) -> Result<(), EngineError> {
        if pairs.is_empty() {
            return Ok(());
        }
        let pairs = self.without_lost_creates(pairs)?;
        Ok(self.core.store().join_all(self.fence, self.id, &pairs)?)
    }

    pub(super) fn each_batch(
        &self,
        kind: Kind,
        side: Side,
        mut each: impl FnMut(Vec<Linked>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut after = LinkId::default();
        loop {
            self.core.keep_lease()?;
            let batch = self.core.store().unlinked(kind, side, after, BATCH)?;
            let Some(last) = batch.last() else {
                return Ok(());
            };
            after = last.id;
            each(batch)?;
        }
    }

    /// Pairs contacts that only `side` has, a batch in one transaction.
    fn match_contacts(&self, side: Side) -> Result<(), EngineError> {
        self.each_batch(Kind::Contact, side, |batch| {
            let mut pairs: Vec<Pair> = Vec::new();
            let mut taken: BTreeSet<LinkId> = BTreeSet::new();
            for linked in &batch {
                let mut found = self.match_contact(side, linked, &taken)?;
                if matches!(found, Matched::AfterThese) {
                    // The store must know of the pairs found so far before this one can be judged.
                    self.join(&std::mem::take(&mut pairs))?;
                    taken.clear();
                    found = self.match_contact(side, linked, &taken)?;
                }
                if let Matched::Pair(pair) = found {
                    taken.extend([pair.0, pair.1]);
                    pairs.push(pair);
                }
            }
            self.join(&pairs)
        })
    }

    /// Judges one contact. `taken` are links of pairs that the store does not know of yet.
    fn match_contact(
        &self,
        side: Side,
        linked: &Linked,
        taken: &BTreeSet<LinkId>,
    ) -> Result<Matched, EngineError> {
        if taken.contains(&linked.id) {
            return Ok(Matched::Not);
        }
        // It may have been paired since the batch was read.
        let Some(linked) = self.core.store().linked(linked.id)? else {
            return Ok(Matched::Not);
        };
        let (Some(subject), None) = (
            linked.ends.get(side).live(),
            linked.ends.get(side.other()).last_seen(),
        ) else {
            return Ok(Matched::Not);
        };
        if self
            .verdict(linked.id)?
            .is_some_and(|verdict| verdict.is_separate())
        {
            return Ok(Matched::Not);
        }
        let (identity, near) = self.identify(side, subject)?;
        if near.iter().any(|found| taken.contains(&found.one.link)) {
            return Ok(Matched::AfterThese);
        }
        match identity {
            Identity::Pair(other) => {
                let found = near
                    .iter()
                    .find(|found| found.side == side.other() && found.one.id == other);
                let Some(found) = found else {
                    return Ok(Matched::Not);
                };
                // The other one's address may lead elsewhere: a pair is one that both name.
                let back = self.core.store().linked(found.one.link)?;
                let back = back
                    .as_ref()
                    .and_then(|back| back.ends.get(side.other()).live());
                let Some(back) = back else {
                    return Ok(Matched::Not);
                };
                let (named, near) = self.identify(side.other(), back)?;
                if near.iter().any(|found| taken.contains(&found.one.link)) {
                    return Ok(Matched::AfterThese);
                }
                if !matches!(named, Identity::Pair(id) if id == subject.id) {
                    return Ok(Matched::Not);
                }
                let why = why_paired(subject, &found.one, side);
                Ok(Matched::Pair(match side {
                    Side::Ghl => (linked.id, found.one.link, why),
                    Side::Growbots => (found.one.link, linked.id, why),
                }))
            }
            Identity::Several(ids) => {
                let mut candidates: Vec<model::Candidate> = Vec::new();
                for found in near
                    .iter()
                    .filter(|found| found.side == side.other() && ids.contains(&found.one.id))
                {
                    if !candidates
                        .iter()
                        .any(|candidate| candidate.id == found.one.id)
                    {
                        candidates.push(candidate_of(found.side, &found.one));
                    }
                }
                self.open_conflict(linked.id, Reason::AmbiguousMatch, &candidates, None)?;
                Ok(Matched::Not)
            }
            Identity::None => Ok(Matched::Not),
        }
    }

    /// Whom the rules pair a contact with, and all records that were looked at.
    fn identify(
        &self,
        side: Side,
        subject: &Snapshot,
    ) -> Result<(Identity, Vec<Found>), EngineError> {
        let store = self.core.store();
        let mut found: Vec<Found> = Vec::new();
        let by_external = match side {
            Side::Ghl => {
                store.lookup(Side::Growbots, Kind::Contact, Lookup::External(&subject.id))?
            }
            Side::Growbots => match &subject.external_id {
                Some(id) => store.lookup(Side::Ghl, Kind::Contact, Lookup::Id(id))?,
                None => Vec::new(),
            },
        };
        found.extend(by_external.into_iter().map(|one| Found {
            side: side.other(),
            by: By::External,
            one,
        }));
        let email = subject.record.text(&FieldName::Email);
        let phone = subject.record.text(&FieldName::Phone);
        for on in Side::BOTH {
            if !email.is_empty() {
                let same = store.lookup(on, Kind::Contact, Lookup::Email(email))?;
                found.extend(same.into_iter().map(|one| Found {
                    side: on,
                    by: By::Email,
                    one,
                }));
            }
            if !phone.is_empty() {
                let same = store.lookup(on, Kind::Contact, Lookup::Phone(phone))?;
                found.extend(same.into_iter().map(|one| Found {
                    side: on,
                    by: By::Phone,
                    one,
                }));
            }
        }
        // Parted by an operator: they are not each other's pair, whatever they have in common.
        let mut parted = Vec::new();
        for one in found.iter().filter(|one| one.side == side.other()) {
            let (ghl, growbots) = match side {
                Side::Ghl => (&subject.id, &one.one.id),
                Side::Growbots => (&one.one.id, &subject.id),
            };
            if store.parted(Kind::Contact, ghl, growbots)?.is_some() {
                parted.push(one.one.id.clone());
            }
        }
        found.retain(|one| one.side == side || !parted.contains(&one.one.id));
        let pick = |by: By, on: Option<Side>| -> Vec<Candidate<'_>> {
            let picked = found
                .iter()
                .filter(|found| found.by == by && on.is_none_or(|on| on == found.side));
            picked.map(|found| candidate(&found.one)).collect()
        };
        let near = Near {
            external: pick(By::External, None),
            same_email: BySide::from_fn(|on| pick(By::Email, Some(on))),
            same_phone: BySide::from_fn(|on| pick(By::Phone, Some(on))),
        };
        let subject = Candidate {
            id: &subject.id,
            external_id: subject.external_id.as_ref(),
            record: &subject.record,
            linked: false,
        };
        let identity = identity::match_contact(side, &subject, &near);
        drop(near);
        Ok((identity, found))
    }

    /// A side refused a create because `holder` has the address: the rules pair the two, or an operator does.
    pub(super) fn refused_as_duplicate(
        &self,
        link: LinkId,
        side: Side,
        holder: &RecordId,
    ) -> Result<(), EngineError> {
        let Some(linked) = self.core.store().linked(link)? else {
            return Ok(());
        };
        let Some(subject) = linked.ends.get(side.other()).live() else {
            return Ok(());
        };
        let found = self
            .core
            .store()
            .lookup(side, Kind::Contact, Lookup::Id(holder))?;
        let Some(holder) = found.into_iter().next() else {
            return Ok(());
        };
        if !holder.linked
            && let (Identity::Pair(id), _) = self.identify(side.other(), subject)?
            && id == holder.id
        {
            let links = match side {
                Side::Ghl => (holder.link, link),
                Side::Growbots => (link, holder.link),
            };
            self.core.store().join(
                self.fence,
                self.id,
                links.0,
                links.1,
                "the side says that it is there",
            )?;
            return Ok(());
        }
        self.open_conflict(
            link,
            Reason::Duplicate,
            &[candidate_of(side, &holder)],
            None,
        )?;
        Ok(())
    }

    /// A side refused an update because `holder` has the value: an operator decides about that field only.
    pub(super) fn open_taken(
        &self,
        linked: &Linked,
        side: Side,
        field: &FieldName,
        holder: &RecordId,
    ) -> Result<(), EngineError> {
        let found = self
            .core
            .store()
            .lookup(side, linked.kind, Lookup::Id(holder))?;
        let Some(holder) = found.first() else {
            return Ok(());
        };
        let now = values(linked, field);
        let field = ConflictField {
            field: field.clone(),
            base: linked
                .base
                .as_ref()
                .and_then(|base| base.get(field).cloned()),
            ghl: now.ghl,
            growbots: now.growbots,
            newer: None,
        };
        let holder = candidate_of(side, holder);
        Ok(self
            .core
            .store()
            .open_taken(self.fence, self.id, linked.id, &field, &holder)?)
    }

    pub(super) fn open_conflict(
        &self,
        link: LinkId,
        reason: Reason,
        candidates: &[model::Candidate],
        gone: Option<Side>,
    ) -> Result<ConflictId, EngineError> {
        Ok(self
            .core
            .store()
            .open_conflict(self.fence, self.id, link, reason, candidates, gone)?)
    }

    pub(super) fn verdict(&self, link: LinkId) -> Result<Option<Verdict>, EngineError> {
        Ok(self.core.note(&Verdict::name(link))?)
    }
}

/// GHL's link, Growbots' link, and why they are the same.
pub(super) type Pair = (LinkId, LinkId, &'static str);

/// What the rules say of one contact.
enum Matched {
    Pair(Pair),
    /// Only when the pairs found before it are stored.
    AfterThese,
    Not,
}

/// The pairs among one contact's lone children.
fn children_paired(kind: Kind, lone: &BySide<Vec<Linked>>) -> Vec<Pair> {
    let ghl = candidates(&lone.ghl, Side::Ghl);
    let growbots = candidates(&lone.growbots, Side::Growbots);
    let pairs = match kind {
        Kind::Task => identity::match_tasks(&ghl, &growbots),
        Kind::Note => identity::match_notes(&ghl, &growbots),
        _ => identity::match_appointments(&ghl, &growbots),
    };
    let link = |side: Side, id: &RecordId| {
        let found = lone
            .get(side)
            .iter()
            .find(|linked| end_id(linked, side) == Some(id));
        found.map(|linked| linked.id)
    };
    let links = pairs.iter().filter_map(|(ghl, growbots)| {
        Some((
            link(Side::Ghl, ghl)?,
            link(Side::Growbots, growbots)?,
            "equal content",
        ))
    });
    links.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    External,
    Email,
    Phone,
}

struct Found {
    side: Side,
    by: By,
    one: Match,
}

fn candidate(one: &Match) -> Candidate<'_> {
    Candidate {
        id: &one.id,
        external_id: one.external_id.as_ref(),
        record: &one.record,
        linked: one.linked,
    }
}

fn candidate_of(side: Side, one: &Match) -> model::Candidate {
    model::Candidate {
        side,
        id: one.id.clone(),
        title: one.record.title(Kind::Contact),
        link: Some(one.link),
    }
}

fn candidates(lone: &[Linked], side: Side) -> Vec<Candidate<'_>> {
    let live = lone
        .iter()
        .filter_map(|linked| linked.ends.get(side).live());
    live.map(|snapshot| Candidate {
        id: &snapshot.id,
        external_id: snapshot.external_id.as_ref(),
        record: &snapshot.record,
        linked: false,
    })
    .collect()
}

fn end_id(linked: &Linked, side: Side) -> Option<&RecordId> {
    linked.ends.get(side).live().map(|snapshot| &snapshot.id)
}

/// Order of creation: by time where it is known, else by when we first met it.
fn made(linked: &Linked, side: Side) -> (i64, LinkId) {
    let at = linked
        .ends
        .get(side)
        .live()
        .and_then(|snapshot| snapshot.created_at);
    (at.map_or(i64::MAX, |at| at.0), linked.id)
}

/// Why two contacts are the same, for the log.
fn why_paired(subject: &Snapshot, other: &Match, side: Side) -> &'static str {
    let external = match side {
        Side::Ghl => other.external_id.as_ref() == Some(&subject.id),
        Side::Growbots => subject.external_id.as_ref() == Some(&other.id),
    };
    let same = |field| {
        let (ours, theirs) = (subject.record.text(field), other.record.text(field));
        !ours.is_empty() && ours == theirs
    };
    if external {
        "external id"
    } else if same(&FieldName::Email) {
        "same e-mail, unique on both sides"
    } else {
        "same phone, unique on both sides"
    }
}
