//! What was probably meant by a name that nothing has.

use super::typo::near;
use crate::fold;

/// Names longer than this are nobody's typo.
const LONGEST: usize = 64;
/// Typos between a name and what was meant, at most; in a short name only one.
const TYPOS: u8 = 2;
/// So many names are compared for one question: those that have the letters for it. A catalogue may have millions of them.
const TRIES: u32 = 10_000;

/// For each name the one that it was probably meant to be: with the fewest typos between, then the shorter.
pub(crate) fn nearest<'a>(
    names: impl Iterator<Item = &'a str>,
    wrong: &[&str],
) -> Vec<Option<&'a str>> {
    let mut wrong: Vec<Wrong<'a>> = wrong.iter().map(|name| Wrong::new(name)).collect();
    let mut tries = TRIES;
    let mut folded = Vec::with_capacity(LONGEST);
    'names: for name in names {
        if !wrong.iter().any(|wrong| wrong.has_length(name)) {
            continue;
        }
        folded.clear();
        folded.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
        let letters = fold::letters(&folded);
        for wrong in &mut wrong {
            if wrong.may_be(name, letters) {
                let Some(left) = tries.checked_sub(1) else {
                    break 'names;
                };
                tries = left;
                wrong.compare(name, &folded);
            }
        }
    }
    let best = wrong.into_iter().map(|wrong| wrong.best);
    best.map(|best| best.map(|(_, name)| name)).collect()
}

struct Wrong<'a> {
    folded: Vec<u8>,
    letters: u32,
    most: u8,
    best: Option<(u8, &'a str)>,
}

impl<'a> Wrong<'a> {
    fn new(name: &str) -> Self {
        let folded = name.to_ascii_lowercase().into_bytes();
        Self {
            letters: fold::letters(&folded),
            most: if folded.len() < 6 { 1 } else { TYPOS },
            folded,
            best: None,
        }
    }

    fn has_length(&self, name: &str) -> bool {
        let apart = name.len().abs_diff(self.folded.len());
        self.folded.len() <= LONGEST && apart <= self.most.into()
    }

    fn may_be(&self, name: &str, letters: u32) -> bool {
        let others = |a: u32, b: u32| (a & !b).count_ones() <= self.most.into();
        self.has_length(name) && others(letters, self.letters) && others(self.letters, letters)
    }

    fn compare(&mut self, name: &'a str, folded: &[u8]) {
        // A later one is better only with fewer typos, or with as many where it is shorter.
        let most = match self.best {
            None => self.most,
            Some((typos, best)) if name.len() < best.len() => typos,
            Some((0, _)) => return,
            Some((typos, _)) => typos - 1,
        };
        if let Some(typos) = (0..=most).find(|typos| near(&self.folded, folded, *typos, true)) {
            self.best = Some((typos, name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_told_where_it_is_near() {
        let names = ["vector", "Vector3", "map", "multimap", "string", "a"];
        let rows = [
            ("vectr", Some("vector")),
            ("vetcro", Some("vector")),
            ("VECTOR", Some("vector")),
            ("vector2", Some("vector")),
            ("mutlimpa", Some("multimap")),
            ("mpa", Some("map")),
            ("m", Some("a")),
            ("pma", None),
            ("strong_type", None),
        ];
        let (wrong, expected): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        assert_eq!(nearest(names.into_iter(), &wrong), expected);
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(nearest([&*long].into_iter(), &[&long]), [None]);
    }

    #[test]
    fn only_so_many_are_compared() {
        let names: Vec<String> = (0..2 * TRIES).map(|n| format!("abcdef{n:06}")).collect();
        let last = names.last().map(String::as_str);
        let found = nearest(names.iter().map(String::as_str), &["abcdef"; 5]);
        assert_eq!(found, [None; 5]);
        let asked = &[last.unwrap_or_default()];
        let few = names[2 * TRIES as usize - 100..].iter().map(String::as_str);
        assert_eq!(nearest(few, asked), [last]);
        assert_ne!(nearest(names.iter().map(String::as_str), asked), [last]);
    }
}
