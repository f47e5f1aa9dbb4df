//! The JSON Schema of what is written by others.

use schemars::{Schema, generate::SchemaSettings, json_schema};

use crate::{Head, Symbol};

/// The schema of a line of our own JSON lines: the head, or a symbol.
pub fn line_schema() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let head = generator.subschema_for::<Head>();
    let symbol = generator.subschema_for::<Symbol<'static>>();
    let definitions = generator.take_definitions(true);
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a catalogue: the first is a Head, every other a Symbol",
        "anyOf": [head, symbol],
        "$defs": definitions,
    })
}
