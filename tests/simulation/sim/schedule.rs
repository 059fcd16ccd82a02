//! What happens in a simulated schedule.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use couplet::engine::port::{Ask, Event as Told, Port};
use couplet::engine::{EngineError, Once};
use couplet::model::{
    Action, ActionOutcome, Direction, FieldName, LoopState, PassSummary, Reason, RecordId, Side,
};
use couplet::sandbox::Actor;
use couplet::store::ContactQuery;
use serde_json::json;

use super::rig::{self, Rig, until_poll};
use super::users::{Decision, let_go};

/// Passes within which both sides are the same after the last fault.
const PASSES_TO_CONVERGE: u32 = 3;

const ALL: Once = Once {
    full: true,
    children: true,
};

/// One seed: who does what, and when.
pub struct Schedule {
    pub rig: Rig,
    pub rng: fastrand::Rng,
    pub decisions: Vec<Decision>,
    pub throttled_on_purpose: bool,
    pub linked_at: Option<usize>,
    pub talks: bool,
    /// What may go wrong in this seed.
    pub kinds: Vec<&'static str>,
}

/// All that can go wrong on the way; a seed has some of it.
const FAULTS: [&str; 11] = [
    "drop_response",
    "empty_page",
    "reads_fail",
    "http_500",
    "reset",
    "http_429",
    "truncate_body",
    "malformed_json",
    "edit_before_write",
    "lag_ms",
    "latency_ms",
];

const READS: [&str; 4] = [
    "GET /contacts/{contactId}",
    "GET /contacts/{contactId}/tasks/{taskId}",
    "GET /leads/{id}",
    "GET /tasks/{id}",
];

/// Those of a seed: a random part of all, so that one kind does not hide what another would show.
pub fn some_faults(rng: &mut fastrand::Rng) -> Vec<&'static str> {
    let share = [0, 1, 2, 3, 4][rng.usize(..5)];
    let mut kinds = FAULTS.to_vec();
    kinds.retain(|_| rng.u8(..4) < share);
    kinds
}

impl Schedule {
    fn say(&self, words: impl FnOnce() -> String) {
        if self.talks {
            let events = self.rig.sandbox.with_world(|world| world.events().len());
            let mut out = std::io::stderr().lock();
            writeln!(
                out,
                "[{:>9}] {events:>4} {}",
                self.rig.clock.now().0 - rig::START.0,
                words()
            )
            .ok();
        }
    }

    /// One thing happens: people edit, faults come or go, operators decide, or couplet runs: once, as a loop, or until
    /// its process dies.
    pub async fn step(&mut self) {
        let what = Once {
            full: self.rng.u8(..4) == 0,
            children: self.rng.u8(..6) == 0,
        };
        match self.rng.u8(..40) {
            0..13 => {
                self.edits(1..8);
                return;
            }
            13 => {
                if self.rng.u8(..4) == 0 {
                    let mut users = self.rig.users.lock().unwrap();
                    self.rig.sandbox.with_world(|world| users.clear_out(world));
                }
                return;
            }
            14..18 => return self.faults().await,
            18..20 => return self.no_faults().await,
            20..23 => return self.operate(),
            23..29 => {
                self.meddling();
                self.pass(what).await.ok();
            }
            29..36 => {
                self.meddling();
                self.crash(what).await;
            }
            _ => {
                self.meddling();
                self.run_for_a_while().await;
            }
        }
        self.rig.users.lock().unwrap().meddling = 0.0;
        // Now and then the next process starts at once.
        let most = [2_000, 30_000, 90_000][self.rng.usize(..3)];
        let pause = self.rng.u64(0..most);
        super::later(Duration::from_millis(pause)).await;
    }

    fn meddling(&mut self) {
        let meddling = [0.0, 0.01, 0.05][self.rng.usize(..3)];
        self.rig.users.lock().unwrap().meddling = meddling;
    }

    async fn no_faults(&self) {
        *self.rig.network.forgets_cursors.lock().unwrap() = 0.0;
        self.rig.control("PUT", "/faults", &json!({})).await;
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
            // Lists go on, but no record can be read by itself.
            if self.kinds.contains(&"reads_fail") && self.rng.u8(..4) == 0 {
                plan["http_500"] = json!(1.0);
                plan["only"] = json!(READS);
                plans[side] = plan;
                continue;
            }
            for fault in &self.kinds {
                if self.rng.u8(..3) == 0 {
                    continue;
                }
                match *fault {
                    "reads_fail" => {}
                    "lag_ms" => plan["lag_ms"] = json!(self.rng.u32(..20_000)),
                    // Answers that come after we gave up waiting.
                    "latency_ms" => {
                        plan["latency_ms"] = json!(self.rng.u32(9_000..16_000));
                        plan["next"] = json!(self.rng.u32(1..6));
                    }
                    fault => {
                        plan[fault] = json!(self.rng.f64() * 0.2);
                        self.throttled_on_purpose |= fault == "http_429";
                    }
                }
            }
            plans[side] = plan;
        }
        let forgets = [0.0, 0.0, 0.2][self.rng.usize(..3)];
        *self.rig.network.forgets_cursors.lock().unwrap() = forgets;
        self.say(|| format!("faults {plans}"));
        self.rig.control("PUT", "/faults", &plans).await;
    }

    async fn pass(&mut self, what: Once) -> Result<PassSummary, EngineError> {
        let mut engine = self.rig.engine("sim");
        let result = engine.once(what).await;
        self.rig.ended(engine);
        self.say(|| match &result {
            Ok(summary) => format!("pass {what:?}: {}", serde_json::to_string(summary).unwrap()),
            Err(error) => format!("pass {what:?} failed: {error}"),
        });
        check_end(&result);
        if result.is_ok() && self.linked_at.is_none() {
            let events = self.rig.sandbox.with_world(|world| world.events().len());
            self.linked_at = Some(events);
        }
        result
    }

    async fn crash(&mut self, what: Once) {
        let polls = self.rng.u32(1..600);
        let mut engine = self.rig.engine("sim");
        let result = until_poll(engine.once(what), polls).await;
        self.rig.ended(engine);
        if result.is_none() {
            self.rig.died();
        }
        self.say(|| format!("crash after {polls} polls: {}", result.is_none()));
        if let Some(result) = result {
            check_end(&result);
        }
    }

    /// The loop, with users and operators about, for some virtual time; then it is stopped, or its process dies.
    /// Sometimes another machine waits for the lease, and takes over while ours is suspended.
    async fn run_for_a_while(&mut self) {
        let seconds = self.rng.u32(1..45);
        let dies = self.rng.u8(..3) == 0;
        let with_other = self.rng.u8(..3) == 0;
        let mut suspended_at = if with_other {
            self.rng.u32(1..40)
        } else {
            u32::MAX
        };
        let (mut ours, mut other) = (self.rig.engine("sim"), None);
        let number = self.rig.number();
        if with_other {
            other = Some(self.rig.engine("other"));
        }
        let may_write = std::sync::Arc::clone(&self.rig.may_write);
        let (port, asks) = Port::new();
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let trouble = Mutex::new(Vec::new());
        let met = std::sync::Arc::clone(&self.rig.met);
        let had = [AtomicBool::new(false), AtomicBool::new(false)];
        let heard = |which: usize, event| match event {
            Told::Trouble { words } => trouble.lock().unwrap().push(words),
            Told::Lease { ours } => {
                let before = had[which].swap(ours, Ordering::SeqCst);
                if ours {
                    may_write.only(number + which as i64);
                }
                if !ours && before {
                    met.note("lease lost while suspended");
                }
                if ours && had[1 - which].load(Ordering::SeqCst) {
                    met.note("lease taken over from another machine");
                }
            }
            Told::Ended {
                outcome: ActionOutcome::Refused { why },
                ..
            } if why.contains("moved while you decided") => {
                met.note("decision refused: the conflict had moved");
            }
            _ => {}
        };
        let (tell, tell_other) = (|event| heard(0, event), |event| heard(1, event));
        let mut running = Box::pin(ours.run(asks, stopping.clone(), &tell, &|_| {}));
        let (_port, asks) = Port::new();
        let mut beside = other
            .as_mut()
            .map(|other| Box::pin(other.run(asks, stopping, &tell_other, &|_| {})));
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
                () = super::later(Duration::from_secs(1)) => {}
            }
            self.meanwhile(&port);
        }
        if ended.is_empty() && !dies {
            self.note_stop();
            self.rig.may_write.nobody();
            stop.send(true).ok();
            if let Some(beside) = beside.take() {
                let (one, two) = futures_util::future::join(running.as_mut(), beside).await;
                ended.extend([one, two]);
            } else {
                ended.push(running.as_mut().await);
            }
        }
        drop((running, beside));
        self.rig.may_write.anybody();
        for engine in other.into_iter().chain([ours]) {
            self.rig.ended(engine);
        }
        if dies {
            self.rig.died();
        }
        assert_eq!(*trouble.lock().unwrap(), Vec::<String>::new());
        let end = if dies { "died" } else { "stopped" };
        self.say(|| format!("ran {seconds} s, other machine: {with_other}, {end}"));
        for result in ended {
            check_end(&result);
        }
    }

    /// What people and operators do while the loop runs.
    fn meanwhile(&mut self, port: &Port) {
        if self.rng.u8(..8) == 0 {
            self.edits(1..3);
        }
        if self.rng.u8(..8) == 0 {
            for action in self.actions() {
                port.ask(Ask::Act(action));
            }
        }
    }

    fn note_stop(&self) {
        if self.rig.reader.status().unwrap().state != LoopState::Idle {
            self.rig.met.note("engine stopped in the middle of a pass");
        }
    }

    /// Operators decide, edit and add, from other processes.
    fn operate(&mut self) {
        let actions = self.actions();
        if actions.is_empty() {
            return;
        }
        let mut writer = self.rig.writer.borrow_mut();
        for action in actions {
            writer.submit("dana", &action).unwrap();
        }
    }

    fn actions(&mut self) -> Vec<Action> {
        let reader = &self.rig.reader;
        let mut actions = Vec::new();
        for conflict in reader.conflicts(100).unwrap() {
            if self.rng.u8(..5) > 1 {
                continue;
            }
            let detail = reader.detail(conflict.link).unwrap();
            let ids = detail.map_or_else(Vec::new, |detail| {
                let ends = detail.linked.ends;
                let ids =
                    Side::BOTH.map(|side| text_of(ends.get(side).last_seen().map(|end| &end.id)));
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
                let city = city.and_then(|end| end.record.get(&FieldName::City).cloned());
                let mut users = self.rig.users.lock().unwrap();
                if self.rng.bool() {
                    actions.push(users.edit_in_couplet(row, city));
                    let ids = Side::BOTH.map(|side| text_of(row.ids.get(side).as_ref()));
                    self.decisions.push(Decision {
                        ids: ids.into_iter().flatten().collect(),
                        field: Some(FieldName::City),
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

    /// What a brake holds waits for an operator, and would wait for ever.
    fn let_brakes_go(&mut self) {
        let held = self.rig.reader.conflicts(1_000).unwrap();
        for conflict in held.iter().filter(|one| one.reason == Reason::MassChange) {
            let (action, decided) = let_go(conflict);
            self.decisions.extend(decided);
            let mut writer = self.rig.writer.borrow_mut();
            writer.submit("dana", &action).unwrap();
        }
    }

    /// No faults any more: what feeds and searches show comes over by them alone, all comes together within some
    /// passes, and then nothing is written.
    pub async fn calm(&mut self) -> Vec<String> {
        self.no_faults().await;
        self.rig.users.lock().unwrap().meddling = 0.0;
        let mut wrong = std::mem::take(&mut *self.rig.wrong.lock().unwrap());
        // A sweep would find what they missed, so that they are looked at where none is due.
        super::later(Duration::from_mins(2)).await;
        self.let_brakes_go();
        let mut read = true;
        for _ in 0..2 {
            read &= self.pass(Once::default()).await.is_ok();
            super::later(Duration::from_secs(30)).await;
        }
        if read {
            wrong.extend(super::converged::read_by_feed_and_search(&self.rig).await);
        }
        let mut last = None;
        for _ in 0..PASSES_TO_CONVERGE {
            super::later(Duration::from_mins(2)).await;
            self.let_brakes_go();
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
                    for error in self.rig.reader.errors(100).unwrap() {
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

/// The id of a record in text form.
fn text_of(id: Option<&RecordId>) -> Option<String> {
    id.map(ToString::to_string)
}

/// Only a side may fail a pass, or another machine keep it from running.
fn check_end<T>(result: &Result<T, EngineError>) {
    if let Err(error) = result {
        let fine = matches!(error, EngineError::Remote(_) | EngineError::Held(_));
        assert!(fine, "{error:?}");
    }
}
