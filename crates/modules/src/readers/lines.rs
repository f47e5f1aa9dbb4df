//! Our own JSON lines: the first is about the catalogue, each other is an overload set.

use super::{Broken, Reading, Source};
use crate::{Builder, Head, Symbol, catalogue::excerpt};

pub(super) fn is(begin: &str) -> bool {
    let first = begin.trim_start().lines().next().unwrap_or_default();
    first.starts_with('{') && first.contains("\"catalogue\"")
}

pub(super) fn read(mut source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let mut line = Vec::new();
    let Some((number, text)) = source.line(&mut line)? else {
        return Err(Broken::new("the file is empty"));
    };
    let head: Head = serde_json::from_str(text).map_err(|error| mistake(number, &error))?;
    if head.version != Head::VERSION {
        let (known, got) = (Head::VERSION, head.version);
        return Err(Broken::at(
            number,
            format!("version must be {known}, got {got}"),
        ));
    }
    let mut builder =
        Builder::new(head, reading.limits).map_err(|rejected| Broken::from(rejected).on(number))?;
    while let Some((number, text)) = source.line(&mut line)? {
        let symbol: Symbol<'_> =
            serde_json::from_str(text).map_err(|error| mistake(number, &error))?;
        builder.add(&symbol).map_err(|rejected| Broken {
            why: format!("{}: {rejected}", excerpt(&symbol.qualified)),
            ..Broken::from(rejected).on(number)
        })?;
    }
    Ok(builder)
}

fn mistake(number: u64, error: &serde_json::Error) -> Broken {
    // Of the place only the column says something: a line is all that was read.
    let said: String = error.to_string().chars().take(160).collect();
    Broken::at(number, said.replace(" at line 1 column ", " at column "))
}
