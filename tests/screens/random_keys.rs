//! Keys at random: nothing panics, no state is impossible, nothing is written that was not confirmed.

use couplet::engine::port::Ask;
use couplet::model::{Action, FieldName};
use couplet::tui::commands::COMMANDS;
use couplet::tui::keys::{self, Key};
use couplet::tui::model::Overlay;
use couplet::tui::msg::Msg;

use super::TestApp;

/// Whether an action may be asked for without a `y`: it is taken back by the same key, or only asks for a pass.
fn is_light(action: &Action) -> bool {
    match action {
        Action::Sync { .. } | Action::Defer { .. } => true,
        Action::Edit { changes, .. } => changes.iter().all(|c| c.field == FieldName::Completed),
        _ => false,
    }
}

/// `COUPLET_RANDOM_KEYS` says how many, `COUPLET_RANDOM_SEED` from where; a failure names the seed and the last keys.
#[test]
fn keys_at_random_neither_break_it_nor_write_what_was_not_confirmed() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let count: u64 = number("COUPLET_RANDOM_KEYS").unwrap_or(10_000);
    let seed: u64 = number("COUPLET_RANDOM_SEED").unwrap_or(1);
    let mut random = fastrand::Rng::with_seed(seed);
    let named = COMMANDS.iter().flat_map(|command| command.keys);
    let mut pool: Vec<Key> = named
        .flat_map(|key| keys::parse(key).expect("keys"))
        .collect();
    pool.extend("aeiknmrst:0129\"<- ylhvV".chars().map(Key::char));
    let mut app = TestApp::demo(80, 24);
    let mut last: Vec<String> = Vec::new();
    for n in 0..count {
        let key = pool[random.usize(..pool.len())];
        last.push(key.short());
        let tail = last[last.len().saturating_sub(30)..].join(" ");
        let told = format!("seed {seed}, key {n}: {tail}");
        let confirmed = key == Key::char('y')
            && matches!(&app.model.overlay, Some(Overlay::Confirm(confirm)) if confirm.yes.is_some());
        app.asks.clear();
        app.send(Msg::Key(key));
        for ask in &app.asks {
            if let Ask::Act(action) = ask {
                assert!(confirmed || is_light(action), "{action:?}, {told}");
            }
        }
        let model = &app.model;
        assert!(
            !(model.searching && model.filters.editing.is_some()),
            "{told}"
        );
        let window = &model.contacts.window;
        assert!(window.rows.is_empty() || window.index().is_some(), "{told}");
        assert!(window.top <= window.rows.len(), "{told}");
        let bench = model.conflicts.bench.as_ref();
        assert!(
            bench.is_none_or(|b| model.conflicts.get(b.conflict).is_some()),
            "{told}"
        );
        if random.u8(..) < 8 {
            let (width, height) = (random.u16(20..140), random.u16(5..45));
            app.send(Msg::Resize { width, height });
        }
        if random.u8(..) < 16 {
            app.later(200).screen();
        }
        app.model.quit = false;
    }
}
