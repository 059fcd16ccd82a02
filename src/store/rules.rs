//! What happened that a rule may follow, and which rule met what: each pair once, whatever is told twice and wherever
//! the program ends.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::model::{
    CallEnd, Fence, FieldName, Firing, FiringId, Kind, LinkId, Millis, Occurrence, PassId, Record,
    RecordId, RuleCount, RuleWork, Side, Snapshot, When, Write,
};

use super::convert::{any, first, json, json_at, rows, text_at, time_at, time_or_none};
use super::db::Tx;
use super::error::Res;
use super::refresh::refresh;
use super::{Reader, Seen, SeenAs, StoreError, Writer, links, outbox, status};

/// The note with the time from which on things happen; absent while no rule is on.
pub const RULES_SINCE: &str = "rules.since";

/// Puts a snapshot by `put`; what it shows to have happened is noted in the same transaction.
pub(super) fn watched(
    tx: &Tx<'_>,
    since: Option<Millis>,
    snapshot: &Snapshot,
    put: impl FnOnce(&Tx<'_>, &Snapshot) -> Res<Seen>,
) -> Res<Seen> {
    let concerns =
        snapshot.side == Side::Ghl && matches!(snapshot.kind, Kind::Contact | Kind::Appointment);
    let Some(since) = since.filter(|_| concerns) else {
        return put(tx, snapshot);
    };
    let before = before(tx.conn, snapshot)?;
    let seen = put(tx, snapshot)?;
    let is_made_since = snapshot.created_at.is_some_and(|at| at >= since);
    match (seen.seen, before) {
        (SeenAs::New, _) if is_made_since => created(tx, snapshot)?,
        (SeenAs::Changed, Some(before)) => changed(tx, &before, snapshot)?,
        _ => {}
    }
    Ok(seen)
}

/// From when on things happen; `None` before the mark.
pub(super) fn since(conn: &Connection) -> Res<Option<Millis>> {
    let note = status::note(conn, RULES_SINCE)?;
    Ok(note.and_then(|text| serde_json::from_str(&text).ok()))
}

fn before(conn: &Connection, snapshot: &Snapshot) -> Res<Option<Record>> {
    first(
        conn,
        "SELECT record FROM snapshot WHERE side = ?1 AND kind = ?2 AND id = ?3",
        params![
            snapshot.side.name(),
            snapshot.kind.name(),
            snapshot.id.as_str()
        ],
        |row| json_at(row, "record"),
    )
}

fn created(tx: &Tx<'_>, snapshot: &Snapshot) -> Res<()> {
    let when = if snapshot.kind == Kind::Contact {
        When::ContactCreated
    } else {
        When::AppointmentCreated
    };
    note(tx, when, snapshot, "created".into())?;
    linked_business(tx, None, snapshot)
}

fn changed(tx: &Tx<'_>, before: &Record, snapshot: &Snapshot) -> Res<()> {
    let now = &snapshot.record;
    if snapshot.kind == Kind::Contact {
        return linked_business(tx, before.get(&FieldName::Business), snapshot);
    }
    if let Some(start) = now.time(&FieldName::StartsAt)
        && before.time(&FieldName::StartsAt) != Some(start)
    {
        // It can come back to a start that it once had: the time of the change tells the two apart.
        let at = snapshot.updated_at.unwrap_or(tx.now);
        let event = format!("moved:{}:{}", start.0, at.0);
        note(tx, When::AppointmentMoved, snapshot, event)?;
    }
    let status = now.text(&FieldName::Status);
    if matches!(status, "completed" | "cancelled" | "no_show")
        && before.text(&FieldName::Status) != status
    {
        note(tx, When::AppointmentEnded, snapshot, status.to_owned())?;
    }
    Ok(())
}

fn linked_business(
    tx: &Tx<'_>,
    before: Option<&crate::model::Value>,
    snapshot: &Snapshot,
) -> Res<()> {
    match snapshot.record.get(&FieldName::Business) {
        Some(business) if snapshot.kind == Kind::Contact && before != Some(business) => note(
            tx,
            When::BusinessLinked,
            snapshot,
            format!("business:{business}"),
        ),
        _ => Ok(()),
    }
}

fn note(tx: &Tx<'_>, when: When, snapshot: &Snapshot, event: String) -> Res<()> {
    insert(
        tx,
        &Occurrence {
            when,
            id: snapshot.id.clone(),
            event,
            call: None,
        },
    )
}

fn insert(tx: &Tx<'_>, occurrence: &Occurrence) -> Res<()> {
    tx.run(
        "INSERT OR IGNORE INTO occurrence (key, at, occurrence) VALUES (?1, ?2, ?3)",
        params![occurrence.key(), tx.now.0, json(occurrence)?],
    )?;
    Ok(())
}

/// Tasks of rules go where their link goes.
pub(super) fn follow(tx: &Tx<'_>, from: LinkId, to: LinkId) -> Res<()> {
    tx.run("UPDATE fired SET task = ?2 WHERE task = ?1", [from.0, to.0])?;
    Ok(())
}

impl Writer {
    /// Whether rules are on: only then what happens is noted.
    pub const fn watch_for_rules(&mut self, on: bool) {
        self.watches = on;
    }

    /// Notes a call, unless it was noted before.
    pub fn note_call(
        &mut self,
        fence: Fence,
        contact: &RecordId,
        event: &str,
        end: CallEnd,
    ) -> Result<(), StoreError> {
        let watches = self.watches;
        self.fenced("note_call", fence, |tx| {
            if !watches || since(tx.conn)?.is_none() {
                return Ok(());
            }
            let call = Occurrence {
                when: When::Call,
                id: contact.clone(),
                event: format!("call:{event}"),
                call: Some(end),
            };
            insert(tx, &call)
        })
    }

    /// What happened and no rule has looked at yet, oldest first, with when it was seen; after `after`.
    pub fn occurrences(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Occurrence, Millis)>, StoreError> {
        rows(
            &self.conn,
            "SELECT id, occurrence, at FROM occurrence WHERE id > ?1 ORDER BY id LIMIT ?2",
            params![after, limit],
            |row| {
                Ok((
                    row.get("id")?,
                    json_at(row, "occurrence")?,
                    time_at(row, "at")?,
                ))
            },
        )
        .map_err(|fault| fault.at("occurrences"))
    }

    /// The rules that an occurrence met; it is over with that, in one transaction.
    pub fn meet(
        &mut self,
        fence: Fence,
        id: i64,
        occurrence: &Occurrence,
        rules: &[&str],
    ) -> Result<(), StoreError> {
        self.fenced("meet", fence, |tx| {
            for rule in rules {
                tx.run(
                    "INSERT OR IGNORE INTO fired (rule, key, record, happened, occurrence, at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        rule,
                        occurrence.key(),
                        occurrence.id.as_str(),
                        occurrence.when.name(),
                        json(occurrence)?,
                        tx.now.0
                    ],
                )?;
            }
            tx.run("DELETE FROM occurrence WHERE id = ?1", [id])?;
            Ok(())
        })
    }

    /// Whether couplet made this end of a link.
    pub fn is_made_by_us(&self, link: LinkId, side: Side) -> Result<bool, StoreError> {
        any(
            &self.conn,
            "SELECT 1 FROM log WHERE link = ?1 AND op = 'create' AND side = ?2",
            params![link.0, side.name()],
        )
        .map_err(|fault| fault.at("is_made_by_us"))
    }

    /// Firings that are not carried out yet, oldest first.
    pub fn pending_firings(&self) -> Result<Vec<Firing>, StoreError> {
        rows(
            &self.conn,
            "SELECT id, rule, occurrence, at, state = 'held' AS held FROM fired \
             WHERE state IN ('waiting', 'held') ORDER BY id",
            [],
            |row| {
                Ok(Firing {
                    id: FiringId(row.get("id")?),
                    rule: text_at(row, "rule")?.to_owned(),
                    occurrence: json_at(row, "occurrence")?,
                    at: time_at(row, "at")?,
                    held: row.get("held")?,
                })
            },
        )
        .map_err(|fault| fault.at("pending_firings"))
    }

    /// How often a rule was carried out since then.
    pub fn fired_since(&self, rule: &str, since: Millis) -> Result<u64, StoreError> {
        let count = first(
            &self.conn,
            "SELECT count(*) AS n FROM fired WHERE rule = ?1 AND state = 'done' AND done_at > ?2",
            params![rule, since.0],
            |row| Ok(row.get::<_, i64>("n")?),
        );
        let count = count.map_err(|fault| fault.at("fired_since"))?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// Tasks that rules made when an appointment was made.
    pub fn tasks_of(&self, appointment: &RecordId) -> Result<Vec<LinkId>, StoreError> {
        rows(
            &self.conn,
            "SELECT task FROM fired WHERE record = ?1 AND happened = ?2 AND task IS NOT NULL ORDER BY id",
            params![appointment.as_str(), When::AppointmentCreated.name()],
            |row| Ok(LinkId(row.get("task")?)),
        )
        .map_err(|fault| fault.at("tasks_of"))
    }

    /// Carries out a firing, in one transaction: its tasks become intents, its values are decided, and it is done.
    pub fn carry_out(
        &mut self,
        fence: Fence,
        pass: PassId,
        firing: FiringId,
        work: &RuleWork,
    ) -> Result<(), StoreError> {
        self.fenced("carry_out", fence, |tx| {
            for task in &work.tasks {
                let link = links::new(tx, task.kind, Some(task.link))?;
                let write = Write {
                    link,
                    ..task.clone()
                };
                outbox::insert(tx, pass, &write)?;
                refresh(tx, link)?;
                tx.run(
                    "UPDATE fired SET task = ?2 WHERE id = ?1",
                    [firing.0, link.0],
                )?;
            }
            for (link, decided) in &work.decided {
                links::decide(tx, *link, std::slice::from_ref(decided))?;
                refresh(tx, *link)?;
            }
            end(tx, firing, "done")
        })
    }

    /// A firing is held by the budget of its rule.
    pub fn hold(&mut self, fence: Fence, firing: FiringId) -> Result<(), StoreError> {
        self.fenced("hold", fence, |tx| {
            tx.run(
                "UPDATE fired SET state = 'held' WHERE id = ?1 AND state = 'waiting'",
                [firing.0],
            )?;
            Ok(())
        })
    }

    /// A firing is over without being carried out: it failed, or what it was about is not there.
    pub fn give_up(
        &mut self,
        fence: Fence,
        firing: FiringId,
        failed: bool,
    ) -> Result<(), StoreError> {
        let state = if failed { "failed" } else { "dropped" };
        self.fenced("give_up", fence, |tx| end(tx, firing, state))
    }
}

fn end(tx: &Tx<'_>, firing: FiringId, state: &str) -> Res<()> {
    tx.run(
        "UPDATE fired SET state = ?2, done_at = ?3 WHERE id = ?1",
        params![firing.0, state, tx.now.0],
    )?;
    Ok(())
}

impl Reader {
    /// What each rule did so far, by name; also of rules that are no more.
    pub fn rule_counts(&self) -> Result<BTreeMap<String, RuleCount>, StoreError> {
        let mut counts: BTreeMap<String, RuleCount> = BTreeMap::new();
        rows(
            &self.conn,
            "SELECT rule, state, count(*) AS n, max(done_at) AS last FROM fired GROUP BY rule, state",
            [],
            |row| {
                let count = counts.entry(text_at(row, "rule")?.to_owned()).or_default();
                let n = row.get::<_, i64>("n")?.unsigned_abs();
                match text_at(row, "state")? {
                    "done" => (count.fired, count.last) = (n, time_or_none(row, "last")?),
                    "waiting" => count.waiting = n,
                    "held" => count.held = n,
                    "failed" => count.failed = n,
                    _ => {}
                }
                Ok(())
            },
        )
        .map_err(|fault| fault.at("rule_counts"))?;
        Ok(counts)
    }
}
