//! What was typed, as what can be looked for: a name, and what was typed before it.

use memchr::memmem;

use crate::{catalogue::split_name, fold};

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
}

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
        }
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
    let text = plain(text);
    if JOINS.contains(&&*text) && text != "->" && text != "/" {
        return vec![Needle::new(&[], "")];
    }
    if let Some(operator) = operator(&text) {
        return operator;
    }
    let (qualifier, name) = split(&text);
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

/// A last part that is signs alone is an operator.
fn signed(name: &str) -> String {
    let signs = !name.is_empty() && !name.bytes().any(|byte| fold::is_word(byte) || byte == b' ');
    match name {
        "~" => name.to_owned(),
        name if signs => format!("operator{name}"),
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

/// The text with single spaces, without what is called with (`(…`) or made of (`<…>`).
fn plain(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let text = without_arguments(&words.join(" ")).to_owned();
    without_parameters(&text).trim().to_owned()
}

/// Without a trailing `(…`, which is a call, unless it is the call operator.
fn without_arguments(text: &str) -> &str {
    let Some(at) = text.find('(') else {
        return text;
    };
    let before = text[..at].trim_end();
    let call = split_name(before, "::").1.eq_ignore_ascii_case("operator")
        || before.is_empty()
        || before.ends_with("::");
    match text[at + 1..].trim_start().strip_prefix(')') {
        Some(rest) if call => &text[..text.len() - rest.len()],
        None if call => text,
        _ => before,
    }
}

/// Without `<int>` in `vector<int>::push`; `operator<` and `a < b` keep theirs.
fn without_parameters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        let opens = letter == '<' && (depth > 0 || opens_parameters(text, at));
        if opens {
            depth += 1;
        } else if letter == '>' && depth > 0 {
            depth -= 1;
        } else if depth == 0 {
            plain.push(letter);
        }
    }
    plain
}

fn opens_parameters(text: &str, at: usize) -> bool {
    let name = |byte: &u8| fold::is_word(*byte);
    let before = text[..at].to_ascii_lowercase();
    let after = text.as_bytes().get(at + 1);
    before.as_bytes().last().is_some_and(name)
        && !before.ends_with("operator")
        && after.is_none_or(|byte| fold::is_word(*byte) || matches!(byte, b'>' | b':' | b'('))
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

    #[test]
    fn what_is_typed_is_read_as_it_is_meant() {
        let rows: &[(&str, &[&str])] = &[
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
            ("\"\"s", &["|operator\"\"s"]),
            ("operator\"\"s", &["|operator\"\"s"]),
            ("\"\" ms", &["|operator\"\"ms"]),
            ("operator<", &["|operator<"]),
            ("operator<<", &["|operator<<"]),
            ("<", &["|operator<"]),
        ];
        for (text, expected) in rows {
            assert_eq!(&readings(text), expected, "{text:?}");
        }
    }
}
