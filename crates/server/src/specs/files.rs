//! JSON Schemas that stand for themselves: of what is written by others, and of what is said on a socket.

use longwire_modules::line_schema;
use longwire_protocol::{client_schema, server_schema};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

type Frames = fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>;

/// A schema that a server has below `/schema/`.
pub struct SchemaFile {
    /// What it is called there, `.json` aside.
    pub name: &'static str,
    /// What it is of, as a sentence.
    pub about: &'static str,
    /// Makes it.
    pub make: fn() -> Value,
}

/// All of them.
pub const SCHEMAS: [SchemaFile; 3] = [
    SchemaFile {
        name: "catalogue",
        about: "The JSON Schema of a line of a catalogue of library symbols.",
        make: || line_schema().to_value(),
    },
    SchemaFile {
        name: "client",
        about: "The JSON Schema of a frame that a client sends over the socket.",
        make: || file("What a client of longwire.v1 sends", client_schema),
    },
    SchemaFile {
        name: "server",
        about: "The JSON Schema of a frame that the server sends over the socket.",
        make: || file("What a server of longwire.v1 sends", server_schema),
    },
];

/// A frame is one of them; each has its own place among the definitions.
fn file(title: &str, frames: Frames) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut definitions = Map::new();
    let mut any_of = Vec::new();
    for (name, schema) in frames(&mut generator) {
        let mut frame = schema.to_value();
        if let Some(frame) = frame.as_object_mut() {
            // A root schema brings its own copy of what it refers to; here they share one.
            frame.remove("$schema");
            if let Some(Value::Object(own)) = frame.remove("$defs") {
                definitions.extend(own);
            }
        }
        any_of.push(json!({ "$ref": format!("#/$defs/{name}") }));
        definitions.insert(name.to_owned(), frame);
    }
    definitions.extend(generator.take_definitions(true));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "anyOf": any_of,
        "$defs": definitions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        for SchemaFile { name, make, .. } in SCHEMAS {
            let schema = make();
            assert!(schema.to_string().contains("\"$ref\""), "{name}");
            let broken = super::super::schemas::broken_references(&schema);
            assert_eq!(broken, Vec::<String>::new(), "{name}");
        }
    }
}
