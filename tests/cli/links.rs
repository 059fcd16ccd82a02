//! Pairs that operators part and make.

use serde_json::Value as Json;

use crate::user::{Sandbox, User, said};

fn link_of(user: &User, side: &str, id: &Json) -> Json {
    let all = user.json("links list --json");
    let mut found = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row[side] == *id);
    found.next().cloned().unwrap_or(Json::Null)
}

#[test]
fn what_was_split_does_not_pair_again_until_it_is_matched() {
    let (sandbox, user) = Sandbox::start();
    user.pass();
    let pair = &user.in_step()[0];
    let (ghl, growbots) = (&pair["ghl_id"], &pair["growbots_id"]);
    let stamp = |raw: &Json| raw["external_ids"]["ghl"].clone();
    assert_eq!(
        stamp(&sandbox.record("growbots", "contact", growbots)),
        *ghl
    );

    user.done(&format!("links split {}", pair["id"]));
    // Nobody makes the twins of the two, so that what becomes of the pair is theirs alone.
    for _ in 0..3 {
        user.pass();
    }
    let now = link_of(&user, "ghl_id", ghl);
    assert_ne!(now["growbots_id"], *growbots, "{now}");
    let lead = sandbox.record("growbots", "contact", growbots);
    assert_ne!(stamp(&lead), *ghl, "{lead}");
    let log = user.json("log list --json --filter op:split");
    assert_eq!(log[0]["operator"], "dana");

    let again = format!(
        "links match {} {}",
        ghl.as_str().unwrap(),
        growbots.as_str().unwrap()
    );
    user.done(&again);
    user.pass();
    let now = link_of(&user, "ghl_id", ghl);
    assert_eq!(now["growbots_id"], *growbots, "{now}");
    let lead = sandbox.record("growbots", "contact", growbots);
    assert_eq!(stamp(&lead), *ghl, "{lead}");
    user.pass();
    assert_eq!(link_of(&user, "ghl_id", ghl)["growbots_id"], *growbots);
}

#[test]
fn a_link_that_is_no_pair_cannot_be_split_and_unknown_ids_cannot_be_matched() {
    let (_sandbox, user) = Sandbox::start();
    user.pass();
    let pair = &user.in_step()[0];
    let ghl = pair["ghl_id"].as_str().unwrap();
    let growbots = pair["growbots_id"].as_str().unwrap();
    for (line, message) in [
        (
            "links split nobody".to_owned(),
            "there is no record `nobody`",
        ),
        (format!("links match {growbots} {ghl}"), "GHL has no record"),
        (
            format!("links match {ghl} nobody"),
            "there is no record `nobody`",
        ),
    ] {
        let output = user.run(&line);
        assert_eq!(output.status.code(), Some(1), "{line}: {}", said(&output));
        assert!(said(&output).contains(message), "{line}: {}", said(&output));
    }
}
