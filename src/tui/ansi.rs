//! Changed cells as few bytes: a short move where the text before it is plain, one sequence for a change of style.

use std::fmt::Write as _;

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};

use super::theme::{color_code, link_number};

const MODIFIERS: [(Modifier, &str); 9] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::SLOW_BLINK, "5"),
    (Modifier::RAPID_BLINK, "6"),
    (Modifier::REVERSED, "7"),
    (Modifier::HIDDEN, "8"),
    (Modifier::CROSSED_OUT, "9"),
];

/// A cell with its column and row.
type Placed<'a> = (u16, u16, &'a Cell);

/// What the terminal writes with now.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    front: Color,
    back: Color,
    modifiers: Modifier,
    /// The link that it writes.
    link: Option<usize>,
}

/// As [`draw_linked`], where no cell is a link.
pub fn draw<'a>(cells: impl IntoIterator<Item = (u16, u16, &'a Cell)>) -> String {
    draw_linked(cells, &[])
}

/// The bytes that draw `cells` on a terminal whose style is plain, and leave it so.
///
/// Cells of one style are drawn together, since a move to the next row is shorter than a change of style. Those of
/// link `n` lead to `links[n]` (OSC 8); an empty address is none.
pub fn draw_linked<'a>(
    cells: impl IntoIterator<Item = (u16, u16, &'a Cell)>,
    links: &[String],
) -> String {
    let mut out = String::new();
    let plain = Pen::of(&Cell::EMPTY);
    let mut styles: Vec<(Pen, Vec<Placed>)> = vec![(plain, Vec::new())];
    for (x, y, cell) in cells {
        let wanted = Pen::of(cell);
        match styles.iter_mut().find(|(pen, _)| *pen == wanted) {
            Some((_, cells)) => cells.push((x, y, cell)),
            None => styles.push((wanted, vec![(x, y, cell)])),
        }
    }
    let mut pen = plain;
    let mut here: Option<(u16, u16)> = None; // where the terminal's cursor is
    let mut sure = false; // whether nobody can differ on how wide the text since the last whole move is
    for (x, y, cell) in styles.into_iter().flat_map(|(_, cells)| cells) {
        match here {
            Some(place) if place == (x, y) => {}
            Some((column, row)) if sure && row == y && column < x => match x - column {
                1 => out.push_str("\x1b[C"),
                n => push(&mut out, format_args!("\x1b[{n}C")),
            },
            _ => {
                match x {
                    0 => push(&mut out, format_args!("\x1b[{}H", y + 1)),
                    _ => push(&mut out, format_args!("\x1b[{};{}H", y + 1, x + 1)),
                }
                sure = true;
            }
        }
        let wanted = Pen::of(cell);
        if wanted.link != pen.link {
            link(&mut out, wanted.link, links);
        }
        if wanted.unlinked() != pen.unlinked() {
            let codes = pen.codes_to(wanted);
            push(&mut out, format_args!("\x1b[{codes}m"));
        }
        pen = wanted;
        out.push_str(cell.symbol());
        here = Some((x + 1, y));
        sure &= cell.symbol().is_ascii();
    }
    if pen.link.is_some() {
        link(&mut out, None, links);
    }
    if pen.unlinked() != plain {
        out.push_str("\x1b[m");
    }
    out
}

/// Begins a link, or ends the one before.
fn link(out: &mut String, number: Option<usize>, links: &[String]) {
    let address = number
        .and_then(|at| links.get(at))
        .map_or("", String::as_str);
    match number.filter(|_| !address.is_empty()) {
        Some(at) => push(out, format_args!("\x1b]8;id=couplet-{at};{address}\x1b\\")),
        None if links.is_empty() => {}
        None => out.push_str("\x1b]8;;\x1b\\"),
    }
}

fn push(out: &mut String, words: std::fmt::Arguments<'_>) {
    // a `String` takes all that is written to it
    let _ = out.write_fmt(words);
}

impl Pen {
    const fn of(cell: &Cell) -> Self {
        Self {
            front: cell.fg,
            back: cell.bg,
            modifiers: cell.modifier,
            link: link_number(cell.underline_color),
        }
    }

    const fn unlinked(self) -> Self {
        Self { link: None, ..self }
    }

    /// The codes that turn this into `to`: what is new, or all of it after a reset where something goes.
    fn codes_to(self, to: Self) -> String {
        let plain = Self::of(&Cell::EMPTY);
        let goes = |from: Color, to: Color| from != to && to == plain.front;
        let less = !to.modifiers.contains(self.modifiers)
            || goes(self.front, to.front)
            || goes(self.back, to.back);
        let from = if less { plain } else { self };
        let mut codes: Vec<String> = Vec::new();
        let new = to.modifiers - from.modifiers;
        for (modifier, code) in MODIFIERS {
            if new.contains(modifier) {
                codes.push(code.into());
            }
        }
        if to.front != from.front {
            codes.push(color_code(to.front, 30));
        }
        if to.back != from.back {
            codes.push(color_code(to.back, 40));
        }
        if less && !codes.is_empty() {
            codes.insert(0, "0".into());
        }
        codes.join(";")
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::super::theme::Theme;

    use super::*;

    #[test]
    fn a_link_is_opened_and_ended_around_its_cells() {
        let mut cell = Cell::default();
        cell.set_symbol("a")
            .set_style(super::super::theme::link(Style::new(), 1));
        let mut after = Cell::default();
        after.set_symbol("b");
        let cells = [(0, 0, &cell), (1, 0, &after)];
        let links = [String::new(), "https://x.example/1".to_owned()];
        let linked = "\x1b]8;id=couplet-1;https://x.example/1\x1b\\\x1b[4ma\x1b]8;;\x1b\\\x1b[m";
        assert_eq!(
            draw_linked(cells, &links),
            format!("\x1b[1;2Hb\x1b[1H{linked}")
        );
        // where links are not spoken of
        assert_eq!(draw(cells), "\x1b[1;2Hb\x1b[1H\x1b[4ma\x1b[m");
    }

    #[test]
    fn cells_cost_few_bytes() {
        let plain = Style::new();
        let bold = Style::new().bold();
        let dim = Theme::dark().dim;
        let alarm = bold.yellow().on_black();
        for (cells, bytes) in [
            (vec![], ""),
            (vec![(0, 0, "a", plain), (1, 0, "b", plain)], "\x1b[1Hab"),
            // a short move within a row, a long one to another
            (
                vec![
                    (4, 2, "a", plain),
                    (6, 2, "b", plain),
                    (9, 2, "c", plain),
                    (0, 3, "d", plain),
                ],
                "\x1b[3;5Ha\x1b[Cb\x1b[2Cc\x1b[4Hd",
            ),
            // cells of one style together
            (
                vec![
                    (0, 0, "a", plain),
                    (1, 0, "b", bold),
                    (0, 1, "c", plain),
                    (1, 1, "d", bold),
                ],
                "\x1b[1Ha\x1b[2Hc\x1b[1;2H\x1b[1mb\x1b[2;2Hd\x1b[m",
            ),
            // after a letter that some terminals draw wide, a gap is not trusted
            (
                vec![(0, 0, "≠", plain), (1, 0, "b", plain), (3, 0, "c", plain)],
                "\x1b[1H≠b\x1b[1;4Hc",
            ),
            (
                vec![
                    (0, 0, "a", bold),
                    (1, 0, "b", alarm),
                    (2, 0, "c", dim),
                    (3, 0, "d", plain),
                ],
                "\x1b[1;4Hd\x1b[1H\x1b[1ma\x1b[33;40mb\x1b[0;38;5;245mc\x1b[m",
            ),
            (vec![(0, 0, "a", dim)], "\x1b[1H\x1b[38;5;245ma\x1b[m"),
        ] {
            let cells: Vec<_> = cells
                .into_iter()
                .map(|(x, y, text, style)| {
                    let mut cell = Cell::default();
                    cell.set_symbol(text).set_style(style);
                    (x, y, cell)
                })
                .collect();
            let drawn = draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell)));
            assert_eq!(drawn, bytes);
        }
    }
}
