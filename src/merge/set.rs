//! The three-way merge of sets, such as tags.

/// What both sides' adds and removes make of a base, sorted. Where one side adds a word again that the other
/// removes, it stays.
///
/// All three are canonical: sorted and unique.
///
/// ```
/// use couplet::merge::merge_set;
/// let set = |words: &[&str]| words.iter().map(|word| Box::from(*word)).collect::<Vec<Box<str>>>();
/// let merged = merge_set(&set(&["lead", "vip"]), &set(&["lead"]), &set(&["lead", "q4", "vip"]));
/// assert_eq!(merged, set(&["lead", "q4"]));
/// ```
pub fn merge_set(base: &[Box<str>], ghl: &[Box<str>], growbots: &[Box<str>]) -> Vec<Box<str>> {
    let has = |set: &[Box<str>], word: &str| set.binary_search_by(|own| (**own).cmp(word)).is_ok();
    // A word of the base stays if neither side removed it; any other word is one that a side added.
    let kept = base
        .iter()
        .filter(|word| has(ghl, word) && has(growbots, word));
    let added = [ghl, growbots]
        .into_iter()
        .flatten()
        .filter(|word| !has(base, word));
    let mut merged: Vec<Box<str>> = kept.chain(added).cloned().collect();
    merged.sort_unstable();
    merged.dedup();
    merged
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn set(words: &str) -> Vec<Box<str>> {
        words.chars().map(|c| c.to_string().into()).collect()
    }

    #[test]
    fn adds_and_removes_of_both_count() {
        for (base, ghl, growbots, want) in [
            ("", "", "", ""),
            ("a", "a", "a", "a"),
            ("a", "ab", "a", "ab"),
            ("a", "a", "ac", "ac"),
            ("a", "ab", "ac", "abc"),
            ("ab", "a", "abc", "ac"),
            ("ab", "b", "a", ""),
            ("", "a", "b", "ab"),
            ("", "ab", "ab", "ab"),
        ] {
            let merged = merge_set(&set(base), &set(ghl), &set(growbots));
            assert_eq!(merged, set(want), "{base} | {ghl} | {growbots}");
        }
    }

    fn some() -> impl Strategy<Value = Vec<Box<str>>> {
        btree_set(0..6u8, 0..6)
            .prop_map(|set| set.into_iter().map(|n| n.to_string().into()).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn the_sides_may_be_exchanged_and_a_second_merge_changes_nothing(b in some(), g in some(), w in some()) {
            let merged = merge_set(&b, &g, &w);
            prop_assert_eq!(&merged, &merge_set(&b, &w, &g));
            prop_assert_eq!(&merged, &merge_set(&merged, &merged, &merged));
            // also when only one side has taken the result yet
            prop_assert_eq!(&merged, &merge_set(&b, &merged, &w));
        }

        #[test]
        fn a_side_that_did_not_move_leaves_the_other_as_it_is(b in some(), g in some()) {
            prop_assert_eq!(merge_set(&b, &g, &b), g);
        }
    }
}
