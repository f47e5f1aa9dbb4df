//! Doxygen tag files: compounds (classes, namespaces, files) with members, in XML.

use std::io::{self, BufRead, Read};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
};

use super::{Broken, Reading, Source, callable, one_line, parent};
use crate::{Builder, Kind, Symbol, catalogue::excerpt};

const SEP: &str = "::";
/// Elements within elements; tag files have four.
const MAX_DEPTH: usize = 16;

pub(super) fn is(begin: &str) -> bool {
    begin.contains("<tagfile")
}

pub(super) fn read(source: Source<'_>, reading: &Reading<'_>) -> Result<Builder, Broken> {
    let mut tags = Tags {
        builder: reading.builder("", SEP, "a Doxygen tag file")?,
        reading,
        open: Vec::new(),
        text: String::new(),
        compound: Record::default(),
        member: None,
    };
    let mut reader = Reader::from_reader(Pieces::new(source.rest(), reading.limits.line_bytes));
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer);
        let event = event.map_err(|error| Broken::new(format!("is no XML: {error}")))?;
        if matches!(event, Event::Eof) {
            return if tags.open.is_empty() {
                Ok(tags.builder)
            } else {
                Err(Broken::new("ends within an element"))
            };
        }
        tags.take(event).map_err(|mut broken| {
            let at = reader.buffer_position();
            broken.why = format!("{} (at byte {at})", broken.why);
            broken
        })?;
        buffer.clear();
    }
}

/// What is known so far of a compound or a member.
#[derive(Default)]
struct Record {
    kind: String,
    /// Texts of its elements: name, type, arglist, filename, anchorfile, anchor.
    texts: Vec<(String, String)>,
    written: bool,
}

impl Record {
    fn get(&self, element: &str) -> &str {
        let found = self.texts.iter().find(|(name, _)| name == element);
        found.map_or("", |(_, text)| text)
    }
}

struct Tags<'a> {
    builder: Builder,
    reading: &'a Reading<'a>,
    open: Vec<String>,
    text: String,
    compound: Record,
    member: Option<Record>,
}

impl Tags<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), Broken> {
        match event {
            Event::Start(start) => self.start(&start),
            Event::End(_) => self.end(),
            Event::Text(text) => self.add(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(text) => self.add(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(entity) => self.entity(&entity),
            Event::DocType(_) => Err(Broken::new("has a DOCTYPE; a tag file has none")),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {
                Ok(())
            }
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Broken> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Broken::new(format!("has elements deeper than {MAX_DEPTH}")));
        }
        let name = start.name().as_ref().to_owned();
        self.text.clear();
        let record = || -> Result<Record, Broken> {
            let kind = start.try_get_attribute("kind");
            let kind = kind.map_err(|error| Broken::new(error.to_string()))?;
            let kind = kind.map(|kind| kind.value.into_owned());
            Ok(Record {
                kind: kind.unwrap_or_default(),
                ..Record::default()
            })
        };
        match &*name {
            "compound" => self.compound = record()?,
            "member" => {
                self.write_compound()?;
                self.member = Some(record()?);
            }
            _ => {}
        }
        self.open.push(name);
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), Broken> {
        let most = self.reading.limits.line_bytes;
        if self.text.len() + text.len() > most {
            return Err(Broken::new(format!("has a text of more than {most} bytes")));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// Only what XML itself defines: a file cannot define others, as it can have no DOCTYPE.
    fn entity(&mut self, entity: &BytesRef<'_>) -> Result<(), Broken> {
        let letter = entity.resolve_char_ref();
        let letter = letter.map_err(|error| Broken::new(error.to_string()))?;
        if let Some(letter) = letter {
            return self.add(letter.encode_utf8(&mut [0; 4]));
        }
        let name = entity.to_string();
        match resolve_xml_entity(&name) {
            Some(text) => self.add(text),
            None => Err(Broken::new(format!(
                "has the unknown entity {:?}",
                excerpt(&name)
            ))),
        }
    }

    fn end(&mut self) -> Result<(), Broken> {
        let Some(name) = self.open.pop() else {
            return Ok(());
        };
        let text = one_line(&self.text);
        self.text.clear();
        match &*name {
            "compound" => return self.write_compound(),
            "member" => return self.write_member(),
            // Documents within a member or compound repeat `name`s of their own: the first is the thing's.
            "name" | "type" | "arglist" | "filename" | "anchorfile" | "anchor" => {
                let record = self.member.as_mut().unwrap_or(&mut self.compound);
                if record.get(&name).is_empty() {
                    record.texts.push((name, text));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn write_compound(&mut self) -> Result<(), Broken> {
        if std::mem::replace(&mut self.compound.written, true) {
            return Ok(());
        }
        let compound = &self.compound;
        let kind = match &*compound.kind {
            "class" | "struct" | "union" | "interface" | "protocol" | "exception" => Kind::Class,
            "namespace" => Kind::Namespace,
            "concept" => Kind::Concept,
            _ => return Ok(()),
        };
        let name = compound.get("name");
        if name.is_empty() {
            return Err(Broken::new(format!(
                "has a {} without a name",
                compound.kind
            )));
        }
        let mut symbol = Symbol::new(name, parent(name, SEP).unwrap_or(name), kind);
        symbol.url = self.reading.url(compound.get("filename"))?.map(Into::into);
        Ok(self.builder.add(&symbol)?)
    }

    fn write_member(&mut self) -> Result<(), Broken> {
        let Some(member) = self.member.take() else {
            return Ok(());
        };
        let (name, compound) = (member.get("name"), &self.compound);
        let scope = match &*compound.kind {
            "file" => "",
            "class" | "struct" | "union" | "interface" | "protocol" | "exception" | "namespace" => {
                compound.get("name")
            }
            // Groups, pages and folders name again what others have.
            _ => return Ok(()),
        };
        let Some(kind) = member_kind(&member.kind, name, scope) else {
            return Ok(());
        };
        let qualified = match scope {
            "" => name.to_owned(),
            scope => format!("{scope}{SEP}{name}"),
        };
        let lib = if scope.is_empty() {
            compound.get("name")
        } else {
            scope
        };
        let text = format!("{} {name}{}", member.get("type"), member.get("arglist"));
        let mut symbol = Symbol::new(qualified, lib, kind).signed(one_line(&text));
        symbol.name = Some(name.into());
        symbol.header = scope.is_empty().then(|| lib.into());
        let page = format!("{}#{}", member.get("anchorfile"), member.get("anchor"));
        symbol.url = self.reading.url(&page)?.map(Into::into);
        Ok(self.builder.add(&symbol)?)
    }
}

fn member_kind(kind: &str, name: &str, scope: &str) -> Option<Kind> {
    match kind {
        "function" | "slot" | "signal" => Some(callable(name, scope, SEP)),
        "variable" | "property" | "event" => Some(Kind::Variable),
        "define" => Some(Kind::Macro),
        // Doxygen numbers those without a name: `@0`.
        "enumeration" if name.is_empty() || name.starts_with('@') => None,
        "enumeration" => Some(Kind::Enum),
        "enumvalue" => Some(Kind::Enumerator),
        "typedef" => Some(Kind::Alias),
        _ => None,
    }
}

/// Lets only so many bytes pass without a `<` or `>`: whoever reads XML keeps that much in memory.
struct Pieces<R> {
    input: R,
    passed: usize,
    most: usize,
}

impl<R> Pieces<R> {
    fn new(input: R, most: usize) -> Self {
        Self {
            input,
            passed: 0,
            most,
        }
    }
}

impl<R: BufRead> BufRead for Pieces<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.passed > self.most {
            let why = format!("has a piece of more than {} bytes", self.most);
            return Err(io::Error::other(why));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed is in the buffer still, so this reads nothing.
        let buffer = self.input.fill_buf().unwrap_or_default();
        let piece = &buffer[..amount.min(buffer.len())];
        self.passed = match memchr::memrchr2(b'<', b'>', piece) {
            Some(at) => piece.len() - at,
            None => self.passed + piece.len(),
        };
        self.input.consume(amount);
    }
}

impl<R: BufRead> Read for Pieces<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(into)?;
        self.consume(amount);
        Ok(amount)
    }
}
