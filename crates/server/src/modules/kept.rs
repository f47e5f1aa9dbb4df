//! Answers that were given lately. Whoever types asks for the same beginnings as everybody.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use longwire_modules::Query;
use parking_lot::Mutex;

use super::Answer;

/// Bytes of the answers that are kept, about.
const BYTES: usize = 2 << 20;
/// Answers that are kept.
const COUNT: usize = 4096;

/// A question, and the digest of the catalogue that it is put to: of another catalogue the answer is another.
type Key = (Arc<str>, Query);

/// The answers of late, the oldest of which make room for others.
#[derive(Default)]
pub(super) struct Kept(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    answers: HashMap<Arc<Key>, Arc<Answer>>,
    order: VecDeque<Arc<Key>>,
    bytes: usize,
}

impl Kept {
    pub(super) fn get(&self, digest: &str, query: &Query) -> Option<Arc<Answer>> {
        let key = (digest.into(), query.clone());
        self.0.lock().answers.get(&key).cloned()
    }

    pub(super) fn put(&self, digest: &str, query: Query, answer: &Arc<Answer>) {
        // One large page is not worth a thousand small ones.
        if answer.bytes() > BYTES / 16 {
            return;
        }
        let key = Arc::new((digest.into(), query));
        let mut kept = self.0.lock();
        if kept.answers.contains_key(&key) {
            return;
        }
        kept.bytes += answer.bytes();
        kept.answers.insert(Arc::clone(&key), Arc::clone(answer));
        kept.order.push_back(key);
        while kept.bytes > BYTES || kept.order.len() > COUNT {
            kept.forget_the_oldest();
        }
    }
}

impl Inner {
    fn forget_the_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front()
            && let Some(answer) = self.answers.remove(&oldest)
        {
            self.bytes -= answer.bytes();
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
        kept.put("one", question("push"), &answer(10));
        assert!(kept.get("one", &question("push")).is_some());
        assert!(kept.get("two", &question("push")).is_none());
        assert!(kept.get("one", &question("pus")).is_none());
    }

    #[test]
    fn the_oldest_make_room_and_large_ones_are_not_kept() {
        let kept = Kept::default();
        kept.put("x", question("large"), &answer(BYTES / 8));
        assert!(kept.get("x", &question("large")).is_none());
        for number in 0..2000 {
            kept.put("x", question(&number.to_string()), &answer(10_000));
        }
        assert!(kept.get("x", &question("0")).is_none());
        assert!(kept.get("x", &question("1999")).is_some());
        let inner = kept.0.lock();
        assert!(inner.bytes <= BYTES && inner.answers.len() == inner.order.len());
        assert!(inner.bytes > BYTES / 2);
    }
}
