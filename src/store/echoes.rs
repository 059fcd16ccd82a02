//! Values that a side rewrites when it saves them: learnt from the answers to our own writes, so that they are not
//! taken for somebody's edit.

use rusqlite::{Connection, params};

use crate::model::{FieldName, LinkId, Op, Side, Snapshot, Value, Write};

use super::{
    StoreError, Writer,
    convert::{name_at, rows, text_at, value_at, value_text},
    db::Tx,
    error::Res,
    links,
};

/// What a side made of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Where.
    pub side: Side,
    /// Of which field, as that side calls it.
    pub field: FieldName,
    /// What was written.
    pub sent: Value,
    /// What stands there now, and means the same.
    pub stored: Value,
}

/// Characters that a cut value has at least.
const CUT_LEAST: usize = 8;

/// Learns from what a write left behind, and forgets what was learnt of these fields before.
pub(super) fn learn(tx: &Tx<'_>, write: &Write, read_back: &Snapshot) -> Res<()> {
    if !matches!(write.op, Op::Create | Op::Update) || links::kind(tx.conn, write.link)?.is_none() {
        return Ok(());
    }
    let calls_of_their_own = [FieldName::Tags, FieldName::Completed];
    let in_one_call = !write
        .fields
        .iter()
        .any(|change| calls_of_their_own.contains(&change.field));
    for change in &write.fields {
        let key = params![write.link.0, write.side.name(), change.field.to_string()];
        let stored = read_back.record.get(&change.field);
        let (Some(sent), Some(stored)) = (change.to.as_ref(), stored) else {
            tx.run(
                "DELETE FROM echo WHERE link = ?1 AND side = ?2 AND field = ?3",
                key,
            )?;
            continue;
        };
        // Growbots answers a write with what it saved. On GHL it is read afterwards: somebody may have been there
        // meanwhile, so only what is plainly the same counts.
        let is_echo = (write.side == Side::Growbots && in_one_call) || is_alike(sent, stored);
        if sent == stored || !is_echo {
            tx.run(
                "DELETE FROM echo WHERE link = ?1 AND side = ?2 AND field = ?3",
                key,
            )?;
            continue;
        }
        tx.run(
            "INSERT OR REPLACE INTO echo (link, side, field, sent, stored) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                write.link.0,
                write.side.name(),
                change.field.to_string(),
                value_text(Some(sent)),
                value_text(Some(stored))
            ],
        )?;
    }
    Ok(())
}

/// Whether two texts differ in case, spaces and signs only, or one is the other cut off.
fn is_alike(sent: &Value, stored: &Value) -> bool {
    let (Some(sent), Some(stored)) = (sent.as_text(), stored.as_text()) else {
        return false;
    };
    let bare = |text: &str| -> String {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let (sent, stored) = (bare(sent), bare(stored));
    sent == stored || (stored.chars().count() >= CUT_LEAST && sent.starts_with(&stored))
}

fn of_link(conn: &Connection, link: LinkId) -> Res<Vec<Echo>> {
    let found = rows(
        conn,
        "SELECT side, field, sent, stored FROM echo WHERE link = ?1",
        [link.0],
        |row| {
            let field: FieldName = text_at(row, "field")?.parse()?;
            Ok((
                name_at(row, "side")?,
                value_at(row, "sent", &field)?,
                value_at(row, "stored", &field)?,
                field,
            ))
        },
    )?;
    let whole = found.into_iter().filter_map(|(side, sent, stored, field)| {
        Some(Echo {
            side,
            field,
            sent: sent?,
            stored: stored?,
        })
    });
    Ok(whole.collect())
}

impl Writer {
    /// What the sides made of values that couplet wrote to the records of a link.
    pub fn echoes(&self, link: LinkId) -> Result<Vec<Echo>, StoreError> {
        of_link(&self.conn, link).map_err(|fault| fault.at("echoes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_case_spaces_and_signs_or_is_cut_off_is_alike() {
        for (sent, stored, want) in [
            ("https://A.example/", "https://a.example", true),
            (" Ann  Lee", "ann lee", true),
            ("a long remark about her", "a long remark", true),
            ("Annabel", "Ann", false),
            ("Ann", "Annabel", false),
            ("Ann", "Bea", false),
        ] {
            let text = |text: &str| Value::text(text).unwrap();
            assert_eq!(
                is_alike(&text(sent), &text(stored)),
                want,
                "{sent} {stored}"
            );
        }
    }
}
