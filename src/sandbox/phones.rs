//! Phone numbers: made up, and read as GHL reads them.

use super::people::{COUNTRIES, Country};

// coprime to powers of ten, so that each number comes once
const STRIDE: u64 = 7_919;
const SHIFT: u64 = 137;
/// What undoes the stride: their product ends in 0000001, and no country has more than seven digits to count.
const BACK: u64 = 17_679;

impl Country {
    /// The `n`-th phone number of the country in E.164; `None` where it has no more. No two are the same.
    pub fn phone(&self, n: u32) -> Option<String> {
        let (prefixes, digits) = self.mobile;
        let prefix = prefixes[n as usize % prefixes.len()];
        let (tail, range) = (u64::from(n) / prefixes.len() as u64, 10_u64.pow(digits));
        (tail < range).then(|| {
            let tail = (tail * STRIDE + SHIFT) % range;
            let width = digits as usize;
            format!("+{}{prefix}{tail:0width$}", self.calling)
        })
    }

    /// Which of the country's numbers this is.
    pub fn number_of(&self, e164: &str) -> Option<u32> {
        let national = e164.strip_prefix('+')?.strip_prefix(self.calling)?;
        let (prefixes, digits) = self.mobile;
        let range = 10_u64.pow(digits);
        let (at, tail) = prefixes.iter().enumerate().find_map(|(at, prefix)| {
            let tail = national.strip_prefix(prefix)?;
            (tail.len() == digits as usize).then_some((at as u64, tail))
        })?;
        let tail: u64 = tail.parse().ok()?;
        let tail = (tail + range - SHIFT) % range * BACK % range;
        u32::try_from(tail * prefixes.len() as u64 + at).ok()
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
            let numbers: BTreeSet<String> = (0..400).filter_map(|n| country.phone(n)).collect();
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
    fn a_number_tells_which_one_it_is_until_the_country_has_no_more() {
        for country in &COUNTRIES {
            let (prefixes, digits) = country.mobile;
            let end = prefixes.len() as u32 * 10_u32.pow(digits);
            for n in [0, 1, 7, 4_711, 199_999, end - 1] {
                let number = country.phone(n).unwrap();
                assert_eq!(country.number_of(&number), Some(n), "{number}");
            }
            assert_eq!(country.phone(end), None);
            for other in [
                "",
                "+",
                "+1",
                "12025550143",
                "+9999999999999",
                "+1202555x143",
            ] {
                assert_eq!(country.number_of(other), None, "{} {other}", country.code);
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
