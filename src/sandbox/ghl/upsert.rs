//! POST /contacts/upsert: a contact that is found by e-mail or phone is edited, else one is made.

use serde_json::{Value, json};

use super::{Ask, contacts, dto, normal, refusal::Refusal, rules};
use crate::model::Kind;
use crate::sandbox::{
    http::Answer,
    record::{Body, text},
    world::World,
};

/// Whom an upsert is about, and how it was found.
struct Match {
    id: String,
    /// By an e-mail that is not the contact's first one.
    is_secondary: bool,
}

pub fn upsert(world: &mut World, ask: &Ask) -> Result<Answer, Refusal> {
    let mut fields = dto::UPSERT_CONTACT.read(&ask.call.body, &world.switches)?;
    super::own_location(world, text(&fields, "locationId"))?;
    fields.shift_remove("locationId");
    let wants_new = fields.shift_remove("createNewIfDuplicateAllowed") == Some(true.into());
    let may_create = wants_new && world.switches.allow_duplicates;
    let found = find(world, &fields).filter(|_| !may_create);
    let is_new = found.is_none();
    let written = match found {
        None => rules::create(world, &ask.by(), Kind::Contact, fields)?,
        Some(found) => {
            // the service takes it and does nothing with it
            fields.shift_remove("gender");
            leave_what_is_anothers(world, &mut fields, &found.id);
            if found.is_secondary {
                let contact = rules::find(world, Kind::Contact, &found.id)?;
                let left = without(contact.get("additionalEmails"), text(&fields, "email"));
                fields.insert("additionalEmails".into(), left);
            }
            rules::edit(world, &ask.by(), Kind::Contact, &found.id, fields)?
        }
    };
    let status = if is_new && world.switches.upsert_answers_201 {
        201
    } else {
        200
    };
    let shown = contacts::shown(world, &written);
    Ok(Answer::json(
        status,
        json!({"new": is_new, "contact": shown}),
    ))
}

fn email_and_phone(world: &World, fields: &Body) -> (Option<String>, Option<String>) {
    let email = text(fields, "email")
        .map(str::trim)
        .filter(|e| !e.is_empty());
    let phone =
        text(fields, "phone").and_then(|given| normal::phone(&world.switches, fields, given));
    (email.map(str::to_owned), phone)
}

fn find(world: &World, fields: &Body) -> Option<Match> {
    let (email, phone) = email_and_phone(world, fields);
    let of = |contact: &Body, is_secondary| Match {
        id: text(contact, "id").unwrap_or_default().to_owned(),
        is_secondary,
    };
    if let Some((contact, _)) = rules::holder(world, email.as_deref(), phone.as_deref(), "") {
        return Some(of(&contact, false));
    }
    Some(of(&*rules::secondary_holder(world, &email?)?, true))
}

/// Where e-mail and phone are of two contacts, the first in order has won and the other value is left alone.
fn leave_what_is_anothers(world: &World, fields: &mut Body, id: &str) {
    let (email, phone) = email_and_phone(world, fields);
    if rules::holder(world, email.as_deref(), None, id).is_some() {
        fields.shift_remove("email");
    }
    if rules::holder(world, None, phone.as_deref(), id).is_some() {
        fields.shift_remove("phone");
    }
}

fn without(emails: Option<&Value>, email: Option<&str>) -> Value {
    let list = emails.and_then(Value::as_array);
    let is_it = |entry: &&Value| {
        let address = entry.as_str().or_else(|| entry["email"].as_str());
        address.map(str::to_lowercase) == email.map(|e| e.trim().to_lowercase())
    };
    list.into_iter()
        .flatten()
        .filter(|e| !is_it(e))
        .cloned()
        .collect()
}
