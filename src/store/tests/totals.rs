use proptest::prelude::*;
use rusqlite::Connection;

use super::{Cache, PASS, contact, create, outcome, task, text, update};
use crate::model::{
    Answer, ConflictField, ConflictState, Failure, FieldName, Kind, LinkId, Reason, Side, Snapshot,
    Tombstone, Value,
};
use crate::store::{ConflictUpdate, LinkOutcome};

/// The totals as they would be if they were counted.
fn counted(cache: &Cache) -> Vec<(String, i64)> {
    let conn = Connection::open(cache.dir.path().join("test.db")).unwrap();
    let sql = "
        SELECT 'link.' || kind, count(*) FROM link GROUP BY kind
        UNION ALL SELECT 'contact.' || state, count(*) FROM contact GROUP BY state
        UNION ALL SELECT 'tasks_open', count(*) FROM task WHERE completed = 0
        UNION ALL SELECT 'conflicts_open', count(*) FROM conflict WHERE state IN ('open', 'decided')
        UNION ALL SELECT 'conflicts_undecided', count(*) FROM conflict WHERE state = 'open'
            AND NOT EXISTS (SELECT 1 FROM staged WHERE staged.conflict = conflict.id)
        UNION ALL SELECT 'errors_open', count(*) FROM error WHERE state = 'open'
        UNION ALL SELECT 'waiting', count(*) FROM intent WHERE state IN ('planned', 'sending', 'unknown')
        UNION ALL SELECT 'held', coalesce(sum(weight), 0) FROM conflict
            WHERE state = 'open' AND reason = 'mass_change'
        ORDER BY 1";
    pairs(&conn, sql)
}

fn kept(cache: &Cache) -> Vec<(String, i64)> {
    let conn = Connection::open(cache.dir.path().join("test.db")).unwrap();
    pairs(&conn, "SELECT name, n FROM tally ORDER BY 1")
}

fn pairs(conn: &Connection, sql: &str) -> Vec<(String, i64)> {
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(String, i64)> = rows.unwrap().map(Result::unwrap).collect();
    rows.into_iter().filter(|(_, n)| *n != 0).collect()
}

/// One random thing that a pass or an operator does to record number `n`.
fn step(cache: &mut Cache, what: u8, n: u8) {
    let (ghl, growbots) = (format!("g{n}"), format!("b{n}"));
    let fence = cache.fence;
    let find = |cache: &Cache, text: &str| cache.reader().find(text).unwrap();
    cache.clock.advance(1);
    let later = cache.clock.now();
    let renewed = |side, id: &str| Snapshot {
        updated_at: Some(later),
        version: Some(later.0.to_string().into()),
        ..contact(side, id, &[(FieldName::LastName, &format!("N{what}{n}"))])
    };
    match what {
        0 => _ = cache.put(&renewed(Side::Ghl, &ghl)),
        1 => _ = cache.put(&renewed(Side::Growbots, &growbots)),
        2 => _ = cache.put(&task(Side::Ghl, &format!("t{n}"), &ghl, "call")),
        3 => {
            let mut done = task(Side::Ghl, &format!("t{n}"), &ghl, "called");
            done.record
                .set(FieldName::Completed, Some(Value::Bool(true)));
            cache.put(&done);
        }
        4 => {
            cache.gone(Side::Ghl, Kind::Contact, &ghl, &Tombstone::default());
        }
        5 => {
            if let (Some(a), Some(b)) = (find(cache, &ghl), find(cache, &growbots))
                && a != b
            {
                cache.store.join(fence, PASS, a, b, "alike").unwrap();
            }
        }
        _ => {
            if let Some(link) = find(cache, &ghl) {
                step_on(cache, link, what, n);
            }
        }
    }
}

fn step_on(cache: &mut Cache, link: LinkId, what: u8, n: u8) {
    let fence = cache.fence;
    match what {
        6 => cache
            .store
            .set_ignored(fence, link, n.is_multiple_of(2))
            .unwrap(),
        7 => {
            cache
                .store
                .intend(fence, PASS, &create(link, Side::Growbots))
                .unwrap();
        }
        8 => cache.commit(LinkOutcome {
            writes: vec![update(link, Side::Ghl, "g", "", "Ann")],
            conflict: (n.is_multiple_of(2)).then(|| ConflictUpdate {
                fields: vec![ConflictField {
                    field: FieldName::Email,
                    base: None,
                    ghl: text("a"),
                    growbots: text("b"),
                    newer: None,
                }],
            }),
            ..outcome(link)
        }),
        9 => {
            let reason = [Reason::MassChange, Reason::Duplicate][usize::from(n % 2)];
            cache
                .store
                .open_conflict(fence, PASS, link, reason, &[], None)
                .unwrap();
        }
        10 => cache.store.forget_link(fence, PASS, link, "gone").unwrap(),
        11 => {
            if let Some(conflict) = cache.reader().conflicts(1).unwrap().first() {
                let answer = Answer::Approve;
                cache.store.stage("dana", conflict.id, &answer, 1).unwrap();
            }
        }
        12 => {
            if let Some(intent) = cache.store.open_intents().unwrap().first() {
                let failure = Failure {
                    pattern: format!("p{}", n % 2),
                    side: Some(Side::Ghl),
                    operation: "PUT".into(),
                    status: None,
                    message: "refused".into(),
                    link: Some(intent.write.link),
                    next_retry_at: None,
                };
                cache
                    .store
                    .refuse(fence, PASS, intent.id, &failure, &[], &[])
                    .unwrap();
            }
        }
        13 => cache.store.settle(fence, "p0").unwrap(),
        _ => {
            if let Some(conflict) = cache.reader().conflicts(1).unwrap().first() {
                let state = ConflictState::Superseded;
                cache
                    .store
                    .close_conflict(fence, PASS, conflict.id, state, "over")
                    .unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn kept_totals_are_those_that_counting_gives(steps in prop::collection::vec((0..15u8, 0..5u8), 1..60)) {
        let mut cache = Cache::new();
        for (what, n) in steps {
            step(&mut cache, what, n);
        }
        let mut want = counted(&cache);
        want.retain(|(_, n)| *n != 0);
        prop_assert_eq!(kept(&cache), want);
        let conn = Connection::open(cache.dir.path().join("test.db")).unwrap();
        conn.execute("INSERT INTO contact_search (contact_search) VALUES ('integrity-check')", []).unwrap();
        conn.execute("INSERT INTO task_search (task_search) VALUES ('integrity-check')", []).unwrap();
    }
}
