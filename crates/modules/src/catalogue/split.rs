//! Whole names and their parts.

use crate::fold;

/// A whole name as its place and its last part. An operator's name may have what joins names in it.
pub(crate) fn split_name<'a>(qualified: &'a str, sep: &str) -> (&'a str, &'a str) {
    let operator = qualified.match_indices("operator").find(|(at, word)| {
        let starts = *at == 0 || qualified[..*at].ends_with(sep);
        let after = qualified.as_bytes().get(at + word.len());
        starts
            && after.is_some_and(|byte| !fold::is_word(*byte))
            && !qualified[at + word.len()..].starts_with(sep)
    });
    match operator {
        Some((0, _)) => ("", qualified),
        Some((at, _)) => (&qualified[..at - sep.len()], &qualified[at..]),
        None => qualified
            .rsplit_once(sep)
            .filter(|(_, name)| !name.is_empty())
            .unwrap_or(("", qualified)),
    }
}

/// A place and a name as a whole name.
pub(crate) fn join_name(scope: &str, name: &str, sep: &str) -> String {
    match scope {
        "" => name.to_owned(),
        scope => format!("{scope}{sep}{name}"),
    }
}
