//! The first pull of a whole location under the real limits, on the virtual clock: the whole engine, the sandbox's
//! router in-process, latencies of the network. Rows of the search are not whole here, so every contact is read by
//! id: nothing costs more requests.
//!
//! `COUPLET_CONTACTS=20000 cargo test --release --test full_pull -- --nocapture` prints the figures of a large one.

#![expect(clippy::print_stdout, reason = "the figures")]

#[path = "support/virtual_world.rs"]
mod virtual_world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use couplet::engine::Once;
use couplet::model::{BySide, Kind};
use couplet::remote::Connector;
use couplet::store::Reader;
use http::Request;
use virtual_world::World;

fn contacts() -> u32 {
    let asked = std::env::var("COUPLET_CONTACTS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(1_200)
}

/// One whose searches give no whole rows.
async fn world(limit: &str) -> World {
    let world = World::new(contacts(), limit);
    let rows = r#"{"ghl.search_full_rows": false}"#;
    world.control("PUT", "settings", rows).await;
    world
}

/// Pulls everything, once, and plans; gives how many records of GHL came.
async fn pull(world: &World, sides: BySide<Arc<dyn Connector>>) -> u64 {
    let pass = world
        .engine(sides)
        .dry_run(Once::default())
        .await
        .expect("a pass");
    let cache = Reader::open(&world.database()).expect("the cache");
    assert_eq!(cache.totals().expect("totals").links[&Kind::Contact], 0);
    pass.pulled.ghl
}

/// Somebody else with the same token: three requests a second, never more than a third of the limit.
async fn another_client(world: &World, got: &AtomicU64) {
    let transport = world.transport();
    let url = format!("{}/contacts/zzzzzzzzzzzzzzzzzzzz", world.text("ghl"));
    let token = format!("Bearer {}", world.text("ghl_token"));
    let mut every = tokio::time::interval(Duration::from_millis(300));
    loop {
        every.tick().await;
        let request = Request::get(&url)
            .header("authorization", &token)
            .header("version", "2021-07-28")
            .body(bytes::Bytes::new())
            .expect("a request");
        let answer = transport.send(request).await.expect("an answer");
        got.fetch_add(u64::from(answer.status() != 429), Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_pull_uses_nearly_all_of_the_limit_and_is_never_refused() {
    for kind in ["sliding", "fixed", "bucket"] {
        let world = world(&format!("100/10/200000/{kind}")).await;
        let sides = world.sides();
        let ghl = Arc::clone(&sides.ghl);
        let start = tokio::time::Instant::now();
        let pulled = pull(&world, sides).await;
        let (sent, refused) = ghl.sent();
        let permitted = 100.0 * (1.0 + start.elapsed().as_secs_f64() / 10.0);
        let used = 100.0 * sent as f64 / permitted;
        let seen = world.control("GET", "requests", "").await;
        println!(
            "{kind}: {sent} requests in {:.0} s, {used:.2} % of what is permitted, {refused} refused, {pulled} records",
            start.elapsed().as_secs_f64()
        );
        assert_eq!((refused, &seen["ghl"]["throttled"]), (0, &0.into()));
        // It begins and ends with pages that wait for one another: one window's worth, however long it is.
        assert!(sent as f64 + 100.0 >= 0.99 * permitted, "{kind}: {used}");
    }
}

#[tokio::test(start_paused = true)]
async fn beside_another_client_a_first_pull_loses_no_record() {
    let alone = {
        let world = world("off").await;
        pull(&world, world.sides()).await
    };
    for kind in ["sliding", "fixed", "bucket"] {
        let world = world(&format!("100/10/200000/{kind}")).await;
        let sides = world.sides();
        let ghl = Arc::clone(&sides.ghl);
        let others = AtomicU64::new(0);
        let start = tokio::time::Instant::now();
        let pulled = tokio::select! {
            biased;
            pulled = pull(&world, sides) => pulled,
            () = another_client(&world, &others) => unreachable!("it never ends"),
        };
        let (sent, refused) = ghl.sent();
        let others = others.load(Ordering::SeqCst) as f64;
        let left = 100.0 * (1.0 + start.elapsed().as_secs_f64() / 10.0) - others;
        let used = 100.0 * (sent - refused) as f64 / left;
        let part = 100.0 * refused as f64 / sent as f64;
        println!(
            "{kind}, beside a third: {used:.2} % of what is left, {part:.2} % refused, {pulled} records"
        );
        assert_eq!(pulled, alone, "{kind}: a record is lost");
        assert!(part <= 0.5, "{kind}: {part} % refused");
        assert!(
            (sent - refused) as f64 + 100.0 >= 0.95 * left,
            "{kind}: {used}"
        );
    }
}
