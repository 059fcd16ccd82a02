//! What is taken away is in no file any more.

use crate::model::{Action, ConflictField, FieldName, Kind, Millis, Side, Snapshot};
use crate::store::{ConflictUpdate, LinkOutcome, SeenAs};

use super::{Cache, PASS, START, contact, outcome, record, task, text};

const THEIRS: [&str; 6] = [
    "Zerubbabel",
    "zerubbabel@old.example",
    "zerubbabel@new.example",
    "+49 151 777666555",
    "bring the violets",
    "prefers the evening",
];

/// The bytes of the database and the files beside it.
fn raw(cache: &Cache) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(cache.dir.path()).unwrap() {
        all.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    all
}

fn stands_in(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|at| at == word.as_bytes())
}

/// A contact with an earlier address, a task, a conflict and an action, among others who stay.
fn filled() -> (Cache, crate::model::LinkId) {
    let mut cache = Cache::new();
    for n in 0..200 {
        let fields = [
            (FieldName::FirstName, "Other"),
            (FieldName::LastName, "Person"),
        ];
        cache.put(&contact(Side::Ghl, &format!("other{n}"), &fields));
    }
    let fields = |email| {
        [
            (FieldName::FirstName, THEIRS[0]),
            (FieldName::Email, email),
            (FieldName::Phone, THEIRS[3]),
        ]
    };
    let link = cache.pair("g1", "b1", &fields(THEIRS[1]));
    cache.put(&task(Side::Ghl, "t1", "g1", THEIRS[4]));
    for version in 2..30 {
        let email = if version % 2 == 0 {
            THEIRS[2]
        } else {
            THEIRS[1]
        };
        cache.clock.advance(1000);
        cache.put(&Snapshot {
            updated_at: Some(START.plus(version * 1000)),
            version: Some(version.to_string().into()),
            ..contact(Side::Ghl, "g1", &fields(email))
        });
    }
    cache.commit(LinkOutcome {
        base: Some(record(&fields(THEIRS[1]))),
        conflict: Some(ConflictUpdate {
            fields: vec![ConflictField {
                field: FieldName::Email,
                base: text(THEIRS[1]),
                ghl: text(THEIRS[2]),
                growbots: text("zerubbabel@new.example.org"),
                newer: None,
            }],
        }),
        ..outcome(link)
    });
    let note = Action::Add {
        kind: Kind::Note,
        parent: Some(link),
        fields: vec![crate::model::FieldChange {
            field: FieldName::Body,
            from: None,
            to: text(THEIRS[5]),
        }],
    };
    cache.store.submit("dana", &note).unwrap();
    (cache, link)
}

#[test]
fn a_person_who_is_forgotten_stands_in_no_file_and_the_log_keeps_the_fact() {
    let (mut cache, link) = filled();
    let before = raw(&cache);
    for word in THEIRS {
        assert!(stands_in(&before, word), "`{word}` was never there");
    }
    cache.store.forget(cache.fence, PASS, link, "dana").unwrap();
    assert!(cache.store.wipe().unwrap());
    let after = raw(&cache);
    for word in THEIRS {
        assert!(!stands_in(&after, word), "`{word}` is still there");
    }
    assert!(stands_in(&after, "Person"), "the others stay");
    let log = cache.reader().log(None, 1).unwrap();
    assert_eq!((log[0].op.as_str(), log[0].link), ("forgotten", link));
    assert_eq!(log[0].operator.as_deref(), Some("dana"));
    assert_eq!(cache.reader().totals().unwrap().conflicts_open, 0);
}

#[test]
fn a_person_who_is_forgotten_is_not_stored_again() {
    let (mut cache, link) = filled();
    cache.store.forget(cache.fence, PASS, link, "dana").unwrap();
    let again = contact(Side::Ghl, "g1", &[(FieldName::FirstName, THEIRS[0])]);
    let rows = [
        again.clone(),
        task(Side::Ghl, "t1", "g1", THEIRS[4]),
        task(Side::Ghl, "new", "g1", "x"),
    ];
    let seen = cache.store.put_snapshots(cache.fence, &rows).unwrap();
    assert!(
        seen.iter().all(|seen| seen.seen == SeenAs::Stale),
        "{seen:?}"
    );
    let other = contact(Side::Ghl, "other", &[]);
    let seen = cache.store.put_snapshots(cache.fence, &[other]).unwrap();
    assert_eq!(seen[0].seen, SeenAs::New);
}

#[test]
fn what_ended_long_ago_goes_and_what_is_open_stays() {
    let (mut cache, link) = filled();
    let lines = cache.reader().log(None, 1000).unwrap().len();
    assert!(lines > 0);
    assert!(cache.store.prune(cache.fence, START.plus(-1)).unwrap());
    assert_eq!(cache.reader().log(None, 1000).unwrap().len(), lines);
    assert!(cache.store.prune(cache.fence, Millis(i64::MAX)).unwrap());
    assert_eq!(cache.reader().log(None, 1000).unwrap().len(), 0);
    assert_eq!(cache.reader().totals().unwrap().conflicts_open, 1);
    assert_eq!(cache.store.pending_actions().unwrap().len(), 1);
    assert!(cache.store.linked(link).unwrap().is_some());
}
