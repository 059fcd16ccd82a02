//! Pairs that operators make and part, and the list of links.

use rusqlite::{Connection, params};

use crate::model::{ActionId, BySide, End, Kind, LinkId, LinkRow, LogOp, PassId, RecordId, Side};

use super::{
    conflicts,
    convert::{any, first, id_or_none, name_at, rows},
    db::Tx,
    error::{Fault, Res},
    links, log, outbox,
    refresh::refresh,
};

/// The op of a line about a pair that was parted.
const SPLIT: &str = "split";

/// Links in order of id, after `after`.
pub(super) fn list(conn: &Connection, after: LinkId, limit: u32) -> Res<Vec<LinkRow>> {
    rows(
        conn,
        "SELECT link.id AS link, link.kind AS kind, state, g.id AS ghl_id, l.id AS growbots_id FROM link \
         LEFT JOIN snapshot AS g ON g.link = link.id AND g.side = 'ghl' AND g.gone = 0 \
         LEFT JOIN snapshot AS l ON l.link = link.id AND l.side = 'growbots' AND l.gone = 0 \
         WHERE link.id > ?1 ORDER BY link.id LIMIT ?2",
        params![after.0, limit],
        |row| {
            Ok(LinkRow {
                id: LinkId(row.get("link")?),
                kind: name_at(row, "kind")?,
                ids: BySide {
                    ghl: id_or_none(row, "ghl_id")?,
                    growbots: id_or_none(row, "growbots_id")?,
                },
                state: name_at(row, "state")?,
            })
        },
    )
}

/// Who parted two records, in which action; `None` where nobody did.
pub(super) fn parted(
    conn: &Connection,
    kind: Kind,
    ghl: &RecordId,
    growbots: &RecordId,
) -> Res<Option<(ActionId, String)>> {
    first(
        conn,
        "SELECT action, operator FROM never WHERE kind = ?1 AND growbots = ?3 AND ghl = ?2",
        params![kind.name(), ghl.as_str(), growbots.as_str()],
        |row| Ok((ActionId(row.get("action")?), row.get("operator")?)),
    )
}

/// Whether the ends of two links are a pair that was parted.
pub(super) fn are_parted(conn: &Connection, ghl: LinkId, growbots: LinkId) -> Res<bool> {
    any(
        conn,
        "SELECT 1 FROM snapshot AS g JOIN snapshot AS l ON l.link = ?2 AND l.side = 'growbots' \
         JOIN never ON never.kind = g.kind AND never.ghl = g.id AND never.growbots = l.id \
         WHERE g.link = ?1 AND g.side = 'ghl'",
        [ghl.0, growbots.0],
    )
}

/// Who parts, and in which action.
pub(super) struct Parting<'a> {
    pub(super) action: ActionId,
    pub(super) operator: &'a str,
}

/// Parts a link: GHL's record keeps it, that of Growbots gets one of its own, and so do the records that belong to
/// them. They do not pair again by themselves.
pub(super) fn split(tx: &Tx<'_>, pass: PassId, link: LinkId, by: &Parting<'_>) -> Res<()> {
    let children = links::ids_of_children(tx.conn, link)?;
    let parent = first(
        tx.conn,
        "SELECT parent FROM link WHERE id = ?1",
        [link.0],
        |row| Ok(row.get::<_, Option<i64>>(0)?.map(LinkId)),
    )?;
    let other = part(tx, pass, link, parent.flatten(), by)?;
    for child in children {
        let ends = links::ends(tx.conn, child)?;
        match (&ends.ghl, &ends.growbots) {
            (End::Missing, _) => {
                tx.run(
                    "UPDATE link SET parent = ?2, dirty = 1 WHERE id = ?1",
                    [child.0, other.0],
                )?;
                refresh(tx, child)?;
            }
            (_, End::Missing) => {}
            _ => {
                part(tx, pass, child, Some(other), by)?;
            }
        }
    }
    Ok(())
}

/// Parts one link; gives that of the Growbots record.
fn part(
    tx: &Tx<'_>,
    pass: PassId,
    link: LinkId,
    parent: Option<LinkId>,
    by: &Parting<'_>,
) -> Res<LinkId> {
    let kind = links::kind_of(tx.conn, link)?;
    let ends = links::ends(tx.conn, link)?;
    let (Some(ghl), Some(growbots)) = (ends.ghl.last_seen(), ends.growbots.last_seen()) else {
        return Err(Fault::Unreadable(format!("link {link} is no pair")));
    };
    let why = format!("{} split them: they are different records", by.operator);
    log::words(tx, pass, link, SPLIT, &why, Some(by.operator))?;
    conflicts::close_of_link(tx, pass, link, &why)?;
    outbox::supersede_planned(tx, link)?;
    let other = links::new(tx, kind, parent)?;
    tx.run(
        "INSERT OR REPLACE INTO never (kind, ghl, growbots, action, operator, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            kind.name(),
            ghl.id.as_str(),
            growbots.id.as_str(),
            by.action.0,
            by.operator,
            tx.now.0
        ],
    )?;
    tx.run(
        "UPDATE snapshot SET link = ?2 WHERE link = ?1 AND side = 'growbots'",
        [link.0, other.0],
    )?;
    for sql in [
        "DELETE FROM base WHERE link = ?1",
        "DELETE FROM decided WHERE link = ?1",
        "DELETE FROM parked WHERE link = ?1",
        "UPDATE link SET held = '[]' WHERE id = ?1",
    ] {
        tx.run(sql, [link.0])?;
    }
    for one in [link, other] {
        links::touch(tx, one)?;
        refresh(tx, one)?;
    }
    Ok(other)
}

/// Makes one link of two, also where they or what belongs to them were parted before.
pub(super) fn unite(
    tx: &Tx<'_>,
    pass: PassId,
    ghl: LinkId,
    growbots: LinkId,
    operator: &str,
) -> Res<()> {
    let why = format!("{operator} matched them");
    lift(tx, ghl, growbots)?;
    conflicts::close_of_link(tx, pass, ghl, &why)?;
    links::absorb(tx, pass, ghl, growbots)?;
    tx.run(
        "DELETE FROM never WHERE EXISTS (SELECT 1 FROM link JOIN snapshot ON snapshot.link = link.id \
         WHERE link.parent = ?1 AND side = 'ghl' AND snapshot.kind = never.kind AND snapshot.id = never.ghl) \
         AND EXISTS (SELECT 1 FROM link JOIN snapshot ON snapshot.link = link.id \
         WHERE link.parent = ?1 AND side = 'growbots' AND snapshot.kind = never.kind AND snapshot.id = never.growbots)",
        [ghl.0],
    )?;
    log::words(tx, pass, ghl, LogOp::Linked.name(), &why, Some(operator))
}

fn lift(tx: &Tx<'_>, ghl: LinkId, growbots: LinkId) -> Res<()> {
    let ends = |link, side: Side| -> Res<Option<(Kind, RecordId)>> {
        let ends = links::ends(tx.conn, link)?;
        let end = ends.get(side).last_seen();
        Ok(end.map(|end| (end.kind, end.id.clone())))
    };
    if let (Some((kind, ghl)), Some((_, growbots))) =
        (ends(ghl, Side::Ghl)?, ends(growbots, Side::Growbots)?)
    {
        tx.run(
            "DELETE FROM never WHERE kind = ?1 AND growbots = ?3 AND ghl = ?2",
            params![kind.name(), ghl.as_str(), growbots.as_str()],
        )?;
    }
    Ok(())
}
