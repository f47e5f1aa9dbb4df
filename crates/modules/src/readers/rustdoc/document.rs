//! The document that rustdoc writes, read as it comes: of all items together no more is kept than a catalogue may have of
//! texts.

use std::{cell::Cell, collections::HashMap, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};

use super::{
    super::{Broken, Source, source::Gate},
    items::Item,
};
use crate::Limits;

#[derive(Default)]
pub(super) struct Crate {
    pub(super) root: u32,
    pub(super) version: Option<String>,
    pub(super) format: u32,
    pub(super) items: HashMap<u32, Item>,
}

/// Reads the document.
pub(super) fn read(source: Source<'_>, limits: &Limits) -> Result<Crate, Broken> {
    let gate = Gate::new(limits.line_bytes);
    let mut reader = serde_json::Deserializer::from_reader(gate.guard(source.rest()));
    let too_long = Cell::new(false);
    let document = Document {
        gate: &gate,
        limits,
        too_long: &too_long,
    };
    let found = document.deserialize(&mut reader);
    let found = found.and_then(|found| reader.end().map(|()| found));
    found.map_err(|error| Broken {
        too_long: too_long.get(),
        ..Broken::new(error.to_string())
    })
}

#[derive(Clone, Copy)]
struct Document<'a> {
    gate: &'a Gate,
    limits: &'a Limits,
    /// An error of serde's is a text, and no more.
    too_long: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Crate;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Crate, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
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
                "index" if found.items.is_empty() => {
                    found.items = map.next_value_seed(Index(self))?;
                }
                "index" => return Err(A::Error::custom("has two indexes")),
                _ => {
                    self.gate.open();
                    map.next_value::<IgnoredAny>()?;
                }
            }
            self.gate.piece();
        }
        Ok(found)
    }
}

/// The items: of all together as much as a catalogue may have of texts.
struct Index<'a>(Document<'a>);

impl<'de> DeserializeSeed<'de> for Index<'_> {
    type Value = HashMap<u32, Item>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Index<'_> {
    type Value = HashMap<u32, Item>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("items by number")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Document {
            gate,
            limits,
            too_long,
        } = self.0;
        let mut items = HashMap::new();
        let mut bytes = 0;
        while let Some((number, item)) = map.next_entry::<u32, Item>()? {
            gate.piece();
            bytes += item.bytes();
            if bytes > limits.text_bytes {
                too_long.set(true);
                let most = limits.text_bytes;
                let why = format_args!("the items are more than {most} bytes");
                return Err(A::Error::custom(why));
            }
            items.insert(number, item);
        }
        Ok(items)
    }
}
