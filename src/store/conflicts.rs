//! Conflicts from open to closed, and the answers that operators stage.

use rusqlite::{Connection, Row, params};
use serde_json::{Value as Json, json};

use crate::model::{
    Answer, Candidate, Cause, Conflict, ConflictField, ConflictId, ConflictState, Decided,
    FieldName, LinkId, LogOp, Millis, PassId, Reason, Side, Staged, Value,
};

use super::{
    ConflictUpdate,
    convert::{self, any, first, json_at, name_at, name_or_none, rows, text_or_none, time_or_none},
    db::Tx,
    error::{Fault, Res},
    links, log, outbox,
    refresh::{refresh, title},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, link, kind, reason, state, title, revision, opened_at, fields, candidates, gone, \
             deferred_until, note, decided_by FROM conflict ",
            $rest
        )
    };
}

fn read(row: &Row<'_>) -> Res<Conflict> {
    Ok(Conflict {
        id: ConflictId(row.get("id")?),
        link: LinkId(row.get("link")?),
        kind: name_at(row, "kind")?,
        reason: name_at(row, "reason")?,
        state: name_at(row, "state")?,
        title: row.get("title")?,
        revision: row.get("revision")?,
        opened_at: Millis(row.get("opened_at")?),
        fields: fields_at(row)?,
        candidates: json_at(row, "candidates")?,
        gone: name_or_none(row, "gone")?,
        deferred_until: time_or_none(row, "deferred_until")?,
        note: text_or_none(row, "note")?.map(Into::into),
        decided_by: text_or_none(row, "decided_by")?.map(Into::into),
        staged: Vec::new(),
    })
}

fn fields_json(fields: &[ConflictField]) -> Json {
    let value = |value: &Option<Value>| value.as_ref().map(Value::to_json);
    fields
        .iter()
        .map(|field| {
            json!({
                "field": field.field.to_string(),
                "base": value(&field.base),
                "ghl": value(&field.ghl),
                "growbots": value(&field.growbots),
                "newer": field.newer.map(Side::name),
            })
        })
        .collect()
}

fn fields_at(row: &Row<'_>) -> Res<Vec<ConflictField>> {
    let stored: Vec<Json> = json_at(row, "fields")?;
    stored
        .iter()
        .map(|json| {
            let field: FieldName = json["field"].as_str().unwrap_or_default().parse()?;
            let value = |name: &str| Value::from_json(field.ty(), &json[name]);
            Ok(ConflictField {
                base: value("base")?,
                ghl: value("ghl")?,
                growbots: value("growbots")?,
                newer: json["newer"].as_str().map(str::parse).transpose()?,
                field,
            })
        })
        .collect()
}

/// A conflict in any state, with its staged answers.
pub(super) fn get(conn: &Connection, id: ConflictId) -> Res<Option<Conflict>> {
    let found = first(conn, select!("WHERE id = ?1"), [id.0], read)?;
    found
        .map(|conflict| with_staged(conn, conflict))
        .transpose()
}

fn with_staged(conn: &Connection, conflict: Conflict) -> Res<Conflict> {
    let staged = rows(
        conn,
        "SELECT operator, answer, revision, at FROM staged WHERE conflict = ?1 ORDER BY at, operator, field",
        [conflict.id.0],
        |row| {
            Ok(Staged {
                operator: row.get("operator")?,
                answer: json_at(row, "answer")?,
                revision: row.get("revision")?,
                at: Millis(row.get("at")?),
            })
        },
    )?;
    Ok(Conflict { staged, ..conflict })
}

/// A conflict that is not closed.
fn unfinished(tx: &Tx<'_>, id: ConflictId) -> Res<Option<Conflict>> {
    let only = select!("WHERE id = ?1 AND state IN ('open', 'decided')");
    first(tx.conn, only, [id.0], read)
}

/// Open and decided ones: heaviest reason first, then oldest.
pub(super) fn list(conn: &Connection, limit: u32) -> Res<Vec<Conflict>> {
    let found = rows(
        conn,
        select!("WHERE state IN ('open', 'decided') ORDER BY rank, opened_at, id LIMIT ?1"),
        [limit],
        read,
    )?;
    found
        .into_iter()
        .map(|conflict| with_staged(conn, conflict))
        .collect()
}

/// The open or decided conflict of a link for a reason.
fn live(conn: &Connection, link: LinkId, reason: Reason) -> Res<Option<Conflict>> {
    first(
        conn,
        select!("WHERE link = ?1 AND reason = ?2 AND state IN ('open', 'decided')"),
        params![link.0, reason.name()],
        read,
    )
}

/// The candidates of the open conflict that holds a record.
pub(super) fn candidates(conn: &Connection, link: LinkId) -> Res<Vec<Candidate>> {
    let found = first(
        conn,
        "SELECT candidates FROM conflict WHERE link = ?1 AND state IN ('open', 'decided') AND reason <> 'field' \
         ORDER BY rank LIMIT 1",
        [link.0],
        |row| json_at(row, "candidates"),
    )?;
    Ok(found.unwrap_or_default())
}

fn insert(tx: &Tx<'_>, pass: PassId, link: LinkId, reason: Reason) -> Res<ConflictId> {
    let kind = links::kind_of(tx.conn, link)?;
    tx.run(
        "INSERT INTO conflict (link, kind, reason, rank, state, title, opened_at) \
         VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6)",
        params![
            link.0,
            kind.name(),
            reason.name(),
            reason as i64,
            title(tx, link)?,
            tx.now.0
        ],
    )?;
    let id = ConflictId(tx.conn.last_insert_rowid());
    let words = format!("conflict {id} opened: {}", reason.name());
    log::words(tx, pass, link, LogOp::Conflict.name(), &words, None)?;
    Ok(id)
}

/// Takes the fields in conflict over as the merge found them; the caller refreshes the link.
pub(super) fn set_fields(
    tx: &Tx<'_>,
    pass: PassId,
    link: LinkId,
    update: Option<&ConflictUpdate>,
) -> Res<()> {
    let stored = live(tx.conn, link, Reason::Field)?;
    let fields = update.map_or(&[][..], |update| &update.fields);
    if fields.is_empty() {
        return match stored {
            None => Ok(()),
            Some(conflict) if conflict.state == ConflictState::Decided => {
                let words = format!("conflict {} resolved", conflict.id);
                end(tx, pass, &conflict, ConflictState::Resolved, &words)
            }
            Some(conflict) => {
                let words = format!("conflict {} closed: both sides agree", conflict.id);
                end(tx, pass, &conflict, ConflictState::Superseded, &words)
            }
        };
    }
    let (id, moved) = match &stored {
        None => (insert(tx, pass, link, Reason::Field)?, false),
        Some(conflict) => (conflict.id, !same_values(&conflict.fields, fields)),
    };
    tx.run(
        "UPDATE conflict SET fields = ?2, revision = revision + ?3 WHERE id = ?1",
        params![id.0, fields_json(fields).to_string(), moved],
    )?;
    if moved && stored.is_some_and(|conflict| conflict.state == ConflictState::Decided) {
        reopen_undecided(tx, id, link, fields)?;
    }
    Ok(())
}

fn same_values(old: &[ConflictField], new: &[ConflictField]) -> bool {
    let bare = |field: &ConflictField| ConflictField {
        newer: None,
        ..field.clone()
    };
    old.iter().map(bare).eq(new.iter().map(bare))
}

/// A decided conflict whose values moved and of which no decision is left waits for an operator again.
fn reopen_undecided(
    tx: &Tx<'_>,
    id: ConflictId,
    link: LinkId,
    fields: &[ConflictField],
) -> Res<()> {
    let decided = links::decided(tx.conn, link)?;
    let stands = |field: &ConflictField| decided.iter().any(|value| value.field == field.field);
    if !fields.iter().any(stands) {
        reopen(tx, id)?;
    }
    Ok(())
}

fn reopen(tx: &Tx<'_>, id: ConflictId) -> Res<()> {
    tx.run(
        "UPDATE conflict SET state = 'open', decided_by = NULL WHERE id = ?1",
        [id.0],
    )?;
    Ok(())
}

/// Opens a conflict that holds the whole record, or renews the one there is.
pub(super) fn open(
    tx: &Tx<'_>,
    pass: PassId,
    link: LinkId,
    reason: Reason,
    candidates: &[Candidate],
    gone: Option<Side>,
) -> Res<ConflictId> {
    let stored = live(tx.conn, link, reason)?;
    // One about fields of a pair becomes one about the record: those have no end to be written to any more.
    let moved = stored.as_ref().is_some_and(|conflict| {
        conflict.candidates != candidates || conflict.gone != gone || !conflict.fields.is_empty()
    });
    let id = match &stored {
        None => insert(tx, pass, link, reason)?,
        Some(conflict) => conflict.id,
    };
    tx.run(
        "UPDATE conflict SET candidates = ?2, gone = ?3, weight = ?4, revision = revision + ?5, fields = '[]' \
         WHERE id = ?1",
        params![
            id.0,
            convert::json(&candidates)?,
            gone.map(Side::name),
            candidates.len().max(1) as i64,
            moved
        ],
    )?;
    if moved && stored.is_some_and(|conflict| conflict.state == ConflictState::Decided) {
        reopen(tx, id)?;
    }
    if reason == Reason::MassChange {
        name_mass(tx, id, link, candidates.len())?;
    }
    outbox::supersede_planned(tx, link)?;
    refresh(tx, link)?;
    Ok(id)
}

/// A mass change is named for what it holds, not for the one record of them that stands for all.
fn name_mass(tx: &Tx<'_>, id: ConflictId, link: LinkId, held: usize) -> Res<()> {
    let kind = links::kind_of(tx.conn, link)?;
    let noun = if held == 1 { kind.name() } else { kind.many() };
    tx.run(
        "UPDATE conflict SET title = ?2 WHERE id = ?1",
        params![id.0, format!("{held} {noun}")],
    )?;
    Ok(())
}

/// An operator answered a mass change for some of its records: it goes on with those that are `left`, as another
/// revision. Where the record that stands for all is among the answered ones, one that is left stands for them.
pub(super) fn answer_in_part(
    tx: &Tx<'_>,
    pass: PassId,
    id: ConflictId,
    operator: &str,
    left: &[Candidate],
    why: &str,
) -> Res<()> {
    let Some(conflict) = unfinished(tx, id)? else {
        return Ok(());
    };
    let was = conflict.link;
    log::words(tx, pass, was, LogOp::Conflict.name(), why, Some(operator))?;
    let mut now = was;
    if !left.iter().any(|one| one.link == Some(was)) {
        for link in left.iter().filter_map(|one| one.link) {
            // A record may stand for one mass change only.
            let there = links::kind(tx.conn, link)?.is_some();
            if there && live(tx.conn, link, Reason::MassChange)?.is_none() {
                now = link;
                break;
            }
        }
    }
    tx.run(
        "UPDATE conflict SET link = ?2, candidates = ?3, weight = ?4, revision = revision + 1, state = 'open', \
         decided_by = NULL WHERE id = ?1",
        params![
            id.0,
            now.0,
            convert::json(&left)?,
            left.len().max(1) as i64
        ],
    )?;
    name_mass(tx, id, now, left.len())?;
    tx.run(
        "DELETE FROM staged WHERE conflict = ?1 AND operator = ?2",
        params![id.0, operator],
    )?;
    if now != was {
        outbox::supersede_planned(tx, now)?;
        refresh(tx, now)?;
        links::touch(tx, was)?;
        refresh(tx, was)?;
    }
    Ok(())
}

/// A side refuses a value because `holder` has it: a conflict about that field only, or one more field of the one
/// that there is.
pub(super) fn open_taken(
    tx: &Tx<'_>,
    pass: PassId,
    link: LinkId,
    field: &ConflictField,
    holder: &Candidate,
) -> Res<()> {
    let stored = live(tx.conn, link, Reason::Duplicate)?;
    let (id, mut fields, mut holders) = match stored {
        None => (insert(tx, pass, link, Reason::Duplicate)?, vec![], vec![]),
        Some(conflict) => (conflict.id, conflict.fields, conflict.candidates),
    };
    fields.retain(|other| other.field != field.field);
    fields.push(field.clone());
    holders.retain(|other| other.id != holder.id);
    holders.push(holder.clone());
    tx.run(
        "UPDATE conflict SET fields = ?2, candidates = ?3, revision = revision + 1 WHERE id = ?1",
        params![
            id.0,
            fields_json(&fields).to_string(),
            convert::json(&holders)?
        ],
    )?;
    reopen(tx, id)?;
    refresh(tx, link)
}

/// Closes a conflict; nothing where it is closed. The caller refreshes the link.
fn end(tx: &Tx<'_>, pass: PassId, conflict: &Conflict, state: ConflictState, why: &str) -> Res<()> {
    tx.run(
        "UPDATE conflict SET state = ?2, closed_at = ?3 WHERE id = ?1",
        params![conflict.id.0, state.name(), tx.now.0],
    )?;
    tx.run("DELETE FROM staged WHERE conflict = ?1", [conflict.id.0])?;
    let op = match state {
        ConflictState::Resolved => LogOp::Resolved,
        _ => LogOp::Superseded,
    };
    match (op, &conflict.decided_by) {
        (LogOp::Resolved, Some(operator)) => {
            let decision = Cause::Decision {
                conflict: conflict.id,
                operator: operator.clone(),
                policy: None,
            };
            log::decided(tx, pass, conflict.link, why, &decision)
        }
        (_, by) => log::words(tx, pass, conflict.link, op.name(), why, by.as_deref()),
    }
}

pub(super) fn close(
    tx: &Tx<'_>,
    pass: PassId,
    id: ConflictId,
    state: ConflictState,
    why: &str,
) -> Res<()> {
    if !matches!(state, ConflictState::Resolved | ConflictState::Superseded) {
        return Err(Fault::Unreadable(format!(
            "`{}` closes no conflict",
            state.name()
        )));
    }
    let Some(conflict) = unfinished(tx, id)? else {
        return Ok(());
    };
    end(tx, pass, &conflict, state, why)?;
    links::touch(tx, conflict.link)?;
    refresh(tx, conflict.link)
}

/// Closes what a link that goes away has open.
pub(super) fn close_of_link(tx: &Tx<'_>, pass: PassId, link: LinkId, why: &str) -> Res<()> {
    let open = rows(
        tx.conn,
        select!("WHERE link = ?1 AND state IN ('open', 'decided') ORDER BY id"),
        [link.0],
        read,
    )?;
    open.iter()
        .try_for_each(|conflict| end(tx, pass, conflict, ConflictState::Superseded, why))
}

fn staged_field(answer: &Answer) -> String {
    match answer {
        Answer::Field { field, .. } => field.to_string(),
        _ => String::new(),
    }
}

/// Keeps an answer; nothing where the conflict is closed.
pub(super) fn stage(
    tx: &Tx<'_>,
    operator: &str,
    conflict: ConflictId,
    answer: &Answer,
    revision: i64,
) -> Res<()> {
    let open = any(
        tx.conn,
        "SELECT 1 FROM conflict WHERE id = ?1 AND state IN ('open', 'decided')",
        [conflict.0],
    )?;
    if open {
        tx.run(
            "INSERT INTO staged (conflict, operator, field, answer, revision, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT DO UPDATE SET answer = excluded.answer, revision = excluded.revision, at = excluded.at",
            params![
                conflict.0,
                operator,
                staged_field(answer),
                convert::json(answer)?,
                revision,
                tx.now.0
            ],
        )?;
    }
    Ok(())
}

pub(super) fn unstage(
    tx: &Tx<'_>,
    operator: &str,
    conflict: ConflictId,
    field: Option<&FieldName>,
) -> Res<()> {
    tx.run(
        "DELETE FROM staged WHERE conflict = ?1 AND operator = ?2 AND (?3 IS NULL OR field = ?3)",
        params![conflict.0, operator, field.map(ToString::to_string)],
    )?;
    Ok(())
}

/// A conflict is decided, for these fields; for none given, as a whole. Staged answers for them go.
pub(super) fn decide(
    tx: &Tx<'_>,
    conflict: ConflictId,
    operator: &str,
    note: Option<&str>,
    decided: &[Decided],
) -> Res<()> {
    tx.run(
        "UPDATE conflict SET state = 'decided', decided_by = ?2, note = coalesce(?3, note) \
         WHERE id = ?1 AND state IN ('open', 'decided')",
        params![conflict.0, operator, note],
    )?;
    if decided.is_empty() {
        tx.run("DELETE FROM staged WHERE conflict = ?1", [conflict.0])?;
    }
    for value in decided {
        tx.run(
            "DELETE FROM staged WHERE conflict = ?1 AND field = ?2",
            params![conflict.0, value.field.to_string()],
        )?;
    }
    Ok(())
}

pub(super) fn defer(
    tx: &Tx<'_>,
    conflict: ConflictId,
    until: Option<Millis>,
    note: Option<&str>,
) -> Res<()> {
    tx.run(
        "UPDATE conflict SET deferred_until = ?2, note = coalesce(?3, note) WHERE id = ?1",
        params![conflict.0, until.map(|until| until.0), note],
    )?;
    Ok(())
}
