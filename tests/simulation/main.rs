//! Seeded schedules of edits, passes, faults, crashes and decisions against the real engine, store and connectors,
//! on virtual time. A seed that fails is printed and fails again:
//! `COUPLET_SEED=17 cargo test --test simulation`. `COUPLET_SEEDS=500` runs more of them.

mod checks;
mod rig;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use couplet::engine::port::{Ask, Event as Told, Port};
use couplet::engine::{EngineError, Once};
use couplet::model::{Action, Direction, Kind, PassSummary, Side};
use couplet::sandbox::{Actor, Event};
use couplet::store::ContactQuery;
use serde_json::{Value as Json, json};

use checks::History;
use rig::{Rig, until_poll};
use users::Decision;

const SEEDS: u64 = 24;
const STEPS: u32 = 20;
const ALL: Once = Once {
    full: true,
    children: true,
};

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

struct Schedule {
    rig: Rig,
    rng: fastrand::Rng,
    decisions: Vec<Decision>,
    throttled_on_purpose: bool,
    linked_at: Option<usize>,
    talks: bool,
}

async fn run(seed: u64) -> Report {
    let mut rng = fastrand::Rng::with_seed(seed);
    let rig = Rig::new(seed, rng.u32(25..=40));
    let parents: BTreeMap<String, String> = rig.sandbox.with_world(|world| {
        let mut parents = BTreeMap::new();
        for (side, name) in [(Side::Ghl, "contactId"), (Side::Growbots, "lead_id")] {
            for kind in Kind::ALL.into_iter().filter(|kind| kind.is_child()) {
                let text = |body: &serde_json::Map<String, Json>, name: &str| {
                    body.get(name).and_then(Json::as_str).map(str::to_owned)
                };
                let of_kind = world.all(side, kind);
                parents.extend(
                    of_kind.filter_map(|body| Some((text(body, "id")?, text(body, name)?))),
                );
            }
        }
        parents
    });
    let pairs = rig.sandbox.with_world(|world| {
        let pair = |lead: &std::sync::Arc<serde_json::Map<String, Json>>| {
            let ghl = lead.get("external_ids")?["ghl"].as_str()?;
            Some((ghl.to_owned(), lead["id"].as_str()?.to_owned()))
        };
        world
            .all(Side::Growbots, Kind::Contact)
            .filter_map(pair)
            .collect::<Vec<_>>()
    });
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
        decisions,
        throttled_on_purpose,
        linked_at,
        ..
    } = schedule;
    wrong.extend(checks::converged(&rig, &decisions).await);
    let requests = rig.control("GET", "/requests", &Json::Null).await;
    for side in Side::BOTH {
        let of_side = &requests[side.name()];
        if of_side["throttled"] != 0 && !throttled_on_purpose {
            wrong.push(format!("{side}: {} answers 429", of_side["throttled"]));
        }
        if of_side["max_in_window"].as_u64().unwrap() > 100 && !throttled_on_purpose {
            wrong.push(format!("{side}: {} in a window", of_side["max_in_window"]));
        }
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
                eprintln!("{line}");
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
    wrong.extend(checks::same_email(&events, &emails));
    Report {
        wrong,
        events,
        requests,
    }
}

impl Schedule {
    fn say(&self, words: impl FnOnce() -> String) {
        if self.talks {
            let events = self.rig.sandbox.with_world(|world| world.events().len());
            eprintln!(
                "[{:>9}] {events:>4} {}",
                self.rig.clock.now().0 - rig::START.0,
                words()
            );
        }
    }

    async fn step(&mut self) {
        match self.rng.u8(..10) {
            0..2 => self.faults().await,
            2 => {
                self.rig.control("PUT", "/faults", &json!({})).await;
            }
            _ => {}
        }
        self.edits(0..5);
        if self.rng.u8(..3) == 0 {
            self.operate();
        }
        let what = Once {
            full: self.rng.u8(..4) == 0,
            children: self.rng.u8(..6) == 0,
        };
        let meddling = [0.0, 0.01, 0.05][self.rng.usize(..3)];
        self.rig.users.lock().unwrap().meddling = meddling;
        match self.rng.u8(..10) {
            0..3 => self.crash(what).await,
            3..5 => self.run_for_a_while().await,
            _ => {
                self.pass(what).await.ok();
            }
        }
        self.rig.users.lock().unwrap().meddling = 0.0;
        let pause = self.rng.u64(0..90_000);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    fn edits(&mut self, number: std::ops::Range<u32>) {
        let mut users = self.rig.users.lock().unwrap();
        for _ in 0..self.rng.u32(number) {
            self.rig.sandbox.with_world(|world| users.act(world));
        }
    }

    /// Some faults, on one side or both.
    async fn faults(&mut self) {
        let mut plans = json!({});
        for side in ["ghl", "growbots"] {
            if self.rng.u8(..4) == 0 {
                continue;
            }
            let mut plan = json!({"seed": self.rng.u32(..)});
            for fault in [
                "drop_response",
                "http_500",
                "reset",
                "http_429",
                "truncate_body",
                "malformed_json",
                "edit_before_write",
            ] {
                if self.rng.u8(..3) == 0 {
                    plan[fault] = json!(self.rng.f64() * 0.15);
                    self.throttled_on_purpose |= fault == "http_429";
                }
            }
            if self.rng.u8(..3) == 0 {
                plan["lag_ms"] = json!(self.rng.u32(..20_000));
            }
            if self.rng.u8(..6) == 0 {
                // Answers that come after we gave up waiting.
                plan["latency_ms"] = json!(self.rng.u32(9_000..16_000));
                plan["next"] = json!(self.rng.u32(1..6));
            }
            plans[side] = plan;
        }
        self.say(|| format!("faults {plans}"));
        self.rig.control("PUT", "/faults", &plans).await;
    }

    async fn pass(&mut self, what: Once) -> Result<PassSummary, EngineError> {
        let mut engine = self.rig.engine("sim");
        let result = engine.once(what).await;
        self.say(|| match &result {
            Ok(summary) => format!("pass {what:?}: {}", serde_json::to_string(summary).unwrap()),
            Err(error) => format!("pass {what:?} failed: {error}"),
        });
        self.check_end(&result);
        if result.is_ok() && self.linked_at.is_none() {
            let events = self.rig.sandbox.with_world(|world| world.events().len());
            self.linked_at = Some(events);
        }
        result
    }

    /// Only a side may fail a pass, or another machine keep it from running.
    fn check_end<T>(&self, result: &Result<T, EngineError>) {
        if let Err(error) = result {
            let fine = matches!(error, EngineError::Remote(_) | EngineError::Held(_));
            assert!(fine, "{error:?}");
        }
    }

    async fn crash(&mut self, what: Once) {
        let polls = self.rng.u32(1..600);
        let mut engine = self.rig.engine("sim");
        let result = until_poll(engine.once(what), polls).await;
        drop(engine);
        self.say(|| format!("crash after {polls} polls: {}", result.is_none()));
        if let Some(result) = result {
            self.check_end(&result);
        }
    }

    /// The loop, with users and operators about, for some virtual time; then it is stopped, or its process dies.
    /// Sometimes another machine waits for the lease, and takes over while ours is suspended.
    async fn run_for_a_while(&mut self) {
        let seconds = self.rng.u32(1..60);
        let dies = self.rng.u8(..3) == 0;
        let with_other = self.rng.u8(..3) == 0;
        let mut suspended_at = if with_other {
            self.rng.u32(1..40)
        } else {
            u32::MAX
        };
        let (mut ours, mut other) = (self.rig.engine("sim"), None);
        if with_other {
            other = Some(self.rig.engine("other"));
        }
        let (port, asks) = Port::new();
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let trouble = Mutex::new(Vec::new());
        let tell = |event| {
            if let Told::Trouble { words } = event {
                trouble.lock().unwrap().push(words);
            }
        };
        let mut running = Box::pin(ours.run(asks, stopping.clone(), &tell, &|_| {}));
        let (_port, asks) = Port::new();
        let mut beside = other
            .as_mut()
            .map(|other| Box::pin(other.run(asks, stopping, &tell, &|_| {})));
        let mut ended = Vec::new();
        for second in 0..seconds {
            // Bytes that have left a suspended process arrive all the same.
            if second == suspended_at && self.rig.leaving.load(Ordering::SeqCst) > 0 {
                suspended_at += 1;
            }
            let is_suspended = second >= suspended_at && second - suspended_at < 30;
            let next = async {
                match &mut beside {
                    Some(beside) => beside.as_mut().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                result = &mut running, if !is_suspended => {
                    ended.push(result);
                    break;
                }
                result = next => {
                    ended.push(result);
                    break;
                }
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            if self.rng.u8(..8) == 0 {
                self.edits(1..3);
            }
            if self.rng.u8(..8) == 0 {
                for action in self.actions() {
                    port.ask(Ask::Act(action));
                }
            }
        }
        if ended.is_empty() && !dies {
            stop.send(true).ok();
            if let Some(beside) = beside.take() {
                let (one, two) = futures_util::future::join(running, beside).await;
                ended.extend([one, two]);
            } else {
                ended.push(running.await);
            }
        }
        assert_eq!(*trouble.lock().unwrap(), Vec::<String>::new());
        let end = if dies { "died" } else { "stopped" };
        self.say(|| format!("ran {seconds} s, other machine: {with_other}, {end}"));
        for result in ended {
            self.check_end(&result);
        }
    }

    /// Operators decide, edit and add, from other processes.
    fn operate(&mut self) {
        let actions = self.actions();
        if actions.is_empty() {
            return;
        }
        let mut writer = self.rig.writer();
        for action in actions {
            writer.submit("dana", &action).unwrap();
        }
    }

    fn actions(&mut self) -> Vec<Action> {
        let Some(reader) = self.rig.reader() else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        for conflict in reader.conflicts(100).unwrap() {
            if self.rng.u8(..5) > 1 {
                continue;
            }
            let detail = reader.detail(conflict.link).unwrap();
            let ids = detail.map_or_else(Vec::new, |detail| {
                let ends = detail.linked.ends;
                let ids = Side::BOTH
                    .map(|side| checks::text_of(ends.get(side).last_seen().map(|end| &end.id)));
                ids.into_iter().flatten().collect()
            });
            let (action, decided) = self.rig.users.lock().unwrap().answer(&conflict, ids);
            self.decisions.extend(decided);
            actions.push(action);
        }
        if self.rng.u8(..4) == 0 {
            let rows = reader
                .contacts(&ContactQuery::default(), None, Direction::Forward, 500)
                .unwrap();
            if !rows.is_empty() {
                let row = &rows[self.rng.usize(..rows.len())];
                let linked = reader.detail(row.id).unwrap().expect("a row").linked;
                let city = linked.ends.ghl.live().or(linked.ends.growbots.live());
                let city =
                    city.and_then(|end| end.record.get(&couplet::model::FieldName::City).cloned());
                let mut users = self.rig.users.lock().unwrap();
                if self.rng.bool() {
                    actions.push(users.edit_in_couplet(row, city));
                    let ids = Side::BOTH.map(|side| checks::text_of(row.ids.get(side).as_ref()));
                    self.decisions.push(Decision {
                        ids: ids.into_iter().flatten().collect(),
                        field: Some(couplet::model::FieldName::City),
                    });
                } else if linked.ends.ghl.live().is_some() {
                    actions.push(users.add_in_couplet(row));
                }
            }
        }
        for error in reader.errors(100).unwrap() {
            if self.rng.u8(..4) == 0 {
                actions.push(Action::Retry { error: error.id });
            }
        }
        self.say(|| format!("actions {actions:?}"));
        actions
    }

    /// No faults any more: it comes together within some passes, and then nothing is written.
    async fn calm(&mut self) -> Vec<String> {
        self.rig.control("PUT", "/faults", &json!({})).await;
        self.rig.users.lock().unwrap().meddling = 0.0;
        let mut wrong = Vec::new();
        let mut last = None;
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_mins(2)).await;
            let events = self.rig.sandbox.with_world(|world| world.events().len());
            last = Some(self.pass(ALL).await);
            let now = self.rig.sandbox.with_world(|world| world.events().len());
            if now == events && matches!(&last, Some(Ok(summary)) if summary.waiting == 0) {
                break;
            }
        }
        match last {
            Some(Ok(summary)) if summary.waiting == 0 => {}
            Some(Ok(summary)) => wrong.push(format!("waiting {}", summary.waiting)),
            Some(Err(error)) => wrong.push(format!("the last pass failed: {error}")),
            None => {}
        }
        // Takes the sweeps that are due, so that the next one has none.
        self.pass(Once::default()).await.ok();
        let events = self.rig.sandbox.with_world(|world| world.events().len());
        match self.pass(Once::default()).await {
            Ok(summary) => {
                let requests = summary.requests.ghl + summary.requests.growbots;
                if requests > 4 {
                    wrong.push(format!("an idle pass cost {requests} requests"));
                }
                if summary.errors_open > 0 {
                    let reader = self.rig.reader().expect("a database");
                    for error in reader.errors(100).unwrap() {
                        self.say(|| format!("{error:?}"));
                    }
                }
            }
            Err(error) => wrong.push(format!("an idle pass failed: {error}")),
        }
        let written: Vec<String> = self.rig.sandbox.with_world(|world| {
            let later = world.events()[events..].iter();
            later
                .filter(|event| event.actor == Actor::Api)
                .map(|event| format!("an idle pass wrote {event:?}"))
                .collect()
        });
        wrong.extend(written);
        wrong
    }
}
