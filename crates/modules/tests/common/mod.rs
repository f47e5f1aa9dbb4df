//! The catalogue that the tests ask, and how they ask.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "each test file takes what it needs"
)]

use std::sync::{Arc, LazyLock};

use longwire_modules::{Catalogue, Query, Question};

static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| longwire_modules::cpp().get().unwrap());

/// The C++ standard library, as it is in the program.
pub fn catalogue() -> Arc<Catalogue> {
    Arc::clone(&CATALOGUE)
}

/// A question about a text in libraries.
pub fn query(text: &str, libs: &[&str], limit: u64) -> Query {
    let question = Question {
        text: text.to_owned(),
        lib: libs.iter().map(|lib| (*lib).to_owned()).collect(),
        limit: Some(limit),
        ..Question::default()
    };
    question.check().unwrap()
}
