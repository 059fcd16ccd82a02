//! OAuth of both sides: the authorize pages, which ask nobody, and the token endpoints. Ends of tokens are in the
//! world's time, so that a test can move it on.

mod ghl;
mod grants;
mod growbots;

pub use grants::Grants;

use std::collections::BTreeMap;

use fastrand::Rng;

use super::{
    http::{Answer, Call},
    tokens::Tokens,
    world::World,
};
use crate::model::Side;

/// What the endpoints read and change.
pub struct Desk<'a> {
    pub world: &'a mut World,
    pub tokens: &'a mut Tokens,
    pub grants: &'a mut Grants,
    pub rng: &'a mut Rng,
}

type Run = fn(&mut Desk, &Call) -> Answer;

const GHL: &[(&str, Run)] = &[
    ("POST /oauth/token", ghl::token),
    ("GET /oauth/chooselocation", ghl::choose_location),
    ("GET /v2/oauth/chooselocation", ghl::choose_location),
    ("POST /oauth/locationToken", ghl::location_token),
    ("GET /oauth/installedLocations", ghl::installed_locations),
    ("POST /oauth/reconnect", ghl::reconnect),
];
const GROWBOTS: &[(&str, Run)] = &[
    ("POST /oauth/token", growbots::token),
    ("GET /oauth/authorize", growbots::authorize),
];

fn find(side: Side, call: &Call) -> Option<&'static (&'static str, Run)> {
    let routes = match side {
        Side::Ghl => GHL,
        Side::Growbots => GROWBOTS,
    };
    routes.iter().find(|(name, _)| {
        name.split_once(' ')
            .is_some_and(|(method, path)| call.method == method && call.path == path)
    })
}

/// The name of the operation, if a request is one of OAuth's.
pub fn operation(side: Side, call: &Call) -> Option<&'static str> {
    find(side, call).map(|(name, _)| *name)
}

/// Answers a request that is one of OAuth's.
pub fn answer(side: Side, desk: &mut Desk, call: &Call) -> Option<Answer> {
    find(side, call).map(|(_, run)| run(desk, call))
}

/// The fields of a form body; none of a body of another type.
fn form(call: &Call) -> BTreeMap<String, String> {
    let is_form = call
        .header("content-type")
        .is_some_and(|sent| sent.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return BTreeMap::new();
    }
    url::form_urlencoded::parse(&call.body)
        .into_owned()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// A redirect to where the client listens, with what the page found.
fn redirect(to: &str, found: &[(&str, &str)]) -> Option<Answer> {
    let mut url = url::Url::parse(to).ok()?;
    url.query_pairs_mut()
        .extend_pairs(found.iter().filter(|(_, value)| !value.is_empty()));
    Some(Answer::empty(302).with("location", url))
}
