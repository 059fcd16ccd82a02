//! Seeded schedules of edits, passes, faults, crashes and decisions against the real engine, store and connectors,
//! on virtual time. The tests and `examples/simulate.rs` play the same.

mod bugs;
mod converged;
mod history;
mod hooks;
mod met;
mod moments;
mod network;
mod operators;
mod planner;
mod rig;
mod schedule;
mod told;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use couplet::model::{Kind, LogEntry, Side};
use couplet::sandbox::Event;
use serde_json::Value as Json;

use history::{History, Start};
use operators::Decision;
use rig::Rig;
use schedule::Schedule;

pub use bugs::Bug;
pub use met::{ENOUGH, missing};
pub use planner::{BATCH as PLANNER_BATCH, Planner};

/// How a seed is played.
#[derive(Clone, Copy, Debug)]
pub struct How {
    pub steps: u32,
    /// What is wrong with couplet on purpose.
    pub bug: Option<Bug>,
    /// Whether each step is told on stderr.
    pub talks: bool,
    /// How many threads play a batch; as many as there are cores where it is `None`.
    pub threads: Option<usize>,
}

/// What came of a seed.
pub struct Report {
    pub wrong: Vec<String>,
    /// Tells whether two runs were the same: of all events and request counts.
    pub trace: u64,
    pub met: BTreeMap<String, u64>,
}

/// What came of many.
#[derive(Default)]
pub struct Batch {
    pub failed: BTreeMap<u64, Vec<String>>,
    pub met: BTreeMap<String, u64>,
}

/// Plays seeds on all cores; a runtime a thread, and each seed on one of them: it has the same end wherever it runs.
/// `done` is told each seed that ended, and ends the batch by `false`.
pub fn play_all(
    seeds: impl Iterator<Item = u64> + Send,
    how: How,
    done: &(dyn Fn(u64, &Report) -> bool + Sync),
) -> Batch {
    let batch = Mutex::new(Batch::default());
    let left = Mutex::new(Some(seeds));
    std::thread::scope(|scope| {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..how.threads.unwrap_or_else(cores) {
            scope.spawn(|| {
                let next = || left.lock().unwrap().as_mut().and_then(Iterator::next);
                while let Some(seed) = next() {
                    let report = std::panic::catch_unwind(|| play(seed, how));
                    let report = report.unwrap_or_else(|_| Report {
                        wrong: vec!["panicked".into()],
                        trace: 0,
                        met: BTreeMap::new(),
                    });
                    if !done(seed, &report) {
                        left.lock().unwrap().take();
                    }
                    let mut batch = batch.lock().unwrap();
                    for (what, times) in report.met {
                        *batch.met.entry(what).or_insert(0) += times;
                    }
                    if !report.wrong.is_empty() {
                        batch.failed.insert(seed, report.wrong);
                    }
                }
            });
        }
    });
    batch.into_inner().unwrap()
}

/// Plays one seed.
pub fn play(seed: u64, how: How) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(run(seed, how))
}

/// Lets virtual time go on.
async fn later(span: Duration) {
    tokio::time::sleep(span).await;
}

async fn run(seed: u64, how: How) -> Report {
    let mut rng = fastrand::Rng::with_seed(seed);
    let rig = Rig::new(seed, rng.u32(25..=40), how.bug);
    let kinds = schedule::some_faults(&mut rng);
    let start = rig.sandbox.with_world(|world| Start::of(world));
    let mut schedule = Schedule {
        rig,
        rng,
        decisions: Vec::new(),
        throttled_on_purpose: false,
        linked_at: None,
        sets_clocks: seed % 4 == 1,
        talks: how.talks,
        kinds,
    };
    for _ in 0..how.steps {
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
    told::events(&rig.sandbox);
    for word in told::words() {
        // What couplet itself has to say of that record.
        let link = rig.reader.find(word).unwrap();
        let lines = rig.reader.log(None, 10_000).unwrap();
        let about = |line: &&LogEntry| Some(line.link) == link || line.title.contains(word);
        for line in lines.iter().rev().filter(about) {
            writeln!(std::io::stderr(), "{line:?}").ok();
        }
    }
    let seen = rig.seen.lock().unwrap().clone();
    let made_unseen = rig.network.made_unseen.lock().unwrap().clone();
    let missed = rig.missed.lock().unwrap().clone();
    let history = History::new(
        &events,
        start,
        &decisions,
        (&seen, &made_unseen),
        linked_at.unwrap_or(0),
    );
    wrong.extend(history.lost());
    wrong.extend(history.unproved(&missed));
    wrong.extend(history.tags(&tags));
    wrong.extend(history.twice_or_back(&live));
    wrong.extend(history::same_email(&events, &emails));
    note_conflicts(&rig, &live);
    Report {
        wrong,
        trace: trace(&events, &requests),
        met: rig.met.take(),
    }
}

/// A number that is the same for the same run.
fn trace(events: &[Event], requests: &Json) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for event in events {
        serde_json::to_string(event).unwrap().hash(&mut hasher);
    }
    requests.to_string().hash(&mut hasher);
    hasher.finish()
}

/// What couplet itself tells of the situations that it was in.
fn note_conflicts(rig: &Rig, live: &BTreeSet<String>) {
    let reader = &rig.reader;
    for line in reader.log(None, 10_000).unwrap() {
        if let Some((_, reason)) = line.cause.split_once(" opened: ") {
            rig.met.note(&format!("conflict: {reason}"));
        }
    }
    let merged = rig.users.lock().unwrap().merged;
    for _ in 0..merged {
        rig.met.note("two contacts merged by a user");
    }
    for (id, _) in rig.network.made_unseen.lock().unwrap().iter() {
        let found = reader.find(id).unwrap();
        let linked = found.and_then(|link| reader.detail(link).unwrap());
        let is_pair = linked.is_some_and(|detail| {
            let ends = &detail.linked.ends;
            ends.ghl.live().is_some() && ends.growbots.live().is_some()
        });
        if is_pair && live.contains(id) {
            rig.met
                .note("create committed, answer lost, found by reading back");
        }
    }
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
    let (reader, writer) = (&rig.reader, rig.writer.borrow());
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
