//! A value in the operator's own editor, which has the terminal meanwhile. The dashboard reads no keys then, and its
//! loop goes on on its own thread.

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

/// Who has the terminal: the dashboard, or a program that it is lent to. Clones share it.
#[derive(Clone, Default)]
pub struct Turn(Arc<Shared>);

#[derive(Default)]
struct Shared {
    keys: Mutex<()>,
    /// The program that has the terminal; 0: none.
    pid: AtomicI32,
}

impl Turn {
    /// Waits until keys are the dashboard's, and keeps them so while the guard lives.
    pub fn keys(&self) -> MutexGuard<'_, ()> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn program(&self) -> Option<Pid> {
        Pid::from_raw(self.0.pid.load(Ordering::SeqCst))
    }

    /// Whether a program has the terminal.
    pub fn is_lent(&self) -> bool {
        self.program().is_some()
    }

    /// Ends the program that has the terminal.
    pub fn end(&self) {
        if let Some(pid) = self.program() {
            let _gone = kill_process(pid, Signal::TERM); // it may have ended by itself
        }
    }

    /// Lets the operator change a text in their editor (a command with its arguments, started without a shell). Gives
    /// the text as they left it, or says why there is none. It is kept in a file of mode 0600 meanwhile.
    pub fn edit(&self, editor: &str, text: &str) -> Result<String, String> {
        let words = shell_words::split(editor).unwrap_or_default();
        let Some((program, arguments)) = words.split_first() else {
            return Err(format!("Not opened: `{editor}` is no command."));
        };
        let _ours = self.keys();
        let all = || -> io::Result<Result<String, String>> {
            let mut file = tempfile::Builder::new()
                .prefix("couplet-")
                .suffix(".txt")
                .tempfile()?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.flush()?;
            let mut child = Command::new(program)
                .args(arguments)
                .arg(file.path())
                .spawn()?;
            self.0.pid.store(child.id().cast_signed(), Ordering::SeqCst);
            let ended = child.wait();
            self.0.pid.store(0, Ordering::SeqCst);
            let ended = ended?;
            if !ended.success() {
                return Ok(Err(format!(
                    "Nothing is staged: {program} ended with {ended}."
                )));
            }
            fs::read_to_string(file.path()).map(Ok)
        };
        all().unwrap_or_else(|error| Err(format!("Nothing is staged: {program}: {error}.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gives_back_what_it_made_of_the_text() {
        let turn = Turn::default();
        let text = turn.edit("sed -i s/Ost/West/", "Ost\nand more");
        assert_eq!(text.as_deref(), Ok("West\nand more\n"));
        assert!(!turn.is_lent());
        for (editor, why) in [
            ("false", "false ended with exit status: 1"),
            ("no-such-editor-here", "no-such-editor-here: No such file"),
            (" ", "is no command"),
        ] {
            let said = turn.edit(editor, "").unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
