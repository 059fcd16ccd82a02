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

/// The number, if the text is one beyond doubt. A number that no plan has assigned counts when its country was
/// typed; without that only in North America, where every number has ten digits. Elsewhere a short local number
/// would get a country code that it never had.
fn read(country: &str, text: &str) -> Option<PhoneNumber> {
    let region = Region::from_code(country).ok();
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
    let is_explicit = text.starts_with('+') || number.country_code == 1;
    let is_number = PHONE_NUMBER_UTIL.is_valid_number(&number)
        || (is_explicit
            && PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number)
                == Ok(NumberLengthType::IsPossible));
    is_number.then_some(number)
}
