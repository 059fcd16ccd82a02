//! A server made of the official OpenAPI files, put before the GHL connector: it lets through what they allow only.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::lab::Lab;
use super::proxy::{Asked, Between, Proxy};
use super::spec;
use super::together;

#[derive(Default)]
struct Official {
    seen: Mutex<BTreeSet<String>>,
    wrong: Mutex<BTreeSet<String>>,
}

impl Between for Official {
    fn ask(&self, asked: &mut Asked) {
        let path = asked.path.clone();
        if let Some(operation) = spec::operation(&asked.method, &path) {
            let mut seen = self.seen.lock().expect("one at a time");
            seen.insert(operation.name.clone());
        }
        let query = asked.query.as_deref();
        if let Err(found) =
            spec::check_request(&asked.method, &path, query, &asked.headers, &asked.body)
        {
            let mut wrong = self.wrong.lock().expect("one at a time");
            wrong.extend(found.iter().map(ToString::to_string));
        }
    }
}

impl Official {
    #[track_caller]
    fn approves(&self) {
        let wrong = self.wrong.lock().expect("one at a time");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[track_caller]
    fn saw(&self, want: &[&str]) {
        let seen = self.seen.lock().expect("one at a time");
        for call in want {
            assert!(seen.contains(*call), "no {call} in {seen:#?}");
        }
    }
}

#[test]
fn the_walk_of_all_operations_is_as_the_files_have_it() {
    let lab = Lab::quick(20, 4);
    let official = Arc::new(Official::default());
    let proxy = Proxy::before(&lab.env()["COUPLET_GHL_URL"], Arc::clone(&official) as _);
    let ran = lab
        .command(&["doctor", "--endpoints", "--json"])
        .env("COUPLET_GHL_URL", &proxy.url)
        .output()
        .expect("it starts");
    assert_eq!(ran.status.code(), Some(0));
    official.approves();
    official.saw(&[
        "GET /contacts/",
        "POST /contacts/",
        "DELETE /contacts/{contactId}/tasks/{taskId}",
    ]);
}

#[test]
fn a_full_sync_with_edits_of_every_kind_is_as_the_files_have_it() {
    let lab = Lab::quick(20, 6);
    let official = Arc::new(Official::default());
    let proxy = Proxy::before(&lab.env()["COUPLET_GHL_URL"], Arc::clone(&official) as _);
    together::edits_and_deletes_on_both_sides_arrive_once(&lab, &|command| {
        command.env("COUPLET_GHL_URL", &proxy.url);
    });
    official.approves();
    official.saw(&[
        "GET /locations/{locationId}",
        "GET /locations/{locationId}/customFields",
        "GET /calendars/",
        "GET /users/search",
        "POST /contacts/search",
        "POST /locations/{locationId}/tasks/search",
        "POST /contacts/",
        "PUT /contacts/{contactId}",
        "DELETE /contacts/{contactId}",
        "POST /contacts/{contactId}/tags",
        "POST /contacts/{contactId}/tasks",
        "PUT /contacts/{contactId}/tasks/{taskId}/completed",
        "GET /contacts/{contactId}/notes",
        "GET /contacts/{contactId}/appointments",
    ]);
}
