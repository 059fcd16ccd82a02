//! Contacts that the settings make on the other side only where something asks for them.

use crate::merge::automation::Subject;
use crate::model::{Act, Cause, Kind, LinkId, Rule, Side};

use super::EngineError;
use super::pass::Pass;

/// The note with what `create.ghl` and `create.growbots` were in the pass before.
const BEFORE: &str = "creating";

/// The note with the rule that asked for a contact's lead.
pub(super) fn asked_note(link: LinkId) -> String {
    format!("lead.{link}")
}

impl Pass<'_> {
    /// Where other contacts are made than before, those that have no pair are looked at again.
    pub(super) fn take_up_creating(&self) -> Result<(), EngineError> {
        let now = self.core.map().creating().as_ref().map(ToString::to_string);
        let now = [now.ghl, now.growbots];
        let all = || ["all".to_owned(), "all".to_owned()];
        let before = self.core.note(BEFORE)?.unwrap_or_else(all);
        if before == now {
            return Ok(());
        }
        for side in Side::BOTH {
            self.each_batch(Kind::Contact, side, |batch| {
                let links: Vec<LinkId> = batch.iter().map(|linked| linked.id).collect();
                Ok(self.core.store().touch(self.fence, &links)?)
            })?;
        }
        Ok(self.core.put_note(BEFORE, &now)?)
    }

    /// A rule waits for the lead of its contact: where it says so (`create_lead`), the lead is made whatever
    /// `create.growbots` lets through.
    pub(super) fn ask_for_lead(
        &self,
        rule: &Rule,
        subject: &Subject<'_>,
    ) -> Result<(), EngineError> {
        let contact = subject.contact;
        let asks = rule
            .then
            .iter()
            .any(|step| step.act == Act::CreateLead && subject.passes(&step.only));
        let map = self.core.map();
        if !asks || map.lets_make(contact, Side::Growbots, self.core.now()) {
            return Ok(());
        }
        let name = asked_note(contact.id);
        if self.core.note::<String>(&name)?.is_none() {
            self.core.put_note(&name, &rule.name)?;
            self.core.store().touch(self.fence, &[contact.id])?;
        }
        Ok(())
    }

    /// The rule that asked for the lead of a contact.
    pub(super) fn lead_asked_for(
        &self,
        link: LinkId,
        to: Side,
    ) -> Result<Option<Cause>, EngineError> {
        if to != Side::Growbots {
            return Ok(None);
        }
        let rule = self.core.note::<String>(&asked_note(link))?;
        Ok(rule.map(|rule| Cause::Automation { rule, mark: None }))
    }
}
