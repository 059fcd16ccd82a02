//! The filter line of each list.

use super::TestApp;

#[test]
fn a_filter_is_typed_with_completion_and_says_what_is_wrong() {
    let mut app = TestApp::demo(80, 24);
    app.press("f").typed("sta");
    insta::assert_snapshot!("filter_begun", app.screen());
    app.press("<tab>").typed("conf").press("<tab>");
    assert!(app.screen().contains("2 of 28"), "{}", app.screen());
    app.typed("updated:<2x");
    insta::assert_snapshot!("filter_wrong", app.screen());
    assert_eq!(app.model.contacts.window.rows.len(), 2, "as it was");
    app.press("<backspace>")
        .typed("d<")
        .press("<ctrl-w>")
        .press("<enter>");
    insta::assert_snapshot!("filter_applied", app.screen());
    app.press("<esc>");
    assert_eq!(app.model.contacts.window.rows.len(), 28);
    assert!(!app.screen().contains("filter  "), "{}", app.screen());
}

#[test]
fn every_list_has_its_filter() {
    for (keys, filter, shown, gone) in [
        ("1", "owner:me", "Eastgate Dental", "Abendroth"),
        ("2", "fairweather", "Return call", "Renewal letter"),
        ("3", "reason:delete_edit", "deleted in", "Quill, Mara"),
        (
            "4",
            "record:nobody",
            "No line of the log",
            "nothing changed",
        ),
        ("5", "side:couplet", "No error passes", "PUT"),
    ] {
        let mut app = TestApp::demo(120, 40);
        app.press(keys);
        let before = app.screen();
        app.press("f").typed(filter).press("<enter>");
        let screen = app.screen();
        assert!(screen.contains(shown), "{filter}\n{screen}");
        assert!(!screen.contains(gone), "{filter}\n{screen}");
        app.press("<esc>");
        assert_eq!(app.screen(), before, "{filter}");
    }
}

#[test]
fn a_filter_of_an_unknown_field_names_some() {
    let mut app = TestApp::demo(80, 24);
    app.press("f").typed("colour:red");
    assert!(
        app.screen().contains("no field `colour` here"),
        "{}",
        app.screen()
    );
    app.press("<enter>");
    assert!(app.model.filters.editing.is_some(), "it stays");
    app.press("<esc>");
    assert!(app.model.filters.editing.is_none());
}

#[test]
fn half_a_value_is_completed_and_one_that_cannot_be_names_those_that_can() {
    let mut app = TestApp::demo(80, 24);
    let text = |app: &TestApp| {
        let editing = app.model.filters.editing.as_ref();
        editing.map(|editing| editing.text.clone())
    };
    app.press("f").typed("State:Conf");
    assert_eq!(
        app.model.contacts.window.rows.len(),
        28,
        "as it was, meanwhile"
    );
    app.press("<tab>");
    assert_eq!(text(&app).as_deref(), Some("State:conflict "));
    assert_eq!(app.model.contacts.window.rows.len(), 2);
    app.press("<enter>f");
    assert_eq!(text(&app).as_deref(), Some("State:conflict"), "no space");
    app.press("<tab>");
    assert_eq!(text(&app).as_deref(), Some("State:conflict "), "on it goes");
    app.press("<esc>/").typed("state:conf").press("<tab>");
    assert_eq!(
        text(&app).as_deref(),
        Some("state:conflict "),
        "a search that is a filter becomes one"
    );
    app.press("<esc>3f").typed("reason:match");
    app.press("<tab>");
    assert_eq!(text(&app).as_deref(), Some("reason:ambiguous_match "));
    app.press("<ctrl-u>").typed("state:conf").press("<tab>");
    let screen = app.screen();
    assert!(screen.contains("state is one of open, decided"), "{screen}");
    assert!(screen.contains("7 of 7"), "the list stays\n{screen}");
    app.press("<enter>");
    assert!(app.model.filters.editing.is_some(), "it is not taken");
}
