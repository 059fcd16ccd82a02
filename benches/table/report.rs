//! The table as it is printed: a figure, what it is held against, and whether it holds.

use std::fmt::Write as _;

/// Prints rows as they come, and counts those that miss.
pub struct Report {
    missed: Vec<String>,
    left_out: usize,
}

/// What a figure is held against.
pub enum Against {
    /// It is to be at most this.
    Most(f64),
    /// It is to be at least this.
    Least(f64),
    /// It is shown for comparison only.
    Nothing,
}

impl Report {
    pub fn start(contacts: u32) -> Self {
        println!("couplet at {contacts} contacts\n");
        println!("| what | figure | held against | ratio | |");
        println!("| --- | ---: | ---: | ---: | --- |");
        Self {
            missed: Vec::new(),
            left_out: 0,
        }
    }

    /// A row: the figure in `unit`, what it is held against and whose figure that is.
    pub fn row(&mut self, what: &str, figure: f64, unit: &str, against: &Against, whose: &str) {
        let mut line = format!("| {what} | {} {unit} |", short(figure));
        let (limit, holds) = match *against {
            Against::Most(limit) => (Some(limit), figure <= limit),
            Against::Least(limit) => (Some(limit), figure >= limit),
            Against::Nothing => (None, true),
        };
        let sign = if matches!(against, Against::Least(_)) {
            "≥"
        } else {
            "≤"
        };
        match limit {
            Some(limit) => {
                let _ = write!(
                    line,
                    " {sign} {} {unit} ({whose}) | {} |",
                    short(limit),
                    ratio(figure, limit)
                );
            }
            None if whose == "limit" => line.push_str(" | |"),
            None => {
                let _ = write!(line, " {whose} | |");
            }
        }
        let _ = write!(line, " {} |", if holds { "" } else { "**missed**" });
        println!("{line}");
        if !holds {
            self.missed.push(what.to_owned());
        }
    }

    /// Something that was not measured, and why.
    pub fn left_out(&mut self, what: &str, why: &str) {
        println!("| {what} | not measured | {why} | | |");
        self.left_out += 1;
    }

    pub fn end(self) {
        if self.left_out > 0 {
            println!("\n{} not measured.", self.left_out);
        }
        if self.missed.is_empty() {
            println!("\nAll that was measured holds.");
        } else {
            println!("\nMissed: {}.", self.missed.join("; "));
        }
    }
}

/// How often the limit the figure is; nothing where the limit is nothing.
fn ratio(figure: f64, limit: f64) -> String {
    if limit == 0.0 {
        return String::new();
    }
    short(figure / limit)
}

/// Three digits that matter.
fn short(figure: f64) -> String {
    let size = figure.abs();
    if size >= 100.0 {
        let whole = format!("{figure:.0}");
        let mut out = String::new();
        for (at, digit) in whole.chars().enumerate() {
            let left = whole.len() - at;
            if at > 0 && left % 3 == 0 && !out.ends_with('-') {
                out.push(',');
            }
            out.push(digit);
        }
        out
    } else if size >= 10.0 {
        format!("{figure:.1}")
    } else {
        format!("{figure:.2}")
    }
}
