//! A made-up library of any size, always the same. `bench/modules` has this file, too.

use std::fmt::Write;

/// A sequence that looks random and is always the same (xorshift).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const VERBS: [&str; 40] = [
    "get", "set", "add", "remove", "find", "insert", "erase", "push", "pop", "make", "create",
    "destroy", "open", "close", "read", "write", "load", "store", "begin", "end", "start", "stop",
    "parse", "format", "encode", "decode", "send", "receive", "lock", "unlock", "wait", "notify",
    "update", "reset", "clear", "merge", "split", "sort", "visit", "apply",
];
const NOUNS: [&str; 60] = [
    "back", "front", "node", "edge", "graph", "tree", "list", "map", "table", "row", "column",
    "index", "key", "value", "buffer", "stream", "file", "path", "name", "type", "state", "event",
    "handler", "listener", "queue", "stack", "cache", "pool", "thread", "task", "job", "request",
    "response", "header", "body", "frame", "packet", "socket", "address", "port", "client",
    "server", "session", "token", "user", "group", "role", "policy", "filter", "range", "offset",
    "length", "size", "count", "limit", "error", "result", "status", "config", "option",
];

/// The first line of the catalogue.
pub(crate) const HEAD: &str = "{\"catalogue\":\"synthetic\",\"version\":1}\n";

/// Writes the lines of so many symbols, and tells of each its class and its name.
pub(crate) fn write(count: usize, lines: &mut String, mut each: impl FnMut(&str, &str)) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut class = String::new();
    for number in 0..count {
        if number % 20 == 0 {
            let (outer, a, b) = (chance.of(&NOUNS), chance.of(&NOUNS), chance.of(&NOUNS));
            class = format!("{outer}::{a}_{b}{}", number / 20);
        }
        let (verb, a, b) = (chance.of(&VERBS), chance.of(&NOUNS), chance.of(&NOUNS));
        let name = match chance.below(4) {
            0 => format!("{verb}_{a}"),
            1 => format!("{verb}_{a}_{b}"),
            2 => format!("{verb}{}_{a}", chance.below(1000)),
            _ => format!("{verb}_{a}_{}_{b}", chance.of(&NOUNS)),
        };
        let header = class.split("::").next().unwrap_or_default();
        let _ = writeln!(
            lines,
            "{{\"qualified\":\"{class}::{name}\",\"lib\":\"{class}\",\"kind\":\"function\",\"header\":\"{header}.h\",\
             \"signatures\":[{{\"text\":\"void {name}(const {a}& {a}, int {b})\"}}]}}",
        );
        each(&class, &name);
    }
}
