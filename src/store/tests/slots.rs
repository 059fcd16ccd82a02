use std::os::unix::fs::PermissionsExt;

use super::START;
use crate::model::{Millis, Side, Slots, Taken};
use crate::store::SqliteSlots;

const LIMIT: u32 = 10;
const WINDOW: u32 = 10_000;

fn two() -> (tempfile::TempDir, [SqliteSlots; 2]) {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("test.slots.db");
    let open = || SqliteSlots::open(&path).unwrap();
    let slots = [open(), open()];
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    (dir, slots)
}

fn take(slots: &SqliteSlots, now: Millis) -> Taken {
    slots.take(Side::Ghl, LIMIT, WINDOW, now.0, now).unwrap()
}

#[test]
fn two_processes_together_stay_under_the_limit_in_any_window() {
    let (_dir, slots) = two();
    let mut sent: Vec<i64> = Vec::new();
    let mut now = START;
    let mut rng = fastrand::Rng::with_seed(7);
    for n in 0..600 {
        match take(&slots[n % 2], now) {
            Taken::Go(slot) => {
                sent.push(now.0);
                let answered = now.plus(rng.i64(1..400));
                // released by whoever: the table is one
                slots[(n + 1) % 2]
                    .release(slot, WINDOW, answered.0)
                    .unwrap();
                now = now.plus(rng.i64(0..300));
            }
            Taken::Wait(until) => {
                assert!(until > now.0, "a wait of nothing at {n}");
                now = Millis(until);
            }
        }
    }
    assert!(sent.len() > 300, "{}", sent.len());
    for window in sent.windows(LIMIT as usize + 1) {
        let span = window[LIMIT as usize] - window[0];
        assert!(span > i64::from(WINDOW), "{window:?}");
    }
}

#[test]
fn threads_with_connections_of_their_own_never_take_more_than_there_is() {
    let (_dir, slots) = two();
    let taken: usize = std::thread::scope(|scope| {
        let threads = slots.iter().map(|slots| {
            scope.spawn(move || {
                let goes = (0..50).filter(|_| matches!(take(slots, START), Taken::Go(_)));
                goes.count()
            })
        });
        let threads: Vec<_> = threads.collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(taken, LIMIT as usize);
    assert_eq!(slots[0].in_use(Side::Ghl, START.0).unwrap().0, LIMIT);
    assert_eq!(slots[0].in_use(Side::Growbots, START.0).unwrap(), (0, None));
}

#[test]
fn a_place_that_is_never_released_is_free_after_a_window_and_a_request() {
    let (_dir, [slots, _]) = two();
    for _ in 0..LIMIT {
        take(&slots, START);
    }
    let over = i64::from(WINDOW) + 10_000;
    assert_eq!(
        take(&slots, START.plus(1)),
        Taken::Wait(START.0 + i64::from(WINDOW))
    );
    assert!(matches!(take(&slots, START.plus(over - 1)), Taken::Wait(_)));
    assert!(matches!(take(&slots, START.plus(over)), Taken::Go(_)));
}

#[test]
fn ticks_that_begin_anew_with_the_machine_do_not_shut_the_window_for_long() {
    let (_dir, [slots, _]) = two();
    for _ in 0..LIMIT {
        let Taken::Go(slot) = take(&slots, START.plus(3_600_000)) else {
            panic!("there is room");
        };
        slots.release(slot, WINDOW, START.0 + 3_600_050).unwrap();
    }
    let window = i64::from(WINDOW);
    assert_eq!(take(&slots, START), Taken::Wait(START.0 + window));
    assert!(matches!(take(&slots, START.plus(window)), Taken::Go(_)));
}

#[test]
fn requests_are_counted_for_the_day() {
    let (_dir, [first, second]) = two();
    let next_day = START.plus(86_400_000);
    take(&first, START);
    take(&second, next_day);
    take(&second, next_day);
    assert_eq!(first.sent_since(Side::Ghl, START).unwrap(), 3);
    assert_eq!(first.sent_since(Side::Ghl, next_day).unwrap(), 2);
    assert_eq!(first.sent_since(Side::Growbots, START).unwrap(), 0);
}
