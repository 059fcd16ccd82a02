//! The only colours. Meaning has a token; no view names a colour.

use ratatui::style::{Color, Modifier, Style};

/// Which theme the operator wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Dark, or mono where the terminal or `NO_COLOR` says so.
    #[default]
    Auto,
    /// For a dark ground.
    Dark,
    /// For a light ground.
    Light,
    /// For a dark ground, with colours that stand out by 7 to 1, and bold.
    Contrast,
    /// Marks and bold only.
    Mono,
}

/// What things look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Ids, blame, what is in step, what cannot run.
    pub dim: Style,
    /// Names, headings, footer keys, the word newer.
    pub title: Style,
    /// What an operator must decide: the only accent.
    pub decide: Style,
    /// What failed, and deletes.
    pub error: Style,
    /// What is well.
    pub well: Style,
    /// What is on its way.
    pub moving: Style,
    /// Changed words.
    pub differ: Style,
    /// The cursor row.
    pub cursor: Style,
    /// Letters that were typed, in what they found.
    pub hit: Style,
    /// Our part of a gauge.
    pub ours: Style,
    /// The others' part of a gauge.
    pub others: Style,
    /// Changed words stand in `‹ ›`.
    pub marks_differences: bool,
}

/// A style of a text that is link number `at`: underlined, and marked for what draws the cells.
pub const fn link(style: Style, at: u8) -> Style {
    style
        .add_modifier(Modifier::UNDERLINED)
        .underline_color(Color::Indexed(at))
}

/// The number of the link that a cell with this mark belongs to.
pub const fn link_number(mark: Color) -> Option<usize> {
    match mark {
        Color::Indexed(at) => Some(at as usize),
        _ => None,
    }
}

impl Theme {
    /// The theme for a choice in an environment; `var` gives environment variables.
    pub fn choose(choice: ThemeChoice, var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        let term = var("TERM").unwrap_or_default();
        let mono = matches!(term.as_str(), "dumb" | "linux") || term.starts_with("vt1");
        let rich = term.contains("256color")
            || set("COLORTERM")
            || ["kitty", "alacritty", "foot", "wezterm", "tmux", "ghostty"]
                .iter()
                .any(|name| term.contains(name));
        match choice {
            _ if set("NO_COLOR") => Self::mono(), // over what the config says
            ThemeChoice::Auto if mono => Self::mono(),
            ThemeChoice::Mono => Self::mono(),
            _ if !rich => Self::sixteen(),
            ThemeChoice::Contrast => Self::contrast(),
            ThemeChoice::Light => Self::rich(Color::Indexed(241), 94, 124, 25, 254),
            ThemeChoice::Auto | ThemeChoice::Dark => {
                Self::rich(Color::Indexed(245), 214, 210, 111, 238)
            }
        }
    }

    /// For a dark ground and 256 colours.
    pub fn dark() -> Self {
        let term = |name: &str| (name == "TERM").then(|| "xterm-256color".into());
        Self::choose(ThemeChoice::Dark, term)
    }

    fn rich(dim: Color, decide: u8, error: u8, moving: u8, tint: u8) -> Self {
        let plain = Style::new();
        Self {
            dim: plain.fg(dim),
            title: plain.add_modifier(Modifier::BOLD),
            decide: plain.fg(Color::Indexed(decide)),
            error: plain.fg(Color::Indexed(error)),
            well: plain,
            moving: plain.fg(Color::Indexed(moving)),
            differ: plain
                .bg(Color::Indexed(tint))
                .add_modifier(Modifier::UNDERLINED),
            cursor: plain.add_modifier(Modifier::REVERSED),
            hit: plain.add_modifier(Modifier::UNDERLINED),
            ours: plain.fg(Color::Indexed(moving)),
            others: plain.fg(dim),
            marks_differences: false,
        }
    }

    fn contrast() -> Self {
        let bold = |style: Style| style.add_modifier(Modifier::BOLD);
        let rich = Self::rich(Color::Indexed(252), 220, 217, 153, 236);
        Self {
            decide: bold(rich.decide),
            error: bold(rich.error),
            moving: bold(rich.moving),
            ..rich
        }
    }

    fn sixteen() -> Self {
        let plain = Style::new();
        Self {
            dim: plain,
            decide: plain.fg(Color::Yellow).add_modifier(Modifier::BOLD),
            error: plain.fg(Color::Red).add_modifier(Modifier::BOLD),
            moving: plain.fg(Color::Blue),
            ours: plain.fg(Color::Blue),
            differ: plain.add_modifier(Modifier::UNDERLINED),
            ..Self::mono()
        }
    }

    /// Marks and bold only.
    pub fn mono() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            dim: plain,
            title: bold,
            decide: bold,
            error: bold,
            well: plain,
            moving: plain,
            differ: plain.add_modifier(Modifier::UNDERLINED),
            cursor: plain.add_modifier(Modifier::REVERSED),
            hit: plain.add_modifier(Modifier::UNDERLINED),
            ours: plain,
            others: plain,
            marks_differences: true,
        }
    }
}

/// The code of a colour for the terminal; `first` is that of black: 30 for text, 40 for the ground.
pub fn color_code(color: Color, first: u16) -> String {
    let (dark, light) = (first, first + 60);
    let code = match color {
        Color::Reset => first + 9,
        Color::Black => dark,
        Color::Red => dark + 1,
        Color::Green => dark + 2,
        Color::Yellow => dark + 3,
        Color::Blue => dark + 4,
        Color::Magenta => dark + 5,
        Color::Cyan => dark + 6,
        Color::Gray => dark + 7,
        Color::DarkGray => light,
        Color::LightRed => light + 1,
        Color::LightGreen => light + 2,
        Color::LightYellow => light + 3,
        Color::LightBlue => light + 4,
        Color::LightMagenta => light + 5,
        Color::LightCyan => light + 6,
        Color::White => light + 7,
        Color::Rgb(r, g, b) => return format!("{};2;{r};{g};{b}", first + 8),
        Color::Indexed(n) => return format!("{};5;{n}", first + 8),
    };
    code.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance by WCAG 2 of a colour of the 256-colour palette.
    fn luminance(color: Color) -> f64 {
        let Color::Indexed(n) = color else {
            panic!("{color:?} differs between terminals");
        };
        let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
        let rgb = match n {
            232.. => [8 + 10 * (n - 232); 3],
            _ => [(n - 16) / 36, (n - 16) / 6 % 6, (n - 16) % 6].map(step),
        };
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = rgb.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn text_stands_out_from_its_ground_as_wcag_asks() {
        let of = |choice| {
            Theme::choose(choice, |name| {
                (name == "TERM").then(|| "xterm-256color".into())
            })
        };
        // grounds that terminals have: from black to #1c1c1c, and from white down to #eeeeee
        for (choice, grounds, least) in [
            (ThemeChoice::Dark, [16, 234], 4.5),
            (ThemeChoice::Contrast, [16, 234], 7.0),
            (ThemeChoice::Light, [231, 255], 4.5),
        ] {
            let theme = of(choice);
            for style in [
                theme.dim,
                theme.decide,
                theme.error,
                theme.moving,
                theme.ours,
                theme.others,
            ] {
                let text = luminance(style.fg.unwrap());
                for ground in grounds {
                    let ground = luminance(Color::Indexed(ground));
                    let (high, low) = (text.max(ground), text.min(ground));
                    let ratio = (high + 0.05) / (low + 0.05);
                    assert!(ratio >= least, "{choice:?} {style:?}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn no_color_and_a_dumb_terminal_select_mono() {
        for (term, no_color, want) in [
            ("xterm-256color", None, Theme::dark()),
            ("xterm-256color", Some("1"), Theme::mono()),
            ("xterm-256color", Some(""), Theme::dark()),
            ("dumb", None, Theme::mono()),
            ("linux", None, Theme::mono()),
            ("vt100", None, Theme::mono()),
            ("xterm", None, Theme::sixteen()),
        ] {
            let theme = Theme::choose(ThemeChoice::Auto, |name| match name {
                "TERM" => Some(term.into()),
                "NO_COLOR" => no_color.map(Into::into),
                _ => None,
            });
            assert_eq!(theme, want, "{term} {no_color:?}");
        }
        let asked = Theme::choose(ThemeChoice::Dark, |_| Some("1".into()));
        assert_eq!(asked, Theme::mono(), "NO_COLOR is over the config");
    }
}
