//! The frames as JSON Schema files.

use longwire_protocol::{client_schema, server_schema};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

type Frames = fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>;

pub(super) fn client() -> String {
    file("What a client of longwire.v1 sends", client_schema)
}

pub(super) fn server() -> String {
    file("What a server of longwire.v1 sends", server_schema)
}

/// A frame is one of them; each has its own place among the definitions.
fn file(title: &str, frames: Frames) -> String {
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
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "anyOf": any_of,
        "$defs": definitions,
    });
    super::pretty(&schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` below.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(to)) = object.get("$ref") {
                    found.push(to.clone());
                }
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for file in [client(), server()] {
            let schema: Value = serde_json::from_str(&file).unwrap();
            let mut found = Vec::new();
            references(&schema, &mut found);
            assert!(!found.is_empty());
            for reference in found {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(schema.pointer(pointer).is_some(), "{reference}");
            }
        }
    }
}
