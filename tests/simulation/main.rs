//! The simulation, as far as it fits in a test run. A seed that fails is printed and fails again:
//! `COUPLET_SEED=17 cargo test --test simulation` tells it step by step, `COUPLET_SEEDS=500` plays more of them,
//! `COUPLET_FROM=1000` others, `COUPLET_SECONDS=180` as many as fit in that time;
//! `cargo run --release --example simulate` is for thousands.

#![expect(clippy::unwrap_used, reason = "a helper fails with its test")]

mod sim;

use std::sync::atomic::{AtomicU64, Ordering};

use sim::{Batch, Bug, ENOUGH, How, PLANNER_BATCH, Planner, missing, play, play_all};

const SEEDS: u64 = 60;
const HOW: How = How {
    steps: 20,
    bug: None,
    talks: false,
    threads: None,
};
/// Seeds that once found a fault of couplet, whatever they find today.
const REGRESSIONS: [u64; 6] = [18, 77, 118, 363, 91_020, 700_008];
/// The same, of longer schedules.
const LONG_REGRESSIONS: [u64; 21] = [
    800_123, 900_236, 900_341, 900_445, 900_768, 920_783, 920_817, 930_052, 930_476, 930_876,
    940_135, 940_150, 950_121, 951_172, 960_618, 970_089, 980_509, 982_156, 985_395, 985_782,
    986_649,
];
const LONG_STEPS: u32 = 30;

#[test]
fn whatever_happens_both_sides_come_together_and_nothing_is_lost() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let from = number("COUPLET_FROM").unwrap_or(0);
    let seed: Option<u64> = number("COUPLET_SEED");
    let seeds: Vec<u64> = if let Some(seed) = seed {
        vec![seed]
    } else {
        let many = from..from + number("COUPLET_SEEDS").unwrap_or(SEEDS);
        REGRESSIONS.into_iter().chain(many).collect()
    };
    let (began, seconds) = (now(), number("COUPLET_SECONDS").unwrap_or(u64::MAX));
    let how = How {
        talks: seed.is_some(),
        ..HOW
    };
    let played = AtomicU64::new(0);
    let batch = play_all(seeds.into_iter(), how, &|_, _| {
        played.fetch_add(1, Ordering::Relaxed);
        began.elapsed().as_secs() < seconds
    });
    // So many meet everything that the simulation is for.
    if played.into_inner() >= ENOUGH {
        assert_eq!(missing(&batch.met), Vec::<&str>::new());
    }
    assert_none(&batch);
}

fn assert_none(batch: &Batch) {
    let told = batch
        .failed
        .iter()
        .map(|(seed, wrong)| format!("seed {seed}:\n  {}", wrong.join("\n  ")));
    let told: Vec<String> = told.collect();
    assert!(
        told.is_empty(),
        "{} failed\n{}",
        told.len(),
        told.join("\n")
    );
}

#[test]
fn what_was_mended_stays_so() {
    let how = How {
        steps: LONG_STEPS,
        ..HOW
    };
    assert_none(&play_all(LONG_REGRESSIONS.into_iter(), how, &|_, _| true));
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the simulation itself takes"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn the_same_seed_has_the_same_end() {
    for seed in [3, 7] {
        assert_eq!(play(seed, HOW).trace, play(seed, HOW).trace, "{seed}");
    }
}

/// Millions of them: `cargo run --release --example simulate -- --planner 10000000`.
#[test]
fn the_planner_alone_keeps_its_laws() {
    assert_eq!(
        Planner::default().check(0, 500),
        Ok(500 * PLANNER_BATCH),
        "the case and the law"
    );
}

/// All of them: `cargo run --release --example simulate -- --bugs`.
#[test]
fn a_deliberate_bug_is_found() {
    for bug in [Bug::WholeRecord, Bug::NoSweeps] {
        assert!(Bug::ALL.contains(&bug));
        let how = How {
            bug: Some(bug),
            ..HOW
        };
        let batch = play_all(0..12, how, &|_, report| report.wrong.is_empty());
        assert!(!batch.failed.is_empty(), "{}", bug.words());
    }
}
