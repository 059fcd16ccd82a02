//! The page of a record in each system's web app: an address from the settings, as a link that the operator's own
//! terminal opens (OSC 8), also over SSH; nothing is started on this machine.

use std::fmt::Write as _;

use ratatui::style::Style;

use crate::model::{BySide, Kind, Linked, Side};

use super::confirm::{Choice, Offer, Then};
use super::model::{Model, Overlay};
use super::msg::Tab;
use super::tabs::held;

/// The addresses' templates: `{id}` stands for the record's id.
pub type Pages = BySide<Option<String>>;

/// The contact that the screen is about, where it was read.
fn subject(model: &Model) -> Option<&Linked> {
    let linked = match model.tab {
        Tab::Contacts => &model.contacts.detail_drawn()?.linked,
        Tab::Conflicts if held::open(model).is_some() => &held::record(model)?.linked,
        Tab::Conflicts => &model.conflicts.bench.as_ref()?.detail.as_ref()?.linked,
        _ => return None,
    };
    (linked.kind == Kind::Contact).then_some(linked)
}

/// The addresses of the contact's pages on both sides.
pub fn addresses(model: &Model) -> BySide<Option<String>> {
    let linked = subject(model);
    BySide::from_fn(|side| {
        let template = model.pages.get(side).as_ref()?;
        let end = linked?.ends.get(side).live()?;
        Some(template.replace("{id}", &escaped(end.id.as_str())))
    })
}

/// An id as a part of an address: what comes from a side adds no path, query or control character.
fn escaped(id: &str) -> String {
    let mut out = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}"); // a `String` takes all
        }
    }
    out
}

/// What the links on the screen lead to, in the order of their numbers.
pub fn links(model: &Model) -> Vec<String> {
    let BySide { ghl, growbots } = addresses(model);
    [ghl, growbots].map(Option::unwrap_or_default).into()
}

/// A text that is the link to a side's page; as it was where there is no address.
pub fn linked(model: &Model, side: Side, style: Style) -> Style {
    match addresses(model).get(side) {
        Some(_) => super::theme::link(style, side as u8),
        None => style,
    }
}

/// Whether there is a page to show, or why not.
pub fn ready(model: &Model) -> Result<(), String> {
    if subject(model).is_none() {
        return Err("no contact is shown".into());
    }
    match addresses(model) {
        BySide {
            ghl: None,
            growbots: None,
        } => Err(
            "`ghl.page` and `growbots.page` in the settings say where a record's page is".into(),
        ),
        _ => Ok(()),
    }
}

/// Shows the addresses as links, and offers to copy them.
pub fn open(model: &mut Model) {
    let addresses = addresses(model);
    let mut lines = Vec::new();
    let mut answers = Vec::new();
    for side in Side::BOTH {
        let Some(address) = addresses.get(side) else {
            continue;
        };
        lines.push((address.clone(), Some(side)));
        answers.push(Offer {
            words: format!("copy the address of the {side} page"),
            then: Then::Copy(address.clone()),
            said: format!(
                "Copied the address of the {side} page, if your terminal takes it (OSC 52)."
            ),
        });
    }
    let choice = Choice {
        title: "The record's page: click its address (in most terminals with ctrl)".into(),
        lines,
        answers,
        foot: "Your terminal opens the link; couplet starts nothing.".into(),
    };
    model.overlay = Some(Overlay::Choice(Box::new(choice)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_adds_nothing_to_an_address_but_itself() {
        assert_eq!(escaped("ocQHyuzH-5_N.~"), "ocQHyuzH-5_N.~");
        assert_eq!(escaped("a/../b?c#d\x1b\\e"), "a%2F..%2Fb%3Fc%23d%1B%5Ce");
    }
}
