//! How much is taken from whoever writes a catalogue.

/// How much a file may hold before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file, after what is compressed in it was unpacked.
    pub file_bytes: u64,
    /// Bytes of one line or, in formats that are one document, of one of its pieces: a text, an item. While it is read, a
    /// piece may need a hundred times as much memory.
    pub line_bytes: usize,
    /// Symbols: overload sets. 16,777,216 is the most that a catalogue can number, whatever is given here. Everything
    /// that a symbol can have several of is bounded with it.
    pub symbols: usize,
    /// Bytes of all different texts together: names, signatures, addresses. Names are kept in three forms, so a catalogue of
    /// nothing else takes three times as much; a document that is first read whole (rustdoc) may take as much meanwhile.
    pub text_bytes: usize,
}

impl Limits {
    /// Signatures of all symbols together: 4 a symbol. The C++ standard library has 1.4.
    pub fn signatures(&self) -> usize {
        self.symbols.saturating_mul(4)
    }

    /// Other names of all symbols together, as a file gives them: one a symbol. The C++ standard library has one for 40.
    pub fn aliases(&self) -> usize {
        self.symbols
    }

    /// Places of symbols in what can be asked for (a class, a header, a namespace, other names of each) and names that
    /// follow from others: 8 a symbol. The C++ standard library has 4.
    pub fn places(&self) -> usize {
        self.symbols.saturating_mul(8)
    }
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
