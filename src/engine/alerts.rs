//! Alerts: what holds now by the rules, and telling somebody of it.
//!
//! Every process that has the workspace open looks: after each pass, and from time to time, so that it is also noticed
//! when no loop runs. What was told stands in the store, so that it is told once.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::model::{
    Alert, AlertRule, AlertState, Conflict, ErrorState, Health, LoopState, LoopStatus, Millis,
    Reading, Reason, Side,
};
use crate::remote::Channel;
use crate::store::{Reader, StoreError, Writer};

use super::port::Event;

/// How often somebody looks when no pass ends.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The most rows of errors and conflicts that are looked at.
const MOST: u32 = 10_000;

/// Hours in which nobody is told.
#[derive(Clone, Debug)]
pub struct Quiet {
    /// From when.
    pub from: Time,
    /// Until when; before `from` where the night is between.
    pub to: Time,
    /// Of which zone.
    pub zone: TimeZone,
}

impl Quiet {
    /// Whether it is quiet at this moment.
    fn covers(&self, at: Millis) -> bool {
        let Ok(stamp) = Timestamp::from_millisecond(at.0) else {
            return false;
        };
        let time = self.zone.to_datetime(stamp).time();
        if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

/// When somebody is told, and how.
#[derive(Clone)]
pub struct Alerts {
    /// Named in every notice.
    pub workspace: String,
    /// The rules.
    pub rules: Vec<AlertRule>,
    /// Where notices go.
    pub channels: Vec<Channel>,
    /// Whether a dashboard rings.
    pub bell: bool,
    /// Hours in which nobody is told.
    pub quiet: Option<Quiet>,
    /// The least time between two notices of a channel, and how long a condition must be gone to be over.
    pub settle_ms: i64,
}

/// What holds now.
pub fn readings(
    reader: &Reader,
    rules: &[AlertRule],
    now: Millis,
) -> Result<Vec<Reading>, StoreError> {
    let look = Look {
        reader,
        now,
        status: reader.status()?,
    };
    let mut found = Vec::new();
    for rule in rules {
        look.by(rule, &mut found)?;
    }
    Ok(found)
}

struct Look<'a> {
    reader: &'a Reader,
    now: Millis,
    status: LoopStatus,
}

impl Look<'_> {
    fn by(&self, rule: &AlertRule, found: &mut Vec<Reading>) -> Result<(), StoreError> {
        let mut hold = |side: Option<Side>, count: u64, text: String| {
            if count > rule.over {
                let side = side.map_or_else(String::new, |side| format!(".{}", side.name()));
                found.push(Reading {
                    name: format!("{}{side}", rule.name),
                    count,
                    text,
                    hold_ms: rule.span_ms,
                });
            }
        };
        let runs = self.status.state != LoopState::Stopped;
        match rule.name.as_str() {
            "429" => {
                for side in Side::BOTH {
                    let since = self.now.plus(-rule.span_ms);
                    let bars = self.reader.rates(side, since)?;
                    let count = bars.iter().map(|bar| u64::from(bar.throttled)).sum();
                    let text = format!("{} answered 429 {count} times", side.label());
                    hold(Some(side), count, text);
                }
                // Counted in that time, not held for it.
                for reading in found.iter_mut().filter(|it| it.name.starts_with("429.")) {
                    reading.hold_ms = 0;
                }
            }
            "429_daily" if runs => {
                for side in Side::BOTH {
                    let day = &self.status.sides.get(side).day;
                    let used = day.used + day.others.unwrap_or_default();
                    let percent = (used * 100).checked_div(day.limit).unwrap_or_default();
                    let text = format!(
                        "{percent} % of the day's requests to {} are used",
                        side.label()
                    );
                    hold(Some(side), percent, text);
                }
            }
            "401" => {
                let errors = self.reader.errors(MOST)?;
                for side in Side::BOTH {
                    let health = &self.status.sides.get(side).health;
                    let refused = matches!(health, Health::Refused | Health::SignIn);
                    let rows = errors.iter().filter(|row| {
                        row.state == ErrorState::Open
                            && row.last.side == Some(side)
                            && row.last.status == Some(401)
                    });
                    let count = (rows.count() as u64).max(u64::from(refused));
                    let text = format!("{} refuses the key: `couplet auth status`", side.label());
                    hold(Some(side), count, text);
                }
            }
            "breaker_open" if runs => {
                for side in Side::BOTH {
                    let breaker = &self.status.sides.get(side).breaker;
                    let open = !matches!(breaker.as_str(), "" | "closed");
                    let text = format!("requests to {} are held back after failures", side.label());
                    hold(Some(side), u64::from(open), text);
                }
            }
            _ => self.by_workspace(rule, found)?,
        }
        Ok(())
    }

    /// Rules that do not ask which side.
    fn by_workspace(&self, rule: &AlertRule, found: &mut Vec<Reading>) -> Result<(), StoreError> {
        let mut hold_ms = rule.span_ms;
        let (count, text) = match rule.name.as_str() {
            "no_pass" => {
                let idle = self.idle_ms()?.filter(|_| self.status.paused.is_none());
                let late = idle.filter(|idle| *idle >= rule.span_ms);
                let minutes = late.unwrap_or_default() / 60_000;
                // It has been so for that time already.
                hold_ms = 0;
                let text = format!("no pass for {minutes} minutes");
                (u64::from(late.is_some()), text)
            }
            "conflicts" => {
                let count = self.reader.totals()?.conflicts_undecided;
                (count, format!("{count} conflicts wait for a decision"))
            }
            "lag" if self.status.paused.is_none() => {
                let oldest = self.reader.oldest_waiting()?;
                let seconds = oldest.map_or(0, |at| self.now.since(at).max(0) / 1000);
                let text = format!("a change has waited for {seconds} seconds");
                (seconds as u64, text)
            }
            "mass_change" => {
                let conflicts = self.reader.conflicts(MOST)?;
                let is_one = |one: &&Conflict| one.reason == Reason::MassChange;
                let count = conflicts.iter().filter(is_one).count() as u64;
                let text = format!("{count} mass changes are held: `couplet conflicts list`");
                (count, text)
            }
            name => {
                let Some(words) = name.strip_prefix("error:") else {
                    return Ok(());
                };
                let words = words.trim().to_lowercase();
                let errors = self.reader.errors(MOST)?;
                let fits = errors.iter().filter(|row| {
                    row.state == ErrorState::Open
                        && row.last.pattern.to_lowercase().contains(&words)
                });
                let count = fits.map(|row| row.count).sum();
                // The rule's own words, never those of a side, which may hold a name.
                let text = format!("{count} failures fit `{words}`: `couplet errors list`");
                (count, text)
            }
        };
        if count > rule.over {
            found.push(Reading {
                name: rule.name.clone(),
                count,
                text,
                hold_ms,
            });
        }
        Ok(())
    }

    /// How long the loop has not got on; `None` before the first pass.
    fn idle_ms(&self) -> Result<Option<i64>, StoreError> {
        let Some(last) = self.reader.passes(1)?.into_iter().next() else {
            return Ok(None);
        };
        let ended = last.started_at.plus(last.duration_ms as i64);
        Ok(Some(self.now.since(ended.max(self.status.progress_at))))
    }
}

/// What is delivered: `alerts` in full, and `text` for people.
pub fn notice(workspace: &str, alerts: &[Alert]) -> Value {
    let lines: Vec<String> = alerts
        .iter()
        .map(|alert| match alert.state {
            AlertState::Recovered => format!("recovered: {}", alert.text),
            _ => alert.text.clone(),
        })
        .collect();
    json!({
        "workspace": workspace,
        "text": format!("couplet `{workspace}`: {}", lines.join("; ")),
        "alerts": alerts.iter().map(shown).collect::<Value>(),
    })
}

/// An alert as JSON.
pub fn shown(alert: &Alert) -> Value {
    json!({
        "id": alert.id,
        "name": alert.name,
        "state": alert.state.name(),
        "since": alert.since.to_string(),
        "count": alert.count,
        "text": alert.text,
    })
}

/// Looks, and tells.
pub struct Watch {
    alerts: Alerts,
    database: PathBuf,
    clock: Clock,
    reader: Option<Reader>,
    /// Opened with the first thing that is to be told.
    writer: Option<Writer>,
    /// The newest alert that this process has rung for.
    rung: Option<i64>,
}

impl Watch {
    /// A watch that opens the database when it first looks.
    pub const fn new(alerts: Alerts, database: PathBuf, clock: Clock) -> Self {
        Self {
            alerts,
            database,
            clock,
            reader: None,
            writer: None,
            rung: None,
        }
    }

    /// Looks once, and delivers what is due. What cannot be delivered is tried again at a later look. Where there is
    /// no database yet, there is nothing to tell.
    pub async fn look(&mut self, tell: &(dyn Fn(Event) + Send + Sync)) -> Result<(), StoreError> {
        let reader = match self.reader.take() {
            Some(open) => open,
            None if !self.database.exists() => return Ok(()),
            None => Reader::open(&self.database)?,
        };
        let reader = self.reader.insert(reader);
        let now = self.clock.now();
        let readings = readings(reader, &self.alerts.rules, now)?;
        let mut writer = self.writer.as_mut();
        if !readings.is_empty() || reader.has_active_alerts()? {
            let open = match writer {
                Some(open) => open,
                None => self
                    .writer
                    .insert(Writer::open(&self.database, &self.clock)?),
            };
            open.take_readings(&readings, self.alerts.settle_ms)?;
            writer = Some(open);
        }
        let quiet = self.alerts.quiet.as_ref();
        if quiet.is_some_and(|quiet| quiet.covers(now)) {
            return Ok(());
        }
        let all = reader.alerts()?;
        if all.is_empty() {
            self.rung = Some(0);
            return Ok(());
        }
        ring(&all, &mut self.rung, self.alerts.bell, tell);
        let Some(writer) = writer else {
            return Ok(());
        };
        for channel in &self.alerts.channels {
            let due = writer.claim_notices(channel.name(), self.alerts.settle_ms)?;
            if due.is_empty() {
                continue;
            }
            match channel.deliver(&notice(&self.alerts.workspace, &due)).await {
                Ok(()) => writer.told(channel.name(), &due)?,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(
                        error,
                        channel = channel.name(),
                        "an alert was not delivered"
                    );
                }
            }
        }
        Ok(())
    }
}

/// Tells of alerts that are newer than the last one told, those of one look together; what was there at the start is not
/// rung for.
fn ring(all: &[Alert], rung: &mut Option<i64>, bell: bool, tell: &(dyn Fn(Event) + Send + Sync)) {
    let newest = all.iter().map(|alert| alert.id.0).max().unwrap_or_default();
    let before = rung.replace(newest).unwrap_or(newest);
    let fresh = all
        .iter()
        .filter(|alert| alert.id.0 > before && alert.state == AlertState::Open);
    let words: Vec<&str> = fresh.map(|alert| alert.text.as_str()).collect();
    if bell && !words.is_empty() {
        tell(Event::Alert {
            words: words.join("; "),
        });
    }
}

/// Watches on a thread of their own; it ends when this is dropped.
pub struct Watching {
    pokes: Vec<Arc<Notify>>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// Starts them. `tell` gets the place of the watch and what it tells.
    pub fn start(
        watches: Vec<Watch>,
        tell: impl Fn(usize, Event) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let pokes: Vec<_> = watches.iter().map(|_| Arc::new(Notify::new())).collect();
        let (stop, mut stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let poked = pokes.clone();
        let looks = async move {
            let tell = &tell;
            let each = watches.into_iter().zip(&poked).enumerate();
            // None waits for the channel of another.
            let all = each.map(|(at, (mut watch, poked))| async move {
                let tell = move |event| tell(at, event);
                loop {
                    if let Err(error) = watch.look(&tell).await {
                        tracing::warn!(%error, workspace = watch.alerts.workspace, "alerts could not be looked at");
                        (watch.reader, watch.writer) = (None, None);
                    }
                    tokio::select! {
                        () = poked.notified() => {}
                        () = tokio::time::sleep(LOOK_EVERY) => {}
                    }
                }
            });
            futures_util::future::join_all(all).await;
        };
        let thread = std::thread::Builder::new()
            .name("alerts".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        biased;
                        _ = stopped.wait_for(|stop| *stop) => {}
                        () = looks => {}
                    }
                });
            })?;
        Ok(Self {
            pokes,
            stop,
            thread: Some(thread),
        })
    }

    /// What makes the watch at this place look now, such as at the end of a pass.
    pub fn poke(&self, at: usize) -> impl Fn() + Send + Sync + 'static + use<> {
        let poke = Arc::clone(&self.pokes[at]);
        move || poke.notify_one()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // It has nothing to hand over; a fault in it has been said by its panic.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests;
