//! What the slow readings cost of a day that has few requests, on the virtual clock: the whole engine, hour after hour
//! without an edit.

#[path = "support/virtual_world.rs"]
mod virtual_world;

use std::time::Duration;

use couplet::engine::Once;
use virtual_world::World;

const DAILY: u64 = 20_000;
const HOURS: u64 = 3;

#[tokio::test(start_paused = true)]
async fn sweeps_take_no_more_than_their_share_of_the_day_and_all_of_them_come() {
    let world = World::new(300, &format!("100/10/{DAILY}"));
    let mut engine = world.engine(world.writer(), world.sides());
    for _ in 0..3 {
        engine.once(Once::default()).await.expect("a pass");
    }
    let asked = async || {
        let seen = world.control("GET", "requests", "").await;
        let operations = seen["ghl"]["by_operation"]
            .as_object()
            .expect("a table")
            .clone();
        let count = move |operation: &str| {
            let answers = operations.get(operation).and_then(|all| all.as_object());
            let counts = answers.into_iter().flatten();
            counts.filter_map(|(_, n)| n.as_u64()).sum::<u64>()
        };
        (seen["ghl"]["total"].as_u64().expect("a count"), count)
    };
    let (before, _) = asked().await;
    let passes = HOURS * 60;
    for _ in 0..passes {
        tokio::time::advance(Duration::from_mins(1)).await;
        engine.once(Once::default()).await.expect("a pass");
    }
    let (after, count) = asked().await;
    for operation in [
        "POST /locations/{locationId}/tasks/search",
        "GET /businesses/",
        "GET /contacts/{contactId}/notes",
        "GET /contacts/{contactId}/appointments",
    ] {
        assert!(count(operation) > 10, "{operation}: {}", count(operation));
    }
    // Each pass asks once what changed.
    let sweeps = after - before - passes;
    let share = DAILY * 15 / 100 * HOURS / 24;
    // What was saved before, and runs that are paid for afterwards.
    assert!(sweeps <= share + share / 20, "{sweeps} requests of {share}");
    assert!(
        sweeps >= share / 2,
        "{sweeps} of {share}: they could come oftener"
    );
}
