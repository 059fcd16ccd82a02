//! `couplet bench seed`: what measurements start from.

use crate::user::{User, said};

#[test]
fn a_seeded_workspace_has_linked_people_with_tasks_history_and_conflicts() {
    let user = User::new();
    user.done("bench seed --contacts 40");
    let contacts = user.json("contacts list --json");
    let contacts = contacts.as_array().unwrap();
    assert_eq!(contacts.len(), 40);
    for contact in contacts {
        assert!(
            contact["ghl_id"].is_string() && contact["growbots_id"].is_string(),
            "{contact}"
        );
    }
    let states = |name: &str| {
        contacts
            .iter()
            .filter(|contact| contact["state"] == name)
            .count()
    };
    assert_eq!((states("in_step"), states("conflict")), (39, 1));
    let tasks = user.json("tasks list --json");
    assert_eq!(tasks.as_array().unwrap().len(), 20);
    let conflicts = user.json("conflicts list --json");
    assert_eq!(conflicts[0]["fields"][0]["field"], "address.city");
    let id = conflicts[0]["title"].as_str().unwrap();
    let found = contacts
        .iter()
        .find(|contact| contact["state"] == "conflict")
        .unwrap();
    assert!(
        id.contains(found["last_name"].as_str().unwrap_or_default()),
        "{id}"
    );
    let log = user.json("log list --json");
    assert!(log.as_array().unwrap().len() > 60, "{log}");
}

#[test]
fn seeding_touches_no_workspace_that_is_there() {
    let user = User::new();
    user.done("bench seed --contacts 1");
    let again = user.run("bench seed --contacts 1");
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(
        said(&again).contains("is there already"),
        "{}",
        said(&again)
    );
}
