//! TypeDoc's JSON: a tree of reflections, read as it comes.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{Broken, Reading, Source, one_line, source::Gate};
use crate::{Builder, Kind, Symbol};

const SEP: &str = ".";
/// Bytes of a whole name: what is in it has a longer one.
const PLACE_BYTES: usize = 1024;

pub(super) fn is(begin: &str) -> bool {
    let begin = begin.trim_start();
    begin.starts_with('{') && begin.contains("\"variant\"") && begin.contains("\"project\"")
}

pub(super) fn read(source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let gate = Gate::new(reading.limits.line_bytes);
    let mut tree = Tree {
        builder: reading.builder("", SEP, "TypeDoc")?,
        gate: &gate,
        broken: None,
    };
    let mut reader = serde_json::Deserializer::from_reader(gate.guard(source.rest()));
    let root = Node {
        tree: &mut tree,
        place: None,
    };
    let read = root.deserialize(&mut reader).and_then(|()| reader.end());
    match (tree.broken, read) {
        (Some(broken), _) => Err(broken),
        (None, Err(error)) => Err(Broken::new(error.to_string())),
        (None, Ok(())) => Ok(tree.builder),
    }
}

struct Tree<'a> {
    builder: Builder,
    gate: &'a Gate,
    broken: Option<Broken>,
}

/// A reflection below a place; the project has none.
struct Node<'a, 't> {
    tree: &'a mut Tree<'t>,
    place: Option<&'a str>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(default, rename = "type")]
    result: Value,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    what: Value,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reflection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut kind, mut calls) = (String::new(), 0_u32, Vec::new());
        let Node { tree, place } = self;
        while let Some(key) = map.next_key::<String>()? {
            tree.gate.piece();
            match &*key {
                "name" => name = one_line(&map.next_value::<String>()?),
                "kind" => kind = map.next_value()?,
                "signatures" => {
                    let found: Vec<Call> = map.next_value()?;
                    calls = found.iter().map(Call::text).collect();
                }
                "children" if place.is_none() || !name.is_empty() => {
                    let place = below(place, &name);
                    if place.len() > PLACE_BYTES {
                        return Err(A::Error::custom("a name is too long"));
                    }
                    let place = &place;
                    map.next_value_seed(Children { tree, place })?;
                }
                "children" => {
                    return Err(A::Error::custom(
                        "a reflection's name comes after its children",
                    ));
                }
                _ => {
                    tree.gate.open();
                    map.next_value::<IgnoredAny>()?;
                }
            }
            tree.gate.piece();
        }
        let Some(place) = place else {
            return Ok(());
        };
        tree.add(place, &name, kind, &calls).map_err(|broken| {
            let said = A::Error::custom(&broken.why);
            tree.broken = Some(broken);
            said
        })
    }
}

/// The place of what is in a reflection; what is in the project has none, but is no project.
fn below(place: Option<&str>, name: &str) -> String {
    match place {
        None => String::new(),
        Some("") => name.to_owned(),
        Some(place) => format!("{place}{SEP}{name}"),
    }
}

struct Children<'a, 't> {
    tree: &'a mut Tree<'t>,
    place: &'a str,
}

impl<'de> DeserializeSeed<'de> for Children<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Children<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of reflections")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Children { tree, place } = self;
        let place = Some(place);
        while list.next_element_seed(Node { tree, place })?.is_some() {}
        Ok(())
    }
}

impl Tree<'_> {
    fn add(&mut self, place: &str, name: &str, kind: u32, calls: &[String]) -> Result<(), Broken> {
        let Some(kind) = kind_of(kind) else {
            return Ok(());
        };
        let qualified = match place {
            "" => name.to_owned(),
            place => format!("{place}{SEP}{name}"),
        };
        let lib = if place.is_empty() { name } else { place };
        let mut symbol = Symbol::new(qualified, lib, kind);
        for call in calls {
            symbol = symbol.signed(one_line(&format!("{name}{call}")));
        }
        symbol.name = Some(name.into());
        Ok(self.builder.add(&symbol)?)
    }
}

/// The numbers are TypeDoc's `ReflectionKind`.
fn kind_of(number: u32) -> Option<Kind> {
    match number {
        2 | 4 => Some(Kind::Namespace),
        8 => Some(Kind::Enum),
        16 => Some(Kind::Enumerator),
        32 | 1024 | 262_144 => Some(Kind::Variable),
        64 | 2048 => Some(Kind::Function),
        128 | 256 => Some(Kind::Class),
        512 => Some(Kind::Constructor),
        2_097_152 => Some(Kind::Alias),
        _ => None,
    }
}

impl Call {
    /// What follows the name.
    fn text(&self) -> String {
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| format!("{}: {}", parameter.name, type_text(&parameter.what)))
            .collect();
        format!("({}): {}", parameters.join(", "), type_text(&self.result))
    }
}

/// A type in words. Of the rarer ones only that there is one.
fn type_text(what: &Value) -> String {
    let text = |key: &str| what[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str, by: &str| {
        let types = what[key].as_array().into_iter().flatten();
        types.map(type_text).collect::<Vec<_>>().join(by)
    };
    match what["type"].as_str() {
        Some("intrinsic" | "typeParameter" | "unknown") => text("name"),
        Some("reference") => match &*list("typeArguments", ", ") {
            "" => text("name"),
            arguments => format!("{}<{arguments}>", text("name")),
        },
        Some("array") => format!("{}[]", type_text(&what["elementType"])),
        Some("union") => list("types", " | "),
        Some("intersection") => list("types", " & "),
        Some("tuple") => format!("[{}]", list("elements", ", ")),
        Some("literal") => what["value"].to_string(),
        _ => "…".to_owned(),
    }
}
