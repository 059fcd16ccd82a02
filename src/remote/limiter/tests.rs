use super::*;
use crate::model::Millis;
use crate::remote::MemorySlots;

fn limiter() -> (Clock, Limiter) {
    let clock = Clock::of_runtime(Millis(1_000_000));
    let limiter = Limiter::new(Side::Ghl, clock.clone(), Arc::new(MemorySlots::default()));
    (clock, limiter)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_and_one_places_take_a_hundred_seconds() {
    let (clock, limiter) = limiter();
    let start = clock.now();
    for _ in 0..1_001 {
        drop(limiter.place(Lane::Sweep, 1).await.expect("a place"));
    }
    assert_eq!(clock.now().since(start), 10 * 10_001);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_counts_as_several_waits_for_the_window_and_not_for_itself() {
    let (clock, limiter) = limiter();
    let start = clock.now();
    let mut served = 0;
    for _ in 0..50 {
        // Nothing was heard: only one request may be on its way, however many places it takes.
        let place = limiter.place(Lane::Sweep, 5).await.expect("places");
        served += place.slots.len();
    }
    assert_eq!(served, 250);
    assert_eq!(clock.now().since(start), 2 * 10_001);
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_gives_back_the_places_that_it_had() {
    let (clock, limiter) = limiter();
    drop(limiter.place(Lane::Sweep, 98).await.expect("places"));
    let impatient = limiter.place(Lane::Sweep, 5);
    let gave_up = tokio::time::timeout(Duration::from_secs(1), impatient).await;
    assert!(gave_up.is_err());
    assert_eq!(limiter.burst().used, 98);
    let start = clock.now();
    drop(limiter.place(Lane::Sweep, 2).await.expect("places"));
    assert_eq!(clock.now(), start);
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_not_in_the_count_of_the_side() {
    let (clock, limiter) = limiter();
    limiter
        .place(Lane::Sweep, 5)
        .await
        .expect("places")
        .refused();
    tokio::time::advance(Duration::from_secs(1)).await;
    let sent_at = clock.ticks();
    let place = limiter.place(Lane::Sweep, 1).await.expect("a place");
    place.answered();
    let said = Said {
        burst_left: Some(92),
        ..Said::default()
    };
    limiter.learn(&said, sent_at).expect("memory");
    assert_eq!(limiter.burst().others, 7, "8 used, and 1 of them ours");
}

#[tokio::test(start_paused = true)]
async fn an_operator_does_not_wait_behind_a_sweep() {
    let (clock, limiter) = limiter();
    let start = clock.now();
    for _ in 0..100 {
        drop(limiter.place(Lane::Sweep, 1).await.expect("a place"));
    }
    let order = Mutex::new(vec![]);
    let ask = async |lane| {
        drop(limiter.place(lane, 1).await.expect("a place"));
        order.lock().expect("one thread").push(lane);
    };
    tokio::join!(ask(Lane::Sweep), ask(Lane::Sweep), ask(Lane::Operator));
    let order = order.into_inner().expect("one thread");
    assert_eq!(order[0], Lane::Operator, "{order:?}");
    assert_eq!(clock.now().since(start), 10_001);
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_waiting_holds_nobody_up() {
    let (_, limiter) = limiter();
    for _ in 0..100 {
        drop(limiter.place(Lane::Sweep, 1).await.expect("a place"));
    }
    let impatient = tokio::time::timeout(Duration::from_secs(1), limiter.place(Lane::Operator, 1));
    let (gave_up, patient) = tokio::join!(impatient, limiter.place(Lane::Sweep, 1));
    assert!(gave_up.is_err());
    patient.expect("a place");
    assert!(limiter.lanes().iter().all(|lane| lane.queued == 0));
}

#[tokio::test(start_paused = true)]
async fn a_spent_day_and_a_long_block_shut_the_side() {
    let (clock, limiter) = limiter();
    let said = Said {
        day_left: Some(0),
        day_resets_in_ms: Some(7_200_000),
        ..Said::default()
    };
    limiter.learn(&said, 0).expect("memory");
    let until = clock.now().plus(7_200_000);
    match limiter.place(Lane::Operator, 1).await {
        Err(RemoteError::Shut { until: got, .. }) => assert_eq!(got, until),
        other => panic!("{:?}", other.map(|_| "a place")),
    }
    tokio::time::advance(Duration::from_hours(2)).await;
    let none = Said {
        day_left: Some(9),
        ..Said::default()
    };
    limiter.learn(&none, 0).expect("memory");
    limiter.place(Lane::Operator, 1).await.expect("a new day");
}
