//! POST /contacts/search: filters, sort and a cursor on each row.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{
    Ask, dto,
    filter::{Class, Filter, LONGEST_VALUE, class_of, plain, read_filters},
    page::Page,
    refusal::Refusal,
    shape,
};
use crate::model::{Kind, Millis, Side};
use crate::sandbox::{
    http::Answer,
    origin::Stamp,
    record::{Body, text},
    switches::Switches,
    walk::{ALWAYS, Order},
    world::World,
};

/// What `page` times `pageLimit` may reach.
const DEEPEST: usize = 10_000;
const LARGEST_PAGE: usize = 500;

/// A value that rows are sorted by; absent comes first, numbers before text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Absent,
    Number(i64),
    Text(String),
}

impl Key {
    fn of(contact: &Body, field: &str) -> Self {
        match shape::value_of(contact, field) {
            Value::Null => Self::Absent,
            Value::String(text) if class_of(field) == Some(Class::Date) => {
                Millis::parse(&text).map_or(Self::Absent, |at| Self::Number(at.0))
            }
            other => Self::Text(plain(&other)),
        }
    }

    fn read(value: &Value) -> Self {
        match value {
            Value::Number(n) => n.as_i64().map_or(Self::Absent, Self::Number),
            Value::String(text) => Self::Text(text.clone()),
            _ => Self::Absent,
        }
    }

    fn shown(&self) -> Value {
        match self {
            Self::Absent => Value::Null,
            Self::Number(n) => (*n).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// Fields to sort by, with whether the order is descending.
struct Sort(Vec<(String, bool)>);

impl Sort {
    fn read(value: Option<&Value>) -> Result<Self, Refusal> {
        let mut fields = Vec::new();
        for sort in value.and_then(Value::as_array).into_iter().flatten() {
            let field = sort["field"].as_str().unwrap_or_default();
            if class_of(field).is_none() {
                return Err(Refusal::Bad(format!("Invalid field {field}")));
            }
            fields.push((field.to_owned(), sort["direction"] == "desc"));
        }
        if fields.is_empty() {
            fields.push(("dateAdded".to_owned(), true));
        }
        Ok(Self(fields))
    }

    /// The order of a time that this is, if it is one.
    fn as_order(&self) -> Option<Order> {
        let [(field, newest_first)] = self.0.as_slice() else {
            return None;
        };
        let by = Stamp::BOTH
            .into_iter()
            .find(|stamp| stamp.field(Side::Ghl, Kind::Contact) == field)?;
        Some(Order {
            by,
            newest_first: *newest_first,
            ids_fall: false,
        })
    }

    fn keys(&self, contact: &Body) -> Vec<Key> {
        let id = text(contact, "id").unwrap_or_default().to_owned();
        let fields = self.0.iter().map(|(field, _)| Key::of(contact, field));
        fields.chain([Key::Text(id)]).collect()
    }

    fn compare(&self, one: &[Key], two: &[Key]) -> Ordering {
        let directions = self.0.iter().map(|(_, desc)| *desc).chain([false]);
        for ((a, b), desc) in one.iter().zip(two).zip(directions) {
            let order = if desc { b.cmp(a) } else { a.cmp(b) };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }
}

/// Whether a page of this size and place may be asked for.
fn check_page(body: &Body, limit: usize, switches: &Switches) -> Result<(), Refusal> {
    let refusal = |is_422: bool, says: &str| {
        if is_422 {
            Refusal::invalid(says)
        } else {
            Refusal::Bad(says.into())
        }
    };
    if limit == 0 {
        return Err(Refusal::invalid("pageLimit must not be less than 1"));
    }
    if limit > LARGEST_PAGE {
        let says = format!("pageLimit must not be greater than {LARGEST_PAGE}");
        return Err(refusal(switches.page_limit_is_422, &says));
    }
    let query = text(body, "query").unwrap_or_default();
    if query.chars().count() > LONGEST_VALUE {
        let says = format!("query must be shorter than or equal to {LONGEST_VALUE} characters");
        return Err(Refusal::invalid(says));
    }
    let cursor = body.get("searchAfter").and_then(Value::as_array);
    let has_cursor = cursor.is_some_and(|cursor| !cursor.is_empty());
    let page = body.get("page").and_then(Value::as_u64);
    if page.is_some() && has_cursor && switches.page_with_cursor_refused {
        return Err(Refusal::invalid("page and searchAfter exclude each other"));
    }
    let is_too_deep = page.is_some_and(|page| (page as usize).saturating_mul(limit) > DEEPEST);
    if is_too_deep && !has_cursor {
        let says = "page is too deep: use searchAfter";
        return Err(refusal(switches.deep_page_is_422, says));
    }
    Ok(())
}

/// The route.
pub fn contacts(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = dto::SEARCH_CONTACTS.read(&ask.call.body, &world.switches)?;
    super::own_location(world, text(&body, "locationId"))?;
    let limit = body.get("pageLimit").and_then(Value::as_u64).unwrap_or(0) as usize;
    check_page(&body, limit, &world.switches)?;
    let filters = Filter::And(read_filters(body.get("filters"), &world.switches)?);
    let sort = Sort::read(body.get("sort"))?;
    let query = text(&body, "query").unwrap_or_default().to_lowercase();
    let cursor = body
        .get("searchAfter")
        .and_then(Value::as_array)
        .filter(|c| !c.is_empty());
    let after: Option<Vec<Key>> = cursor.map(|cursor| cursor.iter().map(Key::read).collect());
    let skip = match (&after, body.get("page").and_then(Value::as_u64)) {
        (Some(after), _) if after.len() != sort.0.len() + 1 => {
            return Err(Refusal::Bad("Invalid searchAfter".into()));
        }
        (Some(_), _) => 0,
        (None, page) => (page.unwrap_or(1).max(1) as usize - 1) * limit,
    };
    let is_wanted = |contact: &Body| filters.admits(contact) && mentions(contact, &query);
    let (rows, total) = match sort.as_order() {
        Some(order) => {
            let (window, is_all) = filters.window(order.by);
            let page = Page {
                order,
                window,
                after: after.as_deref().and_then(as_place),
                skip,
                limit,
            };
            let is_plain = is_all && query.is_empty();
            let found = page.read(world, (!is_plain).then_some(&is_wanted));
            (found.rows, found.total)
        }
        None => best(world, &sort, after.as_deref(), (skip, limit), &is_wanted),
    };
    let full = world.switches.search_full_rows;
    let rows: Vec<Value> = rows
        .iter()
        .map(|(_, contact)| {
            let keys = sort.keys(contact);
            let mut row = shape::contact_row(contact, full);
            row.insert("searchAfter".into(), keys.iter().map(Key::shown).collect());
            row.into()
        })
        .collect();
    Ok(Answer::json(200, json!({"contacts": rows, "total": total})))
}

/// The place in an order of a time that a cursor names; `None` where it names the beginning.
fn as_place(cursor: &[Key]) -> Option<(Millis, String)> {
    let id = match &cursor[1] {
        Key::Text(id) => id.clone(),
        _ => String::new(),
    };
    match &cursor[0] {
        Key::Number(ms) => Some((Millis(*ms), id)),
        Key::Text(_) => Some((Millis(i64::MAX), id)),
        Key::Absent => None,
    }
}

/// A page in any other order: everything is looked at, and what belongs on no page so far is dropped on the way.
fn best(
    world: &mut World,
    sort: &Sort,
    after: Option<&[Key]>,
    (skip, limit): (usize, usize),
    is_wanted: &dyn Fn(&Body) -> bool,
) -> (Vec<(Millis, Body)>, usize) {
    let until = world.indexed_until(Side::Ghl);
    let order = Order::oldest_first(Stamp::Added);
    let mut total = 0;
    let mut kept: Vec<(Vec<Key>, Millis, Body)> = Vec::new();
    let prune = |kept: &mut Vec<(Vec<Key>, Millis, Body)>| {
        kept.sort_by(|one, two| sort.compare(&one.0, &two.0));
        kept.truncate(skip + limit);
    };
    for (at, row) in world.walk((Side::Ghl, Kind::Contact), until, order, ALWAYS) {
        let body = row.body();
        if !is_wanted(&body) {
            continue;
        }
        total += 1;
        let keys = sort.keys(&body);
        if after.is_none_or(|after| sort.compare(&keys, after).is_gt()) {
            kept.push((keys, at, body));
        }
        if kept.len() >= 2 * (skip + limit) + 100 {
            prune(&mut kept);
        }
    }
    prune(&mut kept);
    let page = kept.into_iter().skip(skip);
    (page.map(|(_, at, body)| (at, body)).collect(), total)
}

/// Whether a free query is found in a contact's names, e-mail, phone or company.
pub fn mentions(contact: &Body, query: &str) -> bool {
    query.is_empty()
        || [
            "fullNameLowerCase",
            "emailLowerCase",
            "phone",
            "companyName",
        ]
        .iter()
        .any(|key| plain(&shape::value_of(contact, key)).contains(query))
}
