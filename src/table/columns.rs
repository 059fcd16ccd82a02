//! The columns of the merged table, and how their values are compared.

use std::collections::HashMap;

use super::TableError;

/// How the values of a column are compared. What is written is always as one side spelt it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ColumnType {
    /// As written, but for Unicode form, line ends and white space around.
    #[default]
    Text,
    /// Without regard to case.
    Email,
    /// As a number; with the country (alpha-2) of numbers that have no code.
    Phone(String),
    /// Words parted by `;`, or a JSON array of strings; merged word by word.
    Set,
}

/// Reads `phone=phone:US,tags=set`.
pub fn parse_types(text: &str) -> Result<Vec<(String, ColumnType)>, TableError> {
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(parse_type)
        .collect()
}

fn parse_type(part: &str) -> Result<(String, ColumnType), TableError> {
    let bad = || TableError::BadType(part.trim().to_owned());
    let (column, name) = part.trim().split_once('=').ok_or_else(bad)?;
    let (name, country) = name.split_once(':').unwrap_or((name, ""));
    let ty = match name {
        "text" => ColumnType::Text,
        "email" => ColumnType::Email,
        "set" => ColumnType::Set,
        "phone" => ColumnType::Phone(country.to_ascii_uppercase()),
        _ => return Err(bad()),
    };
    let takes_country = matches!(ty, ColumnType::Phone(_));
    let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
    if column.is_empty() || !(country.is_empty() || takes_country && is_country) {
        return Err(bad());
    }
    Ok((column.to_owned(), ty))
}

/// All columns of three tables: the base's in its order, then what else GHL has, then Growbots.
pub struct Columns {
    /// Their names.
    pub names: Vec<String>,
    /// Their types.
    pub types: Vec<ColumnType>,
    places: HashMap<String, usize>,
}

impl Columns {
    /// Those of three tables, with the types that were given.
    pub fn new<'a>(
        tables: impl IntoIterator<Item = &'a [String]>,
        types: &[(String, ColumnType)],
    ) -> Result<Self, TableError> {
        let mut columns = Self {
            names: Vec::new(),
            types: Vec::new(),
            places: HashMap::new(),
        };
        for name in tables.into_iter().flatten() {
            if !columns.places.contains_key(name) {
                columns.places.insert(name.clone(), columns.names.len());
                columns.names.push(name.clone());
            }
        }
        columns.types.resize(columns.names.len(), ColumnType::Text);
        for (name, ty) in types {
            let place = columns
                .place(name)
                .ok_or_else(|| TableError::UnknownColumn(name.clone()))?;
            columns.types[place] = ty.clone();
        }
        Ok(columns)
    }

    /// Where a column stands.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_bad_ones_are_named() {
        let types = parse_types("p=phone:us, mail=email,tags=set,q=phone,n=text").unwrap();
        let want = [
            ("p", ColumnType::Phone("US".into())),
            ("mail", ColumnType::Email),
            ("tags", ColumnType::Set),
            ("q", ColumnType::Phone(String::new())),
            ("n", ColumnType::Text),
        ];
        assert_eq!(types, want.map(|(name, ty)| (name.to_owned(), ty)));
        for bad in ["p", "p=", "p=fone", "=set", "t=set:US", "p=phone:USA"] {
            let error = parse_types(bad).unwrap_err();
            assert!(error.to_string().contains(bad), "{error}");
        }
    }
}
