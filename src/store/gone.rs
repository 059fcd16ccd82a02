//! What is gone: tombstones of records that are in no link any more, ends that a side has no longer, and the sweeps
//! that find them.

use rusqlite::{Connection, params};

use crate::model::{Kind, LinkId, Millis, RecordId, Side, Snapshot, Tombstone};

use super::{
    Seen, SeenAs,
    convert::{any, first, rows},
    db::Tx,
    error::Res,
    links,
    refresh::refresh,
    snapshots::{Age, link_of, read, select, stored},
};

pub(super) fn tomb(conn: &Connection, snapshot: &Snapshot) -> Res<Option<Age>> {
    first(
        conn,
        "SELECT version, updated_at FROM tomb WHERE side = ?1 AND kind = ?2 AND id = ?3",
        params![
            snapshot.side.name(),
            snapshot.kind.name(),
            snapshot.id.as_str()
        ],
        Age::read,
    )
}

/// What is seen of a record that was forgotten: nothing new, and no link.
pub(super) const FORGOTTEN: Seen = Seen {
    link: LinkId(0),
    seen: SeenAs::Stale,
};

/// Whether an operator had this record, or the contact that it belongs to, forgotten.
pub(super) fn is_forgotten(conn: &Connection, snapshot: &Snapshot) -> Res<bool> {
    any(
        conn,
        "SELECT 1 FROM tomb WHERE forgotten = 1 AND side = ?1 \
         AND ((kind = ?2 AND id = ?3) OR (kind = 'contact' AND id = ?4))",
        params![
            snapshot.side.name(),
            snapshot.kind.name(),
            snapshot.id.as_str(),
            snapshot.parent.as_ref().map(RecordId::as_str)
        ],
    )
}

pub(super) fn raise_from_tomb(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<()> {
    tx.run(
        "DELETE FROM tomb WHERE side = ?1 AND kind = ?2 AND id = ?3",
        params![
            snapshot.side.name(),
            snapshot.kind.name(),
            snapshot.id.as_str()
        ],
    )?;
    Ok(())
}

/// A tombstone for a record that is in no link.
pub(super) fn entomb(tx: &Tx<'_>, row: &Snapshot) -> Res<()> {
    if link_of(tx.conn, row.side, row.kind, &row.id)?.is_some() {
        return Ok(());
    }
    tx.run(
        "INSERT OR REPLACE INTO tomb (side, kind, id, version, updated_at, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            row.side.name(),
            row.kind.name(),
            row.id.as_str(),
            row.version.as_deref(),
            row.updated_at.map(|at| at.0),
            tx.now.0
        ],
    )?;
    Ok(())
}

/// Takes an end off its link and leaves a tombstone where it is gone.
pub(super) fn bury(tx: &Tx<'_>, link: LinkId, side: Side) -> Res<()> {
    tx.run(
        "INSERT OR REPLACE INTO tomb (side, kind, id, version, updated_at, at) \
         SELECT side, kind, id, version, updated_at, ?3 FROM snapshot WHERE link = ?1 AND side = ?2 AND gone = 1",
        params![link.0, side.name(), tx.now.0],
    )?;
    tx.run(
        "DELETE FROM snapshot WHERE link = ?1 AND side = ?2",
        params![link.0, side.name()],
    )?;
    Ok(())
}

pub(super) fn mark_gone(
    tx: &Tx<'_>,
    side: Side,
    kind: Kind,
    id: &RecordId,
    stone: &Tombstone,
) -> Res<Option<LinkId>> {
    let live = stored(tx.conn, side, kind, id)?.filter(|old| !old.gone);
    // A delete that is older than what was seen since has been taken back: a feed tells of it late.
    let Some(old) = live.filter(|old| old.age.compare(&Age::of_stone(stone)).is_le()) else {
        return Ok(None);
    };
    set_gone(tx, old.link, side, stone.deleted_at)?;
    if stone.version.is_some() {
        tx.run(
            "UPDATE snapshot SET version = ?3 WHERE link = ?1 AND side = ?2",
            params![old.link.0, side.name(), stone.version.as_deref()],
        )?;
    }
    Ok(Some(old.link))
}

/// The end of a link is gone, and what belongs to it on that side with it; the links are dirty. What has changed at
/// `deleted_at` or later stays, as far as this tells: a record that was brought back has new children, and those that
/// went with it have tombstones of their own.
pub(super) fn set_gone(
    tx: &Tx<'_>,
    link: LinkId,
    side: Side,
    deleted_at: Option<Millis>,
) -> Res<()> {
    let mut links = vec![link];
    links.extend(children_before(tx.conn, link, side, deleted_at)?);
    for link in links {
        tx.run(
            "UPDATE snapshot SET gone = 1 WHERE link = ?1 AND side = ?2",
            params![link.0, side.name()],
        )?;
        links::touch(tx, link)?;
        refresh(tx, link)?;
    }
    Ok(())
}

/// Links of the children that the contact of a link had on that side and that are gone with it. One that is live there
/// was seen since: it stays.
pub(super) fn gone_children_of_end(
    conn: &Connection,
    link: LinkId,
    side: Side,
) -> Res<Vec<LinkId>> {
    let mut gone = Vec::new();
    for child in children_before(conn, link, side, None)? {
        let sql = "SELECT 1 FROM snapshot WHERE link = ?1 AND side = ?2 AND gone = 1";
        if any(conn, sql, params![child.0, side.name()])? {
            gone.push(child);
        }
    }
    Ok(gone)
}

/// Links of the children that the contact of a link has on that side, live or gone, but for those that changed at
/// `moment` or later.
fn children_before(
    conn: &Connection,
    link: LinkId,
    side: Side,
    moment: Option<Millis>,
) -> Res<Vec<LinkId>> {
    rows(
        conn,
        "SELECT child.link FROM snapshot AS child JOIN snapshot AS contact \
         ON child.side = contact.side AND child.parent = contact.id \
         WHERE contact.link = ?1 AND contact.side = ?2 AND contact.kind = 'contact' \
         AND (?3 IS NULL OR child.updated_at IS NULL OR child.updated_at < ?3) ORDER BY child.link",
        params![link.0, side.name(), moment.map(|at| at.0)],
        |row| Ok(LinkId(row.get(0)?)),
    )
}

pub(super) fn mark_swept(
    tx: &Tx<'_>,
    side: Side,
    kind: Kind,
    ids: &[RecordId],
    sweep: i64,
) -> Res<()> {
    for id in ids {
        tx.run(
            "UPDATE snapshot SET swept = ?4 WHERE side = ?1 AND kind = ?2 AND id = ?3",
            params![side.name(), kind.name(), id.as_str(), sweep],
        )?;
    }
    Ok(())
}

pub(super) fn unswept(
    conn: &Connection,
    side: Side,
    kind: Kind,
    sweep: i64,
    (before, now): (Millis, Millis),
    limit: u32,
) -> Res<Vec<Snapshot>> {
    rows(
        conn,
        select!(
            "WHERE side = ?1 AND kind = ?2 AND swept < ?3 AND gone = 0 AND (first_seen < ?4 OR first_seen > ?6) \
             AND (SELECT ignored FROM link WHERE link.id = snapshot.link) = 0 ORDER BY swept, link LIMIT ?5"
        ),
        params![side.name(), kind.name(), sweep, before.0, limit, now.0],
        read,
    )
}

/// Live children whose contact is not there, as far as is known; read by id they tell.
pub(super) fn orphans(conn: &Connection, side: Side, kind: Kind, limit: u32) -> Res<Vec<Snapshot>> {
    rows(
        conn,
        select!(
            "WHERE side = ?1 AND kind = ?2 AND gone = 0 AND NOT EXISTS (SELECT 1 FROM snapshot AS contact \
             WHERE contact.side = ?1 AND contact.kind = 'contact' AND contact.id = snapshot.parent AND contact.gone = 0) \
             ORDER BY link LIMIT ?3"
        ),
        params![side.name(), kind.name(), limit],
        read,
    )
}
