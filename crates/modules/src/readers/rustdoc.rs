//! rustdoc's JSON (`--output-format json`): an index of items by number, and a crate to begin at.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};

use super::{Broken, Reading, Source, one_line, rust_types::Callable};
use crate::{Builder, Kind, Symbol};

const SEP: &str = "::";
/// Since this version of the format items are numbered.
const OLDEST: u32 = 37;
/// Modules within modules.
const MAX_DEPTH: usize = 64;

pub(super) fn is(begin: &str) -> bool {
    let begin = begin.trim_start();
    begin.starts_with('{')
        && begin.contains("\"root\"")
        && (begin.contains("\"index\"") || begin.contains("\"crate_version\""))
}

#[derive(Default)]
struct Crate {
    root: u32,
    version: Option<String>,
    format: u32,
    items: HashMap<u32, Item>,
}

#[derive(Deserialize)]
struct Item {
    name: Option<String>,
    #[serde(default)]
    visibility: Visibility,
    #[serde(default)]
    deprecation: Option<Deprecation>,
    inner: Inner,
}

#[derive(Default)]
struct Visibility(bool);

impl<'de> Deserialize<'de> for Visibility {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        // A word, or an object for what is visible in a part of the crate.
        let found = serde_json::Value::deserialize(reader)?;
        Ok(Self(matches!(found.as_str(), Some("public" | "default"))))
    }
}

#[derive(Deserialize)]
struct Deprecation {
    #[serde(default)]
    since: Option<String>,
}

/// What an item is: exactly one of these is there, or none that is a symbol.
#[derive(Deserialize)]
struct Inner {
    module: Option<Items>,
    #[serde(rename = "struct")]
    structure: Option<Data>,
    #[serde(rename = "enum")]
    enumeration: Option<Data>,
    union: Option<Data>,
    #[serde(rename = "trait")]
    interface: Option<Items>,
    #[serde(rename = "impl")]
    implementation: Option<Implementation>,
    function: Option<Callable>,
    #[serde(rename = "use")]
    reexport: Option<Reexport>,
    constant: Option<IgnoredAny>,
    assoc_const: Option<IgnoredAny>,
    #[serde(rename = "static")]
    variable: Option<IgnoredAny>,
    struct_field: Option<IgnoredAny>,
    variant: Option<IgnoredAny>,
    #[serde(rename = "macro")]
    rules: Option<IgnoredAny>,
    proc_macro: Option<IgnoredAny>,
    type_alias: Option<IgnoredAny>,
    assoc_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Items {
    items: Vec<u32>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    impls: Vec<u32>,
    #[serde(default)]
    variants: Vec<u32>,
    #[serde(default)]
    fields: Vec<u32>,
    #[serde(default, deserialize_with = "plain_fields")]
    kind: Vec<u32>,
}

/// The fields of `struct { … }`; those of a tuple have no names.
fn plain_fields<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<u32>, D::Error> {
    let kind = serde_json::Value::deserialize(reader)?;
    let fields = kind["plain"]["fields"].as_array().into_iter().flatten();
    Ok(fields
        .filter_map(|id| u32::try_from(id.as_u64()?).ok())
        .collect())
}

#[derive(Deserialize)]
struct Implementation {
    items: Vec<u32>,
    #[serde(rename = "trait")]
    of: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Reexport {
    name: String,
    id: Option<u32>,
    is_glob: bool,
}

pub(super) fn read(source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let mut reader = serde_json::Deserializer::from_reader(source.rest());
    let most = reading.limits.symbols;
    let found = Document { most }.deserialize(&mut reader);
    let found = found.and_then(|found| reader.end().map(|()| found));
    let found = found.map_err(|error| Broken::new(error.to_string()))?;
    if found.format < OLDEST {
        let got = found.format;
        return Err(Broken::new(format!(
            "is of format {got}; {OLDEST} or later is read"
        )));
    }
    let root = found
        .items
        .get(&found.root)
        .and_then(|root| root.name.as_deref());
    let root = root.ok_or_else(|| Broken::new("names no crate to begin at"))?;
    let title = one_line(&format!(
        "{root} {}",
        found.version.as_deref().unwrap_or_default()
    ));
    let mut walk = Walk {
        builder: reading.builder(&title, SEP, "rustdoc")?,
        found: &found,
        reading,
        within: HashSet::new(),
    };
    walk.item(found.root, "", None, "")?;
    Ok(walk.builder)
}

struct Document {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Document {
    type Value = Crate;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Crate, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document {
    type Value = Crate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what rustdoc says of a crate")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Crate, A::Error> {
        let mut found = Crate::default();
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "root" => found.root = map.next_value()?,
                "crate_version" => found.version = map.next_value()?,
                "format_version" => found.format = map.next_value()?,
                "index" => found.items = map.next_value_seed(Index { most: self.most })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// The items, no more than a catalogue may have symbols.
struct Index {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Index {
    type Value = HashMap<u32, Item>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Index {
    type Value = HashMap<u32, Item>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("items by number")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut items = HashMap::new();
        while let Some((number, item)) = map.next_entry::<u32, Item>()? {
            if items.len() >= self.most {
                return Err(A::Error::custom(format_args!(
                    "more than {} items",
                    self.most
                )));
            }
            items.insert(number, item);
        }
        Ok(items)
    }
}

/// Goes from the crate to all that can be reached in it, each by the path on which a user does.
struct Walk<'a> {
    builder: Builder,
    found: &'a Crate,
    reading: &'a Reading<'a>,
    /// The items from the crate to here: what is exported within itself would never end.
    within: HashSet<u32>,
}

impl Walk<'_> {
    /// `page` is the page of the item that this one is in.
    fn item(&mut self, id: u32, scope: &str, name: Option<&str>, page: &str) -> Result<(), Broken> {
        let found = self.found;
        let Some(item) = found.items.get(&id) else {
            return Ok(());
        };
        let reachable = item.visibility.0 && self.within.len() < MAX_DEPTH;
        if !reachable || !self.within.insert(id) {
            return Ok(());
        }
        let walked = match &item.inner {
            Inner {
                reexport: Some(export),
                ..
            } => match export.id {
                // A glob's items keep their names: they are walked through below the module.
                Some(id) if export.is_glob => self.children(id, scope, page),
                Some(id) => self.item(id, scope, Some(&export.name), page),
                None => Ok(()),
            },
            _ => match name.or(item.name.as_deref()) {
                Some(name) => self.named(item, id, scope, name, page),
                None => Ok(()),
            },
        };
        self.within.remove(&id);
        walked
    }

    fn named(
        &mut self,
        item: &Item,
        id: u32,
        scope: &str,
        name: &str,
        page: &str,
    ) -> Result<(), Broken> {
        let Some((kind, word)) = item.inner.kind() else {
            return Ok(());
        };
        let qualified = match scope {
            "" => name.to_owned(),
            scope => format!("{scope}{SEP}{name}"),
        };
        let lib = if scope.is_empty() { name } else { scope };
        let page = page_of(page, word, name);
        let mut symbol = Symbol::new(&*qualified, lib, kind);
        if let Some(call) = &item.inner.function {
            symbol = symbol.signed(one_line(&call.text(name)));
        }
        let since =
            |deprecation: &Deprecation| deprecation.since.clone().filter(|since| !since.is_empty());
        symbol.deprecated = item.deprecation.as_ref().map(|deprecation| {
            since(deprecation)
                .unwrap_or_else(|| "yes".to_owned())
                .into()
        });
        symbol.url = self.reading.url(&page)?.map(Into::into);
        self.builder.add(&symbol)?;
        self.children(id, &qualified, &page)
    }

    fn children(&mut self, id: u32, scope: &str, page: &str) -> Result<(), Broken> {
        let found = self.found;
        let Some(item) = found.items.get(&id) else {
            return Ok(());
        };
        for child in item.inner.items() {
            self.item(child, scope, None, page)?;
        }
        for id in item.inner.impls() {
            let item = found
                .items
                .get(id)
                .and_then(|item| item.inner.implementation.as_ref());
            // What a trait gives is told with the trait.
            let own = item.filter(|item| item.of.is_none());
            for child in own.into_iter().flat_map(|own| &own.items) {
                self.item(*child, scope, None, page)?;
            }
        }
        Ok(())
    }
}

impl Inner {
    fn kind(&self) -> Option<(Kind, &'static str)> {
        let kinds = [
            (self.module.is_some(), Kind::Namespace, "mod"),
            (self.structure.is_some(), Kind::Class, "struct"),
            (self.enumeration.is_some(), Kind::Enum, "enum"),
            (self.union.is_some(), Kind::Class, "union"),
            (self.interface.is_some(), Kind::Class, "trait"),
            (self.function.is_some(), Kind::Function, "fn"),
            (self.constant.is_some(), Kind::Constant, "constant"),
            (
                self.assoc_const.is_some(),
                Kind::Constant,
                "associatedconstant",
            ),
            (self.variable.is_some(), Kind::Variable, "static"),
            (self.struct_field.is_some(), Kind::Variable, "structfield"),
            (self.variant.is_some(), Kind::Enumerator, "variant"),
            (
                self.rules.is_some() || self.proc_macro.is_some(),
                Kind::Macro,
                "macro",
            ),
            (self.type_alias.is_some(), Kind::Alias, "type"),
            (self.assoc_type.is_some(), Kind::Type, "associatedtype"),
        ];
        let found = kinds.into_iter().find(|(is, ..)| *is);
        found.map(|(_, kind, word)| (kind, word))
    }

    fn items(&self) -> impl Iterator<Item = u32> + '_ {
        let modules = self.module.iter().chain(&self.interface);
        let data = self
            .data()
            .flat_map(|data| data.variants.iter().chain(&data.fields).chain(&data.kind));
        modules.flat_map(|items| &items.items).chain(data).copied()
    }

    fn impls(&self) -> impl Iterator<Item = &u32> {
        self.data().flat_map(|data| &data.impls)
    }

    fn data(&self) -> impl Iterator<Item = &Data> {
        [&self.structure, &self.enumeration, &self.union]
            .into_iter()
            .flatten()
    }
}

/// The page of an item of this kind, or its place on the page that it is in.
fn page_of(page: &str, word: &str, name: &str) -> String {
    let folder = page.strip_suffix("index.html");
    match (folder, word) {
        (Some(folder), "mod") => format!("{folder}{name}/index.html"),
        (None, "mod") => format!("{name}/index.html"),
        (Some(folder), _) => format!("{folder}{word}.{name}.html"),
        (None, "fn") => format!("{page}#method.{name}"),
        (None, _) => format!("{page}#{word}.{name}"),
    }
}
