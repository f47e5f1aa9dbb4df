//! A string of JSON, as serde writes it, in a fraction of the time: what a job prints is one, and there may be gigabytes of it.

/// Bytes of a long string that are looked at together.
const BLOCK: usize = 32;

/// Bytes that a string may well take: of what is printed, a line has an end that is escaped, and few are shorter than 16 bytes.
pub(crate) const fn likely_bytes(string: &str) -> usize {
    string.len() + string.len() / 16
}

/// Adds what stands between the quotes.
pub(crate) fn push(mut rest: &str, to: &mut String) {
    loop {
        let (plain, from_special) = rest.split_at(plain_bytes(rest.as_bytes()));
        to.push_str(plain);
        let Some(special) = from_special.bytes().next() else {
            return;
        };
        push_escaped(special, to);
        rest = &from_special[1..];
    }
}

fn push_escaped(byte: u8, to: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'\n' => "\\n",
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\t' => "\\t",
        b'\r' => "\\r",
        0x08 => "\\b",
        0x0c => "\\f",
        _ => {
            to.push_str("\\u00");
            to.push(char::from(HEX[usize::from(byte >> 4)]));
            return to.push(char::from(HEX[usize::from(byte & 15)]));
        }
    };
    to.push_str(short);
}

/// How many bytes there are before one that has to be escaped. Where that is, there is a whole character.
fn plain_bytes(bytes: &[u8]) -> usize {
    let mut plain = 0;
    for block in bytes.chunks_exact(BLOCK) {
        // Without a branch, so that all of them are looked at at once.
        if block
            .iter()
            .fold(false, |any, byte| any | is_special(*byte))
        {
            break;
        }
        plain += BLOCK;
    }
    let rest = &bytes[plain..];
    plain + first_special(rest).unwrap_or(rest.len())
}

/// Where the first byte is that does not stand for itself in a string.
pub(crate) fn first_special(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let special = specials(u64::from_le_bytes(*word));
        if special != 0 {
            return Some(bytes.len() - rest.len() + special.trailing_zeros() as usize / 8);
        }
        rest = after;
    }
    let last = rest.iter().position(|byte| is_special(*byte))?;
    Some(bytes.len() - rest.len() + last)
}

/// Eight bytes as a word, in which the highest bit of a byte is set where that is special. Beyond the first that is, others may be set, too.
const fn specials(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHEST: u64 = ONES << 7;
    const fn below(word: u64, byte: u8) -> u64 {
        word.wrapping_sub(ONES * byte as u64) & !word
    }
    const fn is(word: u64, byte: u8) -> u64 {
        below(word ^ (ONES * byte as u64), 1)
    }
    HIGHEST & (below(word, b' ') | is(word, b'"') | is(word, b'\\'))
}

const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn same(string: &str) {
        let mut text = "\"".to_owned();
        super::push(string, &mut text);
        text.push('"');
        assert_eq!(text, serde_json::to_string(string).unwrap());
    }

    proptest! {
        #[test]
        fn the_first_special_byte_is_found(
            bytes in prop::collection::vec(prop::sample::select(&b"a!#[]\x20\x7f\x80\xa0\xff\"\\\x1f\0"[..]), 0..30),
            plain in 0..30_usize,
        ) {
            let bytes = [vec![b'a'; plain], bytes].concat();
            let is_special = |byte: &u8| *byte < 0x20 || b"\"\\".contains(byte);
            prop_assert_eq!(super::first_special(&bytes), bytes.iter().position(is_special));
        }

        #[test]
        fn a_string_is_written_as_serde_writes_it(text in "([ -~]{0,40}|\\PC|[\0-\x7f]){0,40}") {
            same(&text);
        }
    }

    #[test]
    fn so_is_each_character() {
        let all: String = ('\0'..='\u{100}').collect();
        same(&all);
        same("");
        ('\0'..='\u{100}').for_each(|one| same(&one.to_string()));
    }
}
