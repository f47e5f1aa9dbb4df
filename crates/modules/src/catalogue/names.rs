//! The different names of a catalogue, ready to be compared: each is looked at once, however many symbols have it.

use super::strings::{Id, Interner};
use crate::fold;

/// Different names, the shorter first, those of one length by the alphabet.
#[derive(Debug, Default)]
pub(crate) struct Names {
    folded: Box<[u8]>,
    ends: Box<[u32]>,
    squeezed: Box<[u8]>,
    squeezed_ends: Box<[u32]>,
    texts: Box<[Id]>,
    letters: Box<[u32]>,
    words: Box<[u64]>,
    /// The place of each in the alphabet.
    places: Box<[u32]>,
}

/// One name, ready to be compared.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) folded: &'a [u8],
    /// Without separators.
    pub(crate) squeezed: &'a [u8],
    /// Where words start in that, one bit each.
    pub(crate) words: u64,
}

impl Names {
    /// Takes the texts of all names, in any order, repeated or not. Returns the number of each text's name beside it.
    pub(crate) fn new(mut texts: Vec<Id>, strings: &Interner) -> (Self, Vec<u32>) {
        texts.sort_unstable();
        texts.dedup();
        sort(&mut texts, |id| strings.get(*id), |text| text.len() as u32);
        let mut numbers = vec![0; strings.len()];
        let mut names = Building::default();
        for (number, id) in (0..).zip(&texts) {
            numbers[id.index()] = number;
            names.add(strings.get(*id));
        }
        let places = places(&texts, strings);
        (names.finish(texts, places), numbers)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn text(&self, name: u32) -> Id {
        self.texts[name as usize]
    }

    pub(crate) fn letters(&self) -> &[u32] {
        &self.letters
    }

    pub(crate) fn place(&self, name: u32) -> u32 {
        self.places[name as usize]
    }

    pub(crate) fn get(&self, name: u32) -> Name<'_> {
        Name {
            folded: part(&self.folded, &self.ends, name),
            squeezed: self.squeezed(name),
            words: self.words[name as usize],
        }
    }

    pub(crate) fn squeezed(&self, name: u32) -> &[u8] {
        part(&self.squeezed, &self.squeezed_ends, name)
    }

    pub(crate) fn bytes(&self) -> usize {
        let each = 5 * size_of::<u32>() + size_of::<u64>();
        self.folded.len() + self.squeezed.len() + self.len() * each
    }
}

fn part<'a>(all: &'a [u8], ends: &[u32], number: u32) -> &'a [u8] {
    let at = number as usize;
    let from = at.checked_sub(1).map_or(0, |before| ends[before]);
    &all[from as usize..ends[at] as usize]
}

#[derive(Default)]
struct Building {
    folded: Vec<u8>,
    ends: Vec<u32>,
    squeezed: Vec<u8>,
    squeezed_ends: Vec<u32>,
    letters: Vec<u32>,
    words: Vec<u64>,
}

impl Building {
    fn add(&mut self, name: &str) {
        let from = self.folded.len();
        self.folded
            .extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
        self.ends.push(self.folded.len() as u32);
        let folded = &self.folded[from..];
        self.squeezed
            .extend(fold::letters_of(folded).map(|(_, byte)| byte));
        self.squeezed_ends.push(self.squeezed.len() as u32);
        self.letters.push(fold::letters(folded));
        self.words
            .push(fold::squeezed_words(name.as_bytes(), folded));
    }

    fn finish(self, texts: Vec<Id>, places: Vec<u32>) -> Names {
        Names {
            folded: self.folded.into(),
            ends: self.ends.into(),
            squeezed: self.squeezed.into(),
            squeezed_ends: self.squeezed_ends.into(),
            texts: texts.into(),
            letters: self.letters.into(),
            words: self.words.into(),
            places: places.into(),
        }
    }
}

/// Where each stands in the alphabet.
fn places(texts: &[Id], strings: &Interner) -> Vec<u32> {
    let mut order: Vec<u32> = (0..texts.len() as u32).collect();
    sort(&mut order, |name| strings.get(texts[*name as usize]), |_| 0);
    let mut places = vec![0; order.len()];
    for (place, name) in (0..).zip(order) {
        places[name as usize] = place;
    }
    places
}

/// Sorts by a number of each text, then by the alphabet. The texts are looked at only where their first letters are the same.
fn sort<'a, T: Copy>(all: &mut [T], text: impl Fn(&T) -> &'a str, number: impl Fn(&str) -> u32) {
    let keyed = all.iter().map(|it| {
        let text = text(it);
        (number(text), first_letters(text.as_bytes()), *it)
    });
    let mut keyed: Vec<(u32, u64, T)> = keyed.collect();
    keyed.sort_unstable_by(|a, b| {
        let keys = (a.0, a.1).cmp(&(b.0, b.1));
        keys.then_with(|| text(&a.2).cmp(text(&b.2)))
    });
    for (place, (_, _, it)) in all.iter_mut().zip(keyed) {
        *place = it;
    }
}

/// The first eight letters as a number that sorts as they do.
pub(super) fn first_letters(letters: &[u8]) -> u64 {
    let mut key = [0; 8];
    let first = &letters[..letters.len().min(8)];
    key[..first.len()].copy_from_slice(first);
    u64::from_be_bytes(key)
}
