//! Places to fill that no input which fits the schema can fill.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    super::{ConsumerConfig, ExecConfig, HttpConfig, RouteConfig, ServedBy},
    Complaint, complaint,
};
use crate::consumers::template::Template;

/// Of each key the fields that it needs and the schema forbids.
pub(super) fn never_filled<'a>(name: &'a str, route: &RouteConfig) -> Vec<Complaint<'a>> {
    let Some(properties) = route.schema.as_ref().and_then(closed) else {
        return Vec::new();
    };
    let places = places(&route.served_by);
    let forbidden = places
        .into_iter()
        .filter(|(_, field)| !properties.contains(&field.as_str()));
    let mut told = HashSet::new();
    forbidden
        .filter(|place| told.insert(place.clone()))
        .map(|(key, field)| {
            let what = format!(
                "needs the field {field:?} of the input, which the schema forbids: its `additionalProperties` is false, and its \
                 `properties` have no {field:?}"
            );
            complaint(&["routes", name, key], &what)
        })
        .collect()
}

/// The properties that an input may have, where it may have no other and that can be told.
fn closed(schema: &Value) -> Option<Vec<&str>> {
    let no_other = schema.get("additionalProperties")? == &Value::Bool(false);
    let by_pattern = schema.get("patternProperties").is_some();
    let properties = schema.get("properties").and_then(Value::as_object);
    let names = properties.into_iter().flat_map(|it| it.keys());
    (no_other && !by_pattern).then(|| names.map(String::as_str).collect())
}

type Place = (&'static str, String);

fn places(served_by: &ServedBy) -> Vec<Place> {
    match served_by {
        ServedBy::Consumer(ConsumerConfig::Exec(exec)) => of_command(exec),
        ServedBy::Consumer(ConsumerConfig::Http(http)) => of_upstream(http),
        ServedBy::Consumer(ConsumerConfig::Timer) | ServedBy::Workers(_) => Vec::new(),
    }
}

fn of_command(exec: &ExecConfig) -> Vec<Place> {
    let field = exec.stdin_field.iter();
    let field = field.map(|field| ("stdin_field", field.clone()));
    fields("argv", &exec.argv).chain(field).collect()
}

fn of_upstream(http: &HttpConfig) -> Vec<Place> {
    let field = http.body_field.iter();
    let field = field.map(|field| ("body_field", field.clone()));
    fields("path", [&http.path])
        .chain(fields("query", http.query.values()))
        .chain(fields("headers", http.headers.values()))
        .chain(field)
        .collect()
}

/// The fields in texts with places to fill; what is none is told elsewhere.
fn fields<'t>(
    key: &'static str,
    texts: impl IntoIterator<Item = &'t String>,
) -> impl Iterator<Item = Place> {
    let templates = texts
        .into_iter()
        .filter_map(|text| Template::parse(text).ok());
    templates.flat_map(move |template| {
        let fields = template.fields().map(|field| (key, field.to_owned()));
        fields.collect::<Vec<_>>()
    })
}
