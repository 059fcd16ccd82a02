//! The secrets file of a workspace: mode 0600, replaced whole, under a lock that all processes heed.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Secret, SecretError};

/// How often the lock is asked for, and how long: a process that holds it makes at most two requests.
const ASK_EVERY: Duration = Duration::from_millis(50);
const ASK_TIMES: u32 = 600;

/// What is kept of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kept {
    /// A key that does not change by itself.
    Key {
        /// The key.
        #[serde(with = "exposed")]
        key: Secret<String>,
        /// When it was put here, milliseconds since 1970.
        since_ms: i64,
    },
    /// What an OAuth 2 sign-in gave.
    Grant(Grant),
}

/// An access token with its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The token.
    #[serde(with = "exposed")]
    pub token: Secret<String>,
    /// When it ends, milliseconds since 1970.
    pub ends_ms: i64,
}

/// A sign-in: tokens that follow one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What is sent now; of a company's sign-in, what location tokens are made with.
    pub access: Held,
    /// What the next pair is had for; a sign-in by client credentials has none.
    #[serde(with = "exposed::option", default)]
    pub refresh: Option<Secret<String>>,
    /// Scopes, as the side says them: space between.
    pub scope: String,
    /// When somebody signed in, milliseconds since 1970.
    pub since_ms: i64,
    /// GHL: the company, where the sign-in is a company's and not a location's.
    #[serde(default)]
    pub company: Option<String>,
    /// GHL: the location's token, made from the company's.
    #[serde(default)]
    pub location: Option<Held>,
    /// The client's secret, where it was typed at the sign-in.
    #[serde(with = "exposed::option", default)]
    pub client_secret: Option<Secret<String>>,
    /// Why the side ended it; nothing but a new sign-in helps.
    #[serde(default)]
    pub ended: Option<String>,
}

/// Secrets are written in clear only here, into the file itself.
mod exposed {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::secrets::Secret;

    pub fn serialize<S: Serializer>(secret: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret<String>, D::Error> {
        String::deserialize(from).map(Secret::new)
    }

    pub mod option {
        use super::{Deserializer, Secret, Serializer};
        use serde::Deserialize as _;

        #[expect(clippy::ref_option, reason = "serde calls it so")]
        pub fn serialize<S: Serializer>(
            secret: &Option<Secret<String>>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match secret {
                Some(secret) => to.serialize_some(secret.expose()),
                None => to.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Secret<String>>, D::Error> {
            Ok(Option::<String>::deserialize(from)?.map(Secret::new))
        }
    }
}

/// Which version of the file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    changed: (i64, i64),
    length: u64,
}

/// The file of one workspace. Nothing is read or made before it is asked for.
#[derive(Clone, Debug)]
pub struct SecretsFile {
    path: PathBuf,
}

/// The right to replace the file; given back when dropped, also by a process that is killed.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "it is held")] File);

impl SecretsFile {
    /// The file at `path`.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which version is there; `None` where there is none.
    pub fn stamp(&self) -> Option<Stamp> {
        fs::metadata(&self.path).ok().map(|found| Stamp {
            inode: found.ino(),
            changed: (found.mtime(), found.mtime_nsec()),
            length: found.len(),
        })
    }

    /// What is kept of the side of this name; `None` also where there is no file. A file that others can read is
    /// [`SecretError::TooWide`].
    pub fn read(&self, side: &str) -> Result<Option<Kept>, SecretError> {
        Ok(self.all()?.remove(side))
    }

    fn all(&self) -> Result<BTreeMap<String, Kept>, SecretError> {
        let failed = |source| self.failed("read", source);
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(failed(error)),
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::TooWide {
                path: self.path.clone(),
                mode,
            });
        }
        let mut text = Zeroizing::new(Vec::new());
        file.read_to_end(&mut text).map_err(failed)?;
        // The parser's words are left out: they can quote the file.
        serde_json::from_slice(&text).map_err(|_| SecretError::Broken {
            path: self.path.clone(),
        })
    }

    /// Waits for the right to replace the file, at most 30 s.
    pub async fn lock(&self) -> Result<Lock, SecretError> {
        for _ in 0..ASK_TIMES {
            if let Some(lock) = self.try_lock()? {
                return Ok(lock);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Err(SecretError::Busy {
            path: self.path.clone(),
        })
    }

    fn try_lock(&self) -> Result<Option<Lock>, SecretError> {
        let failed = |source| self.failed("lock", source);
        if let Some(folder) = self.path.parent().filter(|folder| !folder.exists()) {
            let mut make = fs::DirBuilder::new();
            make.recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(failed)?;
        }
        // A file of its own, since the secrets file is replaced: its lock would stay with the old one.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.beside("lock"))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Puts what is kept of a side in, or takes it out, and is on the disk when it returns. What a reader finds is the
    /// old file or the new one, whole, also after a crash.
    pub fn put(&self, _: &Lock, side: &str, kept: Option<&Kept>) -> Result<(), SecretError> {
        let failed = |source| self.failed("write", source);
        let mut all = self.all()?;
        match kept {
            Some(kept) => all.insert(side.to_owned(), kept.clone()),
            None => all.remove(side),
        };
        let text =
            Zeroizing::new(serde_json::to_vec_pretty(&all).map_err(|error| failed(error.into()))?);
        let new = self.beside("new");
        // One that a crash left has no rights that we chose.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| {
                file.write_all(&text)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&new, &self.path))
            .and_then(|()| match self.path.parent() {
                Some(folder) => File::open(folder)?.sync_all(),
                None => Ok(()),
            });
        written.map_err(failed)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    fn failed(&self, doing: &'static str, source: std::io::Error) -> SecretError {
        SecretError::File {
            path: self.path.clone(),
            doing,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn key(text: &str) -> Kept {
        Kept::Key {
            key: Secret::new(text.to_owned()),
            since_ms: 7,
        }
    }

    fn grant() -> Kept {
        Kept::Grant(Grant {
            access: Held {
                token: Secret::new("access".to_owned()),
                ends_ms: 9,
            },
            refresh: Some(Secret::new("refresh".to_owned())),
            scope: "contacts.readonly".into(),
            since_ms: 7,
            company: None,
            location: None,
            client_secret: None,
            ended: None,
        })
    }

    #[tokio::test]
    async fn what_is_put_in_is_there_for_its_owner_alone_and_each_side_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = SecretsFile::new(folder.path().join("new").join("default.secrets"));
        assert_eq!(file.read("ghl").unwrap(), None);
        let lock = file.lock().await.unwrap();
        file.put(&lock, "ghl", Some(&key("pit-1"))).unwrap();
        let first = file.stamp();
        file.put(&lock, "growbots", Some(&grant())).unwrap();
        assert_ne!(file.stamp(), first);
        assert_eq!(file.read("ghl").unwrap(), Some(key("pit-1")));
        assert_eq!(file.read("growbots").unwrap(), Some(grant()));
        file.put(&lock, "ghl", None).unwrap();
        assert_eq!(file.read("ghl").unwrap(), None);
        for (path, mode) in [
            (file.path().to_owned(), 0o600),
            (folder.path().join("new"), 0o700),
        ] {
            let found = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{}", path.display());
        }
        assert!(!format!("{:?}", grant()).contains("refresh\""));
    }

    #[tokio::test]
    async fn a_file_that_others_can_read_or_that_holds_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = SecretsFile::new(folder.path().join("default.secrets"));
        let lock = file.lock().await.unwrap();
        file.put(&lock, "ghl", Some(&key("canary"))).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            let error = file.read("ghl").unwrap_err();
            assert!(matches!(error, SecretError::TooWide { .. }), "{error:?}");
            assert!(error.hint().contains("chmod 0600"), "{}", error.hint());
            assert!(file.put(&lock, "ghl", None).is_err(), "nor is it replaced");
        }
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(file.path(), "{\"ghl\": \"canary\"}").unwrap();
        let error = file.read("ghl").unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_may_replace_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = SecretsFile::new(folder.path().join("default.secrets"));
        let lock = file.lock().await.unwrap();
        let other = SecretsFile::new(file.path().to_owned());
        assert!(matches!(other.lock().await, Err(SecretError::Busy { .. })));
        drop(lock);
        assert!(other.lock().await.is_ok());
    }
}
