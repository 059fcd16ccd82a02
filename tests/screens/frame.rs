//! What holds on every tab: frame, sizes, marks, states of the loop.

use super::*;

screens! {
    help: format!("{BENCH}?");
    palette: "3:appl";
    plan: "P";
}

#[test]
fn plain_mode_says_what_is_under_the_cursor_in_one_line() {
    for (keys, want) in [
        ("j", "contact, Adeyemi-Brightwater, Oluwaseun, in step"),
        ("2", "task, Send signed order form, open, due 20 Nov 17:00"),
        ("3", "conflict 4098, Harlow Freight"),
        (
            "3jjjjj<enter>",
            "phone: base +1 415 555 0132, GHL +1 415 555 0177",
        ),
        ("4", "pass of 14:05:00, dana ticked 2 tasks"),
        (
            "5",
            "error, 422 the assignee is not active, open, 14 records",
        ),
        ("6", "GHL, ok, burst 62 of 100"),
    ] {
        let mut app = TestApp::demo(120, 40);
        app.press(keys).press("<alt-p>");
        let screen = app.screen();
        let last: Vec<_> = screen.lines().skip(37).map(str::trim).collect();
        let last = last.join(" ");
        assert!(last.contains(want), "{keys}: {last}");
        app.press("<alt-p>");
        assert!(app.screen().ends_with("? help"), "{keys}");
    }
}

#[test]
fn the_first_frame_needs_nothing_that_was_read() {
    let mut app = TestApp::unread(80, 24, Theme::dark(), World::demo());
    insta::assert_snapshot!(app.screen());
}

#[test]
fn a_small_terminal_shows_one_thing_and_a_smaller_one_says_what_it_needs() {
    let mut app = TestApp::demo(40, 10);
    insta::assert_snapshot!("least", app.press(BENCH).screen());
    app.send(Msg::Resize {
        width: 34,
        height: 8,
    });
    insta::assert_snapshot!("too_small", app.screen());
    app.send(Msg::Resize {
        width: 40,
        height: 10,
    });
    assert!(app.screen().contains("4127"), "it goes on by itself");
}

#[test]
fn mono_says_all_with_marks() {
    let mut app = TestApp::mono(120, 40);
    insta::assert_snapshot!(app.press(&format!("{BENCH}l")).screen());
}

#[test]
fn ascii_says_all_with_ascii() {
    let mut app = TestApp::mono(80, 24);
    app.model.ascii = true;
    let screen = app.press(BENCH).screen();
    assert!(screen.is_ascii());
    insta::assert_snapshot!(screen);
}

/// What is styled how, as marks under each text: the accent `^`, errors `!`, what moves `~`, the cursor row `#`.
#[test]
fn the_accent_marks_only_what_is_to_be_decided() {
    let mut app = TestApp::demo(80, 24);
    app.press(&"j".repeat(17));
    insta::assert_snapshot!(app.styles());
}

#[test]
fn every_state_of_the_loop_has_its_words() {
    let paused = |note: Option<&str>| couplet::model::Paused {
        by: "ravi".into(),
        at: world::at("2026-11-24T13:58:00Z"),
        until: None,
        side: None,
        lane: None,
        note: note.map(Into::into),
    };
    let pulling = LoopState::Pulling {
        side: Side::Ghl,
        kind: Kind::Contact,
        done: 41_200,
        total: Some(118_400),
    };
    let mut lines = Vec::new();
    for width in [120, 80] {
        for case in 0..9 {
            let mut world = World::demo();
            let status = &mut world.status;
            match case {
                1 => status.state = pulling.clone(),
                2 => {
                    status.state = LoopState::Pushing {
                        done: 38,
                        total: 120,
                    }
                }
                3 => status.paused = Some(paused(Some("month-end import"))),
                4 => {
                    status.sides.ghl.health = Health::Off;
                    status.sides.growbots.health = Health::Off;
                }
                5 => {
                    status.state = LoopState::Pushing {
                        done: 82,
                        total: 120,
                    };
                    status.sides.ghl.health = Health::Shut {
                        until: world::at("2026-11-24T14:06:00Z"),
                    };
                }
                6 => status.sides.ghl.health = Health::Refused,
                7 => {
                    status.sides.ghl.day.used = 150_000;
                    status.sides.growbots.health = Health::Slow;
                    world.conflicts.clear();
                    world.errors.clear();
                }
                8 => status.progress_at = world::at("2026-11-24T13:40:00Z"),
                _ => {}
            }
            let mut app = TestApp::with(width, 24, Theme::dark(), world);
            app.later(600); // trouble is said when it lasts
            lines.push(app.screen().lines().next().unwrap().to_owned());
        }
        let mut world = World::demo();
        world.holder = Some(Holder {
            operator: "ravi".into(),
            host: "ops-2".into(),
            pid: 7,
            since: world::at("2026-11-24T09:12:00Z"),
        });
        let mut app = TestApp::unread(width, 24, Theme::dark(), world);
        app.model.lease_ours = false;
        app.send(Msg::Changed);
        lines.push(app.screen().lines().next().unwrap().to_owned());
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_state_shorter_than_300_ms_is_not_drawn() {
    let mut app = TestApp::demo(80, 24);
    let before = app.screen();
    app.later(1_000).model.take_dirty();
    app.world.status.state = LoopState::Pushing { done: 0, total: 2 };
    app.send(Msg::Changed).later(200);
    assert!(!app.model.dirty, "200 ms");
    assert_eq!(app.screen(), before);
    app.world.status.state = LoopState::Idle;
    app.send(Msg::Changed).later(5_000);
    assert!(!app.model.dirty, "it is over");
    app.world.status.state = LoopState::Pushing { done: 0, total: 2 };
    app.send(Msg::Changed).later(300);
    assert!(app.model.dirty);
    assert!(app.screen().contains("push 0 of 2"));
}

#[test]
fn at_rest_nothing_is_drawn_and_nobody_wakes() {
    let mut app = TestApp::demo(80, 24);
    app.screen();
    app.model.take_dirty();
    for _ in 0..4 {
        app.world.status.progress_at = app.model.times.now.plus(15_000);
        app.later(15_000).send(Msg::Changed);
    }
    assert!(!app.model.dirty);
    app.world.status.progress_at = app.model.times.now;
    app.send(Msg::Changed);
    let wake = app.model.next_wake().unwrap();
    assert!(
        wake >= app.model.times.now.plus(90_000),
        "only a stopped loop"
    );
}

#[test]
fn leaving_asks_when_the_sync_would_stop_with_writes_waiting() {
    let mut app = TestApp::demo(80, 24);
    app.press("q");
    insta::assert_snapshot!("leave", app.screen());
    app.press("<enter>");
    assert!(
        !app.model.quit && app.model.overlay.is_none(),
        "enter is no"
    );
    app.press("qy");
    assert!(app.model.quit);

    let mut app = TestApp::demo(80, 24);
    app.model.lease_ours = false;
    assert!(app.press("q").model.quit, "another process goes on");
}

#[test]
fn the_next_thing_for_me_is_found_from_anywhere() {
    let mut app = TestApp::demo(80, 24);
    let open = |app: &TestApp| app.model.conflicts.bench.as_ref().map(|b| b.conflict.0);
    app.press(".");
    assert_eq!(open(&app), Some(4098), "the oldest");
    app.press(".");
    assert_eq!(open(&app), Some(4102));
    app.world.conflicts.clear();
    app.send(Msg::Changed).press("1.");
    assert_eq!(app.model.tab, Tab::Errors);
}

#[test]
fn pasted_text_is_never_a_command() {
    let mut app = TestApp::demo(80, 24);
    app.send(Msg::Paste("3jjq\r".into()));
    assert!(app.model.tab == Tab::Contacts && !app.model.quit);
    app.press("/").send(Msg::Paste("ma\x1b[31mra\n".into()));
    assert!(app.model.contacts.query.search.starts_with("ma[31mra"));
}

#[test]
fn what_a_side_sends_cannot_steer_the_terminal() {
    let mut row = World::demo().contacts[0].clone();
    row.name = "Evil\x1b]0;owned\x07\u{202e}\nName".into();
    let row = couplet::tui::tidy::clean_contact(row);
    assert_eq!(row.name, "Evil]0;owned⏎Name");
}

#[test]
fn a_request_replaces_one_of_its_slot_that_was_not_sent() {
    let mut app = TestApp::demo(80, 24);
    app.model.read(Request::Detail(LinkId(1)));
    app.model.read(Request::Detail(LinkId(2)));
    let want = Effect::Read(Request::Detail(LinkId(2)));
    assert_eq!(app.model.take_effects(), [want]);
}

#[test]
fn the_first_run_leads_to_the_demo_or_to_the_setup() {
    use couplet::tui::welcome::{Pressed, Start, Welcome};
    let shown = |mut welcome: Welcome, keys: &str, (width, height)| {
        for key in keys::parse(keys).unwrap() {
            assert_eq!(welcome.press(key), Pressed::Stays);
        }
        let backend = ratatui::backend::TestBackend::new(width, height);
        let mut terminal = ratatui::Terminal::new(backend).unwrap();
        let draw = |frame: &mut ratatui::Frame| welcome.draw(frame.area(), frame.buffer_mut());
        terminal.draw(draw).unwrap();
        terminal.backend().to_string()
    };
    let mut welcome = Welcome::new(Theme::dark(), false);
    insta::assert_snapshot!("first_run_120", shown(welcome, "", (120, 40)));
    insta::assert_snapshot!("first_run_80", shown(welcome, "j", (80, 24)));
    insta::assert_snapshot!("first_run_40", shown(welcome, "jj", (40, 16)));
    for (key, want) in [
        ("d", Pressed::Takes(Start::Demo)),
        ("i", Pressed::Takes(Start::SetUp)),
        ("c", Pressed::Takes(Start::Check)),
        ("<enter>", Pressed::Takes(Start::Demo)),
        ("q", Pressed::Leaves),
        ("<ctrl-c>", Pressed::Leaves),
        ("x", Pressed::Stays),
    ] {
        let key = keys::parse(key).unwrap()[0];
        assert_eq!(welcome.press(key), want, "{key}");
    }
}

#[test]
fn before_both_sides_were_read_nothing_is_called_in_step() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut world = World::demo();
        world.backfilled = false;
        world.conflicts.clear();
        world.errors.clear();
        world.passes.clear();
        world.status.state = LoopState::Pulling {
            side: Side::Ghl,
            kind: Kind::Contact,
            done: 41_200,
            total: Some(118_400),
        };
        let mut app = TestApp::with(width, height, Theme::dark(), world);
        let screen = app.press("3").screen();
        assert!(!screen.contains("in step"), "{screen}");
        assert!(
            screen.contains("Not known yet: the first pull reads contacts"),
            "{screen}"
        );
        insta::assert_snapshot!(format!("first_pull_{width}"), screen);
        app.world.backfilled = true;
        app.world.status.state = LoopState::Idle;
        app.send(Msg::Changed).later(600);
        let screen = app.screen();
        assert!(
            screen.contains("in step") && screen.contains("Nothing to decide"),
            "{screen}"
        );
    }
}

#[test]
fn a_disk_that_is_full_is_said_and_bars_what_writes() {
    for (width, words) in [
        (80, "r read only: disk full"),
        (120, "r read only: the database's disk is full"),
    ] {
        let mut app = TestApp::demo(width, 24);
        app.told(Event::Barred {
            why: Some(couplet::store::Barred::DiskFull),
        });
        app.later(600);
        let screen = app.screen();
        assert!(screen.contains(words), "{screen}");
        app.press("e");
        let screen = app.screen();
        assert!(
            screen.contains("Read only: the database's disk is full."),
            "{screen}"
        );
        assert!(app.asks.is_empty() && app.model.overlay.is_none());
        app.told(Event::Barred { why: None }).later(600);
        let screen = app.screen();
        assert!(screen.contains("idle since"), "{screen}");
    }
}

#[test]
fn a_plan_says_nothing_to_and_asks_nothing_of_the_engine() {
    let mut app = TestApp::demo(80, 24);
    app.press("P");
    let screen = app.screen();
    assert!(
        screen.contains("custom.budget  12,000 → 15,000"),
        "{screen}"
    );
    assert!(screen.contains("Growbots   ~ 1 contact"), "{screen}");
    app.press("y");
    assert!(app.asks.is_empty() && app.model.overlay.is_some());
    app.press("<enter>");
    assert!(app.model.overlay.is_none());
}

#[test]
fn page_and_end_keys_scroll_the_help_and_each_question() {
    let last = "side is chosen for you";
    let mut app = TestApp::demo(80, 24);
    app.press("?");
    let top = app.screen();
    assert!(!top.contains(last), "{top}");
    for (there, back) in [("G", "g"), ("<end>", "<home>"), ("G", "gg")] {
        app.press(there);
        assert!(app.screen().contains(last), "{there}\n{}", app.screen());
        app.press(back);
        assert_eq!(app.screen(), top, "{back}");
    }
    app.press("<pgdn>");
    let page = app.screen();
    let rows = |screen: &str| screen.lines().map(str::to_owned).collect::<Vec<_>>();
    let below = rows(&top)[20].clone();
    assert!(
        page.contains(&below),
        "the last row is the first now\n{page}"
    );
    assert_ne!(page, app.press("j").screen());
    app.press("G<pgup>");
    assert!(!app.screen().contains(last), "{}", app.screen());

    let mut app = TestApp::demo(60, 11);
    app.press("3Vdw<enter>a");
    let top = app.screen();
    assert!(top.contains("J K  "), "{top}");
    assert!(!top.contains("Requests"), "{top}");
    app.press("G");
    let end = app.screen();
    assert!(end.contains("Requests"), "{end}");
    assert_ne!(app.press("k").screen(), end, "no key is lost at the end");
    assert_eq!(app.press("<pgdn><pgdn><pgdn>").screen(), end);
    assert_eq!(app.press("<home>").screen(), top);
    assert!(app.model.overlay.is_some(), "none of them answers");
}
