//! The dashboard's screens: keys in, what is drawn out. Each tab has its file.

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

#[path = "screens/colleagues.rs"]
mod colleagues;
#[path = "screens/conflicts.rs"]
mod conflicts;
#[path = "screens/contacts.rs"]
mod contacts;
#[path = "screens/errors.rs"]
mod errors;
#[path = "screens/filters.rs"]
mod filters;
#[path = "screens/frame.rs"]
mod frame;
#[path = "screens/held.rs"]
mod held;
#[path = "screens/keymap.rs"]
mod keymap;
#[path = "screens/marks.rs"]
mod marks;
#[path = "screens/mouse.rs"]
mod mouse;
#[path = "screens/random_keys.rs"]
mod random_keys;
#[path = "screens/rates.rs"]
mod rates;
#[path = "screens/sizes.rs"]
mod sizes;
mod support;
#[path = "screens/sync_log.rs"]
mod sync_log;
#[path = "screens/tasks.rs"]
mod tasks;
#[path = "support/command_table.rs"]
mod the_command_table;
#[path = "screens/workspaces.rs"]
mod workspaces;

use couplet::engine::port::{Ask, Event};
use couplet::model::{
    Action, ActionOutcome, Answer, Businesses, ConflictId, FieldName, Health, Holder, Kind, LinkId,
    LoopState, Side, Value,
};
use couplet::tui::effect::{Effect, Request};
use couplet::tui::model::Overlay;
use couplet::tui::msg::{Msg, Tab};
use couplet::tui::update::update;
use couplet::tui::{keys, theme::Theme};
use support::{TestApp, world, world::World};

/// Opens the workbench of Mara Quill's conflict.
const BENCH: &str = "3jjjjj<enter>";
