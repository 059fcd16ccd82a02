//! Errors: what they mean, records, bulk, export; alerts.

use couplet::model::{Alert, AlertId, AlertState, ErrorState};

use super::*;

screens! {
    errors: "5<enter>";
    records_of_an_error: "5<space>";
    mute_confirm: "5m";
    bulk_retry: "5vvr";
    export: "5X";
}

fn alert(id: i64, state: AlertState) -> Alert {
    Alert {
        id: AlertId(id),
        name: "401.ghl".into(),
        state,
        since: world::at("2026-11-24T13:21:00Z"),
        count: 1,
        text: "GHL refuses the key".into(),
    }
}

#[test]
fn alerts_stand_over_the_errors_until_somebody_acknowledges_them() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.world.alerts = vec![alert(7, AlertState::Open), alert(6, AlertState::Recovered)];
        app.press("5");
        insta::assert_snapshot!(format!("alert_{width}"), app.screen());
        app.press("A");
        assert_eq!(app.asks, [Ask::Acknowledge(AlertId(7))]);
        app.world.alerts[0].state = AlertState::Acknowledged;
        app.send(Msg::Changed).press("A");
        assert!(app.screen().contains("No alert waits for anybody"));
    }
}

#[test]
fn errors_that_are_marked_are_skipped_at_once_after_y() {
    let mut app = TestApp::demo(80, 24);
    app.press("5vvx");
    assert!(app.asks.is_empty());
    app.press("y");
    let skips = app
        .asks
        .iter()
        .filter(|ask| matches!(ask, Ask::Act(Action::Skip { .. })));
    assert_eq!(skips.count(), 2);
}

#[test]
fn a_muted_error_is_counted_again_with_the_same_key() {
    let mut app = TestApp::demo(80, 24);
    app.press("5Gm");
    assert!(app.screen().contains("Count again?"), "{}", app.screen());
}

#[test]
fn the_list_is_written_to_a_file_as_csv_or_json_lines() {
    let mut app = TestApp::demo(80, 24);
    app.press("5X<enter>");
    let (path, text) = app.saved.clone().unwrap();
    assert_eq!(path, "couplet-errors.csv");
    assert_eq!(text.lines().count(), 5);
    assert!(
        text.contains(",\"phone not E.164, kept as typed\","),
        "{text}"
    );
    app.press("X");
    for _ in 0..4 {
        app.press("<backspace>");
    }
    app.typed(".jsonl").press("<enter>");
    let (_, text) = app.saved.clone().unwrap();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(row["pattern"].is_string() && row["count"].is_string());
    }
    app.send(Msg::Saved(Err("Not written: there is no room.".into())));
    assert!(app.screen().contains("! Not written: there is no room."));
}

#[test]
fn no_errors_says_so() {
    let mut app = TestApp::demo(80, 24);
    app.world.errors.clear();
    app.press("5").send(Msg::Changed);
    assert!(app.screen().contains("= No errors."));
    assert!(
        app.world
            .errors
            .iter()
            .all(|error| error.state == ErrorState::Open)
    );
}

#[test]
fn closed_errors_are_shown_to_a_filter_that_names_a_state() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.world.errors[2].state = ErrorState::Closed;
        app.press("5").send(Msg::Changed);
        assert!(!app.screen().contains("timeout on read by id"));
        app.press("f").typed("state:closed").press("<enter>");
        insta::assert_snapshot!(format!("closed_{width}"), app.screen());
        app.press("r");
        assert!(app.screen().contains("It is closed"), "{}", app.screen());
    }
}

#[test]
fn the_tasks_of_an_error_are_given_to_somebody_else_after_y() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.press("5w").typed("ravi").press("<enter>");
        insta::assert_snapshot!(format!("assign_{width}"), app.screen());
        assert_eq!(app.asks, []);
        app.press("y");
        assert_eq!(app.asks.len(), 3);
    }
}

#[test]
fn a_reason_goes_with_a_mute_and_is_shown_to_colleagues() {
    let mut app = TestApp::demo(80, 24);
    app.press("5m<tab>").typed("typed so").press("<enter>");
    let screen = app.screen();
    assert!(screen.contains("Note       typed so"), "{screen}");
    app.press("y");
    let want = Ask::Act(Action::Mute {
        error: couplet::model::ErrorId(1),
        note: Some("typed so".into()),
    });
    assert_eq!(app.asks, [want]);
    app.press("G<enter>");
    let screen = app.screen();
    assert!(
        screen.contains("muted by ravi: typed so by customers"),
        "{screen}"
    );
}
