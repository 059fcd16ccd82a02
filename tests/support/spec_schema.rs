//! OpenAPI 3.0 is almost JSON Schema: here `nullable` becomes a type, and references into other files become local
//! ones.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::text;

/// A schema, compiled when it is first asked for.
pub struct Schema {
    /// As JSON Schema, with what it refers to in `$defs`.
    pub json: Value,
    compiled: OnceLock<Validator>,
}

impl Schema {
    /// With the definitions that it needs, and those that they need.
    pub fn new(mut json: Value, defs: &Map<String, Value>) -> Self {
        let mut needed = Map::new();
        let mut waiting = references(&json);
        while let Some(name) = waiting.pop() {
            if !needed.contains_key(&name) {
                let def = defs
                    .get(&name)
                    .unwrap_or_else(|| panic!("no schema {name}"));
                waiting.extend(references(def));
                needed.insert(name, def.clone());
            }
        }
        if let Some(schema) = json.as_object_mut().filter(|_| !needed.is_empty()) {
            schema.insert("$defs".into(), needed.into());
        }
        Self {
            json,
            compiled: OnceLock::new(),
        }
    }

    pub fn validator(&self) -> &Validator {
        self.compiled.get_or_init(|| {
            jsonschema::draft202012::new(&self.json).expect("the vendor's schemas compile")
        })
    }
}

/// The name under `$defs` of what a reference points to, seen from a file.
fn def_name(file: &str, reference: &str) -> String {
    let (from, name) = reference
        .split_once("#/components/schemas/")
        .expect("all references of the files have this form");
    let from = from.rsplit('/').next().unwrap_or_default();
    let from = from.strip_suffix(".json").unwrap_or(from);
    format!("{}.{name}", if from.is_empty() { file } else { from })
}

/// An OpenAPI 3.0 schema of a file as JSON Schema.
pub fn translated(file: &str, schema: &Value) -> Value {
    let Some(given) = schema.as_object() else {
        return schema.clone();
    };
    let mut out = Map::new();
    for (key, value) in given {
        let value = match key.as_str() {
            "$ref" => format!("#/$defs/{}", def_name(file, &text(value))).into(),
            "properties" => value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.clone(), translated(file, schema)))
                .collect::<Map<_, _>>()
                .into(),
            "items" | "additionalProperties" | "not" => translated(file, value),
            "allOf" | "anyOf" | "oneOf" => value
                .as_array()
                .into_iter()
                .flatten()
                .map(|schema| translated(file, schema))
                .collect(),
            "type" | "required" | "enum" | "pattern" | "minLength" | "maxLength" | "minimum"
            | "maximum" | "minItems" | "maxItems" => value.clone(),
            // examples, defaults and descriptions check nothing
            _ => continue,
        };
        out.insert(key.clone(), value);
    }
    if given.get("nullable") == Some(&Value::Bool(true)) {
        return json!({"anyOf": [out, {"type": "null"}]});
    }
    out.into()
}

/// The schema of a body that may hold nothing undeclared. One that declares nothing stays open.
pub fn closed(file: &str, schema: &Value, defs: &Map<String, Value>) -> Value {
    let mut schema = translated(file, schema);
    let target = schema["$ref"]
        .as_str()
        .and_then(|r| r.strip_prefix("#/$defs/"));
    let target = target.map_or(&schema, |name| &defs[name]);
    let declares = target["properties"]
        .as_object()
        .is_some_and(|p| !p.is_empty());
    if let Some(schema) = schema.as_object_mut().filter(|_| declares) {
        schema.insert("unevaluatedProperties".into(), false.into());
    }
    schema
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match value.as_str() {
                Some(target) if key == "$ref" => {
                    vec![target.trim_start_matches("#/$defs/").to_owned()]
                }
                _ => references(value),
            })
            .collect(),
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
