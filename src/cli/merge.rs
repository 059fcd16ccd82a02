//! `couplet merge`: a three-way merge of exported tables, without any API.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::model::BySide;
use crate::table::{self, Counts, Format, Job, TableError};
use crate::text::thousands;

use super::args::Merge;
use super::exit::{Exit, Problem};
use super::output::document;

/// Merges, writes the table and the conflicts, and says what came of it.
pub fn run(args: &Merge) -> Result<Exit, Problem> {
    let types = table::parse_types(&args.types)?;
    let job = Job {
        base: &args.base,
        sides: BySide {
            ghl: &args.ghl,
            growbots: &args.growbots,
        },
        key: &args.key,
        types: &types,
    };
    let to = Target::new(args.out.as_deref(), args.json)?;
    let table_format = args
        .out
        .as_deref()
        .map_or_else(|| Format::of(&args.base), Format::of)?;
    let conflicts = Target::new(args.conflicts.as_deref(), true)?;
    let conflict_format = args
        .conflicts
        .as_deref()
        .map_or(Ok(Format::Csv), Format::of)?;
    let (counts, to, conflicts) =
        table::merge(&job, (to, table_format), (conflicts, conflict_format))?;
    // The conflicts first: a table without them would hide what is undecided.
    conflicts.keep()?;
    let printed = to.keep()?;
    if args.json {
        document(&serde_json::to_value(counts).map_err(anyhow::Error::from)?)?;
    } else {
        let words = in_words(&counts, args.conflicts.as_deref());
        if printed {
            io::stderr().write_all(words.as_bytes())?;
        } else {
            io::stdout().write_all(words.as_bytes())?;
        }
    }
    Ok(if counts.conflicts.any() {
        Exit::ConflictsWait
    } else {
        Exit::Done
    })
}

fn in_words(counts: &Counts, conflicts: Option<&Path>) -> String {
    let mut lines = String::new();
    for (count, what) in [
        (counts.records, "records"),
        (counts.taken.ghl, "changed by GHL"),
        (counts.taken.growbots, "changed by Growbots"),
        (counts.agreed, "changed alike by both"),
        (counts.merged, "changed by both, merged"),
        (counts.added, "added"),
        (counts.deleted, "deleted"),
        (
            counts.conflicts.field,
            "fields in conflict: the base's value stands",
        ),
        (
            counts.conflicts.delete_edit,
            "deleted on one side, edited on the other: the edit stands",
        ),
    ] {
        lines += &[&format!("{:>12} ", thousands(count)), what, "\n"].concat();
    }
    if counts.conflicts.any() && conflicts.is_none() {
        lines += "hint: `--conflicts FILE` lists them with the base and both values\n";
    }
    lines
}

/// Where a table goes: a file that appears when it is whole, readable by its owner only; stdout; or nowhere.
enum Target {
    File(BufWriter<NamedTempFile>, PathBuf),
    Stdout(BufWriter<io::StdoutLock<'static>>),
    Nowhere,
}

impl Target {
    fn new(path: Option<&Path>, is_quiet: bool) -> Result<Self, Problem> {
        let Some(path) = path else {
            return Ok(if is_quiet {
                Self::Nowhere
            } else {
                Self::Stdout(BufWriter::new(io::stdout().lock()))
            });
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(|error| {
            TableError::Io {
                path: path.into(),
                error,
            }
        })?;
        Ok(Self::File(
            BufWriter::with_capacity(256 * 1024, file),
            path.into(),
        ))
    }

    /// Puts a file in its place; true where the table was printed.
    fn keep(self) -> Result<bool, Problem> {
        match self {
            Self::File(file, path) => {
                let failed = |error| TableError::Io {
                    path: path.clone(),
                    error,
                };
                let file = file
                    .into_inner()
                    .map_err(|error| failed(error.into_error()))?;
                file.persist(&path).map_err(|error| failed(error.error))?;
                Ok(false)
            }
            Self::Stdout(mut stdout) => {
                stdout.flush()?;
                Ok(true)
            }
            Self::Nowhere => Ok(false),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file, _) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Nowhere => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file, _) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
            Self::Nowhere => Ok(()),
        }
    }
}
