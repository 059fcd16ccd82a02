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
/// Only right after a full pull of both. A pair by phone holds only if the answer for the other record, asked from
/// its side, is this one: its e-mail may lead elsewhere, and an e-mail goes before a phone.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merge::support::record;

    /// A record of a table: id, external id, last name, e-mail, phone, linked.
    #[derive(Debug)]
    struct Row {
        id: RecordId,
        external_id: Option<RecordId>,
        record: Record,
        linked: bool,
    }

    impl Row {
        fn candidate(&self) -> Candidate<'_> {
            Candidate {
                id: &self.id,
                external_id: self.external_id.as_ref(),
                record: &self.record,
                linked: self.linked,
            }
        }
    }

    /// `id last_name email phone`, `-` for empty, a `!` behind the id for linked, `=g1` behind it for an external id.
    fn row(text: &str) -> Row {
        let words: Vec<&str> = text
            .split(' ')
            .map(|word| if word == "-" { "" } else { word })
            .collect();
        let [id, last_name, email, phone] = words[..] else {
            panic!("{text}")
        };
        let (id, external_id) = id
            .split_once('=')
            .map_or((id, None), |(id, of)| (id, Some(of.into())));
        Row {
            id: id.trim_end_matches('!').into(),
            external_id,
            record: record(&[("last_name", last_name), ("email", email), ("phone", phone)]),
            linked: id.ends_with('!'),
        }
    }

    /// Matches the first record of `side` against all of both.
    fn found(side: Side, all: &BySide<Vec<Row>>) -> Identity {
        let subject = all.get(side)[0].candidate();
        let with_key = |field: FieldName| {
            all.as_ref().map(|rows| {
                let key = subject.record.text(&field);
                rows.iter()
                    .map(Row::candidate)
                    .filter(|other| !key.is_empty() && other.record.text(&field) == key)
                    .collect()
            })
        };
        let near = Near {
            external: all.get(side.other()).iter().map(Row::candidate).collect(),
            same_email: with_key(FieldName::Email),
            same_phone: with_key(FieldName::Phone),
        };
        match_contact(side, &subject, &near)
    }

    #[test]
    fn a_contact_pairs_by_what_is_unique_on_both_sides() {
        let pair = |id: &str| Identity::Pair(id.into());
        let several = |ids: &[&str]| Identity::Several(ids.iter().map(|id| (*id).into()).collect());
        for (ghl, growbots, want) in [
            (vec!["g1 lee a@x 1"], vec![], Identity::None),
            (vec!["g1 lee a@x 1"], vec!["w1=g1 ray b@x 2"], pair("w1")),
            (
                vec!["g1 lee a@x 1"],
                vec!["w1=g9 ray b@x 2"],
                Identity::None,
            ),
            (
                vec!["g1 lee a@x 1"],
                vec!["w1=g1! ray b@x 2"],
                Identity::None,
            ),
            // the external id goes before the e-mail
            (
                vec!["g1 lee a@x 1"],
                vec!["w1 lee a@x 1", "w2=g1 ray b@x 2"],
                pair("w2"),
            ),
            // e-mail
            (vec!["g1 lee a@x -"], vec!["w1 ray a@x -"], pair("w1")),
            (
                vec!["g1 lee a@x -"],
                vec!["w1 ray a@x -", "w2 lee a@x -"],
                several(&["w1", "w2"]),
            ),
            (
                vec!["g1 lee a@x -", "g2 lee a@x -"],
                vec!["w1 lee a@x -"],
                several(&["w1"]),
            ),
            (
                vec!["g1 lee a@x -", "g2! lee a@x -"],
                vec!["w1! lee a@x -"],
                Identity::None,
            ),
            // phone
            (vec!["g1 lee - 1"], vec!["w1 lee - 1"], pair("w1")),
            (vec!["g1 lee - 1"], vec!["w1 Lee - 1"], pair("w1")),
            (vec!["g1 lee - 1"], vec!["w1 - - 1"], pair("w1")),
            (vec!["g1 lee - 1"], vec!["w1 ray - 1"], Identity::None),
            (vec!["g1 lee a@x 1"], vec!["w1 lee - 1"], pair("w1")),
            (vec!["g1 lee a@x 1"], vec!["w1 lee b@x 1"], Identity::None),
            (
                vec!["g1 lee - 1"],
                vec!["w1 lee - 1", "w2 lee - 1"],
                several(&["w1", "w2"]),
            ),
            // a household: unique only by name, so nobody guesses
            (
                vec!["g1 lee - 1"],
                vec!["w1 lee - 1", "w2 ray - 1"],
                several(&["w1"]),
            ),
            (
                vec!["g1 lee - 1", "g2! lee - 1"],
                vec!["w1! lee - 1", "w2 lee - 1"],
                several(&["w2"]),
            ),
            // no key at all
            (vec!["g1 lee - -"], vec!["w1 lee - -"], Identity::None),
        ] {
            let line = format!("{ghl:?} {growbots:?}");
            let all = BySide {
                ghl: ghl.into_iter().map(row).collect(),
                growbots: growbots.into_iter().map(row).collect(),
            };
            assert_eq!(found(Side::Ghl, &all), want, "{line}");
        }
    }

    fn rows(prefix: &'static str) -> impl Strategy<Value = Vec<Row>> {
        let one = (0..3u8, 0..3u8, 0..3u8, any::<bool>());
        proptest::collection::vec(one, 1..4).prop_map(move |rows| {
            let word = |n: u8| ["-", "a", "b"][usize::from(n)];
            let row = |(at, (name, email, phone, linked)): (usize, (u8, u8, u8, bool))| {
                let mark = if linked && at > 0 { "!" } else { "" };
                row(&format!(
                    "{prefix}{at}{mark} {} {} {}",
                    word(name),
                    word(email),
                    word(phone)
                ))
            };
            rows.into_iter().enumerate().map(row).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..Default::default() })]
        #[test]
        fn a_pair_is_one_from_either_side(ghl in rows("g"), growbots in rows("w")) {
            let mut all = BySide { ghl, growbots };
            let Identity::Pair(id) = found(Side::Ghl, &all) else { return Ok(()) };
            let at = all.growbots.iter().position(|row| row.id == id).unwrap();
            all.growbots.swap(0, at);
            let back = found(Side::Growbots, &all);
            // Where they were paired by phone, the e-mail of the other may lead elsewhere.
            let email = all.growbots[0].record.text(&FieldName::Email);
            let leads_elsewhere = !email.is_empty()
                && all.ghl.iter().skip(1).any(|row| row.record.text(&FieldName::Email) == email);
            prop_assert!(leads_elsewhere || back == Identity::Pair(all.ghl[0].id.clone()), "{:?}", back);
        }
    }

    #[test]
    fn children_pair_one_to_one_in_order_of_creation() {
        let child = |text: &str| {
            let (id, title) = text.split_once(' ').unwrap();
            Row {
                record: record(&[("title", title)]),
                ..row(&format!("{id} - - -"))
            }
        };
        for (ghl, growbots, want) in [
            (vec!["g1 Call"], vec!["w1 Call"], "g1-w1"),
            (vec!["g1 Call"], vec!["w1 Write"], ""),
            (vec!["g1 Call", "g2 Call"], vec!["w1 Call"], "g1-w1"),
            (
                vec!["g1 Call", "g2 Call"],
                vec!["w1 Call", "w2 Call"],
                "g1-w1 g2-w2",
            ),
            (
                vec!["g1 Call", "g2 Call"],
                vec!["w1=g2 Call", "w2 Call"],
                "g2-w1 g1-w2",
            ),
            (vec!["g1 Call"], vec!["w1 Call", "w2=g1 Write"], "g1-w2"),
            (
                vec!["g1! Call", "g2 Call"],
                vec!["w1! Call", "w2 Call"],
                "g2-w2",
            ),
        ] {
            let line = format!("{ghl:?} {growbots:?}");
            let [ghl, growbots]: [Vec<Row>; 2] =
                [ghl, growbots].map(|all| all.into_iter().map(child).collect());
            let ghl: Vec<_> = ghl.iter().map(Row::candidate).collect();
            let growbots: Vec<_> = growbots.iter().map(Row::candidate).collect();
            for pairs in [
                match_tasks(&ghl, &growbots),
                match_appointments(&ghl, &growbots),
            ] {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(one, other)| format!("{one}-{other}"))
                    .collect();
                assert_eq!(pairs.join(" "), want, "{line}");
            }
        }
    }

    #[test]
    fn a_due_second_and_a_body_tell_children_apart() {
        let task = |id: &str, due: &str| Row {
            record: record(&[("title", "Call"), ("due_at", due)]),
            ..row(&format!("{id} - - -"))
        };
        let (ghl, other) = (
            task("g1", "2026-03-01T09:00:00Z"),
            task("w1", "2026-03-01T09:00:01Z"),
        );
        assert_eq!(match_tasks(&[ghl.candidate()], &[other.candidate()]), []);
        let note = |id: &str, body: &str| Row {
            record: record(&[("body", body)]),
            ..row(&format!("{id} - - -"))
        };
        let (one, same, other) = (note("g1", "hello"), note("w1", "hello"), note("w2", "bye"));
        let pairs = match_notes(&[one.candidate()], &[other.candidate(), same.candidate()]);
        assert_eq!(pairs, [(one.id.clone(), same.id.clone())]);
    }
}
