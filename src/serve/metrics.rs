//! `/metrics` in Prometheus' text form, read from the stores when it is asked for, so that nothing is counted twice.
//! Labels are workspaces, sides, kinds, lanes and operations: nothing of a customer.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};

use crate::model::{Health, LoopStatus, Millis, PassSummary, Side, SideStatus};
use crate::store::{Reader, StoreError, Totals};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkspaceLabel {
    workspace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SideLabel {
    workspace: String,
    side: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    workspace: String,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabel {
    workspace: String,
    side: &'static str,
    lane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    workspace: String,
    side: &'static str,
    operation: String,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeliveryLabel {
    /// The workspace that it was for; empty where that is not known.
    pub workspace: String,
    /// Which side's.
    pub side: &'static str,
    /// `stored`, `repeated`, `ignored`, or why it was refused.
    pub result: &'static str,
}

/// Deliveries counted since the process started.
pub type Deliveries = Family<DeliveryLabel, Counter<u64, AtomicU64>>;

/// What one workspace's store tells.
pub struct Numbers {
    totals: Totals,
    last: PassSummary,
    status: LoopStatus,
    is_run: bool,
    now: Millis,
}

impl Numbers {
    /// Reads them.
    pub fn read(reader: &Reader, now: Millis) -> Result<Self, StoreError> {
        Ok(Self {
            totals: reader.totals()?,
            last: reader.passes(1)?.into_iter().next().unwrap_or_default(),
            status: reader.status()?,
            is_run: reader.holder()?.is_some(),
            now,
        })
    }

    fn pass_age_seconds(&self) -> u64 {
        let ended = self.last.started_at.plus(self.last.duration_ms as i64);
        (self.now.since(ended).max(0) / 1000) as u64
    }
}

/// The whole page. Of a workspace whose database cannot be read there is only that it is not up.
pub fn page<'a>(
    workspaces: impl Iterator<Item = (&'a str, Result<Numbers, String>)>,
    deliveries: &Deliveries,
) -> String {
    let mut registry = Registry::with_prefix("couplet");
    registry.register(
        "webhook_deliveries",
        "Webhook deliveries by what came of them",
        deliveries.clone(),
    );
    let mut all = Vec::new();
    let up = Family::<WorkspaceLabel, Gauge>::default();
    for (name, numbers) in workspaces {
        let is_up = numbers.as_ref().is_ok_and(|numbers| numbers.is_run);
        let workspace = name.to_owned();
        up.get_or_create(&WorkspaceLabel { workspace })
            .set(is_up.into());
        all.extend(numbers.ok().map(|numbers| (name.to_owned(), numbers)));
    }
    let help = "Whether the database can be read and somebody runs the loop";
    registry.register("workspace_up", help, up);
    let mut page = Page { registry, all };
    page.totals();
    page.passes();
    page.sides();
    let mut text = String::new();
    encode(&mut text, &page.registry).expect("writing to a string cannot fail");
    text
}

/// Metrics of several workspaces, each metric a family with the workspace among its labels.
struct Page {
    registry: Registry,
    all: Vec<(String, Numbers)>,
}

impl Page {
    /// A family that is filled workspace by workspace.
    fn family<L, M>(&mut self, name: &str, help: &str, fill: impl Fn(&Family<L, M>, &str, &Numbers))
    where
        L: Clone + std::hash::Hash + Eq,
        M: Default,
        Family<L, M>: Metric + Clone + Default,
    {
        let family = Family::<L, M>::default();
        for (workspace, numbers) in &self.all {
            fill(&family, workspace, numbers);
        }
        self.registry.register(name, help, family);
    }

    fn gauge(&mut self, name: &str, help: &str, value: fn(&Numbers) -> u64) {
        self.family::<WorkspaceLabel, Gauge>(name, help, |family, workspace, numbers| {
            let workspace = workspace.to_owned();
            let gauge = family.get_or_create(&WorkspaceLabel { workspace });
            gauge.set(value(numbers).try_into().unwrap_or(i64::MAX));
        });
    }

    fn side(&mut self, name: &str, help: &str, value: fn(&SideStatus) -> u64) {
        self.family::<SideLabel, Gauge>(name, help, |family, workspace, numbers| {
            for side in Side::BOTH {
                let label = SideLabel {
                    workspace: workspace.to_owned(),
                    side: side.name(),
                };
                let value = value(numbers.status.sides.get(side));
                family.get_or_create(&label).set(value as i64);
            }
        });
    }

    fn totals(&mut self) {
        self.family::<KindLabel, Gauge>(
            "records",
            "Linked records",
            |family, workspace, numbers| {
                for (kind, count) in &numbers.totals.links {
                    let label = KindLabel {
                        workspace: workspace.to_owned(),
                        kind: kind.name(),
                    };
                    family.get_or_create(&label).set(*count as i64);
                }
            },
        );
        self.gauge(
            "conflicts_open",
            "Conflicts that wait for a decision",
            |numbers| numbers.totals.conflicts_open,
        );
        self.gauge(
            "errors_open",
            "Patterns of errors that are open",
            |numbers| numbers.totals.errors_open,
        );
        self.gauge("intents_waiting", "Writes that are not final", |numbers| {
            numbers.totals.waiting
        });
    }

    fn passes(&mut self) {
        let help = "Passes since the database was made";
        self.family::<WorkspaceLabel, Counter>("passes", help, |family, workspace, numbers| {
            let workspace = workspace.to_owned();
            let counter = family.get_or_create(&WorkspaceLabel { workspace });
            counter.inc_by(numbers.last.pass.0.unsigned_abs());
        });
        self.gauge(
            "pass_age_seconds",
            "Time since the last pass ended",
            Numbers::pass_age_seconds,
        );
        self.gauge(
            "pass_duration_milliseconds",
            "How long the last pass took",
            |numbers| numbers.last.duration_ms,
        );
    }

    fn sides(&mut self) {
        self.side("side_up", "Whether the side answers", |side| {
            u64::from(matches!(side.health, Health::Ok | Health::Slow))
        });
        self.side("burst_used", "Requests in the burst window", |side| {
            u64::from(side.burst.used)
        });
        self.side(
            "burst_limit",
            "Requests that a burst window allows",
            |side| u64::from(side.burst.limit),
        );
        self.side("day_used", "Our requests of this day", |side| side.day.used);
        self.side("day_others", "Requests of this day by others", |side| {
            side.day.others.unwrap_or_default()
        });
        self.side("day_limit", "Requests that a day allows", |side| {
            side.day.limit
        });
        self.side("throttled", "Answers with 429 today", |side| side.throttled);
        self.side(
            "breaker_open",
            "Whether requests are held back after failures",
            |side| u64::from(side.breaker != "closed"),
        );
        self.lanes();
        self.operations();
    }

    fn lanes(&mut self) {
        let help = "Requests that wait for a place";
        self.family::<LaneLabel, Gauge>("lane_queued", help, |family, workspace, numbers| {
            for side in Side::BOTH {
                for lane in &numbers.status.sides.get(side).lanes {
                    let label = LaneLabel {
                        workspace: workspace.to_owned(),
                        side: side.name(),
                        lane: lane.lane.name(),
                    };
                    family.get_or_create(&label).set(i64::from(lane.queued));
                }
            }
        });
    }

    fn operations(&mut self) {
        let help = "Requests by operation since the loop started";
        self.family::<OperationLabel, Counter>("requests", help, |family, workspace, numbers| {
            for side in Side::BOTH {
                for (operation, count) in &numbers.status.sides.get(side).operations {
                    let label = OperationLabel {
                        workspace: workspace.to_owned(),
                        side: side.name(),
                        operation: operation.clone(),
                    };
                    family.get_or_create(&label).inc_by(*count);
                }
            }
        });
    }
}
