use super::{Cache, PASS, START, contact, id, outcome, task, text, update};
use crate::model::{
    Answer, BySide, Candidate, Cause, ConflictField, ConflictId, ConflictState, Decided, FieldName,
    Kind, LinkId, LinkState, Reason, Side,
};
use crate::store::{ConflictUpdate, LinkOutcome};

fn field(field: FieldName, ghl: &str, growbots: &str) -> ConflictField {
    ConflictField {
        field,
        base: text("base"),
        ghl: text(ghl),
        growbots: text(growbots),
        newer: None,
    }
}

fn apart(cache: &mut Cache, link: LinkId, fields: &[ConflictField]) {
    cache.commit(LinkOutcome {
        conflict: Some(ConflictUpdate {
            fields: fields.to_vec(),
        }),
        ..outcome(link)
    });
}

fn decided(field: &ConflictField, conflict: ConflictId) -> Decided {
    Decided {
        field: field.field.clone(),
        value: field.ghl.clone(),
        seen: BySide {
            ghl: field.ghl.clone(),
            growbots: field.growbots.clone(),
        },
        cause: Cause::Decision {
            conflict,
            operator: "dana".into(),
            policy: None,
        },
    }
}

fn ops(cache: &Cache) -> Vec<String> {
    cache.told().into_iter().map(|(op, _)| op).collect()
}

#[test]
fn a_field_conflict_opens_moves_is_decided_and_resolved() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[(FieldName::LastName, "Lee")]);
    let email = field(FieldName::Email, "a@x.test", "b@x.test");
    apart(&mut cache, link, std::slice::from_ref(&email));
    let open = cache.reader().conflicts(10).unwrap().remove(0);
    assert_eq!((open.state, open.revision), (ConflictState::Open, 1));
    assert_eq!((open.title.as_str(), open.reason), ("Lee", Reason::Field));
    assert_eq!(open.fields, std::slice::from_ref(&email));
    assert_eq!(cache.state(link), LinkState::Conflict);

    let newer = ConflictField {
        newer: Some(Side::Ghl),
        ..email.clone()
    };
    apart(&mut cache, link, std::slice::from_ref(&newer));
    let same = cache.reader().conflict(open.id).unwrap().unwrap();
    assert_eq!((same.revision, &same.fields[0]), (1, &newer));

    let moved = field(FieldName::Email, "c@x.test", "b@x.test");
    apart(&mut cache, link, std::slice::from_ref(&moved));
    let open = cache.reader().conflict(open.id).unwrap().unwrap();
    assert_eq!(open.revision, 2);

    let value = decided(&moved, open.id);
    cache
        .store
        .decide(
            cache.fence,
            link,
            Some(open.id),
            "dana",
            Some("she called"),
            std::slice::from_ref(&value),
        )
        .unwrap();
    let after = cache.reader().conflict(open.id).unwrap().unwrap();
    assert_eq!(after.state, ConflictState::Decided);
    assert_eq!(after.decided_by.as_deref(), Some("dana"));
    assert_eq!(after.note.as_deref(), Some("she called"));
    assert_eq!(cache.dirty(Kind::Contact), [link]);
    assert_eq!(cache.store.linked(link).unwrap().unwrap().decided, [value]);
    let row = cache.reader().contacts(
        &super::search(""),
        None,
        crate::model::Direction::Forward,
        9,
    );
    assert_eq!(row.unwrap()[0].email, "c@x.test");

    cache.commit(LinkOutcome {
        drop_decided: vec![FieldName::Email],
        ..outcome(link)
    });
    let closed = cache.reader().conflict(open.id).unwrap().unwrap();
    assert_eq!(closed.state, ConflictState::Resolved);
    assert!(cache.reader().conflicts(10).unwrap().is_empty());
    assert_eq!(cache.state(link), LinkState::InStep);
    assert_eq!(ops(&cache), ["link", "conflict", "resolved"]);
    let last = cache.reader().log(None, 1).unwrap().remove(0);
    assert_eq!(last.operator.as_deref(), Some("dana"));
}

#[test]
fn equal_values_close_an_undecided_conflict_as_superseded() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    apart(&mut cache, link, &[field(FieldName::Email, "a", "b")]);
    let open = cache.reader().conflicts(10).unwrap().remove(0);
    cache.commit(outcome(link));
    let closed = cache.reader().conflict(open.id).unwrap().unwrap();
    assert_eq!(closed.state, ConflictState::Superseded);
    assert_eq!(ops(&cache), ["link", "conflict", "superseded"]);
}

#[test]
fn a_decided_conflict_waits_again_only_when_no_decision_of_it_is_left() {
    for (keeps, want) in [(true, ConflictState::Decided), (false, ConflictState::Open)] {
        let mut cache = Cache::new();
        let link = cache.pair("g1", "b1", &[]);
        let email = field(FieldName::Email, "a", "b");
        apart(&mut cache, link, std::slice::from_ref(&email));
        let open = cache.reader().conflicts(10).unwrap().remove(0);
        cache
            .store
            .decide(
                cache.fence,
                link,
                Some(open.id),
                "dana",
                None,
                &[decided(&email, open.id)],
            )
            .unwrap();
        cache.commit(LinkOutcome {
            conflict: Some(ConflictUpdate {
                fields: vec![field(FieldName::Email, "a", "c")],
            }),
            drop_decided: if keeps {
                vec![]
            } else {
                vec![FieldName::Email]
            },
            ..outcome(link)
        });
        let after = cache.reader().conflict(open.id).unwrap().unwrap();
        assert_eq!((after.state, after.revision), (want, 2), "keeps {keeps}");
    }
}

#[test]
fn a_conflict_of_the_record_holds_it_and_its_children_until_it_closes() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let child = cache.put(&task(Side::Ghl, "t1", "g1", "call"));
    let write = update(link, Side::Ghl, "g1", "", "Ann");
    cache.store.intend(cache.fence, PASS, &write).unwrap();
    cache.store.touch(cache.fence, &[link]).unwrap();
    let other = Candidate {
        side: Side::Growbots,
        id: id("b2"),
        title: "Ann".into(),
        link: None,
    };
    let open = |cache: &mut Cache, candidates: &[Candidate]| {
        cache
            .store
            .open_conflict(
                cache.fence,
                PASS,
                link,
                Reason::AmbiguousMatch,
                candidates,
                None,
            )
            .unwrap()
    };
    let conflict = open(&mut cache, std::slice::from_ref(&other));
    assert_eq!(open(&mut cache, std::slice::from_ref(&other)), conflict);
    assert_eq!(
        cache.reader().conflict(conflict).unwrap().unwrap().revision,
        1
    );
    assert_eq!(open(&mut cache, &[]), conflict);
    assert_eq!(
        cache.reader().conflict(conflict).unwrap().unwrap().revision,
        2
    );
    assert!(cache.store.open_intents().unwrap().is_empty());
    assert!(cache.dirty(Kind::Contact).is_empty());
    assert!(cache.dirty(Kind::Task).is_empty());
    let lonely = cache
        .store
        .unlinked(Kind::Task, Side::Ghl, LinkId(0), 10)
        .unwrap();
    assert!(lonely.is_empty());

    cache
        .store
        .close_conflict(
            cache.fence,
            PASS,
            conflict,
            ConflictState::Resolved,
            "separate",
        )
        .unwrap();
    assert_eq!(cache.dirty(Kind::Contact), [link]);
    assert_eq!(cache.dirty(Kind::Task), [child]);
    assert_eq!(ops(&cache), ["link", "conflict", "resolved"]);
}

#[test]
fn joining_supersedes_the_conflicts_of_the_link_that_goes() {
    let mut cache = Cache::new();
    let ghl = cache.put(&contact(Side::Ghl, "g1", &[]));
    let growbots = cache.put(&contact(Side::Growbots, "b1", &[]));
    let conflict = cache
        .store
        .open_conflict(cache.fence, PASS, growbots, Reason::Duplicate, &[], None)
        .unwrap();
    cache
        .store
        .join(cache.fence, PASS, ghl, growbots, "matched")
        .unwrap();
    let closed = cache.reader().conflict(conflict).unwrap().unwrap();
    assert_eq!(closed.state, ConflictState::Superseded);
    assert_eq!(cache.state(ghl), LinkState::InStep);
}

#[test]
fn conflicts_are_listed_by_reason_then_age() {
    let mut cache = Cache::new();
    let mut open = |reason, name: &str| {
        let link = cache.put(&contact(Side::Ghl, name, &[]));
        cache.clock.advance(1);
        cache
            .store
            .open_conflict(cache.fence, PASS, link, reason, &[], None)
            .unwrap()
    };
    let brake = open(Reason::MassChange, "g1");
    let later = open(Reason::Duplicate, "g2");
    let last = open(Reason::Duplicate, "g3");
    let first = open(Reason::DeleteEdit, "g4");
    cache
        .store
        .defer(cache.fence, last, Some(START.plus(9)), Some("away"))
        .unwrap();
    let listed = cache.reader().conflicts(10).unwrap();
    let ids: Vec<_> = listed.iter().map(|conflict| conflict.id).collect();
    assert_eq!(ids, [first, later, last, brake]);
    assert_eq!(listed[2].deferred_until, Some(START.plus(9)));
    assert_eq!(cache.reader().totals().unwrap().held, 1);
}

#[test]
fn a_mass_change_answered_in_part_goes_on_with_the_rest_as_another_revision() {
    let mut cache = Cache::new();
    let links: Vec<LinkId> = (1..5)
        .map(|n| cache.pair(&format!("g{n}"), &format!("b{n}"), &[]))
        .collect();
    let held: Vec<Candidate> = links
        .iter()
        .map(|link| Candidate {
            side: Side::Ghl,
            id: format!("g{link}").as_str().into(),
            title: "Ann".into(),
            link: Some(*link),
        })
        .collect();
    let gone = Some(Side::Growbots);
    let mut open = |link, held: &[Candidate]| {
        let opened =
            cache
                .store
                .open_conflict(cache.fence, PASS, link, Reason::MassChange, held, gone);
        opened.unwrap()
    };
    let mass = open(links[0], &held);
    // Another mass change has the second of them as the one that stands for all.
    let other = open(links[1], &held[1..2]);
    for operator in ["dana", "ravi"] {
        let staged = Answer::Approve;
        cache.store.stage(operator, mass, &staged, 1).unwrap();
    }
    cache.commit(outcome(links[0]));
    assert_eq!(cache.reader().totals().unwrap().held, 5);
    let mut part = |left: &[Candidate]| {
        let why = "dana decided some of it";
        let part = cache
            .store
            .answer_in_part(cache.fence, PASS, mass, "dana", left, why);
        part.unwrap();
        cache.reader().conflict(mass).unwrap().unwrap()
    };

    let now = part(&held[..3]);
    assert_eq!((now.revision, now.state), (2, ConflictState::Open));
    assert_eq!((now.link, now.title.as_str()), (links[0], "3 contacts"));
    let staged: Vec<_> = now
        .staged
        .iter()
        .map(|staged| staged.operator.as_str())
        .collect();
    assert_eq!(
        staged,
        ["ravi"],
        "what another one staged is theirs to look at"
    );

    let now = part(&held[1..3]);
    assert_eq!(
        (now.revision, now.link),
        (3, links[2]),
        "the second stands for another one"
    );
    assert_eq!(now.candidates, held[1..3]);
    assert_eq!(cache.state(links[0]), LinkState::InStep, "it waits no more");
    assert_eq!(cache.state(links[2]), LinkState::Conflict);
    assert_eq!(
        cache.dirty(Kind::Contact),
        [links[0]],
        "its write is planned again"
    );
    let totals = cache.reader().totals().unwrap();
    assert_eq!((totals.held, totals.conflicts_open), (3, 2));
    let last = cache.reader().log(None, 1).unwrap().remove(0);
    assert_eq!(last.operator.as_deref(), Some("dana"));
    assert_eq!(
        cache.reader().conflict(other).unwrap().unwrap().title,
        "1 contact"
    );
}

#[test]
fn staged_answers_are_kept_by_operator_and_field_and_go_when_decided() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let fields = [
        field(FieldName::Email, "a", "b"),
        field(FieldName::Phone, "1", "2"),
    ];
    apart(&mut cache, link, &fields);
    let conflict = cache.reader().conflicts(10).unwrap().remove(0).id;
    let answer = |field: &FieldName, value: &str| Answer::Field {
        field: field.clone(),
        take: "value".into(),
        value: value.into(),
    };
    let undecided = |cache: &Cache| cache.reader().totals().unwrap().conflicts_undecided;
    assert_eq!(undecided(&cache), 1);
    for (operator, field, value) in [
        ("dana", FieldName::Email, "x"),
        ("dana", FieldName::Email, "y"),
        ("dana", FieldName::Phone, "3"),
        ("lou", FieldName::Phone, "4"),
    ] {
        let answer = answer(&field, value);
        cache.store.stage(operator, conflict, &answer, 1).unwrap();
        cache.clock.advance(1);
    }
    let staged = |cache: &Cache| {
        let open = cache.reader().conflicts(10).unwrap().remove(0);
        let by = |staged: crate::model::Staged| (staged.operator, staged.answer);
        open.staged.into_iter().map(by).collect::<Vec<_>>()
    };
    assert_eq!(
        staged(&cache),
        [
            ("dana".into(), answer(&FieldName::Email, "y")),
            ("dana".into(), answer(&FieldName::Phone, "3")),
            ("lou".into(), answer(&FieldName::Phone, "4")),
        ]
    );
    assert_eq!(undecided(&cache), 0);
    cache
        .store
        .unstage("dana", conflict, Some(&FieldName::Email))
        .unwrap();
    assert_eq!(staged(&cache).len(), 2);
    cache
        .store
        .decide(
            cache.fence,
            link,
            Some(conflict),
            "lou",
            None,
            &[decided(&fields[1], conflict)],
        )
        .unwrap();
    assert!(staged(&cache).is_empty());
    cache.store.unstage("lou", conflict, None).unwrap();
    assert_eq!(undecided(&cache), 0);
    assert_eq!(cache.reader().totals().unwrap().conflicts_open, 1);
}
