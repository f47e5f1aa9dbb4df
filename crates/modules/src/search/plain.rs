//! A text without what is no name in it.

use crate::{catalogue::split_name, fold};

/// The text with single spaces, without what is called with (`(…`) or made of (`<…>`).
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let text = without_arguments(&words.join(" ")).to_owned();
    without_parameters(&text).trim().to_owned()
}

/// Without a trailing `(…`, which is a call, unless it is the call operator.
fn without_arguments(text: &str) -> &str {
    let Some(at) = text.find('(') else {
        return text;
    };
    let before = text[..at].trim_end();
    let call = split_name(before, "::").1.eq_ignore_ascii_case("operator")
        || before.is_empty()
        || before.ends_with("::");
    match text[at + 1..].trim_start().strip_prefix(')') {
        Some(rest) if call => &text[..text.len() - rest.len()],
        None if call => text,
        _ => before,
    }
}

/// Without `<int>` in `vector<int>::push`; `operator<` and `a < b` keep theirs.
fn without_parameters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        let opens = letter == '<' && (depth > 0 || opens_parameters(text, at));
        if opens {
            depth += 1;
        } else if letter == '>' && depth > 0 {
            depth -= 1;
        } else if depth == 0 {
            plain.push(letter);
        }
    }
    plain
}

fn opens_parameters(text: &str, at: usize) -> bool {
    let name = |byte: &u8| fold::is_word(*byte);
    let before = text[..at].to_ascii_lowercase();
    let after = text.as_bytes().get(at + 1);
    before.as_bytes().last().is_some_and(name)
        && !before.ends_with("operator")
        && after.is_none_or(|byte| fold::is_word(*byte) || matches!(byte, b'>' | b':' | b'('))
}
