//! The dashboard's screens: keys in, what is drawn out.

#[path = "screens/filters.rs"]
mod filters;
#[path = "screens/marks.rs"]
mod marks;
#[path = "screens/mouse.rs"]
mod mouse;
#[path = "screens/random_keys.rs"]
mod random_keys;
mod support;
#[path = "screens/tasks.rs"]
mod tasks;
#[path = "support/command_table.rs"]
mod the_command_table;

use couplet::engine::port::{Ask, Event};
use couplet::model::{
    Action, ActionOutcome, Answer, ConflictId, FieldName, Health, Holder, Kind, LinkId, LoopState,
    Side, Value,
};
use couplet::tui::effect::{Effect, Request};
use couplet::tui::model::Overlay;
use couplet::tui::msg::{Msg, Tab};
use couplet::tui::update::update;
use couplet::tui::{keys, theme::Theme};
use support::{TestApp, world, world::World};

/// Opens the workbench of Mara Quill's conflict.
const BENCH: &str = "3jjjjj<enter>";

macro_rules! screens {
    ($($name:ident: $keys:expr;)*) => {$(
        #[test]
        fn $name() {
            for (width, height) in [(80, 24), (120, 40)] {
                let mut app = TestApp::demo(width, height);
                let screen = app.press(&$keys).screen();
                insta::assert_snapshot!(format!("{}_{width}", stringify!($name)), screen);
            }
        }
    )*};
}

screens! {
    contacts: "j".repeat(17);
    contact_detail: "/mara<enter><enter>jj";
    contact_history: "/mara<enter><enter>[";
    contacts_by_latest_edit: "sj";
    search_without_a_hit: "/nobody";
    conflicts: "3jj";
    workbench: format!("{BENCH}l");
    workbench_of_a_delete: "3<enter>l";
    workbench_of_candidates: "3j<enter><right><enter>";
    workbench_of_a_mass_change: "3jj<enter>h";
    apply_confirm: format!("{BENCH}ljha");
    apply_confirm_of_a_delete: "3<enter>la";
    sync_log: "4jj<enter>";
    errors: "5<enter>";
    rates: "6j";
    help: format!("{BENCH}?");
    palette: "3:appl";
    edit_form: "/mara<enter><enter>e";
    put_off: "3jjjz";
    mute_confirm: "5m";
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
fn between_the_widths_list_and_detail_share_the_row() {
    let mut app = TestApp::demo(104, 20);
    insta::assert_snapshot!(app.press("/mara<enter>l").screen());
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
fn a_quiet_hour_does_not_move_the_log() {
    let mut app = TestApp::demo(80, 24);
    app.press("4");
    app.model.take_dirty();
    app.world.passes[3].duration_ms += 60_000;
    app.send(Msg::Changed);
    assert!(!app.model.dirty);
    app.press("j");
    assert!(app.screen().contains("13:41 to 13:59"), "with the next key");
}

#[test]
fn taking_growbots_stages_the_value_and_writes_nothing() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}l"));
    let want = Ask::Stage {
        conflict: ConflictId(4127),
        answer: Answer::Field {
            field: FieldName::Phone,
            take: "growbots".into(),
            value: "+1 415 555 0190".into(),
        },
        revision: 3,
    };
    assert_eq!(app.asks, [want]);
    assert!(app.screen().contains("1 staged"));
}

#[test]
fn a_staged_answer_is_taken_back_with_x() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}lx"));
    let want = Ask::Unstage {
        conflict: ConflictId(4127),
        field: Some(FieldName::Phone),
    };
    assert_eq!(app.asks.last(), Some(&want));
    assert!(app.screen().contains("0 of 2 decided"));
}

#[test]
fn a_staged_answer_stays_until_the_store_shows_it() {
    let mut app = TestApp::demo(80, 24);
    app.press(BENCH);
    let key = keys::Key::char('l');
    update(&mut app.model, Msg::Key(key)); // what it asks for is still under way
    app.send(Msg::Changed);
    assert!(app.screen().contains("1 of 2 decided"));
    app.later(5_000).send(Msg::Changed);
    assert!(
        app.screen().contains("0 of 2 decided"),
        "the store never took it"
    );
}

#[test]
fn only_y_applies() {
    for keys in ["N", "n", "<esc>", "<enter>", "a"] {
        let mut app = TestApp::demo(80, 24);
        app.press(&format!("{BENCH}la")).press(keys);
        let acts = app.asks.iter().filter(|ask| matches!(ask, Ask::Act(_)));
        assert_eq!(acts.count(), 0, "{keys}");
    }
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}ljha"));
    app.send(Msg::Paste("y".into()));
    assert!(matches!(app.model.overlay, Some(Overlay::Confirm(_))));
    app.press("y");
    let field = |field, take: &str, value: &str| Answer::Field {
        field,
        take: take.into(),
        value: value.into(),
    };
    let want = Ask::Act(Action::Resolve {
        conflict: ConflictId(4127),
        revision: 3,
        answers: vec![
            field(FieldName::Phone, "growbots", "+1 415 555 0190"),
            field(FieldName::Title, "ghl", "Senior Buyer"),
        ],
        note: None,
    });
    assert_eq!(app.asks.last(), Some(&want));
    insta::assert_snapshot!(app.screen());
}

#[test]
fn a_record_that_moved_is_asked_again() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}l3j"));
    let mara = app.world.conflicts.iter_mut().find(|c| c.id.0 == 4127);
    let mara = mara.unwrap();
    mara.revision = 4;
    mara.fields[0].ghl = Value::text("+1 415 555 0123");
    app.send(Msg::Changed).press(BENCH);
    insta::assert_snapshot!("moved_workbench", app.screen());
    app.press("a");
    insta::assert_snapshot!("moved_box", app.screen());
    app.press("y");
    assert!(
        !app.asks.iter().any(|ask| matches!(ask, Ask::Act(_))),
        "nothing else was staged"
    );
    app.press("<enter>");
    assert!(app.model.overlay.is_none());
}

#[test]
fn a_refused_action_says_why_until_a_key() {
    let mut app = TestApp::demo(80, 24);
    let action = Action::Resolve {
        conflict: ConflictId(4127),
        revision: 3,
        answers: Vec::new(),
        note: None,
    };
    let outcome = ActionOutcome::Refused {
        why: "ravi decided it at 14:02".into(),
    };
    app.told(Event::Ended { action, outcome }).later(60_000);
    assert!(app.screen().contains("! 4127: ravi decided it at 14:02"));
    app.press("j");
    assert!(!app.screen().contains("ravi decided"));
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
fn space_ticks_a_task_at_once() {
    let mut app = TestApp::demo(80, 24);
    app.press("2<space>");
    assert!(app.screen().contains("■ ⇄ Send signed order form"));
    app.send(Msg::Changed);
    assert!(
        app.screen().contains("■ ⇄ Send signed"),
        "until the store shows it"
    );
    assert!(matches!(&app.asks[..], [Ask::Act(Action::Edit { .. })]));
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
    let rested = world::now().plus(120);
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
fn a_task_leads_to_its_contact_and_esc_back_to_the_list() {
    let mut app = TestApp::demo(80, 24);
    app.press("2jj<enter>").send(Msg::Changed);
    assert!(app.screen().contains("! June Fairweather"));
    app.press("<esc>");
    assert!(app.screen().contains("▌ = Abendroth, Jonas"));
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
    let row = couplet::tui::reader::clean_contact(row);
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
fn a_first_pass_that_runs_is_named_in_the_log() {
    let mut app = TestApp::demo(80, 24);
    app.world.passes.clear();
    app.world.status.state = LoopState::Pushing { done: 3, total: 73 };
    app.press("4").send(Msg::Changed);
    let screen = app.screen();
    assert!(
        screen.contains("The first pass writes, 3 of 73 done"),
        "{screen}"
    );
    assert!(!screen.contains("No pass yet"), "{screen}");
}

#[test]
fn a_ticked_task_stays_in_view_until_the_operator_leaves() {
    let mut app = TestApp::demo(80, 24);
    app.press("2<space>");
    let id = app.model.tasks.window.cursor.unwrap();
    app.world.tasks.retain(|task| task.id != id); // the store took it: it is not open any more
    app.later(10_000).send(Msg::Changed);
    assert_eq!(app.model.tasks.window.cursor, Some(id));
    assert!(app.screen().contains("■ ✓"), "{}", app.screen());
    app.press("12");
    assert!(!app.screen().contains("■ ✓"), "{}", app.screen());
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
fn the_lines_of_a_pass_are_walked_and_lead_to_their_contact() {
    let mut app = TestApp::demo(80, 24);
    app.press("4jj<enter>");
    let before = app.model.log.cursor;
    app.press("j");
    assert_eq!(app.model.log.cursor, before, "on a line of the same pass");
    assert!(app.screen().contains("enter contact"), "{}", app.screen());
    app.press("<enter>");
    assert_eq!(app.model.tab, Tab::Contacts);
}
