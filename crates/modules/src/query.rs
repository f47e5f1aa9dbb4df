//! What is asked, checked before anything is searched for.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};

use crate::{Kind, Refusal, catalogue::excerpt, refusal::Code, since};

/// Bytes of a whole question in JSON.
pub const MAX_QUESTION_BYTES: usize = 64 * 1024;
/// Bytes of the text.
pub const MAX_TEXT_BYTES: usize = 256;
/// Libraries in one question.
pub const MAX_LIBS: usize = 64;
/// Bytes of the name of one.
pub const MAX_LIB_BYTES: usize = 256;
/// Matches on one page, where the question does not say.
pub const DEFAULT_LIMIT: u32 = 20;
/// Matches on one page, at most.
pub const MAX_LIMIT: u32 = 200;
/// Matches that can be skipped.
pub const MAX_OFFSET: u32 = 1_000_000;

/// A question as it comes in: every field may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Where to look: a class, a header, a namespace. None, or only empty names: everywhere.
    #[serde(deserialize_with = "names")]
    #[schemars(schema_with = "names_schema")]
    pub lib: Vec<String>,
    /// What was typed so far. Empty: everything there is.
    #[serde(deserialize_with = "or_default")]
    #[schemars(with = "Option<String>")]
    pub text: String,
    /// Matches on this page, 1 to 200; 20 where it is missing.
    #[serde(deserialize_with = "number")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// Matches before this page, 1,000,000 at most.
    #[serde(deserialize_with = "number")]
    #[schemars(range(max = 1_000_000))]
    pub offset: Option<u64>,
    /// Of which kinds. None: of all.
    #[serde(deserialize_with = "names")]
    #[schemars(schema_with = "kinds_schema")]
    pub kind: Vec<String>,
    /// A standard or version, such as `C++17`: nothing that came later.
    pub since: Option<String>,
    /// The name of a catalogue. None: the first.
    pub catalogue: Option<String>,
}

/// A question that can be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    pub(crate) libs: Vec<String>,
    pub(crate) text: String,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) since: Option<String>,
    pub(crate) catalogue: Option<String>,
}

impl Query {
    /// Reads a question in JSON: an object with the fields of [`Question`].
    ///
    /// ```
    /// use longwire_modules::Query;
    ///
    /// let query = Query::from_json(br#"{"lib":["basic_string","vector"],"text":"push"}"#).unwrap();
    /// assert_eq!(query.libs(), ["basic_string", "vector"]);
    ///
    /// let refusal = Query::from_json(br#"{"text":"push","limit":0}"#).unwrap_err();
    /// assert_eq!(refusal.field.as_deref(), Some("limit"));
    /// ```
    pub fn from_json(text: &[u8]) -> Result<Self, Refusal> {
        if text.len() > MAX_QUESTION_BYTES {
            let got = text.len();
            let message = format!("a question has {MAX_QUESTION_BYTES} bytes at most, got {got}");
            return Err(Refusal::new(Code::TooLarge, message));
        }
        if text
            .trim_ascii_start()
            .first()
            .is_some_and(|first| *first != b'{')
        {
            return Err(Refusal::no_object(text));
        }
        let mut reader = serde_json::Deserializer::from_slice(text);
        let question: Question =
            serde_path_to_error::deserialize(&mut reader).map_err(Refusal::of_json)?;
        reader
            .end()
            .map_err(|error| Refusal::new(Code::InvalidJson, error.to_string()))?;
        question.check()
    }

    /// Reads a question in the pairs of an address: `lib=vector&lib=map&text=push`. `lib` and `kind` may come often, and may
    /// be lists: `lib=vector,map`.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Refusal> {
        let mut question = Question::default();
        let mut seen: Vec<&'static str> = Vec::new();
        for (key, value) in pairs {
            let (field, value) = (question.set(key.as_ref(), value.as_ref())?, value.as_ref());
            let many = matches!(field, "lib" | "kind");
            if !many && seen.contains(&field) {
                let message = format!("can be given once, got {:?} again", excerpt(value));
                return Err(Refusal::field(field, &message));
            }
            seen.push(field);
        }
        question.check()
    }

    /// The libraries asked for.
    pub fn libs(&self) -> &[String] {
        &self.libs
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// 16 hexadecimal digits that are the same for the same question: with the catalogue's digest, a name of its answer.
    pub fn digest(&self) -> String {
        let mut hasher = siphasher::sip::SipHasher13::new();
        self.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// The catalogue asked for.
    pub fn catalogue(&self) -> Option<&str> {
        self.catalogue.as_deref()
    }
}

impl Question {
    fn set(&mut self, key: &str, value: &str) -> Result<&'static str, Refusal> {
        let number = |field| {
            let message = || format!("must be a whole number, got {:?}", excerpt(value));
            let number = value.trim().parse().ok();
            number
                .map(Some)
                .ok_or_else(|| Refusal::field(field, &message()))
        };
        let field = match key {
            "lib" if self.lib.len() > MAX_LIBS => return Err(too_many_libs(self.lib.len())),
            "lib" => {
                self.lib.extend(listed(value));
                "lib"
            }
            "text" => {
                self.text = value.to_owned();
                "text"
            }
            "limit" => {
                self.limit = number("limit")?;
                "limit"
            }
            "offset" => {
                self.offset = number("offset")?;
                "offset"
            }
            "kind" if self.kind.len() > Kind::ALL.len() => return Err(too_many_kinds()),
            "kind" => {
                self.kind.extend(listed(value));
                "kind"
            }
            "since" => {
                self.since = Some(value.to_owned());
                "since"
            }
            "catalogue" => {
                self.catalogue = Some(value.to_owned());
                "catalogue"
            }
            unknown => return Err(Refusal::unknown_field(unknown)),
        };
        Ok(field)
    }

    /// Checks every field against its bounds.
    pub fn check(self) -> Result<Query, Refusal> {
        if self.text.len() > MAX_TEXT_BYTES {
            let got = self.text.len();
            let message = format!("can have {MAX_TEXT_BYTES} bytes at most, got {got}");
            return Err(Refusal::field("text", &message));
        }
        let limit = within("limit", self.limit, DEFAULT_LIMIT, 1, MAX_LIMIT)?;
        let offset = within("offset", self.offset, 0, 0, MAX_OFFSET)?;
        let filled = |text: &String| !text.trim().is_empty();
        Ok(Query {
            libs: check_libs(&self.lib)?,
            text: self.text,
            limit,
            offset,
            kinds: check_kinds(&self.kind)?,
            since: self.since.filter(filled).map(check_since).transpose()?,
            catalogue: self.catalogue.filter(filled),
        })
    }
}

/// The names in a list with commas; those within `<…>` are part of a name.
fn listed(value: &str) -> impl Iterator<Item = String> {
    let mut depth = 0_usize;
    let parts = value.split(move |letter| {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::to_owned)
}

fn within(
    field: &'static str,
    got: Option<u64>,
    default: u32,
    least: u32,
    most: u32,
) -> Result<usize, Refusal> {
    match got.unwrap_or_else(|| default.into()) {
        number if (u64::from(least)..=u64::from(most)).contains(&number) => Ok(number as usize),
        number => Err(Refusal::field(
            field,
            &format!("must be from {least} to {most}, got {number}"),
        )),
    }
}

fn check_libs(libs: &[String]) -> Result<Vec<String>, Refusal> {
    if libs.len() > MAX_LIBS {
        return Err(too_many_libs(libs.len()));
    }
    let mut checked: Vec<String> = Vec::with_capacity(libs.len());
    for (at, lib) in libs.iter().enumerate() {
        if lib.len() > MAX_LIB_BYTES {
            let message = format!("can have {MAX_LIB_BYTES} bytes at most, got {}", lib.len());
            return Err(Refusal::field(format!("lib[{at}]"), &message));
        }
        let name = plain_lib(lib);
        if !name.is_empty() && !checked.contains(&name) {
            checked.push(name);
        }
    }
    Ok(checked)
}

/// A library's name without what C++ puts around it: `std::vector<int>` and `<vector>` are `vector`.
fn plain_lib(lib: &str) -> String {
    let lib = lib.trim();
    let header = lib.strip_prefix('<').and_then(|lib| lib.strip_suffix('>'));
    let mut depth = 0_usize;
    let mut plain = String::with_capacity(lib.len());
    for letter in header.unwrap_or(lib).chars() {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 || letter.is_control() || letter.is_whitespace() => {}
            _ => plain.push(letter),
        }
    }
    let plain = plain.strip_prefix("::").unwrap_or(&plain);
    match plain.strip_prefix("std::") {
        Some("") | None => plain.to_owned(),
        Some(rest) => rest.to_owned(),
    }
}

fn too_many_libs(got: usize) -> Refusal {
    Refusal::field(
        "lib",
        &format!("can have {MAX_LIBS} names at most, got {got}"),
    )
}

fn too_many_kinds() -> Refusal {
    Refusal::field(
        "kind",
        &format!("can have {} words at most", Kind::ALL.len()),
    )
}

fn check_kinds(words: &[String]) -> Result<Vec<Kind>, Refusal> {
    if words.len() > Kind::ALL.len() {
        return Err(too_many_kinds());
    }
    let filled = words
        .iter()
        .map(|word| word.trim())
        .filter(|word| !word.is_empty());
    filled
        .map(|word| {
            Kind::from_word(word).ok_or_else(|| {
                let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
                let message = format!("must be of {}, got {:?}", known.join(", "), excerpt(word));
                Refusal::field("kind", &message)
            })
        })
        .collect()
}

fn check_since(text: String) -> Result<String, Refusal> {
    // Which of the two it is, only the catalogue knows.
    if text.len() <= 64
        && (since::asked(&text, true).is_some() || since::asked(&text, false).is_some())
    {
        return Ok(text);
    }
    Err(Refusal::since(&text))
}

fn or_default<'de, D: Deserializer<'de>>(reader: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(reader)?.unwrap_or_default())
}

/// Reads a name, a list of names, or null.
fn names<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<String>, D::Error> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a name or a list of names")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
            Ok(vec![name.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = list.next_element()? {
                names.push(name);
            }
            Ok(names)
        }
    }
    reader.deserialize_any(Names)
}

/// Reads a number, one that is written as a text, or null.
fn number<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<u64>, D::Error> {
    struct Number;
    impl Visitor<'_> for Number {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, not negative")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number))
        }

        /// JSON knows one kind of number: 20.0 is 20.
        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
            let most = f64::from(u32::MAX);
            if number.fract() == 0.0 && (0.0..=most).contains(&number) {
                return Ok(Some(number as u64));
            }
            Err(E::invalid_value(de::Unexpected::Float(number), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            let number = text.trim().parse().map(Some);
            number.map_err(|_| E::invalid_value(de::Unexpected::Str(excerpt(text)), &self))
        }
    }
    reader.deserialize_any(Number)
}

fn names_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            {"type": ["string", "null"], "maxLength": MAX_LIB_BYTES},
            {"type": "array", "maxItems": MAX_LIBS, "items": {"type": "string", "maxLength": MAX_LIB_BYTES}}
        ]
    })
}

fn kinds_schema(generator: &mut SchemaGenerator) -> Schema {
    let kind = generator.subschema_for::<Kind>();
    json_schema!({"anyOf": [kind, {"type": "array", "items": kind}, {"type": "null"}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_named_as_one_likes() {
        let rows = [
            ("vector", "vector"),
            ("std::vector", "vector"),
            ("::std::vector<std::pair<int, int>>", "vector"),
            ("<vector>", "vector"),
            (" std::vector<int>::iterator ", "vector::iterator"),
            ("chrono::duration", "chrono::duration"),
            ("std", "std"),
            ("", ""),
            ("<>", ""),
        ];
        for (got, expected) in rows {
            assert_eq!(plain_lib(got), expected, "{got}");
        }
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(257));
        let libs = format!(r#"{{"lib":[{}"a"]}}"#, r#""a","#.repeat(64));
        let rows: &[(&str, Code, Option<&str>)] = &[
            ("{", Code::InvalidJson, None),
            ("[]", Code::InvalidFrame, None),
            ("{} {}", Code::InvalidJson, None),
            (r#"{"text":1}"#, Code::InvalidField, Some("text")),
            (r#"{"text":"a","text":"b"}"#, Code::InvalidFrame, None),
            (&long, Code::InvalidField, Some("text")),
            (&libs, Code::InvalidField, Some("lib")),
            (r#"{"lib":["a",2]}"#, Code::InvalidField, Some("lib[1]")),
            (r#"{"lib":{}}"#, Code::InvalidField, Some("lib")),
            (r#"{"limit":0}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":201}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":-1}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":1.5}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":1e300}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":-0.5}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":"many"}"#, Code::InvalidField, Some("limit")),
            (r#"{"offset":1000001}"#, Code::InvalidField, Some("offset")),
            (r#"{"kind":"klass"}"#, Code::InvalidField, Some("kind")),
            (r#"{"since":"lately"}"#, Code::InvalidField, Some("since")),
            (r#"{"txt":"push"}"#, Code::UnknownField, Some("txt")),
        ];
        for (text, code, field) in rows {
            let refusal = Query::from_json(text.as_bytes()).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.field.as_deref()),
                (*code, *field),
                "{text}: {refusal}"
            );
        }
        let big = format!(r#"{{"text":"{}"}}"#, "x".repeat(MAX_QUESTION_BYTES));
        let refusal = Query::from_json(big.as_bytes()).unwrap_err();
        assert_eq!(refusal.code, Code::TooLarge);
    }

    #[test]
    fn a_question_may_come_in_an_address() {
        let query = Query::from_pairs([
            ("lib", "vector"),
            ("lib", "std::map<a,b>"),
            ("text", "push"),
            ("limit", "5"),
        ]);
        let json = br#"{"lib":["vector","map"],"text":"push","limit":"5","kind":null}"#;
        let query = query.unwrap();
        assert_eq!(query, Query::from_json(json).unwrap());
        let listed = [
            ("lib", "vector,std::map<a,b>,"),
            ("text", "push"),
            ("limit", "5"),
        ];
        assert_eq!(query, Query::from_pairs(listed).unwrap());
        let rows = [
            ("limit", "x"),
            ("offset", "-1"),
            ("kind", "x"),
            ("txt", "x"),
        ];
        for (key, value) in rows {
            let refusal = Query::from_pairs([(key, value)]).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(key));
        }
        let twice = Query::from_pairs([("text", "a"), ("text", "b")]).unwrap_err();
        assert_eq!(twice.field.as_deref(), Some("text"));
        let many = Query::from_pairs(std::iter::repeat_n(("lib", "a"), 100)).unwrap_err();
        assert_eq!(many.field.as_deref(), Some("lib"));
    }
}
