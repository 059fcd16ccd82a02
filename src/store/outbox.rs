//! The outbox: remote writes, durable before they are sent.

use rusqlite::{Connection, Row, params};

use crate::clock::boot_id;
use crate::model::{
    ActionId, ActionOutcome, BySide, Candidate, Cause, Exchange, Failure, Fence, FieldChange,
    Intent, IntentId, IntentState, Kind, LinkId, Lost, Op, Parked, PassId, Reason, RecordId,
    Snapshot, Write,
};

use super::{
    actions, conflicts,
    convert::{any, first, json, json_at, name_at, rows, text_at, text_or_none, time_or_none},
    db::Tx,
    echoes,
    error::{Fault, Res},
    errors, exchanges, gone, links, log,
    refresh::refresh,
    snapshots, status,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, write, state, attempt, key, sent_at, sent_ticks, sent_boot, siblings FROM intent ",
            $rest
        )
    };
}

fn read(row: &Row<'_>) -> Res<Intent> {
    Ok(Intent {
        id: IntentId(row.get("id")?),
        write: json_at(row, "write")?,
        state: name_at(row, "state")?,
        attempt: row.get("attempt")?,
        key: text_at(row, "key")?.into(),
        sent_at: time_or_none(row, "sent_at")?,
        sent_ticks: match text_or_none(row, "sent_boot")? {
            Some(boot) if boot == boot_id() => row.get("sent_ticks")?,
            _ => None,
        },
        siblings: json_at(row, "siblings")?,
    })
}

/// Where a write stands in the sending order: parents before children, deletes last and children first.
const fn rank(kind: Kind, op: Op) -> i64 {
    match (kind.is_child(), op) {
        (false, Op::Create) => 0,
        (false, Op::Update | Op::Stamp) => 1,
        (true, Op::Create) => 2,
        (true, Op::Update | Op::Stamp) => 3,
        (true, Op::Delete) => 4,
        (false, Op::Delete) => 5,
    }
}

/// Intents that are not final, in sending order.
pub(super) fn open(conn: &Connection) -> Res<Vec<Intent>> {
    rows(
        conn,
        select!("WHERE state IN ('planned', 'sending', 'unknown') ORDER BY rank, id"),
        [],
        read,
    )
}

/// Those of which nobody knows whether they happened.
pub(super) fn unknown(conn: &Connection) -> Res<Vec<Intent>> {
    rows(
        conn,
        select!(
            "WHERE state IN ('planned', 'sending', 'unknown') AND state = 'unknown' ORDER BY rank, id"
        ),
        [],
        read,
    )
}

/// Intents of a link that are not final, in order of id.
pub(super) fn of_link(conn: &Connection, link: LinkId) -> Res<Vec<Intent>> {
    rows(
        conn,
        select!("WHERE link = ?1 AND state IN ('planned', 'sending', 'unknown') ORDER BY id"),
        [link.0],
        read,
    )
}

fn get(tx: &Tx<'_>, intent: IntentId) -> Res<Intent> {
    let found = first(tx.conn, select!("WHERE id = ?1"), [intent.0], read)?;
    found.ok_or_else(|| Fault::Unreadable(format!("intent {intent} is not there")))
}

const fn is_final(state: IntentState) -> bool {
    matches!(
        state,
        IntentState::Confirmed | IntentState::Refused | IntentState::Superseded
    )
}

/// Adds a write. The key stays the same over all attempts; the id of the database makes it unique.
pub(super) fn insert(tx: &Tx<'_>, pass: PassId, write: &Write) -> Res<IntentId> {
    tx.run(
        "INSERT INTO intent (pass, link, side, rank, write, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            pass.0,
            write.link.0,
            write.side.name(),
            rank(write.kind, write.op),
            json(write)?,
            tx.now.0
        ],
    )?;
    let id = IntentId(tx.conn.last_insert_rowid());
    let key = format!("{}-{id}", status::database_id(tx.conn)?);
    tx.run(
        "UPDATE intent SET key = ?2 WHERE id = ?1",
        params![id.0, key],
    )?;
    Ok(id)
}

/// Makes links without ends for records that an operator asks for, each with its create; the action is done then, so
/// that a crash asks for none twice.
pub(super) fn make(
    tx: &Tx<'_>,
    pass: PassId,
    action: ActionId,
    writes: &[(Option<LinkId>, Write)],
) -> Res<()> {
    for (parent, write) in writes {
        let link = links::new(tx, write.kind, *parent)?;
        let write = Write {
            link,
            ..write.clone()
        };
        insert(tx, pass, &write)?;
        refresh(tx, link)?;
    }
    actions::finish(tx, action, &ActionOutcome::Done)
}

/// Replaces the planned intents of a link; those that are wanted as they stand keep their number. Says whether a
/// write had to wait for one to the same side whose answer is not known.
pub(super) fn replace(tx: &Tx<'_>, pass: PassId, link: LinkId, writes: &[Write]) -> Res<bool> {
    let open = of_link(tx.conn, link)?;
    let (planned, sent): (Vec<_>, Vec<_>) = open
        .iter()
        .partition(|intent| intent.state == IntentState::Planned);
    for intent in &planned {
        if !writes.contains(&intent.write) {
            set(tx, intent.id, IntentState::Superseded)?;
        }
    }
    let mut waits = false;
    for write in writes {
        if sent.iter().any(|intent| intent.write.side == write.side) {
            waits = true;
        } else if !planned.iter().any(|intent| intent.write == *write) {
            insert(tx, pass, write)?;
        }
    }
    Ok(waits)
}

fn set(tx: &Tx<'_>, intent: IntentId, state: IntentState) -> Res<()> {
    tx.run(
        "UPDATE intent SET state = ?2, done_at = ?3 WHERE id = ?1",
        params![intent.0, state.name(), is_final(state).then_some(tx.now.0)],
    )?;
    Ok(())
}

pub(super) fn supersede_planned(tx: &Tx<'_>, link: LinkId) -> Res<()> {
    tx.run(
        "UPDATE intent SET state = 'superseded', done_at = ?2 WHERE link = ?1 AND state = 'planned' \
         AND state IN ('planned', 'sending', 'unknown')",
        params![link.0, tx.now.0],
    )?;
    Ok(())
}

/// For a link that becomes part of another: what may have been sent goes on there.
pub(super) fn follow(tx: &Tx<'_>, from: LinkId, to: LinkId) -> Res<()> {
    supersede_planned(tx, from)?;
    tx.run(
        "UPDATE intent SET link = ?2, write = json_set(write, '$.link', ?2) \
         WHERE link = ?1 AND state IN ('planned', 'sending', 'unknown')",
        [from.0, to.0],
    )?;
    Ok(())
}

/// For a link that goes away.
pub(super) fn supersede_open(tx: &Tx<'_>, link: LinkId) -> Res<()> {
    tx.run(
        "UPDATE intent SET state = 'superseded', done_at = ?2 \
         WHERE link = ?1 AND state IN ('planned', 'sending', 'unknown')",
        params![link.0, tx.now.0],
    )?;
    Ok(())
}

/// After a new holder came: whatever was on its way has an unknown end.
pub(super) fn lose_sending(tx: &Tx<'_>) -> Res<()> {
    tx.run(
        "UPDATE intent SET state = 'unknown' WHERE state = 'sending' AND state IN ('planned', 'sending', 'unknown')",
        [],
    )?;
    Ok(())
}

/// Durable when the transaction ends: the intent is about to be sent. False where it is final and must not be.
pub(super) fn mark_sending(
    tx: &Tx<'_>,
    fence: Fence,
    intent: IntentId,
    siblings: &[RecordId],
) -> Res<bool> {
    let known = get(tx, intent)?;
    if is_final(known.state) {
        return Ok(false);
    }
    tx.run(
        "UPDATE intent SET state = 'sending', attempt = attempt + 1, sent_at = ?2, fence = ?3, siblings = ?4, \
         sent_ticks = ?5, sent_boot = ?6 WHERE id = ?1",
        params![
            intent.0,
            tx.now.0,
            fence.0,
            json(&siblings)?,
            tx.ticks,
            boot_id()
        ],
    )?;
    // Lists show what waits, sent or not: nothing moves there.
    Ok(true)
}

/// An intent goes on in another state, or is not wanted; nothing where it is final. A create that may be sent again
/// is superseded where its link has got that end meanwhile.
pub(super) fn mark(tx: &Tx<'_>, intent: IntentId, state: IntentState) -> Res<()> {
    let known = get(tx, intent)?;
    if is_final(known.state) {
        return Ok(());
    }
    let write = &known.write;
    let is_done = state == IntentState::Planned
        && write.op == Op::Create
        && links::has_live_end(tx.conn, write.link, write.side)?;
    let state = if is_done {
        IntentState::Superseded
    } else {
        state
    };
    set(tx, intent, state)?;
    if state == IntentState::Superseded {
        links::touch(tx, write.link)?;
    }
    refresh(tx, write.link)
}

/// An intent is done, and read back. It is logged also where its link has been forgotten since.
pub(super) fn confirm(
    tx: &Tx<'_>,
    pass: PassId,
    intent: IntentId,
    read_back: Option<&Snapshot>,
    requests: u32,
    heard: &[Exchange],
) -> Res<()> {
    let write = get(tx, intent)?.write;
    set(tx, intent, IntentState::Confirmed)?;
    let lost = match write.op {
        Op::Delete => lost(tx.conn, &write)?,
        _ => None,
    };
    if let Some(snapshot) = read_back {
        echoes::learn(tx, &write, snapshot)?;
    }
    match read_back {
        Some(snapshot) => take_read_back(tx, pass, &write, snapshot)?,
        None if write.op == Op::Delete => gone::set_gone(tx, write.link, write.side, None)?,
        None => {}
    }
    let line = log::wrote(tx, pass, &write, lost.as_ref(), requests)?;
    for exchange in heard {
        exchanges::add(tx, line, exchange)?;
    }
    errors::drop_record(tx, write.link, Some(write.side))?;
    links::touch(tx, write.link)?;
    refresh(tx, write.link)
}

/// What a delete takes away: the ids, and the fields that the side had.
fn lost(conn: &Connection, write: &Write) -> Res<Option<(Lost, Vec<FieldChange>)>> {
    let Some(linked) = links::load(conn, write.link)? else {
        return Ok(None);
    };
    let end = |side| linked.ends.get(side).last_seen();
    let fields = end(write.side).map_or_else(Vec::new, |end| {
        let fields = end.record.iter().map(|(field, value)| FieldChange {
            field: field.clone(),
            from: Some(value.clone()),
            to: None,
        });
        fields.collect()
    });
    let lost = Lost {
        ids: BySide::from_fn(|side| end(side).map(|end| end.id.clone())),
        parent: linked.parent,
    };
    Ok(Some((lost, fields)))
}

/// The read-back of a create may have been pulled meanwhile, into a link of its own: that one becomes part of ours.
/// If it is linked with another record by now, or ours has another one, an operator must decide.
fn take_read_back(tx: &Tx<'_>, pass: PassId, write: &Write, snapshot: &Snapshot) -> Res<()> {
    let link = write.link;
    let known = snapshots::link_of(tx.conn, snapshot.side, snapshot.kind, &snapshot.id)?;
    if known == Some(link) {
        move_base(tx, write, snapshot)?;
        return snapshots::put_read_back(tx, link, snapshot);
    }
    if links::kind(tx.conn, link)?.is_none() {
        return snapshots::put(tx, snapshot).map(|_| ());
    }
    let is_linked = match known {
        Some(other) => any(
            tx.conn,
            "SELECT 1 FROM snapshot WHERE link = ?1 AND side <> ?2",
            params![other.0, snapshot.side.name()],
        )?,
        None => false,
    };
    if is_linked || links::has_live_end(tx.conn, link, snapshot.side)? {
        let holder = Candidate {
            side: snapshot.side,
            id: snapshot.id.clone(),
            title: snapshot.record.title(snapshot.kind),
            link: Some(snapshots::put(tx, snapshot)?.link),
        };
        conflicts::open(tx, pass, link, Reason::Duplicate, &[holder], None)?;
        return Ok(());
    }
    if let Some(other) = known {
        links::absorb(tx, pass, link, other)?;
    }
    snapshots::put_read_back(tx, link, snapshot)
}

/// A value that came from the other side and is read back here was on both: the base moves at once. Were it to wait
/// for the next merge, the other side could be back at the old base by then, and our own write look like an edit.
fn move_base(tx: &Tx<'_>, write: &Write, read_back: &Snapshot) -> Res<()> {
    let came_over = matches!(write.cause, Cause::Change { side } if side != write.side);
    if write.op != Op::Update || !came_over {
        return Ok(());
    }
    let Some(mut base) = links::base(tx.conn, write.link)? else {
        return Ok(());
    };
    for change in &write.fields {
        if read_back.record.get(&change.field) == change.to.as_ref() {
            base.set(change.field.clone(), change.to.clone());
        }
    }
    tx.run(
        "UPDATE base SET record = ?2 WHERE link = ?1",
        params![write.link.0, json(&base)?],
    )?;
    Ok(())
}

/// A side refused an intent.
pub(super) fn refuse(
    tx: &Tx<'_>,
    pass: PassId,
    intent: IntentId,
    failure: &Failure,
    parked: &[Parked],
    heard: &[Exchange],
) -> Res<()> {
    let write = get(tx, intent)?.write;
    set(tx, intent, IntentState::Refused)?;
    if links::kind(tx.conn, write.link)?.is_some() {
        links::park(tx, write.link, parked)?;
    }
    errors::raise(tx, failure)?;
    let line = log::refused(tx, pass, &write, &failure.message)?;
    for exchange in heard {
        exchanges::add(tx, line, exchange)?;
    }
    links::touch(tx, write.link)?;
    refresh(tx, write.link)
}
