//! Sync log, Errors and Rates.

use super::*;

screens! {
    sync_log: "4jj<enter>";
    errors: "5<enter>";
    rates: "6j";
    mute_confirm: "5m";
}

#[test]
fn a_quiet_hour_does_not_move_the_log() {
    let mut app = TestApp::demo(80, 24);
    app.press("4");
    app.model.take_dirty();
    app.world.passes[3].duration_ms += 60_000;
    app.send(Msg::Changed);
    assert!(!app.model.dirty);
    app.press("j");
    assert!(app.screen().contains("13:41 to 13:59"), "with the next key");
}

#[test]
fn a_first_pass_that_runs_is_named_in_the_log() {
    let mut app = TestApp::demo(80, 24);
    app.world.passes.clear();
    app.world.status.state = LoopState::Pushing { done: 3, total: 73 };
    app.press("4").send(Msg::Changed);
    let screen = app.screen();
    assert!(
        screen.contains("The first pass writes, 3 of 73 done"),
        "{screen}"
    );
    assert!(!screen.contains("No pass yet"), "{screen}");
}

#[test]
fn the_lines_of_a_pass_are_walked_and_lead_to_their_contact() {
    let mut app = TestApp::demo(80, 24);
    app.press("4jj<enter>");
    let before = app.model.log.cursor;
    app.press("j");
    assert_eq!(app.model.log.cursor, before, "on a line of the same pass");
    assert!(app.screen().contains("enter contact"), "{}", app.screen());
    app.press("<enter>");
    assert_eq!(app.model.tab, Tab::Contacts);
}
