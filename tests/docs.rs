//! What the docs say is so: the page of settings, the messages that can be looked up, and commands that can be typed.

#![expect(clippy::unwrap_used, reason = "a helper fails with its test")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("sandbox") && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_pages_of_settings_and_of_keys_are_what_the_program_says() {
    for (name, says, command) in [
        ("config.md", couplet::config::reference(), "config keys"),
        (
            "keys.md",
            couplet::tui::keymap::reference(),
            "config keys --dashboard",
        ),
    ] {
        is_fresh(name, &says, command);
    }
}

fn is_fresh(name: &str, says: &str, command: &str) {
    let page = read(format!("docs/{name}"));
    let stale = page
        .trim_end()
        .lines()
        .zip(says.trim_end().lines())
        .find(|(page, says)| page != says);
    assert!(
        stale.is_none() && page.trim_end() == says.trim_end(),
        "write it anew: `couplet {command} > docs/{name}` ({stale:?})"
    );
}

/// The text of an `#[error("…")]` with `…` for what stands in braces.
fn shape(literal: &str) -> String {
    let text = literal
        .replace("\\\"", "\"")
        .replace("{{", "\u{1}")
        .replace("}}", "\u{2}");
    let mut shape = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '{' => {
                inside = true;
                shape.push('…');
            }
            '}' => inside = false,
            _ if inside => {}
            c => shape.push(c),
        }
    }
    shape.replace('\u{1}', "{").replace('\u{2}', "}")
}

#[test]
fn every_message_of_an_error_can_be_looked_up() {
    let page = read("docs/troubleshooting.md");
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let (mut messages, mut missing) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for part in text.split("#[error(").skip(1) {
            let Some(literal) = part.trim_start().strip_prefix('"') else {
                continue;
            };
            let mut end = 0;
            while &literal[end..=end] != "\"" {
                end += if literal[end..].starts_with('\\') {
                    2
                } else {
                    1
                };
                while !literal.is_char_boundary(end) {
                    end += 1;
                }
            }
            let shape = shape(&literal[..end]);
            if shape.chars().filter(|c| c.is_alphabetic()).count() == 0 {
                continue;
            }
            messages += 1;
            if !page.contains(&shape) {
                missing.push(shape);
            }
        }
    }
    assert!(messages > 80, "only {messages} were found");
    assert!(
        missing.is_empty(),
        "not in docs/troubleshooting.md: {missing:#?}"
    );
}

/// A command of the docs as it would be typed: names in capitals get values, brackets go.
fn typed(line: &str) -> Option<Vec<String>> {
    let line = line
        .split(" #")
        .next()?
        .split(" > ")
        .next()?
        .split(" | ")
        .next()?;
    if line.contains('…') || line.contains('|') {
        return None;
    }
    let line = line.replace(['[', ']'], "");
    let words = line.split_whitespace().skip(1).map(|word| {
        match word {
            "SIDE" => "ghl",
            "KIND" => "contact",
            "SHELL" => "bash",
            "KEY" => "ghl.url",
            "ID" | "N" | "OPERATION" => "1",
            "T" => "2d",
            "HOST:PORT" => "127.0.0.1:0",
            word => word,
        }
        .trim_matches(['\'', '"'])
        .to_owned()
    });
    Some(words.collect())
}

#[test]
fn every_command_in_the_docs_can_be_typed() {
    let mut pages = vec![PathBuf::from("README.md")];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            pages.push(path);
        }
    }
    let mut tried = 0;
    for page in pages {
        let text = read(&page);
        let mut fenced = false;
        for line in text.lines() {
            if line.starts_with("```") {
                fenced = line == "```sh";
                continue;
            }
            let commands: Vec<&str> = if fenced {
                vec![line]
            } else {
                line.split('`').skip(1).step_by(2).collect()
            };
            for command in commands.into_iter().filter(|it| it.starts_with("couplet ")) {
                let Some(words) = typed(command) else {
                    continue;
                };
                tried += 1;
                if let Err(why) = couplet::cli::can_be_typed(&words, !fenced) {
                    panic!("{}: `{command}`: {why}", page.display());
                }
            }
        }
    }
    assert!(tried > 40, "only {tried} were found");
}
