//! Answers in words.

use super::Asked;
use crate::{Query, Refusal, catalogue::excerpt, refusal::Code};

/// Names that a sentence lists, at most.
pub(super) const LISTED: usize = 5;

pub(super) fn found(total: usize, libs: &Asked<'_>, query: &Query) -> String {
    let count = match total {
        0 => "no match".to_owned(),
        1 => "1 match".to_owned(),
        total => format!("{total} matches"),
    };
    let place = match &*libs.names {
        [] => "all libraries".to_owned(),
        names => list(names.iter().map(|name| excerpt(name))),
    };
    let text = query.text.trim();
    let what = match total {
        0 if !text.is_empty() => format!(" for {:?}", excerpt(text)),
        _ => String::new(),
    };
    let unknown = match &*libs.unknown {
        [] => String::new(),
        unknown => format!("; {}", unknown_libs(unknown)),
    };
    format!("{count}{what} in {place}{unknown}")
}

fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let rest = names.len().saturating_sub(LISTED);
    let names: Vec<&str> = names.take(LISTED).collect();
    match rest {
        0 => names.join(", "),
        rest => format!("{} and {rest} more", names.join(", ")),
    }
}

fn unknown_libs(unknown: &[(&str, Option<&str>)]) -> String {
    let said: Vec<String> = unknown
        .iter()
        .map(|(name, near)| match near {
            Some(near) => format!("{:?} (did you mean {near:?}?)", excerpt(name)),
            None => format!("{:?}", excerpt(name)),
        })
        .collect();
    let what = if unknown.len() == 1 {
        "library"
    } else {
        "libraries"
    };
    format!("unknown {what} {}", list(said.iter().map(String::as_str)))
}

pub(super) fn all_unknown(unknown: &[(&str, Option<&str>)]) -> Refusal {
    Refusal {
        code: Code::UnknownLib,
        field: Some("lib".to_owned()),
        message: format!("lib: {}", unknown_libs(unknown)),
    }
}
