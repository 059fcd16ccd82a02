//! How a server differs from the contract: other paths, other names of fields
//! (`facts/growbots.md` 2). Everything else of the connector speaks the contract's names only.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderValue, header::USER_AGENT};
use serde_json::{Map, Value as Json};

use crate::model::Kind;
use crate::remote::client::Call;

use super::wire::{names_of, segment};

/// The settings that bring couplet to a server that is near the contract.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// Put before every path.
    pub prefix: String,
    /// Rows asked of a list, 1 to 200.
    pub page_rows: u16,
    /// Writes of a batch, 1 to 100.
    pub batch_rows: u16,
    /// Another `User-Agent`.
    pub user_agent: Option<HeaderValue>,
    /// What the server can do, over what it says itself.
    pub capabilities: Option<Vec<String>>,
    /// Other first segments of paths, by the contract's: `leads` to `people`.
    pub paths: BTreeMap<String, String>,
    /// Other names of fields, by kind and the contract's name: `leads.first_name`, `leads.address.street`.
    pub wire: BTreeMap<String, String>,
    /// Whether the status of a lead is read as one of its tags, `growbots:<status>`.
    pub status_tags: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            prefix: "/v1".to_owned(),
            page_rows: 100,
            batch_rows: 50,
            user_agent: None,
            capabilities: None,
            paths: BTreeMap::new(),
            wire: BTreeMap::new(),
            status_tags: false,
        }
    }
}

/// A rename that names nothing of the contract.
#[derive(Debug, thiserror::Error)]
pub enum DialectError {
    /// No path begins so.
    #[error("`paths.{0}` is no path of the contract")]
    Path(String),
    /// No field is called so.
    #[error("`wire.{0}` is no field of the contract")]
    Field(String),
}

/// The first segments of the contract's paths that are no kind.
const OTHER_PATHS: [&str; 4] = ["account", "users", "changes", "batch"];

impl Dialect {
    /// Whether all renames are of something that there is.
    pub fn check(&self) -> Result<(), DialectError> {
        let kinds = Kind::ALL.map(segment);
        for path in self.paths.keys() {
            if !kinds.contains(&path.as_str()) && !OTHER_PATHS.contains(&path.as_str()) {
                return Err(DialectError::Path(path.clone()));
            }
        }
        for name in self.wire.keys() {
            let known = Kind::ALL.into_iter().any(|kind| {
                let field = name.strip_prefix(segment(kind));
                let field = field.and_then(|rest| rest.strip_prefix('.'));
                field.is_some_and(|field| names_of(kind).contains(&field))
            });
            if !known {
                return Err(DialectError::Field(name.clone()));
            }
        }
        Ok(())
    }

    /// The call as this server takes it.
    pub(super) fn apply(&self, mut call: Call) -> Call {
        if let Some(to) = self.paths.get(call.segment()) {
            call = call.under(to);
        }
        if let Some(agent) = &self.user_agent {
            call = call.header(USER_AGENT, String::from_utf8_lossy(agent.as_bytes()));
        }
        call
    }

    /// The server's name of a kind in paths and bodies.
    pub(super) fn segment(&self, kind: Kind) -> &str {
        let ours = segment(kind);
        self.paths.get(ours).map_or(ours, String::as_str)
    }

    /// The kind that the server calls so.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        Kind::ALL
            .into_iter()
            .find(|kind| self.segment(*kind) == name || segment(*kind) == name)
    }

    /// The server's name of a field.
    pub(super) fn name(&self, kind: Kind, ours: &'static str) -> Cow<'static, str> {
        match self.wire.get(&format!("{}.{ours}", segment(kind))) {
            Some(theirs) => theirs.clone().into(),
            None => ours.into(),
        }
    }

    /// The contract's name of a field that the server names in an error; `address.` stays before a member.
    pub(super) fn canonical_name(&self, kind: Kind, theirs: &str) -> String {
        let (outer, inner) = theirs.split_once('.').unwrap_or((theirs, ""));
        let names = self.names(kind, "");
        let outer = names.get(outer).copied().unwrap_or(outer);
        if inner.is_empty() {
            return outer.to_owned();
        }
        let names = self.names(kind, "address.");
        format!("{outer}.{}", names.get(inner).copied().unwrap_or(inner))
    }

    /// The contract's names by the server's, one level of them.
    fn names(&self, kind: Kind, level: &str) -> BTreeMap<&str, &str> {
        let before = format!("{}.{level}", segment(kind));
        let renames = self.wire.iter().filter_map(|(ours, theirs)| {
            let ours = ours.strip_prefix(before.as_str())?;
            (!ours.contains('.')).then_some((theirs.as_str(), ours))
        });
        renames.collect()
    }

    /// Whether records of a kind come under other names.
    fn differs(&self, kind: Kind) -> bool {
        let before = format!("{}.", segment(kind));
        self.wire.keys().any(|name| name.starts_with(&before))
    }

    /// A record of the server under the contract's names; text that is no object stays as it is.
    pub(super) fn read<'a>(&self, kind: Kind, raw: &'a str) -> Cow<'a, str> {
        if !self.differs(kind) {
            return raw.into();
        }
        match serde_json::from_str::<Map<String, Json>>(raw) {
            Ok(record) => {
                let mut record = renamed(record, &self.names(kind, ""));
                if let Some(Json::Object(address)) = record.get_mut("address") {
                    *address = renamed(std::mem::take(address), &self.names(kind, "address."));
                }
                Json::Object(record).to_string().into()
            }
            Err(_) => raw.into(),
        }
    }

    /// A body under the server's names.
    pub(super) fn write(&self, kind: Kind, mut body: Map<String, Json>) -> Map<String, Json> {
        if !self.differs(kind) {
            return body;
        }
        let turned = |level| -> BTreeMap<&str, &str> {
            let names = self.names(kind, level).into_iter();
            names.map(|(theirs, ours)| (ours, theirs)).collect()
        };
        if let Some(Json::Object(address)) = body.get_mut("address") {
            *address = renamed(std::mem::take(address), &turned("address."));
        }
        renamed(body, &turned(""))
    }
}

/// The object with keys renamed; one that stands where a renamed key goes is something else, and left out.
fn renamed(object: Map<String, Json>, names: &BTreeMap<&str, &str>) -> Map<String, Json> {
    let taken: BTreeSet<&str> = names.values().copied().collect();
    let pairs = object
        .into_iter()
        .filter_map(|(name, value)| match names.get(name.as_str()) {
            Some(to) => Some(((*to).to_owned(), value)),
            None if taken.contains(name.as_str()) => None,
            None => Some((name, value)),
        });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dialect() -> Dialect {
        let wire = [
            ("leads.title", "role"),
            ("leads.address", "place"),
            ("leads.address.street", "line1"),
        ];
        Dialect {
            wire: wire
                .map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()))
                .into(),
            ..Dialect::default()
        }
    }

    #[test]
    fn a_record_comes_under_the_contracts_names_and_goes_back_under_the_servers() {
        let theirs = json!({"id": "1", "role": "Chair", "place": {"line1": "1 Elm", "city": "X"}});
        let ours =
            json!({"id": "1", "title": "Chair", "address": {"street": "1 Elm", "city": "X"}});
        let read = dialect()
            .read(Kind::Contact, &theirs.to_string())
            .into_owned();
        assert_eq!(serde_json::from_str::<Json>(&read).expect("JSON"), ours);
        let Json::Object(body) = ours else {
            unreachable!()
        };
        assert_eq!(Json::Object(dialect().write(Kind::Contact, body)), theirs);
    }

    #[test]
    fn a_key_that_only_looks_like_a_renamed_one_is_left_out() {
        let theirs = json!({"id": "1", "title": "Dr"}).to_string();
        assert_eq!(dialect().read(Kind::Contact, &theirs), r#"{"id":"1"}"#);
        assert_eq!(dialect().read(Kind::Task, &theirs), theirs);
    }

    #[test]
    fn fields_named_in_errors_are_told_by_the_contracts_names() {
        for (theirs, ours) in [
            ("role", "title"),
            ("place.line1", "address.street"),
            ("place", "address"),
            ("email", "email"),
        ] {
            assert_eq!(dialect().canonical_name(Kind::Contact, theirs), ours);
        }
    }

    #[test]
    fn a_rename_of_nothing_is_refused() {
        for (path, field, is_ok) in [
            ("leads", "leads.email", true),
            ("changes", "tasks.due_at", true),
            ("lead", "leads.email", false),
            ("leads", "leads.emial", false),
            ("leads", "people.email", false),
            ("leads", "leadsxemail", false),
        ] {
            let dialect = Dialect {
                paths: [(path.to_owned(), "x".to_owned())].into(),
                wire: [(field.to_owned(), "x".to_owned())].into(),
                ..Dialect::default()
            };
            assert_eq!(dialect.check().is_ok(), is_ok, "{path} {field}");
        }
    }
}
