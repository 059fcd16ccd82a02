//! What is taken away for good: all that is known of a person, and what is older than it should be.

use rusqlite::params;

use crate::model::{Action, Fence, LinkId, LogOp, Millis, PassId, Scope};

use super::{
    StoreError, Writer,
    convert::{json_at, rows},
    db::Tx,
    error::Res,
    links, log, search, status,
};

/// Stands while pages with what was forgotten may still be in the `-wal` file.
const WIPE: &str = "wipe";
/// Rows that one transaction of [`Writer::prune`] takes of a table, so that others need not wait for long.
const ROWS: i64 = 2000;
/// What was sent and answered is kept for so long: a week. It is much, and helps while somebody remembers.
const EXCHANGES_MS: i64 = 7 * 86_400_000;

impl Writer {
    /// Takes away all that is known of a record and of what belongs to it: versions, base, conflicts, intents, and
    /// what log, errors and actions say of it. What happened stays, without content; the ids stay, so that it is not
    /// stored again. Logs it.
    pub fn forget(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        operator: &str,
    ) -> Result<(), StoreError> {
        self.fenced("forget", fence, |tx| forget(tx, pass, link, operator))
    }

    /// Empties the `-wal` file after something was forgotten. False: another process still reads from it; try later.
    pub fn wipe(&mut self) -> Result<bool, StoreError> {
        let open = status::note(&self.conn, WIPE).map_err(|fault| fault.at("wipe"))?;
        if open.is_none() {
            return Ok(true);
        }
        let checkpoint = |conn: &rusqlite::Connection| -> Res<bool> {
            let busy: bool =
                conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            Ok(!busy)
        };
        if !checkpoint(&self.conn).map_err(|fault| fault.at("wipe"))? {
            return Ok(false);
        }
        self.write("wipe", |tx| {
            tx.run("DELETE FROM note WHERE name = ?1", [WIPE])?;
            Ok(())
        })?;
        Ok(true)
    }

    /// Takes away what was sent and answered more than a week ago, and what ended before `before`: log, conflicts, intents, actions, errors, recovered alerts, and what a
    /// rule saw. True where nothing of it is left; else there is more, in the next call.
    pub fn prune(&mut self, fence: Fence, before: Millis) -> Result<bool, StoreError> {
        self.fenced("prune", fence, |tx| {
            let mut left = false;
            let short = before.max(tx.now.plus(-EXCHANGES_MS));
            for (table, ended, before) in [
                ("exchange", "at < ?1", short),
                ("log", "at < ?1", before),
                (
                    "conflict",
                    "state IN ('resolved', 'superseded') AND closed_at < ?1",
                    before,
                ),
                (
                    "intent",
                    "state NOT IN ('planned', 'sending', 'unknown') AND done_at < ?1",
                    before,
                ),
                (
                    "action",
                    "outcome IS NOT NULL AND done_at < ?1",
                    before,
                ),
                ("error", "state = 'closed' AND last_at < ?1", before),
                ("alert", "state = 'recovered' AND last_at < ?1", before),
            ] {
                let gone = tx.run(
                    &format!(
                        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {ended} ORDER BY id LIMIT ?2)"
                    ),
                    params![before.0, ROWS],
                )?;
                left |= gone as i64 == ROWS;
            }
            Ok(!left)
        })
    }
}

fn forget(tx: &Tx<'_>, pass: PassId, link: LinkId, operator: &str) -> Res<()> {
    log::words(
        tx,
        pass,
        link,
        LogOp::Forgotten.name(),
        "asked for",
        Some(operator),
    )?;
    let children = links::ids_of_children(tx.conn, link)?;
    // What waits in the index may be of this person: from here on the index takes away what it removes.
    search::catch_up(tx, "forget", 0)?;
    search::wipe_what_goes(tx, true)?;
    let all: Vec<LinkId> = children.into_iter().chain([link]).collect();
    forget_actions(tx, &all)?;
    for link in all {
        forget_link(tx, link)?;
    }
    search::catch_up(tx, "forget", 0)?;
    search::wipe_what_goes(tx, false)?;
    tx.run(
        "INSERT OR REPLACE INTO note (name, text) VALUES (?1, 'true')",
        [WIPE],
    )?;
    Ok(())
}

/// Actions say what was asked: values of fields, words of a note.
fn forget_actions(tx: &Tx<'_>, all: &[LinkId]) -> Res<()> {
    let conflicts = all
        .iter()
        .map(|link| {
            rows(
                tx.conn,
                "SELECT id FROM conflict WHERE link = ?1",
                [link.0],
                |row| row.get::<_, i64>("id").map_err(Into::into),
            )
        })
        .collect::<Res<Vec<_>>>()?
        .concat();
    let is_theirs = |action: &Action| match action {
        Action::Edit { link, .. } | Action::Ignore { link, .. } | Action::Split { link } => {
            all.contains(link)
        }
        Action::Add { parent, .. } => parent.is_some_and(|parent| all.contains(&parent)),
        Action::Resolve { conflict, .. } | Action::Defer { conflict, .. } => {
            conflicts.contains(&conflict.0)
        }
        Action::Remember { conflict, policy } => {
            let of_theirs = matches!(&policy.scope, Scope::Record { link } if all.contains(link));
            of_theirs || conflict.is_some_and(|conflict| conflicts.contains(&conflict.0))
        }
        _ => false,
    };
    let theirs = rows(tx.conn, "SELECT id, action FROM action", [], |row| {
        Ok((row.get::<_, i64>("id")?, json_at::<Action>(row, "action")?))
    })?;
    for (id, _) in theirs.iter().filter(|(_, action)| is_theirs(action)) {
        tx.run("DELETE FROM action WHERE id = ?1", [id])?;
    }
    Ok(())
}

fn forget_link(tx: &Tx<'_>, link: LinkId) -> Res<()> {
    let ids = rows(
        tx.conn,
        "SELECT id FROM snapshot WHERE link = ?1",
        [link.0],
        |row| row.get::<_, String>("id").map_err(Into::into),
    )?;
    tx.run(
        "INSERT OR REPLACE INTO tomb (side, kind, id, version, updated_at, at, forgotten) \
         SELECT side, kind, id, NULL, NULL, ?2, 1 FROM snapshot WHERE link = ?1",
        params![link.0, tx.now.0],
    )?;
    for sql in [
        "DELETE FROM exchange WHERE log IN (SELECT id FROM log WHERE link = ?1)",
        "UPDATE log SET title = '', fields = '[]', source = NULL, lost = NULL, \
         cause = iif(op = 'forgotten', cause, '') WHERE link = ?1",
        "DELETE FROM staged WHERE conflict IN (SELECT id FROM conflict WHERE link = ?1)",
        "UPDATE conflict SET title = '', fields = '[]', candidates = '[]', note = NULL, gone = NULL, \
         closed_at = coalesce(closed_at, ?2), state = iif(state IN ('open', 'decided'), 'superseded', state) \
         WHERE link = ?1",
        "UPDATE intent SET state = 'superseded', done_at = ?2 WHERE link = ?1 AND state = 'planned'",
        "DELETE FROM intent WHERE link = ?1",
        "DELETE FROM policy WHERE link = ?1",
    ] {
        // each has the same two parameters, though not all use the second
        tx.conn
            .prepare_cached(&format!("{sql} AND ?2 = ?2"))?
            .execute(params![link.0, tx.now.0])?;
    }
    // Other records' conflicts name it as a candidate: those are looked at again.
    for id in ids {
        let named = rows(
            tx.conn,
            "SELECT id, link FROM conflict WHERE instr(candidates, json_quote(?1)) > 0",
            [&id],
            |row| Ok((row.get::<_, i64>("id")?, LinkId(row.get("link")?))),
        )?;
        for (conflict, other) in named {
            tx.run(
                "UPDATE conflict SET candidates = '[]', closed_at = coalesce(closed_at, ?2), \
                 state = iif(state IN ('open', 'decided'), 'superseded', state) WHERE id = ?1",
                params![conflict, tx.now.0],
            )?;
            links::touch(tx, other)?;
        }
    }
    links::erase(tx, link)
}
