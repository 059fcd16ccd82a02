//! Tasks: views, both sides, forms, bulk.

use couplet::tui::mouse::Mouse;

use super::support::world::at;
use super::*;

screens! {
    list: "2jj";
    of_mine: "2]]j";
    done: "2[[[[[";
    edit: "2e";
    due: "2d";
    assign: "2w";
    new_for_whom: "2N";
    new: "2N<enter>";
    bulk: "2vvv<space>";
}

#[test]
fn an_empty_list_and_one_that_is_read_say_so() {
    let mut app = TestApp::demo(80, 24);
    app.world.tasks.clear();
    app.press("2");
    insta::assert_snapshot!("empty", app.screen());
    let mut app = TestApp::unread(80, 24, Theme::dark(), World::demo());
    app.model.tab = Tab::Tasks;
    insta::assert_snapshot!("reading", app.screen());
}

fn acts(app: &TestApp) -> Vec<Action> {
    let acts = app.asks.iter().filter_map(|ask| match ask {
        Ask::Act(action) => Some(action.clone()),
        _ => None,
    });
    acts.collect()
}

#[test]
fn a_new_due_time_is_typed_understood_listed_and_written_after_y() {
    let mut app = TestApp::demo(80, 24);
    app.press("2d").typed("12 dec 9:00");
    assert!(
        app.screen().contains("Sat 12 Dec 2026, 09:00"),
        "{}",
        app.screen()
    );
    app.press("<enter>");
    assert!(
        app.screen().contains("20 Nov 17:00 → 12 Dec 09:00"),
        "{}",
        app.screen()
    );
    assert!(acts(&app).is_empty());
    app.press("y");
    let [
        Action::Edit {
            link: LinkId(201),
            changes,
        },
    ] = &acts(&app)[..]
    else {
        panic!("{:?}", app.asks);
    };
    assert_eq!(changes[0].to, Some(Value::Time(at("2026-12-12T09:00:00Z"))));
    assert_eq!(
        changes[0].from,
        Some(Value::Time(at("2026-11-20T17:00:00Z")))
    );
}

#[test]
fn tasks_are_given_to_somebody_who_is_picked_from_a_list() {
    let mut app = TestApp::demo(80, 24);
    app.press("2vvw").typed("lou").press("<enter>");
    assert!(matches!(app.model.overlay, Some(Overlay::Confirm(_))));
    app.press("y");
    let acts = acts(&app);
    assert_eq!(acts.len(), 2);
    for act in acts {
        let Action::Edit { changes, .. } = act else {
            panic!("{act:?}");
        };
        assert_eq!(changes[0].field, FieldName::Assignee);
        assert_eq!(changes[0].to, Value::text("lou@harbor.example"));
    }
}

#[test]
fn a_new_task_is_made_for_a_contact_that_was_looked_for() {
    let mut app = TestApp::demo(80, 24);
    app.press("2N").typed("kessler").press("<enter><enter>");
    assert!(
        app.screen().contains("A task needs a title"),
        "{}",
        app.screen()
    );
    app.typed("Send the offer").press("<ctrl-s>");
    insta::assert_snapshot!("new_confirm", app.screen());
    app.press("y");
    let [
        Action::Add {
            kind: Kind::Task,
            parent: Some(LinkId(12)),
            fields,
        },
    ] = &acts(&app)[..]
    else {
        panic!("{:?}", app.asks);
    };
    let of = |name| {
        fields
            .iter()
            .find(|field| field.field == name)
            .and_then(|it| it.to.clone())
    };
    assert_eq!(of(FieldName::Title), Value::text("Send the offer"));
    let friday = Some(Value::Time(at("2026-11-25T17:00:00Z")));
    assert_eq!(of(FieldName::DueAt), friday, "the next working day");
}

#[test]
fn a_click_chooses_a_view_or_a_task() {
    let mut app = TestApp::demo(80, 24);
    app.press("2");
    for (text, shown) in [
        ("Overdue 3", "[Overdue 3]"),
        ("All 11", "[All 11]"),
        ("Renewal letter", "▌ □ = Renewal"),
    ] {
        let screen = app.screen();
        let (y, line) = screen
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(text))
            .expect(text);
        let x = couplet::text::width(line.split(text).next().expect("a part")) as u16;
        app.send(Msg::Mouse(Mouse::Click { x, y: y as u16 }));
        assert!(app.screen().contains(shown), "{text}\n{}", app.screen());
    }
}

#[test]
fn the_sides_of_a_task_are_read_when_the_cursor_rests() {
    let mut app = TestApp::demo(120, 40);
    app.press("2");
    app.send(Msg::Key(keys::Key::char('j')));
    assert!(app.model.tasks.detail().is_none());
    app.later(120);
    assert!(app.model.tasks.detail().is_some());
}

#[test]
fn a_step_among_tasks_costs_few_bytes_on_average() {
    let mut world = World::demo();
    let some = world.tasks.clone();
    world.tasks = (1..=500)
        .map(|n| {
            let mut row = some[n as usize % some.len()].clone();
            row.id.0 = n;
            row.key.id = n;
            row.key.key = format!("{n:06}");
            row.due_at = Some(at("2026-11-26T09:00:00Z"));
            row
        })
        .collect();
    let mut app = TestApp::with(120, 40, Theme::dark(), world);
    app.press("2").screen();
    let mut all = 0;
    for _ in 0..200 {
        app.send(Msg::Key(keys::Key::char('j'))).later(33);
        all += app.bytes();
    }
    assert!(all / 200 < 200, "{} bytes", all / 200);
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
fn a_task_leads_to_its_contact_and_esc_back_to_the_list() {
    let mut app = TestApp::demo(80, 24);
    app.press("2jj<enter>").send(Msg::Changed);
    assert!(app.screen().contains("! June Fairweather"));
    app.press("<esc>");
    assert!(app.screen().contains("▌ = Abendroth, Jonas"));
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
