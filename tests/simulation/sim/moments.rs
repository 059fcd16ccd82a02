//! The moments at which a process dies or is suspended: with the answer to a request of some kind on its way, for in
//! most of a pass it does not matter when.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Feed,
    List,
    ById,
    Create,
    Change,
}

impl Asked {
    pub const ALL: [Self; 5] = [
        Self::Feed,
        Self::List,
        Self::ById,
        Self::Create,
        Self::Change,
    ];
}

/// Where the requests of all processes are, and which of them will be the last of its process.
#[derive(Default)]
pub struct Moments {
    doom: Mutex<Option<(Asked, u32)>>,
    is_doomed: AtomicBool,
    coming: AtomicU32,
}

impl Moments {
    /// The process dies when the answer to its next request of a kind, or that after `others` of them, is on its way.
    pub fn doom(&self, asked: Asked, others: u32) {
        *self.doom.lock().unwrap() = Some((asked, others));
    }

    /// No process has to die any more.
    pub fn spare(&self) {
        self.doom.lock().unwrap().take();
        self.is_doomed.store(false, Ordering::SeqCst);
    }

    pub fn is_doomed(&self) -> bool {
        self.is_doomed.load(Ordering::SeqCst)
    }

    /// Whether somebody waits for the answer to a read by id, which has left the side.
    pub fn is_between(&self) -> bool {
        self.coming.load(Ordering::SeqCst) > 0
    }

    /// An answer has left the side.
    pub fn answered(&self, asked: Asked) -> Coming<'_> {
        if let Some((last, others)) = self.doom.lock().unwrap().as_mut()
            && *last == asked
        {
            match others.checked_sub(1) {
                Some(fewer) => *others = fewer,
                None => self.is_doomed.store(true, Ordering::SeqCst),
            }
        }
        let counts = asked == Asked::ById;
        self.coming.fetch_add(u32::from(counts), Ordering::SeqCst);
        Coming {
            moments: self,
            counts,
        }
    }
}

/// An answer on its way.
pub struct Coming<'a> {
    moments: &'a Moments,
    counts: bool,
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        let coming = &self.moments.coming;
        coming.fetch_sub(u32::from(self.counts), Ordering::SeqCst);
    }
}
