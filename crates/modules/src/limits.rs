//! How much is taken from whoever writes a catalogue.

/// How much a file may hold before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file, after what is compressed in it was unpacked. Formats that are one JSON document (rustdoc,
    /// TypeDoc) may need some times as much memory while they are read.
    pub file_bytes: u64,
    /// Bytes of one line, in formats that are made of lines.
    pub line_bytes: usize,
    /// Symbols: overload sets. 16,777,216 is the most that a catalogue can number, whatever is given here.
    pub symbols: usize,
    /// Bytes of all different texts together: names, signatures, addresses.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 512 << 20,
            line_bytes: 1 << 20,
            symbols: 2_000_000,
            text_bytes: 512 << 20,
        }
    }
}
