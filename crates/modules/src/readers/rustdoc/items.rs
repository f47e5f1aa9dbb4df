//! The items of rustdoc's JSON, as far as they are symbols. Nothing else of them is kept.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::types::Callable;
use crate::Kind;

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) name: Option<Box<str>>,
    #[serde(default)]
    pub(super) visibility: Visibility,
    #[serde(default)]
    pub(super) deprecation: Option<Deprecation>,
    pub(super) inner: Inner,
}

/// A word, or an object for what is visible in a part of the crate.
#[derive(Default)]
pub(super) struct Visibility(pub(super) bool);

impl<'de> Deserialize<'de> for Visibility {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let found: WordOr<Nothing> = WordOr::deserialize(reader)?;
        Ok(Self(matches!(found, WordOr::Word { public: true })))
    }
}

#[derive(Deserialize)]
pub(super) struct Deprecation {
    #[serde(default)]
    pub(super) since: Option<Box<str>>,
}

/// What an item is: exactly one of these is there, or none that is a symbol.
#[derive(Deserialize)]
pub(super) struct Inner {
    module: Option<Items>,
    #[serde(rename = "struct")]
    structure: Option<Box<Data>>,
    #[serde(rename = "enum")]
    enumeration: Option<Box<Data>>,
    union: Option<Box<Data>>,
    #[serde(rename = "trait")]
    interface: Option<Items>,
    #[serde(rename = "impl")]
    pub(super) implementation: Option<Implementation>,
    pub(super) function: Option<Callable>,
    #[serde(rename = "use")]
    pub(super) reexport: Option<Reexport>,
    constant: Option<IgnoredAny>,
    assoc_const: Option<IgnoredAny>,
    #[serde(rename = "static")]
    variable: Option<IgnoredAny>,
    struct_field: Option<IgnoredAny>,
    variant: Option<IgnoredAny>,
    #[serde(rename = "macro")]
    rules: Option<IgnoredAny>,
    proc_macro: Option<ProcMacro>,
    type_alias: Option<IgnoredAny>,
    assoc_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Items {
    items: Box<[u32]>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    impls: Box<[u32]>,
    #[serde(default)]
    variants: Box<[u32]>,
    #[serde(default)]
    fields: Box<[u32]>,
    #[serde(default, deserialize_with = "plain_fields")]
    kind: Box<[u32]>,
}

/// The fields of `struct { … }`; those of a tuple have no names.
fn plain_fields<'de, D: Deserializer<'de>>(reader: D) -> Result<Box<[u32]>, D::Error> {
    #[derive(Deserialize)]
    struct Shape {
        plain: Option<Plain>,
    }
    #[derive(Deserialize)]
    struct Plain {
        fields: Box<[u32]>,
    }
    let plain = match WordOr::deserialize(reader)? {
        WordOr::Word { .. } => None,
        WordOr::Object(Shape { plain }) => plain,
    };
    Ok(plain.map(|plain| plain.fields).unwrap_or_default())
}

#[derive(Deserialize)]
pub(super) struct Implementation {
    pub(super) items: Box<[u32]>,
    #[serde(rename = "trait")]
    pub(super) of: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Reexport {
    pub(super) name: Box<str>,
    pub(super) id: Option<u32>,
    pub(super) is_glob: bool,
}

#[derive(Deserialize)]
struct ProcMacro {
    kind: MacroKind,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum MacroKind {
    Derive,
    Attr,
    #[serde(other)]
    Bang,
}

/// A word, or an object of which only what is asked for is kept.
enum WordOr<T> {
    Word { public: bool },
    Object(T),
}

/// An object of which nothing is kept.
#[derive(Deserialize)]
struct Nothing {}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = WordOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or an object")
            }

            fn visit_str<E>(self, word: &str) -> Result<Self::Value, E> {
                let public = matches!(word, "public" | "default");
                Ok(WordOr::Word { public })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(WordOr::Object)
            }
        }
        reader.deserialize_any(Either(PhantomData))
    }
}

impl Item {
    /// How much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let since = self.deprecation.as_ref().map_or(0, |it| text(&it.since));
        // In a table that is half empty.
        2 * size_of::<(u32, Self)>() + text(&self.name) + since + self.inner.bytes()
    }
}

impl Inner {
    fn bytes(&self) -> usize {
        let implemented = self.implementation.iter().flat_map(|it| it.items.iter());
        let numbers = self.items().count() + self.impls().count() + implemented.count();
        let data = self.data().count() * size_of::<Data>();
        let name = self.reexport.as_ref().map_or(0, |export| export.name.len());
        let call = self.function.as_ref().map_or(0, Callable::bytes);
        numbers * size_of::<u32>() + data + name + call
    }

    /// What it is, and the word for it in addresses.
    pub(super) fn kind(&self) -> Option<(Kind, &'static str)> {
        let function = self.function.as_ref();
        let required = function.is_some_and(Callable::is_required);
        let made = self.proc_macro.as_ref().map(|made| match made.kind {
            MacroKind::Derive => "derive",
            MacroKind::Attr => "attr",
            MacroKind::Bang => "macro",
        });
        let kinds = [
            (self.module.is_some(), Kind::Namespace, "mod"),
            (self.structure.is_some(), Kind::Class, "struct"),
            (self.enumeration.is_some(), Kind::Enum, "enum"),
            (self.union.is_some(), Kind::Class, "union"),
            (self.interface.is_some(), Kind::Class, "trait"),
            (required, Kind::Function, "tymethod"),
            (function.is_some(), Kind::Function, "fn"),
            (self.constant.is_some(), Kind::Constant, "constant"),
            (
                self.assoc_const.is_some(),
                Kind::Constant,
                "associatedconstant",
            ),
            (self.variable.is_some(), Kind::Variable, "static"),
            (self.struct_field.is_some(), Kind::Variable, "structfield"),
            (self.variant.is_some(), Kind::Enumerator, "variant"),
            (self.rules.is_some(), Kind::Macro, "macro"),
            (made.is_some(), Kind::Macro, made.unwrap_or_default()),
            (self.type_alias.is_some(), Kind::Alias, "type"),
            (self.assoc_type.is_some(), Kind::Type, "associatedtype"),
        ];
        let found = kinds.into_iter().find(|(is, ..)| *is);
        found.map(|(_, kind, word)| (kind, word))
    }

    /// The items in it.
    pub(super) fn items(&self) -> impl Iterator<Item = u32> + '_ {
        let modules = self.module.iter().chain(&self.interface);
        let data = self
            .data()
            .flat_map(|data| data.variants.iter().chain(&data.fields).chain(&data.kind));
        let items = modules.flat_map(|items| items.items.iter());
        items.chain(data).copied()
    }

    pub(super) fn impls(&self) -> impl Iterator<Item = &u32> {
        self.data().flat_map(|data| data.impls.iter())
    }

    fn data(&self) -> impl Iterator<Item = &Data> {
        [&self.structure, &self.enumeration, &self.union]
            .into_iter()
            .flatten()
            .map(|data| &**data)
    }
}
