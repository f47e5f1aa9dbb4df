//! What a client has already, and what it takes: lists in headers.

use axum::http::{HeaderMap, header};

/// Whether `If-None-Match` has that tag. The comparison is the weak one (RFC 9110, section 13.1.2), and no tag of ours has a comma in it.
pub(crate) fn is_had(asked: &HeaderMap, tag: &str) -> bool {
    let tag = strong(tag);
    words(asked, header::IF_NONE_MATCH).any(|had| had == "*" || strong(had) == tag)
}

fn strong(tag: &str) -> &str {
    tag.trim_start_matches("W/")
}

/// The words of a list, on however many lines it stands (RFC 9110, section 5.6.1).
pub(crate) fn words(asked: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let lines = asked.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}
