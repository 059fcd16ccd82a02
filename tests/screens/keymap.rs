//! Commands by their keys, in the help and in the palette; who may run them.

use couplet::config::{KeyRow, Source};
use couplet::tui::keymap::Keymap;

use super::*;

/// A line of the settings that gives a command another key.
fn row(command: &str, key: &str) -> KeyRow {
    KeyRow {
        command: command.into(),
        keys: vec![key.into()],
        from: Source::Default,
    }
}

#[test]
fn help_is_searched_by_words() {
    let mut app = TestApp::demo(80, 24);
    app.press("?/").typed("clipboard").press("<enter>");
    assert!(app.copied.is_some());
}

#[test]
fn the_palette_forgives_letters_left_out_and_puts_the_best_first() {
    for (typed, first) in [
        ("undo", "Take back what was written"),
        ("plcs", "List the policies"),
        ("unstg", "Take the staged answer back"),
        ("rmbr", "Remember how this field is decided"),
        ("kslr", "Kessler"),
        ("quil mar", "Quill, Mara"),
    ] {
        let mut app = TestApp::demo(80, 24);
        app.press(BENCH).press("l:").typed(typed);
        let screen = app.screen();
        let mut lines = screen.lines();
        let hit = lines.find(|line| line.contains('▌')).unwrap();
        assert!(hit.contains(first), "{typed}: {screen}");
    }
    let mut app = TestApp::demo(80, 24);
    app.press(":").typed("zzzzz");
    assert!(app.screen().contains("nothing has this name"));
}

#[test]
fn footer_help_and_palette_show_the_keys_of_the_settings() {
    let rows = [
        row("contact.edit", "E"),
        row("palette", ";"),
        row("help", "<alt-h>"),
        row("open", "O"),
    ];
    let mut app = TestApp::demo(80, 24);
    app.model.keymap = Keymap::with(&rows).unwrap().into();
    let screen = app.screen();
    let footer = screen.lines().last().unwrap();
    assert!(footer.starts_with(" O open  E edit"), "{footer}");
    assert!(footer.ends_with("; more  alt-h help"), "{footer}");
    app.press("e?:");
    assert!(app.model.overlay.is_none(), "the old keys are free");
    assert!(app.press("<alt-h>").screen().contains("  E     "));
    app.press("<esc>;").typed("fields of the contact");
    assert!(app.screen().contains(" E │"), "{}", app.screen());
    app.press("<esc>E");
    assert!(matches!(app.model.overlay, Some(Overlay::Form(_))));
}

#[test]
fn a_viewer_reads_searches_and_copies_and_is_told_why_not_the_rest() {
    let mut app = TestApp::demo(120, 40);
    app.model.looks_only = Some("a viewer looks and changes nothing");
    assert!(app.screen().contains("dana, viewer"));
    for keys in ["1e", "2<space>", "3jjjjj<enter>l", "5r", "6p", "1u", "S"] {
        app.press("<esc><esc><esc>").press(keys);
        let screen = app.screen();
        assert!(
            screen.contains("A viewer looks and changes nothing."),
            "{keys}: {screen}"
        );
        assert!(app.model.overlay.is_none() && app.asks.is_empty(), "{keys}");
    }
    app.press("<esc><esc>1/quill<enter>c");
    assert!(app.copied.is_some());
    app.press("3:").typed("undo");
    assert!(
        app.screen().contains("a viewer looks"),
        "dimmed, with the reason"
    );
    app.press("<esc>");
    app.model.size = (80, 24);
    assert!(app.screen().contains("viewer"));
}

#[test]
fn the_palette_leads_to_contacts_and_conflicts_by_name() {
    for (typed, shown) in [("quill@no", "nothing has this name"), ("4127", "conflict")] {
        let mut app = TestApp::demo(80, 24);
        app.press(":").typed(typed);
        assert!(app.screen().contains(shown), "{}", app.screen());
    }
    let mut app = TestApp::demo(80, 24);
    app.press("2:").typed("kessler").press("<down><enter>");
    let screen = app.screen();
    assert!(screen.contains("Kessler"), "{screen}");
    assert!(app.model.tab != Tab::Tasks, "{screen}");
}

#[test]
fn sentences_name_the_keys_of_the_settings() {
    let rows = [
        row("error.retry", "<alt-r>"),
        row("back", "<alt-b>"),
        row("unfold", "<alt-s>"),
        row("bench.ghl", "<alt-g>"),
        row("sort", "<alt-o>"),
        row("undo", "U"),
    ];
    let mut app = TestApp::demo(120, 40);
    app.model.keymap = Keymap::with(&rows).unwrap().into();
    for (keys, want) in [
        ("5<enter>", "Cost of alt-r"),
        ("5", "then alt-r tries all again"),
        ("1/zzz<enter>", "alt-b shows all"),
        ("<alt-b>3jjjjj<enter>", "alt-g GHL"),
        ("", "alt-g writes 1 to Growbots"),
        ("", "alt-s shows"),
        ("<alt-b><alt-o>", "alt-o: the next way"),
        (
            "<alt-o><alt-o><alt-o>4jj<enter>j<enter>",
            "U previews its undo",
        ),
        ("1v", "alt-b lets go"),
    ] {
        let screen = app.press(keys).screen();
        assert!(screen.contains(want), "{keys}: {want}\n{screen}");
    }
}
