//! The three-way merge of one value.

use crate::model::Side;

/// What two changes of one value make together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged<'a, T: ?Sized> {
    /// Neither side changed it.
    Unchanged,
    /// One side changed it; that value wins.
    Take(Side, &'a T),
    /// Both sides changed it to the same value.
    Agreed(&'a T),
    /// Both sides changed it, apart.
    Conflict,
}

impl<T: ?Sized> Merged<'_, T> {
    /// The answer that the same values give with the sides exchanged.
    pub const fn swapped(self) -> Self {
        match self {
            Self::Take(side, value) => Self::Take(side.other(), value),
            same => same,
        }
    }
}

/// Merges what the two sides made of a base.
///
/// ```
/// use couplet::merge::{Merged, merge_field};
/// use couplet::model::Side;
/// assert_eq!(merge_field("Ann", "Anna", "Ann"), Merged::Take(Side::Ghl, "Anna"));
/// assert_eq!(merge_field("Ann", "Anna", "Anne"), Merged::Conflict);
/// ```
pub fn merge_field<'a, T: Eq + ?Sized>(base: &'a T, ghl: &'a T, growbots: &'a T) -> Merged<'a, T> {
    match (ghl == base, growbots == base) {
        (true, true) => Merged::Unchanged,
        (false, true) => Merged::Take(Side::Ghl, ghl),
        (true, false) => Merged::Take(Side::Growbots, growbots),
        (false, false) if ghl == growbots => Merged::Agreed(ghl),
        (false, false) => Merged::Conflict,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_change_wins_and_two_apart_conflict() {
        for (base, ghl, growbots, want) in [
            ("Ann", "Ann", "Ann", Merged::Unchanged),
            ("Ann", "Anna", "Ann", Merged::Take(Side::Ghl, "Anna")),
            ("Ann", "Ann", "Anna", Merged::Take(Side::Growbots, "Anna")),
            ("Ann", "", "Ann", Merged::Take(Side::Ghl, "")),
            ("Ann", "Anna", "Anna", Merged::Agreed("Anna")),
            ("Ann", "Anna", "Anne", Merged::Conflict),
            ("Ann", "Anna", "", Merged::Conflict),
        ] {
            assert_eq!(
                merge_field(base, ghl, growbots),
                want,
                "{base} | {ghl} | {growbots}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn swapping_the_sides_swaps_the_answer(base in 0..3u8, ghl in 0..3u8, growbots in 0..3u8) {
            prop_assert_eq!(
                merge_field(&base, &ghl, &growbots).swapped(),
                merge_field(&base, &growbots, &ghl)
            );
        }
    }
}
