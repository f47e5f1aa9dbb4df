//! Files that others write: none makes a reader panic or take more than it may, and what was read can be searched.
#![no_main]

use libfuzzer_sys::fuzz_target;
use longwire_modules::{Limits, Query, readers, search};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        file_bytes: 1 << 20,
        line_bytes: 1 << 14,
        symbols: 1000,
        text_bytes: 1 << 18,
    };
    let base = Some("https://example.org");
    let Ok(catalogue) = readers::read_with_base("fuzz", bytes, base, &limits) else {
        return;
    };
    assert!(catalogue.len() <= limits.symbols);
    for text in ["", "a", "operator"] {
        let query = Query::from_pairs([("text", text)]).expect("a text can be asked");
        let page = search(&catalogue, &query).expect("everywhere is known");
        let urls = page.data.iter().filter_map(|set| set.url.as_deref());
        assert!(urls.into_iter().all(|url| url.starts_with("http")));
    }
});
