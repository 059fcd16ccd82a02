//! Whether both sides came together, told by fresh reads of both.

use std::cell::Ref;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use couplet::engine::LeaseGate;
use couplet::merge::mapping::FieldMap;
use couplet::model::{
    BySide, Conflict, FieldName, Kind, Lane, LinkId, LinkState, Linked, Reason, RecordId, Side,
    Snapshot, Value,
};
use couplet::remote::{Connector, Found, PageRequest, Read, Setup};
use couplet::sandbox::{Actor, Op};
use couplet::store::{ContactDetail, Reader, Writer};

use super::history::decided;
use super::operators::Decision;
use super::rig::Rig;

/// Companies are looked at by [`Look::at_companies`].
const KINDS: [Kind; 4] = [Kind::Contact, Kind::Task, Kind::Note, Kind::Appointment];

struct Look<'a> {
    rig: &'a Rig,
    decisions: &'a [Decision],
    writer: Ref<'a, Writer>,
    reader: &'a Reader,
    sides: BySide<Arc<dyn Connector>>,
    map: FieldMap,
    conflicts: Vec<Conflict>,
    /// Records that lists show whole.
    listed: BTreeMap<RecordId, Snapshot>,
    /// The business of each company that has one, as Growbots itself says.
    business_of: BTreeMap<String, String>,
    wrong: Vec<String>,
}

/// Both sides hold the same records, but for what an operator has to decide and what a side cannot take.
pub async fn converged(rig: &Rig, decisions: &[Decision]) -> Vec<String> {
    let mut look = Look::new(rig, decisions);
    // Longer than any list is behind.
    super::later(Duration::from_secs(30)).await;
    for (side, kinds) in [(Side::Ghl, &KINDS[..2]), (Side::Growbots, &KINDS[..])] {
        for kind in kinds {
            look.list(side, *kind).await;
        }
    }
    look.at_conflicts();
    look.at_ends(Kind::Business, &Side::BOTH);
    look.at_companies().await;
    for kind in KINDS {
        for link in look.at_ends(kind, &Side::BOTH) {
            look.at_link(link).await;
        }
    }
    look.wrong
}

/// What Growbots' feed and GHL's search show is known, and edits of contacts that both sides have are across, also
/// where no sweep helped.
pub async fn read_by_feed_and_search(rig: &Rig) -> Vec<String> {
    let mut look = Look::new(rig, &[]);
    let waits = |conflict: &Conflict| conflict.reason == Reason::MassChange;
    let told_no_users = Side::BOTH.into_iter().any(|side| {
        let setup = look.writer.note(&format!("setup.{}", side.name())).unwrap();
        let setup: Setup = serde_json::from_str(&setup.expect("a setup")).unwrap();
        setup.users.is_empty()
    });
    if told_no_users
        || look.conflicts.iter().any(waits)
        || !look.reader.open_intents().unwrap().is_empty()
    {
        return Vec::new();
    }
    for side in Side::BOTH {
        look.list(side, Kind::Contact).await;
    }
    for kind in [Kind::Task, Kind::Note] {
        look.at_ends(kind, &[Side::Growbots]);
    }
    for link in look.at_ends(Kind::Contact, &[Side::Growbots]) {
        let linked = look.writer.linked(link).unwrap().expect("a link");
        let are_there = live(&linked).all(|(side, end)| look.is_there(side, &end.id));
        if are_there && live(&linked).count() == 2 {
            look.at_link(link).await;
        }
    }
    let wrong = look.wrong.into_iter();
    wrong
        .map(|wrong| format!("by feed and search alone: {wrong}"))
        .collect()
}

impl<'a> Look<'a> {
    fn new(rig: &'a Rig, decisions: &'a [Decision]) -> Self {
        let look = Self {
            rig,
            decisions,
            writer: rig.writer.borrow(),
            sides: rig.connectors(LeaseGate::new(rig.clock.clone())),
            map: FieldMap::default(),
            conflicts: rig.reader.conflicts(1_000).unwrap(),
            business_of: rig.sandbox.with_world(|world| {
                let companies = world.all(Side::Growbots, Kind::Business);
                let named = companies.filter_map(|company| {
                    let business = company.get("external_ids")?["ghl"].as_str()?;
                    Some((company["id"].as_str()?.to_owned(), business.to_owned()))
                });
                named.collect()
            }),
            reader: &rig.reader,
            listed: BTreeMap::new(),
            wrong: Vec::new(),
        };
        for side in Side::BOTH {
            let name = format!("setup.{}", side.name());
            let setup = look.writer.note(&name).unwrap().expect("a setup");
            let setup = serde_json::from_str(&setup).unwrap();
            look.sides.get(side).use_setup(&setup);
        }
        look
    }

    fn was_deleted_by_people(&self, id: &str) -> bool {
        self.rig.sandbox.with_world(|world| {
            let mut events = world.events().iter();
            events
                .any(|event| event.op == Op::Delete && event.actor == Actor::User && event.id == id)
        })
    }

    fn is_there(&self, side: Side, id: &RecordId) -> bool {
        self.rig
            .sandbox
            .with_world(|world| world.is_live(side, Kind::Contact, id.as_str()))
    }
}

/// The sides that have the record of a link.
fn live(linked: &Linked) -> impl Iterator<Item = (Side, &Snapshot)> {
    let of = |side| Some((side, linked.ends.get(side).live()?));
    Side::BOTH.into_iter().filter_map(of)
}

impl Look<'_> {
    async fn list(&mut self, side: Side, kind: Kind) {
        let mut request = PageRequest {
            kind,
            read: Read::All,
            after: None,
        };
        loop {
            let page = self.sides.get(side).page(Lane::Sweep, &request).await;
            let page = page.expect("no fault is on");
            let whole = page.rows.into_iter().filter(|row| row.complete);
            let whole = whole.map(|row| (row.snapshot.id.clone(), row.snapshot));
            self.listed.extend(whole);
            request.after = page.next;
            if request.after.is_none() {
                return;
            }
        }
    }

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
            } else if let Some([one, other]) = self.only_each_other(conflict) {
                let (id, reason) = (conflict.id, conflict.reason.name());
                self.wrong.push(format!(
                    "conflict {id} ({reason}) of {one} and {other}, who have only each other"
                ));
            }
        }
    }

    /// Whom a conflict asks about where the address alone tells it: one contact on each side has it, and neither is in
    /// a pair.
    fn only_each_other(&self, conflict: &Conflict) -> Option<[String; 2]> {
        let asks = matches!(conflict.reason, Reason::Duplicate | Reason::AmbiguousMatch);
        let linked = self.writer.linked(conflict.link).unwrap();
        let linked = linked.filter(|linked| asks && linked.kind == Kind::Contact)?;
        let (side, end) = live(&linked).next()?;
        let text = |body: &serde_json::Map<String, serde_json::Value>, name: &str| {
            let text = body.get(name).and_then(serde_json::Value::as_str);
            text.unwrap_or_default().to_lowercase()
        };
        let of = |side: Side, email: &str| -> Vec<String> {
            self.rig.sandbox.with_world(|world| {
                let same = world
                    .records(side, Kind::Contact)
                    .filter(|body| text(body, "email") == email);
                same.filter_map(|body| Some(body["id"].as_str()?.to_owned()))
                    .collect()
            })
        };
        let email = self.rig.sandbox.with_world(|world| {
            let body = world.live(side, Kind::Contact, end.id.as_str());
            body.map(|body| text(&body, "email"))
        });
        let email = email.filter(|email| !email.is_empty())?;
        let (ours, theirs) = (of(side, &email), of(side.other(), &email));
        let ([one], [other]) = (&ours[..], &theirs[..]) else {
            return None;
        };
        let is_free = self.rig.sandbox.with_world(|world| {
            let mut leads = world.records(Side::Growbots, Kind::Contact);
            leads.all(|lead| {
                let named = lead.get("external_ids").and_then(|ids| ids["ghl"].as_str());
                let is_one = [one, other].iter().any(|id| lead["id"] == id.as_str());
                named.is_none_or(|named| !is_one && named != one && named != other)
            })
        });
        // One that lost its pair waits for a decision of its own.
        let is_alone = [one, other].into_iter().all(|id| {
            let link = self.reader.find(id).unwrap();
            let linked = link.and_then(|link| self.writer.linked(link).unwrap());
            linked.is_some_and(|linked| {
                let ends = Side::BOTH.map(|side| linked.ends.get(side).last_seen().is_some());
                ends.iter().filter(|end| **end).count() == 1
            })
        });
        let asked = is_free && is_alone && !decided(self.decisions, &[one, other], None);
        asked.then(|| [one.clone(), other.clone()])
    }

    /// The cache knows what is there, and nothing else. Gives all links.
    fn at_ends(&mut self, kind: Kind, sides: &[Side]) -> BTreeSet<LinkId> {
        let mut links = BTreeSet::new();
        for &side in sides {
            let ends = self
                .writer
                .ends_after(kind, side, LinkId::default(), 10_000);
            let ends = ends.unwrap();
            links.extend(ends.iter().map(|(link, _)| *link));
            let known: BTreeSet<String> = ends.iter().map(|(_, id)| id.to_string()).collect();
            let there: BTreeSet<String> = self
                .rig
                .sandbox
                .with_world(|world| world.ids(side, kind).collect());
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

    /// Each business is one company that says the same, and no company was made for anything else.
    async fn at_companies(&mut self) {
        let [businesses, companies] = Side::BOTH.map(|side| {
            let ids = |world: &couplet::sandbox::World| world.ids(side, Kind::Business).collect();
            self.rig
                .sandbox
                .with_world(|world| -> Vec<String> { ids(world) })
        });
        for company in &companies {
            let business = self.business_of.get(company);
            if business.is_none_or(|business| !businesses.contains(business)) {
                let words = format!("company {company} is of no business: {business:?}");
                self.wrong.push(words);
            }
        }
        for business in &businesses {
            let of = self.business_of.iter().filter(|(_, own)| *own == business);
            let of: Vec<String> = of.map(|(company, _)| company.clone()).collect();
            let [company] = &of[..] else {
                self.wrong
                    .push(format!("business {business} has the companies {of:?}"));
                continue;
            };
            let ids = BySide {
                ghl: business,
                growbots: company,
            };
            let mut ends = Vec::new();
            for side in Side::BOTH {
                let id = RecordId::from(ids.get(side).as_str());
                ends.extend(self.read_one(side, Kind::Business, None, &id).await);
            }
            let [ghl, growbots] = &ends[..] else {
                let words = format!("business {business} / {company}: an end is gone");
                self.wrong.push(words);
                continue;
            };
            // What somebody changed in Growbots, where it does not come from, stays and is marked.
            let link = self.reader.find(company).unwrap();
            let detail = link.and_then(|link| self.reader.detail(link).unwrap());
            let held = detail.map_or_else(Vec::new, |detail| detail.held);
            for entry in self.map.fields(Kind::Business) {
                let one = ghl.record.get(&entry.field);
                let two = growbots.record.get(&entry.field);
                let is_held = held.iter().any(|held| held.field == entry.field);
                if entry.updates(Side::Growbots) && one != two && !is_held {
                    self.wrong.push(format!(
                        "business {business} / {company} `{}`: {one:?}, {two:?}",
                        entry.field
                    ));
                }
            }
        }
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
        // A note that went with its lead in Growbots stays in GHL, also where somebody brought the lead back without it.
        let stayed = !self.map.creates(linked.kind, side) && {
            let across = linked.ends.get(side.other()).last_seen();
            across.is_some_and(|across| self.was_deleted_by_people(across.id.as_str()))
        };
        if self.map.creates(linked.kind, side.other())
            && !stayed
            && !parent_is_alone
            && !self.has_a_moved_child_that_waits(side, linked.id, &end.id)
            && !self.is_asked_about(&end.id)
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
    /// Whether an operator is asked whether this is another record's pair.
    fn is_asked_about(&self, id: &RecordId) -> bool {
        let mut candidates = self.conflicts.iter().flat_map(|one| &one.candidates);
        candidates.any(|candidate| candidate.id == *id)
    }

    /// Whether a contact still has a child of a pair that belongs to another by now, which is in a conflict: it goes
    /// when that is decided.
    fn has_a_moved_child_that_waits(&self, side: Side, contact: LinkId, id: &RecordId) -> bool {
        Kind::ALL
            .into_iter()
            .filter(|kind| kind.is_child())
            .any(|kind| {
                let children = self.writer.children_ends(kind, side, id).unwrap();
                children.iter().any(|child| {
                    let link = self.reader.find(child.as_str()).unwrap();
                    let parent = link.and_then(|link| self.writer.linked(link).unwrap()?.parent);
                    let waits = |one: &Conflict| {
                        Some(one.link) == link || (Some(one.link) == parent && one.holds_record())
                    };
                    parent.is_some_and(|parent| parent != contact)
                        && self.conflicts.iter().any(waits)
                })
            })
    }

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
            let one = ghl.record.get(&entry.field);
            let mut two = growbots.record.get(&entry.field).cloned();
            // A lead names a company, a contact its business.
            if entry.field == FieldName::Business
                && let Some(Value::Text(company)) = &two
                && let Some(business) = self.business_of.get(&**company)
            {
                two = Value::text(business.clone());
            }
            if one != two.as_ref() && !detail.held.iter().any(|held| held.field == entry.field) {
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
        if let Some(listed) = self.listed.get(&end.id) {
            return Some(listed.clone());
        }
        self.read_one(end.side, end.kind, end.parent.as_ref(), &end.id)
            .await
    }

    async fn read_one(
        &self,
        side: Side,
        kind: Kind,
        parent: Option<&RecordId>,
        id: &RecordId,
    ) -> Option<Snapshot> {
        let remote = self.sides.get(side);
        let found = remote
            .get(Lane::Sweep, kind, parent, id)
            .await
            .expect("no fault is on");
        match found {
            Found::Live(snapshot) => Some(snapshot),
            Found::Gone { .. } | Found::Missing => None,
        }
    }
}
