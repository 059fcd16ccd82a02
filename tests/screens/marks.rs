//! Marked rows, and what is done with all of them.

use couplet::engine::port::Ask;
use couplet::model::{Action, ConflictId};
use couplet::tui::model::Overlay;
use couplet::tui::msg::Msg;

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
    insta::assert_snapshot!("bulk", app.screen());
    app.press("<enter>");
    assert!(app.screen().contains("Choose first what all take"));
    app.press("h");
    insta::assert_snapshot!("bulk_taken", app.screen());
    assert_eq!(app.model.staged(), 0, "shown first");
    app.press("<enter>");
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
fn deciding_many_is_offered_before_anything_is_marked_and_says_what_it_needs() {
    let mut app = TestApp::demo(80, 24);
    app.press("3");
    let footer = |app: &mut TestApp| app.screen().lines().last().unwrap_or("").to_owned();
    assert!(footer(&mut app).contains("d decide many"));
    app.press("f").typed("title:nobody").press("<enter>d");
    let words = footer(&mut app);
    assert!(
        words.contains("Nothing is listed: no conflict passes the filter, esc drops it."),
        "{words}"
    );
    app.press("<esc>f").typed("deferred:yes").press("<enter>d");
    let words = footer(&mut app);
    assert!(words.contains("is put off: space shows it."), "{words}");
    app.world.conflicts.clear();
    app.press("<esc>").send(Msg::Changed).press("d");
    let words = footer(&mut app);
    assert!(
        words.contains("Nothing is listed: no conflict is open."),
        "{words}"
    );
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

#[test]
fn rows_are_left_out_and_seen_one_by_one() {
    let mut app = TestApp::demo(120, 40);
    app.press("3Vdw");
    insta::assert_snapshot!("bulk_newest_120", app.screen());
    app.press("Gx<enter>");
    let staged: Vec<_> = app.model.conflicts.staged_by("dana");
    assert_eq!(staged.len(), 1, "the title was left out, the phone stays");
    app.press("3Vd<space>");
    assert!(app.model.conflicts.bench.is_some());
    app.press("<esc>");
    assert!(app.model.conflicts.bench.is_none() && app.model.conflicts.bulk.is_some());
    app.press("e");
    assert!(app.screen().contains("One value is for one field"));
    let screen = app.press("hjjjR").screen();
    assert!(
        screen.contains("(•) the field, always"),
        "many at once are not one record\n{screen}"
    );
    app.press("<enter>y");
    assert!(
        app.model.conflicts.bulk.is_none(),
        "what it staged stands in the list\n{}",
        app.screen()
    );
}

#[test]
fn a_filter_chooses_what_is_decided_and_one_value_fits_one_field() {
    let mut app = TestApp::demo(80, 24);
    app.press("3f").typed("field:city").press("<enter>d");
    assert!(
        app.screen().contains("filter field:city"),
        "{}",
        app.screen()
    );
    app.press("e").typed("Uppsala").press("<enter>");
    insta::assert_snapshot!("bulk_value", app.screen());
    app.press("R");
    assert!(matches!(app.model.overlay, Some(Overlay::Remember(_))));
    app.press("<esc><enter>");
    assert_eq!(app.model.staged(), 1);
}

#[test]
fn a_key_of_sync_reads_the_marked_contacts_again() {
    let mut app = TestApp::demo(80, 24);
    app.press("S");
    let again = |ask: &Ask| match ask {
        Ask::ReadAgain(links) => links.len(),
        _ => 0,
    };
    assert_eq!(app.asks.iter().map(again).sum::<usize>(), 1);
    assert!(
        app.screen()
            .contains("Abendroth, Jonas is read on both sides")
    );
    app.asks.clear();
    app.press("vvS");
    assert_eq!(app.asks.iter().map(again).sum::<usize>(), 2);
    app.asks.clear();
    app.press("2S");
    assert!(matches!(app.asks[..], [Ask::Act(Action::Sync { .. })]));
}
