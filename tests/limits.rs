//! The limiter against a side that counts: how much of the limit is used, and how often it says "too many". In one
//! process, in virtual time. Each test prints its figures: `cargo test --test limits -- --nocapture`.

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
    remote::{Connector, Found, Ghl, Growbots, MemorySlots, Parts, Settings},
    secrets::Secret,
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
    fn new(kind: Kinds, ways: Ways) -> Self {
        Self {
            clock: Clock::of_runtime(START),
            server: Counting::new(kind, ways),
            slots: Arc::new(MemorySlots::default()),
        }
    }

    fn connect(&self, side: Side) -> Box<dyn Connector> {
        let settings = Settings {
            base_url: "http://side.test".parse().expect("a URL"),
            token: Secret::new("t".to_owned()),
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

#[tokio::test(start_paused = true)]
async fn alone_nearly_all_of_the_limit_is_used_and_never_more() {
    for kind in Kinds::ALL {
        for side in Side::BOTH {
            for (way, ways) in [("near", NEAR), ("far", FAR)] {
                let world = World::new(kind, ways);
                let connector = world.connect(side);
                let start = tokio::time::Instant::now();
                read_all(&*connector, Lane::Sweep, 3_000).await;
                let (sent, throttled) = connector.sent();
                let used = part(sent, 0, start.elapsed());
                println!(
                    "alone, {side} {kind:?} {way}: {:.2} % used, {throttled} refused",
                    used * 100.0
                );
                assert_eq!(throttled, 0);
                assert!(used >= 0.99, "{used}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn beside_another_client_what_it_leaves_is_used_with_few_refusals() {
    for kind in Kinds::ALL {
        for side in Side::BOTH {
            for (way, ways) in [("near", NEAR), ("far", FAR)] {
                let world = World::new(kind, ways);
                let connector = world.connect(side);
                let start = tokio::time::Instant::now();
                tokio::select! {
                    biased;
                    () = read_all(&*connector, Lane::Sweep, 3_000) => {}
                    () = world.server.another_client(Duration::from_millis(300)) => unreachable!("it never ends"),
                }
                let (sent, throttled) = connector.sent();
                let got = world.server.got_by_others();
                let used = part(sent - throttled, got, start.elapsed());
                let refused = throttled as f64 / sent as f64;
                println!(
                    "beside another, {side} {kind:?} {way}: {:.2} % used, {:.2} % refused, it got {got} and was refused {}",
                    used * 100.0,
                    refused * 100.0,
                    world.server.refused_to_others()
                );
                assert!(used >= 0.95 && refused <= 0.005);
            }
        }
    }
}
