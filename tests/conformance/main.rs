//! Every answer of the sandbox against the official specs of GHL: what it says yes and no with, and what it refuses.

mod bench;
mod known_differences;
mod refusals;
#[path = "../support/spec.rs"]
mod spec;
mod walk;

use std::collections::BTreeSet;

use couplet::sandbox::LimitSpec;
use serde_json::Value;

use bench::Bench;
use known_differences::{KNOWN, Known, NOT_SERVED, is_served};
use spec::Difference;
use walk::{walk, walk_astray};

const NONE: Value = Value::Null;

#[tokio::test]
async fn every_answer_is_as_the_files_promise_but_for_the_known_differences() {
    let bench = Bench::new(LimitSpec::Off);
    walk(&bench).await;
    walk_astray(&bench).await;
    let tight = Bench::new("1/10/100".parse().expect("a limit"));
    for _ in 0..2 {
        tight.ask("GET", "/contacts/x", NONE).await;
    }
    bench
        .found
        .borrow_mut()
        .append(&mut tight.found.borrow_mut());

    let found = bench.found.borrow();
    let is_known = |difference: &Difference| KNOWN.iter().any(|known| known.covers(difference));
    let new: Vec<String> = found
        .iter()
        .filter(|d| !is_known(d))
        .map(ToString::to_string)
        .collect();
    assert!(
        new.is_empty(),
        "not as the files have it:\n{}",
        new.join("\n")
    );
    let over: Vec<&Known> = KNOWN
        .iter()
        .filter(|known| !found.iter().any(|d| known.covers(d)))
        .collect();
    assert!(over.is_empty(), "no longer different: {over:#?}");
}

#[tokio::test]
async fn every_operation_of_the_files_is_served_or_named_as_not_served() {
    let bench = Bench::new(LimitSpec::Off);
    walk(&bench).await;
    let seen = bench.seen.borrow().clone();
    let succeeded: BTreeSet<&str> = seen
        .iter()
        .filter(|(_, statuses)| statuses.iter().any(|s| *s < 300))
        .map(|(name, _)| name.as_str())
        .collect();
    for operation in spec::operations() {
        let name = operation.name.as_str();
        assert_eq!(succeeded.contains(name), is_served(name), "{name}");
        assert!(is_served(name) || !name.contains(" /contacts/"), "{name}");
        let (method, path) = name.split_once(' ').expect("a name");
        if !is_served(name) && !path.starts_with("/oauth/") {
            let (status, body) = bench.ask(method, path, NONE).await;
            assert_eq!(status, 404, "{name}: {body}");
        }
    }
    for (pattern, why) in NOT_SERVED {
        let names = spec::operations()
            .iter()
            .map(|operation| operation.name.as_str());
        assert!(
            names
                .clone()
                .any(|name| known_differences::fits(pattern, name)),
            "{pattern}: {why}"
        );
    }
}
