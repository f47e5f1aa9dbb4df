//! Names as they are compared: without case, with or without separators, and word by word.
//!
//! Only ASCII is folded, so that a place in a folded name is the same place in the name.

/// Word starts are known within so many bytes of a name.
pub(crate) const WORDS_WITHIN: usize = 64;

/// The word that the name of an operator begins with.
pub(crate) const OPERATOR: &[u8] = b"operator";

/// Whether a name, folded, is that of an operator: `operator[]`, `operator bool`, but not `operator_traits`.
pub(crate) fn is_operator(folded: &[u8]) -> bool {
    let after = folded.strip_prefix(OPERATOR);
    after.is_some_and(|after| after.first().is_none_or(|byte| !is_word(*byte)))
}

/// Whether a byte can stand in an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// What joins the words of a name, and may be left out when one types. In an operator's name it means something.
fn is_separator(byte: u8, operator: bool) -> bool {
    byte == b' ' || (!operator && matches!(byte, b'_' | b'-' | b'.' | b':' | b'/' | b'#' | b'$'))
}

/// The places and bytes of a folded name that are no separators.
pub(crate) fn letters_of(folded: &[u8]) -> impl Iterator<Item = (usize, u8)> + Clone + '_ {
    let operator = is_operator(folded);
    let all = folded.iter().copied().enumerate();
    all.filter(move |(_, byte)| !is_separator(*byte, operator))
}

/// A folded name without separators.
pub(crate) fn squeeze(folded: &[u8]) -> Vec<u8> {
    letters_of(folded).map(|(_, byte)| byte).collect()
}

/// Where words start in a name without separators, one bit each. `name` has its case, `folded` is it without.
pub(crate) fn squeezed_words(name: &[u8], folded: &[u8]) -> u64 {
    let words = words(name);
    let starts = |place: usize| place < WORDS_WITHIN && words >> place & 1 == 1;
    letters_of(folded)
        .take(WORDS_WITHIN)
        .enumerate()
        .filter(|(_, (place, _))| starts(*place))
        .fold(0, |mask, (at, _)| mask | 1 << at)
}

/// The letters that a name has, one bit each; digits share one, and others a few.
pub(crate) fn letters(folded: &[u8]) -> u32 {
    letters_of(folded).fold(0, |mask, (_, byte)| mask | 1 << bit(byte))
}

fn bit(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => byte - b'a',
        b'0'..=b'9' => 26,
        _ => 27 + byte % 5,
    }
}

/// Where words start in a name, one bit each: at its begin, after a separator, at a capital.
fn words(name: &[u8]) -> u64 {
    let mut mask = 0;
    for (at, byte) in name.iter().enumerate().take(WORDS_WITHIN) {
        let before = at.checked_sub(1).map(|at| name[at]);
        let after = name.get(at + 1).copied();
        if starts_word(before, *byte, after) {
            mask |= 1 << at;
        }
    }
    mask
}

fn starts_word(before: Option<u8>, byte: u8, after: Option<u8>) -> bool {
    let Some(before) = before else { return true };
    if !is_word(byte) || byte == b'_' {
        return false;
    }
    if !is_word(before) || before == b'_' {
        return true;
    }
    // `camelCase`, and the `S` of `HTTPServer`.
    byte.is_ascii_uppercase()
        && (!before.is_ascii_uppercase() || after.is_some_and(|after| after.is_ascii_lowercase()))
}

/// The places that a mask has, rising.
pub(crate) fn places(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = mask.trailing_zeros() as usize;
        mask &= mask.checked_sub(1)?;
        Some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_start_where_a_reader_sees_them() {
        let rows: &[(&str, &[usize])] = &[
            ("push_back", &[0, 5]),
            ("camelCase", &[0, 5]),
            ("HTTPServer", &[0, 4]),
            ("INT_MAX", &[0, 4]),
            ("operator new[]", &[0, 9]),
            ("_Exit", &[0, 1]),
            ("~vector", &[0, 1]),
            ("utf8_to_16", &[0, 5, 8]),
            ("", &[]),
        ];
        for (name, expected) in rows {
            let found: Vec<usize> = places(words(name.as_bytes())).collect();
            assert_eq!(&found, expected, "{name}");
        }
    }

    #[test]
    fn operators_keep_their_signs() {
        let rows = [
            ("push_back", "pushback"),
            ("operator->", "operator->"),
            ("operator new", "operatornew"),
            ("operator_traits", "operatortraits"),
            ("a.b-c", "abc"),
        ];
        for (name, expected) in rows {
            assert_eq!(squeeze(name.as_bytes()), expected.as_bytes(), "{name}");
        }
    }
}
