//! Sync log: passes, lines, follow, undo.

use couplet::model::{LogId, PassId, Undo};

use super::*;

screens! {
    sync_log: "4jj<enter>";
    a_line_unfolded: "4jj<enter>j<enter>";
    undo_of_a_line: "4jj<enter>ju";
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
fn the_lines_of_a_pass_are_walked_and_o_leads_to_their_contact() {
    let mut app = TestApp::demo(80, 24);
    app.press("4jj<enter>");
    let before = app.model.log.cursor;
    app.press("j");
    assert_eq!(app.model.log.cursor, before, "on a line of the same pass");
    assert!(app.screen().contains("enter unfold"), "{}", app.screen());
    app.press("o");
    assert_eq!(app.model.tab, Tab::Contacts);
}

#[test]
fn the_cursor_follows_the_newest_pass_until_it_is_moved_and_again_with_w() {
    let mut app = TestApp::demo(80, 24);
    app.press("4");
    let mut next = app.world.passes[0].clone();
    next.pass = PassId(6);
    app.world.passes.insert(0, next.clone());
    app.send(Msg::Changed);
    assert_eq!(app.model.log.cursor, Some(PassId(6)));
    app.press("j");
    assert!(app.screen().contains("follow off"), "{}", app.screen());
    next.pass = PassId(7);
    app.world.passes.insert(0, next);
    app.send(Msg::Changed);
    assert_eq!(app.model.log.cursor, Some(PassId(5)), "where it was put");
    app.press("w");
    assert_eq!(app.model.log.cursor, Some(PassId(7)));
    assert!(app.screen().contains("follow on"));
}

#[test]
fn an_undo_shows_what_goes_back_and_is_asked_for_after_y() {
    for (keys, of) in [
        ("4jj<enter>ju", Undo::Operation(LogId(10_230))),
        ("4jju", Undo::Pass(PassId(3))),
        ("1u", Undo::Operation(LogId(10_230))),
    ] {
        let mut app = TestApp::demo(80, 24);
        app.press(keys);
        let screen = app.screen();
        assert!(screen.contains("1 of 2 can go back"), "{keys}\n{screen}");
        assert!(app.asks.is_empty(), "{keys}");
        app.press("y");
        assert_eq!(app.asks, [Ask::Act(Action::Undo { of })], "{keys}");
    }
}

#[test]
fn what_wrote_nothing_has_nothing_to_undo() {
    let mut app = TestApp::demo(80, 24);
    app.press("4jj<enter>jju");
    assert!(
        app.screen().contains("Nothing was written here"),
        "{}",
        app.screen()
    );
}

#[test]
fn a_line_is_copied_with_its_cause() {
    let mut app = TestApp::demo(80, 24);
    app.press("4jj<enter>jc");
    let copied = app.copied.clone().unwrap();
    assert!(
        copied.contains("9,000 → 12,000") && copied.contains("cause: edit in GHL"),
        "{copied}"
    );
}

#[test]
fn an_unfolded_write_shows_what_was_sent_and_what_came_back_and_no_key() {
    let mut app = TestApp::demo(120, 40);
    app.press("4jj<enter>j<enter>");
    let screen = app.screen();
    for want in [
        "request   PATCH /leads/ld_01J9ZM   If-Match \"41\"   Authorization ••••",
        "{\"custom_fields\":{\"budget\":12000}}",
        "answer    200   ETag \"42\"   118 ms",
    ] {
        assert!(screen.contains(want), "{want}\n{screen}");
    }
    app.press("c");
    let copied = app.copied.clone().unwrap();
    assert!(
        copied.contains("request: PATCH") && copied.contains("\"title\":\"Head"),
        "{copied}"
    );
    assert!(!copied.contains("Bearer"), "{copied}");
}

#[test]
fn what_a_pass_at_the_foot_of_the_screen_did_is_seen_when_it_is_unfolded() {
    let mut app = TestApp::demo(80, 24);
    let mut older = app.world.passes[2].clone();
    for id in (100..140).rev() {
        older.pass = PassId(id);
        app.world.passes.insert(0, older.clone());
    }
    app.press("4G");
    let at = app.model.log.cursor;
    while app.model.log.cursor != Some(PassId(3)) {
        app.press("k");
        assert_ne!(app.model.log.cursor, None, "{at:?}");
    }
    let before = app.screen();
    app.press("<enter>");
    let screen = app.screen();
    assert!(!before.contains("9,000 → 12,000"), "{before}");
    assert!(screen.contains("9,000 → 12,000"), "{screen}");
    app.press("j");
    assert!(app.screen().contains("9,000 → 12,000"));
}
