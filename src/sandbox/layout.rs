//! Who has what in the seeded world, and in which order: arithmetic instead of a list of a million records.
//!
//! People come in hundreds that are all alike: eight of ten stand on both sides, and the same places of each hundred
//! have tasks, notes and appointments. So the `ordinal` of a record among those of its kind and side tells whose it
//! is, and back.

use std::ops::Range;

use fastrand::Rng;

use crate::model::{BySide, Kind, Side};

const HUNDRED: u32 = 100;

/// A record of a hundred people, on one side.
#[derive(Clone, Copy, Debug)]
struct Slot {
    kind: Kind,
    /// Which of the hundred.
    person: u32,
    /// Which of the person's records of this kind.
    nth: u32,
    /// Which of the hundred's records of this kind.
    of_kind: u32,
}

/// Whose record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub person: u32,
    /// Which of the person's records of this kind.
    pub nth: u32,
    /// Which of all seeded records of the side, whatever the kind.
    pub seq: u64,
}

/// What a side has of a hundred people.
#[derive(Debug, Default)]
struct Hundred {
    slots: Vec<Slot>,
    /// Where in `slots` the records of a kind are.
    by_kind: [Vec<usize>; Kind::ALL.len()],
}

/// The whole world.
#[derive(Debug)]
pub struct Layout {
    people: u32,
    sides: BySide<Hundred>,
}

/// Whether a side has a person: of ten, the ninth is on GHL only, and the last on Growbots only.
pub const fn is_on(side: Side, person: u32) -> bool {
    match side {
        Side::Ghl => person % 10 != 9,
        Side::Growbots => person % 10 != 8,
    }
}

impl Layout {
    /// A world of so many people.
    pub fn new(rng: &mut Rng, people: u32) -> Self {
        let mut having = |counts: &[(usize, u32)]| {
            let each = counts
                .iter()
                .flat_map(|(people, records)| std::iter::repeat_n(*records, *people));
            let mut all: Vec<u32> = each.collect();
            all.resize(HUNDRED as usize, 0);
            rng.shuffle(&mut all);
            all
        };
        let (tasks, notes) = (having(&[(30, 1), (10, 2)]), having(&[(30, 1)]));
        let appointments = having(&[(6, 1)]);
        let sides = BySide::from_fn(|side| {
            let mut hundred = Hundred::default();
            for person in (0..HUNDRED).filter(|person| is_on(side, *person)) {
                for kind in Kind::ALL {
                    let records = match kind {
                        Kind::Contact => 1,
                        Kind::Task => tasks[person as usize],
                        Kind::Note => notes[person as usize],
                        Kind::Appointment if side == Side::Ghl => appointments[person as usize],
                        Kind::Appointment | Kind::Business => 0,
                    };
                    for nth in 0..records {
                        hundred.push(kind, person, nth);
                    }
                }
            }
            hundred
        });
        Self { people, sides }
    }

    /// How many people there are.
    pub const fn people(&self) -> u32 {
        self.people
    }

    /// How many records of a kind a side has.
    pub fn count(&self, side: Side, kind: Kind) -> u32 {
        let hundred = self.sides.get(side);
        let whole = self.people / HUNDRED * hundred.of(kind).len() as u32;
        whole + hundred.before(kind, self.people % HUNDRED)
    }

    /// How many records a side has.
    pub fn total(&self, side: Side) -> u64 {
        let each = Kind::ALL.map(|kind| u64::from(self.count(side, kind)));
        each.iter().sum()
    }

    /// Whose record the `ordinal`-th of a kind is.
    pub fn spot(&self, side: Side, kind: Kind, ordinal: u32) -> Spot {
        let hundred = self.sides.get(side);
        let of_kind = hundred.of(kind);
        let (block, at) = (
            ordinal / of_kind.len() as u32,
            ordinal % of_kind.len() as u32,
        );
        let at = of_kind[at as usize];
        let slot = hundred.slots[at];
        Spot {
            person: block * HUNDRED + slot.person,
            nth: slot.nth,
            seq: u64::from(block) * hundred.slots.len() as u64 + at as u64,
        }
    }

    /// The ordinals of a person's records of a kind.
    pub fn records_of(&self, side: Side, kind: Kind, person: u32) -> Range<u32> {
        if person >= self.people {
            return 0..0;
        }
        let hundred = self.sides.get(side);
        let whole = person / HUNDRED * hundred.of(kind).len() as u32;
        let first = hundred.before(kind, person % HUNDRED);
        whole + first..whole + hundred.before(kind, person % HUNDRED + 1)
    }

    /// The kind and ordinal of the `seq`-th record of a side.
    pub fn at_seq(&self, side: Side, seq: u64) -> (Kind, u32) {
        let hundred = self.sides.get(side);
        let (block, at) = (
            seq / hundred.slots.len() as u64,
            seq % hundred.slots.len() as u64,
        );
        let slot = hundred.slots[at as usize];
        let whole = block as u32 * hundred.of(slot.kind).len() as u32;
        (slot.kind, whole + slot.of_kind)
    }
}

impl Hundred {
    fn push(&mut self, kind: Kind, person: u32, nth: u32) {
        let of_kind = &mut self.by_kind[kind as usize];
        let slot = Slot {
            kind,
            person,
            nth,
            of_kind: of_kind.len() as u32,
        };
        of_kind.push(self.slots.len());
        self.slots.push(slot);
    }

    fn of(&self, kind: Kind) -> &[usize] {
        &self.by_kind[kind as usize]
    }

    /// How many records of a kind come before a person's.
    fn before(&self, kind: Kind, person: u32) -> u32 {
        let is_before = |at: &usize| self.slots[*at].person < person;
        self.of(kind).partition_point(is_before) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..Default::default() })]
        #[test]
        fn every_record_is_found_by_its_person_and_by_its_place_in_the_order(seed: u64, people in 0_u32..450) {
            let layout = Layout::new(&mut Rng::with_seed(seed), people);
            for side in Side::BOTH {
                let mut seqs = Vec::new();
                for kind in Kind::ALL {
                    let mut next = 0;
                    for person in 0..people {
                        let ordinals = layout.records_of(side, kind, person);
                        prop_assert_eq!(ordinals.start, next);
                        next = ordinals.end;
                        for (nth, ordinal) in ordinals.enumerate() {
                            let spot = layout.spot(side, kind, ordinal);
                            prop_assert_eq!((spot.person, spot.nth), (person, nth as u32));
                            prop_assert_eq!(layout.at_seq(side, spot.seq), (kind, ordinal));
                            seqs.push(spot.seq);
                        }
                    }
                    prop_assert_eq!(layout.count(side, kind), next);
                    prop_assert!(layout.records_of(side, kind, people).is_empty());
                }
                seqs.sort_unstable();
                prop_assert!(seqs.into_iter().eq(0..layout.total(side)));
            }
        }
    }
}
