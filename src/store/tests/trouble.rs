//! A disk that is full and a file that is read only: what is stored stands, the error says what to do, and it goes on.

use super::{Cache, PASS, contact, create};
use crate::model::Side;
use crate::store::StoreError;

fn hint(error: &StoreError) -> String {
    error.hint().unwrap_or_default()
}

#[test]
fn a_full_disk_leaves_what_is_stored_and_goes_on_when_there_is_room() {
    let mut cache = Cache::new();
    let link = cache.put(&contact(Side::Ghl, "g0", &[]));
    let intent = create(link, Side::Growbots);
    let intent = cache.store.intend(cache.fence, PASS, &intent).unwrap();
    let pages: i64 = cache
        .store
        .conn
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    cache
        .store
        .conn
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let many: Vec<_> = (0..2_000)
        .map(|nth| contact(Side::Ghl, &format!("full{nth}"), &[]))
        .collect();
    let error = cache.store.put_snapshots(cache.fence, &many).unwrap_err();
    assert!(hint(&error).contains("make room"), "{error:?}");
    assert_eq!(
        cache.reader().find("full0").unwrap(),
        None,
        "all or nothing"
    );
    assert_eq!(cache.store.open_intents().unwrap()[0].id, intent);

    cache
        .store
        .conn
        .pragma_update(None, "max_page_count", pages + 10_000)
        .unwrap();
    cache.store.put_snapshots(cache.fence, &many).unwrap();
    assert!(cache.reader().find("full1999").unwrap().is_some());
    let check: String = cache
        .store
        .conn
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}

#[test]
fn what_is_read_only_is_not_sent_and_says_how_to_open_it() {
    let mut cache = Cache::new();
    let link = cache.put(&contact(Side::Ghl, "g0", &[]));
    let write = create(link, Side::Growbots);
    let intent = cache.store.intend(cache.fence, PASS, &write).unwrap();
    cache
        .store
        .conn
        .pragma_update(None, "query_only", true)
        .unwrap();
    // Nothing is sent that is not `sending` before.
    let error = cache
        .store
        .mark_sending(cache.fence, intent, &[])
        .unwrap_err();
    assert!(hint(&error).contains("writable"), "{error:?}");
    cache
        .store
        .conn
        .pragma_update(None, "query_only", false)
        .unwrap();
    assert!(cache.store.mark_sending(cache.fence, intent, &[]).unwrap());
}
