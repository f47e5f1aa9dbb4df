//! The frames as JSON Schema (draft 2020-12).

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    Append, Claim, Claimed, Done, EndJob, EventFrame, Extend, FeedFrame, Found, FrameId, GapFrame,
    HandOver, Kill, ModulesPage, ModulesQuery, Notice, RefusalFrame, RoutesPage, RoutesQuery,
    SEARCH, Search, Start, Started, StatusPage, StatusQuery, Unwatch, Watch,
};

/// The schema of a client's frames: one of the verbs, or a start.
#[must_use]
pub fn client_schema(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
    let mut id = generator.subschema_for::<FrameId>();
    id.insert("description".into(), "Echoed on the direct reply.".into());
    let verb = |name: &str, body: Schema| frame_schema(body, Some(name), &id);
    vec![
        ("kill", verb("kill", generator.root_schema_for::<Kill>())),
        (
            "status",
            verb("status", generator.root_schema_for::<StatusQuery>()),
        ),
        ("watch", verb("watch", generator.root_schema_for::<Watch>())),
        (
            "unwatch",
            verb("unwatch", generator.root_schema_for::<Unwatch>()),
        ),
        (
            "extend",
            verb("extend", generator.root_schema_for::<Extend>()),
        ),
        ("claim", verb("claim", generator.root_schema_for::<Claim>())),
        (
            "append",
            verb("append", generator.root_schema_for::<Append>()),
        ),
        ("end", verb("end", generator.root_schema_for::<EndJob>())),
        (
            "routes",
            verb("routes", generator.root_schema_for::<RoutesQuery>()),
        ),
        (
            "search",
            verb(SEARCH, generator.root_schema_for::<Search>()),
        ),
        (
            "modules",
            verb("modules", generator.root_schema_for::<ModulesQuery>()),
        ),
        (
            "start",
            frame_schema(generator.root_schema_for::<Start>(), None, &id),
        ),
    ]
}

/// The schemas of a server's frames.
#[must_use]
pub fn server_schema(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
    vec![
        ("started", generator.root_schema_for::<Started>()),
        ("done", generator.root_schema_for::<Done>()),
        ("statusPage", generator.root_schema_for::<StatusPage>()),
        ("routesPage", generator.root_schema_for::<RoutesPage>()),
        ("found", generator.root_schema_for::<Found>()),
        ("modulesPage", generator.root_schema_for::<ModulesPage>()),
        ("claimed", generator.root_schema_for::<Claimed>()),
        ("handOver", generator.root_schema_for::<HandOver>()),
        ("refusal", generator.root_schema_for::<RefusalFrame>()),
        ("event", generator.root_schema_for::<EventFrame>()),
        ("feed", generator.root_schema_for::<FeedFrame>()),
        ("gap", generator.root_schema_for::<GapFrame>()),
        ("notice", generator.root_schema_for::<Notice>()),
    ]
}

/// Adds what every client frame has to the schema of a request's own fields.
fn frame_schema(mut body: Schema, verb: Option<&str>, id: &Schema) -> Schema {
    let object = body.ensure_object();
    if let Some(properties) = object
        .entry("properties")
        .or_insert_with(|| serde_json::json!({}))
        .as_object_mut()
    {
        properties.insert("id".into(), id.clone().to_value());
        if let Some(verb) = verb {
            properties.insert("route".into(), json_schema!({ "const": verb }).to_value());
        }
    }
    if let (Some(_), Some(required)) = (
        verb,
        object
            .entry("required")
            .or_insert_with(|| serde_json::json!([]))
            .as_array_mut(),
    ) {
        required.push("route".into());
    }
    body
}
