//! What an operator's actions would write, before they are asked for.

use crate::model::{Action, ActionOutcome, Intent, IntentId, Plan, Side};
use crate::remote::Setup;

use super::pass::{ORDER, Pass};
use super::{Engine, EngineError, Once};

/// What would come of some actions.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The writes that they add to what would go without them, and what these cost now: what is planned anew, and what
    /// a brake held.
    pub plan: Plan,
    /// Why actions would be refused, in their order; those that would be done are not in it.
    pub refused: Vec<String>,
}

impl Engine {
    /// What these actions would write if `operator` asked for them now. They are carried out and merged in a copy of
    /// the cache, which goes afterwards: nothing is stored, neither side is asked anything, and no lease is needed.
    /// What a side has changed since the last pass is not in it. Cost: a copy of the database.
    pub fn preview(&mut self, operator: &str, actions: &[Action]) -> Result<Preview, EngineError> {
        let folder = tempfile::Builder::new()
            .prefix("couplet-preview-")
            .tempdir()?;
        let copy = &self.core.on_copy(&folder.path().join("copy.db"))?;
        copy.take_lease()?;
        let pass = Pass::begin(copy, Once::default(), "preview", true, true)?;
        // What others asked for comes first, and is not what these ask for.
        pass.foresee()?;
        let before: Vec<IntentId> = pass.let_go()?.iter().map(|intent| intent.id).collect();
        let mut asked = Vec::with_capacity(actions.len());
        for action in actions {
            asked.push(copy.store().submit(operator, action)?);
        }
        pass.foresee()?;
        let mut refused = Vec::new();
        for id in asked {
            if let Some((_, ActionOutcome::Refused { why })) = copy.store().ended_action(id)? {
                refused.push(why);
            }
        }
        let mut after = pass.let_go()?;
        after.retain(|intent| !before.contains(&intent.id));
        let plan = pass.plan_of(after);
        Ok(Preview { plan, refused })
    }
}

impl Pass<'_> {
    /// The planned writes that no brake holds.
    fn let_go(&self) -> Result<Vec<Intent>, EngineError> {
        let mut intents = self.core.store().open_intents()?;
        self.brake(&mut intents)?;
        Ok(intents)
    }

    /// Carries out what waits, and merges, as a pass would that met nothing new.
    fn foresee(&self) -> Result<(), EngineError> {
        for side in Side::BOTH {
            let name = format!("setup.{}", side.name());
            if let Some(setup) = self.core.note::<Setup>(&name)? {
                self.core.side(side).use_setup(&setup);
            }
        }
        self.take_up_map()?;
        self.carry_out_pending()?;
        if self.is_backfilled()? {
            for kind in ORDER {
                self.match_unlinked(kind)?;
                self.merge_dirty(kind)?;
            }
        }
        Ok(())
    }
}
