//! Who is measured, one file each. Each does what its documentation offers for it; none is tuned but ours.

#[cfg(feature = "fst")]
mod fst;
#[cfg(feature = "nucleo")]
mod nucleo;
mod ours;
#[cfg(feature = "tantivy")]
mod tantivy;

use anyhow::Result;

use crate::corpus::Symbol;
pub(crate) use ours::Ours;

/// Matches that are asked for.
pub(crate) const LIMIT: usize = 20;

pub(crate) trait Engine {
    /// The whole names of the best matches.
    fn ask(&mut self, text: &str, libs: &[String]) -> Result<Vec<String>>;
}

pub(crate) type Build = fn(&[Symbol], &str) -> Result<Box<dyn Engine>>;

pub(crate) const ENGINES: &[(&str, Build)] = &[
    ("longwire", Ours::build),
    #[cfg(feature = "nucleo")]
    ("nucleo", nucleo::Nucleo::build),
    #[cfg(feature = "fst")]
    ("fst", fst::Fst::build),
    #[cfg(feature = "tantivy")]
    ("tantivy", tantivy::Tantivy::build),
];

/// What engines that know nothing of C++ are given: the name after the last `::`, in lower case.
#[cfg(any(feature = "fst", feature = "tantivy"))]
fn last_name(text: &str) -> String {
    text.rsplit("::").next().unwrap_or(text).trim().to_lowercase()
}

/// Whether a symbol is in one of the libraries.
#[cfg(any(feature = "fst", feature = "nucleo"))]
fn is_in(symbol: &[String], libs: &[String]) -> bool {
    libs.is_empty() || symbol.iter().any(|lib| libs.contains(lib))
}
