//! The schemas of the types, gathered for one document.

use longwire_modules::{Question, Set};
use longwire_protocol::{client_schema, server_schema};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

const WRITTEN: &str = "#/components/schemas/";
const READ: &str = "#/components/read/";

/// Schemas by name. What a client writes may be looser than what the server does (`"42"` or 42), so there are two
/// generators; where both have a type and differ on it, the looser one is named `…Input`.
pub(super) struct Schemas {
    written: SchemaGenerator,
    read: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.into();
                settings.meta_schema = None;
            })
        };
        Self {
            written: settings("/components/schemas")
                .for_serialize()
                .into_generator(),
            read: settings("/components/read")
                .for_deserialize()
                .into_generator(),
        }
    }

    /// A reference to the schema of what the server writes.
    pub(super) fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    /// A reference to the schema of what the server reads.
    pub(super) fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// The frames of a socket's client, by name.
    pub(super) fn client_frames(&mut self) -> Vec<(&'static str, Value)> {
        let question = self.read.root_schema_for::<Question>();
        let frames = client_schema(&mut self.read).into_iter();
        frames
            .map(|(name, schema)| match name {
                "search" => (name, with_fields(schema, &question)),
                _ => (name, schema),
            })
            .map(bare)
            .collect()
    }

    /// The frames that the server sends over a socket, by name.
    pub(super) fn server_frames(&mut self) -> Vec<(&'static str, Value)> {
        let matches = self.written.subschema_for::<Vec<Set>>().to_value();
        let frames = server_schema(&mut self.written).into_iter();
        let mut frames: Vec<_> = frames.map(bare).collect();
        for (_, frame) in frames.iter_mut().filter(|(name, _)| *name == "found") {
            let data = &mut frame["properties"]["data"];
            let description = data["description"].take();
            *data = matches.clone();
            data["description"] = description;
        }
        frames
    }

    /// Puts the schemas into a document that refers to them.
    pub(super) fn into_document(mut self, document: &mut Value) {
        let mut schemas = self.written.take_definitions(true);
        let mut renamed = Vec::new();
        for (name, schema) in self.read.take_definitions(true) {
            let taken = schemas.get(&name).is_some_and(|written| *written != schema);
            let new_name = if taken {
                format!("{name}Input")
            } else {
                name.clone()
            };
            renamed.push((format!("{READ}{name}"), format!("{WRITTEN}{new_name}")));
            schemas.insert(new_name, schema);
        }
        document["components"]["schemas"] = Value::Object(schemas);
        redirect(document, &renamed);
    }
}

/// A frame that has the fields of a question beside its own, and no others: the protocol carries them unread.
fn with_fields(mut frame: Schema, question: &Schema) -> Schema {
    let fields = question.get("properties").and_then(Value::as_object);
    let own = frame.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(fields), Some(own)) = (fields, own) {
        own.extend(fields.clone());
    }
    frame.insert("additionalProperties".to_owned(), false.into());
    frame
}

/// Without the definitions, which go where all of them are.
fn bare((name, mut schema): (&'static str, Schema)) -> (&'static str, Value) {
    schema.remove("components");
    schema.remove("title");
    (name, schema.to_value())
}

fn redirect(value: &mut Value, renamed: &[(String, String)]) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref")
                && let Some((_, new)) = renamed.iter().find(|(old, _)| old == reference)
            {
                reference.clone_from(new);
            }
            object
                .values_mut()
                .for_each(|value| redirect(value, renamed));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redirect(value, renamed)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The words of an enum of the protocol with what its documentation says of each, as a list in Markdown.
pub(super) fn words_of<T: JsonSchema>() -> String {
    let schema = SchemaGenerator::default()
        .into_root_schema_for::<T>()
        .to_value();
    let choices = schema["oneOf"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let line = |choice: &Value| {
        Some(format!(
            "- `{}`: {}\n",
            choice["const"].as_str()?,
            choice["description"].as_str()?
        ))
    };
    choices.iter().filter_map(line).collect()
}

/// An object whose keys are made, not known.
pub(super) fn object(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

/// What all documents say of this server.
pub(super) fn info(title: &str, description: &str) -> Value {
    json!({
        "title": title,
        "version": env!("CARGO_PKG_VERSION"),
        "description": description,
        "license": { "name": "MIT OR Apache-2.0", "url": "https://spdx.org/licenses/MIT.html" },
    })
}

#[cfg(test)]
pub(super) fn broken_references(document: &Value) -> Vec<String> {
    fn walk(value: &Value, document: &Value, broken: &mut Vec<String>) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str)
            && document.pointer(&reference[1..]).is_none()
        {
            broken.push(reference.to_owned());
        }
        let children: Vec<&Value> = match value {
            Value::Object(object) => object.values().collect(),
            Value::Array(values) => values.iter().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        children
            .into_iter()
            .for_each(|child| walk(child, document, broken));
    }
    let mut broken = Vec::new();
    walk(document, document, &mut broken);
    broken
}
