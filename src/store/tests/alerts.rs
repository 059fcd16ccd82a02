//! Alerts from the first sight of a trouble to its end.

use crate::model::{Alert, AlertId, Reading};

use super::Cache;

const SETTLE: i64 = 60_000;

fn reading(name: &str, hold_ms: i64) -> Reading {
    Reading {
        name: name.into(),
        count: 1,
        text: "words".into(),
        hold_ms,
    }
}

impl Cache {
    fn look(&mut self, names: &[&str]) {
        let readings: Vec<Reading> = names.iter().map(|name| reading(name, 0)).collect();
        self.store.take_readings(&readings, SETTLE).unwrap();
    }

    fn claim(&mut self, channel: &str) -> Vec<Alert> {
        self.store.claim_notices(channel, SETTLE).unwrap()
    }

    /// What a channel takes now: name and state.
    fn tell(&mut self, channel: &str) -> Vec<String> {
        let alerts = self.claim(channel);
        self.store.told(channel, &alerts).unwrap();
        let name = |it: &Alert| format!("{} {}", it.name, it.state.name());
        alerts.iter().map(name).collect()
    }
}

#[test]
fn a_trouble_is_told_once_and_so_is_its_end() {
    let mut cache = Cache::new();
    for _ in 0..50 {
        cache.look(&["401.ghl"]);
        cache.clock.advance(10_000);
    }
    assert_eq!(cache.reader().alerts().unwrap().len(), 1);
    assert_eq!(cache.tell("command"), ["401.ghl open"]);
    // Gone for a moment is not gone.
    cache.look(&[]);
    cache.clock.advance(10_000);
    cache.look(&["401.ghl"]);
    cache.clock.advance(SETTLE);
    assert!(cache.tell("command").is_empty());
    cache.look(&[]);
    assert_eq!(cache.tell("command"), ["401.ghl recovered"]);
    cache.clock.advance(SETTLE);
    assert!(cache.tell("command").is_empty());
    assert!(!cache.reader().has_active_alerts().unwrap());
}

#[test]
fn a_burst_is_one_notice_now_and_one_later() {
    let mut cache = Cache::new();
    cache.look(&["401.ghl", "conflicts"]);
    assert_eq!(cache.tell("webhook"), ["401.ghl open", "conflicts open"]);
    for name in ["lag", "no_pass", "429.ghl"] {
        cache.clock.advance(1_000);
        cache.look(&["401.ghl", "conflicts", name]);
        assert!(cache.tell("webhook").is_empty(), "{name}");
    }
    cache.clock.advance(SETTLE - 3_000);
    assert_eq!(
        cache.tell("webhook"),
        ["lag open", "no_pass open", "429.ghl open"]
    );
}

#[test]
fn each_channel_is_told_and_one_that_failed_is_told_again_after_a_while() {
    let mut cache = Cache::new();
    cache.look(&["lag"]);
    assert_eq!(cache.tell("command"), ["lag open"]);
    assert_eq!(cache.claim("webhook").len(), 1);
    // Another process asks while the first is at it, or after it died.
    assert!(cache.claim("webhook").is_empty());
    cache.clock.advance(SETTLE);
    cache.look(&["lag"]);
    assert_eq!(cache.tell("webhook"), ["lag open"]);
    assert!(cache.tell("command").is_empty());
}

#[test]
fn what_recovers_before_it_was_told_is_not_told() {
    let mut cache = Cache::new();
    cache.look(&["lag"]);
    cache.clock.advance(SETTLE);
    cache.look(&[]);
    assert!(cache.tell("command").is_empty());
    assert_eq!(
        cache.reader().alerts().unwrap()[0].state.name(),
        "recovered"
    );
}

#[test]
fn a_rule_with_a_time_waits_for_it() {
    let mut cache = Cache::new();
    let slow = [reading("breaker_open.ghl", 30_000)];
    let look = |cache: &mut Cache, ms: i64| {
        cache.clock.advance(ms);
        cache.store.take_readings(&slow, SETTLE).unwrap();
        cache.tell("command")
    };
    assert!(look(&mut cache, 0).is_empty());
    assert!(look(&mut cache, 29_000).is_empty());
    assert_eq!(look(&mut cache, 1_000), ["breaker_open.ghl open"]);
    // Pending ones that end leave no trace.
    let mut cache = Cache::new();
    look(&mut cache, 0);
    cache.clock.advance(1_000);
    cache.look(&[]);
    assert!(look(&mut cache, 29_500).is_empty());
    assert!(cache.reader().alerts().unwrap().is_empty());
}

#[test]
fn an_acknowledged_alert_is_not_told_until_it_is_over() {
    let mut cache = Cache::new();
    cache.look(&["lag", "conflicts"]);
    assert!(cache.store.acknowledge(AlertId(1)).unwrap());
    assert!(!cache.store.acknowledge(AlertId(9)).unwrap());
    assert_eq!(cache.tell("command"), ["conflicts open"]);
    assert!(cache.store.acknowledge(AlertId(2)).unwrap());
    cache.clock.advance(SETTLE);
    cache.look(&[]);
    assert_eq!(cache.tell("command"), ["conflicts recovered"]);
    assert!(!cache.store.acknowledge(AlertId(1)).unwrap());
}
