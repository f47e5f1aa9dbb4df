//! The bytes of a stream, cut into what rules can read.

/// Bytes of a line that is looked at, at most. Bars are far shorter; what is longer is data.
const LINE_BYTES: usize = 4 * 1024;
/// Bytes of an order to the terminal that is looked at, at most.
const OSC_BYTES: usize = 64;

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A line, or what a carriage return took back, without its colours.
    Line(&'a str),
    /// An order to the terminal (operating system command), without its ends.
    Osc(&'a str),
}

/// Cuts a stream, wherever its bytes were cut before.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    line: Vec<u8>,
    line_is_too_long: bool,
    osc: Vec<u8>,
    place: Place,
}

/// Where in a stream the next byte stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    /// After an escape.
    Escape,
    /// Within a control sequence: a colour, a movement.
    Csi,
    Osc,
    /// After an escape within an order, which may be half of its end.
    OscEscape,
}

impl Pieces {
    /// Takes what came, and gives out each piece that is whole now.
    pub(super) fn push(&mut self, bytes: &[u8], mut give: impl FnMut(Piece<'_>)) {
        for byte in bytes {
            self.place = self.next(*byte, &mut give);
        }
    }

    /// Gives out the line that has not ended, as far as it came. It stays, as more of it may come.
    pub(super) fn so_far(&self, mut give: impl FnMut(Piece<'_>)) {
        self.give_line(&mut give);
    }

    fn next(&mut self, byte: u8, give: &mut impl FnMut(Piece<'_>)) -> Place {
        match (self.place, byte) {
            // Nothing goes over the end of a line: an order that never ends would swallow the rest.
            (_, b'\r' | b'\n') => self.end_line(give),
            (Place::Osc, 0x07) | (Place::OscEscape, b'\\') => self.end_osc(give),
            (Place::Osc, 0x1b) => Place::OscEscape,
            (Place::Osc, byte) => {
                // One byte over the limit tells that it was too long.
                if self.osc.len() <= OSC_BYTES {
                    self.osc.push(byte);
                }
                Place::Osc
            }
            (_, 0x1b) => Place::Escape,
            (Place::Escape | Place::OscEscape, b'[') => Place::Csi,
            (Place::Escape | Place::OscEscape, b']') => {
                self.osc.clear();
                Place::Osc
            }
            (Place::Escape | Place::OscEscape, 0x20..=0x2f) => Place::Escape,
            (Place::Csi, 0x20..=0x3f) => Place::Csi,
            (Place::Escape | Place::OscEscape | Place::Csi, _) => Place::Text,
            (Place::Text, byte) => self.text(byte),
        }
    }

    fn text(&mut self, byte: u8) -> Place {
        if self.line.len() < LINE_BYTES {
            self.line.push(byte);
        } else {
            self.line_is_too_long = true;
        }
        Place::Text
    }

    fn end_line(&mut self, give: &mut impl FnMut(Piece<'_>)) -> Place {
        self.give_line(give);
        self.line.clear();
        self.line_is_too_long = false;
        Place::Text
    }

    fn give_line(&self, give: &mut impl FnMut(Piece<'_>)) {
        if !self.line.is_empty() && !self.line_is_too_long {
            give(Piece::Line(&String::from_utf8_lossy(&self.line)));
        }
    }

    fn end_osc(&mut self, give: &mut impl FnMut(Piece<'_>)) -> Place {
        if self.osc.len() <= OSC_BYTES {
            give(Piece::Osc(&String::from_utf8_lossy(&self.osc)));
        }
        Place::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], at_once: usize) -> Vec<String> {
        let (mut pieces, mut cut) = (Pieces::default(), Vec::new());
        for some in bytes.chunks(at_once) {
            pieces.push(some, |piece| {
                cut.push(match piece {
                    Piece::Line(text) => text.to_owned(),
                    Piece::Osc(text) => format!("osc {text}"),
                });
            });
        }
        cut
    }

    #[test]
    fn lines_and_orders_are_found_wherever_the_bytes_are_cut() {
        let table: [(&[u8], &[&str]); 12] = [
            (b"a\nb\r\nc\rd", &["a", "b", "c"]),
            (b"\n\r\r\n", &[]),
            (b"\x1b[1;32mgreen\x1b[0m text\n", &["green text"]),
            (b"\x1b[?25l\x1b[2K\x1b(Bx\x1bMy\n", &["xy"]),
            (b"a\x1b]9;4;1;5\x07b\n", &["osc 9;4;1;5", "ab"]),
            (b"\x1b]9;4;1;5\x1b\\", &["osc 9;4;1;5"]),
            (b"\x1b]0;title\nx\x07\n", &["x\x07"]),
            (b"\x1b]0;ti\x1b[1mtle\n", &["tle"]),
            (
                b"\x1b]0;a\x1b]9;4;1;5\x07\n\x1b\x1b]1\x07",
                &["osc 9;4;1;5", "osc 1"],
            ),
            (b"\x1b[12\nx\n", &["x"]),
            ("äÿ\n".as_bytes(), &["äÿ"]),
            (b"\xff\n", &["\u{fffd}"]),
        ];
        for (bytes, expected) in table {
            for at_once in [1, 2, 3, 100] {
                let shown = bytes.escape_ascii();
                assert_eq!(cut(bytes, at_once), expected, "{shown} by {at_once}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_left_out_and_nothing_else() {
        let (just, over) = ("x".repeat(LINE_BYTES), "y".repeat(LINE_BYTES + 1));
        let text = format!("{just}\n{over}\n{over}{over}\rz\n");
        assert_eq!(cut(text.as_bytes(), 1000), [just.as_str(), "z"]);

        let (just, over) = ("x".repeat(OSC_BYTES), "y".repeat(OSC_BYTES + 1));
        let text = format!("\x1b]{just}\x07\x1b]{over}\x07\x1b]z\x07");
        assert_eq!(
            cut(text.as_bytes(), 50),
            [format!("osc {just}"), "osc z".to_owned()]
        );
    }
}
