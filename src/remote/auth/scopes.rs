//! What a key may do: which feature needs which scope, and how to find out which scopes a key has.

use serde::Deserialize;
use serde_json::json;

use crate::{
    model::{Lane, Side},
    remote::{
        Parts, RemoteError, Settings,
        client::{Answer, Call, Client},
        growbots,
        scalar::Words,
    },
};

use super::{VERSION, VERSION_CALENDARS, VERSION_MAIN, refuses_key};

/// What couplet does with a side, and the scope that it needs for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Feature {
    /// Which side.
    pub side: Side,
    /// In words.
    pub name: &'static str,
    /// The side's name of the scope.
    pub scope: &'static str,
    /// What happens without it.
    pub without: &'static str,
}

const fn feature(
    side: Side,
    name: &'static str,
    scope: &'static str,
    without: &'static str,
) -> Feature {
    Feature {
        side,
        name,
        scope,
        without,
    }
}

/// All features, in the order in which they are listed (`facts/highlevel.md` a, `facts/growbots.md` 3.2).
#[rustfmt::skip]
pub const FEATURES: &[Feature] = &[
    feature(Side::Ghl, "read contacts, notes, appointments", "contacts.readonly", "nothing can be synced"),
    feature(Side::Ghl, "write contacts, tasks, tags, notes", "contacts.write", "nothing is written to GHL"),
    feature(Side::Ghl, "read all tasks at once", "locations/tasks.readonly", "tasks of GHL are not read"),
    feature(Side::Ghl, "time zone and country", "locations.readonly", "times without a zone count as UTC"),
    feature(Side::Ghl, "custom fields", "locations/customFields.readonly", "custom fields are not synced"),
    feature(Side::Ghl, "list of tags", "locations/tags.readonly", "tags are not completed while you type"),
    feature(Side::Ghl, "businesses", "businesses.readonly", "businesses are not read"),
    feature(Side::Ghl, "users", "users.readonly", "owners and assignees are not carried over"),
    feature(Side::Ghl, "appointments by id", "calendars/events.readonly", "an appointment is read with its contact's"),
    feature(Side::Growbots, "account, users, changes", "account.read", "nothing can be synced"),
    feature(Side::Growbots, "read contacts", "leads.read", "nothing can be synced"),
    feature(Side::Growbots, "write contacts", "leads.write", "contacts are not written to Growbots"),
    feature(Side::Growbots, "read tasks", "tasks.read", "tasks of Growbots are not read"),
    feature(Side::Growbots, "write tasks", "tasks.write", "tasks are not written to Growbots"),
    feature(Side::Growbots, "read notes", "notes.read", "notes are not brought over"),
    feature(Side::Growbots, "write notes", "notes.write", "notes are not brought over"),
    feature(Side::Growbots, "read appointments", "meetings.read", "appointments are not brought over"),
    feature(Side::Growbots, "write appointments", "meetings.write", "appointments are not brought over"),
    feature(Side::Growbots, "read businesses", "companies.read", "businesses are not brought over"),
    feature(Side::Growbots, "write businesses", "companies.write", "businesses are not brought over"),
];

/// Nobody has this id.
const NOBODY: &str = "coupletScopeProbe000";

/// Whether the key may use a feature; `None` where that could not be found out.
pub type Access = (&'static Feature, Option<bool>);

/// Asks a side what a key may do.
pub struct Scopes {
    client: Client,
    side: Side,
    location: String,
}

impl Scopes {
    /// For the key of these settings; `prefix` stands before every path of Growbots.
    pub fn new(side: Side, prefix: &str, mut settings: Settings, parts: &Parts) -> Self {
        let location = settings.location.clone();
        if side == Side::Growbots {
            growbots::root(&mut settings.base_url, prefix);
        }
        Self {
            client: Client::new(side, settings, parts),
            side,
            location,
        }
    }

    /// What the key may do. `told` are the scopes that the sign-in named, if one did.
    ///
    /// GHL lists the scopes of a private integration nowhere, so each is tried: by the cheapest read that needs it,
    /// and writing by an update of a contact that cannot exist. `RemoteError::Unauthorised` where the key itself is
    /// refused, `Forbidden` where it is another location's. Cost: GHL 9 requests, or 1 where the scopes are told;
    /// Growbots 1.
    pub async fn access(&self, told: Option<&str>) -> Result<Vec<Access>, RemoteError> {
        let mine = FEATURES.iter().filter(|one| one.side == self.side);
        let listed = match (self.side, told) {
            (Side::Growbots, _) => Some(self.of_account().await?),
            (Side::Ghl, Some(told)) => {
                self.may("contacts.readonly").await?;
                Some(told.split_whitespace().map(str::to_owned).collect())
            }
            (Side::Ghl, None) => None,
        };
        let mut access = Vec::new();
        for feature in mine {
            let held = match &listed {
                Some(scopes) => Some(scopes.iter().any(|scope: &String| scope == feature.scope)),
                None => self.may(feature.scope).await?,
            };
            access.push((feature, held));
        }
        Ok(access)
    }

    async fn of_account(&self) -> Result<Vec<String>, RemoteError> {
        #[derive(Deserialize)]
        struct Account<'a> {
            #[serde(borrow, default)]
            scopes: Words<'a>,
        }
        let call = Call::read("GET /account", &[]);
        let answer = self.client.send(Lane::Operator, call).await?;
        self.let_in(&answer)?;
        let account: Account<'_> = self.client.parse(&answer)?;
        Ok(account.scopes.texts().map(str::to_owned).collect())
    }

    /// Whether GHL lets the key do what needs this scope.
    async fn may(&self, scope: &str) -> Result<Option<bool>, RemoteError> {
        let place = &[self.location.as_str()];
        let call = match scope {
            "contacts.readonly" => Call::read("POST /contacts/search", &[])
                .json(&json!({"locationId": self.location, "pageLimit": 1})),
            "contacts.write" => {
                Call::write("PUT /contacts/{contactId}", &[NOBODY]).json(&json!({}))
            }
            "locations/tasks.readonly" => {
                Call::read("POST /locations/{locationId}/tasks/search", place)
                    .json(&json!({"limit": 1}))
            }
            "locations.readonly" => Call::read("GET /locations/{locationId}", place),
            "locations/customFields.readonly" => {
                Call::read("GET /locations/{locationId}/customFields", place)
            }
            "locations/tags.readonly" => Call::read("GET /locations/{locationId}/tags", place),
            "businesses.readonly" => Call::read("GET /businesses/", &[])
                .query("locationId", &self.location)
                .query("limit", "1"),
            "users.readonly" => Call::read("GET /users/", &[]).query("locationId", &self.location),
            // Without a calendar it asks for nothing, and is refused after the scope was looked at.
            "calendars/events.readonly" => Call::read("GET /calendars/events", &[])
                .query("locationId", &self.location)
                .header(VERSION, VERSION_CALENDARS),
            _ => return Ok(None),
        };
        let call = call.or_header(VERSION, VERSION_MAIN);
        let answer = match self.client.send(Lane::Operator, call).await {
            Ok(answer) => answer,
            // One that does not answer says nothing about the key.
            Err(RemoteError::Server { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if answer.status == 401 && !refuses_key(401, &answer.body) {
            return Ok(Some(false));
        }
        self.let_in(&answer)?;
        Ok(Some(true))
    }

    /// Whether the key is one at all, and of this place.
    fn let_in(&self, answer: &Answer) -> Result<(), RemoteError> {
        let side = self.side;
        match answer.status {
            401 => {
                self.client.refused_key();
                Err(RemoteError::Unauthorised {
                    side,
                    said: self.client.words(answer),
                })
            }
            403 => Err(RemoteError::Forbidden {
                side,
                operation: answer.operation().to_owned(),
                said: self.client.words(answer),
            }),
            _ => Ok(()),
        }
    }
}
