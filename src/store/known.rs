//! What the rows of a listing are to the cache: most of them are as they were, and cost one look each.

use rusqlite::{Connection, params};

use crate::model::{Kind, Snapshot};

use super::{
    StoreError, Writer,
    convert::{any, json},
    error::Res,
    gone,
    snapshots::{Age, stored},
};

/// What a row of a listing tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A record that was never met.
    Never,
    /// Nothing new.
    Nothing,
    /// Something new, which a read by id must show.
    News,
}

impl Writer {
    /// What each of these rows tells, in the same order. Cost: one index look-up a row that is known, two or three for
    /// one that is not.
    pub fn known<'a>(
        &self,
        rows: impl IntoIterator<Item = &'a Snapshot>,
    ) -> Result<Vec<Known>, StoreError> {
        let known = rows.into_iter().map(|row| known(&self.conn, row));
        known.collect::<Res<_>>().map_err(|fault| fault.at("known"))
    }
}

fn known(conn: &Connection, row: &Snapshot) -> Res<Known> {
    let age = Age::of(row);
    // Whether it is known to be gone, and this version of it is later than that.
    let outlives = match stored(conn, row.side, row.kind, &row.id)? {
        Some(live) if !live.gone => {
            let older = match (row.updated_at, live.age.updated_at) {
                (Some(row), Some(stored)) => row < stored,
                _ => false,
            };
            let moved = row.parent.is_some() && row.parent != live.parent;
            let same = || Ok::<_, super::error::Fault>(live.record == json(&row.record)?);
            return Ok(if older || (!moved && same()?) {
                Known::Nothing
            } else {
                Known::News
            });
        }
        Some(old) if old.parent != row.parent => Some(true),
        Some(old) => Some(age.compare(&old.age).is_gt()),
        None => gone::tomb(conn, row)?.map(|old| age.compare(&old).is_gt()),
    };
    // A row may show what was there before the delete; only a read by id tells. GHL goes on listing the tasks of
    // deleted contacts: these are no reason to read, but one that moved to a live contact is.
    let has_contact = match &row.parent {
        Some(parent) => Some(any(
            conn,
            "SELECT 1 FROM snapshot WHERE side = ?1 AND kind = ?2 AND id = ?3 AND gone = 0",
            params![row.side.name(), Kind::Contact.name(), parent.as_str()],
        )?),
        None => None,
    };
    Ok(match (outlives, has_contact) {
        (None, None | Some(true)) => Known::Never,
        (None, Some(false)) | (Some(true), _) | (Some(false), Some(true)) => Known::News,
        (Some(false), None | Some(false)) => Known::Nothing,
    })
}
