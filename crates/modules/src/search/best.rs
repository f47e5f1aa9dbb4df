//! The best of what was found, and how much that was.

use super::rank::Rank;

/// As many of the best as a page needs, and how many there are in all: of a hundred thousand matches few are ever shown.
pub(crate) struct Best {
    most: usize,
    /// Those, and as many again before the worse half of them is let go of.
    ranks: Vec<Rank>,
    /// Only what comes before this can still be shown; nothing as long as there are too few.
    bound: Option<Rank>,
    total: usize,
}

impl Best {
    /// Keeps so many of what is found, at least one, each of another symbol.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            ranks: Vec::new(),
            bound: None,
            total: 0,
        }
    }

    /// Keeps all of what is found, which may be the same symbol in several ways.
    pub(crate) fn all() -> Self {
        Self::new(usize::MAX)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(crate) fn push(&mut self, rank: Rank) {
        self.total += 1;
        if self.is_shown(rank) {
            self.ranks.push(rank);
            if self.ranks.len() >= self.most.saturating_mul(2) {
                self.ranks.select_nth_unstable(self.most - 1);
                self.ranks.truncate(self.most);
                self.bound = self.ranks.last().copied();
            }
        }
    }

    /// Whether a match of this rank can be among the best.
    pub(crate) fn is_shown(&self, rank: Rank) -> bool {
        self.bound.is_none_or(|bound| rank < bound)
    }

    /// Counts matches that cannot be among the best.
    pub(crate) fn pass_over(&mut self, count: usize) {
        self.total += count;
    }

    /// Of each symbol only the best way in which it was found.
    pub(crate) fn once_each(&mut self) {
        self.ranks
            .sort_unstable_by_key(|rank| (rank.entry(), *rank));
        self.ranks.dedup_by_key(|rank| rank.entry());
        self.total = self.ranks.len();
    }

    /// How many there are.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// One page of them, in their order.
    pub(crate) fn page(&mut self, offset: usize, limit: usize) -> &[Rank] {
        let end = (offset + limit).min(self.ranks.len());
        if end < self.ranks.len() && end > 0 {
            self.ranks.select_nth_unstable(end - 1);
        }
        self.ranks[..end].sort_unstable();
        &self.ranks[offset.min(end)..end]
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Catalogue, Limits, readers,
        search::{
            gather::{Filter, Gather},
            typed,
        },
    };

    /// The catalogue of the standard, without other names: those are why all that is found is kept.
    fn without_aliases() -> Catalogue {
        let lines: &[u8] = include_bytes!("../../data/cpp.jsonl.gz");
        let mut text = String::new();
        let mut unpacked = flate2::read::GzDecoder::new(lines);
        std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
        let plain = text.lines().map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().remove("aliases");
            format!("{line}\n")
        });
        let plain: String = plain.collect();
        readers::read("cpp", plain.as_bytes(), &Limits::default()).unwrap()
    }

    fn texts() -> impl Iterator<Item = String> {
        let letters = || b'a'..=b'z';
        let one = letters().map(|letter| char::from(letter).to_string());
        let two = letters().flat_map(move |first| {
            letters().map(move |second| String::from_utf8_lossy(&[first, second]).into_owned())
        });
        let rows = include_str!("../../tests/fixtures/questions.tsv").lines();
        let asked = rows.map(|row| row.split('\t').next().unwrap_or_default().to_owned());
        let others = ["I", "In", "_", "__", "", "std::", "operator", "view::b"].map(str::to_owned);
        one.chain(two.step_by(3)).chain(asked).chain(others)
    }

    #[test]
    fn a_page_is_the_begin_of_all_there_is() {
        let kinds = [&[][..], &[crate::Kind::Function, crate::Kind::Class]];
        for catalogue in [without_aliases(), without_aliases().indexed()] {
            let mut let_go = 0;
            for (text, kinds) in texts().flat_map(|text| kinds.map(|kinds| (text.clone(), kinds))) {
                let gather = Gather {
                    catalogue: &catalogue,
                    libs: &[],
                    filter: Filter { kinds, since: None },
                };
                let found = |most| gather.best(&typed::read(&text), most);
                let (mut few, mut all) = (found(7), found(usize::MAX));
                assert_eq!(few.total(), all.total(), "{text:?} {kinds:?}");
                assert_eq!(few.page(3, 4), all.page(3, 4), "{text:?} {kinds:?}");
                let_go += usize::from(few.ranks.len() < few.total());
            }
            assert!(let_go > 300, "{let_go}");
        }
    }
}
