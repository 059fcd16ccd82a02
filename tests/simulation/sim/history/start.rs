//! How both sides were before anything happened.

use std::collections::BTreeMap;

use couplet::model::{Kind, Side};
use couplet::sandbox::World;
use serde_json::Value as Json;

use super::{tracked, wire};

/// What the log of events does not tell: how it was before anything happened.
#[derive(Default)]
pub struct Start {
    /// The pairs that were there, GHL's id first.
    pub pairs: Vec<(String, String)>,
    /// The contact of each child; later ones are added from the log.
    pub parents: BTreeMap<String, String>,
    /// The values of records, by id and name on the wire.
    pub values: BTreeMap<(String, &'static str), Json>,
}

impl Start {
    pub fn of(world: &World) -> Self {
        let mut start = Self::default();
        for lead in world.all(Side::Growbots, Kind::Contact) {
            let text = |value: Option<&Json>| value.and_then(Json::as_str).map(str::to_owned);
            let ghl = text(lead.get("external_ids").map(|ids| &ids["ghl"]));
            start.pairs.extend(ghl.zip(text(lead.get("id"))));
        }
        for (side, kind) in Side::BOTH
            .into_iter()
            .flat_map(|side| Kind::ALL.map(|kind| (side, kind)))
        {
            let parent = match side {
                Side::Ghl => "contactId",
                Side::Growbots => "lead_id",
            };
            for body in world.all(side, kind) {
                let body = Json::Object(body.as_ref().clone());
                let id = body["id"].as_str().expect("an id");
                if let (true, Some(parent)) = (kind.is_child(), body[parent].as_str()) {
                    start.parents.insert(id.to_owned(), parent.to_owned());
                }
                for of in tracked(kind) {
                    let name = wire(side, &of);
                    if let Some(value) = body.pointer(&format!("/{}", name.replace('.', "/"))) {
                        start.values.insert((id.to_owned(), name), value.clone());
                    }
                }
            }
        }
        start
    }
}
