use rusqlite::Connection;

use super::{Cache, START, by, contact, search, task};
use crate::model::{
    ContactSort, Direction, FieldName, LinkState, Millis, PageKey, Side, Snapshot, TaskView, Value,
};
use crate::store::{BoardDays, ContactQuery, TaskQuery};

/// Forty contacts with few names, so that many are equal, in two states.
fn many() -> Cache {
    let mut cache = Cache::new();
    let snapshots: Vec<Snapshot> = (0..40)
        .map(|n| Snapshot {
            updated_at: Some(START.plus(i64::from(n) % 5)),
            ..contact(
                Side::Ghl,
                &format!("g{n}"),
                &[(
                    FieldName::LastName,
                    ["Lee", "lee", "Zoë", "Özil", "Abe"][n as usize % 5],
                )],
            )
        })
        .collect();
    cache.store.put_snapshots(cache.fence, &snapshots).unwrap();
    for n in [3, 8, 9, 27] {
        let link = cache.reader().find(&format!("g{n}")).unwrap().unwrap();
        cache.store.set_ignored(cache.fence, link, true).unwrap();
    }
    cache
}

fn walk(
    page: impl Fn(Option<&PageKey>, Direction) -> Vec<PageKey>,
    direction: Direction,
) -> Vec<PageKey> {
    let mut all: Vec<PageKey> = Vec::new();
    loop {
        let from = match direction {
            Direction::Forward => all.last(),
            Direction::Backward => all.first(),
        };
        let next = page(from, direction);
        if next.is_empty() {
            return all;
        }
        all = match direction {
            Direction::Forward => [all, next].concat(),
            Direction::Backward => [next, all].concat(),
        };
    }
}

#[test]
fn pages_of_contacts_neither_skip_nor_repeat_either_way() {
    let cache = many();
    let reader = cache.reader();
    for sort in [ContactSort::Name, ContactSort::Edited] {
        for state in [None, Some(LinkState::OneSide), Some(LinkState::Ignored)] {
            for words in ["", "lee", "lé", "z", "e"] {
                let query = ContactQuery {
                    search: words.into(),
                    state,
                    sort,
                    ..ContactQuery::default()
                };
                let page = |from: Option<&PageKey>, direction, limit| {
                    let rows = reader.contacts(&query, from, direction, limit).unwrap();
                    rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
                };
                let whole = page(None, Direction::Forward, 500);
                for direction in [Direction::Forward, Direction::Backward] {
                    let pages = walk(|from, way| page(from, way, 3), direction);
                    assert_eq!(pages, whole, "{query:?} {direction:?}");
                }
                if words.is_empty() && state.is_none() {
                    assert_eq!(whole.len(), 40);
                }
            }
        }
    }
}

#[test]
fn contacts_stand_by_folded_name_or_latest_edit() {
    let cache = many();
    let names = cache.names(&by(ContactSort::Name));
    assert_eq!((names[0].as_str(), names[39].as_str()), ("Abe", "Özil"));
    assert_eq!(names.iter().filter(|name| *name == "Lee").count(), 8);
    let edited = cache.names(&by(ContactSort::Edited));
    assert_eq!((edited[0].as_str(), edited[39].as_str()), ("Abe", "Lee"));
}

#[test]
fn tasks_stand_by_due_time_open_apart_from_done() {
    let mut cache = Cache::new();
    cache.pair(
        "g1",
        "b1",
        &[(FieldName::FirstName, "Ann"), (FieldName::LastName, "Lee")],
    );
    for (n, due) in [
        ("3", "2026-03-03"),
        ("1", "2026-03-01"),
        ("none", ""),
        ("2", "2026-03-02"),
    ] {
        let mut snapshot = task(Side::Ghl, n, "g1", &format!("Call {n}"));
        let due = Millis::parse(&format!("{due}T09:00:00Z")).map(Value::Time);
        snapshot.record.set(FieldName::DueAt, due);
        cache.put(&snapshot);
    }
    let titles = |cache: &Cache, view, words: &str| {
        let query = TaskQuery {
            view,
            search: words.into(),
            ..TaskQuery::default()
        };
        let rows = cache
            .reader()
            .tasks(&query, None, Direction::Forward, 9)
            .unwrap();
        rows.into_iter().map(|row| row.title).collect::<Vec<_>>()
    };
    assert_eq!(
        titles(&cache, TaskView::Open, ""),
        ["Call 1", "Call 2", "Call 3", "Call none"]
    );
    assert_eq!(titles(&cache, TaskView::Open, "CALL none"), ["Call none"]);
    let link = cache.reader().find("2").unwrap().unwrap();
    let mut done = task(Side::Ghl, "2", "g1", "Call 2");
    done.record
        .set(FieldName::Completed, Some(Value::Bool(true)));
    cache.put(&done);
    assert_eq!(titles(&cache, TaskView::Done, ""), ["Call 2"]);
    assert_eq!(cache.reader().totals().unwrap().tasks_open, 3);
    let query = TaskQuery {
        view: TaskView::Done,
        ..TaskQuery::default()
    };
    let row = cache
        .reader()
        .tasks(&query, None, Direction::Backward, 9)
        .unwrap()
        .remove(0);
    assert_eq!((row.id, row.contact_name.as_str()), (link, "Lee, Ann"));
    cache.put(&Snapshot {
        updated_at: Some(START.plus(1)),
        ..contact(Side::Ghl, "g1", &[(FieldName::LastName, "Low")])
    });
    let row = cache
        .reader()
        .tasks(&query, None, Direction::Forward, 9)
        .unwrap()
        .remove(0);
    assert_eq!(row.contact_name, "Low");
}

#[test]
fn a_search_finds_all_words_in_any_case_and_script() {
    let mut cache = Cache::new();
    for (n, last, first, company) in [
        ("1", "Müller", "ZOË", "Acme"),
        ("2", "Müllermann", "Zoe", "ACME"),
        ("3", "Иванов", "Пётр", "Ромашка"),
        ("4", "O\"Neil", "100%_x", ""),
    ] {
        let fields = [
            (FieldName::LastName, last),
            (FieldName::FirstName, first),
            (FieldName::Company, company),
            (FieldName::Email, &*format!("p{n}@x.test")),
        ];
        cache.put(&contact(Side::Ghl, n, &fields));
    }
    for (words, want) in [
        ("müller", &["Müller, ZOË", "Müllermann, Zoe"][..]),
        ("MÜLLER zoë", &["Müller, ZOË"]),
        ("acme müll", &["Müller, ZOË", "Müllermann, Zoe"]),
        ("ИВАН", &["Иванов, Пётр"]),
        ("p3@x", &["Иванов, Пётр"]),
        ("mü", &["Müller, ZOË", "Müllermann, Zoe"]),
        ("oe müller", &["Müllermann, Zoe"]),
        ("o\"n", &["O\"Neil, 100%_x"]),
        ("100%_", &["O\"Neil, 100%_x"]),
        ("zo", &[]),
        ("nobody", &[]),
    ] {
        assert_eq!(cache.names(&search(words)), want, "{words}");
    }
}

#[test]
fn the_trigram_index_finds_what_the_walk_finds() {
    let cache = many();
    let conn = Connection::open(cache.dir.path().join("test.db")).unwrap();
    for (words, want) in [("\"lee\"", 16), ("\"zoë\"", 8), ("\"lee\" \"zoë\"", 0)] {
        let found: i64 = conn
            .query_row(
                "SELECT count(*) FROM contact_search WHERE contact_search MATCH ?1",
                [words],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(found, want, "{words}");
    }
    conn.execute(
        "INSERT INTO contact_search (contact_search) VALUES ('integrity-check')",
        [],
    )
    .unwrap();
    conn.execute(
        "INSERT INTO task_search (task_search) VALUES ('integrity-check')",
        [],
    )
    .unwrap();
}

#[test]
fn every_page_is_read_from_an_index_in_its_order() {
    let cache = many();
    let conn = Connection::open(cache.dir.path().join("test.db")).unwrap();
    for sql in crate::store::page::plans() {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().unwrap() {
            plan += &row.get::<_, String>(3).unwrap();
            plan += "\n";
        }
        assert!(plan.contains("INDEX"), "{sql}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
}

#[test]
fn a_filter_lets_through_what_lists_and_records_have_page_by_page() {
    let cache = many();
    let reader = cache.reader();
    for (text, want) in [
        ("state:ignored", 4),
        ("-state:ignored", 36),
        ("last_name:zoë", 8),
        ("lee -state:ignored OR state:ignored", 20),
        ("updated:>1w", 0),
        ("tag:vip", 0),
        ("tag:\"\"", 40),
    ] {
        let query = ContactQuery {
            filter: crate::model::Filter::parse(text).unwrap(),
            ..ContactQuery::default()
        };
        let page = |from: Option<&PageKey>, direction, limit| {
            let rows = reader.contacts(&query, from, direction, limit).unwrap();
            rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
        };
        let whole = page(None, Direction::Forward, 500);
        assert_eq!(whole.len(), want, "{text}");
        for direction in [Direction::Forward, Direction::Backward] {
            let pages = walk(|from, way| page(from, way, 3), direction);
            assert_eq!(pages, whole, "{text} {direction:?}");
        }
    }
}

#[test]
fn the_heads_of_the_tasks_count_by_day_and_by_operator() {
    let mut cache = Cache::new();
    let day = 86_400_000;
    cache
        .store
        .put_snapshots(cache.fence, &[contact(Side::Ghl, "g1", &[])])
        .unwrap();
    for (id, due, who) in [
        ("t1", START.plus(-day), "dana@x.example"),
        ("t2", START.plus(1_000), "Dana@x.example"),
        ("t3", START.plus(3 * day), "danae@x.example"),
        ("t4", START.plus(30 * day), "dana"),
    ] {
        let mut one = task(Side::Ghl, id, "g1", id);
        one.record.set(FieldName::DueAt, Some(Value::Time(due)));
        one.record.set(FieldName::Assignee, Value::text(who));
        cache.store.put_snapshots(cache.fence, &[one]).unwrap();
    }
    let days = BoardDays {
        today: START,
        tomorrow: START.plus(day),
        week: START.plus(7 * day),
    };
    let board = cache.reader().task_board("dana", &days).unwrap();
    assert_eq!(
        (board.mine, board.overdue, board.today, board.week),
        (3, 1, 1, 2)
    );
    assert!(board.people.contains(&"danae@x.example".to_owned()));
}

#[test]
fn within_a_pull_a_search_may_miss_some_rows_and_none_after_it() {
    let mut cache = Cache::new();
    cache.store.let_index_wait(3);
    let put = |cache: &mut Cache, n: u32| {
        let name = format!("Waiting{n}");
        cache.put(&contact(
            Side::Ghl,
            &n.to_string(),
            &[(FieldName::LastName, &name)],
        ));
    };
    let conn = Connection::open(cache.dir.path().join("test.db")).unwrap();
    let indexed = || -> i64 {
        let asked = "SELECT count(*) FROM contact_search WHERE contact_search MATCH '\"waiting\"'";
        conn.query_row(asked, [], |row| row.get(0)).unwrap()
    };
    for n in 1..=3 {
        put(&mut cache, n);
        assert_eq!(indexed(), 0, "{n} may wait");
    }
    put(&mut cache, 4);
    assert_eq!(indexed(), 4, "more may not");
    put(&mut cache, 5);
    assert_eq!(indexed(), 4);
    cache
        .store
        .begin_pass(cache.fence, "what is no pull")
        .unwrap();
    assert_eq!(indexed(), 5, "another verb takes them over");
}
