//! Seeded schedules of edits, passes, faults, crashes and decisions against the real engine, store and connectors,
//! on virtual time. A seed that fails is printed and fails again:
//! `COUPLET_SEED=17 cargo test --test simulation`. `COUPLET_SEEDS=500` runs more of them.

#![expect(clippy::unwrap_used, reason = "a helper fails with its test")]

mod converged;
mod history;
mod rig;
mod schedule;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use couplet::model::{Kind, Side};
use couplet::sandbox::{Event, World};
use serde_json::Value as Json;

use history::History;
use rig::Rig;
use schedule::Schedule;
use users::Decision;

const SEEDS: u64 = 24;
const STEPS: u32 = 20;
/// What came of a seed.
struct Report {
    wrong: Vec<String>,
    events: Vec<Event>,
    requests: Json,
}

#[test]
fn whatever_happens_both_sides_come_together_and_nothing_is_lost() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let from = number("COUPLET_FROM").unwrap_or(0);
    let seeds = match (number("COUPLET_SEED"), number("COUPLET_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, seeds) => from..from + seeds.unwrap_or(SEEDS),
    };
    let failed = Mutex::new(BTreeMap::new());
    let left = Mutex::new(seeds);
    // A runtime a thread, and each seed on one of them: it has the same end wherever it runs.
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(seed) = { left.lock().unwrap().next() } {
                    let wrong = std::panic::catch_unwind(|| play(seed).wrong);
                    let wrong = wrong.unwrap_or_else(|_| vec!["panicked".into()]);
                    if !wrong.is_empty() {
                        failed.lock().unwrap().insert(seed, wrong);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let told = failed
        .iter()
        .map(|(seed, wrong)| format!("seed {seed}:\n  {}", wrong.join("\n  ")));
    let told: Vec<String> = told.collect();
    assert!(
        failed.is_empty(),
        "{} failed\n{}",
        failed.len(),
        told.join("\n")
    );
}

#[test]
fn the_same_seed_has_the_same_end() {
    let (one, two) = (play(3), play(3));
    assert_eq!(one.events, two.events);
    assert_eq!(one.requests, two.requests);
}

fn play(seed: u64) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(run(seed))
}

/// Lets virtual time go on.
pub async fn later(span: Duration) {
    tokio::time::sleep(span).await;
}

async fn run(seed: u64) -> Report {
    let mut rng = fastrand::Rng::with_seed(seed);
    let rig = Rig::new(seed, rng.u32(25..=40));
    let (pairs, parents) = rig
        .sandbox
        .with_world(|world| (pairs(world), parents(world)));
    let mut schedule = Schedule {
        rig,
        rng,
        decisions: Vec::new(),
        throttled_on_purpose: false,
        linked_at: None,
        talks: std::env::var("COUPLET_SEED").is_ok(),
    };
    for _ in 0..STEPS {
        schedule.step().await;
    }
    let mut wrong = schedule.calm().await;
    let Schedule {
        rig,
        mut decisions,
        throttled_on_purpose,
        linked_at,
        ..
    } = schedule;
    wrong.extend(converged::converged(&rig, &decisions).await);
    decisions.extend(to_be_decided(&rig));
    let requests = rig.control("GET", "/requests", &Json::Null).await;
    if !throttled_on_purpose {
        wrong.extend(over_limit(&requests));
    }
    let (events, live, emails, tags) = rig.sandbox.with_world(|world| {
        let mut live = BTreeSet::new();
        let mut emails = BTreeMap::new();
        let mut tags = BTreeMap::new();
        for side in Side::BOTH {
            for kind in Kind::ALL {
                for body in world.records(side, kind) {
                    let id = body["id"].as_str().unwrap().to_owned();
                    live.insert(id.clone());
                    if kind == Kind::Contact {
                        let email = body.get("email").and_then(Json::as_str).unwrap_or("");
                        emails.insert(id.clone(), (side, email.to_lowercase()));
                        let words = body.get("tags").and_then(Json::as_array);
                        let words = words.into_iter().flatten().filter_map(Json::as_str);
                        tags.insert(id, words.map(str::to_lowercase).collect());
                    }
                }
            }
        }
        (world.events().to_vec(), live, emails, tags)
    });
    if let Ok(word) = std::env::var("COUPLET_EVENTS") {
        for event in &events {
            let line = serde_json::to_string(event).unwrap();
            if line.contains(&word) {
                writeln!(std::io::stderr(), "{line}").ok();
            }
        }
    }
    let seen = rig.seen.lock().unwrap().clone();
    let history = History::new(
        &events,
        (&pairs, parents),
        &decisions,
        &seen,
        linked_at.unwrap_or(0),
    );
    wrong.extend(history.lost());
    wrong.extend(history.tags(&tags));
    wrong.extend(history.twice_or_back(&live));
    wrong.extend(history::same_email(&events, &emails));
    Report {
        wrong,
        events,
        requests,
    }
}

/// The pairs that are there before couplet begins.
fn pairs(world: &World) -> Vec<(String, String)> {
    let leads = world.all(Side::Growbots, Kind::Contact);
    leads
        .filter_map(|lead| {
            let ghl = lead.get("external_ids")?["ghl"].as_str()?;
            Some((ghl.to_owned(), lead["id"].as_str()?.to_owned()))
        })
        .collect()
}

/// The contact of each child, likewise.
fn parents(world: &World) -> BTreeMap<String, String> {
    let mut parents = BTreeMap::new();
    for (side, name) in [(Side::Ghl, "contactId"), (Side::Growbots, "lead_id")] {
        for kind in Kind::ALL.into_iter().filter(|kind| kind.is_child()) {
            for body in world.all(side, kind) {
                let text = |name: &str| body.get(name).and_then(Json::as_str).map(str::to_owned);
                parents.extend(text("id").zip(text(name)));
            }
        }
    }
    parents
}

/// No side ever refuses a request, and no window has more than it may.
fn over_limit(requests: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    for side in Side::BOTH {
        let of_side = &requests[side.name()];
        if of_side["throttled"] != 0 {
            wrong.push(format!("{side}: {} answers 429", of_side["throttled"]));
        }
        if of_side["max_in_window"].as_u64().unwrap() > 100 {
            wrong.push(format!("{side}: {} in a window", of_side["max_in_window"]));
        }
    }
    wrong
}

/// Records that an open conflict holds: what becomes of them is an operator's to say.
fn to_be_decided(rig: &Rig) -> Vec<Decision> {
    let (reader, writer) = (rig.reader().expect("a database"), rig.writer());
    let mut held = Vec::new();
    for conflict in reader.conflicts(1_000).unwrap() {
        if conflict.holds_record()
            && let Some(linked) = writer.linked(conflict.link).unwrap()
        {
            let ends = Side::BOTH.map(|side| linked.ends.get(side).last_seen().cloned());
            let ids = ends.into_iter().flatten().map(|end| end.id.to_string());
            held.push(Decision {
                ids: ids.collect(),
                field: None,
            });
        }
    }
    held
}
