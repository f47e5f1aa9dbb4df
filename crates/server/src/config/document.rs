//! The default file and the table in the docs, from the shape of the configuration and its
//! defaults.

use std::fmt::Write;

use toml::{Table, Value};

use super::{
    Config,
    shape::{Choice, Field, NAME, Section, Shape, below},
    source::dotted,
};

/// The whole default file: every key with its description above it and its default as value. A key
/// that has no default is commented out, as `#key = value` with an example.
#[must_use]
pub fn default_file() -> String {
    let mut file = String::new();
    if let Shape::Section(root) = Shape::of_config() {
        comment(&mut file, &root.doc);
        write_keys(&mut file, &root, &defaults());
        write_sections(&mut file, &[], &root, &defaults());
    }
    file
}

/// The table of all keys in Markdown: key, default, what it is.
#[must_use]
pub fn markdown_table() -> String {
    let mut table = String::from("| key | default | what it is |\n|---|---|---|\n");
    if let Shape::Section(root) = Shape::of_config() {
        write_rows(&mut table, "", &root, &defaults());
    }
    table
}

/// The defaults as the file would hold them: what has none is missing.
fn defaults() -> Table {
    Table::try_from(Config::default()).unwrap_or_default()
}

fn write_keys(file: &mut String, section: &Section, values: &Table) {
    let word = |tag: &str| values.get(tag)?.as_str().map(str::to_owned);
    // Beside the one that is written no other can stand.
    let is_other_tag = |field: &Field| {
        let is_tag = section.tags().iter().any(|tag| tag.name == field.name);
        is_tag && !values.contains_key(&field.name)
    };
    for field in section
        .fields_with(word)
        .into_iter()
        .filter(|field| !field.shape.is_table() && !is_other_tag(field))
    {
        file.push('\n');
        comment(file, &described(field).join("\n"));
        let line = match (values.get(&field.name), &field.example) {
            (Some(value), _) => format!("{} = {value}\n", field.name),
            (None, Some(example)) => format!("#{} = {example}\n", field.name),
            (None, None) => format!("#{} =\n", field.name),
        };
        file.push_str(&line);
    }
}

fn write_sections(file: &mut String, path: &[&str], section: &Section, values: &Table) {
    for field in section.all_fields().filter(|field| field.shape.is_table()) {
        let path = [path, &[&field.name]].concat();
        if let Some(Value::Table(values)) = values.get(&field.name) {
            file.push('\n');
            comment(file, &field.doc);
            write_table(file, &path, &field.shape, values);
        }
    }
}

fn write_table(file: &mut String, path: &[&str], shape: &Shape, values: &Table) {
    if let Shape::Section(section) = shape {
        // A string takes any text: there is nothing to fail.
        let _ = writeln!(file, "[{}]", dotted(path));
        write_keys(file, section, values);
        write_sections(file, path, section, values);
    }
    if let Shape::Named(shape) = shape {
        if let (Shape::Section(section), true) = (&**shape, values.is_empty()) {
            write_example(file, &[path, &[NAME]].concat(), section);
        }
        for (name, values) in values
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_table()?)))
        {
            write_table(file, &[path, &[name]].concat(), shape, values);
        }
    }
}

/// A table as one may be written, where there is none.
fn write_example(file: &mut String, path: &[&str], section: &Section) {
    let _ = writeln!(file, "#[{}]", dotted(path));
    write_keys(file, section, &Table::new());
}

fn write_rows(table: &mut String, path: &str, section: &Section, values: &Table) {
    if let Some(variants) = &section.variants {
        for tag in &variants.tags {
            let path = below(path, &tag.name);
            table.push_str(&row(&path, tag, values.get(&tag.name), ""));
        }
        for branch in &variants.branches {
            let with = format!("With `{} = {:?}`: ", branch.tag, branch.word);
            for field in &branch.fields {
                table.push_str(&row(&below(path, &field.name), field, None, &with));
            }
        }
    }
    for field in &section.fields {
        let path = below(path, &field.name);
        let value = values.get(&field.name);
        match (&field.shape, value.and_then(Value::as_table)) {
            (Shape::Section(section), Some(values)) => write_rows(table, &path, section, values),
            (Shape::Named(shape), Some(values)) => write_named_rows(table, &path, shape, values),
            _ => table.push_str(&row(&path, field, value, "")),
        }
    }
}

/// The first of the named tables is the one with the defaults.
fn write_named_rows(table: &mut String, path: &str, shape: &Shape, values: &Table) {
    let none = Table::new();
    let values = values.values().find_map(Value::as_table).unwrap_or(&none);
    if let Shape::Section(section) = shape {
        write_rows(table, &below(path, NAME), section, values);
    }
}

/// The row of a key. `with` says where it is valid, as the beginning of a sentence.
fn row(path: &str, field: &Field, value: Option<&Value>, with: &str) -> String {
    let default = match value {
        _ if field.required => "required".to_owned(),
        Some(value) => format!("`{value}`"),
        None => match &field.default {
            // Lists and words look the same in JSON and in TOML.
            Some(value) if !value.is_object() => format!("`{value}`"),
            Some(_) | None => "not set".to_owned(),
        },
    };
    let what = described(field)
        .join(" ")
        .replace('\n', " ")
        .replace('|', "\\|");
    format!("| `{path}` | {default} | {with}{what} |\n")
}

/// What there is to say of a field, a thought each.
fn described(field: &Field) -> Vec<String> {
    let doc = Some(field.doc.clone()).filter(|doc| !doc.is_empty());
    doc.into_iter().chain(allowed(&field.shape)).collect()
}

fn allowed(shape: &Shape) -> Vec<String> {
    match shape {
        Shape::Whole { least, most } | Shape::Number { least, most } => {
            vec![format!("From {least} to {most}.")]
        }
        Shape::Choice(choices) => choices.iter().map(choice).collect(),
        Shape::Section(_)
        | Shape::Named(_)
        | Shape::List(_)
        | Shape::Text
        | Shape::Flag
        | Shape::Anything => Vec::new(),
    }
}

fn choice(choice: &Choice) -> String {
    format!("`{}`: {}", choice.word, choice.doc)
}

fn comment(file: &mut String, text: &str) {
    for line in text.lines() {
        let line = format!("# {line}");
        file.push_str(line.trim_end());
        file.push('\n');
    }
}
