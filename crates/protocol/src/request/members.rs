//! The members of a JSON object in one pass, where they are plain: keys without escapes, each once, and values that are mostly short strings and
//! whole numbers. All other values serde_json reads.

use std::fmt;

use serde::{
    Deserialize,
    de::{
        self,
        value::{BorrowedStrDeserializer, U64Deserializer},
    },
};
use serde_json::value::RawValue;

use crate::{FrameId, escape::first_special};

/// As long as whole numbers are read here: all of these fit, and none is near to what a float can tell apart.
const MAX_DIGITS: usize = 15;

/// A text to be read field by field.
#[derive(Debug)]
pub(super) struct NotPlain;

impl fmt::Display for NotPlain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not read at once")
    }
}

impl std::error::Error for NotPlain {}

impl de::Error for NotPlain {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

pub(super) type Plainly<T> = Result<T, NotPlain>;

/// Most values that are not an input.
pub(super) enum Word<'a> {
    Text(&'a str),
    Number(u64),
}

/// The members of one object, from the first to the last.
pub(super) struct Members<'a> {
    text: &'a str,
    at: usize,
    /// The marks of the keys that were read.
    keys: u64,
}

impl<'a> Members<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let (at, keys) = (0, 0);
        Self { text, at, keys }
    }

    /// The next key, of which the value is to be read; none where object and text are at their end.
    // This and what it and the values are read by is put into the loops that call it: that is a fifth less to do for each frame.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Plainly<Option<&'a str>> {
        let begin = if self.keys == 0 { b'{' } else { b',' };
        if !self.pass(begin) {
            return self.end().then_some(None).ok_or(NotPlain);
        }
        if self.peek() != Some(b'"') {
            return Err(NotPlain);
        }
        let key = self.text().ok_or(NotPlain)?;
        let mark = mark(key);
        let is_new = self.keys & mark == 0;
        self.keys |= mark;
        if is_new && self.pass(b':') {
            Ok(Some(key))
        } else {
            Err(NotPlain)
        }
    }

    /// A value that is a string or a number, mostly; none where it is null.
    #[inline(always)]
    pub(super) fn value<T: Deserialize<'a>>(&mut self) -> Plainly<Option<T>> {
        match self.word() {
            Some(Word::Text(text)) => T::deserialize(BorrowedStrDeserializer::new(text)).map(Some),
            Some(Word::Number(number)) => T::deserialize(U64Deserializer::new(number)).map(Some),
            None => self.json(),
        }
    }

    /// An id as it was written; none where it is null.
    pub(super) fn id(&mut self) -> Plainly<Option<FrameId>> {
        self.peek();
        let from = self.at;
        if self.word().is_none() && self.json::<Option<&RawValue>>()?.is_none() {
            return Ok(None);
        }
        let raw = self.text.get(from..self.at).and_then(FrameId::from_raw);
        raw.map(Some).ok_or(NotPlain)
    }

    /// A value that is a string or a number, if it is a plain one.
    #[inline(always)]
    pub(super) fn word(&mut self) -> Option<Word<'a>> {
        match self.peek()? {
            b'"' => self.text().map(Word::Text),
            b'0'..=b'9' => self.number().map(Word::Number),
            _ => None,
        }
    }

    /// Any value.
    pub(super) fn json<T: Deserialize<'a>>(&mut self) -> Plainly<T> {
        let rest = self.text.get(self.at..).ok_or(NotPlain)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let value = values.next().and_then(Result::ok).ok_or(NotPlain)?;
        self.at += values.byte_offset();
        Ok(value)
    }

    /// A string without escapes, of which the first quote is next.
    #[inline(always)]
    fn text(&mut self) -> Option<&'a str> {
        let from = self.at + 1;
        let rest = self.text.as_bytes().get(from..)?;
        let length = first_special(rest)?;
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        self.at = from + length + 1;
        self.text.get(from..from + length)
    }

    /// A whole number from 0 on that is not long.
    #[inline(always)]
    fn number(&mut self) -> Option<u64> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let (mut number, mut digits) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = rest.get(digits) {
            if digits == MAX_DIGITS || (digits == 1 && number == 0) {
                return None;
            }
            number = number * 10 + u64::from(digit - b'0');
            digits += 1;
        }
        if digits == 0 || matches!(rest.get(digits), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at += digits;
        Some(number)
    }

    /// The end of object and text.
    fn end(&mut self) -> bool {
        self.keys != 0 && self.pass(b'}') && self.peek().is_none()
    }

    /// Passes that byte, if it is next.
    #[inline(always)]
    fn pass(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.at += 1;
        }
        is_next
    }

    /// The next byte that is no blank; it is not passed.
    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        match self.text.as_bytes().get(self.at) {
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.peek_after_blanks(),
        }
    }

    fn peek_after_blanks(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let blanks = rest.iter().take_while(is_blank).count();
        self.at += blanks;
        rest.get(blanks).copied()
    }
}

/// The bit that stands for a key. Each that is known here has one of its own; where others share one, they count as one that is there twice.
fn mark(key: &str) -> u64 {
    let ends = match key.as_bytes() {
        [first, .., last] => usize::from(*first) + usize::from(*last),
        _ => 0,
    };
    1 << ((ends + 4 * key.len()) % 64)
}
