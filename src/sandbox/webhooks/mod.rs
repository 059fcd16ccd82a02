//! Webhooks of both sides: events become parcels, parcels wait until they are due, a courier takes them away and says
//! how it went. Pure but for the courier, so that a simulation can carry them itself.

pub mod courier;
mod ghl;
mod growbots;
mod plan;
mod sign;

pub use growbots::{Subscription, is_event};
pub use plan::Plan;
pub use sign::{Keys, RSA_PUBLIC, Signatures, secret};

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    event::Event,
    ids,
    record::{Body, text},
    world::World,
};
use crate::model::{BySide, Millis, Side};

/// How far apart GHL's tries are, and how many there are beside the first.
const GHL_RETRY_MS: i64 = 600_000;
const GHL_RETRIES: usize = 6;
/// Growbots' waits, in milliseconds.
const GROWBOTS_RETRIES_MS: [i64; 9] = [
    5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000,
    86_400_000,
];
/// The longest that a reordered webhook is held back.
const REORDER_MS: i64 = 2_000;

/// A webhook on its way to somebody.
#[derive(Clone, Debug)]
struct Parcel {
    side: Side,
    /// The `webhookId` or `webhook-id`, the same on each try.
    id: String,
    /// Growbots' subscription; GHL has one URL.
    subscription: Option<String>,
    body: Bytes,
    tries: usize,
    is_forged: bool,
}

/// A webhook that is due: what to send where. Say with [`super::Sandbox::delivered`] how it went.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Who sends it.
    pub side: Side,
    /// The same on each try.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Content type and signatures.
    pub headers: Vec<(&'static str, String)>,
    /// What was signed.
    pub body: Bytes,
    /// When it could have gone first.
    pub due: Millis,
    parcel: Parcel,
}

/// How a delivery went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The status of the answer; none if there was no answer in time.
    pub status: Option<u16>,
    /// Seconds of `Retry-After`.
    pub retry_after_s: Option<i64>,
}

/// What became of the webhooks of a side.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    sent: u64,
    delivered: u64,
    retried: u64,
    failed: u64,
    lost: u64,
}

/// What one side sends to.
#[derive(Debug)]
struct Line {
    plan: Plan,
    rng: Rng,
    tally: Tally,
}

/// All webhooks: subscriptions, and what is on its way.
#[derive(Debug)]
pub struct Webhooks {
    /// Of Growbots' account, by id.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// The secret of the webhook that the control API sets.
    pub first_secret: String,
    pub rng: Rng,
    keys: Arc<Keys>,
    app_id: String,
    lines: BySide<Line>,
    /// By when they are due, then by age.
    waiting: BTreeMap<(Millis, u64), Parcel>,
    made: u64,
    /// How many events were looked at.
    seen: usize,
    /// Whether something may be due earlier than it was.
    is_stirred: bool,
}

impl Webhooks {
    /// Nobody is listening yet.
    pub fn new(seed: u64, keys: Arc<Keys>, app_id: &str) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x686f_6f6b);
        Self {
            subscriptions: BTreeMap::new(),
            first_secret: secret(&mut rng),
            rng,
            keys,
            app_id: app_id.to_owned(),
            lines: BySide::from_fn(|_| Line {
                plan: Plan::default(),
                rng: Rng::with_seed(seed),
                tally: Tally::default(),
            }),
            waiting: BTreeMap::new(),
            made: 0,
            seen: 0,
            is_stirred: false,
        }
    }

    /// Sets where a side sends to and what goes wrong on the way. Growbots' is a webhook for all events, with the
    /// secret of the hello line.
    pub fn set(&mut self, side: Side, plan: Plan, now: Millis) {
        if side == Side::Growbots {
            let before = self.lines.growbots.plan.subscription.take();
            if let Some(before) = before {
                self.subscriptions.remove(&before);
            }
        }
        let line = self.lines.get_mut(side);
        line.rng = Rng::with_seed(plan.seed);
        line.plan = plan;
        if let (Side::Growbots, Some(url)) = (side, line.plan.url.clone()) {
            let id = ids::ulid(&mut self.rng, "wh_", now);
            let secret = self.first_secret.clone();
            let mut made = Subscription::new(id.clone(), url, secret, now);
            made.events.push("*".to_owned());
            self.lines.growbots.plan.subscription = Some(id.clone());
            self.subscriptions.insert(id, made);
        }
    }

    /// What is set, and what became of what was sent.
    pub fn shown(&self) -> Value {
        let one = |side: Side| {
            let Line { plan, tally, .. } = self.lines.get(side);
            let waiting = self.waiting.values().filter(|p| p.side == side).count();
            let mut shown = plan.shown();
            for (name, count) in [
                ("sent", tally.sent),
                ("delivered", tally.delivered),
                ("retried", tally.retried),
                ("failed", tally.failed),
                ("lost", tally.lost),
                ("waiting", waiting as u64),
            ] {
                shown[name] = count.into();
            }
            shown
        };
        json!(BySide::from_fn(one))
    }

    /// Turns what happened since the last time into parcels.
    pub fn collect(&mut self, world: &mut World) {
        let new = world.events().len();
        if new <= self.seen {
            self.seen = new;
            return;
        }
        let is_heard = self.lines.ghl.plan.url.is_some() || !self.subscriptions.is_empty();
        if is_heard {
            let now = world.now();
            let events: Vec<Event> = world.events()[self.seen..].to_vec();
            for event in &events {
                match event.side {
                    Side::Ghl => self.collect_ghl(world, event, now),
                    Side::Growbots => self.collect_growbots(world, event, now),
                }
            }
        }
        self.seen = new;
    }

    fn collect_ghl(&mut self, world: &World, event: &Event, now: Millis) {
        let Some(body) = ghl::subject(world, event).filter(|_| self.lines.ghl.plan.url.is_some())
        else {
            return;
        };
        for sent in ghl::bodies(world, event, body) {
            self.push_ghl(&world.place.location_id, sent, &event.at, now);
        }
    }

    fn push_ghl(&mut self, location: &str, sent: Body, at: &str, now: Millis) {
        let id = match text(&sent, "webhookId") {
            Some(own) => own.to_owned(),
            None => ids::uuid(&mut self.rng),
        };
        let sent = ghl::envelope(sent, location, &self.app_id, &id, at);
        self.push(Side::Ghl, id, None, sent.to_string().into(), now);
    }

    fn collect_growbots(&mut self, world: &World, event: &Event, now: Millis) {
        if !world.switches.can("webhooks") {
            return;
        }
        let Some(record) = world.find(Side::Growbots, event.kind, &event.id) else {
            return;
        };
        for (name, body) in growbots::bodies(event, record) {
            let wants = self.subscriptions.values().filter(|s| s.wants(&name));
            let to: Vec<String> = wants.map(|s| s.id.clone()).collect();
            for subscription in to {
                self.push_growbots(subscription, &body.to_string(), now);
            }
        }
    }

    fn push_growbots(&mut self, subscription: String, body: &str, now: Millis) {
        let id = format!("msg_{}", ids::alphanumeric(&mut self.rng, 24));
        let body = Bytes::from(body.to_owned());
        self.push(Side::Growbots, id, Some(subscription), body, now);
    }

    /// Sends `ping` to a subscription.
    pub fn ping(&mut self, subscription: &str, now: Millis) {
        let body = json!({"type": "ping", "timestamp": now.to_string(), "data": {}});
        self.push_growbots(subscription.to_owned(), &body.to_string(), now);
    }

    /// Sends a body that somebody made up; false if nobody is listening. An object gets what stands on every
    /// webhook of the side; text is sent as it is.
    pub fn emit(&mut self, side: Side, location: &str, body: &Value, now: Millis) -> bool {
        let at = now.to_string();
        match (side, body) {
            (Side::Ghl, _) if self.lines.ghl.plan.url.is_none() => return false,
            (Side::Ghl, Value::Object(sent)) => self.push_ghl(location, sent.clone(), &at, now),
            (Side::Ghl, other) => {
                let id = ids::uuid(&mut self.rng);
                self.push(Side::Ghl, id, None, raw(other), now);
            }
            (Side::Growbots, other) => {
                let mut body = other.clone();
                if let Some(sent) = body.as_object_mut() {
                    sent.entry("timestamp").or_insert_with(|| at.into());
                }
                let enabled = self.subscriptions.values().filter(|s| s.enabled);
                let to: Vec<String> = enabled.map(|s| s.id.clone()).collect();
                let body = String::from_utf8_lossy(&raw(&body)).into_owned();
                for subscription in &to {
                    self.push_growbots(subscription.clone(), &body, now);
                }
                return !to.is_empty();
            }
        }
        true
    }

    /// Puts a parcel on its way, or what the plan makes of it.
    fn push(
        &mut self,
        side: Side,
        id: String,
        subscription: Option<String>,
        body: Bytes,
        now: Millis,
    ) {
        let line = self.lines.get_mut(side);
        let Some(lot) = line.plan.draw(&mut line.rng) else {
            line.tally.lost += 1;
            return;
        };
        let held_ms = if lot.is_late {
            line.rng.i64(1..=REORDER_MS)
        } else {
            0
        };
        let due = now.plus(line.plan.delay_ms + held_ms);
        let parcel = Parcel {
            side,
            id,
            subscription,
            body,
            tries: 0,
            is_forged: lot.is_forged,
        };
        if lot.is_repeated {
            self.wait(due, parcel.clone());
        }
        self.wait(due, parcel);
    }

    fn wait(&mut self, due: Millis, parcel: Parcel) {
        self.made += 1;
        self.waiting.insert((due, self.made), parcel);
        self.stir();
    }

    /// Says that the time moved on.
    pub const fn stir(&mut self) {
        self.is_stirred = true;
    }

    /// Whether something may be due earlier than it was when this was last asked.
    pub const fn take_stirred(&mut self) -> bool {
        std::mem::replace(&mut self.is_stirred, false)
    }

    /// When the next parcel is due.
    pub fn next_due(&self) -> Option<Millis> {
        self.waiting.keys().next().map(|(due, _)| *due)
    }

    /// Takes all that is due, signed for this moment. What nobody wants any more is left out.
    pub fn take(&mut self, world: &World, now: Millis) -> Vec<Delivery> {
        let later = self.waiting.split_off(&(now.plus(1), 0));
        let due = std::mem::replace(&mut self.waiting, later);
        due.into_iter()
            .filter_map(|((due, _), parcel)| self.sign(world, due, parcel, now))
            .collect()
    }

    fn sign(
        &mut self,
        world: &World,
        due: Millis,
        parcel: Parcel,
        now: Millis,
    ) -> Option<Delivery> {
        let (url, mut headers) = match &parcel.subscription {
            None => {
                let which = world.switches.webhook_signatures;
                let headers = self.keys.headers(which, &parcel.body, parcel.is_forged);
                (self.lines.ghl.plan.url.clone()?, headers)
            }
            Some(id) => {
                let to = self.subscriptions.get(id).filter(|to| to.enabled)?;
                let at_s = now.0.div_euclid(1000);
                let forged = secret(&mut Rng::with_seed(!self.made));
                let headers = if parcel.is_forged {
                    let secrets = std::iter::once(forged.as_str());
                    sign::standard_headers(secrets, &parcel.id, at_s, &parcel.body)
                } else {
                    sign::standard_headers(to.secrets(now), &parcel.id, at_s, &parcel.body)
                };
                (to.url.clone(), headers)
            }
        };
        headers.insert(0, ("content-type", "application/json".to_owned()));
        self.lines.get_mut(parcel.side).tally.sent += 1;
        Some(Delivery {
            side: parcel.side,
            id: parcel.id.clone(),
            url,
            headers,
            body: parcel.body.clone(),
            due,
            parcel,
        })
    }

    /// Notes how a delivery went, and puts it on its way again where its side tries again.
    pub fn received(&mut self, delivery: Delivery, received: Received, now: Millis) {
        let mut parcel = delivery.parcel;
        let status = received.status.unwrap_or_default();
        let line = self.lines.get_mut(parcel.side);
        if (200..300).contains(&status) {
            line.tally.delivered += 1;
            return;
        }
        if let Some(id) = parcel.subscription.as_ref().filter(|_| status == 410)
            && let Some(subscription) = self.subscriptions.get_mut(id)
        {
            subscription.enabled = false;
            subscription.touch(now);
        }
        let wait_ms = match parcel.side {
            Side::Ghl => (status == 429 && parcel.tries < GHL_RETRIES).then_some(GHL_RETRY_MS),
            Side::Growbots if status == 410 => None,
            Side::Growbots => GROWBOTS_RETRIES_MS.get(parcel.tries).copied(),
        };
        let Some(wait_ms) = wait_ms else {
            line.tally.failed += 1;
            return;
        };
        line.tally.retried += 1;
        parcel.tries += 1;
        let asked_ms = received
            .retry_after_s
            .filter(|_| parcel.side == Side::Growbots && matches!(status, 429 | 503))
            .map(|s| s.saturating_mul(1000));
        // each plus or minus a tenth
        let jitter = line.rng.i64(-100..=100);
        let wait_ms = asked_ms.unwrap_or(wait_ms + wait_ms * jitter / 1000);
        let wait_ms = (wait_ms as f64 * line.plan.retry_scale) as i64;
        self.wait(now.plus(wait_ms), parcel);
    }
}

/// Text as it is, anything else as JSON.
fn raw(body: &Value) -> Bytes {
    match body {
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    }
}
