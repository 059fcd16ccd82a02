//! What is kept about a link for lists: its state, the state of its ends, and its narrow row. Everything that
//! changes a link calls [`refresh`] in the same transaction.

use rusqlite::params;

use crate::model::{
    BySide, Decided, End, FieldName, Kind, LinkId, LinkState, Millis, Record, Side, Snapshot,
};

use super::{
    convert::{any, first, name_at, rows},
    db::Tx,
    error::Res,
    links, search,
};

/// A task without a due time stands after all others.
const NEVER: i64 = i64::MAX;

/// Works out what lists show of a link; nothing where the link is not there.
pub(super) fn refresh(tx: &Tx<'_>, link: LinkId) -> Res<()> {
    let row = first(
        tx.conn,
        "SELECT kind, parent, ignored FROM link WHERE id = ?1",
        [link.0],
        |row| {
            Ok((
                name_at::<Kind>(row, "kind")?,
                row.get::<_, Option<i64>>("parent")?,
                row.get::<_, bool>("ignored")?,
            ))
        },
    )?;
    let Some((kind, parent, ignored)) = row else {
        return Ok(());
    };
    let ends = links::ends(tx.conn, link)?;
    let waits = waits(tx, link)?;
    let state = state(tx, link, ignored, waits, &ends)?;
    tx.run(
        "UPDATE link SET state = ?2, ghl = ?3, growbots = ?4 WHERE id = ?1",
        params![link.0, state.name(), how(&ends.ghl), how(&ends.growbots)],
    )?;
    if !matches!(kind, Kind::Contact | Kind::Task) {
        return Ok(());
    }
    let shown = shown(&ends, &links::decided(tx.conn, link)?);
    let vanished = ends.ghl.live().is_none()
        && ends.growbots.live().is_none()
        && (ends.ghl.is_gone() || ends.growbots.is_gone());
    let seen = ends.as_ref().map(End::last_seen);
    let row = Row::of(link, state, waits, seen, &shown);
    match kind {
        _ if vanished => row.remove(tx),
        Kind::Contact => row.put_contact(tx),
        _ => row.put_task(tx, parent, false),
    }
}

/// The same for a link that was made just now for a record that nothing else is known of: nothing can wait for it, be
/// decided about it or hold it, and it has no row yet.
pub(super) fn first_sight(
    tx: &Tx<'_>,
    link: LinkId,
    parent: Option<LinkId>,
    snapshot: &Snapshot,
) -> Res<()> {
    let mut seen: BySide<Option<&Snapshot>> = BySide::default();
    *seen.get_mut(snapshot.side) = Some(snapshot);
    first_row(tx, link, snapshot.kind, parent, LinkState::OneSide, seen)
}

/// The first row of a link that was made just now with these ends, and that nothing waits for or holds.
pub(super) fn first_row(
    tx: &Tx<'_>,
    link: LinkId,
    kind: Kind,
    parent: Option<LinkId>,
    state: LinkState,
    seen: BySide<Option<&Snapshot>>,
) -> Res<()> {
    let Some(shown) = seen.ghl.or(seen.growbots) else {
        return Ok(());
    };
    let row = Row::of(link, state, 0, seen, &shown.record);
    match kind {
        Kind::Contact => row.add_contact(tx),
        Kind::Task => row.put_task(tx, parent.map(|parent| parent.0), true),
        Kind::Note | Kind::Appointment | Kind::Business => Ok(()),
    }
}

const fn how(end: &End) -> i64 {
    match end {
        End::Missing => 0,
        End::Live(_) => 1,
        End::Gone(_) => 2,
    }
}

/// The sides that an open intent goes to, a bit each.
fn waits(tx: &Tx<'_>, link: LinkId) -> Res<i64> {
    let sides = rows(
        tx.conn,
        "SELECT side FROM intent WHERE link = ?1 AND state IN ('planned', 'sending', 'unknown')",
        [link.0],
        |row| name_at::<Side>(row, "side"),
    )?;
    Ok(sides.into_iter().fold(0, |bits, side| bits | bit(side)))
}

const fn bit(side: Side) -> i64 {
    match side {
        Side::Ghl => 1,
        Side::Growbots => 2,
    }
}

/// The sides in a `waits` column.
pub(super) fn sides_of(waits: i64) -> BySide<bool> {
    BySide::from_fn(|side| waits & bit(side) != 0)
}

fn state(
    tx: &Tx<'_>,
    link: LinkId,
    ignored: bool,
    waits: i64,
    ends: &BySide<End>,
) -> Res<LinkState> {
    if ignored {
        return Ok(LinkState::Ignored);
    }
    if any(
        tx.conn,
        "SELECT 1 FROM conflict WHERE link = ?1 AND state IN ('open', 'decided')",
        [link.0],
    )? {
        return Ok(LinkState::Conflict);
    }
    if any(
        tx.conn,
        "SELECT 1 FROM parked WHERE link = ?1 UNION ALL SELECT 1 FROM error_record \
         JOIN error ON error.id = error_record.error WHERE error_record.link = ?1 AND error.state = 'open'",
        [link.0],
    )? {
        return Ok(LinkState::Error);
    }
    Ok(if waits != 0 {
        LinkState::Waiting
    } else if ends.ghl.live().is_none() || ends.growbots.live().is_none() {
        LinkState::OneSide
    } else {
        LinkState::InStep
    })
}

/// The record as lists show it: what GHL has, else what Growbots has, with decided values on top.
pub(super) fn shown(ends: &BySide<End>, decided: &[Decided]) -> Record {
    let seen = [
        ends.ghl.live(),
        ends.growbots.live(),
        ends.ghl.last_seen(),
        ends.growbots.last_seen(),
    ];
    let seen = seen.into_iter().flatten().next();
    let mut record = seen.map_or_else(Record::default, |snapshot| snapshot.record.clone());
    for value in decided {
        record.set(value.field.clone(), value.value.clone());
    }
    record
}

/// What a link is called in logs and conflicts.
pub(super) fn title(tx: &Tx<'_>, link: LinkId) -> Res<String> {
    let Some(kind) = links::kind(tx.conn, link)? else {
        return Ok(String::new());
    };
    let ends = links::ends(tx.conn, link)?;
    Ok(shown(&ends, &links::decided(tx.conn, link)?).title(kind))
}

struct Row<'a> {
    link: LinkId,
    state: LinkState,
    waits: i64,
    /// The ids that the record has, or had.
    ids: BySide<Option<&'a str>>,
    edited: i64,
    shown: &'a Record,
}

impl<'a> Row<'a> {
    fn of(
        link: LinkId,
        state: LinkState,
        waits: i64,
        seen: BySide<Option<&'a Snapshot>>,
        shown: &'a Record,
    ) -> Self {
        let at = |side| seen.get(side).and_then(edited);
        Self {
            link,
            state,
            waits,
            ids: seen.map(|seen| seen.map(|snapshot| snapshot.id.as_str())),
            edited: at(Side::Ghl).max(at(Side::Growbots)).map_or(0, |at| at.0),
            shown,
        }
    }

    fn remove(&self, tx: &Tx<'_>) -> Res<()> {
        tx.run("DELETE FROM contact WHERE link = ?1", [self.link.0])?;
        tx.run("DELETE FROM task WHERE link = ?1", [self.link.0])?;
        Ok(())
    }

    fn put_contact(&self, tx: &Tx<'_>) -> Res<()> {
        let name = list_name(self.shown);
        let renamed = first(
            tx.conn,
            "SELECT name FROM contact WHERE link = ?1",
            [self.link.0],
            |row| Ok(row.get::<_, String>(0)? != name),
        )?;
        if renamed.is_none() {
            return self.add_contact(tx);
        }
        self.write_contact(
            tx,
            "UPDATE contact SET name_key = ?2, name = ?3, email = ?4, phone = ?5, company = ?6, owner = ?7, \
             edited = ?8, state = ?9, ghl_id = ?10, growbots_id = ?11, waits = ?12, folded = ?13 WHERE link = ?1",
        )?;
        if renamed == Some(true) {
            tx.run(
                "UPDATE task SET contact_name = ?2 WHERE contact = ?1",
                params![self.link.0, name],
            )?;
        }
        Ok(())
    }

    fn add_contact(&self, tx: &Tx<'_>) -> Res<()> {
        self.write_contact(
            tx,
            "INSERT INTO contact (link, name_key, name, email, phone, company, owner, edited, state, ghl_id, \
             growbots_id, waits, folded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )
    }

    fn write_contact(&self, tx: &Tx<'_>, sql: &str) -> Res<()> {
        let text = |field| self.shown.text(&field);
        let name = list_name(self.shown);
        let (email, phone, company) = (
            text(FieldName::Email),
            text(FieldName::Phone),
            text(FieldName::Company),
        );
        let name_key = search::fold(&name);
        let folded = search::fold(&[name.as_str(), email, phone, company].join("\n"));
        tx.run(
            sql,
            params![
                self.link.0,
                name_key,
                name,
                email,
                phone,
                company,
                text(FieldName::Owner),
                self.edited,
                self.state.name(),
                self.ids.ghl,
                self.ids.growbots,
                self.waits,
                folded
            ],
        )?;
        Ok(())
    }

    fn put_task(&self, tx: &Tx<'_>, parent: Option<i64>, is_new: bool) -> Res<()> {
        const INSERT: &str = "INSERT INTO task (link, contact, contact_name, title, due, completed, assignee, state, \
             ghl_id, growbots_id, waits, folded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let contact_name = first(
            tx.conn,
            "SELECT name FROM contact WHERE link = ?1",
            [parent],
            |row| Ok(row.get::<_, String>(0)?),
        )?;
        let title = self.shown.text(&FieldName::Title);
        let due = self.shown.time(&FieldName::DueAt);
        let contact_name = contact_name.unwrap_or_default();
        let due = due.map_or(NEVER, |due| due.0);
        let completed = self.shown.is(&FieldName::Completed);
        let assignee = self.shown.text(&FieldName::Assignee);
        let (state, folded) = (self.state.name(), search::fold(title));
        let all: &[&dyn rusqlite::ToSql] = params![
            self.link.0,
            parent,
            contact_name,
            title,
            due,
            completed,
            assignee,
            state,
            self.ids.ghl,
            self.ids.growbots,
            self.waits,
            folded
        ];
        if is_new {
            return tx.run(INSERT, all).map(drop);
        }
        tx.update_or_insert(
            "UPDATE task SET contact = ?2, contact_name = ?3, title = ?4, due = ?5, completed = ?6, assignee = ?7, \
             state = ?8, ghl_id = ?9, growbots_id = ?10, waits = ?11, folded = ?12 WHERE link = ?1",
            INSERT,
            all,
        )
    }
}

fn edited(snapshot: &Snapshot) -> Option<Millis> {
    snapshot.updated_at.or(snapshot.created_at)
}

/// `Last, First`, or the one there is, or the next best.
fn list_name(record: &Record) -> String {
    let (last, first) = (
        record.text(&FieldName::LastName),
        record.text(&FieldName::FirstName),
    );
    match (last.is_empty(), first.is_empty()) {
        (false, false) => format!("{last}, {first}"),
        (false, true) => last.to_owned(),
        (true, false) => first.to_owned(),
        (true, true) => record.title(Kind::Contact),
    }
}
