//! The bounds of each field.

use super::{
    DEFAULT_LIMIT, MAX_LIB_BYTES, MAX_LIBS, MAX_LIMIT, MAX_OFFSET, MAX_TEXT_BYTES, Query, Question,
    names::plain_lib,
};
use crate::{Kind, Refusal, catalogue::excerpt, since};

impl Question {
    /// Checks every field against its bounds.
    pub fn check(self) -> Result<Query, Refusal> {
        if self.text.len() > MAX_TEXT_BYTES {
            let got = self.text.len();
            let message = format!("can have {MAX_TEXT_BYTES} bytes at most, got {got}");
            return Err(Refusal::field("text", &message));
        }
        let limit = within("limit", self.limit, DEFAULT_LIMIT, 1, MAX_LIMIT)?;
        let offset = within("offset", self.offset, 0, 0, MAX_OFFSET)?;
        let filled = |text: &String| !text.trim().is_empty();
        Ok(Query {
            libs: check_libs(&self.lib)?,
            text: self.text,
            limit,
            offset,
            kinds: check_kinds(&self.kind)?,
            since: self.since.filter(filled).map(check_since).transpose()?,
            catalogue: self.catalogue.filter(filled),
        })
    }
}

fn within(
    field: &'static str,
    got: Option<u64>,
    default: u32,
    least: u32,
    most: u32,
) -> Result<usize, Refusal> {
    match got.unwrap_or_else(|| default.into()) {
        number if (u64::from(least)..=u64::from(most)).contains(&number) => Ok(number as usize),
        number => Err(Refusal::field(
            field,
            &format!("must be from {least} to {most}, got {number}"),
        )),
    }
}

fn check_libs(libs: &[String]) -> Result<Vec<String>, Refusal> {
    if libs.len() > MAX_LIBS {
        return Err(too_many_libs(libs.len()));
    }
    let mut checked: Vec<String> = Vec::with_capacity(libs.len());
    for (at, lib) in libs.iter().enumerate() {
        if lib.len() > MAX_LIB_BYTES {
            let message = format!("can have {MAX_LIB_BYTES} bytes at most, got {}", lib.len());
            // Of one it is not known whether it stood in a list.
            let field = match libs.len() {
                1 => "lib".to_owned(),
                _ => format!("lib[{at}]"),
            };
            return Err(Refusal::field(field, &message));
        }
        let name = plain_lib(lib);
        if !name.is_empty() && !checked.contains(&name) {
            checked.push(name);
        }
    }
    Ok(checked)
}

pub(super) fn too_many_libs(got: usize) -> Refusal {
    Refusal::field(
        "lib",
        &format!("can have {MAX_LIBS} names at most, got {got}"),
    )
}

pub(super) fn too_many_kinds() -> Refusal {
    Refusal::field(
        "kind",
        &format!("can have {} words at most", Kind::ALL.len()),
    )
}

fn check_kinds(words: &[String]) -> Result<Vec<Kind>, Refusal> {
    if words.len() > Kind::ALL.len() {
        return Err(too_many_kinds());
    }
    let filled = words
        .iter()
        .map(|word| word.trim())
        .filter(|word| !word.is_empty());
    filled
        .map(|word| {
            Kind::from_word(word).ok_or_else(|| {
                let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
                let message = format!("must be of {}, got {:?}", known.join(", "), excerpt(word));
                Refusal::field("kind", &message)
            })
        })
        .collect()
}

fn check_since(text: String) -> Result<String, Refusal> {
    // Which of the two it is, only the catalogue knows.
    if text.len() <= 64
        && (since::asked(&text, true).is_some() || since::asked(&text, false).is_some())
    {
        return Ok(text);
    }
    Err(Refusal::since(&text))
}
