//! Answers that were given lately. Whoever types asks for the same beginnings as everybody.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use longwire_modules::Query;
use parking_lot::Mutex;

use super::Answer;

/// Bytes of the answers that are kept, with their questions.
const BYTES: usize = 2 << 20;
/// What an answer takes beside its texts and those of its question: both, their places in the tables, and what the allocator
/// rounds up to.
const ENTRY_BYTES: usize = 512;
/// What the allocator adds to each of many short texts.
const PIECE_BYTES: usize = 32;

/// A question, and the digest of the catalogue that it is put to: of another catalogue the answer is another.
pub(super) type Key = (Arc<str>, Query);

/// The answers of late, the oldest of which make room for others.
#[derive(Default)]
pub(super) struct Kept(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    answers: HashMap<Arc<Key>, Arc<Answer>>,
    /// The oldest first.
    order: VecDeque<Arc<Key>>,
    bytes: usize,
}

impl Kept {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Answer>> {
        self.0.lock().answers.get(key).cloned()
    }

    pub(super) fn put(&self, key: Key, answer: &Arc<Answer>) {
        let bytes = bytes(&key, answer);
        // One large page is not worth a thousand small ones.
        if bytes > BYTES / 16 {
            return;
        }
        let key = Arc::new(key);
        let mut kept = self.0.lock();
        if kept.answers.contains_key(&key) {
            return;
        }
        kept.bytes += bytes;
        kept.answers.insert(Arc::clone(&key), Arc::clone(answer));
        kept.order.push_back(key);
        while kept.bytes > BYTES {
            kept.forget_the_oldest();
        }
    }
}

fn bytes(key: &Key, answer: &Answer) -> usize {
    let (digest, query) = key;
    let pieces = query.libs().len() * PIECE_BYTES;
    ENTRY_BYTES + pieces + digest.len() + query.bytes() + answer.bytes()
}

impl Inner {
    fn forget_the_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front()
            && let Some(answer) = self.answers.remove(&oldest)
        {
            self.bytes -= bytes(&oldest, &answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use longwire_protocol::Payload;

    use super::*;

    fn question(text: &str) -> Query {
        Query::from_pairs([("text", text)]).unwrap()
    }

    fn key(catalogue: &str, text: &str) -> Key {
        (catalogue.into(), question(text))
    }

    fn answer(bytes: usize) -> Arc<Answer> {
        Arc::new(Answer {
            message: "a".repeat(bytes),
            data: Payload::from_json(b"[]").unwrap(),
            tag: String::new(),
        })
    }

    #[test]
    fn an_answer_is_of_one_question_and_one_catalogue() {
        let kept = Kept::default();
        kept.put(key("one", "push"), &answer(10));
        assert!(kept.get(&key("one", "push")).is_some());
        assert!(kept.get(&key("two", "push")).is_none());
        assert!(kept.get(&key("one", "pus")).is_none());
    }

    #[test]
    fn the_oldest_make_room_and_large_ones_are_not_kept() {
        let kept = Kept::default();
        kept.put(key("x", "large"), &answer(BYTES / 8));
        assert!(kept.get(&key("x", "large")).is_none());
        for number in 0..2000 {
            kept.put(key("x", &number.to_string()), &answer(10_000));
        }
        assert!(kept.get(&key("x", "0")).is_none());
        assert!(kept.get(&key("x", "1999")).is_some());
        assert_within(&kept);
    }

    /// What a question takes is as much as anyone may ask.
    #[test]
    fn long_questions_take_room_as_long_answers_do() {
        let kept = Kept::default();
        let largest = |number: usize| {
            let libs = (0..64).map(|lib| ("lib", format!("{lib}{:0<240}{number}", 'x')));
            Query::from_pairs(libs).unwrap()
        };
        for number in 0..300 {
            kept.put(("x".into(), largest(number)), &answer(10));
        }
        assert_within(&kept);
        let held = kept.0.lock().answers.len();
        assert!(held * 64 * 240 <= BYTES && held > 50, "{held} are held");
        drop(kept);
        let kept = Kept::default();
        for number in 0..10_000 {
            kept.put(key("x", &number.to_string()), &answer(0));
        }
        assert_within(&kept);
    }

    fn assert_within(kept: &Kept) {
        let inner = kept.0.lock();
        assert_eq!(inner.answers.len(), inner.order.len());
        let entries = inner.answers.iter();
        let held: usize = entries.map(|(key, answer)| bytes(key, answer)).sum();
        assert_eq!(held, inner.bytes);
        assert!(held <= BYTES && held > BYTES / 2, "{held} bytes");
    }
}
