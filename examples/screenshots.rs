//! Renders the screens of the README: `cargo run --release --example screenshots`.
//!
//! Starts the built binary against a sandbox of its own, in a real pseudo-terminal, types keys, and turns what the
//! terminal shows into `screenshots/*.png`. Names after `--` make these alone: `-- errors log`.

#[path = "../tests/live/terminal.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod terminal;

use std::fmt::Write as _;
use std::path::Path;

use resvg::{tiny_skia, usvg};
use terminal::Terminal;

/// One cell in pixels; this height keeps vertical lines joined.
const CELL: (f32, f32) = (8.43, 16.3);
const FONT_SIZE: f32 = 14.0;
const SCALE: f32 = 2.0;
const GROUND: &str = "#1b1d23";
const TEXT: &str = "#d7dae0";

/// A picture.
struct Shot {
    file: &'static str,
    size: (u16, u16),
    /// What goes wrong in the two systems, as `demo --faults` takes it.
    faults: &'static str,
    /// Keys, each with what the screen shows when they have worked.
    steps: &'static [(&'static str, &'static str)],
}

const WIDE: (u16, u16) = (120, 40);
const SMALL: (u16, u16) = (80, 24);
/// Nothing goes wrong.
const NONE: &str = "{}";
/// GHL can make no contacts, and change none.
const NO_CONTACTS: &str =
    r#"{"ghl":{"http_500":1.0,"only":["POST /contacts/","PUT /contacts/{contactId}"]}}"#;

const SHOTS: &[Shot] = &[
    Shot {
        file: "contacts",
        size: WIDE,
        faults: NONE,
        steps: &[("jjjjjjjjjjjjj", "edited")],
    },
    Shot {
        file: "tasks",
        size: WIDE,
        faults: NONE,
        steps: &[("2", "[All")],
    },
    Shot {
        file: "conflicts",
        size: WIDE,
        faults: NONE,
        steps: &[("3", "by reason"), ("G", "▌≠")],
    },
    Shot {
        file: "conflict",
        size: WIDE,
        faults: NONE,
        steps: &[
            ("3", "by reason"),
            ("G", "▌≠"),
            ("<enter>", "undecided"),
            ("", "neighbours"),
            ("l", "Growbots, staged by you"),
        ],
    },
    Shot {
        file: "log",
        size: WIDE,
        faults: NONE,
        steps: &[("4", "Because"), ("j<enter>", "cause")],
    },
    Shot {
        file: "errors",
        size: WIDE,
        faults: NO_CONTACTS,
        steps: &[("5", "2 patterns"), ("<enter>", "What to do")],
    },
    Shot {
        file: "rates",
        size: WIDE,
        faults: NONE,
        steps: &[("6", "burst")],
    },
    Shot {
        file: "palette",
        size: SMALL,
        faults: NONE,
        steps: &[("3", "by reason"), (":", "Command"), ("pol", "> pol")],
    },
    Shot {
        file: "help",
        size: SMALL,
        faults: NONE,
        steps: &[("3", "by reason"), ("?", "Help")],
    },
    Shot {
        file: "apply",
        size: SMALL,
        faults: NONE,
        steps: &[
            ("3", "by reason"),
            ("G", "▌≠"),
            ("<enter>", "undecided"),
            ("h", "✓"),
            ("a", "y apply"),
        ],
    },
    Shot {
        file: "small",
        size: SMALL,
        faults: NONE,
        steps: &[("j", "▌")],
    },
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = std::env::current_exe()?;
    let folder = here
        .parent()
        .and_then(Path::parent)
        .ok_or("no folder above the example")?;
    let binary = folder.join("couplet");
    if !binary.exists() {
        return Err(format!(
            "{} is not built: run `cargo build` with the same profile first",
            binary.display()
        )
        .into());
    }
    let binary = binary.to_string_lossy().into_owned();
    std::fs::create_dir_all("screenshots")?;
    let named: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |shot: &&Shot| named.is_empty() || named.iter().any(|name| name == shot.file);
    for shot in SHOTS.iter().filter(is_wanted) {
        let env = [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
            ("COUPLET_OPERATOR", "dana"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let people = ["demo", "--seed", "33", "--contacts", "120", "--churn", "20"];
        let args = [&people[..], &["--faults", shot.faults]].concat();
        let mut shown = Terminal::start(&binary, &args, env, shot.size);
        shown.wait_for(if shot.faults == NONE {
            "idle since"
        } else {
            "Conflicts"
        });
        for (keys, text) in shot.steps {
            shown.press(keys);
            shown.wait_for(text);
        }
        shown.settle();
        let svg = shown.with_screen(|screen| svg(screen, shot.size));
        std::fs::write(format!("screenshots/{}.png", shot.file), png(&svg)?)?;
        shown.press("q");
    }
    Ok(())
}

fn png(svg: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut options = usvg::Options {
        font_family: "DejaVu Sans Mono".into(),
        ..usvg::Options::default()
    };
    for font in [dejavu::sans_mono::regular(), dejavu::sans_mono::bold()] {
        options.fontdb_mut().load_font_data(font.to_vec());
    }
    let tree = usvg::Tree::from_str(svg, &options)?;
    let size = tree.size();
    let (width, height) = (
        (size.width() * SCALE).ceil() as u32,
        (size.height() * SCALE).ceil() as u32,
    );
    let mut pixels = tiny_skia::Pixmap::new(width, height).ok_or("an empty picture")?;
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(SCALE, SCALE),
        &mut pixels.as_mut(),
    );
    Ok(pixels.encode_png()?)
}

/// The screen as SVG: a rectangle for each cell with a ground of its own, a text for each cell with a sign.
fn svg(screen: &vt100::Screen, (cols, rows): (u16, u16)) -> String {
    let (width, height) = (CELL.0 * f32::from(cols), CELL.1 * f32::from(rows));
    let mut out = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'>\
         <rect width='100%' height='100%' fill='{GROUND}'/>\
         <g font-family='DejaVu Sans Mono' font-size='{FONT_SIZE}' xml:space='preserve'>"
    );
    for row in 0..rows {
        for col in 0..cols {
            let Some(cell) = screen.cell(row, col) else {
                continue;
            };
            let (x, y) = (CELL.0 * f32::from(col), CELL.1 * f32::from(row));
            let wide = if cell.is_wide() { 2.0 } else { 1.0 };
            let (mut ink, mut ground) = (
                colour(cell.fgcolor()).unwrap_or(TEXT.into()),
                colour(cell.bgcolor()),
            );
            if cell.inverse() {
                let behind = ground.replace(ink);
                ink = behind.unwrap_or(GROUND.into());
            }
            if let Some(ground) = ground {
                let _ = write!(
                    out,
                    "<rect x='{x:.2}' y='{y:.2}' width='{:.2}' height='{:.2}' fill='{ground}'/>",
                    CELL.0 * wide + 0.2,
                    CELL.1 + 0.2
                );
            }
            let sign = cell.contents();
            if sign.trim().is_empty() {
                continue;
            }
            let sign = sign
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let weight = if cell.bold() {
                " font-weight='bold'"
            } else {
                ""
            };
            let line = if cell.underline() {
                " text-decoration='underline'"
            } else {
                ""
            };
            let faint = if cell.dim() { " opacity='0.6'" } else { "" };
            let _ = write!(
                out,
                "<text x='{x:.2}' y='{:.2}' fill='{ink}'{weight}{line}{faint}>{sign}</text>",
                y + CELL.1 * 0.78
            );
        }
    }
    out.push_str("</g></svg>");
    out
}

/// A terminal colour as hexadecimal; `None` is the terminal's own.
fn colour(colour: vt100::Color) -> Option<String> {
    const BASIC: [u32; 16] = [
        0x28_2c34, 0xe0_6c75, 0x98_c379, 0xe5_c07b, 0x61_afef, 0xc6_78dd, 0x56_b6c2, 0xab_b2bf,
        0x5c_6370, 0xff_7a85, 0xb5_e890, 0xff_d68a, 0x7c_c4ff, 0xdd_97f0, 0x70_d6e2, 0xff_ffff,
    ];
    let rgb = match colour {
        vt100::Color::Default => return None,
        vt100::Color::Rgb(r, g, b) => u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b),
        vt100::Color::Idx(n @ 0..16) => BASIC[usize::from(n)],
        vt100::Color::Idx(n @ 16..232) => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * u32::from(n) };
            let n = n - 16;
            level(n / 36) << 16 | level(n / 6 % 6) << 8 | level(n % 6)
        }
        vt100::Color::Idx(n) => (8 + 10 * u32::from(n - 232)) * 0x1_0101,
    };
    Some(format!("#{rgb:06x}"))
}
