//! The cells of one record, laid out by the columns of the merged table.

/// A record. Kept and filled again, so that reading one allocates nothing.
#[derive(Default)]
pub struct Row {
    text: String,
    cells: Vec<Option<Place>>,
}

#[derive(Clone, Copy)]
struct Place {
    from: usize,
    to: usize,
    /// Where the JSON of it ends, which follows the text; at `to` where the source was no JSON.
    json_to: usize,
}

/// A cell of a record.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// What it says.
    pub text: &'a str,
    /// Its JSON, where it came as JSON.
    pub json: Option<&'a str>,
}

impl Row {
    /// Empties it for a table of so many columns.
    pub fn clear(&mut self, columns: usize) {
        self.text.clear();
        self.cells.clear();
        self.cells.resize(columns, None);
    }

    /// Sets a cell.
    pub fn set(&mut self, column: usize, text: &str, json: Option<&str>) {
        let from = self.text.len();
        self.text.push_str(text);
        let to = self.text.len();
        self.text.push_str(json.unwrap_or_default());
        self.cells[column] = Some(Place {
            from,
            to,
            json_to: self.text.len(),
        });
    }

    /// A cell; `None` where the source says nothing of it.
    pub fn get(&self, column: usize) -> Option<Cell<'_>> {
        let Place { from, to, json_to } = self.cells[column]?;
        Some(Cell {
            text: &self.text[from..to],
            json: (json_to > to).then(|| &self.text[to..json_to]),
        })
    }
}
