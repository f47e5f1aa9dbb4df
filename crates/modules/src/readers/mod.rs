//! Readers of catalogues: one file for each format, and this table. A file's format is told by its content.

mod ctags;
mod doxygen;
mod javadoc;
mod joins;
mod lines;
mod rustdoc;
mod source;
mod sphinx;
mod typedoc;

use std::io::Read;

use crate::{
    Builder, Catalogue, Head, Kind, Limits, Rejected,
    catalogue::{excerpt, split_name},
    fold,
};
use source::Source;

/// A file that cannot be a catalogue.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {why}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct ReadError {
    /// The file, as it was named.
    pub file: String,
    /// The line, in formats that are made of lines.
    pub line: Option<u64>,
    /// What is wrong.
    pub why: String,
    /// Its texts alone are more than [`Limits::text_bytes`]: with more room it might be read.
    pub too_long: bool,
}

/// Why a file cannot be read, before it is said of which.
#[derive(Debug)]
struct Broken {
    line: Option<u64>,
    why: String,
    too_long: bool,
}

impl Broken {
    fn new(why: impl Into<String>) -> Self {
        Self {
            line: None,
            why: why.into(),
            too_long: false,
        }
    }

    fn at(line: u64, why: impl Into<String>) -> Self {
        Self::new(why).on(line)
    }

    fn on(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<Rejected> for Broken {
    fn from(rejected: Rejected) -> Self {
        Self {
            too_long: matches!(rejected, Rejected::TooLong(_)),
            ..Self::new(rejected.to_string())
        }
    }
}

/// What a reader is told besides the file.
struct Reading<'a> {
    /// The name of the catalogue, where the file does not say one.
    name: &'a str,
    /// What addresses in the file are relative to.
    base: Option<&'a str>,
    limits: &'a Limits,
}

impl Reading<'_> {
    fn builder(&self, title: &str, sep: &str, format: &str) -> Result<Builder, Broken> {
        let mut head = Head::new(self.name, sep);
        head.title = title.to_owned();
        head.sources = vec![format.to_owned()];
        Ok(Builder::new(head, self.limits)?)
    }

    /// The whole address of a page that a file names. None where nothing says what it is relative to.
    fn url(&self, page: &str) -> Result<Option<String>, Broken> {
        let out = page.split(['/', '\\']).any(|part| part == "..");
        if out || page.starts_with(['/', '\\']) {
            let page = excerpt(page);
            return Err(Broken::new(format!(
                "the page {page:?} is out of its folder"
            )));
        }
        Ok(self.base.map(|base| {
            let slash = if base.ends_with('/') { "" } else { "/" };
            format!("{base}{slash}{page}")
        }))
    }
}

/// A format of files.
struct Format {
    name: &'static str,
    /// Whether a file begins as one of this format does.
    is: fn(&str) -> bool,
    read: fn(Source<'_>, &Reading<'_>) -> Result<Builder, Broken>,
}

/// All formats; the first that takes a file's begin is the file's.
const FORMATS: [Format; 7] = [
    Format {
        name: "our own JSON lines",
        is: lines::is,
        read: lines::read,
    },
    Format {
        name: "a Doxygen tag file",
        is: doxygen::is,
        read: doxygen::read,
    },
    Format {
        name: "a Sphinx inventory (objects.inv)",
        is: sphinx::is,
        read: sphinx::read,
    },
    Format {
        name: "Universal Ctags JSON lines",
        is: ctags::is,
        read: ctags::read,
    },
    Format {
        name: "Javadoc's member-search-index.js",
        is: javadoc::is,
        read: javadoc::read,
    },
    Format {
        name: "TypeDoc JSON",
        is: typedoc::is,
        read: typedoc::read,
    },
    Format {
        name: "rustdoc JSON",
        is: rustdoc::is,
        read: rustdoc::read,
    },
];

/// Reads a catalogue of any format, compressed with gzip or not. `file` is what errors call it; without folders and
/// endings it is the catalogue's name, too, unless the file says one.
pub fn read(file: &str, input: impl Read, limits: &Limits) -> Result<Catalogue, ReadError> {
    read_with_base(file, input, None, limits)
}

/// Reads a catalogue whose pages are below `base`, an `http` or `https` address. Formats that only name pages have no
/// addresses otherwise.
pub fn read_with_base(
    file: &str,
    mut input: impl Read,
    base: Option<&str>,
    limits: &Limits,
) -> Result<Catalogue, ReadError> {
    let reading = Reading {
        name: stem(file),
        base,
        limits,
    };
    let built = Source::new(&mut input, limits).and_then(|mut source| {
        let begin = source.begin()?;
        let format = FORMATS.iter().find(|format| (format.is)(&begin));
        let format = format.ok_or_else(|| Broken::new(unknown(&begin)))?;
        (format.read)(source, &reading)?
            .finish()
            .map_err(Broken::from)
    });
    built.map_err(|broken| ReadError {
        file: file.to_owned(),
        line: broken.line,
        why: broken.why,
        too_long: broken.too_long,
    })
}

fn unknown(begin: &str) -> String {
    let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let known = known.join(", ");
    match begin.trim_start() {
        "" => format!("the file is empty; known are {known}"),
        begin => format!(
            "begins with {:?}, as no known format does: {known}",
            excerpt(begin)
        ),
    }
}

/// The name of a file without folders and endings.
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split('.').find(|part| !part.is_empty());
    stem.map_or("catalogue", |stem| match stem.char_indices().nth(32) {
        Some((cut, _)) => &stem[..cut],
        None => stem,
    })
}

/// A text without line breaks and other control characters, as a catalogue takes it.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// The place of a whole name, where it has one.
fn parent<'a>(qualified: &'a str, sep: &str) -> Option<&'a str> {
    Some(split_name(qualified, sep).0).filter(|place| !place.is_empty())
}

/// What can be called, told by its name: an operator, a destructor, a constructor, or a function.
fn callable(name: &str, scope: &str, sep: &str) -> Kind {
    let name = split_name(name, sep).1;
    let class = split_name(scope, sep).1;
    let class = class.split('<').next().unwrap_or(class).trim_end();
    if name.len() > "operator".len() && fold::is_operator(name.as_bytes()) {
        Kind::Operator
    } else if name.starts_with('~') {
        Kind::Destructor
    } else if !scope.is_empty() && (name == class || name == "__init__") {
        Kind::Constructor
    } else {
        Kind::Function
    }
}
