//! Ids as each side writes them, all from a seeded generator.

use fastrand::Rng;

use crate::model::Millis;

const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `len` letters and digits: GHL's ids have 20.
pub fn alphanumeric(rng: &mut Rng, len: usize) -> String {
    std::iter::repeat_with(|| rng.alphanumeric())
        .take(len)
        .collect()
}

/// `len` hex digits: GHL's businesses have 24.
pub fn hex(rng: &mut Rng, len: usize) -> String {
    std::iter::repeat_with(|| rng.digit(16)).take(len).collect()
}

/// A UUID of version 4.
pub fn uuid(rng: &mut Rng) -> String {
    let n = rng.u128(..) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let s = format!("{n:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &s[..8],
        &s[8..12],
        &s[12..16],
        &s[16..20],
        &s[20..]
    )
}

/// A ULID of a moment, with what says the kind before it: Growbots' ids.
pub fn ulid(rng: &mut Rng, prefix: &str, at: Millis) -> String {
    ulid_of(prefix, at, rng.u128(..) >> 48)
}

fn ulid_of(prefix: &str, at: Millis, low: u128) -> String {
    let n = (at.0.max(0) as u128) << 80 | low;
    let digit = |i: u32| char::from(CROCKFORD[(n >> (5 * i)) as usize & 31]);
    prefix.chars().chain((0..26).rev().map(digit)).collect()
}

/// Writes small numbers as ids that look like any other, and reads them back: the ids of records that come from the
/// seed need no table. A number is up to 59 bits, since ten letters and digits hold that many.
#[derive(Clone, Copy, Debug)]
pub struct Cipher {
    key: u64,
}

const BITS: u64 = (1 << 59) - 1;
const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xbf58_476d_1ce4_e5b9;

impl Cipher {
    /// A cipher of its own for each key.
    pub const fn new(key: u64) -> Self {
        Self { key }
    }

    // each step can be undone: multiplying by an odd number, and a shift by more than half of the bits
    const fn hide(self, number: u64) -> u64 {
        let mut x = (number ^ self.key) & BITS;
        x = x.wrapping_mul(FIRST) & BITS;
        x ^= x >> 30;
        x = x.wrapping_mul(SECOND) & BITS;
        x ^ x >> 30
    }

    const fn reveal(self, hidden: u64) -> u64 {
        let mut x = hidden ^ hidden >> 30;
        x = x.wrapping_mul(inverse(SECOND)) & BITS;
        x ^= x >> 30;
        x = x.wrapping_mul(inverse(FIRST)) & BITS;
        (x ^ self.key) & BITS
    }

    /// A number as 20 letters and digits. The second ten follow from the first.
    pub fn alphanumeric(self, number: u64) -> String {
        let hidden = self.hide(number);
        let mut id = String::with_capacity(20);
        for mut half in [hidden, mix(hidden ^ self.key) & BITS] {
            for _ in 0..10 {
                id.push(char::from(LETTERS_AND_DIGITS[(half % 62) as usize]));
                half /= 62;
            }
        }
        id
    }

    /// The number of an id that [`Cipher::alphanumeric`] wrote. Of any other text it is some number.
    pub fn number_of_alphanumeric(self, id: &str) -> Option<u64> {
        let digits = id.as_bytes().get(..10)?;
        let mut hidden = 0_u64;
        for digit in digits.iter().rev() {
            hidden = hidden * 62 + place_of(LETTERS_AND_DIGITS, *digit)?;
        }
        (hidden <= BITS).then(|| self.reveal(hidden))
    }

    /// A number as a ULID of a moment.
    pub fn ulid(self, prefix: &str, at: Millis, number: u64) -> String {
        let hidden = self.hide(number);
        let rest = mix(hidden ^ self.key) & ((1 << 21) - 1);
        ulid_of(prefix, at, u128::from(hidden) << 21 | u128::from(rest))
    }

    /// The number of an id that [`Cipher::ulid`] wrote. Of any other text it is some number.
    pub fn number_of_ulid(self, id: &str) -> Option<u64> {
        let digits = id.as_bytes().get(id.len().checked_sub(16)?..)?;
        let mut low = 0_u128;
        for digit in digits {
            low = low << 5 | u128::from(place_of(CROCKFORD, *digit)?);
        }
        Some(self.reveal((low >> 21) as u64))
    }
}

fn place_of(alphabet: &[u8], digit: u8) -> Option<u64> {
    alphabet
        .iter()
        .position(|d| *d == digit)
        .map(|at| at as u64)
}

/// What times an odd number is 1, in 64 bits.
const fn inverse(odd: u64) -> u64 {
    let mut x = odd;
    let mut step = 0;
    while step < 6 {
        x = x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x)));
        step += 1;
    }
    x
}

/// A number that seems to have nothing to do with the given one, yet follows from it.
pub const fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(FIRST);
    x = (x ^ x >> 30).wrapping_mul(SECOND);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn a_number_comes_back_from_its_ids(key: u64, number in 0_u64..1 << 59, at in 0_i64..1 << 47) {
            let cipher = Cipher::new(key);
            let id = cipher.alphanumeric(number);
            prop_assert_eq!(id.len(), 20);
            prop_assert_eq!(cipher.number_of_alphanumeric(&id), Some(number));
            let id = cipher.ulid("ld_", Millis(at), number);
            prop_assert_eq!(id.len(), 29);
            prop_assert_eq!(cipher.number_of_ulid(&id), Some(number));
        }

        #[test]
        fn any_text_is_read_as_an_id_without_harm(text: String) {
            let cipher = Cipher::new(7);
            if let Some(number) = cipher.number_of_alphanumeric(&text) {
                prop_assert!(number <= BITS);
            }
            if let Some(number) = cipher.number_of_ulid(&text) {
                prop_assert!(number <= BITS);
            }
        }
    }

    #[test]
    fn ids_have_the_form_of_their_side() {
        let mut rng = Rng::with_seed(1);
        let uuid = uuid(&mut rng);
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        let (early, late) = (
            ulid(&mut rng, "ld_", Millis(1_000)),
            ulid(&mut rng, "ld_", Millis(2_000)),
        );
        assert_eq!(early.len(), 29);
        assert!(early < late, "{early} {late}");
    }
}
