//! What the header, the Rates screen and `couplet status` show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BySide, Kind, Millis, Op, PassId, Plan, Side};

/// A priority class of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Somebody waits at a screen.
    Operator,
    /// A side told of a change.
    Webhook,
    /// What changed since the last pass.
    Incremental,
    /// The slow reading of everything.
    Sweep,
}

impl Lane {
    /// All, most urgent first.
    pub const ALL: [Self; 4] = [
        Self::Operator,
        Self::Webhook,
        Self::Incremental,
        Self::Sweep,
    ];

    /// The name in commands and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Webhook => "webhook",
            Self::Incremental => "incremental",
            Self::Sweep => "sweep",
        }
    }

    /// Its places of 100 when all lanes have work.
    pub const fn share(self) -> u32 {
        match self {
            Self::Operator => 40,
            Self::Webhook | Self::Incremental => 25,
            Self::Sweep => 10,
        }
    }
}

/// Who holds the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The operator's name.
    pub operator: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    pub since: Millis,
}

/// What the loop is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LoopState {
    /// Nobody runs the loop.
    #[default]
    Stopped,
    /// Nothing to do.
    Idle,
    /// Reading a side.
    Pulling {
        /// Which side.
        side: Side,
        /// What.
        kind: Kind,
        /// Rows so far.
        done: u64,
        /// Rows in all, where the side says.
        total: Option<u64>,
    },
    /// Writing to the sides.
    Pushing {
        /// Intents that are final.
        done: u64,
        /// Intents of this pass.
        total: u64,
    },
    /// An operator stopped it.
    Paused,
}

impl LoopState {
    /// The name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Idle => "idle",
            Self::Pulling { .. } => "pulling",
            Self::Pushing { .. } => "pushing",
            Self::Paused => "paused",
        }
    }
}

/// How well a side answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "health", rename_all = "snake_case")]
pub enum Health {
    /// No answer yet.
    #[default]
    Unknown,
    /// All well.
    Ok,
    /// 429 or retries in the last minute.
    Slow,
    /// Breaker, Retry-After or a spent day.
    Shut {
        /// Until when.
        until: Millis,
    },
    /// The key was refused.
    Refused,
    /// There is no key, or the sign-in is over.
    SignIn,
    /// No connection.
    Off,
}

impl Health {
    /// The name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Slow => "slow",
            Self::Shut { .. } => "shut",
            Self::Refused => "refused",
            Self::SignIn => "sign_in",
            Self::Off => "off",
        }
    }
}

/// The burst window of a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// Places in use by us.
    pub used: u32,
    /// Places that others were seen to use.
    #[serde(default)]
    pub others: u32,
    /// Places in all.
    pub limit: u32,
    /// Milliseconds until a place in use is free again; 0 when none is in use.
    pub resets_in_ms: u32,
}

/// The daily budget of a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Requests of ours.
    pub used: u64,
    /// Requests of others, as far as the headers tell.
    pub others: Option<u64>,
    /// The limit.
    pub limit: u64,
    /// When it starts anew, where that is known.
    pub resets_at: Option<Millis>,
}

/// One lane of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneStatus {
    /// Which lane.
    pub lane: Lane,
    /// Requests that wait for a place.
    pub queued: u32,
    /// Requests sent in the last 10 s.
    pub recent: u32,
}

/// How one side is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideStatus {
    /// How well it answers.
    pub health: Health,
    /// Its burst window.
    pub burst: Burst,
    /// Its day.
    pub day: Day,
    /// 429 answers today.
    pub throttled: u64,
    /// The breaker, in a word: `closed`, `open`, `half_open`.
    pub breaker: String,
    /// Its lanes.
    pub lanes: Vec<LaneStatus>,
    /// Requests by operation since the process started, dearest first.
    pub operations: Vec<(String, u64)>,
    /// The side's clock less ours, right to a second; `None` before the first answer.
    #[serde(default)]
    pub clock_offset_ms: Option<i64>,
}

/// An operator's pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Who.
    pub by: String,
    /// Since when.
    pub at: Millis,
    /// Until when; `None` is until resumed.
    pub until: Option<Millis>,
    /// Why.
    pub note: Option<String>,
    /// Only this side; `None` is both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Only this lane; `None` is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
}

impl Paused {
    /// Whether a side (or its lane, where this is the pause of one) rests at `now`.
    pub fn rests(&self, side: Side, now: Millis) -> bool {
        self.side.is_none_or(|only| only == side) && self.until.is_none_or(|until| now < until)
    }
}

/// What the lease holder tells everyone, rewritten as it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopStatus {
    /// What the loop is doing.
    pub state: LoopState,
    /// Since when nothing was to be done; moves only when a pass did something.
    pub idle_since: Option<Millis>,
    /// When the loop last got on.
    pub progress_at: Millis,
    /// An operator's pause of everything, or of one side.
    pub paused: Option<Paused>,
    /// Pauses of single lanes, at most one a lane.
    #[serde(default)]
    pub lanes_paused: Vec<Paused>,
    /// The sides.
    pub sides: BySide<SideStatus>,
}

impl LoopStatus {
    /// The pause of a lane of a side that holds at `now`; not that of the whole side.
    pub fn lane_pause(&self, side: Side, lane: Lane, now: Millis) -> Option<&Paused> {
        let of_lane = |paused: &&Paused| paused.lane == Some(lane) && paused.rests(side, now);
        self.lanes_paused.iter().find(of_lane)
    }
}

/// Requests of one side in one half minute; the bars of the Rates chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateBar {
    /// Start of the half minute.
    pub at: Millis,
    /// Requests of ours.
    pub ours: u32,
    /// Requests of others, as far as the side tells of its day.
    #[serde(default)]
    pub others: u32,
    /// 429 answers among ours.
    pub throttled: u32,
}

/// The summary of a pass; its JSON is the contract's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PassSummary {
    /// Which pass.
    pub pass: PassId,
    /// When it began.
    pub started_at: Millis,
    /// How long it took.
    pub duration_ms: u64,
    /// Why it ran, in words.
    pub because: String,
    /// Requests sent.
    pub requests: BySide<u64>,
    /// 429 answers.
    pub throttled: u64,
    /// Records that came new or changed.
    pub pulled: BySide<u64>,
    /// Of these, how many of which kind; not kept with the pass.
    #[serde(skip)]
    pub pulled_of: BySide<BTreeMap<Kind, u64>>,
    /// Records made on that side.
    pub created: BySide<u64>,
    /// Records changed on that side.
    pub updated: BySide<u64>,
    /// Records deleted on that side.
    pub deleted: BySide<u64>,
    /// Intents that are not final.
    pub waiting: u64,
    /// Records under a brake.
    pub held: u64,
    /// Conflicts open or decided.
    pub conflicts_open: u64,
    /// Error patterns open.
    pub errors_open: u64,
    /// Failures of this pass.
    pub errors: u64,
    /// What would be written; only from a dry run.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub dry: Option<Plan>,
}

impl PassSummary {
    /// Counts a write that was confirmed. External-id stamps are not counted: no field changes.
    pub fn count(&mut self, side: Side, op: Op) {
        let counts = match op {
            Op::Create => &mut self.created,
            Op::Update => &mut self.updated,
            Op::Delete => &mut self.deleted,
            Op::Stamp => return,
        };
        *counts.get_mut(side) += 1;
    }

    /// Counts a record that came new or changed.
    pub fn count_pulled(&mut self, side: Side, kind: Kind) {
        *self.pulled.get_mut(side) += 1;
        *self.pulled_of.get_mut(side).entry(kind).or_default() += 1;
    }

    /// Whether the pass changed anything anywhere.
    pub fn did_something(&self) -> bool {
        [&self.pulled, &self.created, &self.updated, &self.deleted]
            .iter()
            .any(|n| n.ghl + n.growbots > 0)
            || self.errors > 0
    }
}
