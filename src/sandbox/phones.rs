//! Phone numbers: made up, and read as GHL reads them.

use super::people::{COUNTRIES, Country};

impl Country {
    /// The `n`-th phone number of the country in E.164. Numbers repeat only after the whole range.
    pub fn phone(&self, n: u32) -> String {
        let (prefixes, digits) = self.mobile;
        let prefix = prefixes[n as usize % prefixes.len()];
        let range = 10_u64.pow(digits);
        // coprime to powers of ten, so that each number comes once
        let tail = (u64::from(n) / prefixes.len() as u64 * 7_919 + 137) % range;
        format!(
            "+{}{prefix}{tail:0width$}",
            self.calling,
            width = digits as usize
        )
    }

    /// Whether a number in E.164 is of this country, as far as its calling code tells.
    pub fn owns(&self, e164: &str) -> bool {
        e164.strip_prefix('+')
            .is_some_and(|digits| digits.starts_with(self.calling))
    }

    /// The same number as people write it, with spaces.
    pub fn spaced(&self, e164: &str) -> String {
        let tail = &e164[1 + self.calling.len()..];
        let (a, b) = tail.split_at(tail.len() / 2);
        format!("+{} {a} {b}", self.calling)
    }
}

/// A phone number in E.164, with a country's calling code where none is given. `None` for what is no number.
///
/// It is the short form of what a phone library does: enough for the numbers that clients of the sandbox send.
pub fn e164(given: &str, country: &str) -> Option<String> {
    let given = given.trim();
    let digits: String = given.chars().filter(char::is_ascii_digit).collect();
    let is_international = given.starts_with('+') || given.starts_with("00");
    let whole = if is_international {
        digits.trim_start_matches('0').to_owned()
    } else {
        let calling = COUNTRIES
            .iter()
            .find(|c| c.code == country)
            .map_or("1", |c| c.calling);
        if calling == "1" && digits.len() == 11 && digits.starts_with('1') {
            digits
        } else {
            format!("{calling}{}", digits.strip_prefix('0').unwrap_or(&digits))
        }
    };
    (7..=15).contains(&whole.len()).then(|| format!("+{whole}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlibphonenumber::PHONE_NUMBER_UTIL;
    use std::collections::BTreeSet;

    #[test]
    fn every_made_up_number_is_valid_where_it_belongs_and_comes_once() {
        for country in &COUNTRIES {
            let numbers: BTreeSet<String> = (0..400).map(|n| country.phone(n)).collect();
            assert_eq!(numbers.len(), 400, "{}", country.code);
            for number in &numbers {
                for text in [number.clone(), country.spaced(number)] {
                    let parsed = PHONE_NUMBER_UTIL
                        .parse(&text, None)
                        .unwrap_or_else(|e| panic!("{text}: {e:?}"));
                    assert!(
                        PHONE_NUMBER_UTIL.is_valid_number(&parsed),
                        "{} {text}",
                        country.code
                    );
                }
            }
        }
    }

    #[test]
    fn a_number_without_a_country_gets_that_of_its_contact() {
        for (given, country, want) in [
            ("+1 888-888-8888", "DE", Some("+18888888888")),
            ("(202) 555-0143", "US", Some("+12025550143")),
            ("1 202 555 0143", "US", Some("+12025550143")),
            ("020 7946 0018", "GB", Some("+442079460018")),
            ("0049 151 2000000", "US", Some("+491512000000")),
            ("call me", "US", None),
            ("", "US", None),
        ] {
            assert_eq!(e164(given, country).as_deref(), want, "{given}");
        }
    }
}
