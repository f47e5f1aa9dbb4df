//! Javadoc's `member-search-index.js` and `type-search-index.js`: an array of members or types, assigned to a variable.

use std::{
    fmt,
    io::{BufRead, Read},
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, SeqAccess, Visitor},
};

use super::{Broken, Reading, Source, one_line, source::Gate};
use crate::{Builder, Kind, Symbol};

const SEP: &str = ".";

pub(super) fn is(begin: &str) -> bool {
    let begin = begin.trim_start();
    begin.starts_with("memberSearchIndex") || begin.starts_with("typeSearchIndex")
}

#[derive(Deserialize)]
struct Item {
    /// Module.
    #[serde(default)]
    m: Option<String>,
    /// Package.
    #[serde(default)]
    p: Option<String>,
    /// Class.
    #[serde(default)]
    c: Option<String>,
    /// What is shown: `add(int, E)`.
    l: String,
    /// The place in the class's page, where it is not what is shown.
    #[serde(default, alias = "url")]
    u: Option<String>,
}

pub(super) fn read(source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let mut input = source.rest();
    let mut name = Vec::new();
    // A variable's name and `=` are short.
    (&mut input).take(64).read_until(b'=', &mut name)?;
    let gate = Gate::new(reading.limits.line_bytes);
    let mut index = Index {
        builder: reading.builder("", SEP, "Javadoc")?,
        reading,
        gate: &gate,
        broken: None,
    };
    // What follows the array is a call, and no JSON.
    let mut reader = serde_json::Deserializer::from_reader(gate.guard(input));
    let read = (&mut index).deserialize(&mut reader);
    match (index.broken, read) {
        (Some(broken), _) => Err(broken),
        (None, Err(error)) => Err(Broken::new(error.to_string())),
        (None, Ok(())) => Ok(index.builder),
    }
}

struct Index<'a> {
    builder: Builder,
    reading: &'a Reading<'a>,
    gate: &'a Gate,
    broken: Option<Broken>,
}

impl<'de> DeserializeSeed<'de> for &mut Index<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Index<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of members or types")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element::<Item>()? {
            self.gate.piece();
            if let Err(broken) = self.add(&item) {
                let said = A::Error::custom(&broken.why);
                self.broken = Some(broken);
                return Err(said);
            }
        }
        Ok(())
    }
}

impl Index<'_> {
    fn add(&mut self, item: &Item) -> Result<(), Broken> {
        // `All Classes` stands among the types, in no package.
        let Some(package) = item.p.as_deref().filter(|package| !package.is_empty()) else {
            return Ok(());
        };
        let class = item.c.as_deref().unwrap_or(&item.l);
        let whole = match package {
            "<Unnamed>" => class.to_owned(),
            package => format!("{package}{SEP}{class}"),
        };
        let module = item
            .m
            .as_deref()
            .map(|module| format!("{module}/"))
            .unwrap_or_default();
        let page = format!("{module}{}/{class}.html", package.replace('.', "/"));
        let mut symbol = Symbol::new(&*whole, package, Kind::Class);
        symbol.url = self.reading.url(&page)?.map(Into::into);
        self.builder.add(&symbol)?;
        if item.c.is_some() {
            self.member(item, &whole, &page)?;
        }
        Ok(())
    }

    fn member(&mut self, item: &Item, class: &str, page: &str) -> Result<(), Broken> {
        let name = item.l.split('(').next().unwrap_or(&item.l);
        let kind = if !item.l.contains('(') {
            let constant = !name.bytes().any(|byte| byte.is_ascii_lowercase());
            if constant {
                Kind::Constant
            } else {
                Kind::Variable
            }
        } else if class.rsplit('.').next() == Some(name) || name == "<init>" {
            Kind::Constructor
        } else {
            Kind::Function
        };
        let mut symbol =
            Symbol::new(format!("{class}{SEP}{name}"), class, kind).signed(one_line(&item.l));
        let place = item.u.as_deref().unwrap_or(&item.l);
        // A place is a word with brackets, and no way to another page.
        let url = self
            .reading
            .url(page)?
            .map(|page| format!("{page}#{place}"));
        symbol.url = url.map(Into::into);
        Ok(self.builder.add(&symbol)?)
    }
}
