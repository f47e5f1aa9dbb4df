//! Pieces that each start a word: `emback` in `emplace_back`.

use crate::{catalogue::Name, fold};

/// Pieces that were tried in one name, at most: names and texts of one letter over and over would take forever.
const TRIES: u32 = 256;

/// Pieces that letters may fall into.
const MOST: usize = 4;

/// Some pieces, without an allocation: names are tried by the hundred thousand.
#[derive(Clone, Copy, Default)]
pub(super) struct Taken {
    pieces: [[usize; 2]; MOST],
    count: usize,
}

impl Taken {
    pub(super) fn to_vec(self) -> Vec<[usize; 2]> {
        self.pieces[..self.count].to_vec()
    }

    fn push(&mut self, piece: [usize; 2]) {
        self.pieces[self.count] = piece;
        self.count += 1;
    }
}

/// The pieces that the letters fall into, in letters of the name: from, to. Few pieces for their letters, or anything
/// would be found.
pub(super) fn pieces(letters: &[u8], name: Name<'_>) -> Option<Taken> {
    let most = letters.len().div_ceil(2).min(MOST);
    let mut search = Pieces {
        name,
        taken: Taken::default(),
        tries: TRIES,
    };
    fold::places(name.words)
        .any(|word| search.take(letters, word, most))
        .then_some(search.taken)
}

struct Pieces<'a> {
    name: Name<'a>,
    taken: Taken,
    tries: u32,
}

impl Pieces<'_> {
    /// Takes the longest piece at a word, then shorter ones, until the rest fits later words.
    fn take(&mut self, letters: &[u8], word: usize, most: usize) -> bool {
        let same = letters.iter().zip(&self.name.squeezed[word..]);
        let longest = same.take_while(|(a, b)| a == b).count();
        for length in (1..=longest).rev() {
            let Some(left) = self.tries.checked_sub(1) else {
                return false;
            };
            self.tries = left;
            self.taken.push([word, word + length]);
            if length == letters.len() || self.take_later(&letters[length..], word + length, most) {
                return true;
            }
            self.taken.count -= 1;
        }
        false
    }

    fn take_later(&mut self, letters: &[u8], from: usize, most: usize) -> bool {
        let mut later = fold::places(self.name.words).filter(|word| *word >= from);
        most > 1 && later.any(|word| self.take(letters, word, most - 1))
    }
}
