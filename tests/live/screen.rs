//! The built program in a real pseudo-terminal: what an operator does and sees.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use super::lab::{EXE, Lab};
use super::terminal::Terminal;

pub fn dashboard(lab: &Lab, size: (u16, u16), more: &[(&str, &str)]) -> Terminal {
    let mut env: BTreeMap<String, String> = lab
        .env()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for (name, value) in [
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
    ]
    .iter()
    .chain(more)
    {
        env.insert((*name).to_owned(), (*value).to_owned());
    }
    Terminal::start(EXE, &[], env, size)
}

/// Two edits of one field of a person who is in step; the person.
pub fn apart(lab: &Lab) -> Value {
    lab.pass(&[]);
    let person = lab.in_step(0);
    let id = |side: &str| {
        person[format!("{side}_id")]
            .as_str()
            .expect("it is linked")
            .to_owned()
    };
    lab.edit("ghl", "contact", &id("ghl"), &json!({"lastName": "Ost"}));
    lab.edit(
        "growbots",
        "contact",
        &id("growbots"),
        &json!({"last_name": "West"}),
    );
    person
}

#[test]
fn an_operator_resolves_a_conflict_by_keys_and_both_sides_agree() {
    let lab = Lab::quick(20, 11);
    let person = apart(&lab);
    lab.run(&["sync", "--once"]).ended(&[3]);

    let mut screen = dashboard(&lab, (80, 24), &[]);
    screen.wait_for("idle since");
    screen.press("3");
    screen.wait_for("by reason");
    // The conflict of this person, wherever it stands in the list.
    let lines = screen.wait_for("last name");
    let title = "Ost";
    let place = lines
        .lines()
        .filter(|line| line.contains('≠'))
        .position(|line| line.contains(title));
    screen.press("gg");
    screen.press(&"j".repeat(place.expect("it is on the screen").saturating_sub(1)));
    screen.press("<enter>");
    screen.wait_for("undecided");
    screen.press("l");
    screen.wait_for("staged");
    screen.press("a");
    screen.wait_for("y apply");
    // Enter is no: nothing is written by it.
    screen.press("<enter>");
    screen.wait("no box", |shown| !shown.contains("y apply"));
    let now = |side: &str, key: &str| {
        lab.records(side, "contact")[person[format!("{side}_id")].as_str().unwrap()][key].clone()
    };
    assert_eq!(now("ghl", "lastName"), "Ost");
    screen.press("a");
    screen.wait_for("y apply");
    screen.press("y");
    screen.wait("the decision applied", |shown| {
        !shown.contains("y apply") && !shown.contains("undecided")
    });
    // The loop writes it: what the screen shows of it comes from the store.
    screen.press("4");
    screen.wait_for("an operator asked");
    assert_eq!(now("ghl", "lastName"), "West");
    assert_eq!(now("growbots", "last_name"), "West");

    screen.press("q");
    assert_eq!(screen.end(), 0);
    let left_in_alternate_screen = screen.with_screen(vt100::Screen::alternate_screen);
    assert!(!left_in_alternate_screen, "the terminal is as before");
    let held = lab.run(&["status", "--json"]).ended(&[0]).json()["holder"].clone();
    assert_eq!(held, Value::Null, "the lease was given back");
}

#[test]
fn a_signal_ends_it_as_a_key_would_and_another_screen_takes_over() {
    let lab = Lab::quick(10, 2);
    let mut first = dashboard(&lab, (120, 40), &[]);
    first.wait_for("idle since");
    let second = dashboard(&lab, (120, 40), &[("COUPLET_OPERATOR", "ravi")]);
    second.wait_for("run by dana");
    let pid = first.pid().expect("it runs").to_string();
    let killed = Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill");
    assert!(killed.success());
    first.end();
    assert!(
        !first.with_screen(vt100::Screen::alternate_screen),
        "the terminal is as before"
    );
    second.wait("that it runs the loop itself", |shown| {
        !shown.contains("run by") && shown.contains("idle since")
    });
    let holder = lab.run(&["status", "--json"]).ended(&[0]).json()["holder"].clone();
    assert_eq!(holder["operator"], "ravi", "{holder}");
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_goes_on_when_it_grows() {
    let lab = Lab::quick(10, 2);
    let mut screen = dashboard(&lab, (34, 8), &[]);
    screen.wait_for("couplet needs 40 x 10");
    screen.resize(80, 24);
    screen.wait_for("[1 Contacts]");
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn without_colour_every_tab_says_what_it_says_with() {
    let lab = Lab::quick(20, 11);
    apart(&lab);
    let mut screen = dashboard(&lab, (80, 24), &[("NO_COLOR", "1")]);
    screen.wait_for("idle since");
    for (key, tab) in [
        ("2", "[2 Tasks"),
        ("3", "[3 Conflicts"),
        ("4", "[4 Sync log"),
        ("5", "[5 Errors"),
        ("6", "[6 Rates"),
        ("1", "[1 Contacts"),
    ] {
        screen.press(key);
        screen.wait_for(tab);
    }
    screen.settle();
    let coloured = screen.with_screen(|shown| {
        (0..24)
            .flat_map(|row| (0..80).map(move |col| (row, col)))
            .any(|(row, col)| {
                let cell = shown.cell(row, col).expect("a cell");
                cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default
            })
    });
    assert!(!coloured, "a colour in spite of NO_COLOR");
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn a_value_is_changed_in_an_editor_which_has_the_terminal_meanwhile() {
    let lab = Lab::quick(20, 11);
    apart(&lab);
    lab.run(&["sync", "--once"]).ended(&[3]);
    let env = [("EDITOR", "sed -i s/.*/Nord/")];
    let mut screen = dashboard(&lab, (80, 24), &env);
    screen.wait_for("idle since");
    screen.press("3f");
    screen.press("Ost<enter><enter>");
    screen.wait_for("undecided");
    screen.press("E");
    screen.wait_for("✓ Nord");
    screen.press("x");
    screen.wait_for("undecided");

    let mut shut = dashboard(
        &lab,
        (80, 24),
        &[("EDITOR", "sed"), ("COUPLET_OPERATOR", "ravi")],
    );
    shut.wait_for("run by");
    shut.press("3");
    shut.wait_for(" looks");
}

#[test]
fn without_a_shell_no_editor_is_opened() {
    let lab = Lab::quick(20, 11);
    apart(&lab);
    lab.run(&["sync", "--once"]).ended(&[3]);
    let mut env: BTreeMap<String, String> = lab
        .env()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for (name, value) in [("TERM", "xterm"), ("LANG", "C.UTF-8"), ("EDITOR", "vi")] {
        env.insert(name.into(), value.into());
    }
    let mut screen = Terminal::start(EXE, &["--no-shell"], env, (80, 24));
    screen.wait_for("idle since");
    screen.press("3f");
    screen.press("Ost<enter><enter>");
    screen.wait_for("undecided");
    screen.press("E");
    screen.wait_for("lets no other program start");
}
