//! `longwire modules add`

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use longwire_server::config::Config;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{read, summary, view};
use crate::{Global, args::FileArgs, failure::Failure, print};

pub(super) fn run(
    global: &Global,
    name: &str,
    args: &FileArgs,
    config: &Path,
) -> Result<(), Failure> {
    let view = view(name, &read(args)?);
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", config.display()));
    let (before, there) = match fs::read_to_string(config) {
        Ok(text) => (text, true),
        Err(error) if error.kind() == ErrorKind::NotFound => (String::new(), false),
        Err(error) => return Err(failed(error)),
    };
    // The server may be started from anywhere.
    let file = std::path::absolute(&args.file).map_err(failed)?;
    let (after, was_there) = with_module(&before, name, &file, args.base_url.as_deref())
        .map_err(|why| Failure::Usage(format!("{}: {why}", config.display())))?;
    Config::from_toml(&after, &config.display().to_string()).map_err(|error| {
        Failure::Usage(format!(
            "nothing was written, as it would be wrong: {error}"
        ))
    })?;
    write(config, &after, there).map_err(failed)?;
    if global.json {
        return Ok(print::json(&view)?);
    }
    let what = if was_there { "changed" } else { "added" };
    print::line(&format!(
        "{}: [modules.{name}] was {what}; {}",
        config.display(),
        summary(&view)
    ))?;
    print::say(
        "a server that runs with this file takes it over on SIGHUP, any other when it is started",
    );
    Ok(())
}

/// A configuration with that catalogue in it, everything else as it was; and whether it had one of that name.
fn with_module(
    text: &str,
    name: &str,
    file: &Path,
    base_url: Option<&str>,
) -> Result<(String, bool), String> {
    let file = file.to_str().ok_or("the file's name is not UTF-8")?;
    let mut document: DocumentMut = text.parse().map_err(|error| format!("{error}"))?;
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
        Some(base_url) => set(module, "base_url", base_url),
        None => drop(module.remove("base_url")),
    }
    Ok((document.to_string(), was_there))
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

/// Puts the text in the place of the file's, all at once.
fn write(config: &Path, text: &str, there: bool) -> std::io::Result<()> {
    // A link stays one.
    let file = if there {
        fs::canonicalize(config)?
    } else {
        config.to_owned()
    };
    let mut beside = PathBuf::from(&file).into_os_string();
    beside.push(".new");
    let mut new = fs::File::create(&beside)?;
    if there {
        new.set_permissions(fs::metadata(&file)?.permissions())?;
    }
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(&beside, &file)
}

#[cfg(test)]
mod tests {
    use super::*;

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
                "[modules.zlib]\n# where it is\nfile = \"old\" # old\nbase_url = \"https://a/\"\n[modules.b]\nfile = \"b\"\n",
                None,
                "[modules.zlib]\n# where it is\nfile = \"/doc/zlib.tag\" # old\n[modules.b]\nfile = \"b\"\n",
                true,
            ),
        ];
        for (before, base, after, was_there) in rows {
            let made = with_module(before, "zlib", file, base).unwrap();
            assert_eq!(made, (after.to_owned(), was_there));
        }
    }

    #[test]
    fn what_is_no_configuration_is_not_written_to() {
        for text in ["modules = 1", "modules.zlib = 1", "["] {
            with_module(text, "zlib", Path::new("a"), None).unwrap_err();
        }
    }
}
