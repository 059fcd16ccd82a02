//! Pages of the lists, by key and never by offset: a row added above neither skips nor repeats one.
//!
//! A search walks the first rows of the list; where that does not fill the page, it asks the trigram index. Few rows that
//! this names are read and sorted; of many only those are read that the list comes to first; where very many match,
//! walking on is faster.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params_from_iter, types::Value};

use crate::model::{
    BySide, ContactRow, ContactSort, Direction, Filter, LinkId, LinkState, Millis, PageKey,
    TaskRow, TaskView,
};

use super::{
    ContactQuery, TaskQuery,
    convert::{first, id_or_none, name_at, rows, text_at},
    error::{Fault, Res},
    refresh::sides_of,
    search::Words,
    sieve,
};

/// Rows that a search walks before it asks the trigram index. Few in tests, so that they go all ways.
const WALK: i64 = if cfg!(test) { 4 } else { 20_000 };
/// Matches up to which all of them are read.
const FEW: usize = if cfg!(test) { 2 } else { 4_000 };
/// Matches above which walking on is faster than asking the index.
const MANY: usize = if cfg!(test) { 10 } else { 60_000 };
/// Rows of the list for each match, after which the rest is sorted all the same: they stand at its end.
const FAR: usize = if cfg!(test) { 3 } else { 10 };

/// A list: which table, in what order, which rows.
struct List {
    table: &'static str,
    /// The column that the trigram index of short words looks at.
    prefix: &'static str,
    key: &'static str,
    descending: bool,
    only: Option<(&'static str, Value)>,
    /// Further conditions, each with one value.
    range: Vec<(String, Value)>,
    filter: Filter,
    now: Millis,
}

/// Which part of a list.
struct Part {
    from: Option<(Value, i64)>,
    backward: bool,
    limit: i64,
}

impl List {
    fn contacts(query: &ContactQuery, now: Millis) -> Self {
        let state = query.state.map(LinkState::name).or_else(|| {
            let named = query.filter.only("state")?;
            let known = LinkState::ALL.map(LinkState::name);
            known.into_iter().find(|name| *name == named)
        });
        let (key, descending) = match query.sort {
            ContactSort::Name => ("name_key", false),
            ContactSort::Edited => ("edited", true),
        };
        Self {
            table: "contact",
            prefix: "name_key",
            key,
            descending,
            only: state.map(|name| ("state", name.to_owned().into())),
            range: Vec::new(),
            filter: query.filter.clone(),
            now,
        }
    }

    fn tasks(query: &TaskQuery, now: Millis) -> Self {
        let from = query.due_from.map(|at| ("due >=".to_owned(), at.0.into()));
        let until = query.due_until.map(|at| ("due <".to_owned(), at.0.into()));
        Self {
            table: "task",
            prefix: "folded",
            key: "due",
            descending: false,
            only: Some(("completed", i64::from(query.view == TaskView::Done).into())),
            range: from.into_iter().chain(until).collect(),
            filter: query.filter.clone(),
            now,
        }
    }

    fn part(&self, from: Option<&PageKey>, direction: Direction, limit: u16) -> Res<Part> {
        let key = |from: &PageKey| -> Res<(Value, i64)> {
            if self.key == "name_key" {
                return Ok((from.key.clone().into(), from.id));
            }
            let number: i64 = from
                .key
                .parse()
                .map_err(|_| Fault::Unreadable(format!("`{}` is no key of this list", from.key)))?;
            Ok((number.into(), from.id))
        };
        Ok(Part {
            from: from.map(key).transpose()?,
            backward: direction == Direction::Backward,
            limit: i64::from(limit.clamp(1, 500)),
        })
    }

    /// A query over a part of the list, in the order of reading; `source` names the tables, `more` are further
    /// conditions with one value each.
    fn query(
        &self,
        columns: &str,
        source: &str,
        part: &Part,
        more: Vec<(String, Value)>,
    ) -> (String, Vec<Value>) {
        let (table, key) = (self.table, self.key);
        let (sign, order) = if self.descending == part.backward {
            (">", "ASC")
        } else {
            ("<", "DESC")
        };
        let mut values = Vec::new();
        let mut wanted = Vec::new();
        if let Some((column, value)) = &self.only {
            values.push(value.clone());
            wanted.push(format!("{table}.{column} = ?{}", values.len()));
        }
        for (condition, value) in self.range.iter().cloned().chain(more) {
            values.push(value);
            wanted.push(format!("{condition} ?{}", values.len()));
        }
        if let Some((at, id)) = &part.from {
            values.push(at.clone());
            values.push((*id).into());
            let last = values.len();
            wanted.push(format!(
                "({table}.{key}, {table}.link) {sign} (?{}, ?{last})",
                last - 1
            ));
        }
        values.push(part.limit.into());
        let filter = if wanted.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", wanted.join(" AND "))
        };
        let limit = values.len();
        let sql = format!(
            "SELECT {columns} FROM {source} {filter} ORDER BY {table}.{key} {order}, {table}.link {order} LIMIT ?{limit}"
        );
        (sql, values)
    }

    /// The links of a part, in list order.
    fn links(&self, conn: &Connection, search: &str, part: &Part) -> Res<Vec<LinkId>> {
        let words = Words::of(search);
        let mut links = if words.is_empty() && self.filter.is_empty() {
            let (sql, values) = self.query("link", self.table, part, Vec::new());
            rows(conn, &sql, params_from_iter(values), |row| {
                Ok(LinkId(row.get(0)?))
            })?
        } else if words.is_empty() {
            self.walk(conn, &words, part, Vec::new(), -1)?.0
        } else {
            self.found(conn, &words, part)?
        };
        if part.backward {
            links.reverse();
        }
        Ok(links)
    }

    fn found(&self, conn: &Connection, words: &Words, part: &Part) -> Res<Vec<LinkId>> {
        let Some(trigrams) = words.trigrams() else {
            let range = words.prefix().map(|(from, to)| {
                let column = format!("{}.{}", self.table, self.prefix);
                vec![
                    (format!("{column} >="), from.into()),
                    (format!("{column} <"), to.into()),
                ]
            });
            return Ok(self
                .walk(conn, words, part, range.unwrap_or_default(), -1)?
                .0);
        };
        let (links, is_all) = self.walk(conn, words, part, Vec::new(), WALK)?;
        if is_all {
            return Ok(links);
        }
        let table = self.table;
        let named = rows(
            conn,
            &format!(
                "SELECT rowid FROM {table}_search WHERE {table}_search MATCH ?1 LIMIT {MANY} + 1"
            ),
            [&trigrams],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        if named.len() > MANY {
            return Ok(self.walk(conn, words, part, Vec::new(), -1)?.0);
        }
        if named.len() > FEW
            && let Some(links) = self.among(conn, words, part, &named.into_iter().collect())?
        {
            return Ok(links);
        }
        // the index first, then the rows: never the other way round
        let source =
            format!("{table}_search CROSS JOIN {table} ON {table}.link = {table}_search.rowid");
        let all = Part {
            limit: -1,
            from: part.from.clone(),
            backward: part.backward,
        };
        let matching = vec![(format!("{table}_search MATCH"), trigrams.into())];
        let columns = format!("{table}.link, {table}.folded");
        let (sql, values) = self.query(&columns, &source, &all, matching);
        Ok(self.take(conn, words, &sql, values, part.limit)?.0)
    }

    /// The first rows of the list that are among those which the index names; `None` where they stand too far down.
    fn among(
        &self,
        conn: &Connection,
        words: &Words,
        part: &Part,
        named: &HashSet<i64>,
    ) -> Res<Option<Vec<LinkId>>> {
        let all = Part {
            limit: (named.len() * FAR) as i64,
            from: part.from.clone(),
            backward: part.backward,
        };
        let (sql, values) = self.query("link", self.table, &all, Vec::new());
        let mut statement = conn.prepare_cached(&sql)?;
        let mut listed = statement.query(params_from_iter(values))?;
        let folded = format!("SELECT folded FROM {} WHERE link = ?1", self.table);
        let (mut found, mut walked) = (Vec::new(), 0);
        while (found.len() as i64) < part.limit {
            let Some(row) = listed.next()? else {
                return Ok((walked < all.limit).then_some(found));
            };
            walked += 1;
            let link: i64 = row.get(0)?;
            if !named.contains(&link) {
                continue;
            }
            let text = first(conn, &folded, [link], |row| {
                text_at(row, "folded").map(str::to_owned)
            })?;
            if text.is_some_and(|text| words.are_in(&text))
                && sieve::passes(conn, self.table, link, &self.filter, self.now)?
            {
                found.push(LinkId(link));
            }
        }
        Ok(Some(found))
    }

    /// Walks the list for rows with all words, `limit` rows far (-1: to its end). Also says whether the answer is
    /// all that the part can have.
    fn walk(
        &self,
        conn: &Connection,
        words: &Words,
        part: &Part,
        more: Vec<(String, Value)>,
        limit: i64,
    ) -> Res<(Vec<LinkId>, bool)> {
        let all = Part {
            limit,
            from: part.from.clone(),
            backward: part.backward,
        };
        let (sql, values) = self.query("link, folded", self.table, &all, more);
        let (links, walked) = self.take(conn, words, &sql, values, part.limit)?;
        let is_all = links.len() as i64 == part.limit || limit < 0 || walked < limit;
        Ok((links, is_all))
    }
    /// The first `limit` rows of a query that have all words and pass the filter, and how many rows were looked at.
    fn take(
        &self,
        conn: &Connection,
        words: &Words,
        sql: &str,
        values: Vec<Value>,
        limit: i64,
    ) -> Res<(Vec<LinkId>, i64)> {
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut found = Vec::new();
        let mut walked = 0;
        while (found.len() as i64) < limit
            && let Some(row) = rows.next()?
        {
            walked += 1;
            let link = row.get(0)?;
            if words.are_in(text_at(row, "folded")?)
                && sieve::passes(conn, self.table, link, &self.filter, self.now)?
            {
                found.push(LinkId(link));
            }
        }
        Ok((found, walked))
    }
}

/// The rows of these links, one look-up each.
fn each<T>(
    conn: &Connection,
    links: Vec<LinkId>,
    sql: &str,
    read: impl Fn(&Row<'_>) -> Res<T>,
) -> Res<Vec<T>> {
    let mut page = Vec::with_capacity(links.len());
    for link in links {
        page.extend(first(conn, sql, [link.0], &read)?);
    }
    Ok(page)
}

pub(super) fn contacts(
    conn: &Connection,
    query: &ContactQuery,
    now: Millis,
    from: Option<&PageKey>,
    direction: Direction,
    limit: u16,
) -> Res<Vec<ContactRow>> {
    let list = List::contacts(query, now);
    let links = list.links(conn, &query.search, &list.part(from, direction, limit)?)?;
    each(
        conn,
        links,
        "SELECT link, name_key, name, email, phone, company, owner, edited, state, ghl_id, growbots_id, waits \
             FROM contact WHERE link = ?1",
        |row| read_contact(row, query.sort),
    )
}

fn read_contact(row: &Row<'_>, sort: ContactSort) -> Res<ContactRow> {
    let id: i64 = row.get("link")?;
    let edited: i64 = row.get("edited")?;
    let key = match sort {
        ContactSort::Name => row.get("name_key")?,
        ContactSort::Edited => edited.to_string(),
    };
    Ok(ContactRow {
        id: LinkId(id),
        key: PageKey { key, id },
        ids: ids(row)?,
        name: row.get("name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        company: row.get("company")?,
        owner: row.get("owner")?,
        updated_at: (edited != 0).then_some(Millis(edited)),
        state: name_at(row, "state")?,
        waits_for: sides_of(row.get("waits")?),
    })
}

fn ids(row: &Row<'_>) -> Res<BySide<Option<crate::model::RecordId>>> {
    Ok(BySide {
        ghl: id_or_none(row, "ghl_id")?,
        growbots: id_or_none(row, "growbots_id")?,
    })
}

pub(super) fn tasks(
    conn: &Connection,
    query: &TaskQuery,
    now: Millis,
    from: Option<&PageKey>,
    direction: Direction,
    limit: u16,
) -> Res<Vec<TaskRow>> {
    let list = List::tasks(query, now);
    let links = list.links(conn, &query.search, &list.part(from, direction, limit)?)?;
    each(
        conn,
        links,
        "SELECT link, contact, contact_name, title, due, completed, assignee, state, ghl_id, growbots_id, waits \
             FROM task WHERE link = ?1",
        read_task,
    )
}

fn read_task(row: &Row<'_>) -> Res<TaskRow> {
    let id: i64 = row.get("link")?;
    let due: i64 = row.get("due")?;
    Ok(TaskRow {
        id: LinkId(id),
        key: PageKey {
            key: due.to_string(),
            id,
        },
        ids: ids(row)?,
        contact: row.get::<_, Option<i64>>("contact")?.map(LinkId),
        contact_name: row.get("contact_name")?,
        title: row.get("title")?,
        due_at: (due != i64::MAX).then_some(Millis(due)),
        completed: row.get("completed")?,
        assignee: row.get("assignee")?,
        state: name_at(row, "state")?,
        waits_for: sides_of(row.get("waits")?),
    })
}

/// The queries of all lists, both ways, from an end and from a key: what a test asks the planner about.
#[cfg(test)]
pub(super) fn plans() -> Vec<String> {
    let mut lists = Vec::new();
    for state in [None, Some(LinkState::Conflict)] {
        for sort in [ContactSort::Name, ContactSort::Edited] {
            lists.push(List::contacts(
                &ContactQuery {
                    state,
                    sort,
                    ..ContactQuery::default()
                },
                Millis(0),
            ));
        }
    }
    lists.push(List::tasks(&TaskQuery::default(), Millis(0)));
    let mut plans = Vec::new();
    for list in &lists {
        for backward in [false, true] {
            for from in [None, Some((Value::Integer(1), 1))] {
                let part = Part {
                    from,
                    backward,
                    limit: 50,
                };
                for columns in ["link", "link, folded"] {
                    plans.push(list.query(columns, list.table, &part, Vec::new()).0);
                }
            }
        }
    }
    plans
}
