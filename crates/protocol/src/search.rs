//! Searching libraries: a question, its answer, and what there is to be searched.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

use crate::{FrameId, Payload, SEARCH, Status};

/// Search libraries. The fields of the question are carried, not read: what they mean is for who answers it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search(Vec<(Box<str>, Payload)>);

impl Search {
    /// A question: what is written as a JSON object.
    ///
    /// # Errors
    /// Where it is written as anything else.
    pub fn new<T: Serialize>(question: &T) -> Result<Self, serde_json::Error> {
        Payload::new(question)?.read()
    }

    /// The question as a JSON object.
    ///
    /// # Errors
    /// None in practice: every question can be written.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl Serialize for Search {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, value)| (field, value)))
    }
}

impl<'de> Deserialize<'de> for Search {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Search;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Search, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Search(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl JsonSchema for Search {
    fn schema_name() -> Cow<'static, str> {
        "Search".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Search libraries.", "type": "object" })
    }
}

/// The direct reply to a search that was answered. One that was refused has the `code` and the `field` of every refusal, and
/// `data` without anything in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The request's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// Always `query/module`.
    pub route: Cow<'static, str>,
    /// Always `ok`; nothing found is an answer, too.
    pub status: Status,
    /// In words: how many matches there are, and where.
    pub message: Box<str>,
    /// The matches of this page, the best first, as one list.
    pub data: Payload,
}

impl Found {
    /// The reply that says this.
    #[must_use]
    pub fn new(id: Option<FrameId>, message: impl Into<Box<str>>, data: Payload) -> Self {
        Self {
            id,
            route: Cow::Borrowed(SEARCH),
            status: Status::Ok,
            message: message.into(),
            data,
        }
    }
}

/// What may be searched: the catalogues of the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModulesQuery {}

/// How a catalogue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModuleState {
    /// It can be searched.
    Ready,
    /// It is being read.
    Reading,
    /// It cannot be read.
    Broken,
}

/// A catalogue of library symbols.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModuleView {
    /// The name by which a search asks for it.
    pub name: Box<str>,
    /// What it is, in its own words.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub title: Box<str>,
    /// What it was made of, in its own words.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub sources: Box<[Box<str>]>,
    /// How it stands.
    pub state: ModuleState,
    /// What is wrong with its file, where something is: it cannot be read, or what is searched is older than it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Box<str>>,
    /// How many symbols it has; an overload set is one.
    pub symbols: u64,
    /// How many libraries it has: classes, headers, namespaces.
    pub libs: u64,
    /// Bytes of memory that it takes.
    pub bytes: u64,
    /// 32 hexadecimal digits that are the same for the same symbols.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Box<str>>,
}

/// The reply to a question for the catalogues: all of them, the first is the one that is searched where none is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModulesPage {
    /// The request's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// Always `modules`.
    pub route: Cow<'static, str>,
    /// Always `ok`.
    pub status: Status,
    /// The catalogues.
    pub modules: Vec<ModuleView>,
}
