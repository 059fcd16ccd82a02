//! Every screen and state in small terminals: nothing is cut without saying so.

use std::collections::HashSet;

use super::*;

/// Keys to each screen, each state and each box.
const STATES: &[&str] = &[
    "",
    "jjjjjvjv",
    "jjjjjjjjjjjjjjjjj<enter>",
    "/quill<enter><enter>]]]]",
    "/quill<enter><enter><space>",
    "/nobody at all",
    "f",
    "fstate:conflict<enter>",
    "/mara<enter>e",
    "/mara<enter>t",
    "/mara<enter>m",
    "/mara<enter>X",
    "s",
    "N",
    "2",
    "2]]]]",
    "2d",
    "2w",
    "2e",
    "2vjv<space>",
    "3",
    "3s",
    "3z",
    "3p",
    "3vjjvd",
    "3jjjjj<enter>",
    "3jjjjj<enter>l",
    "3jjjjj<enter>la",
    "3jjjjj<enter>R",
    "3jjjjj<enter>e",
    "3<enter>",
    "3j<enter>",
    "3jj<enter>",
    "3jjj<enter>",
    "4",
    "4<enter>",
    "4<enter>j<enter>",
    "4<enter>ju",
    "4fside:ghl<enter>",
    "5",
    "5<enter>",
    "5r",
    "5x",
    "5X",
    "6",
    "6]",
    "6<space>",
    "6p",
    "?",
    ":",
    ":apply",
    ":quill",
    "q",
];

/// What is left of a row without the scroll track and the frame of a box.
fn inside(line: &str) -> &str {
    line.trim_end_matches(['│', '┃', '┤', '┘', '┐', '─', ' '])
}

/// Words as they are found on a wide screen too: without what stands around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '│', '┃', '▌'])
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '…'))
        .filter(|word| !word.is_empty())
}

#[test]
fn no_word_is_cut_at_the_edge_of_a_small_terminal_without_saying_so() {
    let mut cut = Vec::new();
    for (width, height) in [(80, 24), (60, 20)] {
        for keys in STATES {
            let mut app = TestApp::demo(width, height);
            let screen = app.press(keys).screen();
            let mut whole = TestApp::demo(width, height);
            whole.press(keys);
            let mut known = HashSet::new();
            for size in [(width, height), (width, 200), (240, 200)] {
                whole.send(Msg::Resize {
                    width: size.0,
                    height: size.1,
                });
                whole.rest();
                if size.0 > width {
                    known.extend(words(&whole.screen()).map(str::to_owned));
                }
            }
            whole.press("<space>"); // what is folded away there
            known.extend(words(&whole.screen()).map(str::to_owned));
            for line in screen.lines() {
                let text = inside(line);
                let reaches = couplet::text::width(text) + 4 >= usize::from(width);
                let Some(last) = words(text).last().filter(|_| reaches) else {
                    continue;
                };
                let number = last.chars().all(|c| c.is_ascii_digit());
                if !number && !last.ends_with('…') && !known.contains(last) {
                    cut.push(format!("{width}x{height} `{keys}` {last:?}: {line}"));
                }
            }
        }
    }
    assert!(cut.is_empty(), "{}", cut.join("\n"));
}

#[test]
fn every_screen_names_its_keys_in_a_small_terminal() {
    for (width, height) in [(80, 24), (60, 20), (40, 10)] {
        for keys in STATES {
            let mut app = TestApp::demo(width, height);
            let screen = app.press(keys).screen();
            let (model, last) = (&app.model, screen.lines().last().unwrap());
            let typing = model.searching || model.filters.editing.is_some();
            let covered = model.overlay.is_some() || typing || model.toast.is_some();
            assert!(
                covered || last.ends_with("? help"),
                "{width} `{keys}`: {last}"
            );
            let boxed = matches!(
                model.overlay,
                Some(
                    Overlay::Confirm(_) | Overlay::Choice(_) | Overlay::Form(_) | Overlay::Help(_)
                )
            );
            let way_out = ["esc", "? close", "y / N"];
            assert!(
                !boxed || way_out.iter().any(|way| screen.contains(way)),
                "{width}x{height} `{keys}` names no way out:\n{screen}"
            );
        }
    }
}

#[test]
fn colours_say_nothing_that_mono_does_not() {
    for keys in STATES {
        let mut colour = TestApp::demo(80, 24);
        let mut mono = TestApp::mono(80, 24);
        let plain = |text: String| text.replace(['‹', '›', ' '], "");
        let (one, other) = (colour.press(keys).screen(), mono.press(keys).screen());
        // the marks of a difference take room: what is cut may be cut sooner
        for (one, other) in one.lines().zip(other.lines()) {
            let (one, other) = (plain(one.into()), plain(other.into()));
            let cut = one.contains('…') || other.contains('…');
            assert!(cut || one == other, "`{keys}`\n{one}\n{other}");
        }
    }
}
