//! Names as people write them, of libraries and in lists.

/// The names in a list with commas; those within `<…>` are part of a name.
///
/// ```
/// use longwire_modules::listed;
///
/// let names: Vec<String> = listed("vector,std::map<int, int>").collect();
/// assert_eq!(names, ["vector", "std::map<int, int>"]);
/// ```
pub fn listed(value: &str) -> impl Iterator<Item = String> {
    let mut depth = 0_usize;
    let parts = value.split(move |letter| {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::to_owned)
}

/// A library's name without what C++ puts around it: `std::vector<int>` and `<vector>` are `vector`.
pub(super) fn plain_lib(lib: &str) -> String {
    let lib = lib.trim();
    let header = lib.strip_prefix('<').and_then(|lib| lib.strip_suffix('>'));
    let mut depth = 0_usize;
    let mut plain = String::with_capacity(lib.len());
    for letter in header.unwrap_or(lib).chars() {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 || letter.is_control() || letter.is_whitespace() => {}
            _ => plain.push(letter),
        }
    }
    let plain = plain.strip_prefix("::").unwrap_or(&plain);
    match plain.strip_prefix("std::") {
        Some("") | None => plain.to_owned(),
        Some(rest) => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_named_as_one_likes() {
        let rows = [
            ("vector", "vector"),
            ("std::vector", "vector"),
            ("::std::vector<std::pair<int, int>>", "vector"),
            ("<vector>", "vector"),
            (" std::vector<int>::iterator ", "vector::iterator"),
            ("chrono::duration", "chrono::duration"),
            ("std", "std"),
            ("", ""),
            ("<>", ""),
        ];
        for (got, expected) in rows {
            assert_eq!(plain_lib(got), expected, "{got}");
        }
    }
}
