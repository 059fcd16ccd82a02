//! Lines of the log as an undo and the blame ask for them.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use crate::merge::{self, Blame, FieldMap, Known, UndoPlan};
use crate::model::{ActionId, Cause, End, Kind, LinkId, Undo, WrittenLine};

use super::{
    Reader, StoreError, Writer,
    convert::{first, json_at, rows, text_or_none},
    error::Res,
    links, log, status,
};

/// Writes, as the log names them.
const WRITES: &str = "op IN ('create', 'update', 'delete')";
/// Lines that a blame looks at, at most.
const BLAMED: u32 = 2_000;

fn read(row: &Row<'_>) -> Res<WrittenLine> {
    let cause = text_or_none(row, "source")?.map(serde_json::from_str);
    Ok(WrittenLine {
        entry: log::read(row)?,
        cause: cause.transpose()?,
        lost: match text_or_none(row, "lost")? {
            Some(_) => Some(json_at(row, "lost")?),
            None => None,
        },
    })
}

fn lines_of(conn: &Connection, undo: Undo) -> Res<Vec<WrittenLine>> {
    let all = |condition: &str, params: &[&dyn rusqlite::ToSql]| {
        let sql = format!("SELECT * FROM log WHERE {condition} AND {WRITES} ORDER BY id");
        rows(conn, &sql, params, read)
    };
    let id = match undo {
        Undo::Pass(pass) => return all("pass = ?1", &[&pass.0]),
        Undo::Operation(id) => id,
    };
    let Some(line) = first(conn, "SELECT * FROM log WHERE id = ?1", [id.0], read)? else {
        return Ok(Vec::new());
    };
    let link = line.entry.link.0;
    match line.cause {
        Some(Cause::Decision { conflict, .. }) => all(
            "link = ?1 AND source ->> '$.cause' = 'decision' AND source ->> '$.conflict' = ?2",
            &[&link, &conflict.0],
        ),
        Some(Cause::Edit { action, .. }) => all(
            "link = ?1 AND source ->> '$.cause' = 'edit' AND source ->> '$.action' = ?2",
            &[&link, &action.0],
        ),
        _ => all("id = ?1", &[&id.0]),
    }
}

impl Reader {
    /// The writes that an undo is about, oldest first; none where the log has no such line or pass, or it wrote
    /// nothing. Of a decision or an edit made in couplet all writes that came of it for the record.
    pub fn undo_lines(&self, undo: Undo) -> Result<Vec<WrittenLine>, StoreError> {
        self.read("undo_lines", |conn| lines_of(conn, undo))
    }

    /// What an undo would do, write and leave, as things stand: its preview. The engine looks again when it carries
    /// the undo out. Empty where there is nothing to undo.
    pub fn undo_plan(
        &self,
        undo: Undo,
        map: &FieldMap,
        operator: &str,
    ) -> Result<UndoPlan, StoreError> {
        self.read("undo_plan", |conn| {
            let lines = lines_of(conn, undo)?;
            let known = known_of(conn, &lines, map)?;
            let cause = Cause::Undo {
                of: undo,
                action: ActionId::default(),
                operator: operator.to_owned(),
            };
            Ok(merge::undo(&lines, &known, map, &cause))
        })
    }

    /// Who gave each field of a link its value: see [`merge::blame()`]. Empty where there is no such link.
    pub fn blame(&self, link: LinkId, map: &FieldMap) -> Result<Vec<Blame>, StoreError> {
        self.read("blame", |conn| {
            let Some(linked) = links::load(conn, link)? else {
                return Ok(Vec::new());
            };
            let sql =
                format!("SELECT * FROM log WHERE link = ?1 AND {WRITES} ORDER BY id DESC LIMIT ?2");
            let lines = rows(conn, &sql, params![link.0, BLAMED], read)?;
            let known = Known {
                linked,
                children: Vec::new(),
            };
            let linked = known.canonical(map).linked;
            let ends = [&linked.ends.growbots, &linked.ends.ghl];
            let live = ends.into_iter().find_map(End::live);
            let now = linked.base.or_else(|| live.map(|end| end.record.clone()));
            Ok(merge::blame(&lines, &now.unwrap_or_default(), map))
        })
    }

    /// A small text that the engine keeps.
    pub fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read("note", |conn| status::note(conn, name))
    }
}

/// The latest writes of a link, newest first.
pub(super) fn written(conn: &Connection, link: LinkId) -> Res<Vec<WrittenLine>> {
    let sql = format!("SELECT * FROM log WHERE link = ?1 AND {WRITES} ORDER BY id DESC LIMIT 50");
    rows(conn, &sql, [link.0], read)
}

fn known_of(
    conn: &Connection,
    lines: &[WrittenLine],
    map: &FieldMap,
) -> Res<BTreeMap<LinkId, Known>> {
    let mut known = BTreeMap::new();
    let contacts = lines
        .iter()
        .filter_map(|line| line.lost.as_ref().and_then(|lost| lost.parent));
    for link in lines.iter().map(|line| line.entry.link).chain(contacts) {
        if known.contains_key(&link) {
            continue;
        }
        let Some(linked) = links::load(conn, link)? else {
            continue;
        };
        let mut children = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| kind.is_child()) {
            children.extend(links::children(conn, kind, link)?);
        }
        known.insert(link, Known { linked, children }.canonical(map));
    }
    Ok(known)
}

impl Writer {
    /// The latest writes of a link, newest first; enough to tell what goes to and fro.
    pub fn written(&self, link: LinkId) -> Result<Vec<WrittenLine>, StoreError> {
        written(&self.conn, link).map_err(|fault| fault.at("written"))
    }

    /// As [`Reader::undo_lines`].
    pub fn undo_lines(&self, undo: Undo) -> Result<Vec<WrittenLine>, StoreError> {
        lines_of(&self.conn, undo).map_err(|fault| fault.at("undo_lines"))
    }
}
