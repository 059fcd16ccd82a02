//! Contacts: the list, the detail, forms.

use super::*;

screens! {
    contacts: "j".repeat(17);
    contact_detail: "/mara<enter><enter>jj";
    contact_history: "/mara<enter><enter>[";
    contacts_by_latest_edit: "sj";
    search_without_a_hit: "/nobody";
    edit_form: "/mara<enter><enter>e";
}

#[test]
fn between_the_widths_list_and_detail_share_the_row() {
    let mut app = TestApp::demo(104, 20);
    insta::assert_snapshot!(app.press("/mara<enter>l").screen());
}

#[test]
fn an_edit_lists_its_writes_and_goes_after_y() {
    let mut app = TestApp::demo(80, 24);
    app.press("/thea<enter>e").press("<tab><tab>").typed("x");
    app.press("<enter>");
    insta::assert_snapshot!("edit_confirm", app.screen());
    assert!(app.asks.is_empty());
    app.press("y");
    assert!(
        matches!(&app.asks[..], [Ask::Act(Action::Edit { changes, .. })] if changes.len() == 1)
    );
}

#[test]
fn a_bad_value_says_why_beside_it() {
    let mut app = TestApp::demo(80, 24);
    app.press("/thea<enter>e<tab><tab>");
    app.press("<ctrl-u>");
    for _ in 0..40 {
        app.press("<backspace>");
    }
    app.typed("nobody").press("<enter>");
    assert!(app.screen().contains("is not an e-mail address"));
    assert!(matches!(app.model.overlay, Some(Overlay::Form(_))));
}

#[test]
fn a_note_is_written_to_ghl_first() {
    let mut app = TestApp::demo(80, 24);
    app.press("m")
        .typed("called, wants an offer")
        .press("<ctrl-s>");
    insta::assert_snapshot!("note_confirm", app.screen());
    app.press("y");
    assert!(matches!(
        &app.asks[..],
        [Ask::Act(Action::Add { kind: Kind::Note, parent: Some(parent), .. })] if parent.0 == 1
    ));
}

#[test]
fn the_cursor_stays_on_its_record_when_rows_come_and_go() {
    let mut app = TestApp::demo(80, 24);
    app.press(&"j".repeat(17));
    let line = |screen: String| screen.lines().position(|line| line.contains("▌")).unwrap();
    let before = line(app.screen());
    app.world.contacts.drain(2..5);
    app.send(Msg::Changed);
    assert_eq!(app.model.contacts.window.cursor, Some(world::MARA));
    let screen = app.screen();
    assert!(
        screen
            .lines()
            .any(|line| line.starts_with("▌ ≠ Quill, Mara"))
    );
    assert!(line(screen) <= before);
}

/// Two thousand people, as different as those of the demo.
fn crowd() -> World {
    let mut world = World::demo();
    let some = world.contacts.clone();
    world.contacts = (1..=2_000)
        .map(|n| {
            let mut row = some[n as usize % some.len()].clone();
            row.id.0 = n;
            row.key.id = n;
            row.key.key = format!("{n:06}");
            row.name = format!("{} {n:06}", row.name.split(',').next().unwrap_or_default());
            row
        })
        .collect();
    world
}

#[test]
fn a_step_of_the_cursor_costs_few_bytes_on_average() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut app = TestApp::with(width, height, Theme::dark(), crowd());
        app.screen();
        let mut all = 0;
        for _ in 0..200 {
            app.send(Msg::Key(keys::Key::char('j'))).later(33); // a key that is held
            all += app.bytes();
        }
        let each = all / 200;
        let least = if width == 120 { 150 } else { 170 };
        assert!(each < least, "{each} bytes at {width}x{height}");
    }
}

#[test]
fn a_long_list_is_read_in_windows_by_key() {
    let mut app = TestApp::with(80, 24, Theme::dark(), crowd());
    assert!(app.model.contacts.window.rows.len() < 200);
    app.press(&"<ctrl-d>".repeat(10));
    let name = |app: &TestApp| app.model.contacts.current().unwrap().key.key.clone();
    assert_eq!(name(&app), "000181");
    app.press("G");
    assert_eq!(name(&app), "002000");
    app.press("k<ctrl-u>");
    assert_eq!(name(&app), "001981");
    app.press("g g");
    assert_eq!(name(&app), "000001");
    app.press(&"j".repeat(300));
    assert_eq!(name(&app), "000301");
    assert!(app.model.contacts.window.rows.len() < 200);
}

#[test]
fn the_detail_follows_a_resting_cursor_and_one_that_is_slow_is_said_to_be_read_after_150_ms() {
    let mut app = TestApp::demo(120, 40);
    let key = keys::Key::char('j');
    update(&mut app.model, Msg::Key(key)); // the answer does not come
    assert!(
        app.screen().contains("│ = Jonas Abendroth"),
        "still the one before"
    );
    let rested = world::now().plus(250);
    assert_eq!(app.model.next_wake(), Some(rested), "it follows at rest");
    let effects = update(&mut app.model, Msg::At(rested));
    assert_eq!(effects, [Effect::Read(Request::Detail(LinkId(2)))]);
    assert_eq!(app.model.next_wake(), Some(rested.plus(150)));
    update(&mut app.model, Msg::At(rested.plus(150)));
    let screen = app.screen();
    assert!(screen.contains("│ = Adeyemi-Brightwater, Oluwaseun") && screen.contains("│ reading…"));
    app.press("e");
    assert!(app.screen().contains("The contact is still being read."));
    app.send(Msg::Changed);
    assert!(app.screen().contains("│ = Oluwaseun Adeyemi-Brightwater"));
}
