//! Sphinx inventories (`objects.inv`, version 2): four lines in the clear, then one line for each object, in zlib.

use super::{
    Broken, Reading, Source, callable,
    joins::{self, rejoined},
    one_line, parent,
};
use crate::{Builder, Kind, Symbol, catalogue::excerpt};

pub(super) fn is(begin: &str) -> bool {
    begin.starts_with("# Sphinx inventory version")
}

pub(super) fn read(mut source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let title = title(&mut source)?;
    let mut source = source.unpacked();
    let sep = joins::most(&mut source, |line| {
        let object = Object::read(line)?;
        object.kind().map(|_| object.sep())
    })?;
    let mut builder = reading.builder(&title, sep, "a Sphinx inventory")?;
    let mut line = Vec::new();
    while let Some((number, text)) = source.line(&mut line)? {
        let object = Object::read(text)
            .ok_or_else(|| Broken::at(number, format!("is no object: {:?}", excerpt(text))))?;
        let Some(kind) = object.kind() else { continue };
        let symbol = object.symbol(kind, sep, reading);
        let symbol = symbol.map_err(|broken| broken.on(number))?;
        let added = builder.add(&symbol);
        added.map_err(|rejected| Broken::from(rejected).on(number))?;
    }
    Ok(builder)
}

/// Reads the lines in the clear.
fn title(source: &mut Source<'_>) -> Result<String, Broken> {
    let mut line = Vec::new();
    let mut title = String::new();
    for expected in [
        "# Sphinx inventory version 2",
        "# Project: ",
        "# Version: ",
        "# The remainder",
    ] {
        let found = source.line(&mut line)?.map(|(_, text)| text.to_owned());
        let found = found.unwrap_or_default();
        if !found.starts_with(expected.trim_end()) {
            let found = excerpt(&found);
            return Err(Broken::new(format!(
                "should go on with {expected:?}, got {found:?}"
            )));
        }
        if let Some(text) = found
            .strip_prefix("# Project: ")
            .or(found.strip_prefix("# Version: "))
        {
            title = one_line(&format!("{title} {text}"));
        }
    }
    Ok(title)
}

/// A line: name, domain and role, priority, page, what is shown.
struct Object<'a> {
    name: &'a str,
    domain: &'a str,
    role: &'a str,
    page: &'a str,
}

impl<'a> Object<'a> {
    fn read(line: &'a str) -> Option<Self> {
        // A name may have spaces: it ends where a role and a number follow.
        for (at, _) in line.match_indices(' ').take(64) {
            let mut rest = line[at..].split_ascii_whitespace();
            let (role, priority, page) = (rest.next()?, rest.next()?, rest.next()?);
            let number = priority.parse::<i32>().is_ok();
            if let (Some((domain, role)), true) = (role.split_once(':'), number) {
                let name = line[..at].trim_end();
                return Some(Self {
                    name,
                    domain,
                    role,
                    page,
                });
            }
        }
        None
    }

    /// What joins its names. Sphinx joins a member of C to its struct as C itself does.
    fn sep(&self) -> &'static str {
        match self.domain {
            "cpp" | "rust" | "rb" => "::",
            _ => ".",
        }
    }

    /// What it is; none for what is no symbol: labels, documents, terms, options.
    fn kind(&self) -> Option<Kind> {
        if self.domain == "std" {
            return None;
        }
        match self.role {
            "class" | "exception" | "struct" | "union" | "interface" | "trait" => Some(Kind::Class),
            "function" | "method" | "classmethod" | "staticmethod" | "decorator" => Some(callable(
                self.name,
                parent(self.name, self.sep()).unwrap_or(""),
                self.sep(),
            )),
            "attribute" | "property" | "data" | "member" | "var" => Some(Kind::Variable),
            "const" | "constant" => Some(Kind::Constant),
            "module" | "namespace" | "package" => Some(Kind::Namespace),
            "macro" => Some(Kind::Macro),
            "type" => Some(Kind::Type),
            "alias" => Some(Kind::Alias),
            "enum" => Some(Kind::Enum),
            "enumerator" => Some(Kind::Enumerator),
            "concept" => Some(Kind::Concept),
            _ => None,
        }
    }

    fn symbol(&self, kind: Kind, sep: &str, reading: &Reading<'_>) -> Result<Symbol<'a>, Broken> {
        let lib = parent(self.name, self.sep()).unwrap_or(self.name);
        let [name, lib] = [self.name, lib].map(|name| rejoined(name, self.sep(), sep));
        let mut symbol = Symbol::new(name, lib, kind);
        let page = match self.page.strip_suffix('$') {
            Some(page) => format!("{page}{}", self.name),
            None => self.page.to_owned(),
        };
        symbol.url = reading.url(&page)?.map(Into::into);
        Ok(symbol)
    }
}
