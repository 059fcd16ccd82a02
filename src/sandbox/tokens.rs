//! Who may ask: tokens with scopes, some with an end.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{BySide, Millis, Side};

/// All scopes of a side.
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
        ],
    }
}

#[derive(Clone, Debug)]
struct Token {
    side: Side,
    scopes: BTreeSet<String>,
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

/// The tokens of both sides.
#[derive(Clone, Debug)]
pub struct Tokens {
    held: BTreeMap<String, Token>,
    /// The tokens of the first line: all scopes, no end.
    pub first: BySide<String>,
}

impl Tokens {
    /// One token a side, of all scopes, made from the seed.
    pub fn new(rng: &mut fastrand::Rng) -> Self {
        let mut tokens = Self {
            held: BTreeMap::new(),
            first: BySide::default(),
        };
        for side in Side::BOTH {
            let scopes = all_scopes(side).iter().map(ToString::to_string).collect();
            *tokens.first.get_mut(side) = tokens.add(rng, side, scopes, None);
        }
        tokens
    }

    /// Makes a token. GHL's are `pit-` without an end, and shaped like OAuth's with one.
    pub fn add(
        &mut self,
        rng: &mut fastrand::Rng,
        side: Side,
        scopes: BTreeSet<String>,
        ends: Option<Millis>,
    ) -> String {
        let token = match (side, ends) {
            (Side::Ghl, None) => format!("pit-{}", super::ids::uuid(rng)),
            (Side::Ghl, Some(_)) => format!("oat_{}", super::ids::alphanumeric(rng, 40)),
            (Side::Growbots, _) => format!("gb_{}", super::ids::alphanumeric(rng, 40)),
        };
        self.held
            .insert(token.clone(), Token { side, scopes, ends });
        token
    }

    /// Takes a token back; false if there is none such.
    pub fn revoke(&mut self, token: &str) -> bool {
        self.held.remove(token).is_some()
    }

    /// Ends all tokens of a side that have an end.
    pub fn expire(&mut self, side: Side) {
        for token in self.held.values_mut().filter(|t| t.side == side) {
            token.ends = token.ends.map(|_| Millis(0));
        }
    }

    /// Whether a token lets its bearer do what `scope` covers.
    pub fn worth(&self, side: Side, token: Option<&str>, scope: &str, now: Millis) -> Worth {
        let Some(token) = token
            .and_then(|t| self.held.get(t))
            .filter(|t| t.side == side)
        else {
            return Worth::Unknown;
        };
        if token.ends.is_some_and(|ends| ends <= now) {
            Worth::Expired
        } else if scope.is_empty() || token.scopes.contains(scope) {
            Worth::Good
        } else {
            Worth::LacksScope
        }
    }

    /// The scopes of a token, in order; none for one that is not held.
    pub fn scopes(&self, token: Option<&str>) -> Vec<String> {
        let held = token.and_then(|t| self.held.get(t));
        held.map(|t| t.scopes.iter().cloned().collect())
            .unwrap_or_default()
    }
}
