//! What a symbol may hold.

use super::strings::Full;
use crate::Symbol;

/// Why a symbol cannot be in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// A field that holds what it cannot hold.
    #[error("{field} {why}")]
    Field {
        /// Which.
        field: &'static str,
        /// What is wrong, what was got, and what would be right.
        why: String,
    },
    /// There is more of something than a catalogue may have.
    #[error("more than {most} {what}")]
    TooMany {
        /// Of what: symbols, signatures, other names, places.
        what: &'static str,
        /// The most.
        most: usize,
    },
    /// Their texts are longer than a catalogue may hold.
    #[error("the texts of its symbols are more than {0} bytes")]
    TooLong(usize),
}

impl From<Full> for Rejected {
    fn from(Full(most): Full) -> Self {
        Self::TooLong(most)
    }
}

/// Whether there is room for one more.
pub(super) fn check_room(what: &'static str, count: usize, most: usize) -> Result<(), Rejected> {
    if count < most {
        Ok(())
    } else {
        Err(Rejected::TooMany { what, most })
    }
}

/// Texts of one symbol, in bytes: a name, and whatever else.
const NAME_BYTES: usize = 1024;
const TEXT_BYTES: usize = 16 * 1024;
/// Signatures and aliases of one symbol.
const PER_SYMBOL: usize = 4096;

/// Checks every field of a symbol against its bounds.
pub(super) fn check_symbol(symbol: &Symbol<'_>) -> Result<(), Rejected> {
    check("qualified", &symbol.qualified, NAME_BYTES)?;
    check("lib", &symbol.lib, NAME_BYTES)?;
    let texts = [
        ("name", &symbol.name),
        ("header", &symbol.header),
        ("since", &symbol.since),
        ("deprecated", &symbol.deprecated),
        ("removed", &symbol.removed),
        ("inherited_from", &symbol.inherited_from),
    ];
    for (field, text) in texts {
        text.iter()
            .try_for_each(|text| check(field, text, NAME_BYTES))?;
    }
    if let Some(url) = &symbol.url {
        check("url", url, TEXT_BYTES)?;
        check_url(url)?;
    }
    if symbol.signatures.len() > PER_SYMBOL || symbol.aliases.len() > PER_SYMBOL {
        let why = format!("and aliases can be {PER_SYMBOL} at most");
        return Err(Rejected::Field {
            field: "signatures",
            why,
        });
    }
    let aliases = symbol
        .aliases
        .iter()
        .map(|alias| ("aliases", alias, NAME_BYTES));
    let signatures = symbol.signatures.iter();
    let signatures = signatures.map(|signature| ("signatures", &signature.text, TEXT_BYTES));
    aliases
        .chain(signatures)
        .try_for_each(|(field, text, most)| check(field, text, most))
}

pub(super) fn check(field: &'static str, text: &str, most: usize) -> Result<(), Rejected> {
    let why = if text.is_empty() {
        "must not be empty".to_owned()
    } else if text.len() > most {
        format!("can have {most} bytes at most, got {}", text.len())
    } else if has_controls(text) {
        format!("cannot have control characters, got {:?}", excerpt(text))
    } else {
        return Ok(());
    };
    Err(Rejected::Field { field, why })
}

/// Looks at every byte, and never leaves early, so that it looks at many at once.
fn has_controls(text: &str) -> bool {
    let bytes = text.bytes();
    bytes.fold(false, |found, byte| found | byte.is_ascii_control())
}

/// An address is shown to be followed, so it leads to a page and runs nothing.
fn check_url(url: &str) -> Result<(), Rejected> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    let why = format!("must be an http or https address, got {:?}", excerpt(url));
    Err(Rejected::Field { field: "url", why })
}

/// The beginning of a text, as much as a sentence can quote.
pub(crate) fn excerpt(text: &str) -> &str {
    match text.char_indices().nth(40) {
        Some((cut, _)) => &text[..cut],
        None => text,
    }
}
