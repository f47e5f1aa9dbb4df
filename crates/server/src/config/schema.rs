//! The JSON Schema of the file, and how a [`Shape`] is read from it. Nothing else knows the words of
//! JSON Schema.

use std::collections::BTreeMap;

use schemars::{Schema, generate::SchemaSettings};
use serde::{Deserialize, de::IgnoredAny};

use super::{
    Config,
    shape::{Branch, Choice, Field, Section, Shape, Variants},
};

/// The JSON Schema of the file, for editors.
#[must_use]
pub fn json_schema() -> Schema {
    settings().into_generator().into_root_schema_for::<Config>()
}

impl Shape {
    /// The shape of the whole file.
    pub(super) fn of_config() -> Self {
        let written = settings().for_serialize().into_generator();
        Self::of(json_schema(), written.into_root_schema_for::<Config>())
    }

    /// `read` is the schema of what may be written, `written` that of what we write: it lists the
    /// fields in the order of their declaration, which is found nowhere else.
    pub(super) fn of(read: Schema, written: Schema) -> Self {
        let read = Node::deserialize(read.to_value()).unwrap_or_default();
        let written = Node::deserialize(written.to_value()).unwrap_or_default();
        read.shape(&written)
    }
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true)
}

/// One place in a JSON Schema: the words of it that are used here.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Node {
    #[serde(rename = "type")]
    types: Types,
    description: String,
    properties: BTreeMap<String, Node>,
    required: Vec<String>,
    additional_properties: Option<Others>,
    items: Option<Box<Node>>,
    one_of: Vec<Node>,
    any_of: Vec<Node>,
    #[serde(rename = "const")]
    constant: Option<String>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    examples: Vec<toml::Value>,
    default: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Types {
    One(String),
    Some(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Others {
    Are(Box<Node>),
    /// `true` or `false`.
    Allowed(IgnoredAny),
}

impl Default for Types {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl Types {
    fn first(&self) -> &str {
        match self {
            Self::One(name) => name,
            Self::Some(names) => names.first().map_or("", String::as_str),
        }
    }
}

impl Node {
    fn shape(self, written: &Self) -> Shape {
        let (least, most) = (
            self.minimum.unwrap_or(f64::MIN),
            self.maximum.unwrap_or(f64::MAX),
        );
        match self.types.first() {
            "object" => self.table(written),
            "array" => Shape::List(Box::new(
                self.items
                    .map_or(Shape::Anything, |items| items.shape_alone()),
            )),
            "integer" => Shape::Whole { least, most },
            "number" => Shape::Number { least, most },
            "string" => Shape::Text,
            "boolean" => Shape::Flag,
            _ => self.choice(),
        }
    }

    /// Of a place within which order does not matter.
    fn shape_alone(self) -> Shape {
        self.shape(&Self::default())
    }

    fn table(self, written: &Self) -> Shape {
        if let Some(Others::Are(node)) = self.additional_properties {
            return match &written.additional_properties {
                Some(Others::Are(written)) => Shape::Named(Box::new(node.shape(written))),
                Some(Others::Allowed(_)) | None => Shape::Named(Box::new(node.shape_alone())),
            };
        }
        Shape::Section(Section {
            doc: self.description,
            variants: variants(branches(self.one_of, self.any_of), &branches_of(written)),
            fields: fields(self.properties, &self.required, written),
        })
    }

    fn choice(self) -> Shape {
        let choices: Option<Vec<_>> = self.one_of.into_iter().map(Self::one_choice).collect();
        match choices {
            Some(choices) if !choices.is_empty() => Shape::Choice(choices),
            Some(_) | None => Shape::Anything,
        }
    }

    fn one_choice(self) -> Option<Choice> {
        let doc = self.description;
        self.constant.map(|word| Choice { word, doc })
    }
}

fn fields(properties: BTreeMap<String, Node>, required: &[String], written: &Node) -> Vec<Field> {
    let nothing = Node::default();
    let mut fields: Vec<_> = properties
        .into_iter()
        .map(|(name, mut node)| Field {
            required: required.contains(&name),
            doc: std::mem::take(&mut node.description),
            example: std::mem::take(&mut node.examples).into_iter().next(),
            default: node.default.take().filter(|value| !value.is_null()),
            shape: node.shape(written.properties.get(&name).unwrap_or(&nothing)),
            name,
        })
        .collect();
    let place = |field: &Field| written.required.iter().position(|name| *name == field.name);
    fields.sort_by_key(|field| place(field).unwrap_or(usize::MAX));
    fields
}

/// The branches of an internally tagged enum, or of a choice between some.
fn branches(one_of: Vec<Node>, any_of: Vec<Node>) -> Vec<Node> {
    let within = any_of.into_iter().flat_map(|node| {
        if node.one_of.is_empty() {
            vec![node]
        } else {
            node.one_of
        }
    });
    one_of.into_iter().chain(within).collect()
}

fn branches_of(node: &Node) -> Vec<&Node> {
    let within = node.any_of.iter().flat_map(|node| {
        if node.one_of.is_empty() {
            vec![node]
        } else {
            node.one_of.iter().collect()
        }
    });
    node.one_of.iter().chain(within).collect()
}

/// Internally tagged enums: one property of each branch is a constant, the tag.
fn variants(nodes: Vec<Node>, written: &[&Node]) -> Option<Box<Variants>> {
    let nothing = Node::default();
    let mut tags: Vec<(String, Vec<Choice>)> = Vec::new();
    let mut branches = Vec::new();
    for (at, mut node) in nodes.into_iter().enumerate() {
        let (tag, word) = take_constant(&mut node)?;
        let written = written.get(at).copied().unwrap_or(&nothing);
        branches.push(Branch {
            tag: tag.clone(),
            word: word.clone(),
            fields: fields(node.properties, &node.required, written)
                .into_iter()
                .filter(|field| field.name != tag)
                .collect(),
        });
        let doc = node.description;
        let choice = Choice { word, doc };
        match tags.iter_mut().find(|(known, _)| *known == tag) {
            Some((_, choices)) => choices.push(choice),
            None => tags.push((tag, vec![choice])),
        }
    }
    let mut tags: Vec<_> = tags.into_iter().map(tag_field).collect();
    if let [first, others @ ..] = tags.as_mut_slice() {
        first.required = true;
        for other in others {
            other.doc = format!("Instead of `{}`.", first.name);
        }
    }
    (!tags.is_empty()).then(|| Box::new(Variants { tags, branches }))
}

fn tag_field((name, choices): (String, Vec<Choice>)) -> Field {
    Field {
        name,
        doc: String::new(),
        example: choices.first().map(|choice| choice.word.clone().into()),
        shape: Shape::Choice(choices),
        required: false,
        default: None,
    }
}

fn take_constant(branch: &mut Node) -> Option<(String, String)> {
    let is_tag = |node: &Node| {
        node.constant.is_some() || matches!(&node.one_of[..], [only] if only.constant.is_some())
    };
    let name = branch
        .properties
        .iter()
        .find(|(_, node)| is_tag(node))?
        .0
        .clone();
    let mut tag = branch.properties.remove(&name)?;
    let word = tag.constant.take().or_else(|| tag.one_of.pop()?.constant)?;
    Some((name, word))
}
