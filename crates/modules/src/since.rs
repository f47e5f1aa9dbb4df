//! Standards and versions as what can be compared.

/// A standard or a version as a number that rises with it. Only those of one catalogue compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Age(u64);

/// The standards of C++ and of C, as they are asked for.
pub(crate) const STANDARDS: [&str; 14] = [
    "C++98", "C++03", "C++11", "C++14", "C++17", "C++20", "C++23", "C++26", "C89", "C95", "C99",
    "C11", "C17", "C23",
];

/// Letters of standards that are still being made, and the year each became.
const DRAFTS: [(&str, u64); 7] = [
    ("0x", 2011),
    ("1y", 2014),
    ("1z", 2017),
    ("2a", 2020),
    ("2b", 2023),
    ("2c", 2026),
    ("2d", 2029),
];

/// Reads `C++17`, `cpp17`, `c99` as years.
pub(crate) fn year(text: &str) -> Option<Age> {
    let text = text.trim().to_ascii_lowercase();
    let rest = ["c++", "cpp", "c"]
        .iter()
        .find_map(|word| text.strip_prefix(word))?;
    bare_year(rest)
}

/// Reads `17`, `2017`, `1z`.
fn bare_year(text: &str) -> Option<Age> {
    if let Some((_, year)) = DRAFTS.iter().find(|(word, _)| *word == text) {
        return Some(Age(*year));
    }
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (text.len(), text.parse::<u64>().ok()?) {
        (2, short @ 70..) => Some(Age(1900 + short)),
        (2, short) => Some(Age(2000 + short)),
        (4, long @ 1970..2070) => Some(Age(long)),
        _ => None,
    }
}

/// Reads the first run of numbers and dots: `3.2.1`, `v8`, `Since 1.8`.
fn version(text: &str) -> Option<Age> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let run = text[from..]
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()?;
    let mut parts = run.split('.').map(|part| part.parse::<u16>().unwrap_or(0));
    Some(Age((0..4).fold(0, |age, _| {
        (age << 16) | u64::from(parts.next().unwrap_or(0))
    })))
}

/// Reads what a symbol says of its age.
pub(crate) fn read(text: &str) -> Option<Age> {
    year(text).or_else(|| version(text))
}

/// Reads what a question says, for a catalogue whose ages are years of standards, or versions. In a year without a
/// standard whoever asks errs: `C++21` is as little as `C++19`.
pub(crate) fn asked(text: &str, years: bool) -> Option<Age> {
    if !years {
        return read(text);
    }
    let text = text.trim().to_ascii_lowercase();
    let drafts = DRAFTS.iter().map(|(_, year)| Age(*year));
    let known = STANDARDS.iter().filter_map(|standard| year(standard));
    let age = year(&text).or_else(|| bare_year(&text))?;
    drafts.chain(known).any(|known| known == age).then_some(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standards_and_versions_stand_in_their_order() {
        let rows: &[&[&str]] = &[
            &[
                "C++98", "c++03", "C++0x", "C++14", "cpp17", "C++20", "c++2b", "C++2c",
            ],
            &["C89", "C99", "C11"],
            &["1.2", "1.8.0", "v1.10", "since 2", "2.0.1"],
        ];
        for row in rows {
            assert!(row.is_sorted_by_key(|text| read(text)), "{row:?}");
            assert!(row.iter().all(|text| read(text).is_some()), "{row:?}");
        }
    }

    #[test]
    fn a_bare_number_is_a_year_where_the_catalogue_has_years() {
        assert_eq!(asked("17", true), year("C++17"));
        assert_eq!(asked(" 1998 ", true), year("C++98"));
        assert_eq!(asked("c++2d", true), Some(Age(2029)));
        for wrong in [
            "C++170", "", "C++", "new", "5", "99999", "C++21", "C++19", "21", "2019", "C12",
        ] {
            assert_eq!(asked(wrong, true), None, "{wrong}");
        }
    }
}
