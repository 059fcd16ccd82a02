use super::{Cache, PASS, START};
use crate::model::{
    Action, ActionOutcome, BySide, Cause, LogOp, Millis, NewLog, Op, PassSummary, RateBar, Side,
};
use crate::store::Lease;

#[test]
fn actions_wait_until_they_are_finished_and_need_no_lease() {
    let mut cache = Cache::new();
    cache.store.release(cache.fence).unwrap();
    let action = Action::Sync {
        full: true,
        children: false,
    };
    let asked = cache.store.submit("lou", &action).unwrap();
    let pending = cache.store.pending_actions().unwrap();
    assert_eq!(pending, [(asked, "lou".to_owned(), action)]);
    let Lease::Ours(fence) = cache.store.acquire(&super::us()).unwrap() else {
        panic!("it was given back");
    };
    cache
        .store
        .finish_action(fence, asked, &ActionOutcome::Done)
        .unwrap();
    assert!(cache.store.pending_actions().unwrap().is_empty());
}

#[test]
fn idle_passes_fold_into_one_row_between_those_that_did_something() {
    let mut cache = Cache::new();
    for pulled in [0, 0, 3, 0, 0, 0] {
        let pass = cache.store.begin_pass(cache.fence, "timer").unwrap();
        let summary = PassSummary {
            pass,
            started_at: cache.clock.now(),
            duration_ms: 10,
            requests: BySide {
                ghl: 1,
                growbots: 2,
            },
            pulled: BySide {
                ghl: pulled,
                growbots: 0,
            },
            ..PassSummary::default()
        };
        let ended = cache.store.end_pass(cache.fence, summary).unwrap();
        assert_eq!(ended.because, "timer");
        cache.clock.advance(15_000);
    }
    let passes = cache.reader().passes(9).unwrap();
    let told: Vec<_> = passes
        .iter()
        .map(|pass| (pass.because.as_str(), pass.requests.ghl, pass.duration_ms))
        .collect();
    assert_eq!(
        told,
        [
            ("3 idle passes", 3, 30_010),
            ("timer", 1, 10),
            ("2 idle passes", 2, 15_010)
        ]
    );
    assert_eq!(passes[0].started_at, START.plus(45_000));
    assert_eq!(passes[0].pass.0, 6);
}

#[test]
fn what_was_logged_is_read_back_newest_first() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let line = NewLog {
        side: Some(Side::Growbots),
        op: LogOp::Wrote(Op::Stamp),
        fields: vec![],
        cause: Some(Cause::FirstLink),
        words: String::new(),
        requests: 3,
    };
    cache.store.log(cache.fence, PASS, link, &line).unwrap();
    let log = cache.reader().log(None, 9).unwrap();
    assert_eq!(
        (log[0].op.as_str(), log[0].cause.as_str()),
        ("stamp", "first link")
    );
    let older = cache.reader().log(Some(log[0].id), 9).unwrap();
    assert_eq!(older, log[1..]);
    let of_pass = cache.reader().log_of_pass(PASS).unwrap();
    assert_eq!(of_pass.last(), Some(&log[0]));
}

#[test]
fn rates_add_up_by_half_minutes_and_status_is_stored_when_it_changes() {
    let mut cache = Cache::new();
    for (ms, ours) in [(0, 2), (29_000, 3), (30_000, 4)] {
        let at = Millis(START.0 / 30_000 * 30_000 + ms);
        let bar = RateBar {
            at,
            ours,
            others: 2,
            throttled: 1,
        };
        cache.store.add_rates(cache.fence, Side::Ghl, bar).unwrap();
    }
    let bars = cache
        .reader()
        .rates(Side::Ghl, START.plus(-60_000))
        .unwrap();
    let ours: Vec<_> = bars.iter().map(|bar| (bar.ours, bar.throttled)).collect();
    assert_eq!(ours, [(5, 2), (4, 1)]);

    let reader = cache.reader();
    let mut status = reader.status().unwrap();
    status.progress_at = START;
    let before = reader.data_version().unwrap();
    cache.store.put_status(cache.fence, &status).unwrap();
    let stored = reader.data_version().unwrap();
    assert_ne!(stored, before);
    assert_eq!(reader.status().unwrap(), status);
    cache.store.put_status(cache.fence, &status).unwrap();
    assert_eq!(reader.data_version().unwrap(), stored);
}
