//! Phone numbers in canonical form.

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region,
};

/// E.164, with ` ext. 12` where there is an extension; `country` (alpha-2) is that of numbers without a code.
/// What cannot be read as a number keeps its digits, and what is more than digits stays as typed.
///
/// The first call reads tables for some milliseconds: never on the interface's thread.
pub(super) fn canonical(country: &str, text: &str) -> String {
    if let Some(number) = read(country, text) {
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        let extension = number.extension();
        return if extension.is_empty() {
            e164.into_owned()
        } else {
            format!("{e164} ext. {extension}")
        };
    }
    let is_digits = |c: char| c.is_ascii_digit() || " +()-./\u{a0}".contains(c);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || !text.chars().all(is_digits) {
        return text.to_owned();
    }
    let plus = if text.starts_with('+') { "+" } else { "" };
    format!("{plus}{digits}")
}

/// The number, if the text is one beyond doubt. A number that no plan has assigned counts when its country or the
/// trunk prefix (`0`) was typed; without either only in North America, where every number has ten digits. Elsewhere
/// a short local number would get a country code that it never had.
fn read(country: &str, text: &str) -> Option<PhoneNumber> {
    let region = Region::from_code(country).ok();
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
    let is_explicit = text.starts_with('+') || number.country_code == 1 || {
        let has_trunk = text.trim_start_matches(['(', ' ']).starts_with('0');
        has_trunk && number.national_number >= 1_000_000
    };
    let is_number = PHONE_NUMBER_UTIL.is_valid_number(&number)
        || (is_explicit
            && PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number)
                == Ok(NumberLengthType::IsPossible));
    is_number.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_spelling_become_one() {
        for (country, typed, want) in [
            ("US", "(415) 555-0132", "+14155550132"),
            ("US", "+1 415.555.0132", "+14155550132"),
            ("US", "1-415-555-0132", "+14155550132"),
            ("US", "(555) 123-4567", "+15551234567"),
            ("US", "415-555-0132 x12", "+14155550132 ext. 12"),
            ("US", "+14155550132 ext. 12", "+14155550132 ext. 12"),
            ("US", "tel:+1-415-555-0132;ext=12", "+14155550132 ext. 12"),
            ("US", "+44 20 7946 0958", "+442079460958"),
            ("GB", "020 7946 0958", "+442079460958"),
            ("GB", "+44 (0)20 7946 0958", "+442079460958"),
            ("GB", "07700 900123", "+447700900123"),
            ("FR", "+33 1 23 45 67 89", "+33123456789"),
            ("FR", "01 23 45 67 89", "+33123456789"),
            ("US", "+33 1 23 45 67 89", "+33123456789"),
            ("DE", "030 901820", "+4930901820"),
            ("DE", "+49 30 901820", "+4930901820"),
            ("JP", "03-1234-5678", "+81312345678"),
            ("JP", "+81 3 1234 5678", "+81312345678"),
            // no number beyond doubt: digits, or as typed
            ("US", "555-1234", "5551234"),
            ("US", "12", "12"),
            ("DE", "12 34", "1234"),
            ("", "030 901820", "030901820"),
            ("", "+49 30 901820", "+4930901820"),
            ("US", "+999 12", "+99912"),
            ("US", "ask Bob, 12", "ask Bob, 12"),
            ("US", "none", "none"),
        ] {
            let got = canonical(country, typed);
            assert_eq!(got, want, "{country} {typed}");
            assert_eq!(canonical(country, &got), want, "{country} {got}, again");
        }
    }
}
