//! Pairs that operators made or parted.

use crate::model::{Cause, Kind, LinkId, RecordId, Side, Snapshot};
use crate::store::{Lookup, Match};

use super::EngineError;
use super::actions::{Asked, Carried};
use super::pass::Pass;
use super::verdict::Verdict;

impl Pass<'_> {
    /// Parts a pair. What Growbots' records say of their old pairs is taken out by the merge.
    pub(super) fn split(&self, asked: &Asked<'_>, link: LinkId) -> Result<Carried, EngineError> {
        let Some(linked) = self.core.store().linked(link)? else {
            return Ok(Err(format!("there is no link {link}")));
        };
        if linked.ends.ghl.live().is_none() || linked.ends.growbots.live().is_none() {
            return Ok(Err(format!(
                "link {link} is no pair: one side has no record"
            )));
        }
        if self.is_being_written(link)? {
            return Ok(Err(format!(
                "a write of link {link} is on its way; ask again when its answer is here"
            )));
        }
        self.core
            .store()
            .split(self.fence, self.id, link, asked.id, asked.operator)?;
        Ok(Ok(()))
    }

    /// Takes away all that is known of a contact, unless a write of it is on its way.
    pub(super) fn forget(&self, asked: &Asked<'_>, link: LinkId) -> Result<Carried, EngineError> {
        match self.core.store().linked(link)? {
            None => return Ok(Err(format!("there is no contact {link}"))),
            Some(linked) if linked.kind != Kind::Contact => {
                return Ok(Err(format!(
                    "link {link} is a {}, not a contact",
                    linked.kind
                )));
            }
            Some(_) => {}
        }
        if self.is_being_written(link)? {
            return Ok(Err(format!(
                "a write of link {link} is on its way; ask again when its answer is here"
            )));
        }
        self.core
            .store()
            .forget(self.fence, self.id, link, asked.operator)?;
        Ok(Ok(()))
    }

    fn is_being_written(&self, link: LinkId) -> Result<bool, EngineError> {
        use crate::model::IntentState;
        let mut links = vec![link];
        for kind in Kind::ALL.into_iter().filter(|kind| kind.is_child()) {
            let children = self.core.store().children(kind, link)?;
            links.extend(children.iter().map(|child| child.id));
        }
        let open = self.core.store().open_intents()?;
        Ok(open.iter().any(|intent| {
            intent.state != IntentState::Planned && links.contains(&intent.write.link)
        }))
    }

    /// Makes a pair of two records that have none.
    pub(super) fn match_two(
        &self,
        asked: &Asked<'_>,
        ghl: &RecordId,
        growbots: &RecordId,
    ) -> Result<Carried, EngineError> {
        for kind in Kind::ALL {
            let on = |side, id| -> Result<Option<Match>, EngineError> {
                let found = self.core.store().lookup(side, kind, Lookup::Id(id))?;
                Ok(found.into_iter().next())
            };
            let (Some(ghl), Some(growbots)) = (on(Side::Ghl, ghl)?, on(Side::Growbots, growbots)?)
            else {
                continue;
            };
            if ghl.link == growbots.link {
                return Ok(Err("these two are a pair already".into()));
            }
            if let Some(taken) = [&ghl, &growbots].into_iter().find(|one| one.linked) {
                return Ok(Err(format!(
                    "{} is linked with another record already; `couplet links split {}` first",
                    taken.id, taken.link
                )));
            }
            let parent = |link| -> Result<Option<LinkId>, EngineError> {
                Ok(self.core.store().linked(link)?.and_then(|one| one.parent))
            };
            if kind.is_child() && parent(ghl.link)? != parent(growbots.link)? {
                return Ok(Err("they belong to different contacts".into()));
            }
            for link in [ghl.link, growbots.link] {
                if self.is_being_written(link)? {
                    return Ok(Err(format!(
                        "a write of link {link} is on its way; ask again when its answer is here"
                    )));
                }
                if self.verdict(link)?.is_some() {
                    self.core.drop_note(&Verdict::name(link))?;
                }
            }
            self.core.store().unite(
                self.fence,
                self.id,
                ghl.link,
                growbots.link,
                asked.operator,
            )?;
            return Ok(Ok(()));
        }
        Ok(Err(format!(
            "`{ghl}` in GHL and `{growbots}` in Growbots are not two records of one kind in the cache"
        )))
    }

    /// Whether a record of Growbots still names a GHL record from which an operator parted it; that is the cause of
    /// taking the name out.
    pub(super) fn wrongly_stamped(
        &self,
        kind: Kind,
        from: &Snapshot,
    ) -> Result<Option<Cause>, EngineError> {
        let Some(ghl) = &from.external_id else {
            return Ok(None);
        };
        if from.side == Side::Ghl || !self.core.side(Side::Growbots).keeps_external_ids() {
            return Ok(None);
        }
        let parted = self.core.store().parted(kind, ghl, &from.id)?;
        Ok(parted.map(|(action, operator)| Cause::Edit { action, operator }))
    }
}
