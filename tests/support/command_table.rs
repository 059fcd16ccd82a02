//! What must hold of the command table, which dispatch, footer, help and palette read.

use couplet::model::LinkState;
use couplet::tui::commands::{COMMANDS, Command, Danger, Meaning, Scope};
use couplet::tui::keymap::{Keymap, hold_together};
use couplet::tui::keys;
use couplet::tui::model::Overlay;
use couplet::tui::msg::{Do, Msg};

use super::support::TestApp;

fn parsed(command: &Command) -> Vec<Vec<keys::Key>> {
    let parse = |text: &&str| keys::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
    command.keys.iter().map(parse).collect()
}

#[test]
fn has_each_key_once_in_a_scope_and_none_hidden_by_a_wider_one() {
    for (at, one) in COMMANDS.iter().enumerate() {
        for other in &COMMANDS[at + 1..] {
            let both_hold = hold_together(one.scope, other.scope);
            let tick = ["task.complete", "unfold"]; // the one exception: space in Tasks
            if !both_hold || (tick.contains(&one.id) && tick.contains(&other.id)) {
                continue;
            }
            for key in parsed(one) {
                assert!(!parsed(other).contains(&key), "{} and {}", one.id, other.id);
            }
        }
    }
}

#[test]
fn names_helps_and_finds_each_command() {
    let mut ids: Vec<_> = COMMANDS.iter().map(|command| command.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), COMMANDS.len());
    for (at, command) in COMMANDS.iter().enumerate() {
        assert!(command.help.ends_with('.'), "{}", command.id);
        assert!(!command.keys.is_empty(), "{}", command.id);
        for keys in parsed(command) {
            let found = Keymap::default().meaning(&[command.scope], &keys);
            assert_eq!(found, Meaning::Command(at), "{}", command.id);
        }
        for text in command.keys {
            let keys: Vec<_> = keys::parse(text).unwrap();
            let printed: Vec<_> = keys.iter().map(ToString::to_string).collect();
            assert_eq!(printed.join(" "), *text);
        }
    }
}

#[test]
fn opens_a_question_for_each_danger_and_asks_nothing_yet() {
    for command in COMMANDS.iter().filter(|c| c.danger == Danger::Asks) {
        let mut app = TestApp::demo(80, 24);
        app.press(match command.scope {
            Scope::Contacts if command.id == "contact.link" => "jjjjjvjjj",
            Scope::Contacts => "/mara<enter>",
            Scope::Errors => "5",
            Scope::Policies => "3p",
            Scope::Tasks => "2",
            Scope::Sides => "3<enter>l",
            Scope::Candidates => "3j<enter><enter>",
            _ => "3jjjjj<enter>l",
        });
        assert_eq!((command.ready)(&app.model), Ok(()), "{}", command.id);
        app.asks.clear();
        app.send(Msg::Do(command.msg));
        let asked = matches!(
            app.model.overlay,
            Some(Overlay::Confirm(_) | Overlay::Form(_))
        );
        assert!(asked && app.asks.is_empty(), "{}", command.id);
    }
}

#[test]
fn says_why_a_command_cannot_run() {
    let mut app = TestApp::demo(80, 24);
    app.press("3a");
    assert!(app.screen().contains("Nothing is staged: open a conflict"));
    app.press("3:apply");
    assert!(app.screen().contains("nothing is staged"));
    assert_eq!(app.asks, []);
    let ignored = |app: &TestApp| app.model.contacts.current().unwrap().state;
    app.press("<esc>1jj");
    assert_eq!(ignored(&app), LinkState::Ignored);
    app.send(Msg::Do(Do::Ignore));
    assert!(app.screen().contains("Take up Beispiel, Test?"));
}
