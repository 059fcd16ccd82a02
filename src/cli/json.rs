//! The JSON shapes of the contract, made from what the store gives.

use serde_json::{Map, Value, json};

use crate::merge::Blame;
use crate::model::{
    BySide, Conflict, End, ErrorRow, FieldChange, FieldName, FieldType, Health, Holder, Kind, Lane,
    LinkId, LogEntry, LoopStatus, Millis, PassSummary, Record, Side, SideStatus, Write,
};
use crate::model::{Linked, Value as FieldValue};
use crate::store::{ContactDetail, Totals};

/// A moment as RFC 3339, null where there is none.
fn at(moment: Option<Millis>) -> Value {
    moment.map_or(Value::Null, |moment| moment.to_string().into())
}

fn value(value: Option<&FieldValue>) -> Value {
    value.map_or(Value::Null, FieldValue::to_json)
}

fn changes(fields: &[FieldChange]) -> Value {
    fields
        .iter()
        .map(|change| {
            json!({
                "field": change.field.to_string(),
                "from": value(change.from.as_ref()),
                "to": value(change.to.as_ref()),
            })
        })
        .collect()
}

/// Puts every field that a record of `kind` can have into `to`: null, false or [] where it is empty; then its
/// custom fields.
fn put_fields(to: &mut Map<String, Value>, kind: Kind, record: &Record) {
    for field in FieldName::of(kind) {
        let json = match (record.get(field), field.ty()) {
            (Some(value), _) => value.to_json(),
            (None, FieldType::Bool) => false.into(),
            (None, FieldType::Set) => json!([]),
            (None, _) => Value::Null,
        };
        to.insert(field.to_string(), json);
    }
    for (field, value) in record.iter() {
        if matches!(field, FieldName::Custom(_)) {
            to.insert(field.to_string(), value.to_json());
        }
    }
}

/// The fields that stand for a link: what both sides agreed on; where they did not yet, what GHL has, else Growbots.
pub fn canonical(linked: &Linked) -> Record {
    let mut record = linked.base.clone().unwrap_or_default();
    let ends = [&linked.ends.ghl, &linked.ends.growbots];
    let live = ends.iter().filter_map(|end| end.live());
    let seen = ends.iter().filter_map(|end| end.last_seen());
    for snapshot in live.chain(seen) {
        for (field, value) in snapshot.record.iter() {
            if record.get(field).is_none() {
                record.set(field.clone(), Some(value.clone()));
            }
        }
    }
    record
}

fn end_id(end: &End) -> Value {
    end.live()
        .map_or(Value::Null, |live| live.id.as_str().into())
}

/// A contact, task, note, appointment or business as lists show it.
pub fn record(detail: &ContactDetail) -> Map<String, Value> {
    let linked = &detail.linked;
    let updated = Side::BOTH
        .iter()
        .filter_map(|side| linked.ends.get(*side).last_seen()?.updated_at)
        .max();
    let held: Vec<Value> = detail
        .held
        .iter()
        .map(|held| json!({"field": held.field.to_string(), "why": held.why}))
        .collect();
    let mut out = Map::new();
    out.insert("id".into(), linked.id.0.into());
    out.insert("ghl_id".into(), end_id(&linked.ends.ghl));
    out.insert("growbots_id".into(), end_id(&linked.ends.growbots));
    if linked.kind.is_child() {
        out.insert("contact".into(), linked.parent.map(|id| id.0).into());
    }
    out.insert("state".into(), detail.state.name().into());
    out.insert("fields_held".into(), held.into());
    put_fields(&mut out, linked.kind, &canonical(linked));
    out.insert("updated_at".into(), at(updated));
    out
}

/// One end of a link with its fields; null where that side has no record.
fn end(linked: &Linked, side: Side) -> Value {
    let end = linked.ends.get(side);
    let Some(snapshot) = end.last_seen() else {
        return Value::Null;
    };
    let mut out = Map::new();
    out.insert("id".into(), snapshot.id.as_str().into());
    out.insert("gone".into(), end.is_gone().into());
    out.insert("created_at".into(), at(snapshot.created_at));
    out.insert("updated_at".into(), at(snapshot.updated_at));
    put_fields(&mut out, linked.kind, &snapshot.record);
    Value::Object(out)
}

/// A record as `show` gives it. `children` are its tasks, notes and appointments, as lists show them; `blame` says who
/// gave its fields their values.
pub fn shown(detail: &ContactDetail, children: [Vec<Value>; 3], blame: &[Blame]) -> Value {
    let linked = &detail.linked;
    let mut out = record(detail);
    let base = linked.base.as_ref().map_or(Value::Null, |base| {
        let mut fields = Map::new();
        put_fields(&mut fields, linked.kind, base);
        Value::Object(fields)
    });
    out.insert("base".into(), base);
    for side in Side::BOTH {
        out.insert(side.name().into(), end(linked, side));
    }
    for (name, rows) in ["tasks", "notes", "appointments"].iter().zip(children) {
        out.insert((*name).into(), rows.into());
    }
    let history: Vec<Value> = detail.history.iter().map(log_entry).collect();
    out.insert("history".into(), history.into());
    let blame: Vec<Value> = blame
        .iter()
        .map(|blame| {
            json!({
                "field": blame.field.to_string(),
                "at": at(Some(blame.at)),
                "side": blame.side.map(Side::name),
                "cause": blame.cause,
                "operator": blame.operator,
                "operation": blame.log.0,
            })
        })
        .collect();
    out.insert("blame".into(), blame.into());
    Value::Object(out)
}

/// A conflict.
pub fn conflict(conflict: &Conflict) -> Value {
    let fields: Vec<Value> = conflict
        .fields
        .iter()
        .map(|field| {
            json!({
                "field": field.field.to_string(),
                "base": value(field.base.as_ref()),
                "ghl": value(field.ghl.as_ref()),
                "growbots": value(field.growbots.as_ref()),
                "newer": field.newer.map(Side::name),
            })
        })
        .collect();
    json!({
        "id": conflict.id.0,
        "link": conflict.link.0,
        "kind": conflict.kind.name(),
        "reason": conflict.reason.name(),
        "state": conflict.state.name(),
        "title": conflict.title,
        "revision": conflict.revision,
        "opened_at": at(Some(conflict.opened_at)),
        "fields": fields,
        "candidates": conflict.candidates,
        "gone": conflict.gone.map(Side::name),
        "deferred": conflict.deferred_until.is_some(),
        "deferred_until": at(conflict.deferred_until),
        "note": conflict.note,
        "decided_by": conflict.decided_by,
    })
}

/// An error.
pub fn error(row: &ErrorRow) -> Value {
    json!({
        "id": row.id.0,
        "pattern": row.last.pattern,
        "state": row.state.name(),
        "side": row.last.side.map(Side::name),
        "operation": row.last.operation,
        "status": row.last.status,
        "message": row.last.message,
        "record": row.last.link.map(|link| link.0),
        "title": row.title,
        "count": row.count,
        "first_at": at(Some(row.first_at)),
        "last_at": at(Some(row.last_at)),
        "next_retry_at": at(row.last.next_retry_at),
        "operator": row.operator,
    })
}

/// A line of the log.
pub fn log_entry(entry: &LogEntry) -> Value {
    json!({
        "id": entry.id.0,
        "at": at(Some(entry.at)),
        "pass": entry.pass.0,
        "side": entry.side.map(Side::name),
        "kind": entry.kind.name(),
        "record": entry.link.0,
        "title": entry.title,
        "op": entry.op,
        "fields": changes(&entry.fields),
        "cause": entry.cause,
        "operator": entry.operator,
        "requests": entry.requests,
    })
}

/// The summary of a pass; that of a dry run has the plan and its cost too.
pub fn summary(pass: &PassSummary) -> Value {
    let mut out = json!({
        "pass": pass.pass.0,
        "started_at": at(Some(pass.started_at)),
        "duration_ms": pass.duration_ms,
        "because": pass.because,
        "requests": pass.requests,
        "throttled": pass.throttled,
        "pulled": pass.pulled,
        "created": pass.created,
        "updated": pass.updated,
        "deleted": pass.deleted,
        "waiting": pass.waiting,
        "held": pass.held,
        "conflicts_open": pass.conflicts_open,
        "errors_open": pass.errors_open,
        "errors": pass.errors,
    });
    if let Some(plan) = &pass.dry {
        out["plan"] = self::plan(&plan.writes);
        out["cost"] = json!(plan.cost);
    }
    out
}

/// Writes that would be made.
pub fn plan(writes: &[Write]) -> Value {
    writes.iter().map(planned).collect()
}

fn planned(write: &Write) -> Value {
    // A record that is not linked yet has link 0 in a plan.
    let link = (write.link != LinkId(0)).then_some(write.link.0);
    json!({
        "link": link,
        "side": write.side.name(),
        "kind": write.kind.name(),
        "id": write.id,
        "op": write.op.name(),
        "fields": changes(&write.fields),
        "cause": write.cause.to_string(),
    })
}

/// What `couplet status` gives. `forecast` are the seconds that the work in hand takes on each side.
pub fn status(
    holder: Option<&Holder>,
    status: &LoopStatus,
    totals: &Totals,
    last_pass: Option<&PassSummary>,
    forecast: &BySide<u64>,
) -> Value {
    let state = holder.map_or("stopped", |_| status.state.name());
    let paused = status.paused.as_ref().map(|paused| {
        json!({
            "by": paused.by,
            "at": at(Some(paused.at)),
            "until": at(paused.until),
            "note": paused.note,
            "side": paused.side.map(Side::name),
        })
    });
    let lanes_paused = status.lanes_paused.iter().map(|paused| {
        json!({
            "lane": paused.lane.map(Lane::name),
            "side": paused.side.map(Side::name),
            "by": paused.by,
            "at": at(Some(paused.at)),
            "until": at(paused.until),
            "note": paused.note,
        })
    });
    json!({
        "holder": holder.map(|holder| json!({
            "operator": holder.operator,
            "host": holder.host,
            "pid": holder.pid,
            "since": at(Some(holder.since)),
        })),
        "state": state,
        "idle_since": at(status.idle_since),
        "paused": paused,
        "lanes_paused": lanes_paused.collect::<Vec<_>>(),
        "last_pass": last_pass.map(summary),
        "waiting": totals.waiting,
        "held": totals.held,
        "conflicts_open": totals.conflicts_open,
        "errors_open": totals.errors_open,
        "sides": {
            "ghl": side_status(&status.sides.ghl, forecast.ghl),
            "growbots": side_status(&status.sides.growbots, forecast.growbots),
        },
    })
}

fn side_status(side: &SideStatus, forecast: u64) -> Value {
    let until = match side.health {
        Health::Shut { until } => Some(until),
        _ => None,
    };
    json!({
        "health": side.health.name(),
        "shut_until": at(until),
        "burst": side.burst,
        "day": {
            "used": side.day.used,
            "others": side.day.others,
            "limit": side.day.limit,
            "resets_at": at(side.day.resets_at),
        },
        "throttled": side.throttled,
        "breaker": side.breaker,
        "lanes": side.lanes,
        "forecast": {"seconds": forecast},
    })
}

/// The values of a field of one of the objects above, as filters compare them; none where it is empty.
pub fn values(object: &Value, field: &str) -> Vec<String> {
    let name = crate::model::Filter::canonical(field);
    let found = object
        .get(name)
        .or_else(|| object.get(format!("address.{name}")))
        .or_else(|| object.get(format!("custom.{name}")));
    let mut out = Vec::new();
    if let Some(found) = found {
        plain(found, &mut out);
    }
    out
}

/// All that can be read in an object, for filters that are bare words.
pub fn words(object: &Value) -> String {
    let mut out = Vec::new();
    plain(object, &mut out);
    out.join(" ")
}

fn plain(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Bool(yes) => {
            out.push(if *yes { "yes" } else { "no" }.into());
            out.push(yes.to_string());
        }
        Value::Number(number) => out.push(number.to_string()),
        Value::String(text) => out.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| plain(value, out)),
        Value::Object(fields) => fields.values().for_each(|value| plain(value, out)),
    }
}
