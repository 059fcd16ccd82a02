//! The layers look only upwards: who may import whom, and the cheap shapes that keep them apart.
//!
//! Test code may use any layer: a connector is tested against the sandbox.

#![expect(clippy::unwrap_used, reason = "a helper fails with its test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each layer may use beside itself; the faces may use everything.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &[]),
    ("secrets", &[]),
    ("clock", &["model"]),
    ("config", &["model", "secrets"]),
    ("merge", &["model"]),
    ("store", &["model", "merge", "clock"]),
    ("remote", &["model", "clock", "secrets", "text"]),
    ("engine", &["model", "merge", "store", "remote", "clock"]),
    ("sandbox", &["model", "clock"]),
    ("table", &["model", "merge", "text"]),
    (
        "tui",
        &[
            "model",
            "merge",
            "store",
            "engine::port",
            "text",
            "clock",
            "config",
        ],
    ),
];
const FACES: &[&str] = &["cli", "serve", "main", "lib"];

/// A shape, where it may stand, and what to use elsewhere.
const SHAPES: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["store/"], "the verbs of `store`"),
    ("Color::", &["tui/theme.rs"], "the tokens of the theme"),
    ("Instant::now", &["clock.rs"], "`Clock::ticks`"),
    ("SystemTime::now", &["clock.rs"], "`Clock::now`"),
];

/// A source file without its comments, line by line; `is_test` from the line where its tests begin.
struct File {
    path: PathBuf,
    lines: Vec<String>,
    tests_from: usize,
}

impl File {
    fn read(path: PathBuf, is_test: bool) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<String> = text.lines().map(without_comment).collect();
        let begins = lines
            .windows(2)
            .position(|two| two[0].trim() == "#[cfg(test)]" && two[1].trim().ends_with('{'));
        Self {
            path,
            tests_from: if is_test {
                0
            } else {
                begins.unwrap_or(lines.len())
            },
            lines,
        }
    }

    /// The modules that it declares for tests only, each in a file of its own.
    fn test_modules(&self) -> impl Iterator<Item = &str> {
        let pairs = self.lines.windows(2);
        pairs.filter_map(|two| {
            let declared = two[1].trim().strip_suffix(';')?.rsplit_once("mod ")?.1;
            (two[0].trim() == "#[cfg(test)]").then_some(declared)
        })
    }

    /// Each `crate::NAME` and `crate::{NAME…}` with its line; the second name too, where there is one.
    fn uses(&self) -> Vec<(usize, String)> {
        let text = self.lines[..self.tests_from].join("\n");
        let mut found = Vec::new();
        for (at, _) in text.match_indices("crate::") {
            let is_whole_word = !text[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric());
            let line = text[..at].matches('\n').count() + 1;
            let rest = &text[at + "crate::".len()..];
            for name in names(rest).into_iter().filter(|_| is_whole_word) {
                found.push((line, name));
            }
        }
        found
    }
}

fn without_comment(line: &str) -> String {
    let code = line.split_once("// ").map_or(line, |(code, _)| code);
    if code.trim_start().starts_with("//") {
        return String::new();
    }
    code.to_owned()
}

/// The path that starts here, or all paths of the group that does: `model::Side`, `engine::port`.
fn names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        let path = |c: char| c == '_' || c == ':' || c.is_alphanumeric();
        return vec![rest.chars().take_while(|c| path(*c)).collect()];
    };
    let (mut depth, mut all) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => all.push(String::new()),
            '{' => depth += 1,
            '}' => depth -= 1,
            c if depth == 0 && !c.is_whitespace() => all.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    all.retain(|name| !name.is_empty());
    all
}

/// All Rust files under a folder, those for tests marked so.
fn files(folder: &Path) -> Vec<File> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let mut tests = BTreeSet::new();
    for path in &paths {
        let file = File::read(path.clone(), false);
        let name = path.file_stem().unwrap();
        let home = path.parent().unwrap();
        let beside = if name == "mod" || name == "lib" {
            home.into()
        } else {
            home.join(name)
        };
        tests.extend(file.test_modules().map(|module| beside.join(module)));
    }
    let is_test = |path: &Path| {
        tests
            .iter()
            .any(|test: &PathBuf| path.starts_with(test) || path.with_extension("") == *test)
    };
    let read = |path: PathBuf| {
        let is_test = is_test(&path);
        File::read(path, is_test)
    };
    paths.into_iter().map(read).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The path below `src/`.
fn below(path: &Path) -> String {
    path.strip_prefix(root().join("src"))
        .unwrap()
        .display()
        .to_string()
}

#[test]
fn each_layer_uses_only_what_stands_above_it() {
    let mut wrong = Vec::new();
    for file in files(&root().join("src")) {
        let path = below(&file.path);
        let layer = path.split(['/', '.']).next().unwrap().to_owned();
        if FACES.contains(&layer.as_str()) {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!(
                "src/{path}: `{layer}` is not in the table of layers"
            ));
            continue;
        };
        for (line, name) in file.uses() {
            let is_own = name == layer || name.starts_with(&format!("{layer}::"));
            let fits = |one: &&&str| name == ***one || name.starts_with(&format!("{one}::"));
            if !is_own && !allowed.iter().any(|one| fits(&one)) {
                wrong.push(format!(
                    "src/{path}:{line}: `{layer}` uses `crate::{name}`; it may use {allowed:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn what_belongs_to_one_place_stands_only_there() {
    let mut wrong = Vec::new();
    for file in files(&root().join("src")) {
        let path = below(&file.path);
        for (shape, places, instead) in SHAPES {
            if places.iter().any(|place| path.starts_with(place)) {
                continue;
            }
            for (at, line) in file.lines[..file.tests_from].iter().enumerate() {
                // A timer of the runtime follows its time, which a test may pause.
                if line
                    .replace("tokio::time::Instant::now", "")
                    .contains(shape)
                {
                    let line = at + 1;
                    wrong.push(format!(
                        "src/{path}:{line}: `{shape}` belongs in {places:?}; use {instead}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_test_sleeps() {
    // Put together here, so that this file does not hold it.
    let shape = ["sle", "ep("].concat();
    let mut wrong = Vec::new();
    let tests = files(&root().join("tests")).into_iter().map(|file| File {
        tests_from: 0,
        ..file
    });
    for file in files(&root().join("src")).into_iter().chain(tests) {
        // Under a paused runtime a timer takes no time: it stands for the network's.
        if file.lines.iter().any(|line| line.contains("start_paused")) {
            continue;
        }
        for (at, line) in file.lines.iter().enumerate().skip(file.tests_from) {
            if line.contains(&shape) {
                let (path, line) = (file.path.display(), at + 1);
                wrong.push(format!(
                    "{path}:{line}: a test waits for an event, or steps a `Clock`"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn names_are_found_in_every_way_of_writing_an_import() {
    for (text, want) in [
        ("model::Side;", &["model::Side"][..]),
        ("engine::port::{Event, Port};", &["engine::port::"]),
        (
            "{clock::Clock, model::Millis};",
            &["clock::Clock", "model::Millis"],
        ),
        (
            "{\n    model::{Kind, Side},\n    text,\n};",
            &["model::", "text"],
        ),
    ] {
        assert_eq!(names(text), want, "{text}");
    }
}
