//! A question in the parameters of an address.

use std::borrow::Cow;

use super::{MAX_LIBS, Query, Question, check, names::listed};
use crate::{Kind, Refusal, catalogue::excerpt};

impl Query {
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
            "lib" if self.lib.len() > MAX_LIBS => return Err(check::too_many_libs(self.lib.len())),
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
            "kind" if self.kind.len() > Kind::ALL.len() => return Err(check::too_many_kinds()),
            "kind" => {
                self.kind.extend(listed(value));
                "kind"
            }
            "since" => {
                self.since = Some(with_pluses(value).into_owned());
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
}

/// `?since=C++17` as it was meant: in an address a `+` is a blank, and no standard is called "C  17".
fn with_pluses(since: &str) -> Cow<'_, str> {
    let rest = since.trim_start().strip_prefix(['C', 'c']);
    match rest.and_then(|rest| rest.strip_prefix("  ")) {
        Some(rest) => Cow::Owned(format!("C++{rest}")),
        None => Cow::Borrowed(since),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for since in ["C++17", "C  17", "c  17"] {
            let query = Query::from_pairs([("since", since)]).unwrap();
            assert_eq!(query.since.unwrap().to_uppercase(), "C++17");
        }
        for (given, expected) in [("Since 1.8", "Since 1.8"), ("C 17", "C 17")] {
            let query = Query::from_pairs([("since", given)]).unwrap();
            assert_eq!(query.since.as_deref(), Some(expected));
        }
        let twice = Query::from_pairs([("text", "a"), ("text", "b")]).unwrap_err();
        assert_eq!(twice.field.as_deref(), Some("text"));
        let many = Query::from_pairs(std::iter::repeat_n(("lib", "a"), 100)).unwrap_err();
        assert_eq!(many.field.as_deref(), Some("lib"));
    }
}
