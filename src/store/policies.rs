//! Policies that operators chose to remember.

use rusqlite::{Connection, Row, params};

use crate::model::{Kind, LinkId, Millis, NewPolicy, PolicyId, PolicyUse, Remembered, Scope};

use super::{
    convert::{name_at, rows, text_at, text_or_none},
    db::Tx,
    error::Res,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, field, scope, link, filter, policy, operator, at, note FROM policy ",
            $rest
        )
    };
}

fn read(row: &Row<'_>) -> Res<Remembered> {
    let scope = match text_at(row, "scope")? {
        "record" => Scope::Record {
            link: LinkId(row.get("link")?),
        },
        "filter" => Scope::Filter {
            filter: row.get("filter")?,
        },
        _ => Scope::Field,
    };
    Ok(Remembered {
        id: PolicyId(row.get("id")?),
        what: NewPolicy {
            kind: name_at::<Kind>(row, "kind")?,
            field: text_at(row, "field")?.parse()?,
            scope,
            policy: row.get("policy")?,
            note: text_or_none(row, "note")?.map(Into::into),
        },
        operator: row.get("operator")?,
        at: Millis(row.get("at")?),
    })
}

/// All, those that stand first at the head: of a record, of a filter, of a field; the younger before the older.
pub(super) fn list(conn: &Connection) -> Res<Vec<Remembered>> {
    rows(
        conn,
        select!(
            "ORDER BY CASE scope WHEN 'record' THEN 0 WHEN 'filter' THEN 1 ELSE 2 END, id DESC"
        ),
        [],
        read,
    )
}

/// How often each has settled something: by its name in the log.
pub(super) fn uses(conn: &Connection) -> Res<Vec<PolicyUse>> {
    rows(
        conn,
        "SELECT CASE WHEN cause LIKE 'policy %' THEN substr(cause, 8) \
                     ELSE substr(cause, instr(cause, ', by policy ') + 12) END AS name, \
                count(*) AS n, max(at) AS last \
         FROM log WHERE cause LIKE 'policy %' OR cause LIKE '% decided, conflict %, by policy %' \
         GROUP BY name ORDER BY last DESC",
        [],
        |row| {
            Ok(PolicyUse {
                name: text_at(row, "name")?.to_owned(),
                count: row.get::<_, i64>("n")?.unsigned_abs(),
                last: Millis(row.get("last")?),
            })
        },
    )
}

/// Keeps a policy; one of the same scope and field gives way to it.
pub(super) fn add(tx: &Tx<'_>, operator: &str, new: &NewPolicy) -> Res<PolicyId> {
    let (link, filter) = match &new.scope {
        Scope::Record { link } => (Some(link.0), None),
        Scope::Filter { filter } => (None, Some(filter.as_str())),
        Scope::Field => (None, None),
    };
    let same = params![
        new.kind.name(),
        new.field.to_string(),
        new.scope.name(),
        link,
        filter
    ];
    tx.run(
        "DELETE FROM policy WHERE kind = ?1 AND field = ?2 AND scope = ?3 AND link IS ?4 AND filter IS ?5",
        same,
    )?;
    tx.run(
        "INSERT INTO policy (kind, field, scope, link, filter, policy, operator, at, note) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            new.kind.name(),
            new.field.to_string(),
            new.scope.name(),
            link,
            filter,
            new.policy,
            operator,
            tx.now.0,
            new.note
        ],
    )?;
    Ok(PolicyId(tx.conn.last_insert_rowid()))
}

/// Takes a policy away; whether it was there.
pub(super) fn remove(tx: &Tx<'_>, policy: PolicyId) -> Res<bool> {
    Ok(tx.run("DELETE FROM policy WHERE id = ?1", [policy.0])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_decided_by_a_policy_counts_as_settled_by_it() {
        let conn = Connection::open_in_memory().expect("memory");
        conn.execute_batch(
            "CREATE TABLE log (cause TEXT, at INTEGER); INSERT INTO log VALUES \
             ('policy newest, remembered as 9 by dana', 1), \
             ('dana decided, conflict 4, by policy newest, remembered as 9 by dana', 3), \
             ('dana decided, conflict 5, by policy newest, remembered as 9 by dana', 2), \
             ('dana decided, conflict 6', 4), ('edit in GHL', 5)",
        )
        .expect("it is SQL");
        let Ok(uses) = uses(&conn) else {
            panic!("it can be read")
        };
        let want = PolicyUse {
            name: "newest, remembered as 9 by dana".into(),
            count: 3,
            last: Millis(3),
        };
        assert_eq!(uses, [want]);
    }
}
