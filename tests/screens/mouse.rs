//! The mouse, and the clipboard.

use couplet::tui::mouse::Mouse;
use couplet::tui::msg::{Msg, Tab};

use super::TestApp;

fn click(app: &mut TestApp, text: &str) {
    let screen = app.screen();
    let (y, line) = screen
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains(text))
        .expect(text);
    let x = couplet::text::width(line.split(text).next().expect("a part")) as u16;
    app.send(Msg::Mouse(Mouse::Click { x, y: y as u16 }));
}

#[test]
fn a_click_goes_to_a_tab_or_a_row() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        click(&mut app, "Kessler, Thea");
        assert_eq!(app.model.contacts.current().unwrap().name, "Kessler, Thea");
        for (text, tab) in [
            ("2 Tasks", Tab::Tasks),
            ("3 Confl", Tab::Conflicts),
            ("6 Rates", Tab::Rates),
            ("5 Errors", Tab::Errors),
            ("1 Contacts", Tab::Contacts),
        ] {
            click(&mut app, text);
            assert_eq!(app.model.tab, tab);
        }
        app.press("3");
        click(&mut app, "Underhill");
        assert_eq!(app.model.conflicts.cursor.unwrap().0, 4121);
        app.press("1");
        let before = app.model.contacts.window.index().unwrap();
        app.send(Msg::Mouse(Mouse::Wheel { down: true }));
        assert_eq!(app.model.contacts.window.index(), Some(before + 3));
    }
}

#[test]
fn a_click_on_a_key_of_the_footer_presses_it() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.press("6");
        click(&mut app, "p pause");
        assert!(app.screen().contains("Pause GHL"), "{}", app.screen());
        app.press("<esc>");
        click(&mut app, "? help");
        assert!(app.screen().contains("Help: Rates"), "{}", app.screen());
        app.press("<esc>");
        click(&mut app, ": more");
        assert!(app.screen().contains("Command"), "{}", app.screen());
    }
}

#[test]
fn a_click_never_answers_a_question() {
    let mut app = TestApp::demo(80, 24);
    app.press("3jjjjj<enter>la").asks.clear();
    for y in 0..24 {
        for x in (0..80).step_by(2) {
            app.send(Msg::Mouse(Mouse::Click { x, y }));
        }
    }
    assert!(app.asks.is_empty() && app.model.overlay.is_some());
}

#[test]
fn c_copies_what_is_under_the_cursor_without_a_key() {
    for (keys, want) in [
        ("c", "jonas@abendroth-bau.example"),
        ("2c", "Send signed order form"),
        ("3c", "couplet conflicts show 4098"),
        ("5c", "curl -X "),
    ] {
        let mut app = TestApp::demo(80, 24);
        app.press(keys);
        let copied = app.copied.clone().unwrap_or_default();
        assert!(copied.starts_with(want), "{keys}: {copied}");
    }
}
