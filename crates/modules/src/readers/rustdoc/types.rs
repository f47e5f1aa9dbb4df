//! Rust's functions as they are written, from what rustdoc says of them.

use serde::Deserialize;
use serde_json::Value;

/// What is called: its inputs and output as types of rustdoc's JSON, already written out.
#[derive(Deserialize)]
pub(super) struct Callable {
    #[serde(rename = "sig")]
    signature: Signature,
    has_body: Option<bool>,
}

#[derive(Deserialize)]
#[serde(from = "Raw")]
struct Signature(Box<str>);

#[derive(Deserialize)]
struct Raw {
    inputs: Vec<(String, Value)>,
    output: Option<Value>,
}

impl From<Raw> for Signature {
    fn from(raw: Raw) -> Self {
        let inputs: Vec<String> = raw
            .inputs
            .iter()
            .map(|(name, what)| input(name, what))
            .collect();
        let output = raw.output.map(|what| format!(" -> {}", text(&what)));
        let (inputs, output) = (inputs.join(", "), output.unwrap_or_default());
        Self(format!("({inputs}){output}").into())
    }
}

impl Callable {
    /// A method of a trait that has to be written by who implements the trait, as it has no body.
    pub(super) fn is_required(&self) -> bool {
        self.has_body == Some(false)
    }

    pub(super) fn bytes(&self) -> usize {
        self.signature.0.len()
    }

    pub(super) fn text(&self, name: &str) -> String {
        format!("fn {name}{}", self.signature.0)
    }
}

fn input(name: &str, what: &Value) -> String {
    match (name, &*text(what)) {
        ("self", "Self") => "self".to_owned(),
        ("self", "&Self") => "&self".to_owned(),
        ("self", "&mut Self") => "&mut self".to_owned(),
        (name, what) => format!("{name}: {what}"),
    }
}

/// A type as it is written. Of the rarer ones only that there is one.
fn text(what: &Value) -> String {
    let Some((kind, inner)) = what.as_object().and_then(|object| object.iter().next()) else {
        return "_".to_owned();
    };
    let mutable = inner["is_mutable"].as_bool() == Some(true);
    match &**kind {
        "primitive" | "generic" => inner.as_str().unwrap_or("_").to_owned(),
        "resolved_path" => path(inner),
        "borrowed_ref" => {
            let lifetime = inner["lifetime"].as_str().map(|name| format!("{name} "));
            let mutable = if mutable { "mut " } else { "" };
            format!(
                "&{}{mutable}{}",
                lifetime.unwrap_or_default(),
                text(&inner["type"])
            )
        }
        "raw_pointer" => {
            let word = if mutable { "mut" } else { "const" };
            format!("*{word} {}", text(&inner["type"]))
        }
        "slice" => format!("[{}]", text(inner)),
        "array" => {
            let length = inner["len"].as_str().unwrap_or("_");
            format!("[{}; {length}]", text(&inner["type"]))
        }
        "tuple" => format!("({})", list(inner)),
        "impl_trait" => format!("impl {}", bounds(inner)),
        "dyn_trait" => {
            let traits = inner["traits"].as_array().into_iter().flatten();
            let traits: Vec<String> = traits.map(|one| path(&one["trait"])).collect();
            format!("dyn {}", traits.join(" + "))
        }
        "qualified_path" => {
            let name = inner["name"].as_str().unwrap_or("_");
            format!("{}::{name}", text(&inner["self_type"]))
        }
        _ => "_".to_owned(),
    }
}

fn list(types: &Value) -> String {
    let types: Vec<String> = types.as_array().into_iter().flatten().map(text).collect();
    types.join(", ")
}

fn bounds(bounds: &Value) -> String {
    let bounds = bounds.as_array().into_iter().flatten();
    let traits: Vec<String> = bounds
        .filter_map(|bound| bound.get("trait_bound"))
        .map(|bound| path(&bound["trait"]))
        .collect();
    traits.join(" + ")
}

/// A path with its arguments: `Vec<T>`, `FnOnce(T) -> U`.
fn path(path: &Value) -> String {
    let name = path["path"]
        .as_str()
        .or(path["name"].as_str())
        .unwrap_or("_");
    let arguments = &path["args"];
    if let Some(angles) = arguments.get("angle_bracketed") {
        let arguments = angles["args"].as_array().into_iter().flatten();
        let arguments: Vec<String> = arguments.map(argument).collect();
        if !arguments.is_empty() {
            return format!("{name}<{}>", arguments.join(", "));
        }
    }
    if let Some(call) = arguments.get("parenthesized") {
        let output = call.get("output").filter(|output| !output.is_null());
        let output = output.map(|output| format!(" -> {}", text(output)));
        return format!(
            "{name}({}){}",
            list(&call["inputs"]),
            output.unwrap_or_default()
        );
    }
    name.to_owned()
}

fn argument(argument: &Value) -> String {
    let word = |key: &str| argument[key].as_str().map(str::to_owned);
    argument
        .get("type")
        .map(text)
        .or(word("lifetime"))
        .or(argument["const"]["expr"].as_str().map(str::to_owned))
        .unwrap_or_else(|| "_".to_owned())
}
