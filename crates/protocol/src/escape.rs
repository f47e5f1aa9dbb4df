//! A string of JSON, as serde writes it, in a fraction of the time: what a job prints is one, and there may be gigabytes of it.

/// Bytes that are looked at together: of long strings, and of what is left of them, which for a name is all of it.
const BLOCK: usize = 32;
const SMALL_BLOCK: usize = 8;

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
    let mut plain = plain_blocks::<BLOCK>(bytes);
    plain += plain_blocks::<SMALL_BLOCK>(&bytes[plain..]);
    let rest = &bytes[plain..];
    let special = rest.iter().position(|byte| is_special(*byte));
    plain + special.unwrap_or(rest.len())
}

/// The bytes of whole blocks before the first with one that has to be escaped.
fn plain_blocks<const BYTES: usize>(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<BYTES>();
    // Without a branch, so that all of them are looked at at once.
    let is_plain = |block: &[u8; BYTES]| {
        !block
            .iter()
            .fold(false, |any, byte| any | is_special(*byte))
    };
    let plain = blocks.iter().position(|block| !is_plain(block));
    plain.unwrap_or(blocks.len()) * BYTES
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
