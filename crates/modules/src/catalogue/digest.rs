//! A number that is the same for the same symbols.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::Symbol;

/// So many bytes are hashed at once: a symbol is many short texts, and each alone would take as long as a long one.
const AT_ONCE: usize = 4096;

/// What a catalogue says, on its way to a number.
#[derive(Default)]
pub(super) struct Digest {
    hasher: SipHasher13,
    waiting: Vec<u8>,
}

impl Digest {
    /// Adds texts; where one ends and the next begins counts, too.
    pub(super) fn feed<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        for text in texts {
            self.number(text.len());
            self.bytes(text.as_bytes());
        }
    }

    /// Adds all that a symbol says.
    pub(super) fn feed_symbol(&mut self, symbol: &Symbol<'_>) {
        let optional = [
            &symbol.name,
            &symbol.header,
            &symbol.since,
            &symbol.deprecated,
            &symbol.removed,
            &symbol.url,
            &symbol.inherited_from,
        ];
        self.feed([&*symbol.qualified, &symbol.lib, symbol.kind.as_str()]);
        self.feed(
            optional
                .into_iter()
                .map(|text| text.as_deref().unwrap_or("")),
        );
        self.number(symbol.aliases.len());
        self.feed(symbol.aliases.iter().map(|alias| &**alias));
        for signature in &symbol.signatures {
            self.feed([&*signature.text, signature.since.as_deref().unwrap_or("")]);
        }
    }

    /// Adds bytes, whatever their number.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= AT_ONCE {
            self.hash();
        }
    }

    fn number(&mut self, number: usize) {
        self.waiting
            .extend_from_slice(&(number as u64).to_le_bytes());
    }

    fn hash(&mut self) {
        self.hasher.write(&self.waiting);
        self.waiting.clear();
    }

    /// The number, as 32 hexadecimal digits.
    pub(super) fn finish(mut self) -> String {
        self.hash();
        format!("{:032x}", self.hasher.finish128().as_u128())
    }
}
