use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::mistake::{ConfigError, Mistake};

/// Characters of a value that a complaint repeats.
const SHOWN: usize = 48;

/// A TOML text that parses, and the places in it.
pub(super) struct Source<'a> {
    text: &'a str,
    file: Option<&'a str>,
    table: DeTable<'a>,
}

impl<'a> Source<'a> {
    pub(super) fn parse(text: &'a str, file: Option<&'a str>) -> Result<Self, ConfigError> {
        match DeTable::parse(text) {
            Ok(table) => Ok(Self {
                text,
                file,
                table: table.into_inner(),
            }),
            Err(error) => Err(not_toml(text, file, &error).into()),
        }
    }

    pub(super) fn table(&self) -> &DeTable<'a> {
        &self.table
    }

    pub(super) fn has(&self, path: &[&str]) -> bool {
        self.spans(path).count() == path.len()
    }

    /// A mistake on the line of the key at `path`; where it is not written, of the nearest table
    /// above it.
    pub(super) fn mistake(&self, path: &[&str], text: String) -> Mistake {
        let span = self.spans(path).last().unwrap_or(0..0);
        self.mistake_at(&span, text)
    }

    pub(super) fn mistake_at(&self, span: &Range<usize>, text: String) -> Mistake {
        mistake(self.text, self.file, span, text)
    }

    /// What is left to serde: values whose text must parse.
    pub(super) fn refused(&self, error: &toml::de::Error) -> Mistake {
        self.mistake_at(&error.span().unwrap_or(0..0), error.message().to_owned())
    }

    /// The value as it is written, for a complaint.
    pub(super) fn shown(&self, value: &Spanned<DeValue<'_>>) -> String {
        if value.get_ref().is_table() {
            return "a table".to_owned();
        }
        if value.get_ref().is_array() {
            return "a list".to_owned();
        }
        excerpt(self.text, &value.span())
    }

    /// The spans of the keys on the way to `path`, as far as they are written.
    fn spans<'s>(&'s self, path: &'s [&str]) -> impl Iterator<Item = Range<usize>> + 's {
        let mut table = Some(&self.table);
        path.iter().map_while(move |key| {
            let (written, value) = table?
                .iter()
                .find(|(written, _)| written.get_ref() == key)?;
            table = value.get_ref().as_table();
            Some(written.span())
        })
    }
}

fn not_toml(text: &str, file: Option<&str>, error: &toml::de::Error) -> Mistake {
    let span = error.span().unwrap_or(0..0);
    let found = excerpt(text, &span);
    let at = if found.is_empty() {
        String::new()
    } else {
        format!(" at `{found}`")
    };
    mistake(
        text,
        file,
        &span,
        format!("not TOML: {}{at}", error.message()),
    )
}

fn mistake(text: &str, file: Option<&str>, span: &Range<usize>, complaint: String) -> Mistake {
    Mistake {
        place: file.map(|file| (file.to_owned(), line(text, span.start))),
        text: complaint,
    }
}

fn line(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
}

fn excerpt(text: &str, span: &Range<usize>) -> String {
    let written = text.get(span.clone()).unwrap_or_default();
    let first = written.lines().next().unwrap_or_default();
    let mut shown: String = first.chars().take(SHOWN).collect();
    if shown.len() < written.trim_end().len() {
        shown.push('…');
    }
    shown
}

/// `path` with each key as it would be written in the file.
pub(super) fn dotted(path: &[&str]) -> String {
    path.iter()
        .map(|key| written(key))
        .collect::<Vec<_>>()
        .join(".")
}

fn written(key: &str) -> String {
    let is_bare = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_bare {
        key.to_owned()
    } else {
        format!("{key:?}")
    }
}
