//! What happens in a simulated schedule.

use std::io::Write;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use couplet::engine::port::{Ask, Event as Told, Port};
use couplet::engine::{EngineError, Once};
use couplet::model::{ActionOutcome, LoopState, PassSummary};
use couplet::sandbox::Actor;
use serde_json::json;

use super::moments::Asked;
use super::operators::Decision;
use super::rig::{self, Rig, until_dead};

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
    /// Whether somebody sets our machine's clock now and then.
    pub sets_clocks: bool,
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
    pub fn say(&self, words: impl FnOnce() -> String) {
        if self.talks {
            let events = self.rig.sandbox.with_world(|world| world.events().len());
            let mut out = std::io::stderr().lock();
            writeln!(
                out,
                "[{:>9}] {events:>4} {}",
                self.rig.clock.ticks() - rig::START.0,
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
        self.rig.webhooks();
        match self.rng.u8(..41) {
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
            23 => return self.set_clock(),
            24..30 => {
                self.meddling();
                if self.rng.u8(..8) == 0 {
                    // One process after the other: what they may send is counted together.
                    for _ in 0..2 {
                        self.pass(ALL).await.ok();
                    }
                }
                self.pass(what).await.ok();
            }
            30..37 => {
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

    /// Somebody sets our machine's clock: right, or wrong by minutes or a day.
    fn set_clock(&mut self) {
        if !self.sets_clocks {
            return;
        }
        let minutes = [-1_560, -10, 0, 10, 1_560][self.rng.usize(..5)];
        self.rig.clock.set_wrong(minutes * 60_000);
        self.say(|| format!("the clock is wrong by {minutes} minutes"));
        match minutes {
            ..0 => self.rig.met.note("our clock set back"),
            1.. => self.rig.met.note("our clock set ahead"),
            0 => {}
        }
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
        let asked = Asked::ALL[self.rng.usize(..Asked::ALL.len())];
        let polls = if self.rng.bool() {
            self.rig.moments.doom(asked, self.rng.u32(..4));
            u32::MAX
        } else {
            self.rng.u32(1..600)
        };
        let mut engine = self.rig.engine("sim");
        let result = until_dead(engine.once(what), polls, &self.rig.moments).await;
        self.rig.ended(engine);
        if result.is_none() {
            self.rig.died();
            if asked == Asked::Feed && self.rig.moments.is_doomed() {
                let words = "process died between a page of the feed and its storing";
                self.rig.met.note(words);
            }
        }
        self.rig.moments.spare();
        self.say(|| {
            format!(
                "crash at {asked:?} or after {polls} polls: {}",
                result.is_none()
            )
        });
        if let Some(result) = result {
            check_end(&result);
        }
    }

    /// The loop, with users and operators about, for some virtual time; then it is stopped, or its process dies.
    /// Sometimes another machine waits for the lease, and takes over while ours is suspended.
    async fn run_for_a_while(&mut self) {
        let seconds = self.rng.u32(1..45);
        let dies = self.rng.u8(..3) == 0;
        let hunts = self.rng.bool();
        let with_other = self.rng.u8(..3) == 0;
        let mut suspended_at = u32::MAX;
        if with_other {
            suspended_at = self.rng.u32(1..40);
        }
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
            let is_last = second + 1 == seconds && !dies && hunts;
            if second == suspended_at || is_last {
                ended.extend(self.until_between(&mut running, &mut beside).await);
                if !ended.is_empty() || is_last {
                    break;
                }
                // Bytes that have left a suspended process arrive all the same.
                if self.rig.leaving.load(Ordering::SeqCst) > 0 {
                    suspended_at += 1;
                }
            }
            let is_suspended = second >= suspended_at && second - suspended_at < 30;
            tokio::select! {
                biased;
                result = &mut running, if !is_suspended => {
                    ended.push(result);
                    break;
                }
                result = or_never(&mut beside) => {
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
        self.say(|| format!("ran {seconds} s, other machine: {with_other}, died: {dies}"));
        for result in ended {
            check_end(&result);
        }
    }

    /// Lets two processes run until one of them is between a read by id and what follows from it: that is when it
    /// matters that it is suspended or stopped. Gives what one that ended meanwhile came to.
    async fn until_between<T, F: Future<Output = T>, G: Future<Output = T>>(
        &self,
        running: &mut Pin<Box<F>>,
        beside: &mut Option<Pin<Box<G>>>,
    ) -> Option<T> {
        let (moments, leaving) = (&self.rig.moments, &self.rig.leaving);
        for _ in 0..4_000 {
            if moments.is_between() && leaving.load(Ordering::SeqCst) == 0 {
                let words = "process suspended between a read by id and what follows";
                self.rig.met.note(words);
                break;
            }
            tokio::select! {
                biased;
                result = &mut *running => return Some(result),
                result = or_never(beside) => return Some(result),
                () = super::later(Duration::from_millis(4)) => {}
            }
        }
        None
    }

    /// What people and operators do while the loop runs.
    fn meanwhile(&mut self, port: &Port) {
        self.rig.webhooks();
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
            Some(Ok(summary)) => {
                let open = self.rig.reader.open_intents().unwrap();
                let open = open.iter().map(|intent| (intent.state, &intent.write));
                let open: Vec<_> = open.collect();
                wrong.push(format!("waiting {}: {open:?}", summary.waiting));
            }
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

/// Only a side may fail a pass, or another machine keep it from running.
fn check_end<T>(result: &Result<T, EngineError>) {
    if let Err(error) = result {
        let fine = matches!(error, EngineError::Remote(_) | EngineError::Held(_));
        assert!(fine, "{error:?}");
    }
}

/// What a future comes to, if there is one.
async fn or_never<T>(future: &mut Option<Pin<Box<impl Future<Output = T>>>>) -> T {
    match future {
        Some(future) => future.as_mut().await,
        None => std::future::pending().await,
    }
}
