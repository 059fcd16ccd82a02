//! Conflicts: the list, the workbench, what is staged and applied.

use super::*;

screens! {
    conflicts: "3jj";
    workbench: format!("{BENCH}l");
    workbench_of_a_delete: "3<enter>l";
    workbench_of_candidates: "3j<enter><right><enter>";
    workbench_of_a_mass_change: "3jj<enter>h";
    apply_confirm: format!("{BENCH}ljha");
    apply_confirm_of_a_delete: "3<enter>la";
    put_off: "3jjjz";
}

#[test]
fn taking_growbots_stages_the_value_and_writes_nothing() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}l"));
    let want = Ask::Stage {
        conflict: ConflictId(4127),
        answer: Answer::Field {
            field: FieldName::Phone,
            take: "growbots".into(),
            value: "+1 415 555 0190".into(),
        },
        revision: 3,
    };
    assert_eq!(app.asks, [want]);
    assert!(app.screen().contains("1 staged"));
}

#[test]
fn a_staged_answer_is_taken_back_with_x() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}lx"));
    let want = Ask::Unstage {
        conflict: ConflictId(4127),
        field: Some(FieldName::Phone),
    };
    assert_eq!(app.asks.last(), Some(&want));
    assert!(app.screen().contains("0 of 2 decided"));
}

#[test]
fn a_staged_answer_stays_until_the_store_shows_it() {
    let mut app = TestApp::demo(80, 24);
    app.press(BENCH);
    let key = keys::Key::char('l');
    update(&mut app.model, Msg::Key(key)); // what it asks for is still under way
    app.send(Msg::Changed);
    assert!(app.screen().contains("1 of 2 decided"));
    app.later(5_000).send(Msg::Changed);
    assert!(
        app.screen().contains("0 of 2 decided"),
        "the store never took it"
    );
}

#[test]
fn only_y_applies() {
    for keys in ["N", "n", "<esc>", "<enter>", "a"] {
        let mut app = TestApp::demo(80, 24);
        app.press(&format!("{BENCH}la")).press(keys);
        let acts = app.asks.iter().filter(|ask| matches!(ask, Ask::Act(_)));
        assert_eq!(acts.count(), 0, "{keys}");
    }
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}ljha"));
    app.send(Msg::Paste("y".into()));
    assert!(matches!(app.model.overlay, Some(Overlay::Confirm(_))));
    app.press("y");
    let field = |field, take: &str, value: &str| Answer::Field {
        field,
        take: take.into(),
        value: value.into(),
    };
    let want = Ask::Act(Action::Resolve {
        conflict: ConflictId(4127),
        revision: 3,
        answers: vec![
            field(FieldName::Phone, "growbots", "+1 415 555 0190"),
            field(FieldName::Title, "ghl", "Senior Buyer"),
        ],
        note: None,
    });
    assert_eq!(app.asks.last(), Some(&want));
    insta::assert_snapshot!(app.screen());
}

#[test]
fn a_record_that_moved_is_asked_again() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}l3j"));
    let mara = app.world.conflicts.iter_mut().find(|c| c.id.0 == 4127);
    let mara = mara.unwrap();
    mara.revision = 4;
    mara.fields[0].ghl = Value::text("+1 415 555 0123");
    app.send(Msg::Changed).press(BENCH);
    insta::assert_snapshot!("moved_workbench", app.screen());
    app.press("a");
    insta::assert_snapshot!("moved_box", app.screen());
    app.press("y");
    assert!(
        !app.asks.iter().any(|ask| matches!(ask, Ask::Act(_))),
        "nothing else was staged"
    );
    app.press("<enter>");
    assert!(app.model.overlay.is_none());
}

#[test]
fn a_refused_action_says_why_until_a_key() {
    let mut app = TestApp::demo(80, 24);
    let action = Action::Resolve {
        conflict: ConflictId(4127),
        revision: 3,
        answers: Vec::new(),
        note: None,
    };
    let outcome = ActionOutcome::Refused {
        why: "ravi decided it at 14:02".into(),
    };
    app.told(Event::Ended { action, outcome }).later(60_000);
    assert!(app.screen().contains("! 4127: ravi decided it at 14:02"));
    app.press("j");
    assert!(!app.screen().contains("ravi decided"));
}
