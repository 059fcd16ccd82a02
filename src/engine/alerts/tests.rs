//! Rules against a store in each state, and whether it is quiet.

use tempfile::TempDir;

use super::*;
use crate::model::{Failure, Fence, Holder, PassId, PassSummary, RateBar, SideStatus};
use crate::store::Lease;

const START: Millis = Millis(1_700_000_000_000);

struct Bed {
    folder: TempDir,
    clock: Clock,
    writer: Writer,
    fence: Fence,
    pass: PassId,
}

impl Bed {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Clock::manual(START);
        let mut writer = Writer::open(&folder.path().join("test.db"), &clock).unwrap();
        let us = Holder {
            operator: "dana".into(),
            host: "here".into(),
            pid: std::process::id(),
            since: START,
        };
        let Lease::Ours(fence) = writer.acquire(&us).unwrap() else {
            panic!("a new cache is free");
        };
        let pass = writer.begin_pass(fence, "test").unwrap();
        Self {
            folder,
            clock,
            writer,
            fence,
            pass,
        }
    }

    fn end_pass(&mut self) {
        let summary = PassSummary {
            pass: self.pass,
            started_at: self.clock.now(),
            ..PassSummary::default()
        };
        self.writer.end_pass(self.fence, summary).unwrap();
    }

    fn status(&mut self, change: impl FnOnce(&mut SideStatus)) {
        let mut status = LoopStatus {
            state: LoopState::Idle,
            progress_at: self.clock.now(),
            ..LoopStatus::default()
        };
        change(&mut status.sides.ghl);
        self.writer.put_status(self.fence, &status).unwrap();
    }

    fn fail(&mut self, message: &str, status: Option<u16>) {
        let failure = Failure {
            pattern: format!("growbots POST /leads {message}"),
            side: Some(Side::Growbots),
            operation: "POST /leads".into(),
            status,
            message: message.into(),
            link: None,
            next_retry_at: None,
        };
        self.writer.raise(self.fence, &failure).unwrap();
    }

    fn names(&self, rules: &[AlertRule]) -> Vec<String> {
        let reader = self.writer.reader().unwrap();
        let found = readings(&reader, rules, self.clock.now()).unwrap();
        found.into_iter().map(|reading| reading.name).collect()
    }
}

type Step = fn(&mut Bed);

#[test]
fn each_trouble_is_read_by_its_rule_and_quiet_is_nothing() {
    let cases: [(&str, Step, &[&str]); 9] = [
        ("nothing", |_| {}, &[]),
        ("a pass", Bed::end_pass, &[]),
        (
            "no pass",
            |bed| {
                bed.end_pass();
                bed.clock.advance(15 * 60_000);
            },
            &["no_pass"],
        ),
        (
            "a key",
            |bed| bed.status(|side| side.health = Health::Refused),
            &["401.ghl"],
        ),
        ("a 401", |bed| bed.fail("no", Some(401)), &["401.growbots"]),
        (
            "a breaker",
            |bed| bed.status(|side| side.breaker = "open".into()),
            &["breaker_open.ghl"],
        ),
        (
            "a day",
            |bed| {
                bed.status(|side| {
                    side.day.used = 150_000;
                    side.day.others = Some(50_000);
                    side.day.limit = 200_000;
                });
            },
            &["429_daily.ghl"],
        ),
        (
            "many 429",
            |bed| {
                let bar = RateBar {
                    at: START,
                    ours: 90,
                    others: 0,
                    throttled: 21,
                };
                bed.writer
                    .add_rates(bed.fence, Side::Growbots, bar)
                    .unwrap();
            },
            &["429.growbots"],
        ),
        (
            "a pattern",
            |bed| bed.fail("Ann Ost is in the way", Some(422)),
            &["error:post /leads"],
        ),
    ];
    let mut rules = AlertRule::defaults();
    rules.extend(AlertRule::parse("error:post /leads", "over 0").unwrap());
    for (what, step, want) in cases {
        let mut bed = Bed::new();
        step(&mut bed);
        let mut got = bed.names(&rules);
        if what == "a 401" {
            got.retain(|name| !name.starts_with("error:"));
        }
        assert_eq!(got, want, "{what}");
    }
}

#[test]
fn no_word_of_a_side_is_in_an_alert() {
    let mut bed = Bed::new();
    bed.fail("Ann Ost <ann@canary.test> has +491701234567", Some(422));
    let rules = [AlertRule::parse("error:leads", "").unwrap().unwrap()];
    let reader = bed.writer.reader().unwrap();
    let found = readings(&reader, &rules, bed.clock.now()).unwrap();
    assert_eq!(
        found[0].text,
        "1 failures fit `leads`: `couplet errors list`"
    );
}

#[test]
fn it_is_quiet_over_midnight_too() {
    let quiet = |from, to| Quiet {
        from: Time::constant(from, 0, 0, 0),
        to: Time::constant(to, 0, 0, 0),
        zone: TimeZone::UTC,
    };
    for (from, to, at, want) in [
        (22, 7, "2026-03-01T23:00:00Z", true),
        (22, 7, "2026-03-01T06:59:59Z", true),
        (22, 7, "2026-03-01T07:00:00Z", false),
        (12, 14, "2026-03-01T13:00:00Z", true),
        (12, 14, "2026-03-01T11:00:00Z", false),
    ] {
        let at = Millis::parse(at).unwrap();
        assert_eq!(quiet(from, to).covers(at), want, "{from} to {to} at {at}");
    }
}

#[tokio::test]
async fn in_quiet_hours_nobody_is_told_and_afterwards_what_still_holds() {
    let mut bed = Bed::new();
    bed.fail("no", Some(401));
    // START is at 22:13.
    let to = bed.folder.path().join("told");
    let alerts = Alerts {
        workspace: "default".into(),
        rules: AlertRule::defaults(),
        channels: vec![Channel::Command(format!("tee -a {}", to.display()))],
        bell: true,
        quiet: Some(Quiet {
            from: Time::constant(22, 0, 0, 0),
            to: Time::constant(23, 0, 0, 0),
            zone: TimeZone::UTC,
        }),
        settle_ms: 60_000,
    };
    let database = bed.folder.path().join("test.db");
    let mut watch = Watch::new(alerts, database, bed.clock.clone());
    watch.look(&|_| {}).await.unwrap();
    assert!(!to.exists());
    bed.clock.advance(3_600_000);
    for _ in 0..20 {
        watch.look(&|_| {}).await.unwrap();
    }
    let told = std::fs::read_to_string(&to).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["alerts"][0]["name"], "401.growbots");
    assert_eq!(told["alerts"][0]["state"], "open");
}
