//! A key that another program knows: a password manager, a vault, systemd's credentials.

use std::process::Stdio;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Secret, SecretError};

/// How long a command may take: a password manager may ask somebody to unlock it.
const PATIENCE: Duration = Duration::from_secs(30);
/// No key is longer.
const LONGEST: usize = 16 * 1024;

/// The one line that `line` prints, a command with its arguments, split as a shell would and run without one.
///
/// Its stdin is closed and its stderr is not read: a password manager's words may hold a secret. It is killed when it
/// takes over 30 s.
pub async fn run(line: &str) -> Result<Secret<String>, SecretError> {
    let words = shell_words::split(line).map_err(|_| SecretError::NoCommand)?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(SecretError::NoCommand);
    };
    let name = || program.clone();
    let child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| SecretError::NotStarted {
            program: name(),
            source,
        })?;
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .map_err(|_| SecretError::TimedOut { program: name() })?
        .map_err(|source| SecretError::NotStarted {
            program: name(),
            source,
        })?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(SecretError::Failed {
            program: name(),
            status: output.status.to_string(),
        });
    }
    let key = std::str::from_utf8(&printed).map(str::trim);
    match key {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST && !key.contains('\n') => {
            Ok(Secret::new(key.to_owned()))
        }
        _ => Err(SecretError::NoKey { program: name() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_gives_its_one_line_or_says_what_is_wrong_without_what_it_printed() {
        for (line, want) in [
            ("printf 'pit-1 \\n'", "pit-1"),
            ("echo 'two words'", "two words"),
            ("echo $HOME", "$HOME"),
            ("", "no word"),
            ("echo 'open", "without an end"),
            ("/nowhere/at-all", "`/nowhere/at-all` cannot be started"),
            (
                "sh -c 'echo canary; echo canary >&2; exit 3'",
                "`sh` failed (exit status: 3)",
            ),
            ("true", "`true` did not print one key"),
            ("printf 'canary\\nb'", "did not print one key"),
        ] {
            match run(line).await {
                Ok(key) => assert_eq!(key.expose(), want, "{line}"),
                Err(error) => {
                    let said = format!("{error} {error:?} {}", error.hint());
                    assert!(said.contains(want), "{line}: {said}");
                    assert!(!said.contains("canary"), "{line}: {said}");
                }
            }
        }
    }
}
