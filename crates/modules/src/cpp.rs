//! The C++ standard library.

use crate::{Lazy, Limits, readers};

const FILE: &[u8] = include_bytes!("../data/cpp.jsonl.gz");

/// The catalogue of the C++ standard library, by the name `cpp`. It is part of the program, and read when it is first asked
/// for.
///
/// ```
/// use longwire_modules::{Query, cpp, search};
///
/// let query = Query::from_json(br#"{"lib":["basic_string","vector"],"text":"push"}"#).unwrap();
/// let page = search(&*cpp().get().unwrap(), &query).unwrap();
/// assert_eq!(page.message, "2 matches in basic_string, vector");
/// ```
pub fn cpp() -> Lazy {
    Lazy::new("cpp", || {
        readers::read("cpp.jsonl.gz", FILE, &Limits::default()).map_err(|error| error.to_string())
    })
}
