//! Server-sent events, as lines of output: of each event its data (HTML, 9.2.6).

/// Bytes of a field's name that are looked at: `data` and one more, which tells it from what only begins so.
const NAME_BYTES: usize = 5;

/// Reads a stream of events, wherever its bytes were cut. It holds no line, so there is no bound for one.
#[derive(Debug, Default)]
pub(super) struct Events {
    place: Place,
    name: Vec<u8>,
    after_return: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// In the name of a field, or at the beginning of a line.
    #[default]
    Name,
    /// After the colon of `data`: one blank is left out.
    Blank,
    Data,
    /// In what is left out.
    Other,
}

impl Events {
    /// The data in these bytes, each line of it with its end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let ends_return = *byte == b'\n' && self.after_return;
            self.after_return = *byte == b'\r';
            if ends_return {
                continue;
            }
            match byte {
                b'\r' | b'\n' => self.end_line(&mut data),
                byte => self.place = self.next(*byte, &mut data),
            }
        }
        data
    }

    fn next(&mut self, byte: u8, data: &mut Vec<u8>) -> Place {
        match (self.place, byte) {
            (Place::Name, b':') if self.is_data() => Place::Blank,
            (Place::Name, b':') | (Place::Other, _) => Place::Other,
            (Place::Name, byte) => {
                self.skip_byte_order_mark(byte);
                Place::Name
            }
            (Place::Blank, b' ') => Place::Data,
            (Place::Blank | Place::Data, byte) => {
                data.push(byte);
                Place::Data
            }
        }
    }

    /// Adds to the name of the field. A byte order mark is left out wherever a line begins; by right only the first may have one.
    fn skip_byte_order_mark(&mut self, byte: u8) {
        if self.name.len() < NAME_BYTES {
            self.name.push(byte);
        }
        if self.name == "\u{feff}".as_bytes() {
            self.name.clear();
        }
    }

    fn is_data(&self) -> bool {
        self.name == b"data"
    }

    fn end_line(&mut self, data: &mut Vec<u8>) {
        // A field without a colon has no value; of `data` that is an empty line.
        let bare = self.place == Place::Name && self.is_data();
        if bare || matches!(self.place, Place::Blank | Place::Data) {
            data.push(b'\n');
        }
        self.place = Place::Name;
        self.name.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_events_the_data_is_output_however_they_were_cut() {
        for (stream, data) in [
            ("data: one\n\n", "one\n"),
            ("data:one\n\ndata:  two\n\n", "one\n two\n"),
            ("data: one\ndata: more\n\n", "one\nmore\n"),
            (
                "data: one\r\n\r\ndata: two\r\rdata: three\n\n",
                "one\ntwo\nthree\n",
            ),
            ("event: tick\nid: 7\nretry: 5\ndata: x\n\n", "x\n"),
            (": a comment\n\n:\n", ""),
            ("data\n\ndata:\n\n", "\n\n"),
            ("dat: x\ndatas: x\nDATA: x\n data: x\n", ""),
            ("\u{feff}data: ä\n\n", "ä\n"),
            ("data: a:b\n", "a:b\n"),
            ("data: not ended", "not ended"),
            ("", ""),
        ] {
            for at_once in [1, 2, 3, 100] {
                let mut events = Events::default();
                let pieces = stream.as_bytes().chunks(at_once);
                let got: Vec<u8> = pieces.flat_map(|piece| events.push(piece)).collect();
                let got = String::from_utf8(got).unwrap();
                assert_eq!(got, data, "{stream:?} by {at_once}");
            }
        }
    }
}
