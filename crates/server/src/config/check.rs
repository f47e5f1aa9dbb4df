//! The file beside the shape of the configuration: keys that do not exist, values of a wrong kind
//! or out of range, keys that are missing.

use toml::{
    Spanned,
    de::{DeFloat, DeInteger, DeString, DeTable, DeValue},
};

use super::{
    hint::UnknownKey,
    mistake::Mistake,
    shape::{Choice, Field, Section, Shape},
    source::{Source, dotted},
};

type Key<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

pub(super) fn mistakes(source: &Source<'_>) -> Vec<Mistake> {
    beside(source, &Shape::of_config())
}

pub(super) fn beside(source: &Source<'_>, root: &Shape) -> Vec<Mistake> {
    let mut check = Check {
        source,
        root,
        mistakes: Vec::new(),
    };
    if let Shape::Section(section) = root {
        check.section(&[], source.table(), section);
    }
    check.mistakes
}

struct Check<'a> {
    source: &'a Source<'a>,
    root: &'a Shape,
    mistakes: Vec<Mistake>,
}

impl Check<'_> {
    fn value(&mut self, path: &[&str], value: &Value<'_>, shape: &Shape) {
        let found = value.get_ref();
        match (shape, found.as_table(), found.as_array()) {
            (Shape::Section(section), Some(table), _) => self.section(path, table, section),
            (Shape::Named(shape), Some(table), _) => self.named(path, table, shape),
            (Shape::List(shape), _, Some(values)) => self.list(path, values, shape),
            (shape, ..) if is_right(found, shape) => {}
            _ => self.wrong(path, value, shape),
        }
    }

    fn section(&mut self, path: &[&str], table: &DeTable<'_>, section: &Section) {
        let fields = section.fields_with(|tag| word(table, tag));
        for (key, value) in table {
            let path = [path, &[key.get_ref().as_ref()]].concat();
            match fields.iter().find(|field| field.name == **key.get_ref()) {
                Some(field) => self.value(&path, value, &field.shape),
                None => self.unknown(
                    key,
                    &UnknownKey {
                        path: &path,
                        value,
                        section,
                        fields: &fields,
                    },
                ),
            }
        }
        let tags = section.tags();
        let missing = |field: &&&Field| {
            let is_tag = tags.iter().any(|tag| tag.name == field.name);
            field.required && !is_tag && !table.contains_key(field.name.as_str())
        };
        for field in fields.iter().filter(missing) {
            self.missing(path, field);
        }
        if !tags.is_empty() {
            self.tags(path, table, tags);
        }
    }

    /// One of them is written, and no other.
    fn tags(&mut self, path: &[&str], table: &DeTable<'_>, tags: &[Field]) {
        let key = |tag: &Field| dotted(&[path, &[&tag.name]].concat());
        let written = tags
            .iter()
            .filter(|tag| table.contains_key(tag.name.as_str()));
        match written.collect::<Vec<_>>().as_slice() {
            [_] => {}
            [] => {
                let wanted = tags.iter().map(|tag| (key(tag), tag.shape.wanted()));
                let (keys, wanted): (Vec<_>, Vec<_>) = wanted.unzip();
                let (keys, wanted) = (keys.join("` or `"), wanted.join(", or "));
                let text = format!("`{keys}` is missing; it must be {wanted}");
                self.mistakes.push(self.source.mistake(path, text));
            }
            [first, other, ..] => {
                let (first, other_key) = (key(first), key(other));
                let text =
                    format!("`{other_key}` cannot stand beside `{first}`; it is one or the other");
                let path = [path, &[&other.name]].concat();
                self.mistakes.push(self.source.mistake(&path, text));
            }
        }
    }

    fn named(&mut self, path: &[&str], table: &DeTable<'_>, shape: &Shape) {
        for (key, value) in table {
            self.value(&[path, &[key.get_ref().as_ref()]].concat(), value, shape);
        }
    }

    fn list(&mut self, path: &[&str], values: &[Value<'_>], shape: &Shape) {
        for value in values {
            self.value(path, value, shape);
        }
    }

    fn wrong(&mut self, path: &[&str], value: &Value<'_>, shape: &Shape) {
        let (key, found, wanted) = (dotted(path), self.source.shown(value), shape.wanted());
        let text = format!("`{key}` is {found}; it must be {wanted}");
        self.mistakes
            .push(self.source.mistake_at(&value.span(), text));
    }

    fn missing(&mut self, path: &[&str], field: &Field) {
        let (key, wanted) = (
            dotted(&[path, &[&field.name]].concat()),
            field.shape.wanted(),
        );
        let text = format!("`{key}` is missing; it must be {wanted}");
        self.mistakes.push(self.source.mistake(path, text));
    }

    fn unknown(&mut self, key: &Key<'_>, unknown: &UnknownKey<'_>) {
        let hint = unknown.hint(self.root);
        let text = format!("unknown key `{}`; {hint}", dotted(unknown.path));
        self.mistakes
            .push(self.source.mistake_at(&key.span(), text));
    }
}

fn word(table: &DeTable<'_>, tag: &str) -> Option<String> {
    let word = table.get(tag)?.get_ref().as_str();
    word.map(str::to_owned)
}

/// Of a value that holds no others.
fn is_right(value: &DeValue<'_>, shape: &Shape) -> bool {
    let is_within = |least: f64, most: f64| move |number| least <= number && number <= most;
    match shape {
        Shape::Whole { least, most } => whole(value).is_some_and(is_within(*least, *most)),
        Shape::Number { least, most } => number(value).is_some_and(is_within(*least, *most)),
        Shape::Text => value.is_str(),
        Shape::Flag => value.is_bool(),
        Shape::Choice(choices) => value.as_str().is_some_and(|word| is_one_of(word, choices)),
        Shape::Anything => true,
        Shape::Section(_) | Shape::Named(_) | Shape::List(_) => false,
    }
}

fn is_one_of(word: &str, choices: &[Choice]) -> bool {
    choices.iter().any(|choice| choice.word == word)
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    whole(value).or_else(|| value.as_float().map(DeFloat::as_str)?.parse().ok())
}

/// Exact up to 2^53, which no range comes near.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn whole(value: &DeValue<'_>) -> Option<f64> {
    let integer: &DeInteger<'_> = value.as_integer()?;
    i128::from_str_radix(integer.as_str(), integer.radix())
        .ok()
        .map(|whole| whole as f64)
}
