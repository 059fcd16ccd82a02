//! What the layers do together, seen through a connector.

use serde_json::json;

use super::{
    Class, Connector, Found, Ghl, NewRecord, RemoteError,
    testing::{Line, Script, ok},
};
use crate::model::{FieldName, Health, Kind, Lane, Record, RecordId, Value};

fn contact() -> Line {
    ok(json!({"contact": {"id": "c1", "firstName": "Marta"}}))
}

fn note() -> NewRecord {
    let text = Value::text("hello").expect("not empty");
    NewRecord {
        kind: Kind::Note,
        parent: Some("c1".into()),
        record: Record::from_fields([(FieldName::Body, text)]),
        external_id: None,
        mark: None,
        key: "k1".into(),
    }
}

async fn read(script: &Script) -> (Ghl, Result<Found, RemoteError>) {
    let ghl = script.connector(Ghl::new);
    let found = ghl
        .get(Lane::Operator, Kind::Contact, None, &RecordId::from("c1"))
        .await;
    (ghl, found)
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_until_it_is_answered() {
    for failures in [
        vec![Line::Says(500, json!({}))],
        vec![Line::Breaks, Line::Hangs],
        vec![Line::Refuses(200, vec![])],
        vec![
            Line::Refuses(502, vec![]),
            Line::Breaks,
            Line::Breaks,
            Line::Breaks,
        ],
        vec![Line::Refuses(429, vec![("retry-after", "3")])],
    ] {
        let times = failures.len() + 1;
        let script = Script::new(failures.into_iter().chain([contact()]));
        let (ghl, found) = read(&script).await;
        assert!(matches!(found, Ok(Found::Live(_))), "{found:?}");
        assert_eq!(script.asked().len(), times);
        assert_eq!(ghl.status().health, Health::Slow);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_five_times_has_failed() {
    let script = Script::default();
    let (_, found) = read(&script).await;
    let error = found.expect_err("the script is empty");
    assert_eq!(error.class(), Class::Transient, "{error:?}");
    assert_eq!(script.asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_never_repeated() {
    for (line, settled) in [
        (Line::Breaks, true),
        (Line::Hangs, false),
        (Line::Says(500, json!({})), true),
        (Line::Says(201, json!("cut off")), true),
    ] {
        let script = Script::new([line]);
        let ghl = script.connector(Ghl::new);
        let made = ghl.create(Lane::Operator, &note()).await;
        let error = made.expect_err("no answer");
        assert_eq!(error.class(), Class::Unknown { settled }, "{error:?}");
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_met_too_many_is_waited_out_and_repeated() {
    let script = Script::new([
        Line::Refuses(429, vec![("x-ratelimit-interval-milliseconds", "10000")]),
        Line::Says(201, json!({"note": {"id": "n1", "body": "hello"}})),
        ok(json!({"note": {"id": "n1", "body": "hello"}})),
    ]);
    let ghl = script.connector(Ghl::new);
    let start = tokio::time::Instant::now();
    ghl.create(Lane::Operator, &note()).await.expect("made");
    assert!(start.elapsed().as_millis() >= 500);
    assert_eq!(script.asked().len(), 3);
    assert_eq!(ghl.sent(), (3, 1));
    assert_eq!(ghl.status().throttled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_and_a_spent_day_shut_the_side() {
    for (headers, ms) in [
        (vec![("retry-after", "120")], 120_000),
        (
            vec![
                ("x-ratelimit-daily-remaining", "0"),
                ("x-ratelimit-daily-reset", "7200000"),
            ],
            7_200_000,
        ),
    ] {
        let script = Script::new([Line::Refuses(429, headers), contact()]);
        let (ghl, found) = read(&script).await;
        let until = crate::model::Millis(1_000_000 + ms);
        let error = found.expect_err("shut");
        assert_eq!(error.class(), Class::Throttled { until });
        assert_eq!(ghl.status().health, Health::Shut { until });
        // The next one is not even asked.
        let again = ghl.setup(Lane::Sweep).await.expect_err("shut");
        assert_eq!(again.class(), Class::Throttled { until });
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn behind_a_closed_gate_reads_go_and_writes_do_not() {
    let script = Script::new([contact()]);
    let ghl = script.gated(Ghl::new, false);
    let found = ghl
        .get(Lane::Operator, Kind::Contact, None, &RecordId::from("c1"))
        .await;
    assert!(found.is_ok());
    let made = ghl.create(Lane::Operator, &note()).await;
    assert!(matches!(made, Err(RemoteError::Stopped { .. })), "{made:?}");
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn twenty_failures_open_the_breaker() {
    let script = Script::default();
    let ghl = script.connector(Ghl::new);
    for _ in 0..4 {
        let id = RecordId::from("c1");
        let found = ghl.get(Lane::Sweep, Kind::Contact, None, &id);
        found.await.expect_err("the script is empty");
    }
    // The waits between spread the failures; writes come without waits.
    while ghl.status().breaker == "closed" {
        ghl.create(Lane::Sweep, &note()).await.expect_err("empty");
    }
    let sent = script.asked().len();
    let made = ghl.create(Lane::Sweep, &note()).await;
    assert!(matches!(made, Err(RemoteError::Shut { .. })), "{made:?}");
    assert_eq!(script.asked().len(), sent, "nothing was sent");
    assert!(sent >= 20);
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_the_key_or_obeys_the_terminal() {
    let said = "bad token pit-secret \u{1b}[31m";
    let script = Script::new([Line::Says(401, json!({"message": said}))]);
    let (ghl, found) = read(&script).await;
    let error = found.expect_err("refused").to_string();
    assert!(
        !error.contains("secret") && !error.contains('\u{1b}'),
        "{error}"
    );
    assert_eq!(ghl.status().health, Health::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_heard_within_the_work_that_asks_and_no_key_is_in_it() {
    let script = Script::new([ok(json!({"note": {"id": "n1", "body": "hello"}}))]);
    let ghl = script.connector(Ghl::new);
    let heard = super::hearing(async {
        drop(ghl.create(Lane::Operator, &note()).await);
        super::heard()
    })
    .await;
    let [one] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert!(one.request.ends_with("/contacts/c1/notes"), "{one:?}");
    assert!(
        one.sent
            .as_deref()
            .is_some_and(|body| body.contains("hello"))
    );
    assert_eq!(one.status, Some(200));
    let all = format!("{one:?}").to_lowercase();
    assert!(
        !all.contains("bearer") && !all.contains("authorization"),
        "{all}"
    );
    assert_eq!(super::heard(), [], "nobody asks here");
}
