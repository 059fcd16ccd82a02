//! Marked rows, and what is done with all of them.

use couplet::engine::port::Ask;
use couplet::model::{Action, ConflictId};
use couplet::tui::model::Overlay;

use super::TestApp;

fn acts(app: &TestApp) -> usize {
    let acts = app.asks.iter().filter(|ask| matches!(ask, Ask::Act(_)));
    acts.count()
}

#[test]
fn marked_conflicts_are_decided_at_once_and_written_after_a_list() {
    let mut app = TestApp::demo(80, 24);
    app.press("3d");
    assert!(
        app.screen().contains("Nothing is marked"),
        "{}",
        app.screen()
    );
    app.press("Vd");
    insta::assert_snapshot!("bulk_choice", app.screen());
    app.press("1");
    insta::assert_snapshot!("bulk_preview", app.screen());
    assert_eq!(
        app.model.staged(),
        0,
        "each row is shown before it is staged"
    );
    app.press("y");
    assert_eq!(acts(&app), 0, "staged only");
    assert_eq!(
        app.model.staged(),
        3,
        "what ravi staged is kept, what is put off is not in the list"
    );
    assert!(app.model.marks.conflicts.is_empty());
    app.press("a");
    insta::assert_snapshot!("bulk_apply", app.screen());
    assert_eq!(acts(&app), 0, "not before y");
    app.press("y");
    assert!(acts(&app) > 1);
    assert!(app.asks.iter().any(|ask| matches!(
        ask,
        Ask::Act(Action::Resolve {
            conflict: ConflictId(4127),
            ..
        })
    )));
}

#[test]
fn esc_lets_the_marks_go_and_v_twice_too() {
    let mut app = TestApp::demo(80, 24);
    app.press("vv");
    assert!(app.screen().contains(" *= Abendroth"), "{}", app.screen());
    assert_eq!(app.model.marks.contacts.len(), 2);
    app.press("kv");
    assert_eq!(app.model.marks.contacts.len(), 1);
    app.press("<esc>");
    assert!(app.model.marks.contacts.is_empty() && !app.model.quit);
    app.press("VV");
    assert!(app.model.marks.contacts.is_empty());
}

#[test]
fn marked_tasks_are_ticked_and_put_off_after_a_list_of_the_writes() {
    for (keys, wanted) in [("<space>", 3), ("dfri<enter>", 3)] {
        let mut app = TestApp::demo(120, 40);
        app.press("2vvv").press(keys);
        assert!(
            matches!(app.model.overlay, Some(Overlay::Confirm(_))),
            "{keys}"
        );
        assert!(
            app.screen().contains("Growbots 3 reads 3 writes"),
            "{}",
            app.screen()
        );
        assert_eq!(acts(&app), 0, "{keys}");
        app.press("y");
        assert_eq!(acts(&app), wanted, "{keys}");
    }
}

#[test]
fn marked_contacts_are_ignored_and_marked_conflicts_put_off() {
    let mut app = TestApp::demo(80, 24);
    app.press("vvi");
    assert!(app.screen().contains("Ignore 2 contacts?"));
    app.press("y");
    assert_eq!(acts(&app), 2);
    app.press("3vvz1");
    assert_eq!(acts(&app), 4);
}

#[test]
fn tasks_have_views_of_the_operators_days() {
    let mut app = TestApp::demo(80, 24);
    app.press("2");
    for (keys, shown, gone) in [
        ("[", "Call back about the November", "Return call"),
        ("[", "Prepare: quarterly review", "Call back about"),
        ("[", "Return call to Fairweather", "Prepare: quarterly"),
        ("[", "Return call to Fairweather", "No task"),
        ("]]]]]", "Nothing is done yet", "Return call"),
    ] {
        let screen = app.press(keys).screen();
        assert!(
            screen.contains(shown) && !screen.contains(gone),
            "{keys}\n{screen}"
        );
    }
}
