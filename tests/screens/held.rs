//! What a mass change holds: the list, marks, and answers for a part of it.

use couplet::model::Reason;

use super::support::held_rows::titles;
use super::*;

/// The mass change of the demo world on the workbench.
const MASS: &str = "3jj<enter>";

screens! {
    held: MASS;
    held_unfolded: format!("{MASS}<space>jjj");
    held_marked: format!("{MASS}vjv");
    held_answered_in_part: format!("{MASS}vjvhjvl<space>");
    held_apply: format!("{MASS}vjvhjvla");
}

fn parts(approve: &[i64], reject: &[i64]) -> Answer {
    let links = |ids: &[i64]| ids.iter().map(|id| LinkId(*id)).collect();
    Answer::Parts {
        approve: links(approve),
        reject: links(reject),
    }
}

fn staged(app: &TestApp) -> Option<Answer> {
    let conflict = app.world.conflicts.iter().find(|c| c.id.0 == 4126)?;
    Some(conflict.staged.first()?.answer.clone())
}

/// The dashboard with a mass change of this many contacts instead.
fn with_titles(width: u16, height: u16, many: usize) -> TestApp {
    let mut world = World::demo();
    let (conflict, held) = titles(many);
    world.conflicts.retain(|c| c.reason != Reason::MassChange);
    world.conflicts.insert(2, conflict);
    world.held = held;
    TestApp::with(width, height, Theme::dark(), world)
}

#[test]
fn marked_records_are_answered_alone_and_without_marks_all_are() {
    let mut app = TestApp::demo(80, 24);
    app.press(MASS).press("vv");
    assert!(
        app.screen().contains("2 marked: h keep, l delete"),
        "{}",
        app.screen()
    );
    app.press("l");
    assert_eq!(staged(&app), Some(parts(&[301, 302], &[])));
    assert!(app.screen().contains("2 of 31 decided"), "{}", app.screen());
    app.press("h");
    assert_eq!(staged(&app), Some(Answer::Reject), "no mark is left");
    assert!(app.screen().contains("31 of 31 decided"));
}

#[test]
fn an_answer_for_some_comes_on_top_of_what_is_staged_for_others() {
    let mut app = TestApp::demo(120, 40);
    app.press(MASS).press("vlvh");
    assert_eq!(staged(&app), Some(parts(&[301], &[302])));
    app.press("vh");
    assert_eq!(staged(&app), Some(parts(&[301], &[302, 303])), "one more");
    app.press("Vhkvl");
    let Some(Answer::Parts { approve, reject }) = staged(&app) else {
        panic!("{:?}", staged(&app));
    };
    assert_eq!((approve.len(), reject.len()), (1, 30), "all but one");
    app.press("Vl");
    assert_eq!(staged(&app), Some(Answer::Approve), "all marked is all");
}

#[test]
fn what_is_staged_is_taken_back_for_the_marked_records_or_whole() {
    let mut app = TestApp::demo(80, 24);
    app.press(MASS).press("vvlggvx");
    assert_eq!(staged(&app), Some(parts(&[302], &[])));
    app.press("x");
    assert_eq!(staged(&app), None);
    assert!(app.screen().contains("0 of 31 decided"), "{}", app.screen());
    app.press("vlkvx");
    assert_eq!(staged(&app), None, "the last one");
}

#[test]
fn back_lets_the_marks_go_before_it_leaves() {
    let mut app = TestApp::demo(80, 24);
    app.press(MASS).press("v<esc>");
    assert!(app.model.conflicts.bench.is_some());
    assert!(app.screen().contains("Sample 5 of 31"), "{}", app.screen());
    app.press("<esc>");
    assert!(app.model.conflicts.bench.is_none());
}

#[test]
fn only_y_applies_an_answer_for_some() {
    let mut app = TestApp::demo(80, 24);
    app.press(MASS).press("vla<enter>");
    assert!(!app.asks.iter().any(|ask| matches!(ask, Ask::Act(_))));
    app.press("ay");
    let want = Ask::Act(Action::Resolve {
        conflict: ConflictId(4126),
        revision: 3,
        answers: vec![parts(&[301], &[])],
        note: None,
    });
    assert_eq!(app.asks.last(), Some(&want));
}

#[test]
fn what_a_colleague_answered_leaves_the_list_and_ours_is_asked_again() {
    let mut app = TestApp::demo(80, 24);
    app.press(MASS).press("vlvv");
    let mass = app.world.conflicts.iter_mut().find(|c| c.id.0 == 4126);
    let mass = mass.expect("it is open");
    mass.candidates.remove(2);
    mass.revision = 4;
    app.send(Msg::Changed);
    let screen = app.screen();
    assert!(screen.contains("1 marked of 30"), "{screen}");
    assert!(screen.contains("0 of 30 decided"), "{screen}");
    assert!(screen.contains("it moved"), "{screen}");
    app.press("a");
    let screen = app.screen();
    assert!(screen.contains("you saw revision 3, now 4"), "{screen}");
    assert!(!screen.contains("y apply"), "{screen}");
}

#[test]
fn a_mass_change_of_values_shows_what_each_would_get() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = with_titles(width, height, 240);
        app.press(MASS).press("<space>jjvjvh");
        insta::assert_snapshot!(format!("held_titles_{width}"), app.screen());
        app.press("a");
        insta::assert_snapshot!(format!("held_titles_apply_{width}"), app.screen());
    }
}

#[test]
fn a_long_list_is_read_as_the_cursor_goes_through_it() {
    let mut app = with_titles(80, 24, 3_000);
    app.press(MASS).press("<space>");
    for keys in ["G", "gg", "<pgdn>", "G<pgup><pgup>"] {
        app.press(keys);
        let screen = app.screen();
        let rows = screen.lines().filter(|line| line.contains("Person"));
        let rows: Vec<_> = rows.collect();
        assert!(rows.len() > 5, "{keys}\n{screen}");
        let read = rows
            .iter()
            .all(|row| row.contains("title Head of Purchasing"));
        assert!(read, "{keys}\n{screen}");
        assert!(
            rows.iter().any(|row| row.starts_with('▌')),
            "{keys}\n{screen}"
        );
    }
}

#[test]
fn plain_mode_says_the_record_under_the_cursor() {
    let mut app = TestApp::demo(80, 24);
    app.press(MASS).press("<alt-p>vlvk");
    let screen = app.screen();
    let last = screen.lines().last().expect("a row").to_owned();
    assert!(last.contains("record 2 of 5"), "{last}");
}
