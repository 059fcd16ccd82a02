//! Records of a CSV file: where one ends, and what is in its cells.

use csv_core::{ReadRecordResult, Reader};
use memchr::memchr;

/// Reads records, with quotes as RFC 4180 has them and leniently where it is silent.
pub struct Records {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    pub fn new() -> Self {
        Self {
            reader: Reader::new(),
            text: vec![0; 1024],
            ends: vec![0; 64],
        }
    }

    /// Takes in one line after the other; true when the record that they make is complete.
    pub fn ends_with(&mut self, line: &[u8], is_first: bool) -> bool {
        if is_first {
            if memchr(b'"', line).is_none() {
                return true;
            }
            self.reader.reset();
        }
        let mut rest = line;
        while !rest.is_empty() {
            let (state, read, ..) = self
                .reader
                .read_record(rest, &mut self.text, &mut self.ends);
            rest = &rest[read..];
            if state == ReadRecordResult::Record {
                return true;
            }
        }
        false
    }

    /// The cells of a complete record, in order.
    pub fn cells<'a>(&'a mut self, record: &'a [u8]) -> Cells<'a> {
        if memchr(b'"', record).is_none() {
            return Cells::Plain(record);
        }
        self.reader.reset();
        let (mut rest, mut text_to, mut count) = (record, 0, 0);
        loop {
            let (state, read, wrote, ended) =
                self.reader
                    .read_record(rest, &mut self.text[text_to..], &mut self.ends[count..]);
            rest = &rest[read..];
            text_to += wrote;
            count += ended;
            match state {
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                // An empty input says that the file ends here, and with it the record.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        Cells::Quoted(&self.text, &self.ends[..count])
    }
}

/// The cells of one record.
pub enum Cells<'a> {
    /// No quote in it: commas part the cells.
    Plain(&'a [u8]),
    /// Unquoted text, and where each cell of it ends.
    Quoted(&'a [u8], &'a [usize]),
}

impl Cells<'_> {
    /// How many.
    pub fn count(&self) -> usize {
        match self {
            Self::Plain(record) => memchr::memchr_iter(b',', record).count() + 1,
            Self::Quoted(_, ends) => ends.len(),
        }
    }

    /// One of them; `None` behind the last.
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        match self {
            Self::Plain(record) => record.split(|byte| *byte == b',').nth(at),
            Self::Quoted(text, ends) => {
                let from = at.checked_sub(1).map_or(0, |before| ends[before]);
                ends.get(at).map(|to| &text[from..*to])
            }
        }
    }

    /// Calls `each` with every cell, in order.
    pub fn for_each(&self, mut each: impl FnMut(usize, &[u8])) {
        match self {
            Self::Plain(record) => {
                for (at, cell) in record.split(|byte| *byte == b',').enumerate() {
                    each(at, cell);
                }
            }
            Self::Quoted(text, ends) => {
                let mut from = 0;
                for (at, to) in ends.iter().enumerate() {
                    each(at, &text[from..*to]);
                    from = *to;
                }
            }
        }
    }
}

/// Appends a cell, quoted where it must be.
pub fn write_cell(to: &mut Vec<u8>, cell: &str) {
    if memchr::memchr3(b',', b'"', b'\n', cell.as_bytes()).is_none() && !cell.contains('\r') {
        to.extend_from_slice(cell.as_bytes());
        return;
    }
    to.push(b'"');
    to.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
    to.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(record: &[u8]) -> Vec<String> {
        let mut got = Vec::new();
        Records::new()
            .cells(record)
            .for_each(|_, cell| got.push(String::from_utf8_lossy(cell).into_owned()));
        got
    }

    #[test]
    fn quotes_hold_commas_quotes_and_line_ends() {
        for (record, want) in [
            ("a,b,c", vec!["a", "b", "c"]),
            ("a,,", vec!["a", "", ""]),
            (r#"a,"b,c",d"#, vec!["a", "b,c", "d"]),
            (r#""say ""hi""",x"#, vec![r#"say "hi""#, "x"]),
            ("\"two\nlines\",x", vec!["two\nlines", "x"]),
            (r#"5" pipe,x"#, vec![r#"5" pipe"#, "x"]),
        ] {
            assert_eq!(cells(record.as_bytes()), want, "{record}");
        }
    }

    #[test]
    fn a_record_goes_on_while_a_quote_is_open() {
        let mut records = Records::new();
        assert!(records.ends_with(b"a,b\n", true));
        assert!(!records.ends_with(b"a,\"b\n", true));
        assert!(!records.ends_with(b"more, and \"\"more\"\"\n", false));
        assert!(records.ends_with(b"end\",c\n", false));
        assert!(records.ends_with(b"5\" pipe,c\n", true));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn what_is_written_reads_the_same(row in prop::collection::vec("[a,\"\\n\\r é]{0,6}", 2..200)) {
            let mut line = Vec::new();
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    line.push(b',');
                }
                write_cell(&mut line, cell);
            }
            prop_assert_eq!(cells(&line), row);
        }
    }
}
