//! The ends of links: listed in turn for sweeps, and let go of when a deleted record is to be made again.

use rusqlite::params;

use crate::model::{Fence, Kind, LinkId, RecordId, Side, Snapshot};

use super::{StoreError, Writer, convert::rows, gone, links, refresh::refresh};

impl Writer {
    /// Links after `after` that have a live end on `side`, with its id, in order of link.
    pub fn ends_after(
        &self,
        kind: Kind,
        side: Side,
        after: LinkId,
        limit: u32,
    ) -> Result<Vec<(LinkId, RecordId)>, StoreError> {
        let found = rows(
            &self.conn,
            "SELECT link, id FROM snapshot WHERE link > ?1 AND side = ?2 AND kind = ?3 AND gone = 0 \
             ORDER BY link LIMIT ?4",
            params![after.0, side.name(), kind.name(), limit],
            |row| {
                let id = row.get::<_, String>("id")?;
                Ok((LinkId(row.get("link")?), RecordId::from(id)))
            },
        );
        found.map_err(|fault| fault.at("ends_after"))
    }

    /// Ids of the live children of one kind that a contact of `side` has there.
    pub fn children_ends(
        &self,
        kind: Kind,
        side: Side,
        contact: &RecordId,
    ) -> Result<Vec<RecordId>, StoreError> {
        let found = rows(
            &self.conn,
            "SELECT id FROM snapshot WHERE side = ?1 AND parent = ?2 AND kind = ?3 AND gone = 0",
            params![side.name(), contact.as_str(), kind.name()],
            |row| Ok(RecordId::from(row.get::<_, String>("id")?)),
        );
        found.map_err(|fault| fault.at("children_ends"))
    }

    /// Forgets the gone end of a link, so that the record counts as one that only the other side has; dirty. The same
    /// for what went with it: a contact that is made again gets its children again.
    pub fn drop_end(&mut self, fence: Fence, link: LinkId, side: Side) -> Result<(), StoreError> {
        self.fenced("drop_end", fence, |tx| {
            let mut dropped = vec![link];
            dropped.extend(gone::gone_children_of_end(tx.conn, link, side)?);
            for link in dropped {
                gone::bury(tx, link, side)?;
                tx.run("DELETE FROM base WHERE link = ?1", [link.0])?;
                links::touch(tx, link)?;
                refresh(tx, link)?;
            }
            Ok(())
        })
    }

    /// Remembers that a record that was listed is not there, where nothing else is known of it: its row is no news.
    pub fn entomb(&mut self, fence: Fence, row: &Snapshot) -> Result<(), StoreError> {
        self.fenced("entomb", fence, |tx| gone::entomb(tx, row))
    }
}
