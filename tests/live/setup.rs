//! From nothing to the first dry run, as a new user does it.

use std::os::unix::fs::PermissionsExt as _;

use crate::lab::{EXE, Lab};
use crate::serve::until;
use crate::terminal::Terminal;

#[test]
fn couplet_alone_leads_a_new_user_to_the_demo_and_back_to_the_shell() {
    let home = tempfile::tempdir().expect("a folder");
    let start = |term: &str| {
        let home = home.path().display().to_string();
        let env = [("HOME", home.as_str()), ("TERM", term), ("LANG", "C.UTF-8")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Terminal::start(EXE, &[], env, (80, 24))
    };
    let mut screen = start("xterm-256color");
    screen.wait_for("No workspace is set up yet.");
    screen.press("q");
    assert_eq!(screen.end(), 0);
    let mut screen = start("vt100");
    screen.wait_for("Try the demo");
    screen.press("d");
    screen.wait_for("[1 Contacts]");
    screen.wait_for("idle since");
    screen.press("q");
    assert_eq!(screen.end(), 0);
    let mut screen = start("xterm");
    screen.wait_for("Set up a workspace");
    screen.press("i");
    screen.wait_for("GHL: address of the API");
}

#[test]
fn a_new_user_is_asked_each_answer_is_tried_and_a_dry_run_says_what_the_first_sync_would_do() {
    let lab = Lab::quick(40, 3);
    let before = lab.records("ghl", "contact").len();
    let home = lab.data().display().to_string();
    let env = [("HOME", home.as_str()), ("TERM", "xterm")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut screen = Terminal::start(EXE, &["config", "init"], env, (80, 60));
    screen.wait_for("GHL: address of the API");
    screen.press(&format!("nowhere<enter>{}<enter>", lab.hello("ghl")));
    screen.wait_for("`nowhere` is no URL");
    screen.wait_for("GHL: location id");
    let page = format!(
        "https://app.example.com/v2/location/{}/dashboard",
        lab.hello("location_id")
    );
    screen.press(&format!("{page}<enter>"));
    let asked = screen.wait_for("private integration token");
    assert!(
        asked.contains("Integrations of the\nlocation"),
        "no word is broken\n{asked}"
    );
    screen.press("pit-wrong<enter>");
    screen.wait_for("that does not work: GHL did not accept the token");
    // what was right stands there for enter
    screen.wait("it asks again", |shown| {
        shown.matches("GHL: address").count() == 3
    });
    screen.press("<enter>");
    screen.wait("the location again", |shown| {
        shown.matches("GHL: location").count() == 2
    });
    screen.press("<enter>");
    screen.wait("the token again", |shown| {
        shown.matches("integration token").count() == 2
    });
    screen.press(&format!("{}<enter>", lab.hello("ghl_token")));
    screen.wait_for("ok: GHL is `");
    screen.wait_for("Growbots: address");
    screen.press(&format!("{}<enter>", lab.hello("growbots")));
    screen.wait_for("Growbots: key");
    screen.press(&format!("{}<enter>", lab.hello("growbots_token")));
    screen.wait_for("ok: Growbots is `");
    screen.wait_for("GHL has custom fields: Job title");
    screen.press("y<enter>");
    let shown = screen.wait_for("next: `couplet` asks for your yes to this plan");
    for words in [
        "read of GHL       36 contacts, ",
        "read of Growbots  ",
        "create contacts in GHL",
        "this would take",
        "about",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    for key in ["ghl_token", "growbots_token"] {
        assert!(
            !shown.contains(lab.hello(key)),
            "a key is on the screen:\n{shown}"
        );
    }
    assert_eq!(screen.end(), 0);
    // the plan waits for a yes also here, and no is the default
    let env = [("HOME", home.as_str()), ("TERM", "xterm")];
    let env = || env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut screen = Terminal::start(EXE, &[], env(), (120, 50));
    screen.wait_for("Carry it out, and open the dashboard? y or n [n]:");
    screen.press("<enter>");
    assert_eq!(screen.end(), 0);
    assert_eq!(
        lab.records("ghl", "contact").len(),
        before,
        "nothing was written"
    );
    let mut screen = Terminal::start(EXE, &[], env(), (120, 50));
    screen.wait_for("Carry it out, and open the dashboard? y or n [n]:");
    screen.press("y<enter>");
    screen.wait_for("[1 Contacts");
    until("the plan is carried out", || {
        lab.records("ghl", "contact").len() > before
    });
    screen.press("q");
    drop(screen);

    let file = lab.data().join(".config/couplet/config.toml");
    let text = std::fs::read_to_string(&file).expect("it was written");
    let mode = std::fs::metadata(&file)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(text.contains(&format!("location = \"{}\"", lab.hello("location_id"))));
    assert!(text.contains("[map.contact.custom.job_title]"), "{text}");
    assert!(!text.contains("pit-") && !text.contains(lab.hello("growbots_token")));
}
