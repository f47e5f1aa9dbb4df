//! Files in which names are joined in more than one way, as they are about several languages. A catalogue joins its names
//! in one.

use std::borrow::Cow;

use super::{Broken, Source};

/// So much of a file tells how most of its names are joined.
const AHEAD: usize = 1 << 20;

/// How most names in the begin of a file are joined; `of` says it of a line, where that has a name.
pub(super) fn most(
    source: &mut Source<'_>,
    of: impl Fn(&str) -> Option<&'static str>,
) -> Result<&'static str, Broken> {
    let begin = source.ahead(AHEAD)?;
    let (mut colons, mut dots) = (0_usize, 0_usize);
    for sep in begin.lines().filter_map(of) {
        *(if sep == "::" { &mut colons } else { &mut dots }) += 1;
    }
    Ok(if colons > dots { "::" } else { "." })
}

/// A name that is joined in one way, joined in the other.
pub(super) fn rejoined<'a>(name: &'a str, own: &str, sep: &str) -> Cow<'a, str> {
    if own == sep {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.replace(own, sep))
    }
}
