//! What things may cost, as counts that no machine changes: allocations, bytes of a frame, requests, rows read. A
//! bound that is exact is moved on purpose, with a word in `docs/performance.md`.

#[path = "support/virtual_world.rs"]
mod virtual_world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use couplet::engine::{Engine, Once};
use couplet::merge::{FieldMap, merge_record};
use couplet::model::{
    BySide, End, FieldName, Kind, LinkId, Linked, PassSummary, Record, Side, Snapshot, Value,
};
use couplet::store::{ContactQuery, Reader};
use virtual_world::World;

fn contact(changed: &[Side]) -> Linked {
    let fields = FieldName::of(Kind::Contact).iter();
    let base = Record::from_fields(fields.filter_map(|field| {
        let value = match field {
            FieldName::Tags => Value::set(["vip", "inbound"]),
            FieldName::DoNotContact => None,
            _ => Value::text(format!("a {field}")),
        };
        Some((field.clone(), value?))
    }));
    let end = |side: Side| {
        let mut record = base.clone();
        if changed.contains(&side) {
            record.set(FieldName::City, Value::text(side.name()));
        }
        End::Live(Snapshot::new(side, Kind::Contact, side.name(), record))
    };
    let ends = BySide::from_fn(end);
    Linked::new(LinkId(1), Kind::Contact, Some(base), ends)
}

#[test]
fn merging_a_contact_allocates_only_what_it_gives_back() {
    let map = FieldMap::default();
    for (changed, most, why) in [
        (&[][..], 0, "in step"),
        // the list of writes, and the two values of the change
        (&[Side::Ghl], 3, "one field on one side"),
        // the list of conflicts with its three values, and the list of held fields
        (&Side::BOTH, 5, "the same field on both"),
    ] {
        let linked = contact(changed);
        let mut writes = 0;
        let spent = measure(|| writes = merge_record(&linked, &map).writes.len());
        assert_eq!(writes, usize::from(changed.len() == 1), "{why}");
        assert_eq!(spent.count_total, most, "{why}");
    }
}

/// What one pass took: its requests, and the steps of SQLite's machine.
struct Spent {
    summary: PassSummary,
    steps: u64,
}

async fn pass(engine: &mut Engine, steps: &AtomicU64) -> Spent {
    let before = steps.load(Ordering::Relaxed);
    let summary = engine.once(Once::default()).await.expect("a pass");
    Spent {
        summary,
        steps: steps.load(Ordering::Relaxed) - before,
    }
}

/// Passes until one does nothing.
async fn come_to_rest(engine: &mut Engine, steps: &AtomicU64) -> Spent {
    for _ in 0..8 {
        let spent = pass(engine, steps).await;
        if !spent.summary.did_something() {
            return spent;
        }
    }
    panic!("it does not come to rest");
}

/// A contact that is in step, by its id on GHL.
fn someone(world: &World) -> String {
    let cache = Reader::open(&world.database()).expect("the cache");
    let query = ContactQuery {
        state: Some(couplet::model::LinkState::InStep),
        ..ContactQuery::default()
    };
    let rows = cache
        .contacts(&query, None, couplet::model::Direction::Forward, 1)
        .expect("rows");
    rows[0].ids.ghl.as_ref().expect("an id").to_string()
}

/// A pass in which nothing has happened, and one in which a contact has changed on GHL, with so many people around.
async fn passes_among(people: u32) -> [Spent; 2] {
    let world = World::new(people, "off");
    let mut writer = world.writer();
    let steps = writer.count_steps().expect("a count");
    let mut engine = world.engine(writer, world.sides());
    come_to_rest(&mut engine, &steps).await;
    // Past what searches look at again.
    tokio::time::advance(Duration::from_mins(3)).await;
    let path = format!("records/ghl/contact/{}", someone(&world));
    let edit = async |town: &str| {
        let body = format!(r#"{{"city": "{town}"}}"#);
        world.control("PATCH", &path, &body).await;
        tokio::time::advance(Duration::from_secs(3)).await;
    };
    // The first takes along what the sweeps and the search index had left.
    for town in ["Elsewhere", "Somewhere"] {
        edit(town).await;
        come_to_rest(&mut engine, &steps).await;
    }
    let idle = pass(&mut engine, &steps).await;
    edit("Nowhere").await;
    let changed = pass(&mut engine, &steps).await;
    assert_eq!(changed.summary.updated.growbots, 1);
    [idle, changed]
}

#[tokio::test(start_paused = true)]
async fn a_pass_costs_the_same_whatever_the_number_of_people() {
    let [few_idle, few_changed] = passes_among(40).await;
    let [idle, changed] = passes_among(120).await;
    let requests = |spent: &Spent| (spent.summary.requests.ghl, spent.summary.requests.growbots);
    // What each conflict that is open costs a pass: it may be over, and its record stays among what changed.
    for (what, few, many, asked, most, a_conflict) in [
        ("idle", few_idle, idle, (1, 1), 2_950, 150),
        // a search, the contact, its tasks and notes; the feed, and the write
        ("one changed", few_changed, changed, (4, 2), 7_500, 300),
    ] {
        assert_eq!(requests(&few), asked, "{what}");
        assert_eq!(requests(&many), asked, "{what}");
        assert!(few.steps <= most, "{what}: {} steps", few.steps);
        let conflicts = many.summary.conflicts_open - few.summary.conflicts_open;
        let grown = many.steps - few.steps;
        assert!(
            grown <= a_conflict * conflicts,
            "{what}: {grown} more steps beside {conflicts} more conflicts"
        );
    }
}
