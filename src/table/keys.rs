//! The keys of a table, each once, and the row of each.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Keys in the order of their rows, found again in constant time. The texts lie end to end: about 20 bytes a row
/// beside the key itself.
#[derive(Default)]
pub struct Keys {
    text: Vec<u8>,
    ends: Vec<usize>,
    rows: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Keys {
    /// Adds the key of the next row; `Err` with the row that has it already.
    pub fn add(&mut self, key: &[u8]) -> Result<(), usize> {
        if let Some(row) = self.find(key) {
            return Err(row);
        }
        let row = self.ends.len() as u32;
        self.text.extend_from_slice(key);
        self.ends.push(self.text.len());
        let Self {
            text,
            ends,
            rows,
            hasher,
        } = self;
        rows.insert_unique(hasher.hash_one(key), row, |&row| {
            hasher.hash_one(slice(text, ends, row as usize))
        });
        Ok(())
    }

    /// The row with a key.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        let found = self.rows.find(self.hasher.hash_one(key), |&row| {
            self.get(row as usize) == key
        });
        found.map(|&row| row as usize)
    }

    /// The key of a row.
    pub fn get(&self, row: usize) -> &[u8] {
        slice(&self.text, &self.ends, row)
    }
}

fn slice<'a>(text: &'a [u8], ends: &[usize], row: usize) -> &'a [u8] {
    let from = row.checked_sub(1).map_or(0, |before| ends[before]);
    &text[from..ends[row]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_its_row_and_refused_a_second_time() {
        let mut keys = Keys::default();
        for n in 0..1000 {
            assert_eq!(keys.add(format!("k{n}").as_bytes()), Ok(()));
        }
        assert_eq!(keys.add(b"k17"), Err(17));
        assert_eq!(keys.find(b"k999"), Some(999));
        assert_eq!(keys.find(b"k1000"), None);
        assert_eq!(keys.get(0), b"k0");
    }
}
