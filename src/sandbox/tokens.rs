//! Who may ask: access tokens with scopes, some with an end.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::ids;
use crate::model::{BySide, Millis, Side};

/// Scopes of GHL that only an agency's token has.
pub const COMPANY_SCOPES: [&str; 2] = ["oauth.readonly", "oauth.write"];

/// All scopes of a side that a location or an account can give.
pub const fn all_scopes(side: Side) -> &'static [&'static str] {
    match side {
        Side::Ghl => &[
            "contacts.readonly",
            "contacts.write",
            "locations.readonly",
            "locations/tasks.readonly",
            "locations/customFields.readonly",
            "locations/customFields.write",
            "locations/tags.readonly",
            "locations/tags.write",
            "businesses.readonly",
            "businesses.write",
            "users.readonly",
            "calendars.readonly",
            "calendars/events.readonly",
            "calendars/events.write",
            "conversations/message.readonly",
        ],
        Side::Growbots => &[
            "account.read",
            "leads.read",
            "leads.write",
            "companies.read",
            "companies.write",
            "tasks.read",
            "tasks.write",
            "notes.read",
            "notes.write",
            "meetings.read",
            "meetings.write",
            "webhooks.read",
            "webhooks.write",
        ],
    }
}

/// What a GHL token is for. Growbots has accounts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A GHL location, or a Growbots account.
    Location,
    /// A GHL agency: its token opens no location's records, but mints tokens that do.
    Company,
}

impl Level {
    /// As GHL's `user_type` and `userType` name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Location => "Location",
            Self::Company => "Company",
        }
    }
}

/// What a token lets its bearer do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub side: Side,
    pub level: Level,
    pub scopes: BTreeSet<String>,
}

impl Grant {
    /// Everything that a location or an account can give.
    pub fn all(side: Side) -> Self {
        Self {
            side,
            level: Level::Location,
            scopes: owned(all_scopes(side)),
        }
    }

    /// Everything that a GHL agency can give.
    pub fn company() -> Self {
        let mut grant = Self::all(Side::Ghl);
        grant.level = Level::Company;
        grant.scopes.extend(owned(&COMPANY_SCOPES));
        grant
    }

    /// The scopes as OAuth lists them.
    pub fn scope(&self) -> String {
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        scopes.join(" ")
    }
}

fn owned(scopes: &[&str]) -> BTreeSet<String> {
    scopes.iter().map(ToString::to_string).collect()
}

#[derive(Clone, Debug)]
struct Token {
    grant: Grant,
    ends: Option<Millis>,
}

/// What a token is worth for one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    Good,
    Unknown,
    Expired,
    LacksScope,
}

/// The access tokens of both sides.
#[derive(Clone, Debug)]
pub struct Tokens {
    held: BTreeMap<String, Token>,
    /// The tokens of the first line: all scopes, no end.
    pub first: BySide<String>,
}

impl Tokens {
    /// One token a side, of all scopes, made from the seed.
    pub fn new(rng: &mut Rng) -> Self {
        let mut tokens = Self {
            held: BTreeMap::new(),
            first: BySide::default(),
        };
        for side in Side::BOTH {
            *tokens.first.get_mut(side) = tokens.add(rng, Grant::all(side), None);
        }
        tokens
    }

    /// Makes a token. GHL's are `pit-` without an end, and shaped like OAuth's with one.
    pub fn add(&mut self, rng: &mut Rng, grant: Grant, ends: Option<Millis>) -> String {
        let token = match (grant.side, ends) {
            (Side::Ghl, None) => format!("pit-{}", ids::uuid(rng)),
            (Side::Ghl, Some(_)) => format!("oat_{}", ids::alphanumeric(rng, 40)),
            (Side::Growbots, _) => format!("gb_{}", ids::alphanumeric(rng, 40)),
        };
        self.held.insert(token.clone(), Token { grant, ends });
        token
    }

    /// Takes a token back; false if there is none such.
    pub fn revoke(&mut self, token: &str) -> bool {
        self.held.remove(token).is_some()
    }

    /// Ends all tokens of a side that have an end.
    pub fn expire(&mut self, side: Side) {
        for token in self.held.values_mut().filter(|t| t.grant.side == side) {
            token.ends = token.ends.map(|_| Millis(0));
        }
    }

    /// Whether a token lets its bearer do what `scope` covers.
    pub fn worth(&self, side: Side, token: Option<&str>, scope: &str, now: Millis) -> Worth {
        let Some(token) = token
            .and_then(|t| self.held.get(t))
            .filter(|t| t.grant.side == side)
        else {
            return Worth::Unknown;
        };
        let is_of_level = token.grant.level == Level::Location || COMPANY_SCOPES.contains(&scope);
        if token.ends.is_some_and(|ends| ends <= now) {
            Worth::Expired
        } else if scope.is_empty() || is_of_level && token.grant.scopes.contains(scope) {
            Worth::Good
        } else {
            Worth::LacksScope
        }
    }

    /// The scopes of a token, in order; none for one that is not held.
    pub fn scopes(&self, token: Option<&str>) -> Vec<String> {
        let held = token.and_then(|t| self.held.get(t));
        held.map(|t| t.grant.scopes.iter().cloned().collect())
            .unwrap_or_default()
    }
}
