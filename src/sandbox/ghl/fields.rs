//! Routes of the location's custom fields.

use serde_json::{Value, json};

use super::{Ask, dto, office::Field, refusal::Refusal};
use crate::sandbox::{
    http::Answer,
    ids,
    record::{Body, text},
    world::World,
};

const TYPES: [&str; 14] = [
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "DATE",
    "TEXTBOX_LIST",
    "FILE_UPLOAD",
    "RADIO",
    "EMAIL",
    "SIGNATURE",
];

fn one(world: &World, status: u16, at: usize) -> Answer {
    let field = world.office.fields[at].shown(&world.place.location_id);
    Answer::json(status, json!({"customField": field}))
}

fn position(world: &World, ask: &Ask) -> Result<usize, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let at = world.office.fields.iter().position(|f| f.id == ask.id(1));
    at.ok_or_else(|| Refusal::Bad("The custom field id is invalid.".into()))
}

pub fn list(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let model = ask.call.param("model").unwrap_or("contact");
    if !["contact", "opportunity", "all"].contains(&model) {
        let says = "model must be one of the following values: contact, opportunity, all";
        return Err(Refusal::invalid(says));
    }
    let fields = world.office.fields.iter();
    let shown: Vec<Value> = fields
        .filter(|field| model == "all" || field.model == model)
        .map(|field| field.shown(&world.place.location_id))
        .collect();
    Ok(Answer::json(200, json!({"customFields": shown})))
}

pub fn get(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(one(world, 200, position(world, ask)?))
}

pub fn create(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    super::own_location(world, Some(ask.id(0)))?;
    let body = dto::CREATE_FIELD.read(&ask.call.body, &world.switches)?;
    let (name, data_type) = (text(&body, "name"), text(&body, "dataType"));
    let data_type = data_type.unwrap_or_default();
    if !TYPES.contains(&data_type) {
        let says = format!(
            "dataType must be one of the following values: {}",
            TYPES.join(", ")
        );
        return Err(Refusal::invalid(says));
    }
    let position = world.office.fields.len() as u64 * 50;
    let field = Field {
        id: ids::alphanumeric(&mut world.rng, 20),
        name: String::new(),
        key: key_of(name.unwrap_or_default()),
        data_type: data_type.to_owned(),
        options: Vec::new(),
        model: "contact".into(),
        placeholder: String::new(),
        position,
    };
    let field = edited(field, &body)?;
    let is_taken = |f: &Field| f.model == field.model && f.key == field.key;
    if world.office.fields.iter().any(is_taken) {
        return Err(Refusal::Bad(format!("{} already exists.", field.name)));
    }
    world.office.fields.push(field);
    Ok(one(world, 201, world.office.fields.len() - 1))
}

pub fn update(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let at = position(world, ask)?;
    let body = dto::UPDATE_FIELD.read(&ask.call.body, &world.switches)?;
    world.office.fields[at] = edited(world.office.fields[at].clone(), &body)?;
    Ok(one(world, 200, at))
}

pub fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let at = position(world, ask)?;
    world.office.fields.remove(at);
    Ok(Answer::json(200, json!({"succeded": true})))
}

/// A field with what a body says of it.
fn edited(mut field: Field, body: &Body) -> Result<Field, Refusal> {
    if let Some(model) = text(body, "model") {
        if !["contact", "opportunity"].contains(&model) {
            let says = "model must be one of the following values: contact, opportunity";
            return Err(Refusal::invalid(says));
        }
        model.clone_into(&mut field.model);
    }
    if let Some(name) = text(body, "name") {
        name.clone_into(&mut field.name);
    }
    if let Some(placeholder) = text(body, "placeholder") {
        placeholder.clone_into(&mut field.placeholder);
    }
    if let Some(position) = body.get("position").and_then(Value::as_u64) {
        field.position = position;
    }
    if let Some(options) = body.get("textBoxListOptions").and_then(Value::as_array) {
        let label = |option: &Value| {
            let label = option.as_str().or_else(|| option["label"].as_str());
            label.map(str::to_owned)
        };
        field.options = options.iter().filter_map(label).collect();
    }
    Ok(field)
}

/// `Contract end` is `contract_end`.
fn key_of(name: &str) -> String {
    let letters = name.trim().to_lowercase();
    let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
    letters.chars().map(word).collect()
}
