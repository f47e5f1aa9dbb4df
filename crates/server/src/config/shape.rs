//! What may stand in each place of the file, for the check and the documents.

/// What stands in a path for a name that the user chooses.
pub(super) const NAME: &str = "NAME";

/// What may stand in one place.
#[derive(Debug)]
pub(super) enum Shape {
    Section(Section),
    /// A table whose keys the user chooses.
    Named(Box<Shape>),
    List(Box<Shape>),
    Whole {
        least: f64,
        most: f64,
    },
    Number {
        least: f64,
        most: f64,
    },
    Text,
    Flag,
    Choice(Vec<Choice>),
    /// The schema says nothing that is known here.
    Anything,
}

/// A table with known keys.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) doc: String,
    pub(super) variants: Option<Box<Variants>>,
    pub(super) fields: Vec<Field>,
}

/// The keys that depend on the value of one key, the tag. Exactly one of the tags must be written.
#[derive(Debug)]
pub(super) struct Variants {
    pub(super) tags: Vec<Field>,
    pub(super) branches: Vec<Branch>,
}

/// The keys that go with one value of one tag.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) tag: String,
    pub(super) word: String,
    pub(super) fields: Vec<Field>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) shape: Shape,
    /// It must be written.
    pub(super) required: bool,
    /// A value to show, where there is no default.
    pub(super) example: Option<toml::Value>,
    /// What it is where it is left out, as the schema has it: of use for the keys that only some consumers have.
    pub(super) default: Option<serde_json::Value>,
}

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) word: String,
    pub(super) doc: String,
}

impl Shape {
    /// Every key, with the tables it is in.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.gather_paths("", &mut found);
        found
    }

    fn gather_paths(&self, path: &str, found: &mut Vec<String>) {
        match self {
            Self::Section(section) => {
                for field in section.all_fields() {
                    field.shape.gather_paths(&below(path, &field.name), found);
                }
            }
            Self::Named(shape) if shape.is_table() => {
                shape.gather_paths(&below(path, NAME), found);
            }
            Self::Named(_)
            | Self::List(_)
            | Self::Whole { .. }
            | Self::Number { .. }
            | Self::Text
            | Self::Flag
            | Self::Choice(_)
            | Self::Anything => {
                found.push(path.to_owned());
            }
        }
    }

    /// Whether it has keys.
    pub(super) fn is_table(&self) -> bool {
        matches!(self, Self::Section(_) | Self::Named(_))
    }

    /// What may stand at `path`.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        let Some((key, rest)) = path.split_first() else {
            return Some(self);
        };
        if let Self::Named(shape) = self {
            return shape.at(rest);
        }
        let Self::Section(section) = self else {
            return None;
        };
        section
            .all_fields()
            .find(|field| field.name == *key)?
            .shape
            .at(rest)
    }

    /// What would be right, as the end of "it must be".
    pub(super) fn wanted(&self) -> String {
        match self {
            Self::Section(_) | Self::Named(_) => "a table".to_owned(),
            Self::List(_) => "a list in brackets".to_owned(),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::Number { least, most } => {
                format!("a number from {least} to {most}, fractions allowed")
            }
            Self::Text => "text in quotes".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Choice(choices) => choices_in_words(choices),
            Self::Anything => "something else".to_owned(),
        }
    }
}

impl Section {
    /// Every field, those of all variants included.
    pub(super) fn all_fields(&self) -> impl Iterator<Item = &Field> {
        let variants = self.variants.iter();
        let special = variants.flat_map(|it| {
            let of_branches = it.branches.iter().flat_map(|branch| &branch.fields);
            it.tags.iter().chain(of_branches)
        });
        special.chain(&self.fields)
    }

    /// The keys of which exactly one must be written.
    pub(super) fn tags(&self) -> &[Field] {
        self.variants.as_ref().map_or(&[], |it| &it.tags)
    }

    /// The fields that may stand in a table in which the tags have these values.
    pub(super) fn fields_with(&self, word: impl Fn(&str) -> Option<String>) -> Vec<&Field> {
        let variants = self.variants.iter();
        let special = variants.flat_map(|it| {
            let is_chosen =
                |branch: &&Branch| word(&branch.tag).is_some_and(|word| word == branch.word);
            let own = it.branches.iter().find(is_chosen);
            it.tags
                .iter()
                .chain(own.into_iter().flat_map(|own| &own.fields))
        });
        special.chain(&self.fields).collect()
    }
}

pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn choices_in_words(choices: &[Choice]) -> String {
    let words: Vec<_> = choices
        .iter()
        .map(|choice| format!("{:?}", choice.word))
        .collect();
    match words.as_slice() {
        [only] => only.clone(),
        words => format!("one of {}", words.join(", ")),
    }
}
