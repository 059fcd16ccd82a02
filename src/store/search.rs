//! The words of a search, folded as the stored text is; and the trigram index, which is brought up to date once, at
//! the end of each transaction but those within a pull.

use crate::model::LinkId;

use super::{convert::first, db::Tx, error::Res};

/// Letters from which on the trigram index answers.
const TRIGRAM: usize = 3;

/// Text as it is stored for search and for order by name: lower case in any script.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// Rows that may wait while a pull goes on: large steps cost the index less, and a search misses them for a moment.
pub(super) const MAY_WAIT: u32 = 2_000;
/// The verbs between which a pull goes on. What they leave is taken over with the next other verb of the pass.
const OF_A_PULL: [&str; 5] = [
    "put_snapshots",
    "put_note",
    "put_status",
    "renew",
    "add_rates",
];

/// Takes what changed over into the trigram index: within a pull once more than `may_wait` rows changed, else in this
/// transaction.
pub(super) fn catch_up(tx: &Tx<'_>, verb: &str, may_wait: u32) -> Res<()> {
    let waits = if OF_A_PULL.contains(&verb) {
        may_wait
    } else {
        0
    };
    let due = first(
        tx.conn,
        "SELECT EXISTS (SELECT 1 FROM contact_unindexed LIMIT 1 OFFSET ?1), \
         EXISTS (SELECT 1 FROM task_unindexed LIMIT 1 OFFSET ?1)",
        [waits],
        |row| Ok([row.get::<_, bool>(0)?, row.get(1)?]),
    )?;
    for (list, is_due) in ["contact", "task"]
        .into_iter()
        .zip(due.into_iter().flatten())
    {
        if !is_due {
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

/// Takes all links from this one on over into the trigram index; they were made in this transaction, without triggers.
pub(super) fn index_from(tx: &Tx<'_>, first: LinkId) -> Res<()> {
    for list in ["contact", "task"] {
        tx.run(
            &format!(
                "INSERT INTO {list}_search (rowid, folded) \
                 SELECT link, folded FROM {list} WHERE link >= ?1 ORDER BY link"
            ),
            [first.0],
        )?;
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
