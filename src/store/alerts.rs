//! Alerts, and who was told of them. None of it needs the lease: somebody must notice, too, that nobody has it.

use rusqlite::{Connection, Row, params};

use crate::model::{Alert, AlertId, AlertState, Millis, Reading};

use super::convert::{first, name_at, rows};
use super::db::Tx;
use super::error::Res;
use super::{Reader, StoreError, Writer};

/// How long an alert that is over is kept.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// The most that a list gives.
const MOST: u32 = 500;

impl Reader {
    /// Alerts that hold, then those that are over, each newest first; at most 500. Pending ones are left out.
    pub fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        self.read("alerts", |conn| {
            rows(
                conn,
                "SELECT * FROM alert WHERE state <> 'pending' ORDER BY state = 'recovered', id DESC LIMIT ?1",
                [MOST],
                read,
            )
        })
    }

    /// Whether an alert holds, or may soon.
    pub fn has_active_alerts(&self) -> Result<bool, StoreError> {
        self.read("has_active_alerts", |conn| {
            let sql = "SELECT EXISTS (SELECT 1 FROM alert WHERE state <> 'recovered')";
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        })
    }

    /// Since when the oldest change waits: a write that is not final, or what a webhook told.
    pub fn oldest_waiting(&self) -> Result<Option<Millis>, StoreError> {
        self.read("oldest_waiting", |conn| {
            let sql = "SELECT min(at) FROM (SELECT min(made_at) AS at FROM intent \
                       WHERE state IN ('planned', 'sending', 'unknown') \
                       UNION ALL SELECT min(at) FROM hint WHERE done = 0)";
            let at: Option<i64> = conn.query_row(sql, [], |row| row.get(0))?;
            Ok(at.map(Millis))
        })
    }
}

impl Writer {
    /// Brings alerts in step with what holds now. One whose condition is gone for `settle_ms` has recovered; until
    /// then it is the same alert, so that what comes and goes is told once.
    pub fn take_readings(
        &mut self,
        readings: &[Reading],
        settle_ms: i64,
    ) -> Result<(), StoreError> {
        self.write("take_readings", |tx| {
            for reading in readings {
                take(tx, reading)?;
            }
            end_others(tx, settle_ms)?;
            let old = tx.now.plus(-KEPT_MS).0;
            tx.run(
                "DELETE FROM alert WHERE state = 'recovered' AND last_at < ?1",
                [old],
            )?;
            Ok(())
        })
    }

    /// What a channel is to be told now; it is this process's to deliver. Nothing within `gap_ms` of the channel's last
    /// notice, so that a burst is one notice; what is not said to be [`Writer::told`] is given again after that time.
    /// One that recovered before it was told is not told at all.
    pub fn claim_notices(&mut self, channel: &str, gap_ms: i64) -> Result<Vec<Alert>, StoreError> {
        self.write("claim_notices", |tx| {
            let last: Option<i64> = tx.conn.query_row(
                "SELECT max(at) FROM alert_notice WHERE channel = ?1 AND at <= ?2",
                params![channel, tx.now.0],
                |row| row.get(0),
            )?;
            if last.is_some_and(|last| tx.now.since(Millis(last)) < gap_ms) {
                return Ok(Vec::new());
            }
            let due = due(tx.conn, channel)?;
            for alert in &due {
                tx.run(
                    "INSERT INTO alert_notice (alert, channel, phase, at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT DO UPDATE SET at = excluded.at",
                    params![alert.id.0, channel, phase(alert), tx.now.0],
                )?;
            }
            Ok(due)
        })
    }

    /// A channel has taken these.
    pub fn told(&mut self, channel: &str, alerts: &[Alert]) -> Result<(), StoreError> {
        self.write("told", |tx| {
            for alert in alerts {
                tx.run(
                    "UPDATE alert_notice SET done = 1 WHERE alert = ?1 AND channel = ?2 AND phase = ?3",
                    params![alert.id.0, channel, phase(alert)],
                )?;
            }
            Ok(())
        })
    }

    /// Somebody knows. False: no alert of this number holds.
    pub fn acknowledge(&mut self, alert: AlertId) -> Result<bool, StoreError> {
        self.write("acknowledge", |tx| {
            let sql = "UPDATE alert SET state = 'acknowledged' WHERE id = ?1 AND state IN ('open', 'acknowledged')";
            Ok(tx.run(sql, [alert.0])? == 1)
        })
    }
}

fn phase(alert: &Alert) -> &'static str {
    match alert.state {
        AlertState::Recovered => "recovered",
        _ => "raised",
    }
}

/// Open ones that the channel was not told of, and recovered ones that it was told of as raised only.
fn due(conn: &Connection, channel: &str) -> Res<Vec<Alert>> {
    let told = |phase: &str| {
        format!(
            "EXISTS (SELECT 1 FROM alert_notice AS n WHERE n.alert = alert.id AND n.channel = ?1 \
             AND n.phase = '{phase}' AND n.done = 1)"
        )
    };
    let (raised, recovered) = (told("raised"), told("recovered"));
    let sql = format!(
        "SELECT * FROM alert WHERE (state = 'open' AND NOT {raised}) \
         OR (state = 'recovered' AND {raised} AND NOT {recovered}) ORDER BY id"
    );
    rows(conn, &sql, [channel], read)
}

fn take(tx: &Tx<'_>, reading: &Reading) -> Res<()> {
    let active = first(
        tx.conn,
        "SELECT * FROM alert WHERE name = ?1 AND state <> 'recovered'",
        [&reading.name],
        read,
    )?;
    let count = i64::try_from(reading.count).unwrap_or(i64::MAX);
    let Some(alert) = active else {
        let state = state_after(0, reading.hold_ms);
        tx.run(
            "INSERT INTO alert (name, state, since, last_at, count, text) VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
            params![reading.name, state.name(), tx.now.0, count, reading.text],
        )?;
        return Ok(());
    };
    let state = match alert.state {
        AlertState::Pending => state_after(tx.now.since(alert.since), reading.hold_ms),
        state => state,
    };
    tx.run(
        "UPDATE alert SET state = ?2, last_at = ?3, count = ?4, text = ?5 WHERE id = ?1",
        params![alert.id.0, state.name(), tx.now.0, count, reading.text],
    )?;
    Ok(())
}

/// Whether it has held for long enough.
const fn state_after(held_ms: i64, hold_ms: i64) -> AlertState {
    if held_ms >= hold_ms {
        AlertState::Open
    } else {
        AlertState::Pending
    }
}

/// Those that were not read now: pending ones go, the others recover in time. What was read now has `last_at` now.
fn end_others(tx: &Tx<'_>, settle_ms: i64) -> Res<()> {
    tx.run(
        "DELETE FROM alert WHERE state = 'pending' AND last_at <> ?1",
        [tx.now.0],
    )?;
    tx.run(
        "UPDATE alert SET state = 'recovered' WHERE state IN ('open', 'acknowledged') AND last_at <> ?1 \
         AND (last_at <= ?2 OR last_at > ?1)",
        [tx.now.0, tx.now.plus(-settle_ms).0],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Res<Alert> {
    Ok(Alert {
        id: AlertId(row.get("id")?),
        name: row.get("name")?,
        state: name_at(row, "state")?,
        since: Millis(row.get("since")?),
        count: row.get::<_, i64>("count")?.unsigned_abs(),
        text: row.get("text")?,
    })
}
