//! Policies that operators chose to remember, as they stand over the map's for one record.

use std::rc::Rc;

use crate::merge::{Policy, StandingPolicy};
use crate::model::{
    Cause, ConflictField, ConflictId, ConflictState, Decided, Filter, Linked, NewPolicy, PolicyId,
    Remembered, Scope, Side, look,
};

use super::EngineError;
use super::actions::{Asked, Carried};
use super::pass::Pass;

/// A remembered policy, ready to decide.
pub(super) struct Ruling {
    remembered: Remembered,
    policy: Policy,
    /// That of its scope, where it has one.
    filter: Option<Filter>,
}

impl Ruling {
    /// `None` where this program does not know the policy or cannot read the filter: it decides nothing then.
    fn read(remembered: Remembered) -> Option<Self> {
        let filter = match &remembered.what.scope {
            Scope::Filter { filter } => Some(Filter::parse(filter).ok()?),
            _ => None,
        };
        Some(Self {
            policy: remembered.what.policy.parse().ok()?,
            filter,
            remembered,
        })
    }
}

impl Pass<'_> {
    /// The policies that stand over the map's for a record: that of the record itself, then a filter's, then the
    /// field's.
    pub(super) fn standing(&self, linked: &Linked) -> Result<Vec<StandingPolicy>, EngineError> {
        let known = self.remembered.borrow().clone();
        let all = if let Some(known) = known {
            known
        } else {
            let read = self.core.reader.policies()?;
            let read: Rc<[Ruling]> = read.into_iter().filter_map(Ruling::read).collect();
            *self.remembered.borrow_mut() = Some(Rc::clone(&read));
            read
        };
        let mut standing: Vec<StandingPolicy> = Vec::new();
        for ruling in all.iter() {
            let what = &ruling.remembered.what;
            if what.kind != linked.kind || standing.iter().any(|one| one.field == what.field) {
                continue;
            }
            let is_meant = match &what.scope {
                Scope::Record { link } => *link == linked.id,
                Scope::Field => true,
                Scope::Filter { .. } => ruling.filter.as_ref().is_some_and(|filter| {
                    filter.matches(self.core.now(), &|field| values(linked, field), &|| {
                        words(linked)
                    })
                }),
            };
            if is_meant {
                standing.push(StandingPolicy {
                    field: what.field.clone(),
                    policy: ruling.policy,
                    name: format!(
                        "{}, remembered as {} by {}",
                        ruling.policy, ruling.remembered.id, ruling.remembered.operator
                    ),
                });
            }
        }
        Ok(standing)
    }

    /// The policy that an answer follows, as the log names it: the one that stands for the field, of the same operator,
    /// where it gives this answer too. So what an operator stages while remembering a policy counts as settled by it.
    pub(super) fn policy_of(
        &self,
        operator: &str,
        linked: &Linked,
        apart: &ConflictField,
        take: &str,
    ) -> Result<Option<String>, EngineError> {
        let standing = self.standing(linked)?.into_iter();
        let mut standing = standing.filter(|one| one.field == apart.field);
        let gives = |policy| match policy {
            Policy::Ghl => take == Side::Ghl.name(),
            Policy::Growbots => take == Side::Growbots.name(),
            Policy::Newest => apart.newer.is_some_and(|side| take == side.name()),
            Policy::Union | Policy::Append => take == "both",
            Policy::Manual | Policy::Restrictive => false,
        };
        let by = format!(" by {operator}");
        let one = standing.next().filter(|one| gives(one.policy));
        Ok(one.map(|one| one.name).filter(|name| name.ends_with(&by)))
    }

    pub(super) fn forget_policy(&self, policy: PolicyId) -> Result<Carried, EngineError> {
        let was_there = self.core.store().forget_policy(self.fence, policy)?;
        *self.remembered.borrow_mut() = None;
        Ok(if was_there {
            Ok(())
        } else {
            Err(format!("there is no policy {policy}"))
        })
    }

    pub(super) fn remember(
        &self,
        asked: &Asked<'_>,
        conflict: Option<ConflictId>,
        policy: &NewPolicy,
    ) -> Result<Carried, EngineError> {
        if let Some(conflict) = conflict {
            let known = self.core.reader.conflict(conflict)?;
            if known.is_none_or(|conflict| conflict.state == ConflictState::Open) {
                return Ok(Err(format!(
                    "conflict {conflict} was not decided, so nothing is remembered"
                )));
            }
        }
        if policy.policy.parse::<Policy>().is_err() {
            return Ok(Err(format!("there is no policy `{}`", policy.policy)));
        }
        let id = self
            .core
            .store()
            .remember(self.fence, asked.operator, policy)?;
        *self.remembered.borrow_mut() = None;
        if let Some(conflict) = conflict {
            self.settled_first(asked.operator, conflict, (id, policy))?;
        }
        Ok(Ok(()))
    }

    /// The decision from which a policy was remembered is the first that it settles. It came before the policy was
    /// there, and its writes are not planned yet.
    fn settled_first(
        &self,
        operator: &str,
        conflict: ConflictId,
        (id, policy): (PolicyId, &NewPolicy),
    ) -> Result<(), EngineError> {
        let Some(link) = self.core.reader.conflict(conflict)?.map(|one| one.link) else {
            return Ok(());
        };
        let Some(linked) = self.core.store().linked(link)? else {
            return Ok(());
        };
        let standing = self.standing(&linked)?.into_iter();
        let mut standing = standing.filter(|one| one.field == policy.field);
        let its_name = format!(", remembered as {id} by {operator}");
        // Another one may stand before it: that of the record before the field's.
        let Some(name) = standing.next().map(|one| one.name) else {
            return Ok(());
        };
        if !name.ends_with(&its_name) {
            return Ok(());
        }
        let by_hand = Cause::Decision {
            conflict,
            operator: operator.to_owned(),
            policy: None,
        };
        let of_it = |one: &&Decided| one.field == policy.field && one.cause == by_hand;
        let Some(decided) = linked.decided.iter().find(of_it) else {
            return Ok(()); // written meanwhile
        };
        let decided = Decided {
            cause: Cause::Decision {
                conflict,
                operator: operator.to_owned(),
                policy: Some(name),
            },
            ..decided.clone()
        };
        self.core
            .store()
            .decide(self.fence, link, Some(conflict), operator, None, &[decided])?;
        Ok(())
    }
}

/// The values that either side has in a field, as filters compare them.
fn values(linked: &Linked, field: &str) -> Vec<String> {
    if Filter::canonical(field) == "updated_at" {
        let at = live(linked).filter_map(|end| end.updated_at);
        return at.max().map(|at| at.to_string()).into_iter().collect();
    }
    let all = live(linked).flat_map(|end| look::values(&end.record, field));
    all.collect()
}

fn words(linked: &Linked) -> String {
    let all = live(linked).map(|end| look::words(&end.record));
    all.collect::<Vec<_>>().join(" ")
}

fn live(linked: &Linked) -> impl Iterator<Item = &crate::model::Snapshot> {
    Side::BOTH
        .into_iter()
        .filter_map(|side| linked.ends.get(side).live())
}
