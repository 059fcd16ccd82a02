//! Contacts: the list, the detail, forms.

use super::*;

screens! {
    contacts: "j".repeat(17);
    contact_detail: "/mara<enter><enter>jj";
    contact_history: "/mara<enter><enter>[";
    contact_rules: "/mara<enter><enter>[[";
    contacts_by_latest_edit: "s1j";
    contacts_order_and_views: "s";
    contacts_columns: "s2";
    contacts_with_other_columns: "s224<esc>j";
    contact_new: "N";
    contact_split: "/mara<enter>X";
    contacts_two_marked: "jjjjjvjjjv";
    contact_link: "jjjjjvjjjL";
    contacts_tag_marked: "vvt";
    undo: "/mara<enter><enter>[u";
    search_without_a_hit: "/nobody";
    edit_form: "/mara<enter>le";
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
    assert!(app.screen().contains("this is no e-mail address"));
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

#[test]
fn a_new_contact_needs_a_name_and_good_values_and_is_made_after_y() {
    let mut app = TestApp::demo(80, 24);
    app.press("N<enter>");
    assert!(app.screen().contains("name, e-mail or phone is needed"));
    app.press("Ada<tab><tab>ada<tab><enter>");
    assert!(
        app.screen().contains("this is no e-mail address"),
        "{}",
        app.screen()
    );
    app.press("@uad.example<tab>12<enter>");
    assert!(
        app.screen().contains("a phone has 5 to 20 digits"),
        "{}",
        app.screen()
    );
    app.press("3456<enter>");
    assert_eq!(app.asks, [], "the question comes first");
    insta::assert_snapshot!("new_confirm", app.screen());
    app.press("y");
    let [
        Ask::Act(Action::Add {
            kind,
            parent,
            fields,
        }),
    ] = app.asks.as_slice()
    else {
        panic!("{:?}", app.asks);
    };
    assert_eq!((*kind, *parent, fields.len()), (Kind::Contact, None, 3));
}

#[test]
fn a_pair_is_parted_and_two_records_are_made_one_after_y() {
    let mut app = TestApp::demo(80, 24);
    app.press("L");
    assert!(
        app.screen().contains("has a pair: X parts it"),
        "{}",
        app.screen()
    );
    app.press("/mara<enter>Xy<esc>");
    let link = world::MARA;
    assert_eq!(app.asks, [Ask::Act(Action::Split { link })]);
    app.press("<esc>g gjjjjjX");
    assert!(app.screen().contains("one system only"), "{}", app.screen());
    app.press("L");
    assert!(
        app.screen().contains("V marks the other record"),
        "{}",
        app.screen()
    );
    app.press("vjjjL<enter>");
    assert_eq!(app.asks.len(), 1, "enter is no");
    app.press("g gjjjjjvjjjLy");
    let pair = Action::Match {
        ghl: "ghl0006".into(),
        growbots: "ld_0010".into(),
    };
    assert_eq!(app.asks[1..], [Ask::Act(pair)]);
}

#[test]
fn tags_of_many_are_listed_as_writes_and_go_after_y() {
    let mut app = TestApp::demo(80, 24);
    app.press("/mara<enter>vt<esc>t");
    app.typed("vip, q4-list").press("<tab>");
    app.typed("inbound").press("<enter>");
    assert_eq!(app.asks, []);
    insta::assert_snapshot!("tags_confirm", app.screen());
    app.press("y");
    let [Ask::Act(Action::Edit { link, changes })] = app.asks.as_slice() else {
        panic!("{:?}", app.asks);
    };
    assert_eq!((*link, changes.len()), (world::MARA, 1));
    assert_eq!(changes[0].to, Value::set(["q4-list", "vip"]));
}

#[test]
fn columns_and_a_filter_are_kept_as_a_view_and_come_back() {
    let mut app = TestApp::demo(120, 40);
    app.press("fstate:conflict<enter>s22<esc>s3conf<enter>");
    assert_eq!(app.model.contacts.views.len(), 1);
    app.press("<esc>s22<esc>s1");
    assert_eq!(app.model.filters.text(Tab::Contacts), "");
    app.press("s4");
    assert_eq!(app.model.filters.text(Tab::Contacts), "state:conflict");
    assert!(app.screen().contains("Phone"), "{}", app.screen());
    app.press("s51");
    assert!(app.model.contacts.views.is_empty());
}

#[test]
fn undo_asks_with_what_goes_back_and_what_stays() {
    let mut app = TestApp::demo(80, 24);
    app.press("u<enter>");
    assert_eq!(app.asks, [], "enter is no");
    app.press("uy");
    let of = couplet::model::Undo::Operation(couplet::model::LogId(10_230));
    assert_eq!(app.asks, [Ask::Act(Action::Undo { of })]);
}

#[test]
fn over_the_whole_width_the_field_under_the_cursor_says_why_it_is_held() {
    let mut app = TestApp::demo(120, 40);
    app.press(&"j".repeat(17)).press("<enter>");
    let screen = app.screen();
    assert!(screen.contains("in step: first name"), "{screen}");
    insta::assert_snapshot!("contact_zoomed", screen);
    for want in [
        "phone: why it is held",
        "company: why it is held",
        "title: why it is held",
        "postal code: why it is held",
        "custom.budget: why it is held",
    ] {
        let screen = app.screen();
        assert!(screen.contains(want), "{want}\n{screen}");
        app.press("j");
    }
    assert!(app.screen().contains("written 14:01") || app.screen().contains("It goes over"));
    app.press("<space>");
    insta::assert_snapshot!("contact_zoomed_unfolded", app.screen());
    app.press("<space>ggjj<enter>");
    assert_eq!(app.model.tab, Tab::Conflicts, "enter opens what holds it");
}
