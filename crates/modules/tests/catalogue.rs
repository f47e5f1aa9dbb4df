//! The committed catalogue of the C++ standard library, as a reader gets it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{catalogue, query};
use longwire_modules::search;

#[test]
fn every_line_is_read() {
    let catalogue = catalogue();
    assert_eq!(catalogue.name(), "cpp");
    assert!(catalogue.len() > 11_000, "{}", catalogue.len());
}

#[test]
fn members_are_found_in_their_classes_by_their_beginning() {
    let catalogue = catalogue();
    for (libs, text, expected) in [
        (
            &["basic_string", "vector"][..],
            "push",
            "std::vector::push_back",
        ),
        (
            &["basic_string", "vector"],
            "push",
            "std::basic_string::push_back",
        ),
        (&["string"], "find_f", "std::basic_string::find_first_of"),
        (&["ifstream"], "goo", "std::basic_ifstream::good"),
        (&["algorithm"], "nth", "std::nth_element"),
        (&["ranges"], "views::fil", "std::views::filter"),
        (&["chrono::duration"], "cou", "std::chrono::duration::count"),
        (
            &["filesystem::path"],
            "ext",
            "std::filesystem::path::extension",
        ),
        (&["cmath"], "sqr", "std::sqrt"),
        (&["climits"], "INT_M", "INT_MAX"),
        (&["vector"], "erase_", "std::erase_if"),
    ] {
        let page = search(&catalogue, &query(text, libs, libs.len() as u64)).unwrap();
        let found: Vec<&str> = page.data.iter().map(|set| &*set.qualified).collect();
        assert!(found.contains(&expected), "{libs:?} {text:?}: {found:?}");
    }
}
