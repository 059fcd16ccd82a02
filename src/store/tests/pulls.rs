use super::{Cache, PASS, START, contact, create, id, outcome, record, snapshot, task};
use crate::model::{End, FieldName, Kind, LinkId, LinkState, RecordId, Side, Snapshot, Tombstone};
use crate::store::{Known, LinkOutcome, Lookup, SeenAs};

fn seen(cache: &mut Cache, snapshot: &Snapshot) -> SeenAs {
    let seen = cache
        .store
        .put_snapshots(cache.fence, std::slice::from_ref(snapshot));
    seen.unwrap()[0].seen
}

fn clean(cache: &mut Cache, link: LinkId) {
    cache.commit(outcome(link));
}

#[test]
fn a_record_is_new_then_the_same_then_changed() {
    let mut cache = Cache::new();
    let first = contact(Side::Ghl, "g1", &[(FieldName::FirstName, "Ann")]);
    assert_eq!(seen(&mut cache, &first), SeenAs::New);
    let link = cache.dirty(Kind::Contact)[0];
    clean(&mut cache, link);
    let later = Snapshot {
        updated_at: Some(START.plus(1)),
        raw: "{}".into(),
        ..first.clone()
    };
    assert_eq!(seen(&mut cache, &later), SeenAs::Same);
    assert!(cache.dirty(Kind::Contact).is_empty());
    let stored = cache.store.linked(link).unwrap().unwrap();
    assert_eq!(stored.ends.ghl, End::Live(later.clone()));
    for changed in [
        Snapshot {
            record: record(&[(FieldName::FirstName, "Anna")]),
            ..later.clone()
        },
        Snapshot {
            external_id: Some("x".into()),
            ..later.clone()
        },
        Snapshot {
            parent: Some("p".into()),
            ..later.clone()
        },
    ] {
        assert_eq!(seen(&mut cache, &changed), SeenAs::Changed, "{changed:?}");
        assert_eq!(cache.dirty(Kind::Contact), [link]);
        clean(&mut cache, link);
    }
}

#[test]
fn what_is_older_is_stale_by_version_or_by_time() {
    let at = |side, version: Option<&str>, ms| Snapshot {
        version: version.map(Into::into),
        updated_at: Some(START.plus(ms)),
        ..contact(
            side,
            "r1",
            &[(FieldName::FirstName, &format!("{version:?}{ms}"))],
        )
    };
    for (stored, new, want) in [
        (
            at(Side::Ghl, None, 5),
            at(Side::Ghl, None, 4),
            SeenAs::Stale,
        ),
        (
            at(Side::Ghl, None, 5),
            at(Side::Ghl, None, 6),
            SeenAs::Changed,
        ),
        (
            at(Side::Growbots, Some("10"), 5),
            at(Side::Growbots, Some("9"), 6),
            SeenAs::Stale,
        ),
        (
            at(Side::Growbots, Some("9"), 5),
            at(Side::Growbots, Some("10"), 4),
            SeenAs::Changed,
        ),
    ] {
        let mut cache = Cache::new();
        seen(&mut cache, &stored);
        assert_eq!(seen(&mut cache, &new), want, "{new:?} over {stored:?}");
    }
}

#[test]
fn a_late_page_does_not_bring_a_deleted_record_back_but_a_restore_does() {
    let mut cache = Cache::new();
    let alive = contact(Side::Growbots, "b1", &[(FieldName::FirstName, "Ann")]);
    let link = cache.put(&alive);
    clean(&mut cache, link);
    let gone =
        |cache: &mut Cache| cache.gone(Side::Growbots, Kind::Contact, "b1", &Tombstone::default());
    assert_eq!(gone(&mut cache), Some(link));
    assert_eq!(gone(&mut cache), None);
    assert_eq!(cache.dirty(Kind::Contact), [link]);
    assert_eq!(seen(&mut cache, &alive), SeenAs::Stale);
    let ends = |cache: &Cache| cache.store.linked(link).unwrap().unwrap().ends;
    assert!(ends(&cache).growbots.is_gone());
    cache.store.put_found(cache.fence, &alive).unwrap();
    assert!(
        ends(&cache).growbots.live().is_some(),
        "a read by id knows better"
    );
    gone(&mut cache);

    cache
        .store
        .forget_link(cache.fence, PASS, link, "deleted")
        .unwrap();
    assert_eq!(cache.store.linked(link).unwrap(), None);
    assert_eq!(seen(&mut cache, &alive), SeenAs::Stale);

    let restored = Snapshot {
        version: Some("2".into()),
        ..alive
    };
    assert_eq!(seen(&mut cache, &restored), SeenAs::New);
}

#[test]
fn a_delete_that_was_taken_back_before_it_is_told_takes_nothing_along() {
    let stone = |version: &str, ms| Tombstone {
        version: Some(version.into()),
        updated_at: Some(START.plus(ms)),
        deleted_at: Some(START.plus(ms)),
        ..Tombstone::default()
    };
    let growbots = |snapshot: Snapshot, version: &str, ms| Snapshot {
        version: Some(version.into()),
        updated_at: Some(START.plus(ms)),
        ..snapshot
    };
    for (lead, told, is_gone) in [("1", "2", true), ("3", "2", false), ("3", "4", true)] {
        let mut cache = Cache::new();
        let lead = growbots(contact(Side::Growbots, "b1", &[]), lead, 0);
        let parent = cache.put(&lead);
        let old = cache.put(&growbots(task(Side::Growbots, "t1", "b1", "call"), "1", 0));
        let new = cache.put(&growbots(task(Side::Growbots, "t2", "b1", "write"), "1", 9));
        cache.gone(Side::Growbots, Kind::Contact, "b1", &stone(told, 5));
        let gone = |link| {
            let linked = cache.store.linked(link).unwrap().unwrap();
            linked.ends.growbots.is_gone()
        };
        let got = [gone(parent), gone(old), gone(new)];
        assert_eq!(got, [is_gone, is_gone, false], "{lead:?}, told {told}");
        let late = growbots(lead.clone(), told, 5);
        assert_ne!(
            seen(&mut cache, &late),
            SeenAs::Changed,
            "{told} is that of the delete"
        );
    }
}

#[test]
fn a_newer_version_of_a_gone_end_is_live_again() {
    let mut cache = Cache::new();
    let alive = contact(Side::Ghl, "g1", &[]);
    let link = cache.put(&alive);
    cache.gone(Side::Ghl, Kind::Contact, "g1", &Tombstone::default());
    clean(&mut cache, link);
    let newer = Snapshot {
        updated_at: Some(START.plus(1)),
        ..alive
    };
    assert_eq!(seen(&mut cache, &newer), SeenAs::Changed);
    assert_eq!(cache.dirty(Kind::Contact), [link]);
    let stored = cache.store.linked(link).unwrap().unwrap();
    assert_eq!(stored.ends.ghl, End::Live(newer));
}

#[test]
fn children_find_their_contact_whichever_comes_first() {
    let mut cache = Cache::new();
    let early = cache.put(&task(Side::Ghl, "t1", "g1", "call"));
    assert_eq!(cache.store.linked(early).unwrap().unwrap().parent, None);
    let parent = cache.put(&contact(Side::Ghl, "g1", &[(FieldName::LastName, "Lee")]));
    let late = cache.put(&task(Side::Ghl, "t2", "g1", "write"));
    let children = cache.store.children(Kind::Task, parent).unwrap();
    let links: Vec<_> = children.iter().map(|child| child.id).collect();
    assert_eq!(links, [early, late]);
    let rows = cache.reader().tasks(
        &crate::store::TaskQuery::default(),
        None,
        crate::model::Direction::Forward,
        10,
    );
    let names: Vec<_> = rows
        .unwrap()
        .into_iter()
        .map(|row| (row.contact, row.contact_name))
        .collect();
    assert_eq!(names, vec![(Some(parent), "Lee".to_owned()); 2]);
}

#[test]
fn joining_moves_the_end_and_the_children_and_leaves_one_link() {
    let mut cache = Cache::new();
    let ghl = cache.put(&contact(Side::Ghl, "g1", &[(FieldName::LastName, "Lee")]));
    let growbots = cache.put(&contact(Side::Growbots, "b1", &[]));
    let child = cache.put(&task(Side::Growbots, "t1", "b1", "call"));
    let unlinked = |cache: &Cache, kind, side| {
        let found = cache.store.unlinked(kind, side, LinkId(0), 10).unwrap();
        found
            .into_iter()
            .map(|linked| linked.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(unlinked(&cache, Kind::Contact, Side::Ghl), [ghl]);
    assert_eq!(unlinked(&cache, Kind::Contact, Side::Growbots), [growbots]);
    assert!(unlinked(&cache, Kind::Task, Side::Growbots).is_empty());
    let planned = create(growbots, Side::Ghl);
    cache.store.intend(cache.fence, PASS, &planned).unwrap();
    cache
        .store
        .join(cache.fence, PASS, ghl, growbots, "same e-mail")
        .unwrap();
    assert_eq!(cache.store.linked(growbots).unwrap(), None);
    let linked = cache.store.linked(ghl).unwrap().unwrap();
    assert!(linked.ends.ghl.live().is_some() && linked.ends.growbots.live().is_some());
    assert_eq!(
        cache.store.linked(child).unwrap().unwrap().parent,
        Some(ghl)
    );
    assert_eq!(unlinked(&cache, Kind::Task, Side::Growbots), [child]);
    assert!(unlinked(&cache, Kind::Contact, Side::Ghl).is_empty());
    assert!(cache.store.open_intents().unwrap().is_empty());
    assert!(
        cache
            .told()
            .contains(&("link".into(), "same e-mail".into()))
    );
    assert_eq!(cache.state(ghl), LinkState::InStep);
    assert_eq!(cache.names(&super::search("")), ["Lee"]);
}

#[test]
fn look_ups_find_live_records_by_each_key() {
    let mut cache = Cache::new();
    let fields = [
        (FieldName::Email, "a@x.test"),
        (FieldName::Phone, "+15550100"),
    ];
    let stamped = Snapshot {
        external_id: Some("g1".into()),
        ..contact(Side::Growbots, "b1", &fields)
    };
    let link = cache.put(&stamped);
    cache.put(&contact(Side::Ghl, "g1", &fields));
    for by in [
        Lookup::Id(&id("b1")),
        Lookup::External(&id("g1")),
        Lookup::Email("a@x.test"),
        Lookup::Phone("+15550100"),
    ] {
        let found = cache
            .store
            .lookup(Side::Growbots, Kind::Contact, by)
            .unwrap();
        assert_eq!(found.len(), 1, "{by:?}");
        assert_eq!((found[0].link, found[0].linked), (link, false), "{by:?}");
        assert_eq!(found[0].external_id, Some(id("g1")), "{by:?}");
    }
    cache.gone(Side::Growbots, Kind::Contact, "b1", &Tombstone::default());
    let by = Lookup::Email("a@x.test");
    let found = cache
        .store
        .lookup(Side::Growbots, Kind::Contact, by)
        .unwrap();
    assert!(found.is_empty());
}

#[test]
fn a_sweep_finds_what_it_did_not_meet() {
    let mut cache = Cache::new();
    for name in ["g1", "g2", "g3"] {
        cache.put(&contact(Side::Ghl, name, &[]));
    }
    let begun = START.plus(1);
    cache.clock.advance(2);
    cache.put(&contact(Side::Ghl, "g4", &[]));
    cache
        .store
        .mark_swept(cache.fence, Side::Ghl, Kind::Contact, &[id("g1")], 1)
        .unwrap();
    let ignored = cache.reader().find("g3").unwrap().unwrap();
    cache.store.set_ignored(cache.fence, ignored, true).unwrap();
    let missing = cache
        .store
        .unswept(Side::Ghl, Kind::Contact, 1, begun, 10)
        .unwrap();
    let ids: Vec<RecordId> = missing.into_iter().map(|snapshot| snapshot.id).collect();
    assert_eq!(ids, [id("g2")]);
}

#[test]
fn ignored_links_are_left_out_and_dirty_when_taken_up_again() {
    let mut cache = Cache::new();
    let link = cache.put(&contact(Side::Ghl, "g1", &[]));
    cache.store.set_ignored(cache.fence, link, true).unwrap();
    assert_eq!(cache.state(link), LinkState::Ignored);
    assert!(cache.dirty(Kind::Contact).is_empty());
    let lonely = cache
        .store
        .unlinked(Kind::Contact, Side::Ghl, LinkId(0), 10)
        .unwrap();
    assert!(lonely.is_empty());
    cache.commit(outcome(link));
    cache.store.set_ignored(cache.fence, link, false).unwrap();
    assert_eq!(cache.dirty(Kind::Contact), [link]);
    assert_eq!(cache.state(link), LinkState::OneSide);
}

#[test]
fn a_text_names_a_link_by_link_id_then_ghl_id_then_growbots_id() {
    let mut cache = Cache::new();
    let first = cache.put(&contact(Side::Growbots, "x", &[]));
    let second = cache.put(&contact(Side::Ghl, "x", &[]));
    let third = cache.put(&snapshot(Side::Ghl, Kind::Note, "1", &[]));
    let reader = cache.reader();
    for (text, want) in [
        (first.to_string(), Some(first)),
        ("x".into(), Some(second)),
        ("1".into(), Some(LinkId(1))),
        (" 99 ".into(), None),
    ] {
        assert_eq!(reader.find(&text).unwrap(), want, "{text}");
    }
    assert_ne!(third, LinkId(1));
}

#[test]
fn the_base_is_what_was_committed() {
    let mut cache = Cache::new();
    let link = cache.put(&contact(Side::Ghl, "g1", &[]));
    let base = record(&[(FieldName::Tags, "a, b"), (FieldName::DoNotContact, "yes")]);
    cache.commit(LinkOutcome {
        base: Some(base.clone()),
        ..outcome(link)
    });
    assert_eq!(cache.store.linked(link).unwrap().unwrap().base, Some(base));
    cache.commit(outcome(link));
    assert_eq!(cache.store.linked(link).unwrap().unwrap().base, None);
}

#[test]
fn a_contact_that_changes_twice_in_one_page_is_found_by_its_last_name() {
    let mut cache = Cache::new();
    let version = |name: &str, ms| Snapshot {
        updated_at: Some(START.plus(ms)),
        ..contact(Side::Ghl, "g1", &[(FieldName::FirstName, name)])
    };
    cache.put(&version("Anna", 0));
    let page = [version("Berta", 1), version("Clara", 2)];
    cache.store.put_snapshots(cache.fence, &page).unwrap();
    for (words, found) in [("anna", 0), ("berta", 0), ("clara", 1)] {
        assert_eq!(cache.names(&super::search(words)).len(), found, "{words}");
    }
}

#[test]
fn what_belongs_to_a_contact_goes_with_it_and_is_dropped_with_it() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let on_ghl = cache.put(&task(Side::Ghl, "t1", "g1", "Call"));
    let on_growbots = cache.put(&task(Side::Growbots, "t2", "b1", "Write"));
    cache.gone(Side::Ghl, Kind::Contact, "g1", &Tombstone::default());
    let end = |cache: &Cache, link, side| {
        let linked = cache.store.linked(link).unwrap().unwrap();
        linked.ends.get(side).clone()
    };
    assert!(end(&cache, on_ghl, Side::Ghl).is_gone());
    assert!(
        end(&cache, on_growbots, Side::Growbots).live().is_some(),
        "of the other side"
    );
    cache.store.drop_end(cache.fence, link, Side::Ghl).unwrap();
    for link in [link, on_ghl] {
        assert_eq!(end(&cache, link, Side::Ghl), End::Missing);
    }
}

#[test]
fn a_row_of_a_record_that_is_gone_is_news_only_if_it_is_later() {
    let mut cache = Cache::new();
    let row = |ms| Snapshot {
        updated_at: Some(START.plus(ms)),
        ..contact(Side::Ghl, "g1", &[])
    };
    let known = |cache: &Cache, ms| cache.store.known([&row(ms)]).unwrap()[0];
    assert_eq!(known(&cache, 0), Known::Never);
    let link = cache.put(&row(0));
    assert_eq!(known(&cache, 1), Known::Nothing, "live, and the same");
    cache.gone(Side::Ghl, Kind::Contact, "g1", &Tombstone::default());
    for forgotten in [false, true] {
        if forgotten {
            cache
                .store
                .forget_link(cache.fence, PASS, link, "gone")
                .unwrap();
        }
        assert_eq!(known(&cache, 0), Known::Nothing, "{forgotten}");
        assert_eq!(known(&cache, 1), Known::News, "{forgotten}");
    }
}

#[test]
fn a_record_that_was_listed_and_is_not_there_is_remembered_unless_it_is_known() {
    let mut cache = Cache::new();
    let row = task(Side::Ghl, "t1", "g1", "Call");
    let known = |cache: &Cache, row| cache.store.known([row]).unwrap()[0];
    assert_eq!(
        known(&cache, &row),
        Known::News,
        "never met, nor its contact"
    );
    cache.store.entomb(cache.fence, &row).unwrap();
    assert_eq!(known(&cache, &row), Known::Nothing);
    let live = task(Side::Ghl, "t2", "g1", "Write");
    cache.put(&live);
    cache.store.entomb(cache.fence, &live).unwrap();
    assert_eq!(known(&cache, &live), Known::Nothing);
    let other = task(Side::Ghl, "t2", "g1", "Call");
    assert_eq!(known(&cache, &other), Known::News, "other fields");
    let moved = task(Side::Ghl, "t2", "g2", "Write");
    assert_eq!(known(&cache, &moved), Known::News, "another contact");
}

#[test]
fn a_clock_that_is_set_back_hides_no_record_from_a_sweep() {
    let mut cache = Cache::new();
    cache.put(&contact(Side::Ghl, "g1", &[]));
    cache.clock.advance(-86_400_000);
    let begun = cache.clock.now();
    cache.clock.advance(5);
    cache.put(&contact(Side::Ghl, "g2", &[]));
    let missing = cache
        .store
        .unswept(Side::Ghl, Kind::Contact, 1, begun, 10)
        .unwrap();
    let missing: Vec<&str> = missing.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(missing, ["g1"], "g2 came while the sweep ran");
}
