//! Businesses of GHL and companies of Growbots: read before contacts, which name them.

use std::collections::BTreeMap;

use crate::model::{FieldName, Kind, Lane, LinkId, Linked, Side};
use crate::remote::{Read, RemoteError};

use super::EngineError;
use super::pass::Pass;
use super::shares::BUSINESSES;

const PAGE: u32 = 500;

impl Pass<'_> {
    /// Reads GHL's businesses where that is due. A token that may not read them is told, and does not hold the rest.
    pub(super) async fn sweep_businesses(&self) -> Result<(), EngineError> {
        let wanted = self.core.map().creates(Kind::Business, Side::Growbots);
        if !wanted || self.rests(Side::Ghl, Lane::Sweep) {
            return Ok(());
        }
        self.in_its_share(Side::Ghl, &BUSINESSES, self.what.full, async || match self
            .sweep(Side::Ghl, Kind::Business, Read::All)
            .await
        {
            Ok(()) => Ok(!self.rests(Side::Ghl, Lane::Sweep)),
            Err(EngineError::Remote(error @ RemoteError::Forbidden { .. })) => {
                self.core.raise(&error, "read businesses", None)?;
                Ok(true)
            }
            Err(error) => Err(error),
        })
        .await?;
        Ok(())
    }

    /// Pairs by external id, else by a name that is unique on both sides.
    pub(super) fn match_businesses(&self) -> Result<(), EngineError> {
        let mut ghl: Vec<Linked> = Vec::new();
        let mut growbots: Vec<Linked> = Vec::new();
        for (side, lone) in [(Side::Ghl, &mut ghl), (Side::Growbots, &mut growbots)] {
            self.each_batch(Kind::Business, side, |batch| {
                lone.extend(batch);
                Ok(())
            })?;
        }
        if ghl.is_empty() || growbots.is_empty() {
            return Ok(());
        }
        let names = [self.names(Side::Ghl)?, self.names(Side::Growbots)?];
        let mut pairs: Vec<(LinkId, LinkId, &'static str)> = Vec::new();
        for one in &ghl {
            let Some(end) = one.ends.ghl.live() else {
                continue;
            };
            let named = |other: &&Linked| {
                let other = other.ends.growbots.live();
                other.is_some_and(|other| other.external_id.as_ref() == Some(&end.id))
            };
            let name = folded(one, Side::Ghl);
            let is_unique =
                !name.is_empty() && names.iter().all(|names| names.get(&name) == Some(&1));
            let same_name = |other: &&Linked| {
                let free = other
                    .ends
                    .growbots
                    .live()
                    .is_some_and(|end| end.external_id.is_none());
                is_unique && free && folded(other, Side::Growbots) == name
            };
            let found = growbots
                .iter()
                .find(named)
                .map(|other| (other, "external id"));
            let found = found.or_else(|| {
                let other = growbots.iter().find(same_name)?;
                Some((other, "same name, unique on both sides"))
            });
            if let Some((other, why)) = found
                && !pairs.iter().any(|(_, taken, _)| *taken == other.id)
            {
                pairs.push((one.id, other.id, why));
            }
        }
        self.join(&pairs)
    }

    /// How often each name is on a side.
    fn names(&self, side: Side) -> Result<BTreeMap<String, u32>, EngineError> {
        let mut names = BTreeMap::new();
        let mut after = LinkId::default();
        loop {
            let page = self
                .core
                .store()
                .ends_after(Kind::Business, side, after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(names);
            };
            after = *last;
            for (link, _) in &page {
                if let Some(linked) = self.core.store().linked(*link)? {
                    *names.entry(folded(&linked, side)).or_insert(0) += 1;
                }
            }
        }
    }
}

fn folded(linked: &Linked, side: Side) -> String {
    let end = linked.ends.get(side).live();
    end.map_or_else(String::new, |end| {
        end.record.text(&FieldName::Name).to_lowercase()
    })
}
