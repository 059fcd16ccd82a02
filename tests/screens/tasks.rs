//! Tasks.

use super::*;

screens! {
    tasks: "2jj";
}

#[test]
fn space_ticks_a_task_at_once() {
    let mut app = TestApp::demo(80, 24);
    app.press("2<space>");
    assert!(app.screen().contains("■ ⇄ Send signed order form"));
    app.send(Msg::Changed);
    assert!(
        app.screen().contains("■ ⇄ Send signed"),
        "until the store shows it"
    );
    assert!(matches!(&app.asks[..], [Ask::Act(Action::Edit { .. })]));
}

#[test]
fn a_task_leads_to_its_contact_and_esc_back_to_the_list() {
    let mut app = TestApp::demo(80, 24);
    app.press("2jj<enter>").send(Msg::Changed);
    assert!(app.screen().contains("! June Fairweather"));
    app.press("<esc>");
    assert!(app.screen().contains("▌ = Abendroth, Jonas"));
}

#[test]
fn a_ticked_task_stays_in_view_until_the_operator_leaves() {
    let mut app = TestApp::demo(80, 24);
    app.press("2<space>");
    let id = app.model.tasks.window.cursor.unwrap();
    app.world.tasks.retain(|task| task.id != id); // the store took it: it is not open any more
    app.later(10_000).send(Msg::Changed);
    assert_eq!(app.model.tasks.window.cursor, Some(id));
    assert!(app.screen().contains("■ ✓"), "{}", app.screen());
    app.press("12");
    assert!(!app.screen().contains("■ ✓"), "{}", app.screen());
}
