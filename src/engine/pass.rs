//! One pass, in the order in which a reader would tell it: pull both sides, settle what was left, match, merge,
//! plan and push contacts; then the same for what belongs to them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    BySide, Fence, Intent, IntentId, Kind, Lane, LinkId, LoopState, PassId, PassSummary, Paused,
    Plan, RecordId, Side,
};

use crate::remote::RemoteError;

use super::core::Core;
use super::held::Held;
use super::sweep::TOUCHED;
use super::{EngineError, Once};

/// Kinds in the order in which they are merged and pushed.
pub(super) const ORDER: [Kind; 5] = [
    Kind::Business,
    Kind::Contact,
    Kind::Task,
    Kind::Note,
    Kind::Appointment,
];
/// A write is read back, which can show another change; that many times the merge looks again in one pass.
const ROUNDS: usize = 4;

pub(super) struct Pass<'a> {
    pub core: &'a Core,
    pub fence: Fence,
    pub id: PassId,
    pub what: Once,
    /// Somebody at a screen waits for it.
    pub urgent: bool,
    /// Nothing may be written to a side.
    pub dry: bool,
    pub summary: RefCell<PassSummary>,
    /// GHL contacts that came new or changed after the first pull.
    pub touched: RefCell<BTreeMap<LinkId, RecordId>>,
    /// Intents already tried in this pass.
    pub tried: RefCell<BTreeSet<IntentId>>,
    /// Sides that are asked nothing more in this pass.
    pub shut: RefCell<BySide<bool>>,
    /// Lanes that rest, by side.
    pub resting: RefCell<BySide<Vec<Lane>>>,
    /// An operator asked for this pass: no lane rests in it.
    pub asked_for: Cell<bool>,
    /// Sides to which the key may write nothing.
    pub barred: RefCell<BySide<bool>>,
    /// The key may not read the users of a side.
    pub users_unread: Cell<bool>,
    /// What operators chose to remember; read when the first merge asks.
    pub remembered: RefCell<Option<std::rc::Rc<[super::policies::Ruling]>>>,
    /// Fields that go to and fro, and are left alone; read when the first merge asks.
    pub quarantine: RefCell<Option<super::breaker::Quarantine>>,
    /// What operators asked for is being carried out between two pages.
    pub operators_are_in: Cell<bool>,
    /// Rows that wait to be stored.
    pub held: RefCell<BySide<Held>>,
}

impl<'a> Pass<'a> {
    pub fn begin(
        core: &'a Core,
        what: Once,
        because: &str,
        urgent: bool,
        dry: bool,
    ) -> Result<Self, EngineError> {
        let fence = core.fence.get();
        let id = core.store().begin_pass(fence, because)?;
        let summary = PassSummary {
            pass: id,
            started_at: core.now(),
            because: because.to_owned(),
            ..PassSummary::default()
        };
        Ok(Self {
            core,
            fence,
            id,
            what,
            urgent,
            dry,
            summary: RefCell::new(summary),
            touched: RefCell::new(core.note(TOUCHED)?.unwrap_or_default()),
            tried: RefCell::default(),
            shut: RefCell::default(),
            resting: RefCell::default(),
            asked_for: Cell::new(false),
            barred: RefCell::new(super::allowed::barred(core, urgent)?),
            users_unread: Cell::new(super::mapped::users_unread(core)?),
            remembered: RefCell::default(),
            quarantine: RefCell::default(),
            operators_are_in: Cell::new(false),
            held: RefCell::default(),
        })
    }

    /// The lane of a request: that of what caused it, or the operator's where one waits.
    pub fn lane(&self, lane: Lane) -> Lane {
        if self.urgent && lane == Lane::Incremental {
            Lane::Operator
        } else {
            lane
        }
    }

    /// Runs it. Whatever happens, what was done is counted and stored.
    pub async fn run(self) -> Result<(PassSummary, Result<(), EngineError>), EngineError> {
        let before = self.core.sent();
        let result = self.steps().await;
        let after = self.core.sent();
        if let Err(error) = &result {
            self.note_failure(error)?;
        } else {
            self.unbar_writes()?;
            for side in Side::BOTH {
                self.core.store().settle(self.fence, &side_pattern(side))?;
            }
        }
        let plan = if self.dry { Some(self.plan()?) } else { None };
        if !self.dry {
            self.tell_machine()?;
            self.tidy()?;
        }
        let mut summary = self.summary.into_inner();
        summary.duration_ms = self.core.now().since(summary.started_at).max(0) as u64;
        summary.requests = BySide::from_fn(|side| after.get(side).0 - before.get(side).0);
        summary.throttled = Side::BOTH
            .iter()
            .map(|side| after.get(*side).1 - before.get(*side).1)
            .sum();
        summary.dry = plan;
        self.core.count_rates()?;
        let did_something = summary.did_something();
        let summary = self.core.store().end_pass(self.fence, summary)?;
        let now = self.core.now();
        self.core.tell(|status| {
            let all = |paused: &Paused| paused.side.is_none();
            status.state = if status.paused.as_ref().is_some_and(all) {
                LoopState::Paused
            } else {
                LoopState::Idle
            };
            if did_something || status.idle_since.is_none() {
                status.idle_since = Some(now);
            }
        })?;
        Ok((summary, result))
    }

    async fn steps(&self) -> Result<(), EngineError> {
        self.carry_out_actions()?;
        if self.heed_pauses()? {
            return Ok(());
        }
        let (ghl, growbots) =
            futures_util::future::join(self.set_up(Side::Ghl), self.set_up(Side::Growbots)).await;
        ghl?;
        growbots?;
        self.take_up_map()?;
        self.mark_rules()?;
        let backfilled = self.is_backfilled()?;
        // Both at once: they have a limit each. A side that fails does not keep the other from being read.
        let (ghl, growbots) =
            futures_util::future::join(self.pull(Side::Ghl), self.pull(Side::Growbots)).await;
        ghl?;
        growbots?;
        self.follow_hints().await?;
        self.sweep_businesses().await?;
        self.look_at_business_again()?;
        if backfilled {
            match self.sweeps().await {
                // They are due again; what changed goes on.
                Err(EngineError::Remote(RemoteError::Spent { .. })) => {}
                done => done?,
            }
        } else {
            self.touched.borrow_mut().clear();
            if self.what.children {
                self.sweeps().await?;
            }
        }
        if !self.is_backfilled()? || self.core.stopping.get() {
            return Ok(());
        }
        self.mark_rules()?;
        if !self.dry {
            // After the pull: what a lost create made may have come with it.
            self.settle_unknown().await?;
        }
        self.take_up_creating()?;
        self.close_outdated_conflicts()?;
        // What is paired or equal is told first: it costs no request, and lists are right from then on.
        for kind in ORDER {
            self.match_unlinked(kind)?;
            self.merge_dirty(kind)?;
        }
        self.follow_rules().await?;
        for kind in ORDER {
            if kind == Kind::Note {
                self.children_of_touched().await?;
            }
            self.bring_together(kind).await?;
            // A new contact has its lead now, and appointments were read: their tasks go in the same pass.
            if matches!(kind, Kind::Contact | Kind::Appointment) {
                self.follow_rules().await?;
            }
        }
        // Rules about appointments make tasks and change them.
        if self.has_rules() {
            self.bring_together(Kind::Task).await?;
        }
        if !self.dry {
            self.push_deletes().await?;
            self.end_approvals()?;
            self.end_news()?;
            // A lost answer that could not be settled yet waits until it can be.
            self.settle_unknown().await?;
        }
        Ok(())
    }

    /// Match, merge, plan, push, read back, until nothing more comes of it.
    async fn bring_together(&self, kind: Kind) -> Result<(), EngineError> {
        for _ in 0..ROUNDS {
            self.match_unlinked(kind)?;
            self.merge_dirty(kind)?;
            if self.dry || !self.push(kind).await? {
                return Ok(());
            }
        }
        // What was read back last is merged still, so that bases move; writes that come of it wait for the next pass.
        self.merge_dirty(kind)
    }

    /// What would be written: the planned intents.
    fn plan(&self) -> Result<Plan, EngineError> {
        let intents = self.core.store().open_intents()?;
        Ok(self.plan_of(intents))
    }

    /// The plan of some intents, with its cost.
    pub(super) fn plan_of(&self, intents: Vec<Intent>) -> Plan {
        let writes = intents.into_iter().map(|intent| intent.write).collect();
        let sides = self.core.sides.as_ref().map(|side| side.status());
        crate::merge::plan_at(writes, &sides, self.core.now())
    }

    /// A failure that ended the pass becomes an error row; failures of single records already are.
    fn note_failure(&self, error: &EngineError) -> Result<(), EngineError> {
        if let EngineError::Remote(error) = error
            && !matches!(error, RemoteError::Stopped { .. })
        {
            self.summary.borrow_mut().errors += 1;
            let mut failure = super::core::failure(error, "sync", None);
            if let Some(side) = failure.side {
                failure.pattern = side_pattern(side);
            }
            self.core.store().raise(self.fence, &failure)?;
        }
        Ok(())
    }
}

/// The pattern of failures that concern a whole side, settled by the next pass that gets through.
fn side_pattern(side: Side) -> String {
    format!("{} unusable", side.name())
}
