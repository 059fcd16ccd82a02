//! Lists and the change feed: parameters, opaque cursors and pages.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    cursor::{opaque, open},
    kind_segment,
    problem::Problem,
    rules::is_forgotten,
};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    http::{Answer, Call},
    mark::Mark,
    origin::Stamp,
    record::{Body, is_live, moment, text},
    walk::{ALWAYS, Order},
    world::World,
};

/// How long a cursor of a list is good for.
const CURSOR_MS: i64 = 24 * 3_600_000;
/// How long a cursor of the changes is.
const CHANGES_MS: i64 = 30 * 24 * 3_600_000;
/// How long a tombstone is listed, and found.
pub const TOMBSTONE_MS: i64 = 90 * 24 * 3_600_000;

const fn parameters_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contact => &["email", "phone", "company_id", "owner_id", "tag", "status"],
        Kind::Task => &["lead_id", "completed", "due_before", "assignee_id"],
        Kind::Note | Kind::Appointment => &["lead_id"],
        Kind::Business => &[],
    }
}

/// The parameters of a listing: those of the request, or those that its cursor carries.
struct Query {
    given: Body,
    after: Option<(Millis, String)>,
    limit: usize,
}

impl Query {
    fn read(world: &mut World, call: &Call, own: &[&str]) -> Result<Self, Problem> {
        const ALL: [&str; 4] = ["limit", "updated_after", "include_deleted", "external_id"];
        let mut given = Body::new();
        for (name, value) in &call.query {
            if name == "cursor" {
                continue;
            }
            if !ALL.contains(&name.as_str()) && !own.contains(&name.as_str()) {
                return Err(Problem::parameter(name));
            }
            given.insert(name.clone(), value.clone().into());
        }
        let mut after = None;
        if let Some(cursor) = call.param("cursor") {
            let cursor = open(cursor)?;
            let (Some(kept), Some(at), Some(id), Some(issued)) = (
                cursor["p"].as_object(),
                cursor["u"].as_i64(),
                cursor["i"].as_str(),
                cursor["t"].as_i64(),
            ) else {
                return Err(Problem::new(
                    400,
                    "invalid_cursor",
                    "the cursor is not one of this list",
                ));
            };
            if world.now().0 - issued > CURSOR_MS {
                return Err(Problem::new(400, "invalid_cursor", "the cursor is too old"));
            }
            if cursor["l"] != call.path
                || given
                    .iter()
                    .any(|(name, value)| kept.get(name) != Some(value))
            {
                return Err(Problem::new(
                    400,
                    "cursor_mismatch",
                    "the parameters are not those of the cursor",
                ));
            }
            given.clone_from(kept);
            after = Some((Millis(at), id.to_owned()));
        }
        let limit = match text(&given, "limit").map(str::parse::<usize>) {
            None => 100,
            Some(Ok(limit @ 1..=200)) => limit,
            Some(_) => return Err(Problem::parameter("limit")),
        };
        Ok(Self {
            given,
            after,
            limit,
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        text(&self.given, name)
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Problem::parameter(name)),
        }
    }

    fn time(&self, name: &str) -> Result<Option<Millis>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(given) => Millis::parse(given)
                .map(Some)
                .ok_or_else(|| Problem::parameter(name)),
        }
    }

    /// A page of rows that come in (`updated_at`, `id`) order, after the cursor; no more of them are taken than it
    /// needs.
    fn page(
        &self,
        call: &Call,
        now: Millis,
        rows: impl Iterator<Item = (Millis, String, Body)>,
    ) -> Answer {
        let after = self.after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let mut rows = rows
            .skip_while(|(at, id, _)| after.is_some_and(|after| (*at, id.as_str()) <= after))
            .fuse();
        let page: Vec<(Millis, String, Body)> = rows.by_ref().take(self.limit).collect();
        let has_more = rows.next().is_some();
        let next = page.last().filter(|_| has_more).map(|(at, id, _)| {
            opaque(&json!({"p": self.given, "u": at.0, "i": id, "t": now.0, "l": call.path}))
        });
        let shown: Vec<Value> = page.into_iter().map(|(_, _, body)| body.into()).collect();
        Answer::json(
            200,
            json!({
                "data": shown,
                "page": {"next_cursor": next, "has_more": has_more, "limit": self.limit},
            }),
        )
    }
}

fn placed(body: Body) -> (Millis, String, Body) {
    let id = text(&body, "id").unwrap_or_default().to_owned();
    (moment(&body, "updated_at"), id, body)
}

/// GET /{kind}
pub fn records(world: &mut World, call: &Call, kind: Kind) -> Result<Answer, Problem> {
    let query = Query::read(world, call, parameters_of(kind))?;
    let with_deleted = query.flag("include_deleted")?.unwrap_or(false);
    if query.get("include_deleted").is_some() && !world.switches.can("include_deleted") {
        return Err(Problem::parameter("include_deleted"));
    }
    let external = match query.get("external_id").map(|given| given.split_once(':')) {
        None => None,
        Some(Some(pair)) if world.switches.can("external_id") => Some(pair),
        Some(_) => return Err(Problem::parameter("external_id")),
    };
    let updated_after = query.time("updated_after")?;
    let due_before = query.time("due_before")?;
    let completed = query.flag("completed")?;
    let mark = query.get("email").map(Mark::email);
    let mark = mark.or_else(|| query.get("phone").map(Mark::phone));
    let mark = mark.or_else(|| external.map(|(system, id)| Mark::external(system, id)));
    let now = world.now();
    let is_wanted = |row: &Body| {
        let is = |parameter: &str| {
            query
                .get(parameter)
                .is_none_or(|wanted| text(row, parameter) == Some(wanted))
        };
        let has_tag = |tag: &str| {
            let tags = row.get("tags").and_then(Value::as_array);
            let mut tags = tags.into_iter().flatten().filter_map(Value::as_str);
            tags.any(|have| have.to_lowercase() == tag.to_lowercase())
        };
        let has = |mark: Mark| mark.is_on(Side::Growbots, kind, row);
        (with_deleted && !is_forgotten(row, now) || is_live(row))
            && updated_after.is_none_or(|after| moment(row, "updated_at") >= after)
            && external.is_none_or(|(system, id)| has(Mark::external(system, id)))
            && ["company_id", "owner_id", "status", "lead_id", "assignee_id"]
                .iter()
                .all(|name| is(name))
            && query
                .get("email")
                .is_none_or(|wanted| has(Mark::email(wanted)))
            && query
                .get("phone")
                .is_none_or(|wanted| has(Mark::phone(wanted)))
            && query.get("tag").is_none_or(has_tag)
            && completed.is_none_or(|c| row.get("completed") == Some(&c.into()))
            && due_before
                .is_none_or(|limit| text(row, "due_at").is_some() && moment(row, "due_at") < limit)
    };
    let until = world.indexed_until(Side::Growbots);
    let of_kind = (Side::Growbots, kind);
    // those that are known by few: found, not looked for
    let few: Option<Vec<Arc<Body>>> = match (query.get("lead_id"), mark) {
        (Some(lead), _) => Some(world.listed_children(of_kind, until, lead)),
        (None, Some(mark)) => Some(world.listed_marked(of_kind, until, &mark).collect()),
        (None, None) => None,
    };
    if let Some(few) = few {
        let few = few.iter().filter(|body| is_wanted(body));
        let mut rows: Vec<_> = few.map(|body| placed((**body).clone())).collect();
        rows.sort_by(|one, two| (one.0, &one.1).cmp(&(two.0, &two.1)));
        return Ok(query.page(call, now, rows.into_iter()));
    }
    let (start, end) = ALWAYS.into_inner();
    let from = query.after.as_ref().map(|after| after.0).max(updated_after);
    let window = from.unwrap_or(start)..=end;
    let rows = world.walk(of_kind, until, Order::oldest_first(Stamp::Updated), window);
    let rows = rows.map(|(_, row)| row.body()).filter(is_wanted);
    Ok(query.page(call, now, rows.map(placed)))
}

/// A list of what is no record: in the order of its ids, by pages.
pub fn plain(world: &mut World, call: &Call, rows: Vec<Body>) -> Result<Answer, Problem> {
    let query = Query::read(world, call, &[])?;
    let now = world.now();
    let mut rows: Vec<_> = rows.into_iter().map(placed).collect();
    rows.sort_by(|one, two| one.1.cmp(&two.1));
    Ok(query.page(call, now, rows.into_iter()))
}

/// GET /changes: `readable` are the kinds that the token may read.
pub fn changes(world: &mut World, call: &Call, readable: &[Kind]) -> Result<Answer, Problem> {
    if let Some((name, _)) = call
        .query
        .iter()
        .find(|(n, _)| !["cursor", "limit", "kinds", "from"].contains(&n.as_str()))
    {
        return Err(Problem::parameter(name));
    }
    let limit = match call.param("limit").map(str::parse::<usize>) {
        None => 100,
        Some(Ok(limit @ 1..=500)) => limit,
        Some(_) => return Err(Problem::parameter("limit")),
    };
    let kinds = match call.param("kinds") {
        None => readable.to_vec(),
        Some(names) => {
            let kind_of = |name: &str| {
                Kind::ALL
                    .into_iter()
                    .find(|kind| kind_segment(*kind) == name)
            };
            let kinds: Option<Vec<Kind>> = names.split(',').map(kind_of).collect();
            let mut kinds = kinds.ok_or_else(|| Problem::parameter("kinds"))?;
            kinds.retain(|kind| readable.contains(kind));
            kinds
        }
    };
    let now = world.now();
    let from = match (call.param("cursor"), call.param("from")) {
        (Some(cursor), _) => Some(change_after(cursor, now)?),
        (None, Some("now")) => None,
        (None, None) => Some(0),
        (None, Some(_)) => return Err(Problem::parameter("from")),
    };
    let all = world.changes();
    let world = &*world;
    let start = from.unwrap_or(all);
    let mut rows = Vec::new();
    let mut reached = start;
    while rows.len() < limit
        && reached < all
        && let Some(change) = world.change(reached)
    {
        reached += 1;
        if kinds.contains(&change.kind) {
            let body = change.row.body();
            rows.push(json!({
                "seq": reached, "kind": kind_segment(change.kind), "id": body["id"],
                "op": if is_live(&body) { "upsert" } else { "delete" },
                "version": body["version"], "at": change.at.to_string(), "record": body,
            }));
        }
    }
    let page = json!({
        "next_cursor": opaque(&json!({"seq": reached, "t": now.0})), "has_more": reached < all, "limit": limit,
    });
    Ok(Answer::json(200, json!({"data": rows, "page": page})))
}

/// The change that a cursor of the changes stands behind.
fn change_after(cursor: &str, now: Millis) -> Result<u64, Problem> {
    let cursor = open(cursor)?;
    let (Some(seq), Some(issued)) = (cursor["seq"].as_u64(), cursor["t"].as_i64()) else {
        let what = "the cursor is not one of changes";
        return Err(Problem::new(400, "invalid_cursor", what));
    };
    if now.0 - issued > CHANGES_MS {
        let what = "changes are kept for 30 days";
        return Err(Problem::new(410, "cursor_expired", what));
    }
    Ok(seq)
}

/// The same page without its rows: where there were some, it says that there are more from where it began.
pub fn emptied(call: &Call, now: Millis, answer: &mut Answer) {
    let Some(body) = answer
        .body
        .as_mut()
        .filter(|body| body["data"].is_array() && body["page"].is_object())
    else {
        return;
    };
    if body["data"].as_array().is_some_and(|rows| !rows.is_empty()) {
        let first = || {
            let given: Body = call
                .query
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            let before_all =
                json!({"p": given, "u": i64::MIN, "i": "", "t": now.0, "l": call.path, "seq": 0});
            opaque(&before_all)
        };
        let from = call.param("cursor").map_or_else(first, str::to_owned);
        body["page"]["next_cursor"] = from.into();
        body["page"]["has_more"] = true.into();
        body["data"] = json!([]);
    }
}
