//! Whatever is asked and whatever is read: no panic, and what is found is marked within its name.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use longwire_modules::{Limits, Query, readers, search};
use proptest::prelude::*;

mod common;

/// Small, so that a file made of noise meets every limit.
const SMALL: Limits = Limits {
    file_bytes: 1 << 18,
    line_bytes: 1 << 12,
    symbols: 200,
    text_bytes: 1 << 16,
};

/// Texts made of what means something to the search.
fn texts() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "std::", "vector", "push", "_", "back", "::", "->", ".", "operator", "[]", "<", ">", "(",
        ")", "~", " ", "\"\"", "s", "é", "日本", "A", "x", "#", "/", "=", "string", "basic",
        "psuh", "fnd", "new", "1", "\u{0}", "\t",
    ]);
    prop::collection::vec(parts, 0..8).prop_map(|parts| parts.concat())
}

/// A file of each format, to be broken.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let seeds: Vec<Vec<u8>> = std::fs::read_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fuzz/seeds/modules_file"
    ))
    .unwrap()
    .map(|seed| std::fs::read(seed.unwrap().path()).unwrap())
    .collect();
    assert!(seeds.len() >= 8, "a seed of every format");
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..4);
    (prop::sample::select(seeds), changes).prop_map(|(mut file, changes)| {
        for (at, byte, what) in changes {
            let at = at
                .index(file.len().max(1))
                .min(file.len().saturating_sub(1));
            match what {
                0 if !file.is_empty() => file[at] = byte,
                1 => file.truncate(at),
                _ => file.insert(at, byte),
            }
        }
        file
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_answer(text in texts(), lib in prop::option::of(prop::sample::select(vec!["vector", "string", "algorithm"]))) {
        let libs: Vec<&str> = lib.into_iter().collect();
        let page = search(&common::catalogue(), &common::query(&text, &libs, 50)).unwrap();
        for set in &page.data {
            let shown = set.found.alias.as_ref().unwrap_or(&set.name);
            let length = u32::try_from(shown.chars().count()).unwrap();
            let mut before = 0;
            for [from, to] in &set.found.ranges {
                prop_assert!(before <= *from && from < to && *to <= length, "{:?}: {:?}", text, set);
                before = *to;
            }
        }
    }

    #[test]
    fn any_file_is_read_or_refused(file in files()) {
        let read = readers::read_with_base("any", &*file, Some("https://example.org"), &SMALL);
        let Ok(catalogue) = read else { return Ok(()) };
        prop_assert!(catalogue.len() <= SMALL.symbols);
        for text in ["", "a", "f", "operator"] {
            let query = Query::from_pairs([("text", text)]).unwrap();
            let page = search(&catalogue, &query).unwrap();
            let urls = page.data.iter().filter_map(|set| set.url.as_deref());
            prop_assert!(urls.into_iter().all(|url| url.starts_with("http")));
        }
    }
}
