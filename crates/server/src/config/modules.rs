use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A catalogue of library symbols that is searched beside the standard library of C++.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleConfig {
    /// The file that the symbols are in: our own JSON lines, a Doxygen tag file, a Sphinx `objects.inv`, Universal Ctags JSON
    /// lines, rustdoc or TypeDoc JSON, or Javadoc's `member-search-index.js`; its format is told by its content. It is read
    /// again when it changes.
    #[schemars(with = "String", example = &"/usr/share/doc/zlib/zlib.tag")]
    pub file: PathBuf,

    /// Where its pages are, for formats that say only what a page is called: an `http` or `https` address.
    #[schemars(with = "Option<String>", example = &"https://zlib.net/manual/")]
    pub base_url: Option<String>,
}

impl ModuleConfig {
    /// What is wrong with an address as that of a catalogue's pages, as the end of a sentence that begins with the key.
    pub fn wrong_with_base_url(base: &str) -> Option<String> {
        let what = "it must be an http or https address, as in \"https://zlib.net/manual/\"";
        (!is_page(base)).then(|| format!("is {base:?}; {what}"))
    }
}

fn is_page(base: &str) -> bool {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| base.strip_prefix(scheme));
    let is_plain = |letter: char| letter.is_ascii_graphic() && !"<>\"{}|\\^`".contains(letter);
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && rest.chars().all(is_plain)
    })
}

/// The name of the catalogue that is always there.
pub const STANDARD_MODULE: &str = "cpp";
/// Bytes that the name of a catalogue may have.
pub const MODULE_NAME_BYTES: usize = 64;
/// Catalogues that a file may have.
pub const MOST_MODULES: usize = 64;

/// What is wrong with a catalogue's name, as the end of a sentence that begins with it.
pub(super) fn wrong_with_name(name: &str) -> Option<String> {
    if name == STANDARD_MODULE {
        return Some("is the standard library of C++; a catalogue needs another name".to_owned());
    }
    if name.is_empty() {
        return Some("is empty; a catalogue needs a name".to_owned());
    }
    if name.len() > MODULE_NAME_BYTES {
        return Some(format!(
            "has {} bytes; at most {MODULE_NAME_BYTES} are allowed",
            name.len()
        ));
    }
    let may_be_in_name =
        |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let strange = name.chars().find(|letter| !may_be_in_name(letter))?;
    Some(format!(
        "has {strange:?} in it; only letters, digits and `_`, `-`, `.` are allowed"
    ))
}
