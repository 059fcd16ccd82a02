//! Webhooks as they come: some never, some twice, some long after, some of what is not there. What comes here was
//! signed by the side; unsigned ones are `serve`'s to refuse (`tests/live/serve.rs`).

use couplet::model::{Happened, Hint, Kind, RecordId, Side};
use couplet::sandbox::World;
use couplet::store::{HintTaken, Writer};
use serde_json::Value as Json;

use super::met::Met;

/// What the sides tell of their events, in every second seed.
pub struct Hooks {
    rng: fastrand::Rng,
    on: bool,
    /// So many events have had their webhook, or lost it.
    told: usize,
    late: Vec<Hint>,
    forged: u32,
}

impl Hooks {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed ^ 0x686f_6f6b),
            on: seed % 4 < 2,
            told: 0,
            late: Vec::new(),
            forged: 0,
        }
    }

    /// Webhooks of what happened since the last time, and of what happened long before.
    pub fn deliver(&mut self, world: &World, writer: &mut Writer, met: &Met) {
        if !self.on {
            return;
        }
        let events = world.events();
        for (at, event) in events.iter().enumerate().skip(self.told) {
            let hint = Hint {
                side: event.side,
                event: format!("event-{at}"),
                kind: event.kind,
                id: event.id.as_str().into(),
                parent: parent(world, event.side, event.kind, &event.id)
                    .filter(|_| self.rng.bool()),
                what: Happened::Moved,
            };
            match self.rng.u8(..8) {
                0..2 => {}
                2..4 => self.late.push(hint),
                4 => {
                    writer.take_hint(&hint).unwrap();
                    assert_eq!(writer.take_hint(&hint).unwrap(), HintTaken::Repeated);
                    met.note("webhook repeated");
                }
                _ => drop(writer.take_hint(&hint).unwrap()),
            }
        }
        self.told = events.len();
        while !self.late.is_empty() && self.rng.u8(..4) == 0 {
            let hint = self.late.swap_remove(self.rng.usize(..self.late.len()));
            writer.take_hint(&hint).unwrap();
            met.note("webhook out of order");
        }
        if self.rng.u8(..16) == 0 {
            let hint = self.forgery(world);
            writer.take_hint(&hint).unwrap();
            met.note("webhook of what did not happen");
        }
    }

    /// One that tells of something that did not happen: to a record that is there, under a contact that it does not
    /// belong to, or to one that is nowhere.
    fn forgery(&mut self, world: &World) -> Hint {
        self.forged += 1;
        let side = Side::BOTH[self.rng.usize(..2)];
        let kind = [Kind::Contact, Kind::Task, Kind::Note][self.rng.usize(..3)];
        let mut some = |kind| {
            let mut ids: Vec<String> = world.ids(side, kind).collect();
            (!ids.is_empty()).then(|| ids.swap_remove(self.rng.usize(..ids.len())))
        };
        let (id, contact) = (some(kind), some(Kind::Contact));
        let id = id.filter(|_| self.rng.u8(..4) > 0);
        Hint {
            side,
            event: format!("forged-{}", self.forged),
            kind,
            id: id.map_or_else(|| "nowhere".into(), |id| RecordId::from(id.as_str())),
            parent: contact
                .filter(|_| kind.is_child() && self.rng.bool())
                .map(|id| id.as_str().into()),
            what: Happened::Moved,
        }
    }
}

/// The contact that a child belongs to.
fn parent(world: &World, side: Side, kind: Kind, id: &str) -> Option<RecordId> {
    let name = match side {
        Side::Ghl => "contactId",
        Side::Growbots => "lead_id",
    };
    let body = world.live(side, kind, id)?;
    let parent = body.get(name).and_then(Json::as_str)?;
    kind.is_child().then(|| parent.into())
}
