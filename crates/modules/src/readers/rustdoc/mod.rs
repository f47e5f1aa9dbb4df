//! rustdoc's JSON (`--output-format json`): an index of items by number, and a crate to begin at.

mod document;
mod items;
mod types;

use std::collections::HashSet;

use super::{Broken, Reading, Source, one_line};
use crate::{Builder, Symbol};
use document::Crate;
use items::{Inner, Item};

const SEP: &str = "::";
/// Since this version of the format items are numbered.
const OLDEST: u32 = 37;
/// Modules within modules.
const MAX_DEPTH: usize = 64;

pub(super) fn is(begin: &str) -> bool {
    let begin = begin.trim_start();
    begin.starts_with('{')
        && begin.contains("\"root\"")
        && (begin.contains("\"index\"") || begin.contains("\"crate_version\""))
}

pub(super) fn read(source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let found = document::read(source, reading.limits)?;
    if found.format < OLDEST {
        let got = found.format;
        return Err(Broken::new(format!(
            "is of format {got}; {OLDEST} or later is read"
        )));
    }
    let root = found
        .items
        .get(&found.root)
        .and_then(|root| root.name.as_deref());
    let root = root.ok_or_else(|| Broken::new("names no crate to begin at"))?;
    let title = one_line(&format!(
        "{root} {}",
        found.version.as_deref().unwrap_or_default()
    ));
    let mut walk = Walk {
        builder: reading.builder(&title, SEP, "rustdoc")?,
        found: &found,
        reading,
        within: HashSet::new(),
        steps: 2 * reading.limits.symbols,
    };
    walk.item(found.root, "", None, "")?;
    Ok(walk.builder)
}

/// Goes from the crate to all that can be reached in it, each by the path on which a user does.
struct Walk<'a> {
    builder: Builder,
    found: &'a Crate,
    reading: &'a Reading<'a>,
    /// The items from the crate to here: what is exported within itself would never end.
    within: HashSet<u32>,
    /// Items that are still gone to. Modules that export one another twice have more ways through them than can be gone.
    steps: usize,
}

impl Walk<'_> {
    /// `page` is the page of the item that this one is in.
    fn item(&mut self, id: u32, scope: &str, name: Option<&str>, page: &str) -> Result<(), Broken> {
        let found = self.found;
        let Some(item) = found.items.get(&id) else {
            return Ok(());
        };
        self.steps = self.steps.checked_sub(1).ok_or_else(|| {
            let most = 2 * self.reading.limits.symbols;
            Broken::new(format!("has more than {most} ways to its items"))
        })?;
        let reachable = item.visibility.0 && self.within.len() < MAX_DEPTH;
        if !reachable || !self.within.insert(id) {
            return Ok(());
        }
        let walked = match &item.inner {
            Inner {
                reexport: Some(export),
                ..
            } => match export.id {
                // A glob's items keep their names: they are walked through below the module.
                Some(id) if export.is_glob => self.children(id, scope, page),
                Some(id) => self.item(id, scope, Some(&export.name), page),
                None => Ok(()),
            },
            _ => match name.or(item.name.as_deref()) {
                Some(name) => self.named(item, id, scope, name, page),
                None => Ok(()),
            },
        };
        self.within.remove(&id);
        walked
    }

    fn named(
        &mut self,
        item: &Item,
        id: u32,
        scope: &str,
        name: &str,
        page: &str,
    ) -> Result<(), Broken> {
        let Some((kind, word)) = item.inner.kind() else {
            return Ok(());
        };
        let qualified = match scope {
            "" => name.to_owned(),
            scope => format!("{scope}{SEP}{name}"),
        };
        let lib = if scope.is_empty() { name } else { scope };
        let page = page_of(page, word, name);
        let mut symbol = Symbol::new(&*qualified, lib, kind);
        if let Some(call) = &item.inner.function {
            symbol = symbol.signed(one_line(&call.text(name)));
        }
        symbol.deprecated = item.deprecation.as_ref().map(|deprecation| {
            let since = deprecation.since.as_deref();
            let since = since.filter(|since| !since.is_empty());
            since.unwrap_or("yes").to_owned().into()
        });
        symbol.url = self.reading.url(&page)?.map(Into::into);
        self.builder.add(&symbol)?;
        self.children(id, &qualified, &page)
    }

    fn children(&mut self, id: u32, scope: &str, page: &str) -> Result<(), Broken> {
        let found = self.found;
        let Some(item) = found.items.get(&id) else {
            return Ok(());
        };
        for child in item.inner.items() {
            self.item(child, scope, None, page)?;
        }
        for id in item.inner.impls() {
            let item = found
                .items
                .get(id)
                .and_then(|item| item.inner.implementation.as_ref());
            // What a trait gives is told with the trait.
            let own = item.filter(|item| item.of.is_none());
            for child in own.into_iter().flat_map(|own| own.items.iter()) {
                self.item(*child, scope, None, page)?;
            }
        }
        Ok(())
    }
}

/// The page of an item of this kind, or its place on the page that it is in.
fn page_of(page: &str, word: &str, name: &str) -> String {
    let folder = page.strip_suffix("index.html");
    match (folder, word) {
        (Some(folder), "mod") => format!("{folder}{name}/index.html"),
        (None, "mod") => format!("{name}/index.html"),
        (Some(folder), "tymethod") => format!("{folder}fn.{name}.html"),
        (Some(folder), _) => format!("{folder}{word}.{name}.html"),
        (None, "fn") => format!("{page}#method.{name}"),
        (None, _) => format!("{page}#{word}.{name}"),
    }
}
