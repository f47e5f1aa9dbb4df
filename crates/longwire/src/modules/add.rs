//! `longwire modules add`

use std::{io, path::Path};

use longwire_server::config::Config;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{place::Place, read, summary, view};
use crate::{Global, args::FileArgs, failure::Failure, print};

pub(super) fn run(
    global: &Global,
    name: &str,
    args: &FileArgs,
    config: &Path,
) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", config.display()));
    let wrong = |why: String| Failure::Usage(format!("{}: {why}", config.display()));
    let place = Place::of(config).map_err(failed)?;
    let mut document = place
        .read()
        .map_err(failed)?
        .parse()
        .map_err(|error| wrong(format!("{error}")))?;
    let kept = base_of(&document, name);
    let base = args.base_url.as_deref().or(kept.as_deref());
    let view = view(
        name,
        &read(&args.file, base.filter(|base| !base.is_empty()))?,
    );
    // The server may be started from anywhere.
    let file = std::path::absolute(&args.file).map_err(failed)?;
    let was_there =
        set_module(&mut document, name, &file, args.base_url.as_deref()).map_err(wrong)?;
    let after = document.to_string();
    Config::from_toml(&after, &config.display().to_string()).map_err(|error| {
        Failure::Usage(format!(
            "nothing was written, as it would be wrong: {error}"
        ))
    })?;
    place.write(&after).map_err(failed)?;
    if global.json {
        return Ok(print::json(&view)?);
    }
    let what = if was_there { "changed" } else { "added" };
    print::line(&format!(
        "{}: [modules.{name}] was {what}; {}",
        config.display(),
        summary(&view)
    ))?;
    if let (Some(kept), None) = (kept, &args.base_url) {
        print::say(&format!(
            "its base_url stays {kept:?}; `--base-url \"\"` takes it away"
        ));
    }
    print::say(
        "a server that runs with this file takes it over on SIGHUP, any other when it is started",
    );
    Ok(())
}

/// Where a catalogue's pages are, as a configuration says so far.
fn base_of(document: &DocumentMut, name: &str) -> Option<String> {
    let base = document.get("modules")?.get(name)?.get("base_url")?;
    base.as_str().map(str::to_owned)
}

/// Puts a catalogue into a configuration, and leaves everything else as it is; so also where its pages are, unless that is said anew, or
/// taken away by being empty. Whether there was one of that name.
fn set_module(
    document: &mut DocumentMut,
    name: &str,
    file: &Path,
    base_url: Option<&str>,
) -> Result<bool, String> {
    let file = file.to_str().ok_or("the file's name is not UTF-8")?;
    let comments = document.is_empty().then(|| document.trailing().clone());
    let modules = document.entry("modules").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let modules = modules.as_table_like_mut().ok_or("`modules` is no table")?;
    let was_there = modules.contains_key(name);
    let module = modules
        .entry(name)
        .or_insert_with(|| Item::Table(Table::new()));
    let module = module
        .as_table_like_mut()
        .ok_or_else(|| format!("`modules.{name}` is no table"))?;
    set(module, "file", file);
    match base_url {
        Some("") => drop(module.remove("base_url")),
        Some(base_url) => set(module, "base_url", base_url),
        None => {}
    }
    if let Some(comments) = comments {
        begin_with(document, name, comments.as_str().unwrap_or_default());
    }
    Ok(was_there)
}

/// Leaves what a file of nothing but comments says where it was: before all else.
fn begin_with(document: &mut DocumentMut, name: &str, comments: &str) {
    let module = document["modules"][name].as_table_mut();
    if let Some(module) = module.filter(|_| !comments.trim().is_empty()) {
        module.decor_mut().set_prefix(format!("{comments}\n"));
        document.set_trailing("");
    }
}

/// Sets a key. What is said beside it stays.
fn set(table: &mut dyn TableLike, key: &str, text: &str) {
    let mut new = Value::from(text);
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(table.insert(key, Item::Value(new))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "[modules.zlib]\n# where it is\nfile = \"old\" # old\nbase_url = \"https://a/\"\n[modules.b]\nfile = \"b\"\n";

    #[test]
    fn everything_else_stays_as_it_was() {
        let file = Path::new("/doc/zlib.tag");
        let base = Some("https://zlib.net/");
        let rows = [
            (
                "",
                None,
                "[modules.zlib]\nfile = \"/doc/zlib.tag\"\n",
                false,
            ),
            (
                "# ours\nlisten = \"127.0.0.1:1\" # here\n\n[routes.a] # a\nconsumer = \"timer\"\n",
                base,
                "# ours\nlisten = \"127.0.0.1:1\" # here\n\n[routes.a] # a\nconsumer = \"timer\"\n\n[modules.zlib]\nfile = \"/doc/zlib.tag\"\nbase_url = \"https://zlib.net/\"\n",
                false,
            ),
            (
                "# ours\n",
                None,
                "# ours\n\n[modules.zlib]\nfile = \"/doc/zlib.tag\"\n",
                false,
            ),
            (
                BOTH,
                None,
                "[modules.zlib]\n# where it is\nfile = \"/doc/zlib.tag\" # old\nbase_url = \"https://a/\"\n[modules.b]\nfile = \"b\"\n",
                true,
            ),
            (
                BOTH,
                base,
                "[modules.zlib]\n# where it is\nfile = \"/doc/zlib.tag\" # old\nbase_url = \"https://zlib.net/\"\n[modules.b]\nfile = \"b\"\n",
                true,
            ),
            (
                BOTH,
                Some(""),
                "[modules.zlib]\n# where it is\nfile = \"/doc/zlib.tag\" # old\n[modules.b]\nfile = \"b\"\n",
                true,
            ),
        ];
        for (before, base, after, was_there) in rows {
            let mut document: DocumentMut = before.parse().unwrap();
            let made = set_module(&mut document, "zlib", file, base).unwrap();
            assert_eq!((document.to_string(), made), (after.to_owned(), was_there));
        }
    }

    #[test]
    fn what_is_no_configuration_is_not_written_to() {
        for text in ["modules = 1", "modules.zlib = 1"] {
            let mut document: DocumentMut = text.parse().unwrap();
            set_module(&mut document, "zlib", Path::new("a"), None).unwrap_err();
        }
    }
}
