//! The limiter against a side that counts: how much of the limit is used, and how often it says "too many". In one
//! process, in virtual time. Each test prints its figures: `cargo test --test limits -- --nocapture`, with
//! `COUPLET_SEEDS=20` for the worst of twenty other clients.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what these tests are for"
)]

#[path = "support/counting.rs"]
mod counting;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use couplet::{
    clock::Clock,
    model::{Kind, Lane, Millis, RecordId, Side, Slots},
    remote::{Auth, Connector, Found, Ghl, Growbots, MemorySlots, Parts, Settings},
    secrets::Secret,
    store::SqliteSlots,
};
use futures_util::future::join_all;

use counting::{Counting, Kinds, Ways};

const START: Millis = Millis(1_781_092_800_000);
const NEAR: Ways = Ways {
    out: (10, 40),
    back: (10, 40),
};
/// 20 to 150 ms there and back, most of it there.
const FAR: Ways = Ways {
    out: (15, 120),
    back: (5, 30),
};

struct World {
    clock: Clock,
    server: Counting,
    slots: Arc<dyn Slots>,
}

impl World {
    fn new(kind: Kinds, ways: Ways, seed: u64) -> Self {
        Self {
            clock: Clock::of_runtime(START),
            server: Counting::new(kind, ways, seed),
            slots: Arc::new(MemorySlots::default()),
        }
    }

    fn connect(&self, side: Side) -> Box<dyn Connector> {
        let settings = Settings {
            base_url: "http://side.test".parse().expect("a URL"),
            auth: Auth::bearer(Secret::new("t".to_owned())),
            location: "loc".to_owned(),
            timeout: Duration::from_secs(10),
        };
        let parts = Parts {
            transport: self.server.transport(side),
            clock: self.clock.clone(),
            slots: Arc::clone(&self.slots),
            normalise: Arc::new(|_, _, record| record),
            gate: Arc::new(|| true),
        };
        match side {
            Side::Ghl => Box::new(Ghl::new(settings, parts)),
            Side::Growbots => Box::new(Growbots::new(settings, parts)),
        }
    }
}

/// Reads so many records as fast as it may, from forty tasks, and checks that each came.
async fn read_all(side: &dyn Connector, lane: Lane, records: u32) {
    let next = AtomicU32::new(0);
    let come = Mutex::new(BTreeSet::new());
    let worker = async || {
        loop {
            let n = next.fetch_add(1, Ordering::SeqCst);
            if n >= records {
                return;
            }
            let id = RecordId::from(format!("c{n}"));
            let found = side.get(lane, Kind::Contact, None, &id).await;
            match found.expect("an answer") {
                Found::Live(snapshot) => come.lock().expect("one thread").insert(snapshot.id),
                other => panic!("{other:?}"),
            };
        }
    };
    join_all((0..40).map(|_| worker())).await;
    assert_eq!(
        come.lock().expect("one thread").len(),
        records as usize,
        "a record is lost"
    );
}

/// Part of what is permitted that was used in this time, as `design.md` section 6 has it.
fn part(sent: u64, others: u32, took: Duration) -> f64 {
    let permitted = 100.0 * (1.0 + took.as_secs_f64() / 10.0);
    sent as f64 / (permitted - f64::from(others))
}

const SIDES: [(Side, &str, Ways); 2] = [(Side::Growbots, "near", NEAR), (Side::Ghl, "far", FAR)];

fn cases() -> impl Iterator<Item = (Kinds, Side, &'static str, Ways)> {
    let with = |kind| SIDES.map(|(side, way, ways)| (kind, side, way, ways));
    Kinds::ALL.into_iter().flat_map(with)
}

#[tokio::test(start_paused = true)]
async fn alone_nearly_all_of_the_limit_is_used_and_never_more() {
    for (kind, side, way, ways) in cases() {
        let world = World::new(kind, ways, 7);
        let connector = world.connect(side);
        let start = tokio::time::Instant::now();
        read_all(&*connector, Lane::Sweep, 6_000).await;
        let (sent, throttled) = connector.sent();
        let used = 100.0 * part(sent, 0, start.elapsed());
        println!("alone, {side} {kind:?} {way}: {used:.2} % used, {throttled} refused");
        assert_eq!(throttled, 0);
        assert!(used >= 99.0, "{used}");
    }
}

/// Of so many worlds, or of as many as `COUPLET_SEEDS` says, the worst counts.
fn seeds() -> u64 {
    let asked = std::env::var("COUPLET_SEEDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2)
}

#[tokio::test(start_paused = true)]
async fn beside_another_client_what_it_leaves_is_used_with_few_refusals() {
    for (kind, side, way, ways) in cases() {
        let (mut least, mut most): (f64, f64) = (100.0, 0.0);
        for seed in 0..seeds() {
            let world = World::new(kind, ways, seed);
            let connector = world.connect(side);
            let start = tokio::time::Instant::now();
            tokio::select! {
                biased;
                () = read_all(&*connector, Lane::Sweep, 6_000) => {}
                () = world.server.another_client() => unreachable!("it never ends"),
            }
            let (sent, throttled) = connector.sent();
            let (got, missed) = world.server.others();
            let used = 100.0 * part(sent - throttled, got, start.elapsed());
            let refused = 100.0 * throttled as f64 / sent as f64;
            println!(
                "  seed {seed}: {used:.2} % used, {refused:.2} % refused; the other got {got}, missed {missed}"
            );
            least = least.min(used);
            most = most.max(refused);
        }
        println!(
            "beside, {side} {kind:?} {way}: at least {least:.2} % used, at most {most:.2} % refused"
        );
        assert!(least >= 95.0 && most <= 0.5);
    }
}

#[tokio::test(start_paused = true)]
async fn two_processes_on_one_file_share_the_limit_also_across_a_restart() {
    let dir = tempfile::TempDir::new().expect("a folder");
    let path = dir.path().join("slots.db");
    let mut world = World::new(Kinds::Sliding, FAR, 7);
    let start = tokio::time::Instant::now();
    let mut sent = 0;
    // Whole windows in all: the time counts the last one whole.
    // The second round is two fresh processes, in the middle of the window of the first two.
    for _ in 0..2 {
        let mut process = || {
            world.slots = Arc::new(SqliteSlots::open(&path).expect("a file"));
            world.connect(Side::Ghl)
        };
        let both = [process(), process()];
        let [first, second] = &both;
        tokio::join!(
            read_all(&**first, Lane::Sweep, 275),
            read_all(&**second, Lane::Incremental, 275)
        );
        for process in &both {
            assert_eq!(process.sent().1, 0, "refused");
            sent += process.sent().0;
        }
    }
    let used = 100.0 * part(sent, 0, start.elapsed());
    println!("two processes, twice: {used:.2} % used");
    assert!(used >= 97.0, "{used}");
}

#[tokio::test(start_paused = true)]
async fn lanes_share_the_places_when_all_have_work() {
    let world = World::new(Kinds::Sliding, NEAR, 7);
    let connector = world.connect(Side::Ghl);
    let work = join_all(Lane::ALL.map(|lane| read_all(&*connector, lane, 1_000)));
    tokio::select! {
        biased;
        _ = work => unreachable!("too much for the time"),
        () = tokio::time::sleep(Duration::from_millis(99_500)) => {}
    }
    let lanes = connector.status().lanes;
    let recent: Vec<u32> = lanes.iter().map(|lane| lane.recent).collect();
    println!("lanes, of a window: {recent:?}");
    for (got, share) in recent.iter().zip([40, 25, 25, 10]) {
        assert!(got.abs_diff(share) <= 2, "{recent:?}");
    }
}
