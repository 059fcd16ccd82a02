//! Which records of the two sides are the same thing.

use crate::model::{BySide, FieldName, Record, RecordId, Side};

/// A live record that might be half of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its id on its side.
    pub id: &'a RecordId,
    /// On Growbots: the GHL id in `external_ids.ghl`.
    pub external_id: Option<&'a RecordId>,
    /// Its fields in canonical form.
    pub record: &'a Record,
    /// Whether it is half of a pair already.
    pub linked: bool,
}

/// The records that share a key with a contact. The contact itself is among those of its own side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Near<'a> {
    /// Records of the other side that the external id names.
    pub external: Vec<Candidate<'a>>,
    /// All live records of each side with its e-mail.
    pub same_email: BySide<Vec<Candidate<'a>>>,
    /// All live records of each side with its phone.
    pub same_phone: BySide<Vec<Candidate<'a>>>,
}

/// What a contact was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The same as that record of the other side.
    Pair(RecordId),
    /// Maybe the same as one of those of the other side; an operator must say.
    Several(Vec<RecordId>),
    /// Nothing that the other side has.
    None,
}

/// Finds the pair of an unlinked contact of `side`: by external id; by an e-mail that is unique on both sides; by a
/// phone that is unique on both sides, if the last names are equal or one is empty, and the e-mails are not both
/// present and different. A record that is linked already never pairs, but counts against uniqueness.
///
/// The answer is the same from either side. Only right after a full pull of both.
pub fn match_contact(side: Side, subject: &Candidate<'_>, near: &Near<'_>) -> Identity {
    let named: Vec<_> = near
        .external
        .iter()
        .filter(|other| !other.linked && names(side, subject, other))
        .collect();
    if !named.is_empty() {
        return identity(&named, true);
    }
    let email = |other: &Candidate<'_>| same_email(subject.record, other.record);
    let phone = |other: &Candidate<'_>| may_share_phone(subject.record, other.record);
    match by_key(side, &near.same_email, email) {
        Identity::None => by_key(side, &near.same_phone, phone),
        found => found,
    }
}

/// Whether the external id of the Growbots record names the GHL record.
fn names(side: Side, subject: &Candidate<'_>, other: &Candidate<'_>) -> bool {
    match side {
        Side::Ghl => other.external_id == Some(subject.id),
        Side::Growbots => subject.external_id == Some(other.id),
    }
}

fn by_key(
    side: Side,
    same: &BySide<Vec<Candidate<'_>>>,
    fits: impl Fn(&Candidate<'_>) -> bool,
) -> Identity {
    let fitting: Vec<_> = same
        .get(side.other())
        .iter()
        .filter(|other| !other.linked && fits(other))
        .collect();
    identity(&fitting, same.ghl.len() <= 1 && same.growbots.len() <= 1)
}

fn identity(found: &[&Candidate<'_>], is_unique: bool) -> Identity {
    match found {
        [] => Identity::None,
        [one] if is_unique => Identity::Pair(one.id.clone()),
        several => Identity::Several(several.iter().map(|other| other.id.clone()).collect()),
    }
}

fn same_email(one: &Record, other: &Record) -> bool {
    let email = one.text(&FieldName::Email);
    !email.is_empty() && email == other.text(&FieldName::Email)
}

fn may_share_phone(one: &Record, other: &Record) -> bool {
    let phone = one.text(&FieldName::Phone);
    let agree = |field: &FieldName| {
        let (one, other) = (one.text(field), other.text(field));
        one.is_empty() || other.is_empty() || one.to_lowercase() == other.to_lowercase()
    };
    !phone.is_empty()
        && phone == other.text(&FieldName::Phone)
        && agree(&FieldName::LastName)
        && agree(&FieldName::Email)
}

/// Pairs the unlinked tasks of one contact: by external id, else by equal title and due second, one to one in the
/// order given, which is that of creation.
pub fn match_tasks(ghl: &[Candidate<'_>], growbots: &[Candidate<'_>]) -> Vec<(RecordId, RecordId)> {
    match_children(ghl, growbots, |one, other| {
        one.text(&FieldName::Title) == other.text(&FieldName::Title)
            && one.time(&FieldName::DueAt) == other.time(&FieldName::DueAt)
    })
}

/// Pairs the unlinked notes of one contact: by external id, else by equal body, as [`match_tasks`] does.
pub fn match_notes(ghl: &[Candidate<'_>], growbots: &[Candidate<'_>]) -> Vec<(RecordId, RecordId)> {
    match_children(ghl, growbots, |one, other| {
        one.text(&FieldName::Body) == other.text(&FieldName::Body)
    })
}

/// Pairs the unlinked appointments of one contact: by external id, else by equal start and title, as
/// [`match_tasks`] does.
pub fn match_appointments(
    ghl: &[Candidate<'_>],
    growbots: &[Candidate<'_>],
) -> Vec<(RecordId, RecordId)> {
    match_children(ghl, growbots, |one, other| {
        one.time(&FieldName::StartsAt) == other.time(&FieldName::StartsAt)
            && one.text(&FieldName::Title) == other.text(&FieldName::Title)
    })
}

fn match_children(
    ghl: &[Candidate<'_>],
    growbots: &[Candidate<'_>],
    equal: impl Fn(&Record, &Record) -> bool,
) -> Vec<(RecordId, RecordId)> {
    let unlinked = |all: &[Candidate<'_>]| all.iter().filter(|one| !one.linked).count();
    let mut pairs = Vec::with_capacity(unlinked(ghl).min(unlinked(growbots)));
    let mut free_ghl: Vec<_> = ghl.iter().filter(|one| !one.linked).collect();
    let mut free: Vec<_> = growbots.iter().filter(|one| !one.linked).collect();
    let by_id = |one: &Candidate<'_>, other: &Candidate<'_>| other.external_id == Some(one.id);
    let by_content = |one: &Candidate<'_>, other: &Candidate<'_>| equal(one.record, other.record);
    for rule in [&by_id as &dyn Fn(&_, &_) -> bool, &by_content] {
        free_ghl.retain(|one| match free.iter().position(|other| rule(one, other)) {
            Some(at) => {
                let other = free.remove(at);
                pairs.push((one.id.clone(), other.id.clone()));
                false
            }
            None => true,
        });
    }
    pairs
}
