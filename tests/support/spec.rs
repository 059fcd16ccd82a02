//! The official OpenAPI files of GHL as two checks: is this request one that they allow, and is this answer one that
//! they promise?
//!
//! The files in `tests/openapi` are the vendor's, byte for byte; their `PROVENANCE.md` says which. Bodies of requests
//! are closed: a property that the files do not declare is a difference, since the service refuses it
//! (`facts/highlevel.md`, f7).
//!
//! Take it into a test crate with `#[path = "support/spec.rs"] mod spec;`.

#[path = "spec_schema.rs"]
mod schema;
#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use schema::{Schema, closed, translated};

/// Where a request or an answer is not as the files have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Method and path of the files, `GET /contacts/{contactId}`; `unknown` for none of theirs.
    pub operation: String,
    /// `path`, `query`, `header`, `body`, or `answer 200`.
    pub part: String,
    /// Where in the part: a JSON pointer with `*` for a place in an array, or a parameter's name.
    pub at: String,
    /// The keyword that does not hold (`required`, `type`, `enum`), or `unlisted` for what the files do not know.
    pub rule: String,
    /// The rest in words, without values.
    pub says: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            part,
            at,
            rule,
            says,
        } = self;
        write!(f, "{operation} | {part} | {at} | {rule} | {says}")
    }
}

/// Nothing, or all that is different.
pub type Checked = Result<(), Vec<Difference>>;

/// Whether a request is one that the files allow. `path` is without the base URL and the query.
pub fn check_request(
    method: &Method,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Checked {
    let Some(operation) = SPEC.find(method, path) else {
        return Err(vec![unknown(method, path)]);
    };
    let mut found = Vec::new();
    operation.parameters(path, query.unwrap_or_default(), headers, &mut found);
    if operation.is_secured && !has_bearer(headers) {
        found.push(operation.difference("header", "Authorization", "required", "no bearer token"));
    }
    operation.body(headers, body, &mut found);
    done(found)
}

/// Whether an answer to a request is one that the files promise: a listed status, and a body of its schema.
pub fn check_answer(method: &Method, path: &str, status: u16, body: &[u8]) -> Checked {
    let Some(operation) = SPEC.find(method, path) else {
        return Err(vec![unknown(method, path)]);
    };
    let part = format!("answer {status}");
    let Some(schema) = operation.answers.get(&status) else {
        return Err(vec![operation.difference(
            &part,
            "",
            "unlisted",
            "this status is not listed",
        )]);
    };
    let Some(schema) = schema else { return Ok(()) };
    match serde_json::from_slice(body) {
        Ok(value) => done(operation.schema_differences(&part, "", schema, &value)),
        Err(_) => Err(vec![operation.difference(&part, "", "type", "not JSON")]),
    }
}

/// An operation of the files.
pub struct Operation {
    /// Method and path, `GET /contacts/{contactId}`.
    pub name: String,
    segments: Vec<String>,
    parameters: Vec<Parameter>,
    is_secured: bool,
    needs_body: bool,
    /// By media type.
    bodies: BTreeMap<String, Schema>,
    /// By status; none where the files give no schema.
    answers: BTreeMap<u16, Option<Schema>>,
}

struct Parameter {
    place: String,
    name: String,
    is_required: bool,
    kind: String,
    schema: Schema,
}

struct Spec {
    operations: Vec<Operation>,
}

const FILES: [(&str, &str); 7] = [
    ("contacts", include_str!("../openapi/contacts.json")),
    ("locations", include_str!("../openapi/locations.json")),
    ("businesses", include_str!("../openapi/businesses.json")),
    ("users", include_str!("../openapi/users.json")),
    ("calendars", include_str!("../openapi/calendars.json")),
    ("oauth", include_str!("../openapi/oauth.json")),
    (
        "common-schemas",
        include_str!("../openapi/common-schemas.json"),
    ),
];

static SPEC: LazyLock<Spec> = LazyLock::new(Spec::read);

/// All operations of the files.
pub fn operations() -> &'static [Operation] {
    &SPEC.operations
}

/// The operation that a request means, if it is one of the files.
pub fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    SPEC.find(method, path)
}

impl Spec {
    fn read() -> Self {
        let files = FILES.map(|(name, text)| {
            let file: Value = serde_json::from_str(text).expect("the vendor's files are JSON");
            (name, file)
        });
        let mut defs = Map::new();
        for (name, file) in &files {
            let schemas = file["components"]["schemas"].as_object();
            for (key, schema) in schemas.into_iter().flatten() {
                defs.insert(format!("{name}.{key}"), translated(name, schema));
            }
        }
        let mut operations = Vec::new();
        for (name, file) in &files {
            for (path, methods) in file["paths"].as_object().into_iter().flatten() {
                for (method, operation) in methods.as_object().into_iter().flatten() {
                    operations.push(Operation::read(name, path, method, operation, &defs));
                }
            }
        }
        Self { operations }
    }

    /// The operation that a path means: of several that fit, the one with the most literal segments.
    fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let given: Vec<&str> = path.trim_matches('/').split('/').collect();
        let fits = self
            .operations
            .iter()
            .filter(|operation| operation.name.split(' ').next() == Some(method.as_str()))
            .filter(|operation| operation.captures(&given).is_some());
        fits.max_by_key(|operation| {
            let literal = |segment: &&String| !segment.starts_with('{');
            operation.segments.iter().filter(literal).count()
        })
    }
}

impl Operation {
    fn read(
        file: &str,
        path: &str,
        method: &str,
        given: &Value,
        defs: &Map<String, Value>,
    ) -> Self {
        let schema = |given: &Value| Schema::new(translated(file, given), defs);
        let of_media = |content: &Value| -> BTreeMap<String, Value> {
            let content = content["content"].as_object().into_iter().flatten();
            content
                .filter_map(|(media, of)| Some((media.clone(), of.get("schema")?.clone())))
                .collect()
        };
        let parameters = given["parameters"].as_array().into_iter().flatten();
        let answers = given["responses"].as_object().into_iter().flatten();
        Self {
            name: format!("{} {path}", method.to_uppercase()),
            segments: path
                .trim_matches('/')
                .split('/')
                .map(str::to_owned)
                .collect(),
            parameters: parameters
                .map(|parameter| Parameter {
                    place: text(&parameter["in"]),
                    name: text(&parameter["name"]),
                    is_required: parameter["required"] == true,
                    kind: text(&parameter["schema"]["type"]),
                    schema: schema(&parameter["schema"]),
                })
                .collect(),
            is_secured: given["security"]
                .as_array()
                .is_some_and(|list| !list.is_empty()),
            needs_body: given["requestBody"]["required"] == true,
            bodies: of_media(&given["requestBody"])
                .into_iter()
                .map(|(media, body)| (media, Schema::new(closed(file, &body, defs), defs)))
                .collect(),
            answers: answers
                .filter_map(|(status, answer)| {
                    let body = of_media(answer).remove("application/json");
                    Some((status.parse().ok()?, body.as_ref().map(schema)))
                })
                .collect(),
        }
    }

    /// The schema of the JSON body, with what it refers to in `$defs`; none for an operation without one.
    pub fn body_schema(&self) -> Option<&Value> {
        Some(&self.bodies.get("application/json")?.json)
    }

    /// The statuses that the files list.
    pub fn statuses(&self) -> impl Iterator<Item = u16> {
        self.answers.keys().copied()
    }

    fn captures<'p>(&self, given: &[&'p str]) -> Option<Vec<(String, &'p str)>> {
        if given.len() != self.segments.len() {
            return None;
        }
        let mut found = Vec::new();
        for (segment, given) in self.segments.iter().zip(given) {
            match segment.strip_prefix('{') {
                Some(name) if !given.is_empty() => {
                    found.push((name.trim_end_matches('}').to_owned(), *given));
                }
                None if segment == given => {}
                _ => return None,
            }
        }
        Some(found)
    }

    fn parameters(
        &self,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        found: &mut Vec<Difference>,
    ) {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let ids = self.captures(&segments).unwrap_or_default();
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        for parameter in &self.parameters {
            let name = parameter.name.as_str();
            let given: Vec<String> = match parameter.place.as_str() {
                "query" => {
                    let given = query.iter().filter(|(key, _)| key == name);
                    given.map(|(_, value)| value.clone()).collect()
                }
                "header" => {
                    let given = headers.get_all(name).iter();
                    given
                        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                        .collect()
                }
                _ => {
                    let given = ids.iter().filter(|(key, _)| key == name);
                    given.map(|(_, value)| (*value).to_owned()).collect()
                }
            };
            if given.is_empty() {
                if parameter.is_required {
                    found.push(self.difference(&parameter.place, name, "required", "not sent"));
                }
                continue;
            }
            let value = parameter.value(&given);
            let place = &parameter.place;
            found.extend(self.schema_differences(place, name, &parameter.schema, &value));
        }
        for (key, _) in &query {
            let declared = |p: &Parameter| p.place == "query" && p.name == *key;
            if !self.parameters.iter().any(declared) {
                found.push(self.difference("query", key, "unlisted", "not declared"));
            }
        }
    }

    fn body(&self, headers: &HeaderMap, body: &[u8], found: &mut Vec<Difference>) {
        if body.is_empty() {
            if self.needs_body {
                found.push(self.difference("body", "", "required", "not sent"));
            }
            return;
        }
        let media = headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default()
            .trim();
        let Some(schema) = self.bodies.get(media) else {
            let says = "a body of this media type is not declared";
            found.push(self.difference("body", "", "unlisted", says));
            return;
        };
        let value = if media == "application/x-www-form-urlencoded" {
            let pairs = form_urlencoded::parse(body).into_owned();
            pairs
                .map(|(key, value)| (key, value.into()))
                .collect::<Map<_, _>>()
                .into()
        } else if let Ok(value) = serde_json::from_slice(body) {
            value
        } else {
            found.push(self.difference("body", "", "type", "not JSON"));
            return;
        };
        found.extend(self.schema_differences("body", "", schema, &value));
    }

    fn schema_differences(
        &self,
        part: &str,
        prefix: &str,
        schema: &Schema,
        value: &Value,
    ) -> Vec<Difference> {
        schema
            .validator()
            .iter_errors(value)
            .map(|error| {
                let at = error.instance_path().to_string();
                let star = |segment: &str| match segment.parse::<usize>() {
                    Ok(_) => "*".to_owned(),
                    Err(_) => segment.to_owned(),
                };
                let at = at.split('/').map(star).collect::<Vec<_>>().join("/");
                self.difference(
                    part,
                    &format!("{prefix}{at}"),
                    error.kind().keyword(),
                    &error.masked().to_string(),
                )
            })
            .collect()
    }

    fn difference(&self, part: &str, at: &str, rule: &str, says: &str) -> Difference {
        Difference {
            operation: self.name.clone(),
            part: part.to_owned(),
            at: at.to_owned(),
            rule: rule.to_owned(),
            says: says.to_owned(),
        }
    }
}

impl Parameter {
    /// The text of a parameter as its schema wants it, where it can be read so.
    fn value(&self, given: &[String]) -> Value {
        let first = &given[0];
        match self.kind.as_str() {
            "number" | "integer" => first
                .parse::<serde_json::Number>()
                .map_or_else(|_| json!(first), Value::Number),
            "boolean" => first
                .parse::<bool>()
                .map_or_else(|_| json!(first), Value::Bool),
            "array" if given.len() == 1 => first.split(',').collect(),
            "array" => json!(given),
            _ => json!(first),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn done(found: Vec<Difference>) -> Checked {
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn unknown(method: &Method, path: &str) -> Difference {
    Difference {
        operation: "unknown".into(),
        part: "path".into(),
        at: String::new(),
        rule: "unlisted".into(),
        says: format!("no operation {method} {path}"),
    }
}

fn has_bearer(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::AUTHORIZATION)
        .is_some_and(|value| value.as_bytes().starts_with(b"Bearer "))
}
