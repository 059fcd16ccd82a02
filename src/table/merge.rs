//! Merges three tables row by row.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::model::{BySide, Side};

use super::TableError;
use super::cell::{self, Outcome};
use super::columns::{ColumnType, Columns};
use super::row::{Cell, Row};
use super::source::{Format, Source};
use super::write::TableWriter;

/// What to merge, and how.
pub struct Job<'a> {
    /// What both sides last agreed on.
    pub base: &'a Path,
    /// The tables of both sides.
    pub sides: BySide<&'a Path>,
    /// The column that names a record.
    pub key: &'a str,
    /// Columns that are more than text.
    pub types: &'a [(String, ColumnType)],
}

/// What came of it. Records, but for `conflicts.field`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records that stand in any of the three tables.
    pub records: u64,
    /// Records of which only one side's changes were taken.
    pub taken: BySide<u64>,
    /// Records that both sides changed to the same.
    pub agreed: u64,
    /// Records in which changes of both sides came together.
    pub merged: u64,
    /// Records that a side deleted and the other left as they were, or that both deleted.
    pub deleted: u64,
    /// Records that only a side has, or both, but not the base.
    pub added: u64,
    /// What a person must decide.
    pub conflicts: ConflictCounts,
}

/// What a person must decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConflictCounts {
    /// Fields that both sides changed apart; the table keeps the base's value.
    pub field: u64,
    /// Records that one side deleted and the other edited; the table keeps the edit.
    pub delete_edit: u64,
}

impl ConflictCounts {
    /// Whether there is any.
    pub const fn any(self) -> bool {
        self.field + self.delete_edit > 0
    }
}

/// The columns of the list of conflicts.
const CONFLICT_COLUMNS: [&str; 7] = [
    "key",
    "reason",
    "column",
    "base",
    "ghl",
    "growbots",
    "deleted_on",
];

/// Merges three tables. The merged one goes to `table`, in the base's order with the new records behind; the
/// conflicts go to `conflicts`, a row for each field.
pub fn merge<T: Write, C: Write>(
    job: &Job<'_>,
    table: (T, Format),
    conflicts: (C, Format),
) -> Result<(Counts, T, C), TableError> {
    let (base, ghl, growbots) = open(job)?;
    let columns = Columns::new(
        [&*base.columns, &*ghl.columns, &*growbots.columns],
        job.types,
    )?;
    let names = CONFLICT_COLUMNS.map(str::to_owned).to_vec();
    let mut merge = Merge {
        key_at: columns.place(job.key).unwrap_or_default(),
        table: TableWriter::new(table.0, table.1, columns.names.clone()).map_err(out)?,
        conflicts: TableWriter::new(conflicts.0, conflicts.1, names).map_err(out)?,
        format: table.1,
        rows: Default::default(),
        counts: Counts::default(),
        base,
        sides: BySide { ghl, growbots },
        columns,
    };
    merge.all()?;
    Ok((
        merge.counts,
        merge.table.finish().map_err(out)?,
        merge.conflicts.finish().map_err(out)?,
    ))
}

/// Reads all three at once: reading is what takes the time.
fn open(job: &Job<'_>) -> Result<(Source, Source, Source), TableError> {
    std::thread::scope(|scope| {
        let ghl = scope.spawn(|| Source::open(job.sides.ghl, job.key));
        let growbots = scope.spawn(|| Source::open(job.sides.growbots, job.key));
        let base = Source::open(job.base, job.key);
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<Source, TableError>>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let (ghl, growbots) = (join(ghl), join(growbots));
        Ok((base?, ghl?, growbots?))
    })
}

fn out(error: std::io::Error) -> TableError {
    TableError::Io {
        path: "output".into(),
        error,
    }
}

struct Merge<T: Write, C: Write> {
    base: Source,
    sides: BySide<Source>,
    columns: Columns,
    key_at: usize,
    format: Format,
    table: TableWriter<T>,
    conflicts: TableWriter<C>,
    /// The records at work: base, GHL, Growbots.
    rows: [Row; 3],
    counts: Counts,
}

/// Which changes a record has seen.
#[derive(Default)]
struct Seen {
    taken: BySide<bool>,
    agreed: bool,
}

impl<T: Write, C: Write> Merge<T, C> {
    fn all(&mut self) -> Result<(), TableError> {
        let mut met = BySide {
            ghl: vec![false; self.sides.ghl.len()],
            growbots: vec![false; self.sides.growbots.len()],
        };
        for row in 0..self.base.len() {
            let key = self.base.key(row);
            let (ghl, growbots) = (self.sides.ghl.find(key), self.sides.growbots.find(key));
            for (side, found) in [(Side::Ghl, ghl), (Side::Growbots, growbots)] {
                if let Some(found) = found {
                    met.get_mut(side)[found] = true;
                }
            }
            match (ghl, growbots) {
                (Some(ghl), Some(growbots)) => self.both(row, ghl, growbots)?,
                (Some(ghl), None) => self.one(row, Side::Ghl, ghl)?,
                (None, Some(growbots)) => self.one(row, Side::Growbots, growbots)?,
                (None, None) => self.counts.deleted += 1,
            }
        }
        self.counts.records = self.base.len() as u64;
        for (row, _) in met.ghl.iter().enumerate().filter(|(_, met)| !**met) {
            let other = self.sides.growbots.find(self.sides.ghl.key(row));
            if let Some(other) = other {
                met.growbots[other] = true;
            }
            self.added(Some(row), other)?;
        }
        for (row, _) in met.growbots.iter().enumerate().filter(|(_, met)| !**met) {
            self.added(None, Some(row))?;
        }
        Ok(())
    }

    /// A record that all three have.
    fn both(&mut self, base: usize, ghl: usize, growbots: usize) -> Result<(), TableError> {
        let same_ghl = is_same(&mut self.base, base, &mut self.sides.ghl, ghl)?;
        let same_growbots = is_same(&mut self.base, base, &mut self.sides.growbots, growbots)?;
        if same_ghl && same_growbots && self.is_laid_out_alike() {
            return self.table.raw(self.base.raw(base)?).map_err(out);
        }
        self.base.read(base, &self.columns, &mut self.rows[0])?;
        self.sides.ghl.read(ghl, &self.columns, &mut self.rows[1])?;
        self.sides
            .growbots
            .read(growbots, &self.columns, &mut self.rows[2])?;
        let seen = self.merge_cells()?;
        self.count(&seen);
        Ok(())
    }

    /// A record of the base that only one side still has.
    fn one(&mut self, base: usize, side: Side, row: usize) -> Result<(), TableError> {
        if is_same(&mut self.base, base, self.sides.get_mut(side), row)? {
            self.counts.deleted += 1;
            return Ok(());
        }
        self.base.read(base, &self.columns, &mut self.rows[0])?;
        self.sides
            .get_mut(side)
            .read(row, &self.columns, &mut self.rows[1])?;
        let [old, new, _] = &self.rows;
        let changed: Vec<usize> = (0..self.columns.len())
            .filter(|&at| {
                let new = new.get(at);
                !matches!(
                    cell::merge(&self.columns.types[at], old.get(at), new, old.get(at)),
                    Outcome::Unchanged
                )
            })
            .collect();
        if changed.is_empty() {
            self.counts.deleted += 1;
            return Ok(());
        }
        self.counts.conflicts.delete_edit += 1;
        for at in changed {
            let sides = match side {
                Side::Ghl => [new.get(at), None],
                Side::Growbots => [None, new.get(at)],
            };
            let cells = [old.get(at), sides[0], sides[1]];
            conflict(
                &mut self.conflicts,
                "delete_edit",
                old.get(self.key_at),
                &self.columns.names[at],
                cells,
                side.other().name(),
            )?;
        }
        for at in 0..self.columns.len() {
            put(&mut self.table, new.get(at).or(old.get(at)));
        }
        self.table.end_row().map_err(out)
    }

    /// A record that the base does not have.
    fn added(&mut self, ghl: Option<usize>, growbots: Option<usize>) -> Result<(), TableError> {
        self.counts.records += 1;
        self.counts.added += 1;
        self.rows[0].clear(self.columns.len());
        for (side, found, row) in [(Side::Ghl, ghl, 1), (Side::Growbots, growbots, 2)] {
            match found {
                Some(found) => {
                    self.sides
                        .get_mut(side)
                        .read(found, &self.columns, &mut self.rows[row])?;
                }
                None => self.rows[row].clear(self.columns.len()),
            }
        }
        self.merge_cells().map(drop)
    }

    /// Writes the merged record of the three at work, and its conflicts.
    fn merge_cells(&mut self) -> Result<Seen, TableError> {
        let [base, ghl, growbots] = &self.rows;
        let mut seen = Seen::default();
        let key = [base, ghl, growbots]
            .iter()
            .find_map(|row| row.get(self.key_at));
        for (at, ty) in self.columns.types.iter().enumerate() {
            let cells = [base.get(at), ghl.get(at), growbots.get(at)];
            if at == self.key_at {
                put(&mut self.table, key);
                continue;
            }
            match cell::merge(ty, cells[0], cells[1], cells[2]) {
                Outcome::Unchanged => put(&mut self.table, cells[0]),
                Outcome::Taken(side, cell) => {
                    *seen.taken.get_mut(side) = true;
                    put(&mut self.table, Some(cell));
                }
                Outcome::Agreed(cell) => {
                    seen.agreed = true;
                    put(&mut self.table, Some(cell));
                }
                Outcome::United(words) => {
                    seen.taken = BySide {
                        ghl: true,
                        growbots: true,
                    };
                    self.table.words(&words);
                }
                Outcome::Conflict => {
                    self.counts.conflicts.field += 1;
                    conflict(
                        &mut self.conflicts,
                        "field",
                        key,
                        &self.columns.names[at],
                        cells,
                        "",
                    )?;
                    put(&mut self.table, cells[0]);
                }
            }
        }
        self.table.end_row().map_err(out)?;
        Ok(seen)
    }

    fn count(&mut self, seen: &Seen) {
        let counts = &mut self.counts;
        match (seen.taken.ghl, seen.taken.growbots) {
            (true, true) => counts.merged += 1,
            (true, false) => counts.taken.ghl += 1,
            (false, true) => counts.taken.growbots += 1,
            (false, false) => counts.agreed += u64::from(seen.agreed),
        }
    }

    /// Whether a row of the base can stand in the merged table as it is.
    fn is_laid_out_alike(&self) -> bool {
        self.base.format() == self.format
            && (self.format == Format::Jsonl || self.base.columns == self.columns.names)
    }
}

/// Whether two rows are the same, byte by byte, of the same columns.
fn is_same(a: &mut Source, row: usize, b: &mut Source, other: usize) -> Result<bool, TableError> {
    let alike = a.format() == b.format() && (a.format() == Format::Jsonl || a.columns == b.columns);
    Ok(alike && a.raw(row)? == b.raw(other)?)
}

fn put<W: Write>(table: &mut TableWriter<W>, cell: Option<Cell<'_>>) {
    match cell {
        Some(cell) => table.cell(cell.text, cell.json),
        None => table.cell("", None),
    }
}

fn conflict<W: Write>(
    to: &mut TableWriter<W>,
    reason: &str,
    key: Option<Cell<'_>>,
    column: &str,
    cells: [Option<Cell<'_>>; 3],
    deleted_on: &str,
) -> Result<(), TableError> {
    put(to, key);
    to.cell(reason, None);
    to.cell(column, None);
    for cell in cells {
        put(to, cell);
    }
    to.cell(deleted_on, None);
    to.end_row().map_err(out)
}
