//! Whether both sides came together, told by fresh reads of both.

use std::collections::BTreeSet;
use std::sync::Arc;

use couplet::engine::LeaseGate;
use couplet::merge::mapping::FieldMap;
use couplet::model::{
    BySide, Conflict, Kind, Lane, LinkId, LinkState, Linked, Reason, Side, Snapshot,
};
use couplet::remote::{Connector, Found};
use couplet::store::{ContactDetail, Reader, Writer};

use crate::history::decided;
use crate::rig::Rig;
use crate::users::Decision;

const KINDS: [Kind; 4] = [Kind::Contact, Kind::Task, Kind::Note, Kind::Appointment];

struct Look<'a> {
    rig: &'a Rig,
    decisions: &'a [Decision],
    writer: Writer,
    reader: Reader,
    sides: BySide<Arc<dyn Connector>>,
    map: FieldMap,
    conflicts: Vec<Conflict>,
    wrong: Vec<String>,
}

/// Both sides hold the same records, but for what an operator has to decide and what a side cannot take.
pub async fn converged(rig: &Rig, decisions: &[Decision]) -> Vec<String> {
    let reader = rig.reader().expect("a database");
    let mut look = Look {
        rig,
        decisions,
        writer: rig.writer(),
        sides: rig.connectors(LeaseGate::new(rig.clock.clone())),
        map: FieldMap::default(),
        conflicts: reader.conflicts(1_000).unwrap(),
        reader,
        wrong: Vec::new(),
    };
    for side in Side::BOTH {
        let name = format!("setup.{}", side.name());
        let setup = look.writer.note(&name).unwrap().expect("a setup");
        let setup = serde_json::from_str(&setup).unwrap();
        look.sides.get(side).use_setup(&setup);
    }
    look.at_conflicts();
    for kind in KINDS {
        for link in look.at_ends(kind) {
            look.at_link(link).await;
        }
    }
    look.wrong
}

/// The sides that have the record of a link.
fn live(linked: &Linked) -> impl Iterator<Item = (Side, &Snapshot)> {
    let of = |side| Some((side, linked.ends.get(side).live()?));
    Side::BOTH.into_iter().filter_map(of)
}

impl Look<'_> {
    /// A conflict about a whole record has its cause still.
    fn at_conflicts(&mut self) {
        for conflict in &self.conflicts {
            if !conflict.holds_record() || conflict.reason == Reason::MassChange {
                continue;
            }
            let linked = self.writer.linked(conflict.link).unwrap();
            let ends = linked.map_or(0, |linked| live(&linked).count());
            if ends != 1 {
                let (id, reason) = (conflict.id, conflict.reason.name());
                let words = format!("conflict {id} ({reason}) with {ends} live ends");
                self.wrong.push(words);
            }
        }
    }

    /// The cache knows what is there, and nothing else. Gives all links.
    fn at_ends(&mut self, kind: Kind) -> BTreeSet<LinkId> {
        let mut links = BTreeSet::new();
        for side in Side::BOTH {
            let ends = self
                .writer
                .ends_after(kind, side, LinkId::default(), 10_000);
            let ends = ends.unwrap();
            links.extend(ends.iter().map(|(link, _)| *link));
            let known: BTreeSet<String> = ends.iter().map(|(_, id)| id.to_string()).collect();
            let there: BTreeSet<String> = self.rig.sandbox.with_world(|world| {
                let ids = world.records(side, kind).map(|body| body["id"].as_str());
                ids.flatten().map(str::to_owned).collect()
            });
            for id in there.difference(&known) {
                self.wrong
                    .push(format!("{side} {kind} {id} was never seen"));
            }
            for id in known.difference(&there) {
                let words = format!("{side} {kind} {id} is not there any more");
                self.wrong.push(words);
            }
        }
        links
    }

    async fn at_link(&mut self, link: LinkId) {
        let detail = self.reader.detail(link).unwrap().expect("a link");
        let holds = |conflict: &Conflict| {
            conflict.holds_record()
                && (conflict.link == link || Some(conflict.link) == detail.linked.parent)
        };
        if self.conflicts.iter().any(holds) {
            return;
        }
        match (
            detail.linked.ends.ghl.live(),
            detail.linked.ends.growbots.live(),
        ) {
            (Some(ghl), Some(growbots)) => self.at_pair(&detail, ghl, growbots).await,
            _ => self.at_lone(&detail),
        }
    }

    /// A record stands alone only where it may.
    fn at_lone(&mut self, detail: &ContactDetail) {
        let linked = &detail.linked;
        let Some((side, end)) = live(linked).next() else {
            return;
        };
        let parent_is_alone = linked.parent.is_some_and(|parent| {
            let parent = self.reader.detail(parent).unwrap();
            parent.is_none_or(|parent| live(&parent.linked).count() < 2)
        });
        if self.map.creates(linked.kind, side.other())
            && !parent_is_alone
            && detail.state != LinkState::Error
            && !decided(self.decisions, &[end.id.as_str()], None)
        {
            self.wrong.push(format!(
                "{side} {} {} stands alone ({}, link {}, parent {:?}, on the other side {:?}): {}",
                linked.kind,
                end.id,
                detail.state.name(),
                linked.id,
                linked
                    .parent
                    .map(|parent| self.reader.detail(parent).unwrap().map(|parent| {
                        Side::BOTH
                            .map(|side| parent.linked.ends.get(side).clone())
                            .map(|end| {
                                end.last_seen()
                                    .map(|seen| (seen.id.to_string(), end.is_gone()))
                            })
                    })),
                linked
                    .ends
                    .get(side.other())
                    .last_seen()
                    .map(|end| end.id.to_string()),
                end.record.title(linked.kind)
            ));
        }
    }

    /// Both ends say the same in every field that is not held.
    async fn at_pair(&mut self, detail: &ContactDetail, ghl: &Snapshot, growbots: &Snapshot) {
        let linked = &detail.linked;
        let (Some(ghl), Some(growbots)) = (self.read(ghl).await, self.read(growbots).await) else {
            self.wrong
                .push(format!("link {}: an end is gone", linked.id));
            return;
        };
        for entry in self.map.fields(linked.kind) {
            if !Side::BOTH.into_iter().any(|side| entry.updates(side)) {
                continue;
            }
            let (one, two) = (
                ghl.record.get(&entry.field),
                growbots.record.get(&entry.field),
            );
            if one != two && !detail.held.iter().any(|held| held.field == entry.field) {
                self.wrong.push(format!(
                    "{} {} / {} `{}`: {one:?}, {two:?}, base {:?} ({})",
                    linked.kind,
                    ghl.id,
                    growbots.id,
                    entry.field,
                    linked.base.as_ref().and_then(|base| base.get(&entry.field)),
                    detail.state.name(),
                ));
            }
        }
    }

    async fn read(&self, end: &Snapshot) -> Option<Snapshot> {
        let remote = self.sides.get(end.side);
        let found = remote
            .get(Lane::Sweep, end.kind, end.parent.as_ref(), &end.id)
            .await
            .expect("no fault is on");
        match found {
            Found::Live(snapshot) => Some(snapshot),
            Found::Gone { .. } | Found::Missing => None,
        }
    }
}
