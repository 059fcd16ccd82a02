//! Opening the file: folder, modes, version checks, pragmas; and the transaction that every writing verb runs in.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::model::Millis;

use super::{StoreError, error::Res, schema};

/// What a writing verb works with: its transaction, and the time at which it began.
pub(super) struct Tx<'a> {
    pub(super) conn: &'a Connection,
    pub(super) now: Millis,
    /// The same moment in ticks of this boot.
    pub(super) ticks: i64,
}

impl Tx<'_> {
    /// Runs one cached statement; gives the number of rows changed.
    pub(super) fn run(&self, sql: &str, params: impl rusqlite::Params) -> Res<usize> {
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }

    /// Does work whose triggers the caller stands in for, once for all of it.
    pub(super) fn without_triggers<T>(&self, work: impl FnOnce() -> Res<T>) -> Res<T> {
        let triggers = DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
        self.conn.set_db_config(triggers, false)?;
        let _on_again = OnAgain(self.conn);
        work()
    }

    /// Changes a row, or makes it where there is none. For tables with triggers that say `OR IGNORE`: under an upsert
    /// SQLite does not heed that.
    pub(super) fn update_or_insert(
        &self,
        update: &str,
        insert: &str,
        params: &[&dyn rusqlite::ToSql],
    ) -> Res<()> {
        if self.run(update, params)? == 0 {
            self.run(insert, params)?;
        }
        Ok(())
    }
}

/// A transaction that is undone unless it is committed. Its statements are prepared once for a connection.
pub(super) struct Open<'a>(&'a Connection);

impl<'a> Open<'a> {
    /// Takes the write lock at once.
    pub(super) fn to_write(conn: &'a Connection) -> rusqlite::Result<Self> {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self(conn))
    }

    /// All that is read is of one moment.
    pub(super) fn to_read(conn: &'a Connection) -> rusqlite::Result<Self> {
        conn.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(conn))
    }

    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([]).map(drop)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            let rollback = self.0.prepare_cached("ROLLBACK");
            // Where that fails, SQLite undoes it when the connection goes.
            let _undone = rollback.and_then(|mut rollback| rollback.execute([]));
        }
    }
}

/// Switches the triggers of a connection on when it goes, whatever ended the work without them.
struct OnAgain<'a>(&'a Connection);

impl Drop for OnAgain<'_> {
    fn drop(&mut self) {
        let triggers = DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
        let on = self.0.set_db_config(triggers, true);
        on.expect("SQLite knows this switch");
    }
}

/// The first SQLite in which several processes may write one WAL file, as SQLite numbers versions.
const OLDEST_SQLITE: i32 = 3_051_003;
const STATEMENTS: usize = 256;

/// Opens the file for writing, makes it where it is missing, and brings its schema up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    check_sqlite()?;
    if !is_in_memory(path) {
        make_file(path).map_err(|source| StoreError::Open {
            path: path.into(),
            source: Box::new(source),
        })?;
    }
    let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let fault = |error| cannot_open(path, error);
    conn.busy_timeout(Duration::from_secs(5)).map_err(fault)?;
    // before anything is changed
    check_schema(&conn, path, true)?;
    set_pragmas(&conn).map_err(fault)?;
    let mode: String = conn
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(fault)?;
    if mode != "wal" && !is_in_memory(path) {
        return Err(StoreError::Open {
            path: path.into(),
            source: format!("the journal mode is `{mode}`, not `wal`; is it on a network disk?")
                .into(),
        });
    }
    // what is removed is overwritten, so that what was forgotten is in no free page
    conn.pragma_update(None, "secure_delete", true)
        .map_err(fault)?;
    conn.pragma_update(None, "synchronous", "FULL")
        .and_then(|()| conn.pragma_update(None, "journal_size_limit", 64 << 20))
        .map_err(fault)?;
    schema::migrate(&mut conn).map_err(fault)?;
    Ok(conn)
}

/// Opens an existing file for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    check_sqlite()?;
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let fault = |error| cannot_open(path, error);
    conn.busy_timeout(Duration::from_secs(5)).map_err(fault)?;
    check_schema(&conn, path, false)?;
    set_pragmas(&conn)
        .and_then(|()| conn.pragma_update(None, "query_only", true))
        .map_err(fault)?;
    Ok(conn)
}

/// Whether a path names a database that all connections of this process share and that goes with the last of them:
/// `file:/NAME?vfs=memdb`. It has no write-ahead log, so that a writer keeps readers out while its transaction runs:
/// for a thread that never holds one across an await, that is never.
fn is_in_memory(path: &Path) -> bool {
    let name = path.to_str();
    name.is_some_and(|name| name.starts_with("file:/") && name.ends_with("?vfs=memdb"))
}

fn connect(path: &Path, mut flags: OpenFlags) -> Result<Connection, StoreError> {
    flags |= OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if is_in_memory(path) {
        flags |= OpenFlags::SQLITE_OPEN_URI;
        // There is no file to make; a name that nobody has yet is an empty database.
        if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
    }
    Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, error))
}

fn check_sqlite() -> Result<(), StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::OldSqlite {
            found: rusqlite::version().into(),
        });
    }
    Ok(())
}

/// Refuses what is newer than this program, and what is not ours. An empty file is a new database to a writer.
fn check_schema(conn: &Connection, path: &Path, may_be_empty: bool) -> Result<(), StoreError> {
    let look = || -> rusqlite::Result<(i64, i32, i64)> {
        Ok((
            schema::version(conn)?,
            conn.pragma_query_value(None, "application_id", |row| row.get(0))?,
            conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
        ))
    };
    let (version, application, tables) = look().map_err(|error| cannot_open(path, error))?;
    if may_be_empty && (version, application, tables) == (0, 0, 0) {
        return Ok(());
    }
    if application != schema::APPLICATION_ID {
        return Err(StoreError::Damaged {
            path: path.into(),
            source: format!("its application id is {application}").into(),
        });
    }
    if version > schema::NEWEST {
        return Err(StoreError::Newer {
            path: path.into(),
            found: version,
            known: schema::NEWEST,
        });
    }
    Ok(())
}

fn set_pragmas(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // a cached statement is not planned again because other values are bound
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "cache_size", -8192)
}

/// A number that differs when another connection has written since.
pub(super) fn data_version(conn: &Connection) -> Result<i64, StoreError> {
    let read = || -> Res<i64> {
        let mut version = conn.prepare_cached("PRAGMA data_version")?;
        Ok(version.query_row([], |row| row.get(0))?)
    };
    read().map_err(|fault| fault.at("data_version"))
}

/// The mode of files in a folder: 0600; 0660 where somebody made the folder for a group, with the setgid bit.
pub(super) fn mode_in(folder: &Path) -> u32 {
    const FOR_A_GROUP: u32 = 0o2070;
    match fs::metadata(folder) {
        Ok(meta) if meta.permissions().mode() & FOR_A_GROUP == FOR_A_GROUP => 0o660,
        _ => 0o600,
    }
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the folder (0700) and the file ([`mode_in`], whatever the umask) where they are missing. SQLite gives `-wal`
/// and `-shm` the mode of the file. A folder that is there is left as it is; a file that others could read is closed
/// to them.
pub(super) fn make_file(path: &Path) -> std::io::Result<()> {
    let folder = folder_of(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mode = mode_in(folder);
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(file) => file.set_permissions(Permissions::from_mode(mode)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            close_to_others(path, mode)
        }
        Err(error) => Err(error),
    }
}

fn close_to_others(path: &Path, mode: u32) -> std::io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let file = PathBuf::from(name);
        if let Ok(meta) = fs::metadata(&file)
            && meta.permissions().mode() & 0o777 & !mode != 0
        {
            fs::set_permissions(&file, Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// Tells a damaged file from one that cannot be opened.
pub(super) fn cannot_open(path: &Path, error: rusqlite::Error) -> StoreError {
    let source = Box::new(error);
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
            path: path.into(),
            source,
        },
        _ => StoreError::Open {
            path: path.into(),
            source,
        },
    }
}
