//! Ids as each side writes them, all from a seeded generator.

use fastrand::Rng;

use crate::model::Millis;

const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

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
    let n = (at.0.max(0) as u128) << 80 | rng.u128(..) >> 48;
    let digit = |i: u32| char::from(CROCKFORD[(n >> (5 * i)) as usize & 31]);
    prefix.chars().chain((0..26).rev().map(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
