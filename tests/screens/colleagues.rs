//! Several operators on the same conflicts.

use couplet::model::{Conflict, LogId, Looking, Settled, Undo};

use super::*;

fn index(app: &TestApp, id: i64) -> usize {
    let mut all = app.world.conflicts.iter();
    all.position(|c| c.id.0 == id).expect("it is in the world")
}

/// ravi decides a conflict: it leaves the list.
fn ravi_decides(app: &mut TestApp, id: i64, answer: Answer) {
    let at = index(app, id);
    let conflict = app.world.conflicts.remove(at);
    app.world.settled.push(Settled {
        conflict: Conflict {
            state: couplet::model::ConflictState::Resolved,
            staged: Vec::new(),
            ..conflict
        },
        by: Some("ravi".into()),
        at: Some(world::at("2026-11-24T14:02:00Z")),
        answers: vec![answer],
        note: Some("customer asked for it".into()),
        write: Some(LogId(10_240)),
    });
}

fn phone(take: &str, value: &str) -> Answer {
    Answer::Field {
        field: FieldName::Phone,
        take: take.into(),
        value: value.into(),
    }
}

#[test]
fn who_has_a_conflict_open_stands_in_the_list_and_under_it() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.world.looking = vec![
            Looking {
                operator: "ravi".into(),
                conflict: ConflictId(4127),
            },
            Looking {
                operator: "dana".into(),
                conflict: ConflictId(4121),
            },
        ];
        app.send(Msg::Changed).press("3");
        insta::assert_snapshot!(format!("looks_{width}"), app.screen());
        app.press("jjjjj<enter>");
        assert!(
            app.screen()
                .contains("0 of 2 decided     ravi looks at this too"),
            "{}",
            app.screen()
        );
    }
}

#[test]
fn colleagues_are_told_what_is_open_here_until_it_is_not() {
    let mut app = TestApp::demo(80, 24);
    app.press(BENCH);
    assert_eq!(app.looks, [Some(ConflictId(4127))]);
    app.press("jk").send(Msg::Changed);
    assert_eq!(app.looks.len(), 1, "told once");
    app.later(70_000).send(Msg::Changed);
    assert_eq!(app.looks.len(), 1, "nobody pressed a key");
    app.press("j");
    assert_eq!(app.looks.len(), 2);
    app.press("<esc>");
    assert_eq!(app.looks.last(), Some(&None));
    app.press("<enter>").send(Msg::Terminate);
    assert_eq!(app.looks.last(), Some(&None), "also when the link drops");

    let mut app = TestApp::demo(80, 24);
    app.model.looks_only = Some("a viewer looks and changes nothing");
    app.press(BENCH);
    assert_eq!(app.looks, [], "a viewer stores nothing");
}

#[test]
fn an_answer_that_came_second_is_dropped_and_told_whose_was_first_and_how() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.press(&format!("{BENCH}l<esc>"));
        ravi_decides(&mut app, 4127, phone("ghl", "+1 415 555 0177"));
        app.send(Msg::Changed);
        insta::assert_snapshot!(format!("decided_by_another_{width}"), app.screen());
        assert_eq!(app.model.staged(), 0);
        app.press("1");
        assert_eq!(app.model.filters.text(Tab::SyncLog), "\"conflict 4127\"");
    }
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}l<esc>"));
    ravi_decides(&mut app, 4127, phone("ghl", "+1 415 555 0177"));
    app.send(Msg::Changed).press("2");
    assert!(
        app.screen().contains("Undo operation 10240"),
        "{}",
        app.screen()
    );
    let undo = Ask::Act(Action::Undo {
        of: Undo::Operation(LogId(10_240)),
    });
    app.press("y");
    assert_eq!(app.asks.last(), Some(&undo));
}

#[test]
fn who_only_looked_is_told_in_a_line() {
    let mut app = TestApp::demo(120, 40);
    app.press(BENCH);
    ravi_decides(&mut app, 4127, phone("ghl", "+1 415 555 0177"));
    app.send(Msg::Changed);
    let said = "ravi decided 4127 while you looked at it: GHL, +1 415 555 0177";
    assert!(app.screen().contains(said), "{}", app.screen());
    assert!(app.model.overlay.is_none());
}

#[test]
fn my_own_decision_is_no_news() {
    let mut app = TestApp::demo(120, 40);
    app.press(&format!("{BENCH}l<esc>"));
    ravi_decides(&mut app, 4127, phone("growbots", "+1 415 555 0190"));
    app.world.settled[0].by = Some("dana".into());
    app.send(Msg::Changed);
    assert!(app.model.overlay.is_none());
}

#[test]
fn an_editor_gives_a_value_to_the_conflict_as_it_was_seen() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}E"));
    assert!(
        app.screen().contains("EDITOR is not set"),
        "{}",
        app.screen()
    );
    app.model.editor = Ok("vi".into());
    app.press("E");
    let want = ("vi".to_owned(), "+1 415 555 0177".to_owned());
    assert_eq!(app.edited, Some(want));
    app.send(Msg::Edited(Ok("+1 415 555 0177\n".into())));
    assert!(app.screen().contains("Nothing changed"));
    let at = index(&app, 4127);
    app.press("E");
    app.world.conflicts[at].revision = 4;
    app.send(Msg::Changed);
    app.send(Msg::Edited(Ok("+1 415 555 0100\n".into())));
    let want = Ask::Stage {
        conflict: ConflictId(4127),
        answer: phone("value", "+1 415 555 0100"),
        revision: 3,
    };
    assert_eq!(app.asks.last(), Some(&want));
    assert!(
        app.screen().contains("? was your value"),
        "{}",
        app.screen()
    );
    app.press("E")
        .send(Msg::Edited(Err("vi is not there".into())));
    assert!(app.screen().contains("! vi is not there"));
}

#[test]
fn a_reason_goes_with_what_is_applied() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}la<tab>"))
        .typed("asked by mail")
        .press("<enter>");
    insta::assert_snapshot!("apply_with_a_reason", app.screen());
    app.press("y");
    let resolve = app.asks.last();
    assert!(
        matches!(resolve, Some(Ask::Act(Action::Resolve { note: Some(note), .. })) if note == "asked by mail"),
        "{resolve:?}"
    );
}

#[test]
fn the_pages_of_a_record_are_links_and_can_be_copied() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.press("/mara<enter>o");
        assert!(
            app.screen().contains("in the settings say where"),
            "{}",
            app.screen()
        );
        app.model.pages.ghl = Some("https://app.example/location/L1/contacts/{id}".into());
        app.press("o");
        insta::assert_snapshot!(format!("pages_{width}"), app.screen());
        app.press("1");
        let copied = app.copied.as_deref();
        assert_eq!(
            copied,
            Some("https://app.example/location/L1/contacts/ocQHyuzHvysMo5N5VsXc")
        );
    }
}

#[test]
fn the_key_of_the_tab_that_is_shown_leads_to_its_list() {
    let mut app = TestApp::demo(80, 24);
    app.press(BENCH).press("3");
    assert!(app.model.conflicts.is_list());
    app.press("3Vd3");
    assert!(app.model.conflicts.is_list());
    app.press("1<enter>1");
    assert!(!app.model.contacts.zoomed && !app.model.contacts.detail_focus);
}

#[test]
fn letters_without_ascii_lose_only_their_accents() {
    let mut app = TestApp::mono(80, 24);
    app.model.ascii = true;
    let screen = app.press("jjjj").screen();
    assert!(screen.contains("Castellanos, Ines"), "{screen}");
    app.press("3Vdh");
    assert!(app.screen().is_ascii());
}
