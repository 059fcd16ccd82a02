use std::collections::BTreeMap;

use super::{Cache, contact, text};
use crate::model::{FieldName, Kind, LinkId, Side};

fn owner(cache: &Cache, link: LinkId, side: Side) -> Option<String> {
    let linked = cache.store.linked(link).unwrap().unwrap();
    let end = linked.ends.get(side).live().unwrap();
    let owner = end.record.get(&FieldName::Owner);
    owner.map(ToString::to_string)
}

#[test]
fn users_get_their_names_on_their_side_and_only_what_names_them_is_dirty() {
    let mut cache = Cache::new();
    let fields = [(FieldName::Owner, "user:u1"), (FieldName::City, "user:u1")];
    let owned = cache.pair("g1", "b1", &fields);
    let other = cache.pair("g2", "b2", &[(FieldName::Owner, "user:u2")]);
    let nobodys = cache.pair("g3", "b3", &[]);
    assert!(cache.dirty(Kind::Contact).is_empty());
    let names = BTreeMap::from([("user:u1".to_owned(), "ida@x.test".to_owned())]);
    cache
        .store
        .name_users(cache.fence, Side::Growbots, &names, &[FieldName::Owner])
        .unwrap();
    assert_eq!(cache.dirty(Kind::Contact), [owned]);
    let named = owner(&cache, owned, Side::Growbots);
    assert_eq!(named.as_deref(), Some("ida@x.test"));
    let as_before = owner(&cache, owned, Side::Ghl);
    assert_eq!(as_before.as_deref(), Some("user:u1"));
    let linked = cache.store.linked(owned).unwrap().unwrap();
    let city = linked
        .ends
        .growbots
        .live()
        .unwrap()
        .record
        .get(&FieldName::City)
        .cloned();
    assert_eq!(city, text("user:u1"), "another field is no user");

    // The next read says the same, and is no news.
    let again = [
        (FieldName::Owner, "ida@x.test"),
        (FieldName::City, "user:u1"),
    ];
    let mut read = contact(Side::Growbots, "b1", &again);
    read.external_id = None;
    let seen = cache.store.put_found(cache.fence, &read).unwrap();
    assert_eq!(seen.seen, crate::store::SeenAs::Same);

    cache
        .store
        .touch_naming(cache.fence, &[FieldName::Owner])
        .unwrap();
    assert_eq!(cache.dirty(Kind::Contact), [owned, other]);
    assert!(!cache.dirty(Kind::Contact).contains(&nobodys));
}
