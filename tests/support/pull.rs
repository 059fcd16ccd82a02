//! A first pull of everything on the virtual clock, alone or beside another client, and how much of the limit it uses.
//! Rows of the search are not whole here, so every contact is read by id: nothing costs more requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use couplet::engine::Once;
use couplet::model::{BySide, Kind};
use couplet::remote::Connector;
use couplet::store::Reader;
use http::Request;

use super::virtual_world::World;

/// How a side may count its limit.
pub const WINDOWS: [&str; 3] = ["sliding", "fixed", "bucket"];
/// A window has so many places, of ten seconds.
pub const BURST: f64 = 100.0;

/// What a pull took.
pub struct Pull {
    /// Requests to GHL.
    pub sent: u64,
    /// How many of them were answered with a 429.
    pub refused: u64,
    /// Records of GHL that came.
    pub pulled: u64,
    pub seconds: f64,
    /// What another client got meanwhile.
    pub others: u64,
}

impl Pull {
    /// What the limit lets through in that time, less what another client got.
    pub fn permitted(&self) -> f64 {
        BURST * (1.0 + self.seconds / 10.0) - self.others as f64
    }

    /// What was answered, in percent of that.
    pub fn used(&self) -> f64 {
        100.0 * (self.sent - self.refused) as f64 / self.permitted()
    }

    /// What was refused, in percent of what was sent.
    pub fn refused_share(&self) -> f64 {
        100.0 * self.refused as f64 / self.sent as f64
    }
}

/// One whose searches give no whole rows.
pub async fn world(people: u32, limit: &str) -> World {
    let world = World::new(people, limit);
    let rows = r#"{"ghl.search_full_rows": false}"#;
    world.control("PUT", "settings", rows).await;
    world
}

/// The limit of a side that counts in this way.
pub fn limit(window: &str) -> String {
    format!("100/10/200000/{window}")
}

/// Pulls everything, once, and plans.
pub async fn alone(world: &World) -> Pull {
    let others = AtomicU64::new(0);
    pull(world, &others, std::future::pending()).await
}

/// The same while somebody else uses the same token: three requests a second, never more than a third of the limit.
pub async fn beside_another(world: &World) -> Pull {
    let others = AtomicU64::new(0);
    pull(world, &others, another_client(world, &others)).await
}

async fn pull(world: &World, others: &AtomicU64, beside: impl Future<Output = ()>) -> Pull {
    let sides = world.sides();
    let ghl = Arc::clone(&sides.ghl);
    let start = tokio::time::Instant::now();
    let pulled = tokio::select! {
        biased;
        pulled = everything(world, sides) => pulled,
        () = beside => unreachable!("it never ends"),
    };
    let (sent, refused) = ghl.sent();
    Pull {
        sent,
        refused,
        pulled,
        seconds: start.elapsed().as_secs_f64(),
        others: others.load(Ordering::SeqCst),
    }
}

async fn everything(world: &World, sides: BySide<Arc<dyn Connector>>) -> u64 {
    let pass = world
        .engine(world.writer(), sides)
        .dry_run(Once::default())
        .await
        .expect("a pass");
    let cache = Reader::open(&world.database()).expect("the cache");
    assert_eq!(cache.totals().expect("totals").links[&Kind::Contact], 0);
    pass.pulled.ghl
}

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
