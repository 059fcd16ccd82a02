//! Secrets: never shown, wiped when dropped; and where they are kept: a file of mode 0600, or a command that knows them.

mod command;
mod error;
mod file;

use std::fmt;

pub use command::run;
pub use error::SecretError;
pub use file::{Grant, Held, Kept, Lock, SecretsFile, Stamp};

use zeroize::Zeroize;

/// A value that must not be seen: it has no `Display`, its `Debug` prints `***`, and it is wiped on drop.
///
/// ```
/// use couplet::secrets::Secret;
/// let token = Secret::new("pit-1234".to_owned());
/// assert_eq!(format!("{token:?}"), "***");
/// assert_eq!(token.expose(), "pit-1234");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes a value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that sends it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl Secret<String> {
    /// The end of it, for people who hold several and must tell them apart: `…1234`; of a short one nothing.
    pub fn tail(&self) -> String {
        let all = self.0.chars().count();
        let shown = if all >= 16 { 4 } else { 0 };
        let tail: String = self.0.chars().skip(all - shown).collect();
        format!("…{tail}")
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_secret_four_characters_are_told_and_of_a_short_one_none() {
        for (secret, tail) in [
            ("pit-0123456789abcdef", "…cdef"),
            ("pit-1234", "…"),
            ("", "…"),
        ] {
            assert_eq!(Secret::new(secret.to_owned()).tail(), tail);
        }
    }
}
