//! `couplet backup`: a copy of the database.

use std::path::Path;

use super::context::Context;
use super::exit::{Exit, Problem};
use super::output::note;

/// Copies the database to a file that is not there yet.
pub fn run(context: &Context, file: &Path) -> Result<Exit, Problem> {
    drop(context.reader()?);
    if file.exists() {
        return Err(Problem::failed(
            format!("`{}` is there already", file.display()),
            "give another name; a backup replaces nothing",
        ));
    }
    context.writer()?.back_up(file)?;
    note(&format!(
        "copied; to go back to it, stop every couplet and put it in the place of `{}`",
        context.config.database()?.display()
    ));
    Ok(Exit::Done)
}
