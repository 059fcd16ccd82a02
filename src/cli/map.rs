//! `couplet map`: which field goes where, and what the map makes of real records.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::engine::LeaseGate;
use crate::merge::mapping::{Described, RoundTrip, Standing};
use crate::merge::{Direction, FieldMap};
use crate::model::{BySide, FieldName, Kind, Lane, Record, Side, Value};
use crate::remote::{Connector, CustomField, PageRequest, Read, Setup};
use crate::text;

use super::args;
use super::assemble::connectors;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::mapping::{field_map, resolve};
use super::output::{Page, document};

/// The kinds that both sides list; the others come with their contact.
const SAMPLED: [Kind; 3] = [Kind::Contact, Kind::Task, Kind::Business];
/// Values shown for each field.
const SHOWN: usize = 2;

/// Does what `couplet map …` asks for.
pub fn run(context: &Context, command: &args::Map) -> Result<Exit, Problem> {
    match command {
        args::Map::Show(form) => show(&field_map(&context.config)?, form.json),
        args::Map::Check { form, samples } => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(check(context, form.json, *samples))
        }
    }
}

fn show(map: &FieldMap, as_json: bool) -> Result<Exit, Problem> {
    let rows = map.rows();
    if as_json {
        document(&rows.iter().map(row_json).collect())?;
        return Ok(Exit::Done);
    }
    let mut page = Page::default();
    for kind in Kind::ALL {
        page.line(kind.name());
        for row in rows.iter().filter(|row| row.kind == kind) {
            page.line(row_line(row));
            for (name, template) in [("to_growbots", &row.to_growbots), ("to_ghl", &row.to_ghl)] {
                if let Some(template) = template {
                    page.line(format!("      {name} = {}", text::clean(template)));
                }
            }
        }
        page.gap();
    }
    page.line("<-> both ways   -> GHL to Growbots   <- Growbots to GHL   x not synced");
    page.print()?;
    Ok(Exit::Done)
}

fn row_line(row: &Described) -> String {
    let (arrow, remark) = match &row.standing {
        Standing::Off(why) => ("x", why.clone()),
        Standing::On => {
            let created = row
                .on_create_only
                .map(|way| format!("{way} only when it is made"));
            let origin = (row.origin != "default").then(|| row.origin.clone());
            let remarks: Vec<String> = created.into_iter().chain(origin).collect();
            (row.direction.arrow(), remarks.join("; "))
        }
    };
    format!(
        "  {} {} {}  {} {} {}",
        text::fit(&text::clean(&row.ghl), 24),
        text::fit(arrow, 3),
        text::fit(&text::clean(&row.growbots), 24),
        text::fit(row.rule, 20),
        text::fit(row.policy.name(), 11),
        text::clean(&remark)
    )
}

fn row_json(row: &Described) -> Json {
    json!({
        "kind": row.kind.name(),
        "field": row.field.to_string(),
        "ghl": row.ghl,
        "growbots": row.growbots,
        "direction": row.direction.arrow(),
        "only_when_made": row.on_create_only.map(Direction::arrow),
        "rule": row.rule,
        "policy": row.policy.name(),
        "to_growbots": row.to_growbots,
        "to_ghl": row.to_ghl,
        "from": row.origin,
        "on": row.standing == Standing::On,
        "why_off": match &row.standing { Standing::Off(why) => Some(why), Standing::On => None },
    })
}

/// What the map makes of the values of one field.
#[derive(Default)]
struct Checked {
    values: usize,
    loses: usize,
    bad: usize,
    said: Option<String>,
    shown: Vec<Json>,
}

impl Checked {
    const fn verdict(&self) -> &'static str {
        match (self.values, self.bad, self.loses) {
            (0, _, _) => "no values",
            (_, 1.., _) => "fails",
            (_, _, 1..) => "loses",
            _ => "ok",
        }
    }
}

async fn check(context: &Context, as_json: bool, samples: u16) -> Result<Exit, Problem> {
    let mut map = field_map(&context.config)?;
    // The gate stays shut: nothing can be written.
    let sides = connectors(context, &LeaseGate::new(context.clock.clone()))?;
    let setup = sides.ghl.setup(Lane::Operator).await?;
    sides.growbots.setup(Lane::Operator).await?;
    resolve(&mut map, &setup);

    let mut rows = Vec::new();
    let mut growbots_keys: BTreeMap<String, usize> = BTreeMap::new();
    for kind in SAMPLED {
        let records = BySide {
            ghl: sample(&*sides.ghl, kind, samples).await?,
            growbots: sample(&*sides.growbots, kind, samples).await?,
        };
        for (field, _) in records.growbots.iter().flat_map(Record::iter) {
            if let FieldName::Custom(key) = field {
                *growbots_keys.entry(key.to_string()).or_default() += 1;
            }
        }
        let described = map.rows().into_iter().filter(|row| row.kind == kind);
        rows.extend(described.map(|row| {
            let checked = checked(&map, &row, &records);
            (row, checked)
        }));
    }
    let is_bad = rows.iter().any(|(row, checked)| {
        checked.verdict() == "fails" || (row.origin != "default" && missing(row).is_some())
    });
    if as_json {
        let rows: Vec<Json> = rows
            .iter()
            .map(|(row, checked)| checked_json(row, checked))
            .collect();
        document(&json!({
            "rows": rows,
            "custom_fields": offered_json(&map, &setup),
            "growbots_custom_fields": growbots_keys.keys().collect::<Vec<_>>(),
            "ok": !is_bad,
        }))?;
    } else {
        print_checked(&rows, &map, &setup, &growbots_keys)?;
    }
    Ok(if is_bad { Exit::Failed } else { Exit::Done })
}

/// Records of the first page of a listing.
async fn sample(side: &dyn Connector, kind: Kind, samples: u16) -> Result<Vec<Record>, Problem> {
    let request = PageRequest {
        kind,
        read: Read::All,
        after: None,
    };
    let page = side.page(Lane::Operator, &request).await?;
    let rows = page.rows.into_iter().take(samples.into());
    Ok(rows.map(|row| row.snapshot.record).collect())
}

fn missing(row: &Described) -> Option<&str> {
    match &row.standing {
        Standing::Off(why) if why.starts_with("GHL has no custom field") => Some(why),
        _ => None,
    }
}

fn checked(map: &FieldMap, row: &Described, records: &BySide<Vec<Record>>) -> Checked {
    let mut checked = Checked::default();
    let Some(entry) = map.entry(row.kind, &row.field) else {
        checked.said = missing(row).map(str::to_owned);
        return checked;
    };
    let mut seen: Vec<&Value> = Vec::new();
    for own in records
        .ghl
        .iter()
        .filter_map(|record| record.get(&entry.ghl))
    {
        checked.values += 1;
        if seen.contains(&own) {
            continue;
        }
        seen.push(own);
        let both = entry.direction == Direction::Both;
        let there = map.read_ghl(entry, Some(own));
        match map.round_trip(entry, Some(own)) {
            _ if there.is_ok() && !both => {}
            RoundTrip::Kept => {}
            RoundTrip::Loses(back) => {
                checked.loses += 1;
                checked.said.get_or_insert_with(|| {
                    format!(
                        "`{own}` would come back to GHL as `{}`",
                        shown(back.as_ref())
                    )
                });
            }
            RoundTrip::Unstable => {
                checked.bad += 1;
                checked.said = Some(format!(
                    "`{own}` changes with each turn: it is never written back"
                ));
            }
            RoundTrip::Fails(why) => {
                checked.bad += 1;
                checked.said = Some(format!("`{own}`: {why}"));
            }
        }
        if checked.shown.len() < SHOWN {
            let after = there.map_or_else(|_| Json::Null, |value| json(value.as_ref()));
            checked
                .shown
                .push(json!({"from": Side::Ghl.name(), "before": own.to_json(), "after": after}));
        }
    }
    if !entry.direction.leads_to(Side::Ghl) {
        return checked;
    }
    let mut given = 0;
    for value in records
        .growbots
        .iter()
        .filter_map(|record| record.get(&entry.field))
    {
        checked.values += 1;
        let own = map.write_ghl(entry, Some(value));
        let back = own
            .clone()
            .and_then(|own| map.read_ghl(entry, own.as_ref()));
        match back {
            Ok(Some(back)) if back == *value => {}
            Ok(back) => {
                checked.bad += 1;
                checked.said = Some(format!(
                    "`{value}` of Growbots would come back as `{}`: it is not written to GHL",
                    shown(back.as_ref())
                ));
            }
            Err(why) => {
                checked.bad += 1;
                checked.said = Some(format!("`{value}` of Growbots: {why}"));
            }
        }
        if given < SHOWN {
            given += 1;
            let after = own.map_or_else(|_| Json::Null, |value| json(value.as_ref()));
            checked.shown.push(
                json!({"from": Side::Growbots.name(), "before": value.to_json(), "after": after}),
            );
        }
    }
    checked
}

fn json(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, Value::to_json)
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "(empty)".into(), Value::to_string)
}

fn checked_json(row: &Described, checked: &Checked) -> Json {
    let mut json = row_json(row);
    json["values"] = checked.values.into();
    json["verdict"] = checked.verdict().into();
    json["said"] = checked.said.clone().into();
    json["samples"] = checked.shown.clone().into();
    json
}

/// Custom fields of GHL that no row of the map uses.
pub fn offered(map: &FieldMap, setup: &Setup) -> Vec<CustomField> {
    let unused = setup.custom_fields.iter().filter(|field| {
        let name = FieldName::Custom(field.key.as_str().into());
        !map.fields(Kind::Contact).any(|entry| entry.ghl == name)
    });
    unused.cloned().collect()
}

fn offered_json(map: &FieldMap, setup: &Setup) -> Vec<Json> {
    offered(map, setup)
        .iter()
        .map(|field| json!({"key": field.key, "name": field.name, "type": field.data_type}))
        .collect()
}

fn print_checked(
    rows: &[(Described, Checked)],
    map: &FieldMap,
    setup: &Setup,
    growbots_keys: &BTreeMap<String, usize>,
) -> Result<(), Problem> {
    let mut page = Page::default();
    for (row, checked) in rows {
        if checked.values == 0 && checked.said.is_none() {
            continue;
        }
        let line = format!("{} {}", row.kind, row.arrow_line());
        page.line(format!(
            "{}  {}",
            text::fit(&text::clean(&line), 60),
            checked.verdict()
        ));
        for sample in &checked.shown {
            let to = if sample["from"] == "ghl" {
                Side::Growbots
            } else {
                Side::Ghl
            };
            let one = |key: &str| {
                text::clean(sample[key].as_str().unwrap_or(&sample[key].to_string())).into_owned()
            };
            page.line(format!(
                "    {} -> {} in {to}",
                text::fit(&one("before"), 30),
                one("after")
            ));
        }
        if let Some(said) = &checked.said {
            page.line(format!("    ! {}", text::clean(said)));
        }
    }
    let offered = offered(map, setup);
    if !offered.is_empty() {
        page.gap();
        page.line(
            "custom fields of GHL that are not mapped; name one with `ghl = \"custom.KEY\"`:",
        );
        for field in offered {
            page.line(format!(
                "    custom.{}  {} ({})",
                field.key,
                text::clean(&field.name),
                field.data_type
            ));
        }
    }
    if !growbots_keys.is_empty() {
        page.gap();
        page.line("custom fields seen in Growbots:");
        for key in growbots_keys.keys() {
            page.line(format!("    custom.{}", text::clean(key)));
        }
    }
    page.gap();
    page.line(
        "what a changed map would write, and what that costs: `couplet sync --once --dry-run`",
    );
    page.print()
}
