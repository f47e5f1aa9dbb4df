//! What a symbol is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a symbol is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A class, struct, union, trait or interface.
    Class,
    /// A function or a method.
    Function,
    /// A constructor.
    Constructor,
    /// A destructor.
    Destructor,
    /// An operator, conversions and literals included.
    Operator,
    /// A constant.
    Constant,
    /// A variable, a field or a property.
    Variable,
    /// A type that is none of the others.
    Type,
    /// An enumeration.
    Enum,
    /// A value of an enumeration.
    Enumerator,
    /// A concept.
    Concept,
    /// A macro.
    Macro,
    /// A deduction guide.
    DeductionGuide,
    /// Another name of a type.
    Alias,
    /// A namespace, module or package.
    Namespace,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::Class,
        Self::Function,
        Self::Constructor,
        Self::Destructor,
        Self::Operator,
        Self::Constant,
        Self::Variable,
        Self::Type,
        Self::Enum,
        Self::Enumerator,
        Self::Concept,
        Self::Macro,
        Self::DeductionGuide,
        Self::Alias,
        Self::Namespace,
    ];

    /// The word for it on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Function => "function",
            Self::Constructor => "constructor",
            Self::Destructor => "destructor",
            Self::Operator => "operator",
            Self::Constant => "constant",
            Self::Variable => "variable",
            Self::Type => "type",
            Self::Enum => "enum",
            Self::Enumerator => "enumerator",
            Self::Concept => "concept",
            Self::Macro => "macro",
            Self::DeductionGuide => "deduction_guide",
            Self::Alias => "alias",
            Self::Namespace => "namespace",
        }
    }

    /// The kind that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Where it stands among matches that are equally good: what is called or made comes before what is named in passing.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Class | Self::Function | Self::Concept => 0,
            Self::Operator => 1,
            Self::Constant | Self::Variable | Self::Enumerator | Self::Macro => 2,
            Self::Type | Self::Enum | Self::Alias | Self::Namespace => 3,
            Self::Constructor | Self::Destructor => 4,
            Self::DeductionGuide => 5,
        }
    }

    /// Where it stands where all is listed: as a page about a class would be written.
    pub(crate) fn chapter(self) -> u8 {
        match self {
            Self::Namespace | Self::Class | Self::Concept => 0,
            Self::Constructor => 1,
            Self::Destructor => 2,
            Self::Function => 3,
            Self::Operator => 4,
            Self::Type | Self::Enum | Self::Alias => 5,
            Self::Constant | Self::Variable | Self::Enumerator => 6,
            Self::Macro | Self::DeductionGuide => 7,
        }
    }
}
