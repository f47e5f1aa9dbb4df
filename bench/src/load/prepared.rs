//! Frames that are made once and sent with another number each time.

use crate::load::frames;

/// Digits of a number. It begins with none that is zero, so that it is a number in JSON, too.
const DIGITS: usize = 8;
/// The first number.
pub(crate) const FIRST: u32 = 10_000_000;
/// What stands for the number in the text that a frame is made of.
pub(crate) const NUMBER: &str = "########";

/// A text frame, masked, with places for a number.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    bytes: Vec<u8>,
    /// Where the digits are, and where that is within the payload.
    places: Vec<(usize, usize)>,
}

impl Prepared {
    /// Of a text in which [`NUMBER`] stands where the number goes.
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = Vec::new();
        frames::text(text.as_bytes(), &mut bytes);
        let head = bytes.len() - text.len();
        let places = text
            .match_indices(NUMBER)
            .map(|(at, _)| (head + at, at))
            .collect();
        Self { bytes, places }
    }

    /// Appends the frame with this number.
    pub(crate) fn write(&self, number: u32, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(&self.bytes);
        for &(at, within) in &self.places {
            let mut rest = number;
            for digit in (0..DIGITS).rev() {
                let letter = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                out[begin + at + digit] = letter ^ frames::mask_at(within + digit);
                rest /= 10;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_put_in_all_its_places() {
        let prepared = Prepared::new(r#"43########["a",{"connid":"7-########"}]"#);
        let mut expected = Vec::new();
        frames::text(br#"4312345678["a",{"connid":"7-12345678"}]"#, &mut expected);
        let mut out = b"before".to_vec();
        prepared.write(12_345_678, &mut out);
        assert_eq!(out[6..], expected);
    }
}
