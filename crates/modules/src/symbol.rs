//! A symbol as it is given to a catalogue, and as it stands on a line of a catalogue's text.

use std::{borrow::Cow, fmt, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, de::Visitor};

use crate::Kind;

/// A text that is borrowed from what is being read, unless it was written with escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(text)
    }
}

// Written by hand, as serde borrows a `Cow` only where it stands alone, never in an `Option` or a `Vec`.
impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(text.into())
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(text.to_owned().into())
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

impl JsonSchema for Text<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// The first line of a catalogue: what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The name by which a question asks for this catalogue, such as `cpp`.
    pub catalogue: String,
    /// What it is called, such as `The C++ standard library`.
    #[serde(default)]
    pub title: String,
    /// The version of this format: 1.
    pub version: u32,
    /// What it was made from.
    #[serde(default)]
    pub sources: Vec<String>,
    /// What joins names: `::`, `.`, `#` or `/`.
    #[serde(default = "Head::default_sep")]
    pub sep: String,
}

impl Head {
    /// The version of the format that is read.
    pub const VERSION: u32 = 1;

    fn default_sep() -> String {
        "::".to_owned()
    }

    /// The head of a catalogue with names joined by `sep`.
    pub fn new(catalogue: &str, sep: &str) -> Self {
        Self {
            catalogue: catalogue.to_owned(),
            title: String::new(),
            version: Self::VERSION,
            sources: Vec::new(),
            sep: sep.to_owned(),
        }
    }
}

/// One overload set (all functions of one name in one place), or a class, a macro, a constant, … of its own: a line
/// of a catalogue after its first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Symbol<'a> {
    /// The whole name, such as `std::vector::push_back`.
    #[serde(borrow)]
    pub qualified: Text<'a>,
    /// Its last part, where that cannot be derived.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<'a>>,
    /// What a user would name to mean it: the class, without `std::`, of a member; the header of what stands in a
    /// namespace.
    #[serde(borrow)]
    pub lib: Text<'a>,
    /// What it is.
    pub kind: Kind,
    /// The header or file, without `<>`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Text<'a>>,
    /// The standard or version that brought it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Text<'a>>,
    /// The standard or version that deprecated it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Text<'a>>,
    /// The standard or version that removed it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Text<'a>>,
    /// Its page: an `http` or `https` address.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
    /// Other names of the same thing. A class's count for its members, too.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Text<'a>>,
    /// The `qualified` of the member of a base that this one is.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub inherited_from: Option<Text<'a>>,
    /// How it can be called or is declared.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SymbolSignature<'a>>,
}

impl<'a> Symbol<'a> {
    /// A symbol of which only this is known.
    pub fn new(qualified: impl Into<Text<'a>>, lib: impl Into<Text<'a>>, kind: Kind) -> Self {
        Self {
            qualified: qualified.into(),
            name: None,
            lib: lib.into(),
            kind,
            header: None,
            since: None,
            deprecated: None,
            removed: None,
            url: None,
            aliases: Vec::new(),
            inherited_from: None,
            signatures: Vec::new(),
        }
    }

    /// Adds a signature of the symbol's own age.
    #[must_use]
    pub fn signed(mut self, text: impl Into<Text<'a>>) -> Self {
        self.signatures.push(SymbolSignature {
            text: text.into(),
            since: None,
        });
        self
    }
}

/// One signature of a symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SymbolSignature<'a> {
    /// As it would be written in the language.
    #[serde(borrow)]
    pub text: Text<'a>,
    /// The standard or version that brought it, where it is not the symbol's.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Text<'a>>,
}
