//! Snapshots: the last version seen of each end, what is newer than what, and look-ups by key.

use std::cmp::Ordering;

use rusqlite::{Connection, Row, params};

use crate::model::{FieldName, Kind, LinkId, Millis, RecordId, Side, Snapshot, Tombstone};

use super::{
    Lookup, Match, Seen, SeenAs,
    convert::{
        any, first, id_or_none, json, json_at, name_at, rows, text_at, text_or_none, time_or_none,
    },
    db::Tx,
    error::Res,
    gone::{FORGOTTEN, bury, is_forgotten, raise_from_tomb, tomb},
    links,
    refresh::{self, refresh},
};

/// All columns of a snapshot, before a `WHERE`; [`read`] and [`is_gone`] know their places.
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
        side: name_at(row, 1)?,
        kind: name_at(row, 2)?,
        id: text_at(row, 3)?.into(),
        parent: id_or_none(row, 4)?,
        record: json_at(row, 5)?,
        version: text_or_none(row, 6)?.map(Into::into),
        created_at: time_or_none(row, 7)?,
        updated_at: time_or_none(row, 8)?,
        external_id: id_or_none(row, 9)?,
        raw: text_at(row, 11)?.into(),
    })
}

/// Whether it was the last version of a record that is gone.
pub(super) fn is_gone(row: &Row<'_>) -> Res<bool> {
    Ok(row.get(10)?)
}

/// What the store has of a record, as far as a new version is compared with it.
pub(super) struct Stored {
    pub(super) link: LinkId,
    pub(super) gone: bool,
    pub(super) parent: Option<RecordId>,
    pub(super) record: String,
    pub(super) age: Age,
    external_id: Option<RecordId>,
}

/// What tells which of two versions is later.
pub(super) struct Age {
    version: Option<Box<str>>,
    pub(super) updated_at: Option<Millis>,
}

impl Age {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        Self {
            version: snapshot.version.clone(),
            updated_at: snapshot.updated_at,
        }
    }

    /// That of a delete.
    pub(super) fn of_stone(stone: &Tombstone) -> Self {
        Self {
            version: stone.version.clone(),
            updated_at: stone.updated_at,
        }
    }

    pub(super) fn read(row: &Row<'_>) -> Res<Self> {
        Ok(Self {
            version: text_or_none(row, "version")?.map(Into::into),
            updated_at: time_or_none(row, "updated_at")?,
        })
    }

    /// By the number of the version where both have one, else by update time; equal where neither tells.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
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

pub(super) fn stored(
    conn: &Connection,
    side: Side,
    kind: Kind,
    id: &RecordId,
) -> Res<Option<Stored>> {
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

/// What a side has in the cache before a page of it is stored: what there is none of, no record need ask for.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub(super) tombs: bool,
    pub(super) children: bool,
}

impl Before {
    /// There may be anything.
    const UNKNOWN: Self = Self {
        tombs: true,
        children: true,
    };

    /// Before these versions, which are of one side.
    pub(super) fn of(conn: &Connection, page: &[Snapshot]) -> Res<Self> {
        let Some(side) = page.first().map(|first| first.side.name()) else {
            return Ok(Self::UNKNOWN);
        };
        Ok(Self {
            tombs: any(conn, "SELECT 1 FROM tomb WHERE side = ?1 LIMIT 1", [side])?,
            children: page.iter().any(|snapshot| snapshot.parent.is_some())
                || any(
                    conn,
                    "SELECT 1 FROM snapshot WHERE side = ?1 AND parent IS NOT NULL LIMIT 1",
                    [side],
                )?,
        })
    }
}

/// Stores a version that was seen.
pub(super) fn put(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<Seen> {
    put_on(tx, Before::UNKNOWN, snapshot)
}

/// The same for one of a page.
pub(super) fn put_on(tx: &Tx<'_>, before: Before, snapshot: &Snapshot) -> Res<Seen> {
    if before.tombs && is_forgotten(tx.conn, snapshot)? {
        return Ok(FORGOTTEN);
    }
    let new = Age::of(snapshot);
    let Some(old) = stored(tx.conn, snapshot.side, snapshot.kind, &snapshot.id)? else {
        if before.tombs
            && let Some(age) = tomb(tx.conn, snapshot)?
        {
            if new.compare(&age).is_le() {
                return Ok(Seen {
                    link: LinkId(0),
                    seen: SeenAs::Stale,
                });
            }
            raise_from_tomb(tx, snapshot)?;
        }
        let link = first_sight(tx, before, snapshot)?;
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
fn first_sight(tx: &Tx<'_>, before: Before, snapshot: &Snapshot) -> Res<LinkId> {
    let link = add_link(tx, snapshot)?;
    if before.children {
        adopt(tx, link, snapshot)?;
    }
    Ok(link)
}

/// The same while its children do not find it yet.
pub(super) fn add_link(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<LinkId> {
    let parent = match &snapshot.parent {
        Some(parent) => link_of(tx.conn, snapshot.side, Kind::Contact, parent)?,
        None => None,
    };
    let link = links::first_sight(tx, snapshot.kind, parent, snapshot.side)?;
    add(tx, link, snapshot)?;
    refresh::first_sight(tx, link, parent, snapshot)?;
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
    adopt(tx, link, snapshot)
}

fn key<'a>(snapshot: &'a Snapshot, field: &FieldName) -> Option<&'a str> {
    snapshot.record.get(field).and_then(|value| value.as_text())
}

/// Takes a version over; says whether it means anything to a merge.
fn renew(tx: &Tx<'_>, old: &Stored, snapshot: &Snapshot) -> Res<bool> {
    let changed = take(tx, old, snapshot)?;
    if changed || old.age.updated_at != snapshot.updated_at {
        refresh(tx, old.link)?;
    }
    Ok(changed)
}

/// The same without what lists show of it.
fn take(tx: &Tx<'_>, old: &Stored, snapshot: &Snapshot) -> Res<bool> {
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
pub(super) fn adopt(tx: &Tx<'_>, contact: LinkId, snapshot: &Snapshot) -> Res<()> {
    if snapshot.kind != Kind::Contact {
        return Ok(());
    }
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
/// another id makes room. The record must be in no other link. The caller refreshes the link.
pub(super) fn put_read_back(tx: &Tx<'_>, link: LinkId, snapshot: &Snapshot) -> Res<()> {
    match stored(tx.conn, snapshot.side, snapshot.kind, &snapshot.id)? {
        // a later version was seen meanwhile
        Some(old) if !old.gone && Age::of(snapshot).compare(&old.age).is_lt() => Ok(()),
        Some(old) => take(tx, &old, snapshot).map(drop),
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
