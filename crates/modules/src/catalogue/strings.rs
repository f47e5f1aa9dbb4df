//! Texts, each kept once, side by side in one block of memory.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// The number of a text. Number 0 is the empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Id(u32);

impl Id {
    pub(crate) const EMPTY: Self = Self(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Texts that no longer change.
#[derive(Debug)]
pub(crate) struct Strings {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Strings {
    pub(crate) fn get(&self, id: Id) -> &str {
        slice(&self.text, &self.ends, id.index())
    }

    /// The text, or nothing for the empty one.
    pub(crate) fn some(&self, id: Id) -> Option<&str> {
        (id != Id::EMPTY).then(|| self.get(id))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends)
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], index: usize) -> &'a str {
    let from = index.checked_sub(1).map_or(0, |before| ends[before]);
    &text[from as usize..ends[index] as usize]
}

/// The texts would be more than so many bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full(pub(crate) usize);

/// Texts while they are collected.
pub(crate) struct Interner {
    text: String,
    ends: Vec<u32>,
    table: HashTable<Id>,
    hasher: DefaultHashBuilder,
    most: usize,
}

impl Interner {
    /// Takes texts of so many bytes in all.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            most: most.min(u32::MAX as usize),
        }
    }

    pub(crate) fn get(&self, id: Id) -> &str {
        slice(&self.text, &self.ends, id.index())
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn find(&self, text: &str) -> Option<Id> {
        if text.is_empty() {
            return Some(Id::EMPTY);
        }
        let hash = self.hasher.hash_one(text);
        self.table.find(hash, |id| self.get(*id) == text).copied()
    }

    pub(crate) fn intern(&mut self, text: &str) -> Result<Id, Full> {
        if text.is_empty() {
            return Ok(Id::EMPTY);
        }
        let hash = self.hasher.hash_one(text);
        let (all, ends) = (&self.text, &self.ends);
        if let Some(id) = self
            .table
            .find(hash, |id| slice(all, ends, id.index()) == text)
        {
            return Ok(*id);
        }
        if self.text.len() + text.len() > self.most || self.ends.len() >= u32::MAX as usize {
            return Err(Full(self.most));
        }
        let id = Id(self.ends.len() as u32);
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        let (all, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.table
            .insert_unique(hash, id, |id| hasher.hash_one(slice(all, ends, id.index())));
        Ok(id)
    }

    pub(crate) fn finish(self) -> Strings {
        Strings {
            text: self.text.into_boxed_str(),
            ends: self.ends.into_boxed_slice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let mut texts = Interner::new(64);
        let many: Vec<Id> = ["push", "pop", "", "push", "size"]
            .iter()
            .map(|text| texts.intern(text).unwrap())
            .collect();
        assert_eq!(many[0], many[3]);
        assert_eq!(many[2], Id::EMPTY);
        assert!(texts.intern(&"x".repeat(64)).is_err());
        let texts = texts.finish();
        assert_eq!(texts.get(many[4]), "size");
        assert_eq!(&*texts.text, "pushpopsize");
    }
}
