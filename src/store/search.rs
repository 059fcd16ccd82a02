//! The words of a search, folded as the stored text is; and the trigram index, which is brought up to date once, at
//! the end of each transaction but those within a pull.

use super::{convert::any, db::Tx, error::Res};

/// Letters from which on the trigram index answers.
const TRIGRAM: usize = 3;

/// Text as it is stored for search and for order by name: lower case in any script.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// Rows that may wait while a pull goes on: large steps cost the index less, and a search misses them for a moment.
const MAY_WAIT: u32 = if cfg!(test) { 0 } else { 2_000 };
/// The verbs between which a pull goes on. What they leave is taken over with the next other verb of the pass.
const OF_A_PULL: [&str; 5] = [
    "put_snapshots",
    "put_note",
    "put_status",
    "renew",
    "add_rates",
];

/// Takes what changed over into the trigram index, in this transaction or a later one of a pull.
pub(super) fn catch_up(tx: &Tx<'_>, verb: &str) -> Res<()> {
    let waits = if OF_A_PULL.contains(&verb) {
        MAY_WAIT
    } else {
        0
    };
    for list in ["contact", "task"] {
        let is_due = format!("SELECT 1 FROM {list}_unindexed LIMIT 1 OFFSET ?1");
        if !any(tx.conn, &is_due, [waits])? {
            continue;
        }
        for sql in [
            format!(
                "INSERT INTO {list}_search ({list}_search, rowid, folded) \
                 SELECT 'delete', link, was FROM {list}_unindexed WHERE was IS NOT NULL"
            ),
            format!(
                "INSERT INTO {list}_search (rowid, folded) SELECT {list}.link, {list}.folded \
                 FROM {list}_unindexed JOIN {list} ON {list}.link = {list}_unindexed.link"
            ),
            format!("DELETE FROM {list}_unindexed"),
        ] {
            tx.run(&sql, [])?;
        }
    }
    Ok(())
}

/// Whether the index takes out of its pages at once what is removed; by default it does so some day, which is faster.
pub(super) fn wipe_what_goes(tx: &Tx<'_>, at_once: bool) -> Res<()> {
    for list in ["contact", "task"] {
        tx.run(
            &format!(
                "INSERT INTO {list}_search ({list}_search, rank) VALUES ('secure-delete', ?1)"
            ),
            [at_once],
        )?;
    }
    Ok(())
}

/// A search: every word must be in the folded text of a row.
pub(super) struct Words {
    words: Vec<String>,
}

impl Words {
    /// The folded words of what was typed.
    pub(super) fn of(search: &str) -> Self {
        let words = search.split_whitespace().map(fold).collect();
        Self { words }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether all words are in a folded text.
    pub(super) fn are_in(&self, folded: &str) -> bool {
        self.words.iter().all(|word| folded.contains(word.as_str()))
    }

    /// What the trigram index is asked: the words that are long enough for it.
    pub(super) fn trigrams(&self) -> Option<String> {
        let long = self
            .words
            .iter()
            .filter(|word| word.chars().count() >= TRIGRAM);
        let quoted: Vec<String> = long
            .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
            .collect();
        (!quoted.is_empty()).then(|| quoted.join(" "))
    }

    /// Where no word is long enough for the trigram index: the range of names that start with the first one.
    pub(super) fn prefix(&self) -> Option<(String, String)> {
        let first = self.words.first().filter(|_| self.trigrams().is_none())?;
        Some((first.clone(), format!("{first}{}", char::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_quoted_and_all_wanted() {
        let words = Words::of("  ZOË o\"he ab ");
        assert_eq!(words.trigrams().as_deref(), Some("\"zoë\" \"o\"\"he\""));
        assert_eq!(words.prefix(), None);
        assert!(words.are_in("zoë o\"hely, abba"));
        assert!(!words.are_in("zoë o\"hely"));
        let short = Words::of("Ö l");
        assert_eq!(short.trigrams(), None);
        assert_eq!(short.prefix(), Some(("ö".into(), "ö\u{10FFFF}".into())));
        assert!(Words::of(" \t").is_empty());
    }
}
