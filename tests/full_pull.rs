//! The first pull of a whole location under the real limits, on the virtual clock: the whole engine, the sandbox's
//! router in-process, latencies of the network. Rows of the search are not whole here, so every contact is read by
//! id: nothing costs more requests.
//!
//! `cargo bench --bench table -- api` prints the figures of a large one.

#[path = "support/pull.rs"]
mod pull;
#[path = "support/virtual_world.rs"]
mod virtual_world;

use pull::{BURST, Pull, WINDOWS, limit, world};

const PEOPLE: u32 = 1_200;

/// Whether a pull of few records uses so many percent of its limit: it begins and ends with pages that wait for one
/// another, which is one window's worth, however long it is.
fn uses(pull: &Pull, percent: f64) -> bool {
    (pull.sent - pull.refused) as f64 + BURST >= percent / 100.0 * pull.permitted()
}

#[tokio::test(start_paused = true)]
async fn a_first_pull_uses_nearly_all_of_the_limit_and_is_never_refused() {
    for window in WINDOWS {
        let world = world(PEOPLE, &limit(window)).await;
        let pull = pull::alone(&world).await;
        let seen = world.control("GET", "requests", "").await;
        assert_eq!((pull.refused, &seen["ghl"]["throttled"]), (0, &0.into()));
        assert!(uses(&pull, 99.0), "{window}: {}", pull.used());
    }
}

#[tokio::test(start_paused = true)]
async fn beside_another_client_a_first_pull_loses_no_record() {
    let all = pull::alone(&world(PEOPLE, "off").await).await.pulled;
    for window in WINDOWS {
        let world = world(PEOPLE, &limit(window)).await;
        let pull = pull::beside_another(&world).await;
        assert_eq!(pull.pulled, all, "{window}: a record is lost");
        let part = pull.refused_share();
        assert!(part <= 0.5, "{window}: {part} % refused");
        assert!(uses(&pull, 95.0), "{window}: {}", pull.used());
    }
}
