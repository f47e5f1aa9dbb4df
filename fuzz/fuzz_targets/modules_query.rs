//! What someone may ask: no question makes the search panic, and whatever is found is there, marked within its name.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use longwire_modules::{Catalogue, Query, Question, cpp, search};

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    cpp().get().expect("it is part of the program")
});

fuzz_target!(|text: &str| {
    if let Ok(query) = Query::from_json(text.as_bytes()) {
        let _ = search(&CATALOGUE, &query);
    }
    let question = Question {
        text: text.to_owned(),
        ..Question::default()
    };
    let Ok(query) = question.check() else { return };
    let page = search(&CATALOGUE, &query).expect("a text alone can be asked");
    for set in &page.data {
        let shown = set.found.alias.as_ref().unwrap_or(&set.name);
        let length = shown.chars().count() as u32;
        let mut before = 0;
        for [from, to] in &set.found.ranges {
            assert!(before <= *from && from < to && *to <= length, "{text:?}: {set:?}");
            before = *to;
        }
    }
});
