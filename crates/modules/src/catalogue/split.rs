//! Whole names and their parts.

use crate::fold;

/// A whole name as its place and its last part. An operator's name may have what joins names in it.
pub(crate) fn split_name<'a>(qualified: &'a str, sep: &str) -> (&'a str, &'a str) {
    let name = match operator(qualified, sep) {
        Some(name) => name,
        None => match last(qualified, sep) {
            Some(at) => at + sep.len(),
            None => 0,
        },
    };
    match name {
        0 => ("", qualified),
        name if name == qualified.len() => ("", qualified),
        name => (&qualified[..name - sep.len()], &qualified[name..]),
    }
}

/// Where the name of an operator begins.
fn operator(qualified: &str, sep: &str) -> Option<usize> {
    let bytes = qualified.as_bytes();
    memchr::memchr_iter(fold::OPERATOR[0], bytes).find(|at| {
        let starts = *at == 0 || bytes[..*at].ends_with(sep.as_bytes());
        let after = bytes[*at..].strip_prefix(fold::OPERATOR);
        let after = after.filter(|after| !after.starts_with(sep.as_bytes()));
        starts && after.is_some_and(|after| after.first().is_some_and(|byte| !fold::is_word(*byte)))
    })
}

/// Where what joins names stands last. Names are split by the ten thousand: to look for one or two letters in a short
/// text takes less than to prepare for it.
fn last(qualified: &str, sep: &str) -> Option<usize> {
    let (bytes, sep) = (qualified.as_bytes(), sep.as_bytes());
    memchr::memrchr_iter(*sep.first()?, bytes).find(|at| bytes[*at..].starts_with(sep))
}

/// A place and a name as a whole name.
pub(crate) fn join_name(scope: &str, name: &str, sep: &str) -> String {
    match scope {
        "" => name.to_owned(),
        scope => format!("{scope}{sep}{name}"),
    }
}
