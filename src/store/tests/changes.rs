//! What counts as a change of what may be paired, and what does not.

use crate::model::{FieldName, Kind, Side};
use crate::store::{LinkOutcome, Writer};

use super::{Cache, contact, id, outcome};

#[test]
fn a_moment_lasts_until_a_record_or_its_link_changes_here_or_elsewhere() {
    let mut cache = Cache::new();
    let named = |name: &str| contact(Side::Ghl, "g1", &[(FieldName::FirstName, name)]);
    let link = cache.put(&named("Ann"));
    let mut before = cache.store.moment().unwrap();
    let same = |cache: &Cache, what: &str| {
        assert_eq!(cache.store.moment().unwrap(), before, "{what}");
    };

    cache
        .store
        .mark_swept(cache.fence, Side::Ghl, Kind::Contact, &[id("g1")], 1)
        .unwrap();
    same(&cache, "met by a sweep");
    cache
        .store
        .put_note(cache.fence, "cursor", Some("7"))
        .unwrap();
    same(&cache, "a place is kept");
    cache.store.renew(cache.fence).unwrap();
    same(&cache, "the lease is held");

    let mut moved = |cache: &Cache, what: &str| {
        let now = cache.store.moment().unwrap();
        assert_ne!(now, before, "{what}");
        before = now;
    };
    cache.put(&named("Anna"));
    moved(&cache, "another version");
    cache.commit(LinkOutcome { ..outcome(link) });
    moved(&cache, "merged");
    cache.store.set_ignored(cache.fence, link, true).unwrap();
    moved(&cache, "ignored");
    let path = cache.dir.path().join("test.db");
    let mut other = Writer::open(&path, &cache.clock).unwrap();
    other.put_note(cache.fence, "theirs", Some("1")).unwrap();
    moved(&cache, "somebody else wrote");
}
