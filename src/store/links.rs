//! Links: reading one with all that a merge needs, listing those that wait for one, joining and forgetting.

use rusqlite::{Connection, params};

use crate::model::{
    BySide, Decided, End, FieldName, Held, Kind, LinkId, LinkState, Linked, LogOp, Parked, PassId,
    Record, Side,
};

use super::{
    conflicts,
    convert::{any, first, json_at, name_at, rows, seen_at, text_at, value_at, value_text},
    db::Tx,
    error::{Fault, Res},
    errors, gone, log, outbox,
    refresh::refresh,
    rules, snapshots,
};

/// One link with both ends, base, decisions and parked fields.
pub(super) fn load(conn: &Connection, link: LinkId) -> Res<Option<Linked>> {
    let row = first(
        conn,
        "SELECT kind, parent, ignored FROM link WHERE id = ?1",
        [link.0],
        |row| {
            Ok((
                name_at::<Kind>(row, "kind")?,
                row.get::<_, Option<i64>>("parent")?.map(LinkId),
                row.get::<_, bool>("ignored")?,
            ))
        },
    )?;
    let Some((kind, parent, ignored)) = row else {
        return Ok(None);
    };
    Ok(Some(Linked {
        id: link,
        kind,
        parent,
        base: base(conn, link)?,
        ends: ends(conn, link)?,
        decided: decided(conn, link)?,
        parked: parked(conn, link)?,
        ignored,
    }))
}

fn load_all(conn: &Connection, links: Vec<LinkId>) -> Res<Vec<Linked>> {
    let mut found = Vec::with_capacity(links.len());
    for link in links {
        found.extend(load(conn, link)?);
    }
    Ok(found)
}

/// What is kept about a link as a whole.
pub(super) fn standing(conn: &Connection, link: LinkId) -> Res<Option<(LinkState, Vec<Held>)>> {
    first(
        conn,
        "SELECT state, held FROM link WHERE id = ?1",
        [link.0],
        |row| Ok((name_at(row, "state")?, json_at(row, "held")?)),
    )
}

pub(super) fn kind(conn: &Connection, link: LinkId) -> Res<Option<Kind>> {
    first(
        conn,
        "SELECT kind FROM link WHERE id = ?1",
        [link.0],
        |row| name_at(row, "kind"),
    )
}

/// The kind of a link that must be there.
pub(super) fn kind_of(conn: &Connection, link: LinkId) -> Res<Kind> {
    kind(conn, link)?.ok_or_else(|| Fault::Unreadable(format!("link {link} is not there")))
}

pub(super) fn ends(conn: &Connection, link: LinkId) -> Res<BySide<End>> {
    let mut ends = BySide::<End>::default();
    let seen = rows(
        conn,
        snapshots::select!("WHERE link = ?1"),
        [link.0],
        |row| Ok((snapshots::read(row)?, snapshots::is_gone(row)?)),
    )?;
    for (snapshot, gone) in seen {
        let end = ends.get_mut(snapshot.side);
        *end = if gone {
            End::Gone(snapshot)
        } else {
            End::Live(snapshot)
        };
    }
    Ok(ends)
}

/// Whether a side has the record of a link.
pub(super) fn has_live_end(conn: &Connection, link: LinkId, side: Side) -> Res<bool> {
    any(
        conn,
        "SELECT 1 FROM snapshot WHERE link = ?1 AND side = ?2 AND gone = 0",
        params![link.0, side.name()],
    )
}

pub(super) fn base(conn: &Connection, link: LinkId) -> Res<Option<Record>> {
    first(
        conn,
        "SELECT record FROM base WHERE link = ?1",
        [link.0],
        |row| json_at(row, "record"),
    )
}

pub(super) fn decided(conn: &Connection, link: LinkId) -> Res<Vec<Decided>> {
    rows(
        conn,
        "SELECT field, value, seen_ghl, seen_growbots, cause FROM decided WHERE link = ?1 ORDER BY field",
        [link.0],
        |row| {
            let field: FieldName = text_at(row, "field")?.parse()?;
            Ok(Decided {
                value: value_at(row, "value", &field)?,
                seen: seen_at(row, &field)?,
                cause: json_at(row, "cause")?,
                field,
            })
        },
    )
}

pub(super) fn parked(conn: &Connection, link: LinkId) -> Res<Vec<Parked>> {
    rows(
        conn,
        "SELECT field, side, seen_ghl, seen_growbots, why FROM parked WHERE link = ?1 ORDER BY field, side",
        [link.0],
        |row| {
            let field: FieldName = text_at(row, "field")?.parse()?;
            Ok(Parked {
                side: name_at(row, "side")?,
                seen: seen_at(row, &field)?,
                why: row.get("why")?,
                field,
            })
        },
    )
}

pub(super) fn park(tx: &Tx<'_>, link: LinkId, parked: &[Parked]) -> Res<()> {
    for park in parked {
        tx.run(
            "INSERT INTO parked (link, field, side, seen_ghl, seen_growbots, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT DO UPDATE SET seen_ghl = excluded.seen_ghl, seen_growbots = excluded.seen_growbots, \
             why = excluded.why",
            params![
                link.0,
                park.field.to_string(),
                park.side.name(),
                value_text(park.seen.ghl.as_ref()),
                value_text(park.seen.growbots.as_ref()),
                park.why
            ],
        )?;
    }
    Ok(())
}

/// What a link must be for a merge to look at it: not held by a conflict, nor its contact, and without an intent whose
/// answer is not known. The second condition on each state names the partial index.
const FREE: &str = "NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.link = link.id AND state = 'open' \
     AND state IN ('open', 'decided') AND fields = '[]') \
     AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.link = link.parent AND state = 'open' \
     AND state IN ('open', 'decided') AND fields = '[]') \
     AND NOT EXISTS (SELECT 1 FROM intent WHERE intent.link = link.id AND state IN ('sending', 'unknown') \
     AND state IN ('planned', 'sending', 'unknown'))";

/// Live on `side` only, free to be matched; of children only those whose contact is live on both sides.
pub(super) fn unlinked(
    conn: &Connection,
    kind: Kind,
    side: Side,
    after: LinkId,
    limit: u32,
) -> Res<Vec<Linked>> {
    let (ends, parent) = (lone_on(side), parent_is_linked(kind));
    let found = rows(
        conn,
        &format!(
            "SELECT id FROM link WHERE kind = ?1 AND id > ?2 AND {ends} AND ignored = 0 {parent} AND {FREE} \
             ORDER BY id LIMIT ?3"
        ),
        params![kind.name(), after.0, limit],
        |row| Ok(LinkId(row.get(0)?)),
    )?;
    load_all(conn, found)
}

/// The same among the children of one contact.
pub(super) fn unlinked_of(
    conn: &Connection,
    kind: Kind,
    side: Side,
    contact: LinkId,
) -> Res<Vec<Linked>> {
    let (ends, parent) = (lone_on(side), parent_is_linked(kind));
    let found = rows(
        conn,
        &format!(
            "SELECT id FROM link WHERE parent = ?2 AND kind = ?1 AND {ends} AND ignored = 0 {parent} AND {FREE} \
             ORDER BY id"
        ),
        params![kind.name(), contact.0],
        |row| Ok(LinkId(row.get(0)?)),
    )?;
    load_all(conn, found)
}

const fn lone_on(side: Side) -> &'static str {
    match side {
        Side::Ghl => "ghl = 1 AND growbots = 0",
        Side::Growbots => "growbots = 1 AND ghl = 0",
    }
}

const fn parent_is_linked(kind: Kind) -> &'static str {
    if kind.is_child() {
        "AND EXISTS (SELECT 1 FROM link AS p WHERE p.id = link.parent AND p.ghl = 1 AND p.growbots = 1)"
    } else {
        ""
    }
}

pub(super) fn dirty(conn: &Connection, kind: Kind, after: LinkId, limit: u32) -> Res<Vec<Linked>> {
    let found = rows(
        conn,
        &format!(
            "SELECT id FROM link WHERE kind = ?1 AND id > ?2 AND dirty = 1 AND ignored = 0 AND {FREE} \
             ORDER BY id LIMIT ?3"
        ),
        params![kind.name(), after.0, limit],
        |row| Ok(LinkId(row.get(0)?)),
    )?;
    load_all(conn, found)
}

pub(super) fn children(conn: &Connection, kind: Kind, parent: LinkId) -> Res<Vec<Linked>> {
    let found = rows(
        conn,
        "SELECT id FROM link WHERE parent = ?1 AND kind = ?2 ORDER BY id",
        params![parent.0, kind.name()],
        |row| Ok(LinkId(row.get(0)?)),
    )?;
    load_all(conn, found)
}

pub(super) fn new(tx: &Tx<'_>, kind: Kind, parent: Option<LinkId>) -> Res<LinkId> {
    tx.run(
        "INSERT INTO link (kind, parent) VALUES (?1, ?2)",
        params![kind.name(), parent.map(|parent| parent.0)],
    )?;
    Ok(LinkId(tx.conn.last_insert_rowid()))
}

/// A new link for a record that only `side` is known to have.
pub(super) fn first_sight(
    tx: &Tx<'_>,
    kind: Kind,
    parent: Option<LinkId>,
    side: Side,
) -> Res<LinkId> {
    tx.run(
        "INSERT INTO link (kind, parent, ghl, growbots) VALUES (?1, ?2, ?3, ?4)",
        params![
            kind.name(),
            parent.map(|parent| parent.0),
            side == Side::Ghl,
            side == Side::Growbots
        ],
    )?;
    Ok(LinkId(tx.conn.last_insert_rowid()))
}

/// Takes a field out of every base of a kind, and out of what is parked; pairs are dirty then.
pub(super) fn forget_base(tx: &Tx<'_>, kind: Kind, field: &FieldName) -> Res<()> {
    // the keys of custom fields are letters, digits and `_`
    let path = format!("$.\"{field}\"");
    tx.run(
        "UPDATE base SET record = json_remove(record, ?2) WHERE link IN (SELECT id FROM link WHERE kind = ?1) \
         AND json_type(record, ?2) IS NOT NULL",
        params![kind.name(), path],
    )?;
    tx.run(
        "DELETE FROM parked WHERE field = ?2 AND link IN (SELECT id FROM link WHERE kind = ?1)",
        params![kind.name(), field.to_string()],
    )?;
    tx.run(
        "UPDATE link SET dirty = 1 WHERE kind = ?1 AND ghl = 1 AND growbots = 1 AND dirty = 0",
        [kind.name()],
    )?;
    Ok(())
}

/// Makes a link dirty; nothing where it is not there.
pub(super) fn touch(tx: &Tx<'_>, link: LinkId) -> Res<()> {
    tx.run(
        "UPDATE link SET dirty = 1 WHERE id = ?1 AND dirty = 0",
        [link.0],
    )?;
    Ok(())
}

pub(super) fn set_ignored(tx: &Tx<'_>, link: LinkId, ignored: bool) -> Res<()> {
    tx.run(
        "UPDATE link SET ignored = ?2, dirty = dirty OR NOT ?2 WHERE id = ?1",
        params![link.0, ignored],
    )?;
    if ignored {
        outbox::supersede_planned(tx, link)?;
    }
    refresh(tx, link)
}

/// One link of two one-ended ones.
pub(super) fn join(tx: &Tx<'_>, pass: PassId, ghl: LinkId, growbots: LinkId, why: &str) -> Res<()> {
    if kind_of(tx.conn, ghl)? != kind_of(tx.conn, growbots)? || ghl == growbots {
        return Err(Fault::Unreadable(format!(
            "links {ghl} and {growbots} cannot be one"
        )));
    }
    absorb(tx, pass, ghl, growbots)?;
    log::words(tx, pass, ghl, LogOp::Linked.name(), why, None)
}

/// Moves all of `vanishing` that `keep` has not into `keep`, and removes `vanishing`. `keep` is dirty then.
pub(super) fn absorb(tx: &Tx<'_>, pass: PassId, keep: LinkId, vanishing: LinkId) -> Res<()> {
    let (from, to) = (vanishing.0, keep.0);
    conflicts::close_of_link(tx, pass, vanishing, &format!("became one with link {keep}"))?;
    outbox::follow(tx, vanishing, keep)?;
    rules::follow(tx, vanishing, keep)?;
    // an end of `keep` that is gone gives way to a live one
    for side in Side::BOTH {
        if has_live_end(tx.conn, vanishing, side)? {
            gone::bury(tx, keep, side)?;
        }
    }
    for sql in [
        "UPDATE OR IGNORE snapshot SET link = ?2 WHERE link = ?1",
        "UPDATE OR IGNORE decided SET link = ?2 WHERE link = ?1",
        "UPDATE OR IGNORE parked SET link = ?2 WHERE link = ?1",
        "UPDATE link SET parent = ?2 WHERE parent = ?1",
        "UPDATE log SET link = ?2 WHERE link = ?1",
        "UPDATE link SET parent = (SELECT parent FROM link WHERE id = ?1) WHERE id = ?2 AND parent IS NULL",
    ] {
        tx.run(sql, [from, to])?;
    }
    remove(tx, vanishing)?;
    touch(tx, keep)?;
    refresh(tx, keep)?;
    refresh_children(tx, keep)
}

pub(super) fn refresh_children(tx: &Tx<'_>, parent: LinkId) -> Res<()> {
    ids_of_children(tx.conn, parent)?
        .into_iter()
        .try_for_each(|child| refresh(tx, child))
}

/// What belongs to a contact, of every kind.
pub(super) fn ids_of_children(conn: &Connection, parent: LinkId) -> Res<Vec<LinkId>> {
    rows(
        conn,
        "SELECT id FROM link WHERE parent = ?1",
        [parent.0],
        |row| Ok(LinkId(row.get(0)?)),
    )
}

/// Takes a link away with what is left of it: its ends become tombstones.
fn remove(tx: &Tx<'_>, link: LinkId) -> Res<()> {
    for side in Side::BOTH {
        gone::bury(tx, link, side)?;
    }
    errors::drop_record(tx, link, None)?;
    tx.run("DELETE FROM link WHERE id = ?1", [link.0])?;
    Ok(())
}

/// Takes a link away with its ends, and no tombstones but those that are there.
pub(super) fn erase(tx: &Tx<'_>, link: LinkId) -> Res<()> {
    errors::drop_record(tx, link, None)?;
    tx.run(
        "UPDATE error SET title = '', link = NULL, message = '' WHERE link = ?1",
        [link.0],
    )?;
    tx.run("DELETE FROM link WHERE id = ?1", [link.0])?;
    Ok(())
}

pub(super) fn forget(tx: &Tx<'_>, pass: PassId, link: LinkId, why: &str) -> Res<()> {
    if kind(tx.conn, link)?.is_none() {
        return Ok(());
    }
    log::words(tx, pass, link, log::UNLINK, why, None)?;
    conflicts::close_of_link(tx, pass, link, why)?;
    outbox::supersede_open(tx, link)?;
    let children = ids_of_children(tx.conn, link)?;
    remove(tx, link)?;
    for child in children {
        move_to_its_contact(tx, child)?;
        refresh(tx, child)?;
    }
    Ok(())
}

/// A child whose link to a contact went away belongs to the contact of its live end, where that is another one: a
/// merge had moved one end only.
fn move_to_its_contact(tx: &Tx<'_>, child: LinkId) -> Res<()> {
    let moved = tx.run(
        "UPDATE link SET parent = contact.link FROM snapshot AS own JOIN snapshot AS contact \
         ON contact.side = own.side AND contact.kind = 'contact' AND contact.id = own.parent \
         WHERE link.id = ?1 AND own.link = link.id AND own.gone = 0",
        [child.0],
    )?;
    if moved > 0 {
        touch(tx, child)?;
    }
    Ok(())
}

/// Stores decided values, and makes the link dirty.
pub(super) fn decide(tx: &Tx<'_>, link: LinkId, decided: &[Decided]) -> Res<()> {
    for value in decided {
        // A person's word is tried even where the side refused another value before.
        tx.run(
            "DELETE FROM parked WHERE link = ?1 AND field = ?2",
            params![link.0, value.field.to_string()],
        )?;
        tx.run(
            "INSERT INTO decided (link, field, value, seen_ghl, seen_growbots, cause) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET value = excluded.value, \
             seen_ghl = excluded.seen_ghl, seen_growbots = excluded.seen_growbots, cause = excluded.cause",
            params![
                link.0,
                value.field.to_string(),
                value_text(value.value.as_ref()),
                value_text(value.seen.ghl.as_ref()),
                value_text(value.seen.growbots.as_ref()),
                super::convert::json(&value.cause)?
            ],
        )?;
    }
    touch(tx, link)
}
