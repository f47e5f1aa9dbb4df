//! What was typed, as what can be looked for: a name, and what was typed before it.

use memchr::memmem;

use super::plain::plain;
use crate::fold;

/// One reading of what was typed.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    /// The names before it, folded: `std` and `vec` of `std::vec::push`.
    pub(crate) qualifier: Vec<String>,
    /// The name as it was typed.
    pub(crate) name: String,
    pub(crate) folded: Vec<u8>,
    /// Looks for that within a name.
    pub(crate) finder: memmem::Finder<'static>,
    /// Without separators.
    pub(crate) squeezed: Vec<u8>,
    pub(crate) letters: u32,
    pub(crate) has_capitals: bool,
    /// What stands before the name can be a variable: `v.push`, not `v::push`.
    pub(crate) of_variable: bool,
    /// The qualifier is a header: `<vector>`.
    pub(crate) of_header: bool,
}

/// How names begin that the language keeps for itself.
pub(crate) const RESERVED: &[u8] = b"__";

impl Needle {
    fn new(qualifier: &[&str], name: &str) -> Self {
        let folded = name.to_ascii_lowercase().into_bytes();
        Self {
            qualifier: qualifier
                .iter()
                .map(|part| part.to_ascii_lowercase())
                .collect(),
            squeezed: fold::squeeze(&folded),
            letters: fold::letters(&folded),
            has_capitals: name.bytes().any(|byte| byte.is_ascii_uppercase()),
            name: name.to_owned(),
            finder: memmem::Finder::new(&folded).into_owned(),
            folded,
            of_variable: false,
            of_header: false,
        }
    }

    /// All that a header has.
    fn of_header(header: &str) -> Self {
        Self {
            of_header: true,
            ..Self::new(&[header], "")
        }
    }

    /// A name that the language keeps for itself was typed.
    pub(crate) fn is_reserved(&self) -> bool {
        self.folded.starts_with(RESERVED)
    }

    /// Nothing was typed of a name: whatever there is is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_empty()
    }
}

/// What can stand between names. The longer ones come first.
const JOINS: [&str; 5] = ["::", "->", ".", "#", "/"];

/// Operators that are words.
const WORDS: [&str; 5] = ["new", "delete", "new[]", "delete[]", "co_await"];

/// Every reading of a text, the likeliest first; three at most.
pub(crate) fn read(text: &str) -> Vec<Needle> {
    if let Some(header) = header(text) {
        return vec![Needle::of_header(header)];
    }
    let mut needles = readings(text);
    let of_variable = !text.contains("::");
    for needle in &mut needles {
        needle.of_variable = of_variable;
    }
    needles
}

/// The header that is named as in `#include <vector>`, whole or begun, with that word or without.
fn header(text: &str) -> Option<&str> {
    let text = text.trim();
    let include = text.strip_prefix('#').map(str::trim_start);
    let include = include.and_then(|text| text.strip_prefix("include"));
    let rest = include.unwrap_or(text).trim_start();
    let quoted = include.and(rest.strip_prefix('"'));
    let name = rest.strip_prefix('<').or(quoted)?;
    let name = name.split(['>', '"']).next().unwrap_or_default().trim();
    let named = name.bytes().next().is_some_and(fold::is_word);
    named.then_some(name)
}

fn readings(text: &str) -> Vec<Needle> {
    let text = plain(text);
    if JOINS.contains(&&*text) && text != "->" && text != "/" {
        return vec![Needle::new(&[], "")];
    }
    if let Some(operator) = operator(&text) {
        return operator;
    }
    let (mut qualifier, name) = split(&text);
    if let Some(subscripted) = subscripted(name) {
        qualifier.extend(subscripted.split(' '));
        return vec![Needle::new(&qualifier, "operator[]")];
    }
    let mut needles = vec![Needle::new(&qualifier, &signed(name))];
    if WORDS.contains(&name) {
        needles.push(Needle::new(&qualifier, &format!("operator {name}")));
    }
    if let Some((before, last)) = name.rsplit_once(' ') {
        // `vector push_b` is a class and a member, where it is not a name of two words.
        let mut longer = qualifier.clone();
        longer.extend(before.split(' '));
        needles.push(Needle::new(&longer, &signed(last)));
    }
    if !qualifier.is_empty() && !text.contains("::") && !name.is_empty() {
        needles.push(Needle::new(&[], &text));
    }
    needles
}

/// What `[` stands behind, in `vec[]`.
fn subscripted(name: &str) -> Option<&str> {
    let (before, _) = name.split_once('[')?;
    let before = before.trim_end();
    let named = before.bytes().next_back().is_some_and(fold::is_word);
    (named && !WORDS.contains(&before)).then_some(before)
}

/// A last part that is signs alone, or a literal's, is an operator.
fn signed(name: &str) -> String {
    let signs = !name.is_empty() && !name.bytes().any(|byte| fold::is_word(byte) || byte == b' ');
    match name {
        "~" => name.to_owned(),
        name if signs => format!("operator{name}"),
        name if name.starts_with("\"\"") => {
            let literal: String = name.split_whitespace().collect();
            format!("operator{literal}")
        }
        name => name.to_owned(),
    }
}

/// The readings of a text that names an operator, by its word or by its signs alone.
fn operator(text: &str) -> Option<Vec<Needle>> {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = operator_word(&lower) {
        let (qualifier, _) = split(&text[..at]);
        let rest = text[at + "operator".len()..].trim_start();
        let spaced = rest.bytes().next().is_some_and(fold::is_word);
        let name = format!("operator{}{rest}", if spaced { " " } else { "" });
        return Some(vec![Needle::new(&qualifier, &name)]);
    }
    if text == "~" {
        return Some(vec![Needle::new(&[], "~"), Needle::new(&[], "operator~")]);
    }
    let literal = text.starts_with("\"\"");
    let signs = !text.is_empty() && !text.bytes().any(fold::is_word);
    (literal || signs).then(|| {
        let signs: String = text.split_whitespace().collect();
        vec![Needle::new(&[], &format!("operator{signs}"))]
    })
}

/// Where the word `operator` stands, with more than a word's letters after it.
fn operator_word(lower: &str) -> Option<usize> {
    lower
        .match_indices("operator")
        .map(|(at, _)| at)
        .find(|at| {
            let before = lower[..*at].trim_end();
            let starts = before.is_empty()
                || before.len() < *at
                || JOINS.iter().any(|join| before.ends_with(join));
            let rest = &lower[at + "operator".len()..];
            starts && rest.bytes().next().is_some_and(|byte| !fold::is_word(byte))
        })
}

/// The names before the last one, and the last.
fn split(text: &str) -> (Vec<&str>, &str) {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((at, join)) = first_join(rest) {
        let part = rest[..at].trim();
        parts.extend(part.split(' ').filter(|part| !part.is_empty()));
        rest = rest[at + join.len()..].trim_start();
    }
    (parts, rest)
}

fn first_join(text: &str) -> Option<(usize, &'static str)> {
    let found = |join: &&'static str| text.find(*join).map(|at| (at, *join));
    JOINS
        .iter()
        .filter_map(found)
        .min_by_key(|(at, join)| (*at, usize::MAX - join.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The readings as `qualifier|name`.
    fn readings(text: &str) -> Vec<String> {
        let needles = read(text);
        let shown = needles.iter().map(|needle| {
            let qualifier = needle.qualifier.join(",");
            format!("{qualifier}|{}", needle.name)
        });
        shown.collect()
    }

    fn check(rows: &[(&str, &[&str])]) {
        for (text, expected) in rows {
            assert_eq!(&readings(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_typed_is_read_as_it_is_meant() {
        check(&[
            ("push", &["|push"]),
            ("  push ", &["|push"]),
            ("vec::push", &["vec|push"]),
            (
                "std::vector push_b",
                &["std|vector push_b", "std,vector|push_b"],
            ),
            ("push back", &["|push back", "push|back"]),
            ("vector<int>::push_back(x, ", &["vector|push_back"]),
            ("std::map<int, vector<int>>::at", &["std,map|at"]),
            ("it->second", &["it|second", "|it->second"]),
            ("os.path.join", &["os,path|join", "|os.path.join"]),
            ("String#length", &["string|length", "|String#length"]),
            ("std::", &["std|"]),
            ("::", &["|"]),
            ("", &["|"]),
            ("<vector>", &["vector|"]),
            ("<vec", &["vec|"]),
            (" # include  <sys/types.h> // all", &["sys/types.h|"]),
            ("#include \"a b.h\"", &["a b.h|"]),
        ]);
    }

    #[test]
    fn operators_are_read_in_every_spelling() {
        check(&[
            ("operator[]", &["|operator[]"]),
            ("vector::operator []", &["vector|operator[]"]),
            ("vector::[]", &["vector|operator[]"]),
            ("operator new[]", &["|operator new[]"]),
            ("delete", &["|delete", "|operator delete"]),
            ("operator", &["|operator"]),
            ("operator_x", &["|operator_x"]),
            ("[]", &["|operator[]"]),
            ("<=>", &["|operator<=>"]),
            ("->", &["|operator->"]),
            ("/", &["|operator/"]),
            ("()", &["|operator()"]),
            ("(", &["|operator("]),
            ("operator()", &["|operator()"]),
            ("operator()(int)", &["|operator()"]),
            ("function::operator()", &["function|operator()"]),
            ("~", &["|~", "|operator~"]),
            ("~vec", &["|~vec"]),
            ("vector::~", &["vector|~"]),
            (
                "chrono_literals::\"\"ms",
                &["chrono_literals|operator\"\"ms"],
            ),
            ("vec[]", &["vec|operator[]"]),
            ("vec[", &["vec|operator[]"]),
            ("vec[0]", &["vec|operator[]"]),
            ("std::vec[]", &["std,vec|operator[]"]),
            ("new[]", &["|new[]", "|operator new[]"]),
            ("operator []", &["|operator[]"]),
            ("<=", &["|operator<="]),
            ("\"\"s", &["|operator\"\"s"]),
            ("operator\"\"s", &["|operator\"\"s"]),
            ("\"\" ms", &["|operator\"\"ms"]),
            ("operator<", &["|operator<"]),
            ("operator<<", &["|operator<<"]),
            ("<", &["|operator<"]),
        ]);
    }
}
