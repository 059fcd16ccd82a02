use super::{Cache, START, us};
use crate::model::{Fence, Holder, IntentState, Side};
use crate::store::{Lease, StoreError, Writer};

fn ours(lease: Lease) -> Fence {
    match lease {
        Lease::Ours(fence) => fence,
        Lease::Held(holder) => panic!("held by {holder:?}"),
    }
}

fn second(cache: &Cache) -> Writer {
    Writer::open(&cache.dir.path().join("test.db"), &cache.clock).unwrap()
}

#[test]
fn the_holder_gets_the_same_fence_again() {
    let mut cache = Cache::new();
    assert_eq!(ours(cache.store.acquire(&us()).unwrap()), cache.fence);
    assert_eq!(cache.reader().holder().unwrap(), Some(us()));
}

#[test]
fn another_process_is_told_who_holds_it() {
    let cache = Cache::new();
    let parent = Holder {
        pid: std::os::unix::process::parent_id(),
        ..us()
    };
    let mut other = second(&cache);
    assert_eq!(other.acquire(&parent).unwrap(), Lease::Held(us()));
    let elsewhere = Holder {
        host: "there".into(),
        ..us()
    };
    assert_eq!(other.acquire(&elsewhere).unwrap(), Lease::Held(us()));
}

#[test]
fn a_lease_that_was_given_back_is_free_and_its_fence_writes_no_more() {
    let mut cache = Cache::new();
    cache.store.release(cache.fence).unwrap();
    assert_eq!(cache.reader().holder().unwrap(), None);
    let lost = cache.store.put_note(cache.fence, "cursor", Some("1"));
    assert!(
        matches!(lost, Err(StoreError::LeaseLost { .. })),
        "{lost:?}"
    );
    assert_eq!(cache.store.note("cursor").unwrap(), None);
    let next = ours(cache.store.acquire(&us()).unwrap());
    assert_eq!(next, Fence(cache.fence.0 + 1));
}

#[test]
fn a_stale_holder_is_refused_after_its_time_is_over() {
    let mut cache = Cache::new();
    let elsewhere = Holder {
        host: "there".into(),
        ..us()
    };
    let mut other = second(&cache);
    cache.clock.advance(15_000);
    cache.store.renew(cache.fence).unwrap();
    cache.clock.advance(19_999);
    assert_eq!(other.acquire(&elsewhere).unwrap(), Lease::Held(us()));
    cache.clock.advance(1);
    assert_eq!(cache.reader().holder().unwrap(), None);
    assert_eq!(ours(other.acquire(&elsewhere).unwrap()), Fence(2));
    let refused = cache.store.renew(cache.fence);
    assert!(
        matches!(
            refused,
            Err(StoreError::LeaseLost {
                ours: Fence(1),
                theirs: Fence(2)
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn a_dead_holder_is_succeeded_and_its_sending_intents_become_unknown() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let write = super::update(link, Side::Ghl, "g1", "", "Ann");
    let intent = cache
        .store
        .intend(cache.fence, super::PASS, &write)
        .unwrap();
    cache.store.release(cache.fence).unwrap();

    let mut child = std::process::Command::new("true").spawn().unwrap();
    let dead = Holder {
        pid: child.id(),
        ..us()
    };
    child.wait().unwrap();
    let fence = ours(cache.store.acquire(&dead).unwrap());
    cache.store.mark_sending(fence, intent, &[]).unwrap();
    let next = ours(cache.store.acquire(&us()).unwrap());
    assert_eq!(next, Fence(fence.0 + 1));
    let open = cache.store.open_intents().unwrap();
    assert_eq!(open[0].state, IntentState::Unknown);
    assert_eq!(open[0].attempt, 1);
}

#[test]
fn the_same_process_number_with_another_start_is_another_process() {
    let mut cache = Cache::new();
    let later = Holder {
        since: START.plus(1),
        ..us()
    };
    assert_eq!(ours(cache.store.acquire(&later).unwrap()), Fence(2));
}
