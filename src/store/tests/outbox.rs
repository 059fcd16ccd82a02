use super::{Cache, PASS, START, contact, create, id, outcome, task, text, update};
use crate::model::{
    BySide, End, ErrorState, Exchange, Failure, FieldName, IntentId, IntentState, Kind, LinkId,
    LinkState, Millis, Op, Parked, Reason, Side, Snapshot, Tombstone, Write,
};
use crate::store::LinkOutcome;

fn intend(cache: &mut Cache, write: &Write) -> IntentId {
    cache.store.intend(cache.fence, PASS, write).unwrap()
}

fn open(cache: &Cache) -> Vec<(IntentId, IntentState)> {
    let open = cache.store.open_intents().unwrap();
    open.into_iter()
        .map(|intent| (intent.id, intent.state))
        .collect()
}

fn failure(pattern: &str, link: Option<LinkId>) -> Failure {
    Failure {
        pattern: pattern.into(),
        side: Some(Side::Ghl),
        operation: "PUT /contacts/{contactId}".into(),
        status: Some(422),
        message: "GHL refused `phone`".into(),
        link,
        next_retry_at: None,
    }
}

fn parked() -> Parked {
    Parked {
        field: FieldName::FirstName,
        side: Side::Ghl,
        seen: BySide {
            ghl: None,
            growbots: text("Ann"),
        },
        why: "refused".into(),
    }
}

#[test]
fn an_intent_goes_from_planned_to_confirmed_and_is_logged() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let write = update(link, Side::Ghl, "g1", "", "Ann");
    let intent = intend(&mut cache, &write);
    assert_eq!(cache.state(link), LinkState::Waiting);
    cache.clock.advance(7);
    cache
        .store
        .mark_sending(cache.fence, intent, &[id("x")])
        .unwrap();
    let sending = cache.store.open_intents().unwrap().remove(0);
    assert_eq!((sending.state, sending.attempt), (IntentState::Sending, 1));
    assert_eq!(sending.sent_at, Some(START.plus(7)));
    assert_eq!(sending.sent_ticks, Some(cache.clock.ticks()));
    assert_eq!(sending.siblings, [id("x")]);
    cache.store.mark_unknown(cache.fence, intent).unwrap();
    cache.store.mark_planned(cache.fence, intent).unwrap();
    cache.store.mark_sending(cache.fence, intent, &[]).unwrap();
    let again = cache.store.open_intents().unwrap().remove(0);
    assert_eq!((again.attempt, &again.key), (2, &sending.key));

    let read_back = Snapshot {
        updated_at: Some(START.plus(8)),
        ..contact(Side::Ghl, "g1", &[(FieldName::FirstName, "Ann")])
    };
    cache
        .store
        .confirm(cache.fence, PASS, intent, Some(&read_back), 2, &[])
        .unwrap();
    assert!(open(&cache).is_empty());
    let linked = cache.store.linked(link).unwrap().unwrap();
    assert_eq!(linked.ends.ghl, End::Live(read_back));
    assert_eq!(cache.dirty(Kind::Contact), [link]);
    let line = cache.reader().log(None, 1).unwrap().remove(0);
    assert_eq!(
        (line.op.as_str(), line.cause.as_str()),
        ("update", "edit in Growbots")
    );
    assert_eq!((line.fields, line.requests), (write.fields, 2));
    assert_eq!((line.title.as_str(), line.side), ("Ann", Some(Side::Ghl)));
    let late = cache.store.mark_sending(cache.fence, intent, &[]);
    assert!(!late.unwrap(), "it is final, and must not be sent again");
}

#[test]
fn what_was_sent_for_a_line_is_read_with_it_and_goes_after_a_week() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let heard = |request: &str, status| Exchange {
        at: START,
        took_ms: 118,
        request: request.into(),
        condition: Some("\"41\"".into()),
        sent: Some(r#"{"firstName":"Ann"}"#.into()),
        status,
        tag: None,
        answer: status.map(|_| "{}".into()),
    };
    let two = [
        heard("PUT /contacts/g1", None),
        heard("PUT /contacts/g1", Some(200)),
    ];
    let intent = intend(&mut cache, &update(link, Side::Ghl, "g1", "", "Ann"));
    let read_back = contact(Side::Ghl, "g1", &[(FieldName::FirstName, "Ann")]);
    cache
        .store
        .confirm(cache.fence, PASS, intent, Some(&read_back), 2, &two)
        .unwrap();
    let refused = intend(&mut cache, &update(link, Side::Ghl, "g1", "Ann", "Anne"));
    let one = [heard("PUT /contacts/g1", Some(422))];
    cache
        .store
        .refuse(
            cache.fence,
            PASS,
            refused,
            &failure("p", Some(link)),
            &[parked()],
            &one,
        )
        .unwrap();
    let lines = cache.reader().log(None, 2).unwrap();
    assert_eq!(cache.reader().exchanges(lines[1].id).unwrap(), two);
    assert_eq!(cache.reader().exchanges(lines[0].id).unwrap(), one);
    let week = 7 * 86_400_000;
    cache.clock.advance(week);
    cache.store.prune(cache.fence, Millis(0)).unwrap();
    assert_eq!(
        cache.reader().exchanges(lines[0].id).unwrap(),
        one,
        "a week"
    );
    cache.clock.advance(1);
    cache.store.prune(cache.fence, Millis(0)).unwrap();
    assert_eq!(cache.reader().exchanges(lines[0].id).unwrap(), []);
    assert_eq!(cache.reader().log(None, 2).unwrap(), lines, "the log stays");
}

#[test]
fn a_pass_that_begins_has_nothing_on_its_way() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let intent = intend(&mut cache, &update(link, Side::Ghl, "g1", "", "Ann"));
    cache.store.mark_sending(cache.fence, intent, &[]).unwrap();
    cache.store.begin_pass(cache.fence, "poll").unwrap();
    assert_eq!(open(&cache), [(intent, IntentState::Unknown)]);
}

#[test]
fn keys_are_unique_over_databases() {
    let keys: Vec<String> = (0..2)
        .map(|_| {
            let mut cache = Cache::new();
            let link = cache.pair("g1", "b1", &[]);
            intend(&mut cache, &create(link, Side::Ghl));
            cache.store.open_intents().unwrap().remove(0).key
        })
        .collect();
    assert_ne!(keys[0], keys[1]);
    assert!(keys.iter().all(|key| key.ends_with("-1")), "{keys:?}");
}

#[test]
fn intents_are_sent_parents_first_and_deleted_children_first() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let write = |kind, op| Write {
        kind,
        op,
        ..create(link, Side::Ghl)
    };
    let wanted = [
        (Kind::Contact, Op::Create),
        (Kind::Contact, Op::Update),
        (Kind::Task, Op::Create),
        (Kind::Note, Op::Update),
        (Kind::Task, Op::Delete),
        (Kind::Contact, Op::Delete),
    ];
    for (kind, op) in wanted.iter().rev() {
        intend(&mut cache, &write(*kind, *op));
    }
    let open = cache.reader().open_intents().unwrap();
    let order: Vec<_> = open
        .iter()
        .map(|intent| (intent.write.kind, intent.write.op))
        .collect();
    assert_eq!(order, wanted);
}

#[test]
fn a_merge_replaces_planned_intents_and_keeps_those_that_are_still_wanted() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let (old, kept) = (
        update(link, Side::Ghl, "g1", "", "Ann"),
        update(link, Side::Growbots, "b1", "", "Ann"),
    );
    let new = update(link, Side::Ghl, "g1", "", "Anna");
    cache.commit(LinkOutcome {
        writes: vec![old, kept.clone()],
        ..outcome(link)
    });
    let before = open(&cache);
    cache.commit(LinkOutcome {
        writes: vec![new.clone(), kept],
        ..outcome(link)
    });
    let after = cache.store.open_intents().unwrap();
    assert_eq!(after.len(), 2);
    assert_eq!(after[0].id, before[1].0);
    assert_eq!(after[1].write, new);
}

#[test]
fn while_an_answer_is_unknown_no_write_to_that_side_is_added_and_the_link_stays_dirty() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let sent = intend(&mut cache, &update(link, Side::Ghl, "g1", "", "Ann"));
    cache.store.mark_sending(cache.fence, sent, &[]).unwrap();
    cache.store.mark_unknown(cache.fence, sent).unwrap();
    let other = update(link, Side::Growbots, "b1", "", "Ann");
    cache.commit(LinkOutcome {
        writes: vec![update(link, Side::Ghl, "g1", "", "Anna"), other.clone()],
        ..outcome(link)
    });
    let open = cache.store.open_intents().unwrap();
    assert_eq!(open.len(), 2);
    assert_eq!((open[0].id, &open[1].write), (sent, &other));
    // it is dirty, and not looked at before the answer is known
    assert!(cache.dirty(Kind::Contact).is_empty());
    cache.store.supersede(cache.fence, sent).unwrap();
    assert_eq!(cache.dirty(Kind::Contact), [link]);
}

#[test]
fn a_created_record_becomes_the_missing_end_also_when_it_was_pulled_meanwhile() {
    for pulled in [false, true] {
        let mut cache = Cache::new();
        let link = cache.put(&contact(
            Side::Growbots,
            "b1",
            &[(FieldName::FirstName, "Ann")],
        ));
        let intent = intend(&mut cache, &create(link, Side::Ghl));
        cache.store.mark_sending(cache.fence, intent, &[]).unwrap();
        let made = contact(Side::Ghl, "g9", &[(FieldName::FirstName, "Ann")]);
        let child = cache.put(&task(Side::Ghl, "t1", "g9", "call"));
        if pulled {
            assert_ne!(cache.put(&made), link);
        }
        cache
            .store
            .confirm(cache.fence, PASS, intent, Some(&made), 1, &[])
            .unwrap();
        let linked = cache.store.linked(link).unwrap().unwrap();
        assert_eq!(linked.ends.ghl, End::Live(made), "pulled {pulled}");
        let totals = cache.reader().totals().unwrap();
        assert_eq!(totals.links[&Kind::Contact], 1, "pulled {pulled}");
        let child = cache.store.linked(child).unwrap().unwrap();
        assert_eq!(child.parent, Some(link), "pulled {pulled}");
    }
}

#[test]
fn a_created_record_that_is_linked_elsewhere_by_now_is_for_an_operator() {
    let mut cache = Cache::new();
    let elsewhere = cache.pair("g9", "b9", &[]);
    let link = cache.put(&contact(Side::Growbots, "b1", &[]));
    let intent = intend(&mut cache, &create(link, Side::Ghl));
    let made = contact(Side::Ghl, "g9", &[]);
    cache
        .store
        .confirm(cache.fence, PASS, intent, Some(&made), 1, &[])
        .unwrap();
    let conflict = cache.reader().conflicts(9).unwrap().remove(0);
    assert_eq!((conflict.link, conflict.reason), (link, Reason::Duplicate));
    assert_eq!(conflict.candidates[0].link, Some(elsewhere));
}

#[test]
fn a_create_on_its_way_follows_its_link_into_another_and_is_not_sent_again() {
    for happened in [true, false] {
        let mut cache = Cache::new();
        let growbots = cache.put(&contact(Side::Growbots, "b1", &[]));
        let sent = intend(&mut cache, &create(growbots, Side::Ghl));
        cache.store.mark_sending(cache.fence, sent, &[]).unwrap();
        cache.store.mark_unknown(cache.fence, sent).unwrap();
        let made = contact(Side::Ghl, "g1", &[]);
        let ghl = cache.put(&made);
        cache
            .store
            .join(cache.fence, PASS, ghl, growbots, "alike")
            .unwrap();
        assert_eq!(cache.store.open_intents().unwrap()[0].write.link, ghl);
        if happened {
            cache
                .store
                .confirm(cache.fence, PASS, sent, Some(&made), 1, &[])
                .unwrap();
        } else {
            cache.store.mark_planned(cache.fence, sent).unwrap();
        }
        assert!(open(&cache).is_empty(), "happened {happened}");
        assert_eq!(cache.state(ghl), LinkState::InStep, "happened {happened}");
    }
}

#[test]
fn a_second_record_that_was_made_after_all_is_for_an_operator() {
    let mut cache = Cache::new();
    let link = cache.put(&contact(Side::Growbots, "b1", &[]));
    let sent = intend(&mut cache, &create(link, Side::Ghl));
    cache.store.mark_sending(cache.fence, sent, &[]).unwrap();
    let ghl = cache.put(&contact(Side::Ghl, "g1", &[]));
    cache
        .store
        .join(cache.fence, PASS, ghl, link, "alike")
        .unwrap();
    let second = contact(Side::Ghl, "g2", &[]);
    cache
        .store
        .confirm(cache.fence, PASS, sent, Some(&second), 1, &[])
        .unwrap();
    let linked = cache.store.linked(ghl).unwrap().unwrap();
    assert_eq!(linked.ends.ghl.live().unwrap().id, id("g1"));
    let conflict = cache.reader().conflicts(9).unwrap().remove(0);
    assert_eq!((conflict.link, conflict.reason), (ghl, Reason::Duplicate));
    assert_eq!(
        conflict.candidates[0].link,
        cache.reader().find("g2").unwrap()
    );
}

#[test]
fn a_write_that_ends_after_its_link_was_forgotten_is_still_logged() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let sent = intend(&mut cache, &update(link, Side::Ghl, "g1", "", "Ann"));
    cache.store.mark_sending(cache.fence, sent, &[]).unwrap();
    cache
        .store
        .forget_link(cache.fence, PASS, link, "gone")
        .unwrap();
    cache.store.mark_unknown(cache.fence, sent).unwrap();
    cache.store.supersede(cache.fence, sent).unwrap();
    cache
        .store
        .confirm(cache.fence, PASS, sent, None, 1, &[])
        .unwrap();
    let ops: Vec<_> = cache.told().into_iter().map(|(op, _)| op).collect();
    assert_eq!(ops, ["link", "unlink", "update"]);
}

#[test]
fn a_made_again_record_replaces_the_gone_one_which_does_not_come_back() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let ghost = contact(Side::Ghl, "g1", &[]);
    cache.gone(Side::Ghl, Kind::Contact, "g1", &Tombstone::default());
    let intent = intend(&mut cache, &create(link, Side::Ghl));
    let made = contact(Side::Ghl, "g2", &[]);
    cache
        .store
        .confirm(cache.fence, PASS, intent, Some(&made), 1, &[])
        .unwrap();
    let linked = cache.store.linked(link).unwrap().unwrap();
    assert_eq!(linked.ends.ghl, End::Live(made));
    cache.put(&ghost);
    assert_eq!(cache.reader().totals().unwrap().links[&Kind::Contact], 1);
}

#[test]
fn a_confirmed_delete_leaves_the_end_gone() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let write = Write {
        op: Op::Delete,
        fields: vec![],
        ..update(link, Side::Ghl, "g1", "", "")
    };
    let intent = intend(&mut cache, &write);
    cache
        .store
        .confirm(cache.fence, PASS, intent, None, 1, &[])
        .unwrap();
    assert!(
        cache
            .store
            .linked(link)
            .unwrap()
            .unwrap()
            .ends
            .ghl
            .is_gone()
    );
    assert_eq!(cache.state(link), LinkState::OneSide);
}

#[test]
fn a_refused_write_is_parked_counted_and_closed_by_a_later_success() {
    let mut cache = Cache::new();
    let links: Vec<LinkId> = ["1", "2"]
        .iter()
        .map(|n| cache.pair(&format!("g{n}"), &format!("b{n}"), &[]))
        .collect();
    for link in &links {
        for _ in 0..2 {
            let intent = intend(&mut cache, &update(*link, Side::Ghl, "g", "", "Ann"));
            cache
                .store
                .refuse(
                    cache.fence,
                    PASS,
                    intent,
                    &failure("p", Some(*link)),
                    &[parked()],
                    &[],
                )
                .unwrap();
        }
    }
    let row = cache.reader().errors(9).unwrap().remove(0);
    assert_eq!((row.state, row.count), (ErrorState::Open, 2));
    assert_eq!(row.last, failure("p", Some(links[1])));
    assert_eq!(cache.state(links[0]), LinkState::Error);
    let detail = cache.reader().detail(links[0]).unwrap().unwrap();
    assert_eq!(detail.linked.parked, [parked()]);
    assert_eq!(detail.held[0].field, FieldName::FirstName);
    assert_eq!(cache.reader().totals().unwrap().errors_open, 1);
    assert!(
        cache
            .told()
            .contains(&("refused".into(), "GHL refused `phone`".into()))
    );

    // the value is given up: no write, and the trouble of that record is over
    cache.commit(LinkOutcome {
        drop_parked: vec![FieldName::FirstName],
        ..outcome(links[0])
    });
    assert_eq!(cache.reader().errors(9).unwrap()[0].count, 1);
    // the other is written after all
    cache.commit(LinkOutcome {
        drop_parked: vec![FieldName::FirstName],
        writes: vec![update(links[1], Side::Ghl, "g2", "", "Ann")],
        ..outcome(links[1])
    });
    assert_eq!(cache.reader().errors(9).unwrap().len(), 1);
    let intent = open(&cache)[0].0;
    let read_back = contact(Side::Ghl, "g2", &[(FieldName::FirstName, "Ann")]);
    cache
        .store
        .confirm(cache.fence, PASS, intent, Some(&read_back), 1, &[])
        .unwrap();
    assert!(cache.reader().errors(9).unwrap().is_empty());
    assert_eq!(cache.reader().totals().unwrap().errors_open, 0);
    assert_eq!(cache.state(links[1]), LinkState::InStep);
}

#[test]
fn errors_are_muted_skipped_retried_and_settled() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let intent = intend(&mut cache, &update(link, Side::Ghl, "g1", "", "Ann"));
    cache
        .store
        .refuse(
            cache.fence,
            PASS,
            intent,
            &failure("p", Some(link)),
            &[parked()],
            &[],
        )
        .unwrap();
    cache.commit(outcome(link));
    let error = cache.reader().errors(9).unwrap()[0].id;
    for state in [ErrorState::Muted, ErrorState::Skipped] {
        cache
            .store
            .set_error_state(cache.fence, error, state, "dana", None)
            .unwrap();
        assert_eq!(cache.reader().errors(9).unwrap()[0].state, state);
        assert_eq!(cache.reader().totals().unwrap().errors_open, 0);
        assert!(cache.dirty(Kind::Contact).is_empty());
    }
    cache
        .store
        .set_error_state(cache.fence, error, ErrorState::Open, "dana", None)
        .unwrap();
    assert_eq!(cache.dirty(Kind::Contact), [link]);
    assert!(cache.store.linked(link).unwrap().unwrap().parked.is_empty());

    let pull = cache
        .store
        .raise(cache.fence, &failure("pull", None))
        .unwrap();
    assert_ne!(pull, error);
    cache.store.settle(cache.fence, "pull").unwrap();
    cache.store.settle(cache.fence, "never raised").unwrap();
    assert_eq!(cache.reader().errors(9).unwrap().len(), 1);
    assert_eq!(
        cache
            .store
            .raise(cache.fence, &failure("pull", None))
            .unwrap(),
        pull
    );
    assert_eq!(cache.reader().totals().unwrap().errors_open, 2);
}
