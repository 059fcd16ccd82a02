//! The small file beside the database that remembers the highest fence: a database put back from an old copy of its
//! file has a lower one, and shows thereby.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::model::Fence;

use super::db;

fn name(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The highest fence that was kept; 0 where none is.
pub(super) fn fence(database: &Path) -> Fence {
    let text = fs::read_to_string(name(database, ".fence"));
    let kept = text.ok().and_then(|text| text.trim().parse().ok());
    kept.unwrap_or_default()
}

/// Keeps a fence, after it was stored in the database. An aid only: where it cannot be written, work goes on.
pub(super) fn keep_fence(database: &Path, fence: Fence) {
    let keep = || -> std::io::Result<()> {
        let (to, draft) = (name(database, ".fence"), name(database, ".fence.new"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.set_permissions(fs::Permissions::from_mode(db::mode_in(db::folder_of(
            database,
        ))))?;
        writeln!(file, "{fence}")?;
        fs::rename(draft, to)
    };
    drop(keep());
}
