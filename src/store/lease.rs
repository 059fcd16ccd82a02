//! Who may write. Every mutating verb of a pass compares its fence with the lease, in its own transaction.

use rusqlite::{Connection, params};
use rustix::process::{Pid, test_kill_process};

use crate::clock::{Clock, boot_id};
use crate::model::{Fence, Holder, Millis};

use super::{
    Lease,
    convert::{first, json, text_or_none},
    db::Tx,
    error::{Fault, Res},
    outbox, status,
};

/// The note of a database that was restored: when that was noticed. It goes when both sides were read in full.
pub const RESTORED: &str = "restored";

/// Milliseconds that a lease lasts.
const TTL_MS: i64 = 20_000;
/// Milliseconds after which the lease of a machine whose ticks we cannot read counts as over, on top of its term.
const OTHER_MACHINE_MS: i64 = 60_000;

struct Row {
    fence: Fence,
    holder: Option<Holder>,
    boot: String,
    ticks: i64,
    until: Millis,
}

fn read(conn: &Connection) -> Res<Row> {
    let row = first(
        conn,
        "SELECT fence, holder, boot, ticks, until FROM lease",
        [],
        |row| {
            let holder = text_or_none(row, "holder")?;
            Ok(Row {
                fence: Fence(row.get("fence")?),
                holder: holder.map(serde_json::from_str).transpose()?,
                boot: row.get("boot")?,
                ticks: row.get("ticks")?,
                until: Millis(row.get("until")?),
            })
        },
    )?;
    row.ok_or_else(|| Fault::Unreadable("the lease has no row".into()))
}

/// Refuses a fence that is not the holder's.
pub(super) fn check(tx: &Tx<'_>, ours: Fence) -> Res<()> {
    let held = first(
        tx.conn,
        "SELECT fence, holder IS NOT NULL AS held FROM lease",
        [],
        |row| Ok((Fence(row.get("fence")?), row.get::<_, bool>("held")?)),
    )?;
    match held {
        Some((theirs, true)) if theirs == ours => Ok(()),
        Some((theirs, _)) => Err(Fault::Lost { ours, theirs }),
        None => Err(Fault::Unreadable("the lease has no row".into())),
    }
}

/// `given` is the highest fence that was given here as far as the file beside the database knows.
pub(super) fn acquire(tx: &Tx<'_>, clock: &Clock, us: &Holder, given: Fence) -> Res<Lease> {
    let row = read(tx.conn)?;
    let boot = boot_id();
    if let Some(holder) = &row.holder {
        let in_time = in_time(&row, boot, clock);
        if in_time && holder == us && row.boot == boot {
            write(tx, clock, row.fence, us, boot)?;
            return Ok(Lease::Ours(row.fence));
        }
        if in_time && !is_over(holder, us, row.boot == boot) {
            return Ok(Lease::Held(holder.clone()));
        }
    }
    let fence = Fence(row.fence.0.max(given.0) + 1);
    if given > row.fence || status::meta(tx.conn, status::BACKUP)?.is_some() {
        status::put_note(tx, RESTORED, Some(&tx.now.0.to_string()))?;
        status::drop_meta(tx, status::BACKUP)?;
    }
    write(tx, clock, fence, us, boot)?;
    outbox::lose_sending(tx)?;
    Ok(Lease::Ours(fence))
}

/// Whether the term of the lease is not over, by ticks where they can be compared.
fn in_time(row: &Row, boot: &str, clock: &Clock) -> bool {
    if row.boot == boot {
        clock.ticks() < row.ticks
    } else {
        clock.now() < row.until.plus(OTHER_MACHINE_MS)
    }
}

/// Whether the process of a holder on our host is surely gone: the machine was started again, or nothing has its
/// number, or we have it.
fn is_over(holder: &Holder, us: &Holder, same_boot: bool) -> bool {
    if holder.host != us.host {
        return false;
    }
    if !same_boot || holder.pid == us.pid {
        return true;
    }
    let pid = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
    pid.is_none_or(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

fn write(tx: &Tx<'_>, clock: &Clock, fence: Fence, us: &Holder, boot: &str) -> Res<()> {
    tx.run(
        "UPDATE lease SET fence = ?1, holder = ?2, boot = ?3, ticks = ?4, until = ?5",
        params![
            fence.0,
            json(us)?,
            boot,
            clock.ticks() + TTL_MS,
            tx.now.plus(TTL_MS).0
        ],
    )?;
    Ok(())
}

pub(super) fn renew(tx: &Tx<'_>, clock: &Clock) -> Res<()> {
    tx.run(
        "UPDATE lease SET ticks = ?1, until = ?2",
        params![clock.ticks() + TTL_MS, tx.now.plus(TTL_MS).0],
    )?;
    Ok(())
}

pub(super) fn release(tx: &Tx<'_>) -> Res<()> {
    tx.run("UPDATE lease SET holder = NULL", [])?;
    Ok(())
}

/// The holder, if its time is not over.
pub(super) fn holder(conn: &Connection, clock: &Clock) -> Res<Option<Holder>> {
    let row = read(conn)?;
    let in_time = in_time(&row, boot_id(), clock);
    Ok(row.holder.filter(|_| in_time))
}
