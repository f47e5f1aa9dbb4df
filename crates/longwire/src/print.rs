//! Printing.

use std::io::{self, Write};

use serde::Serialize;

/// A line for stdout.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// Bytes for stdout as they are.
pub(crate) fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// A frame for stdout, as one line of JSON.
pub(crate) fn json<T: Serialize>(frame: &T) -> io::Result<()> {
    line(&serde_json::to_string(frame)?)
}

/// A line for people beside the output. Where they do not look, there is nothing to be done.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A server's text for a terminal: on one line, and without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let is_obeyed = |c: char| c.is_control() || turns(c);
    text.chars()
        .map(|c| if is_obeyed(c) { ' ' } else { c })
        .collect()
}

/// Whether a letter breaks a line, or has what comes after it shown in another order or not at all.
const fn turns(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.:@%+=,/".contains(c);
    if !word.is_empty() && word.chars().all(is_safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for (word, quoted_word) in [
            ("42", "42"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("größe", "'größe'"),
        ] {
            assert_eq!(quoted(word), quoted_word);
        }
    }

    #[test]
    fn a_terminal_is_told_nothing_by_a_server() {
        assert_eq!(plain("a\x1b[2Jb\nc"), "a [2Jb c");
        assert_eq!(plain("a\u{202e}b\u{2066}c\u{2028}"), "a b c ");
        assert_eq!(plain("größe 👩\u{200d}💻 שלום"), "größe 👩\u{200d}💻 שלום");
    }
}
