//! Snapshots: the last version seen of each end, what is newer than what, sweeps, tombstones, and look-ups by key.

use std::cmp::Ordering;

use rusqlite::{Connection, Row, params};

use crate::model::{FieldName, Kind, LinkId, Millis, RecordId, Side, Snapshot};

use super::{
    Lookup, Match, Seen, SeenAs,
    convert::{
        any, first, id_or_none, json, json_at, name_at, rows, text_at, text_or_none, time_or_none,
    },
    db::Tx,
    error::Res,
    links,
    refresh::{self, refresh},
};

/// All columns of a snapshot, before a `WHERE`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT link, side, kind, id, parent, record, version, created_at, updated_at, external_id, gone, raw \
             FROM snapshot ",
            $rest
        )
    };
}
pub(super) use select;

pub(super) fn read(row: &Row<'_>) -> Res<Snapshot> {
    Ok(Snapshot {
        side: name_at(row, "side")?,
        kind: name_at(row, "kind")?,
        id: text_at(row, "id")?.into(),
        parent: id_or_none(row, "parent")?,
        record: json_at(row, "record")?,
        raw: text_at(row, "raw")?.into(),
        version: text_or_none(row, "version")?.map(Into::into),
        created_at: time_or_none(row, "created_at")?,
        updated_at: time_or_none(row, "updated_at")?,
        external_id: id_or_none(row, "external_id")?,
    })
}

/// What the store has of a record, as far as a new version is compared with it.
struct Stored {
    link: LinkId,
    gone: bool,
    parent: Option<RecordId>,
    record: String,
    age: Age,
    external_id: Option<RecordId>,
}

/// What tells which of two versions is later.
struct Age {
    version: Option<Box<str>>,
    updated_at: Option<Millis>,
}

impl Age {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            version: snapshot.version.clone(),
            updated_at: snapshot.updated_at,
        }
    }

    fn read(row: &Row<'_>) -> Res<Self> {
        Ok(Self {
            version: text_or_none(row, "version")?.map(Into::into),
            updated_at: time_or_none(row, "updated_at")?,
        })
    }

    /// By the number of the version where both have one, else by update time; equal where neither tells.
    fn compare(&self, other: &Self) -> Ordering {
        let number = |age: &Self| age.version.as_deref()?.parse::<u64>().ok();
        if let (Some(ours), Some(theirs)) = (number(self), number(other)) {
            return ours.cmp(&theirs);
        }
        match (self.updated_at, other.updated_at) {
            (Some(ours), Some(theirs)) => ours.cmp(&theirs),
            _ => Ordering::Equal,
        }
    }
}

fn stored(conn: &Connection, side: Side, kind: Kind, id: &RecordId) -> Res<Option<Stored>> {
    first(
        conn,
        "SELECT link, gone, parent, record, version, updated_at, external_id FROM snapshot \
         WHERE side = ?1 AND kind = ?2 AND id = ?3",
        params![side.name(), kind.name(), id.as_str()],
        |row| {
            Ok(Stored {
                link: LinkId(row.get("link")?),
                gone: row.get("gone")?,
                parent: id_or_none(row, "parent")?,
                record: row.get("record")?,
                age: Age::read(row)?,
                external_id: id_or_none(row, "external_id")?,
            })
        },
    )
}

/// Stores a version that a read by id has just shown: the record is there, whatever was believed.
pub(super) fn put_found(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<Seen> {
    if is_forgotten(tx.conn, snapshot)? {
        return Ok(FORGOTTEN);
    }
    let (side, kind) = (snapshot.side, snapshot.kind);
    let is_as_old = |age: &Age| Age::of(snapshot).compare(age).is_eq();
    match stored(tx.conn, side, kind, &snapshot.id)? {
        Some(old) if old.gone && is_as_old(&old.age) => {
            renew(tx, &old, snapshot)?;
            return Ok(Seen {
                link: old.link,
                seen: SeenAs::Changed,
            });
        }
        None if tomb(tx.conn, snapshot)?.as_ref().is_some_and(is_as_old) => {
            raise_from_tomb(tx, snapshot)?;
        }
        _ => {}
    }
    put(tx, snapshot)
}

/// Stores a version that was seen.
pub(super) fn put(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<Seen> {
    if is_forgotten(tx.conn, snapshot)? {
        return Ok(FORGOTTEN);
    }
    let new = Age::of(snapshot);
    let Some(old) = stored(tx.conn, snapshot.side, snapshot.kind, &snapshot.id)? else {
        if let Some(age) = tomb(tx.conn, snapshot)? {
            if new.compare(&age).is_le() {
                return Ok(Seen {
                    link: LinkId(0),
                    seen: SeenAs::Stale,
                });
            }
            raise_from_tomb(tx, snapshot)?;
        }
        let link = first_sight(tx, snapshot)?;
        return Ok(Seen {
            link,
            seen: SeenAs::New,
        });
    };
    let order = new.compare(&old.age);
    // A child that was believed gone with its contact may have moved to another one.
    let moved = old.parent != snapshot.parent;
    let seen = if order.is_lt() || (old.gone && order.is_le() && !moved) {
        SeenAs::Stale
    } else if renew(tx, &old, snapshot)? {
        SeenAs::Changed
    } else {
        SeenAs::Same
    };
    Ok(Seen {
        link: old.link,
        seen,
    })
}

/// Makes a link for a record that was never seen; it is dirty, and its children find it.
fn first_sight(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<LinkId> {
    let parent = match &snapshot.parent {
        Some(parent) => link_of(tx.conn, snapshot.side, Kind::Contact, parent)?,
        None => None,
    };
    let link = links::first_sight(tx, snapshot.kind, parent, snapshot.side)?;
    add(tx, link, snapshot)?;
    refresh::first_sight(tx, link, parent, snapshot)?;
    if snapshot.kind == Kind::Contact {
        adopt(tx, link, snapshot)?;
    }
    Ok(link)
}

/// Adds an end to a link that has none on that side, and nothing else.
pub(super) fn add(tx: &Tx<'_>, link: LinkId, snapshot: &Snapshot) -> Res<()> {
    tx.run(
        "INSERT INTO snapshot (link, side, kind, id, parent, record, version, created_at, updated_at, external_id, \
         email, phone, first_seen, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            link.0,
            snapshot.side.name(),
            snapshot.kind.name(),
            snapshot.id.as_str(),
            snapshot.parent.as_ref().map(RecordId::as_str),
            json(&snapshot.record)?,
            snapshot.version.as_deref(),
            snapshot.created_at.map(|at| at.0),
            snapshot.updated_at.map(|at| at.0),
            snapshot.external_id.as_ref().map(RecordId::as_str),
            key(snapshot, &FieldName::Email),
            key(snapshot, &FieldName::Phone),
            tx.now.0,
            &*snapshot.raw
        ],
    )?;
    Ok(())
}

/// Adds an end to a link that has none on that side; its link is dirty and refreshed, children find their parent.
pub(super) fn insert(tx: &Tx<'_>, link: LinkId, snapshot: &Snapshot) -> Res<()> {
    add(tx, link, snapshot)?;
    links::touch(tx, link)?;
    if snapshot.parent.is_some() {
        find_parent(tx, link, snapshot)?;
    }
    refresh(tx, link)?;
    if snapshot.kind == Kind::Contact {
        adopt(tx, link, snapshot)?;
    }
    Ok(())
}

fn key<'a>(snapshot: &'a Snapshot, field: &FieldName) -> Option<&'a str> {
    snapshot.record.get(field).and_then(|value| value.as_text())
}

/// Takes a version over; says whether it means anything to a merge.
fn renew(tx: &Tx<'_>, old: &Stored, snapshot: &Snapshot) -> Res<bool> {
    let record = json(&snapshot.record)?;
    let changed = old.gone
        || old.record != record
        || old.parent != snapshot.parent
        || old.external_id != snapshot.external_id;
    tx.run(
        "UPDATE snapshot SET parent = ?3, record = ?4, version = ?5, created_at = ?6, updated_at = ?7, \
         external_id = ?8, email = ?9, phone = ?10, raw = ?11, gone = 0 WHERE link = ?1 AND side = ?2",
        params![
            old.link.0,
            snapshot.side.name(),
            snapshot.parent.as_ref().map(RecordId::as_str),
            record,
            snapshot.version.as_deref(),
            snapshot.created_at.map(|at| at.0),
            snapshot.updated_at.map(|at| at.0),
            snapshot.external_id.as_ref().map(RecordId::as_str),
            key(snapshot, &FieldName::Email),
            key(snapshot, &FieldName::Phone),
            &*snapshot.raw
        ],
    )?;
    if changed {
        links::touch(tx, old.link)?;
        if snapshot.parent.is_some() && snapshot.parent != old.parent {
            find_parent(tx, old.link, snapshot)?;
        }
    }
    if changed || old.age.updated_at != snapshot.updated_at {
        refresh(tx, old.link)?;
    }
    Ok(changed)
}

/// The contact that a child belongs to, if it is known by now.
fn find_parent(tx: &Tx<'_>, child: LinkId, snapshot: &Snapshot) -> Res<()> {
    tx.run(
        "UPDATE link SET parent = s.link FROM snapshot AS s \
         WHERE link.id = ?1 AND s.side = ?2 AND s.kind = 'contact' AND s.id = ?3",
        params![
            child.0,
            snapshot.side.name(),
            snapshot.parent.as_ref().map(RecordId::as_str)
        ],
    )?;
    Ok(())
}

/// Children that came before their contact find it now.
fn adopt(tx: &Tx<'_>, contact: LinkId, snapshot: &Snapshot) -> Res<()> {
    let orphans = rows(
        tx.conn,
        "SELECT snapshot.link FROM snapshot JOIN link ON link.id = snapshot.link \
         WHERE snapshot.side = ?1 AND snapshot.parent = ?2 AND link.parent IS NULL",
        params![snapshot.side.name(), snapshot.id.as_str()],
        |row| Ok(LinkId(row.get(0)?)),
    )?;
    for child in orphans {
        tx.run(
            "UPDATE link SET parent = ?2, dirty = 1 WHERE id = ?1",
            [child.0, contact.0],
        )?;
        refresh(tx, child)?;
    }
    Ok(())
}

/// The read-back of a write: the version of that end from now on, even where it was gone. An older end with
/// another id makes room. The record must be in no other link.
pub(super) fn put_read_back(tx: &Tx<'_>, link: LinkId, snapshot: &Snapshot) -> Res<()> {
    match stored(tx.conn, snapshot.side, snapshot.kind, &snapshot.id)? {
        // a later version was seen meanwhile
        Some(old) if !old.gone && Age::of(snapshot).compare(&old.age).is_lt() => Ok(()),
        Some(old) => renew(tx, &old, snapshot).map(|_| ()),
        None => {
            bury(tx, link, snapshot.side)?;
            raise_from_tomb(tx, snapshot)?;
            insert(tx, link, snapshot)
        }
    }
}

/// The link that a record is in.
pub(super) fn link_of(
    conn: &Connection,
    side: Side,
    kind: Kind,
    id: &RecordId,
) -> Res<Option<LinkId>> {
    first(
        conn,
        "SELECT link FROM snapshot WHERE side = ?1 AND kind = ?2 AND id = ?3",
        params![side.name(), kind.name(), id.as_str()],
        |row| Ok(LinkId(row.get(0)?)),
    )
}

fn tomb(conn: &Connection, snapshot: &Snapshot) -> Res<Option<Age>> {
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
const FORGOTTEN: Seen = Seen {
    link: LinkId(0),
    seen: SeenAs::Stale,
};

/// Whether an operator had this record, or the contact that it belongs to, forgotten.
fn is_forgotten(conn: &Connection, snapshot: &Snapshot) -> Res<bool> {
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

fn raise_from_tomb(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<()> {
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

pub(super) fn mark_gone(tx: &Tx<'_>, side: Side, kind: Kind, id: &RecordId) -> Res<Option<LinkId>> {
    let live = stored(tx.conn, side, kind, id)?.filter(|old| !old.gone);
    let Some(old) = live else {
        return Ok(None);
    };
    set_gone(tx, old.link, side)?;
    Ok(Some(old.link))
}

/// The end of a link is gone, and what belongs to it on that side with it; the links are dirty.
pub(super) fn set_gone(tx: &Tx<'_>, link: LinkId, side: Side) -> Res<()> {
    let mut links = vec![link];
    links.extend(children_of_end(tx.conn, link, side)?);
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

/// Links of the children that the contact of a link has on that side, live or gone.
pub(super) fn children_of_end(conn: &Connection, link: LinkId, side: Side) -> Res<Vec<LinkId>> {
    rows(
        conn,
        "SELECT child.link FROM snapshot AS child JOIN snapshot AS contact \
         ON child.side = contact.side AND child.parent = contact.id \
         WHERE contact.link = ?1 AND contact.side = ?2 AND contact.kind = 'contact' ORDER BY child.link",
        params![link.0, side.name()],
        |row| Ok(LinkId(row.get(0)?)),
    )
}

/// Whether a record is known to be gone, and this version of it is later than that; `None`: it is not known as gone.
pub(super) fn outlives(conn: &Connection, snapshot: &Snapshot) -> Res<Option<bool>> {
    let (side, kind) = (snapshot.side, snapshot.kind);
    let gone = match stored(conn, side, kind, &snapshot.id)? {
        Some(old) if !old.gone => return Ok(None),
        Some(old) if old.parent != snapshot.parent => return Ok(Some(true)),
        Some(old) => Some(old.age),
        None => tomb(conn, snapshot)?,
    };
    Ok(gone.map(|age| Age::of(snapshot).compare(&age).is_gt()))
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
    before: Millis,
    limit: u32,
) -> Res<Vec<Snapshot>> {
    rows(
        conn,
        select!(
            "WHERE side = ?1 AND kind = ?2 AND swept < ?3 AND gone = 0 AND first_seen < ?4 \
             AND (SELECT ignored FROM link WHERE link.id = snapshot.link) = 0 ORDER BY swept, link LIMIT ?5"
        ),
        params![side.name(), kind.name(), sweep, before.0, limit],
        read,
    )
}

pub(super) fn lookup(conn: &Connection, side: Side, kind: Kind, by: Lookup<'_>) -> Res<Vec<Match>> {
    let (column, key) = match by {
        Lookup::Id(id) => ("id", id.as_str()),
        Lookup::External(id) => ("external_id", id.as_str()),
        Lookup::Email(email) => ("email", email),
        Lookup::Phone(phone) => ("phone", phone),
    };
    let found = rows(
        conn,
        &format!(
            "SELECT link, id, external_id, record FROM snapshot \
             WHERE side = ?1 AND kind = ?2 AND {column} = ?3 AND gone = 0 ORDER BY link LIMIT 20"
        ),
        params![side.name(), kind.name(), key],
        |row| {
            Ok(Match {
                link: LinkId(row.get("link")?),
                id: text_at(row, "id")?.into(),
                external_id: id_or_none(row, "external_id")?,
                record: json_at(row, "record")?,
                linked: false,
            })
        },
    )?;
    let mut matches = Vec::with_capacity(found.len());
    for mut found in found {
        found.linked = any(
            conn,
            "SELECT 1 FROM snapshot WHERE link = ?1 AND side = ?2",
            params![found.link.0, side.other().name()],
        )?;
        matches.push(found);
    }
    Ok(matches)
}
