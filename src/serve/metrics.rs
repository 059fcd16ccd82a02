//! `/metrics` in Prometheus' text form, read from the store when it is asked for, so that nothing is counted twice.
//! Labels are sides, kinds, lanes and operations: nothing of a customer.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};

use crate::model::{Health, Millis, Side};
use crate::store::{Reader, StoreError};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SideLabel {
    side: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabel {
    side: &'static str,
    lane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    side: &'static str,
    operation: String,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeliveryLabel {
    /// Which side's.
    pub side: &'static str,
    /// `stored`, `repeated`, `ignored`, or why it was refused.
    pub result: &'static str,
}

/// Deliveries counted since the process started.
pub type Deliveries = Family<DeliveryLabel, Counter<u64, AtomicU64>>;

/// The whole page.
pub fn page(reader: &Reader, deliveries: &Deliveries, now: Millis) -> Result<String, StoreError> {
    let mut registry = Registry::with_prefix("couplet");
    registry.register(
        "webhook_deliveries",
        "Webhook deliveries by what came of them",
        deliveries.clone(),
    );
    totals(&mut registry, reader)?;
    passes(&mut registry, reader, now)?;
    sides(&mut registry, reader)?;
    let mut text = String::new();
    encode(&mut text, &registry).expect("writing to a string cannot fail");
    Ok(text)
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value.try_into().unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

/// A family filled at once.
fn family<L, M>(registry: &mut Registry, name: &str, help: &str, fill: impl FnOnce(&Family<L, M>))
where
    L: Clone + std::hash::Hash + Eq,
    M: Default,
    Family<L, M>: Metric + Clone + Default,
{
    let family = Family::<L, M>::default();
    fill(&family);
    registry.register(name, help, family);
}

fn totals(registry: &mut Registry, reader: &Reader) -> Result<(), StoreError> {
    let totals = reader.totals()?;
    family::<KindLabel, Gauge>(registry, "records", "Linked records", |family| {
        for (kind, count) in &totals.links {
            family
                .get_or_create(&KindLabel { kind: kind.name() })
                .set(*count as i64);
        }
    });
    gauge(
        registry,
        "conflicts_open",
        "Conflicts that wait for a decision",
        totals.conflicts_open,
    );
    gauge(
        registry,
        "errors_open",
        "Patterns of errors that are open",
        totals.errors_open,
    );
    gauge(
        registry,
        "intents_waiting",
        "Writes that are not final",
        totals.waiting,
    );
    Ok(())
}

fn passes(registry: &mut Registry, reader: &Reader, now: Millis) -> Result<(), StoreError> {
    let last = reader.passes(1)?.into_iter().next();
    let last = last.unwrap_or_default();
    let counter: Counter = Counter::default();
    counter.inc_by(last.pass.0.unsigned_abs());
    registry.register("passes", "Passes since the database was made", counter);
    let ended = last.started_at.plus(last.duration_ms as i64);
    gauge(
        registry,
        "pass_age_seconds",
        "Time since the last pass ended",
        (now.since(ended).max(0) / 1000) as u64,
    );
    gauge(
        registry,
        "pass_duration_milliseconds",
        "How long the last pass took",
        last.duration_ms,
    );
    Ok(())
}

fn sides(registry: &mut Registry, reader: &Reader) -> Result<(), StoreError> {
    let status = reader.status()?;
    let each = |of: &mut dyn FnMut(&'static str, &crate::model::SideStatus)| {
        for side in Side::BOTH {
            of(side.name(), status.sides.get(side));
        }
    };
    let mut per_side = |name: &str, help: &str, value: fn(&crate::model::SideStatus) -> u64| {
        family::<SideLabel, Gauge>(registry, name, help, |family| {
            each(&mut |side, status| {
                family
                    .get_or_create(&SideLabel { side })
                    .set(value(status) as i64);
            });
        });
    };
    per_side("side_up", "Whether the side answers", |side| {
        u64::from(matches!(side.health, Health::Ok | Health::Slow))
    });
    per_side("burst_used", "Requests in the burst window", |side| {
        u64::from(side.burst.used)
    });
    per_side(
        "burst_limit",
        "Requests that a burst window allows",
        |side| u64::from(side.burst.limit),
    );
    per_side("day_used", "Our requests of this day", |side| side.day.used);
    per_side("day_others", "Requests of this day by others", |side| {
        side.day.others.unwrap_or_default()
    });
    per_side("day_limit", "Requests that a day allows", |side| {
        side.day.limit
    });
    per_side("throttled", "Answers with 429 today", |side| side.throttled);
    per_side(
        "breaker_open",
        "Whether requests are held back after failures",
        |side| u64::from(side.breaker != "closed"),
    );
    family::<LaneLabel, Gauge>(
        registry,
        "lane_queued",
        "Requests that wait for a place",
        |family| {
            each(&mut |side, status| {
                for lane in &status.lanes {
                    let label = LaneLabel {
                        side,
                        lane: lane.lane.name(),
                    };
                    family.get_or_create(&label).set(i64::from(lane.queued));
                }
            });
        },
    );
    family::<OperationLabel, Counter>(
        registry,
        "requests",
        "Requests by operation since the loop started",
        |family| {
            each(&mut |side, status| {
                for (operation, count) in &status.operations {
                    let label = OperationLabel {
                        side,
                        operation: operation.clone(),
                    };
                    family.get_or_create(&label).inc_by(*count);
                }
            });
        },
    );
    Ok(())
}
