//! Universal Ctags with `--output-format=json`: one JSON object a line. Most is said with `--fields=+nKSZ`.

use serde::Deserialize;

use super::{Broken, Reading, Source, callable, joins, one_line};
use crate::{Builder, Kind, Symbol, Text};

pub(super) fn is(begin: &str) -> bool {
    begin.trim_start().starts_with("{\"_type\":")
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow, rename = "_type")]
    what: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    scope: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    typeref: Option<Text<'a>>,
}

pub(super) fn read(mut source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let sep = joins::most(&mut source, |line| {
        let tag: Tag<'_> = serde_json::from_str(line).ok()?;
        (&*tag.what == "tag").then(|| own_sep(&tag.path))
    })?;
    let mut builder = reading.builder("", sep, "Universal Ctags")?;
    let mut line = Vec::new();
    while let Some((number, text)) = source.line(&mut line)? {
        let tag: Tag<'_> = serde_json::from_str(text).map_err(|error| {
            let said: String = error.to_string().chars().take(160).collect();
            Broken::at(number, format!("is no tag: {said}"))
        })?;
        if &*tag.what != "tag" {
            continue;
        }
        if let Some(symbol) = tag.symbol(sep) {
            let added = builder.add(&symbol);
            added.map_err(|rejected| Broken::from(rejected).on(number))?;
        }
    }
    Ok(builder)
}

/// What joins names in the language of a file.
fn own_sep(path: &str) -> &'static str {
    const COLONS: [&str; 12] = [
        "c", "h", "cc", "hh", "cpp", "hpp", "cxx", "hxx", "inl", "tcc", "rs", "php",
    ];
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    if COLONS
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
    {
        "::"
    } else {
        "."
    }
}

impl Tag<'_> {
    fn symbol(&self, sep: &str) -> Option<Symbol<'static>> {
        let named = |name: &&str| !name.is_empty() && !name.starts_with("__anon");
        let name = named(&&*self.name).then(|| self.plain_name())?;
        let scope = self.scope.as_deref().unwrap_or_default();
        let scope = scope.split(own_sep(&self.path));
        let scope: Vec<&str> = scope.filter(named).collect();
        let scope = scope.join(sep);
        let file = self
            .path
            .rsplit(['/', '\\'])
            .next()
            .filter(|file| !file.is_empty());
        let kind = kind(&self.kind, &name, &scope, sep)?;
        let lib = match (&*scope, file) {
            ("", Some(file)) => file.to_owned(),
            ("", None) => name.clone(),
            (scope, _) => scope.to_owned(),
        };
        let qualified = match &*scope {
            "" => name.clone(),
            scope => format!("{scope}{sep}{name}"),
        };
        let mut symbol = Symbol::new(qualified, lib, kind);
        symbol.header = file.map(|file| file.to_owned().into());
        if let Some(arguments) = &self.signature {
            let result = self.typeref.as_deref().unwrap_or_default();
            let result = result.strip_prefix("typename:").unwrap_or(result);
            symbol = symbol.signed(one_line(&format!("{result} {name}{}", &**arguments)));
        }
        symbol.name = Some(name.into());
        Some(symbol)
    }

    /// Ctags writes `operator []`; here, as in the standard, only a word stands apart.
    fn plain_name(&self) -> String {
        let name = one_line(&self.name);
        match name.strip_prefix("operator ") {
            Some(signs)
                if !signs.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') =>
            {
                format!("operator{signs}")
            }
            _ => name,
        }
    }
}

fn kind(kind: &str, name: &str, scope: &str, sep: &str) -> Option<Kind> {
    match kind {
        "function" | "prototype" | "method" | "func" | "subroutine" | "singletonMethod" => {
            Some(callable(name, scope, sep))
        }
        "class" | "struct" | "union" | "interface" | "trait" | "object" => Some(Kind::Class),
        "member" | "field" | "variable" | "externvar" | "property" | "var" | "accessor" => {
            Some(Kind::Variable)
        }
        "constant" | "const" => Some(Kind::Constant),
        "macro" | "define" => Some(Kind::Macro),
        "enum" => Some(Kind::Enum),
        "enumerator" | "enumConstant" => Some(Kind::Enumerator),
        "typedef" | "alias" | "talias" => Some(Kind::Alias),
        "type" => Some(Kind::Type),
        "namespace" | "module" | "package" => Some(Kind::Namespace),
        "constructor" => Some(Kind::Constructor),
        _ => None,
    }
}
