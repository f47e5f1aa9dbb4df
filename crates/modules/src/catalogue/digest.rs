//! A number that is the same for the same symbols.

use std::hash::Hasher;

use siphasher::sip128::SipHasher13;

use crate::Symbol;

/// Adds texts; where one ends and the next begins counts, too.
pub(super) fn feed<'a>(digest: &mut SipHasher13, texts: impl IntoIterator<Item = &'a str>) {
    for text in texts {
        digest.write_usize(text.len());
        digest.write(text.as_bytes());
    }
}

/// Adds all that a symbol says.
pub(super) fn feed_symbol(digest: &mut SipHasher13, symbol: &Symbol<'_>) {
    let optional = [
        &symbol.name,
        &symbol.header,
        &symbol.since,
        &symbol.deprecated,
        &symbol.removed,
        &symbol.url,
        &symbol.inherited_from,
    ];
    feed(
        digest,
        [&*symbol.qualified, &symbol.lib, symbol.kind.as_str()],
    );
    feed(
        digest,
        optional
            .into_iter()
            .map(|text| text.as_deref().unwrap_or("")),
    );
    digest.write_usize(symbol.aliases.len());
    feed(digest, symbol.aliases.iter().map(|alias| &**alias));
    for signature in &symbol.signatures {
        feed(
            digest,
            [&*signature.text, signature.since.as_deref().unwrap_or("")],
        );
    }
}
