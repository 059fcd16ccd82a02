//! The world as it begins: ids, times and order of every record of the seed, each worked out when it is asked for.
//! Nothing is kept, so a million people take no room and no time to make.

use fastrand::Rng;

use super::{
    growbots,
    ids::{Cipher, mix},
    layout::{self, Layout, Spot},
    mark::Mark,
    person::Person,
    place::Place,
};
use crate::model::{BySide, Kind, Millis, Side};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// When records were made, and when they were last changed, in days before the start.
const MADE_DAYS: (i64, i64) = (240, 31);
const CHANGED_DAYS: (i64, i64) = (30, 1);

/// One of the two times of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// When it was made.
    Added,
    /// When it was last changed.
    Updated,
}

impl Stamp {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Added, Self::Updated];

    /// The wire name of the time.
    pub const fn field(self, side: Side, kind: Kind) -> &'static str {
        match (side, kind, self) {
            (Side::Growbots, _, Self::Added) => "created_at",
            (Side::Growbots, _, Self::Updated) => "updated_at",
            (Side::Ghl, Kind::Business, Self::Added) => "createdAt",
            (Side::Ghl, Kind::Business, Self::Updated) => "updatedAt",
            (Side::Ghl, _, Self::Added) => "dateAdded",
            (Side::Ghl, _, Self::Updated) => "dateUpdated",
        }
    }
}

/// Everything that the seed says. Of each kind on each side the records are counted by ordinals.
#[derive(Debug)]
pub struct Origin {
    pub(super) seed: u64,
    pub(super) start: Millis,
    pub(super) place: Place,
    /// The ids of GHL's businesses.
    pub(super) businesses: Vec<String>,
    layout: Layout,
    ciphers: BySide<Cipher>,
    orders: BySide<[Shuffle; Kind::ALL.len()]>,
}

impl Origin {
    /// So many people at a moment.
    pub fn new(
        seed: u64,
        people: u32,
        start: Millis,
        place: Place,
        businesses: Vec<String>,
    ) -> Self {
        let layout = Layout::new(&mut Rng::with_seed(mix(seed)), people);
        let orders = BySide::from_fn(|side| {
            Kind::ALL.map(|kind| Shuffle::new(layout.count(side, kind), mix(seed ^ kind as u64)))
        });
        Self {
            seed,
            start,
            place,
            businesses,
            layout,
            ciphers: BySide::from_fn(|side| Cipher::new(mix(seed ^ 0x1d << (side as u8)))),
            orders,
        }
    }

    /// How many records there are.
    pub fn count(&self, side: Side, kind: Kind) -> u32 {
        self.layout.count(side, kind)
    }

    /// Whose record it is.
    pub fn spot(&self, side: Side, kind: Kind, ordinal: u32) -> Spot {
        self.layout.spot(side, kind, ordinal)
    }

    /// Randomness that is the same each time for a person and what it is for.
    pub(super) const fn seed_for(&self, person: u32, purpose: u32) -> u64 {
        mix(self.seed ^ mix((person as u64) << 8 | purpose as u64))
    }

    /// The id of a record.
    pub fn id(&self, side: Side, kind: Kind, ordinal: u32) -> String {
        let number = (kind as u64) << 32 | u64::from(ordinal);
        match side {
            Side::Ghl => self.ciphers.ghl.alphanumeric(number),
            Side::Growbots => {
                let at = self.time(side, kind, Stamp::Added, ordinal);
                let prefix = growbots::rules::prefix(kind);
                self.ciphers.growbots.ulid(prefix, at, number)
            }
        }
    }

    /// Which record has an id; `None` if it is not of the seed.
    pub fn ordinal(&self, side: Side, kind: Kind, id: &str) -> Option<u32> {
        let number = match side {
            Side::Ghl => self.ciphers.ghl.number_of_alphanumeric(id),
            Side::Growbots => self.ciphers.growbots.number_of_ulid(id),
        }?;
        let ordinal = number as u32;
        let is_one = number >> 32 == kind as u64 && ordinal < self.count(side, kind);
        (is_one && self.id(side, kind, ordinal) == id).then_some(ordinal)
    }

    /// The id of a person's contact on a side.
    pub fn contact_of(&self, side: Side, person: u32) -> Option<String> {
        let mut ordinals = self.layout.records_of(side, Kind::Contact, person);
        Some(self.id(side, Kind::Contact, ordinals.next()?))
    }

    /// The contact that a child belongs to.
    pub fn parent(&self, side: Side, kind: Kind, ordinal: u32) -> String {
        let person = self.spot(side, kind, ordinal).person;
        self.contact_of(side, person).unwrap_or_default()
    }

    /// The children of a contact.
    pub fn children(&self, side: Side, kind: Kind, parent: &str) -> impl Iterator<Item = u32> {
        let contact = self.ordinal(side, Kind::Contact, parent);
        let person = contact.map(|ordinal| self.spot(side, Kind::Contact, ordinal).person);
        person
            .into_iter()
            .flat_map(move |person| self.layout.records_of(side, kind, person))
    }

    /// The records that can have a mark, and all that have it.
    pub fn candidates(&self, side: Side, kind: Kind, mark: &Mark) -> Vec<u32> {
        if kind != Kind::Contact {
            return Vec::new();
        }
        let people: Vec<u32> = match (side, mark) {
            (_, Mark::Email(email)) => {
                let number = Person::number_of_email(email);
                number.and_then(|n| n.checked_sub(1)).into_iter().collect()
            }
            (_, Mark::Phone(phone)) => Person::numbers_of_phone(phone)
                .filter_map(|number| number.checked_sub(1))
                // the second is who may share it, see the seed
                .flat_map(|person| [Some(person), person.checked_add(10)])
                .flatten()
                .collect(),
            (Side::Growbots, Mark::External(system, id)) if system == "ghl" => {
                let twin = self.ordinal(Side::Ghl, Kind::Contact, id);
                twin.map(|ordinal| self.spot(Side::Ghl, Kind::Contact, ordinal).person)
                    .into_iter()
                    .collect()
            }
            (Side::Ghl, Mark::Business(id)) => {
                let at = self.businesses.iter().position(|own| own == id);
                let step = 10 * self.businesses.len();
                at.into_iter()
                    .flat_map(|at| (10 * at as u32 + 8..self.layout.people()).step_by(step))
                    .collect()
            }
            _ => Vec::new(),
        };
        people
            .into_iter()
            .flat_map(|person| self.layout.records_of(side, kind, person))
            .collect()
    }

    /// The business of somebody who is on GHL only.
    pub fn business_of(&self, person: u32) -> Option<&str> {
        let is_lone = !layout::is_on(Side::Growbots, person);
        let at = person as usize / 10 % self.businesses.len().max(1);
        self.businesses
            .get(at)
            .filter(|_| is_lone)
            .map(String::as_str)
    }

    /// A time of a record. GHL's records were made, and Growbots' changed, in the order of the layout; the other
    /// time of each has an order of its own.
    pub fn time(&self, side: Side, kind: Kind, stamp: Stamp, ordinal: u32) -> Millis {
        let rank = match (side, stamp) {
            (Side::Ghl, Stamp::Added) | (Side::Growbots, Stamp::Updated) => {
                return self.time_in_layout(side, self.spot(side, kind, ordinal).seq);
            }
            _ => self.order(side, kind).there(ordinal),
        };
        let count = self.count(side, kind);
        let salt = self.seed ^ (side as u64) << 40 ^ (kind as u64) << 36;
        self.spread(stamp, u64::from(rank), u64::from(count), salt)
    }

    fn time_in_layout(&self, side: Side, seq: u64) -> Millis {
        let stamp = match side {
            Side::Ghl => Stamp::Added,
            Side::Growbots => Stamp::Updated,
        };
        self.spread(stamp, seq, self.layout.total(side), !self.seed)
    }

    /// The `rank`-th of so many moments, later with each, and none like another.
    const fn spread(&self, stamp: Stamp, rank: u64, count: u64, salt: u64) -> Millis {
        let (first, last) = match stamp {
            Stamp::Added => MADE_DAYS,
            Stamp::Updated => CHANGED_DAYS,
        };
        let span = (first - last) * DAY_MS;
        let step = match span / count as i64 {
            0 => 1,
            step => step,
        };
        let jitter = mix(salt ^ mix(rank)) % step as u64;
        self.start
            .plus(-first * DAY_MS + rank as i64 * step + jitter as i64)
    }

    const fn order(&self, side: Side, kind: Kind) -> Shuffle {
        self.orders.get(side)[kind as usize]
    }

    /// Where a record stands when its kind is in the order of a time.
    pub fn rank(&self, side: Side, kind: Kind, stamp: Stamp, ordinal: u32) -> u32 {
        match (side, stamp) {
            (Side::Ghl, Stamp::Added) | (Side::Growbots, Stamp::Updated) => ordinal,
            _ => self.order(side, kind).there(ordinal),
        }
    }

    /// Which record stands at a rank.
    pub fn at_rank(&self, side: Side, kind: Kind, stamp: Stamp, rank: u32) -> u32 {
        match (side, stamp) {
            (Side::Ghl, Stamp::Added) | (Side::Growbots, Stamp::Updated) => rank,
            _ => self.order(side, kind).back(rank),
        }
    }

    /// How many records have a time before this one.
    pub fn earlier(&self, side: Side, kind: Kind, stamp: Stamp, at: Millis) -> u32 {
        let (mut low, mut high) = (0, self.count(side, kind));
        while low < high {
            let middle = low + (high - low) / 2;
            let ordinal = self.at_rank(side, kind, stamp, middle);
            if self.time(side, kind, stamp, ordinal) < at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// How many changes of Growbots stand in the seed.
    pub fn changes(&self) -> u64 {
        self.layout.total(Side::Growbots)
    }

    /// A change of Growbots in the seed, from 0: which record, and when.
    pub fn change(&self, seq: u64) -> (Kind, u32, Millis) {
        let (kind, ordinal) = self.layout.at_seq(Side::Growbots, seq);
        (kind, ordinal, self.time_in_layout(Side::Growbots, seq))
    }
}

/// An order of the numbers below `count` that looks like none, and can be undone: `number * times + shift`.
#[derive(Clone, Copy, Debug)]
struct Shuffle {
    count: u64,
    times: u64,
    back: u64,
    shift: u64,
}

impl Shuffle {
    fn new(count: u32, salt: u64) -> Self {
        let count = u64::from(count).max(1);
        let first = count / 2 + salt % (count / 3 + 1);
        let coprime = (first..).find_map(|times| Some((times, inverse_mod(times, count)?)));
        let (times, back) = coprime.unwrap_or((1, 1));
        Self {
            count,
            times,
            back,
            shift: mix(salt) % count,
        }
    }

    // below 2^32 each, so that products fit
    const fn there(self, number: u32) -> u32 {
        ((number as u64 * self.times + self.shift) % self.count) as u32
    }

    const fn back(self, number: u32) -> u32 {
        ((number as u64 + self.count - self.shift) % self.count * self.back % self.count) as u32
    }
}

/// What times `number` is 1, counted round at `modulus`; `None` if they have a common factor.
const fn inverse_mod(number: u64, modulus: u64) -> Option<u64> {
    let (mut old_rest, mut rest) = (number as i64, modulus as i64);
    let (mut old_times, mut times) = (1_i64, 0_i64);
    while rest != 0 {
        let quotient = old_rest / rest;
        (old_rest, rest) = (rest, old_rest - quotient * rest);
        (old_times, times) = (times, old_times - quotient * times);
    }
    if old_rest == 1 {
        Some(old_times.rem_euclid(modulus as i64) as u64)
    } else {
        None
    }
}

/// What follows from the same numbers is the same.
impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |origin: &Self| (origin.seed, origin.start, origin.layout.people());
        numbers(self) == numbers(other)
    }
}
