//! How well a name fits what was typed.

use super::{pieces::pieces, typed::Needle, typo};
use crate::{catalogue::Name, fold};

/// How a name was found, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Tier {
    /// The name, letter by letter.
    Exact,
    /// But for case and separators.
    Same,
    Prefix,
    /// But for separators.
    SamePrefix,
    /// The start of a later word.
    Word,
    /// The first letters of its words.
    Initials,
    Substring,
    /// Pieces that each start a word.
    Pieces,
    /// One typo, in the whole name.
    Typo,
    /// One typo, in its begin or that of a word.
    TypoPrefix,
    /// All letters in their order.
    Letters,
    Typos,
    TyposPrefix,
}

/// How far one goes to find anything: each step only where those before found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    Pieces,
    Typo,
    Letters,
    Typos,
}

impl Effort {
    pub(crate) const ALL: [Self; 4] = [Self::Pieces, Self::Typo, Self::Letters, Self::Typos];

    /// How many letters of what was typed a name may lack.
    pub(crate) fn missing(self) -> u32 {
        match self {
            Self::Pieces | Self::Letters => 0,
            Self::Typo => 1,
            Self::Typos => 2,
        }
    }

    /// How many letters must be typed before it makes sense.
    fn least(self) -> usize {
        match self {
            Self::Pieces => 1,
            Self::Typo | Self::Letters => 3,
            Self::Typos => 5,
        }
    }
}

/// A fit, without where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit {
    pub(crate) tier: Tier,
    /// How far apart the letters stand, where others may stand between them.
    pub(crate) loose: u8,
    /// What was typed ends where a word of the name does not.
    pub(crate) partial: bool,
}

impl Fit {
    pub(crate) const LOOSEST: u8 = 31;

    pub(super) fn new(tier: Tier, partial: bool) -> Self {
        Self {
            tier,
            loose: 0,
            partial,
        }
    }

    pub(super) fn whole(tier: Tier) -> Option<Self> {
        Some(Self::new(tier, false))
    }
}

/// How a name fits, as far as the effort goes. `text` is the name with its case: to read it is a miss of the processor's
/// cache for each of a million names, so it is asked for only where nothing else decides.
pub(crate) fn fit<'a>(
    needle: &Needle,
    name: Name<'_>,
    text: impl FnOnce() -> &'a str,
    effort: Effort,
) -> Option<Fit> {
    if needle.squeezed.len() < effort.least() && effort != Effort::Pieces {
        return None;
    }
    match effort {
        Effort::Pieces => plain_fit(needle, name, text),
        Effort::Typo => typo::fit(needle, name, 1, [Tier::Typo, Tier::TypoPrefix]),
        Effort::Letters => letters_fit(needle, name),
        Effort::Typos => typo::fit(needle, name, 2, [Tier::Typos, Tier::TyposPrefix]),
    }
}

fn plain_fit<'a>(needle: &Needle, name: Name<'_>, text: impl FnOnce() -> &'a str) -> Option<Fit> {
    if needle.squeezed.len() > name.squeezed.len() {
        return None;
    }
    if name.folded == needle.folded && text() == needle.name {
        return Fit::whole(Tier::Exact);
    }
    if let Some(fit) = start_fit(needle, name) {
        return Some(fit);
    }
    if needle.squeezed.len() >= 2 && initials(needle, name) {
        let words = name.words.count_ones() as usize;
        return Some(Fit::new(Tier::Initials, needle.squeezed.len() < words));
    }
    if substring(needle, name).is_some() {
        return Fit::whole(Tier::Substring);
    }
    let found = needle.squeezed.len() >= 3 && pieces(&needle.squeezed, name).is_some();
    found.then_some(Fit::new(Tier::Pieces, false))
}

/// Where a name has what was typed. The word `operator` is no part of an operator's name that one looks for.
pub(super) fn substring(needle: &Needle, name: Name<'_>) -> Option<usize> {
    let at = needle.finder.find(name.folded)?;
    let word = fold::OPERATOR.len();
    if at >= word || !fold::is_operator(name.folded) {
        return Some(at);
    }
    Some(word + needle.finder.find(&name.folded[word..])?)
}

/// How a name fits from its begin or the start of a word.
fn start_fit(needle: &Needle, name: Name<'_>) -> Option<Fit> {
    // One letter is not yet the word `operator`.
    if needle.folded == fold::OPERATOR[..1] && fold::is_operator(name.folded) {
        return None;
    }
    if name.folded.starts_with(&needle.folded) {
        let same = name.folded.len() == needle.folded.len();
        let tier = if same { Tier::Same } else { Tier::Prefix };
        return Some(Fit::new(tier, is_inside(name, needle.squeezed.len())));
    }
    if needle.squeezed.is_empty() {
        return None;
    }
    let place = start_of(needle, name)?;
    let end = place + needle.squeezed.len();
    // Who types a separator at the end goes on: `emplace_` is not `emplace`.
    let ends = end == name.squeezed.len() && needle.folded.last() == name.folded.last();
    let tier = match (place, ends) {
        (0, true) => Tier::Same,
        (0, false) => Tier::SamePrefix,
        _ => Tier::Word,
    };
    let partial = is_inside(name, end) || tier == Tier::Same;
    Some(Fit::new(tier, partial))
}

/// The first word, in letters, at which what was typed stands, separators aside.
pub(super) fn start_of(needle: &Needle, name: Name<'_>) -> Option<usize> {
    fold::places(name.words).find(|place| name.squeezed[*place..].starts_with(&needle.squeezed))
}

/// Whether a letter is within a word, not at its start.
fn is_inside(name: Name<'_>, at: usize) -> bool {
    let starts = at < fold::WORDS_WITHIN && name.words >> at & 1 == 1;
    let next = name.squeezed.get(at);
    next.is_some_and(|byte| byte.is_ascii_alphanumeric() && !starts)
}

/// Whether the letters are the first ones of a name's words, from its first word on.
fn initials(needle: &Needle, name: Name<'_>) -> bool {
    let mut words = fold::places(name.words).map(|place| name.squeezed[place]);
    let mut letters = needle.squeezed.iter();
    letters.all(|letter| words.next() == Some(*letter))
}

/// The fewer pieces the letters fall into, the better; best of all from the begin.
fn letters_fit(needle: &Needle, name: Name<'_>) -> Option<Fit> {
    let mut from = 0;
    let mut pieces = 0_u8;
    for letter in &needle.squeezed {
        let ahead = memchr::memchr(*letter, &name.squeezed[from..])?;
        if ahead > 0 || pieces == 0 {
            pieces = pieces.saturating_add(1);
        }
        from += ahead + 1;
    }
    let begins = needle.squeezed.first() == name.squeezed.first();
    Some(Fit {
        tier: Tier::Letters,
        loose: (2 * pieces + u8::from(!begins)).min(Fit::LOOSEST),
        partial: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::typed;

    fn found(text: &str, name: &str) -> Option<Tier> {
        let folded = name.to_ascii_lowercase();
        let squeezed = fold::squeeze(folded.as_bytes());
        let shape = Name {
            folded: folded.as_bytes(),
            squeezed: &squeezed,
            words: fold::squeezed_words(name.as_bytes(), folded.as_bytes()),
        };
        let needle = &typed::read(text)[0];
        let lacks = (needle.letters & !fold::letters(folded.as_bytes())).count_ones();
        let mut fits = Effort::ALL.into_iter().filter_map(|effort| {
            let fit = fit(needle, shape, || name, effort)?;
            assert!(
                lacks <= effort.missing(),
                "{text} would be left out of {name}"
            );
            Some(fit.tier)
        });
        fits.next()
    }

    #[test]
    fn every_way_to_be_found_is_told_from_the_others() {
        use Tier as T;
        let rows: &[(&str, &str, Option<Tier>)] = &[
            ("push_back", "push_back", Some(T::Exact)),
            ("Push_Back", "push_back", Some(T::Same)),
            ("pushback", "push_back", Some(T::Same)),
            ("push back", "push_back", Some(T::Same)),
            ("exit", "_Exit", Some(T::Same)),
            ("emplace_", "emplace", Some(T::SamePrefix)),
            ("pus", "push_back", Some(T::Prefix)),
            ("INT", "int_fast8_t", Some(T::Prefix)),
            ("pushb", "push_back", Some(T::SamePrefix)),
            ("back", "push_back", Some(T::Word)),
            ("firstof", "find_first_of", Some(T::Word)),
            ("server", "HTTPServer", Some(T::Word)),
            ("stf", "set_to_first", Some(T::Initials)),
            ("ff", "find_first_of", Some(T::Initials)),
            ("ush_b", "push_back", Some(T::Substring)),
            ("emback", "emplace_back", Some(T::Pieces)),
            ("pback", "push_back", Some(T::Pieces)),
            ("findof", "find_first_of", Some(T::Pieces)),
            ("psuh_back", "push_back", Some(T::Typo)),
            ("pushback", "pushbck", Some(T::Typo)),
            ("vectro", "vector", Some(T::Typo)),
            ("rezise", "resize", Some(T::Typos)),
            ("emplcae", "emplace_back", Some(T::TypoPrefix)),
            ("psh", "push", Some(T::Typo)),
            ("shrnkfit", "shrink_to_fit", Some(T::Letters)),
            ("hrinkft", "shrink_to_fit", Some(T::Letters)),
            ("puhs_bakc", "push_back", Some(T::Typos)),
            ("xyz", "push_back", None),
            ("[]", "operator[]", Some(T::Exact)),
            ("operator", "operator[]", Some(T::Prefix)),
            ("op", "operator[]", Some(T::Prefix)),
            ("o", "operator[]", None),
            ("o", "operators", Some(T::Prefix)),
            ("a", "operator=", None),
            ("rat", "operator=", Some(T::Letters)),
            ("rat", "operators", Some(T::Substring)),
            ("r", "operator wchar", Some(T::Substring)),
            ("<", "operator<=>", Some(T::Prefix)),
            ("bool", "operator bool", Some(T::Word)),
            ("~", "~vector", Some(T::Prefix)),
            ("_", "_1", Some(T::Prefix)),
            ("", "anything", Some(T::Prefix)),
        ];
        for (text, name, expected) in rows {
            assert_eq!(found(text, name), *expected, "{text} in {name}");
        }
    }
}
