//! Every reader on a real file of a real project, and on files that mean harm.
#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking"
)]

use std::io::{Read, Write};

use flate2::{
    Compression,
    read::GzDecoder,
    write::{GzEncoder, ZlibEncoder},
};
use longwire_modules::{Catalogue, Kind, Limits, Query, Set, readers, search};

mod common;

/// The first match of a text.
fn first(catalogue: &Catalogue, text: &str) -> Set {
    let query = common::query(text, &[], 1);
    let mut page = search(catalogue, &query).unwrap();
    assert!(!page.data.is_empty(), "{text} in {}", catalogue.name());
    page.data.remove(0)
}

fn read(file: &str, bytes: &[u8]) -> Catalogue {
    let base = Some("https://example.org/docs");
    readers::read_with_base(file, bytes, base, &Limits::default()).unwrap()
}

macro_rules! fixture {
    ($file:literal) => {
        read($file, include_bytes!(concat!("fixtures/", $file)))
    };
}

/// What a row expects: typed, whole name, library, kind, page, first signature.
type Row<'a> = (&'a str, &'a str, &'a str, Kind, &'a str, Option<&'a str>);

fn check(catalogue: &Catalogue, least: usize, rows: &[Row<'_>]) {
    assert!(
        catalogue.len() >= least,
        "{} has {}",
        catalogue.name(),
        catalogue.len()
    );
    for (text, qualified, lib, kind, page, signature) in rows {
        let set = first(catalogue, text);
        let url = set.url.unwrap_or_default();
        let page_found = url
            .strip_prefix("https://example.org/docs/")
            .unwrap_or_default();
        assert_eq!(
            (&*set.qualified, &*set.lib, set.kind, page_found),
            (*qualified, *lib, *kind, *page),
            "{text}"
        );
        let first = set.signatures.first().map(|signature| &*signature.text);
        assert_eq!(first, *signature, "{text}");
    }
}

#[test]
fn doxygen_tag_files() {
    let catalogue = fixture!("tinyxml2.tag.gz");
    check(
        &catalogue,
        300,
        &[
            (
                "XMLElement",
                "tinyxml2::XMLElement",
                "tinyxml2",
                Kind::Class,
                "classtinyxml2_1_1XMLElement.html",
                None,
            ),
            (
                "XMLDocument::LoadF",
                "tinyxml2::XMLDocument::LoadFile",
                "tinyxml2::XMLDocument",
                Kind::Function,
                "classtinyxml2_1_1XMLDocument.html#a2ebd4647a8af5fc6831b294ac26a150a",
                Some("XMLError LoadFile(const char *filename)"),
            ),
            (
                "~XMLDocument",
                "tinyxml2::XMLDocument::~XMLDocument",
                "tinyxml2::XMLDocument",
                Kind::Destructor,
                "classtinyxml2_1_1XMLDocument.html#af37c47d8e2ba4b2fc81b21a77a32579b",
                Some("~XMLDocument()"),
            ),
        ],
    );
    let overloads = first(&catalogue, "XMLElement::SetAttribute")
        .signatures
        .len();
    assert!(overloads >= 7, "{overloads} overloads became one set");
    assert_eq!(first(&catalogue, "TIXMLASSERT").kind, Kind::Macro);
    assert_eq!(first(&catalogue, "XML_SUCCESS").kind, Kind::Enumerator);
    assert_eq!(
        first(&catalogue, "XMLHandle::operator=").kind,
        Kind::Operator
    );
}

#[test]
fn sphinx_inventories() {
    let catalogue = fixture!("itsdangerous.inv");
    assert_eq!(catalogue.head().title, "ItsDangerous 2.1.x");
    check(
        &catalogue,
        60,
        &[
            (
                "Signer.unsign",
                "itsdangerous.signer.Signer.unsign",
                "itsdangerous.signer.Signer",
                Kind::Function,
                "signer.html#itsdangerous.signer.Signer.unsign",
                None,
            ),
            (
                "badsig",
                "itsdangerous.exc.BadSignature",
                "itsdangerous.exc",
                Kind::Class,
                "exceptions.html#itsdangerous.exc.BadSignature",
                None,
            ),
        ],
    );
}

/// Sphinx's own inventory is about Python, C and C++.
#[test]
fn sphinx_inventories_of_several_languages() {
    let catalogue = fixture!("sphinx.inv");
    assert_eq!(catalogue.head().sep, ".");
    let page = "usage/restructuredtext/domains.html";
    check(
        &catalogue,
        400,
        &[
            (
                "Sphinx.add_node",
                "sphinx.application.Sphinx.add_node",
                "sphinx.application.Sphinx",
                Kind::Function,
                "extdev/appapi.html#sphinx.application.Sphinx.add_node",
                None,
            ),
            (
                "PyType_Gen",
                "PyType_GenericAlloc",
                "PyType_GenericAlloc",
                Kind::Function,
                &format!("{page}#c.PyType_GenericAlloc"),
                None,
            ),
            (
                "MyContainer::const_it",
                "MyContainer.const_iterator",
                "MyContainer",
                Kind::Type,
                &format!("{page}#_CPPv4N11MyContainer14const_iteratorE"),
                None,
            ),
        ],
    );
    let app = common::query("add_", &["sphinx.application.Sphinx"], 200);
    let found = search(&catalogue, &app).unwrap();
    assert!(found.total > 25, "{}", found.message);
    let libs = catalogue.libs().count();
    assert!(libs < catalogue.len() / 2, "{libs} libraries");
}

#[test]
fn a_member_of_a_struct_of_c_is_in_it() {
    let text = inventory(b"PyTypeObject.tp_name c:member 1 c-api/typeobj.html#c.$ -\n");
    let found = first(&read("c", &text), "tp_name");
    assert_eq!((&*found.name, &*found.lib), ("tp_name", "PyTypeObject"));
}

#[test]
fn tags_of_several_languages() {
    let tag = |name: &str, path: &str, scope: &str| {
        format!(
            "{{\"_type\": \"tag\", \"name\": \"{name}\", \"path\": \"{path}\", \"kind\": \"function\", \"scope\": \"{scope}\"}}\n"
        )
    };
    let python = tag("load", "a.py", "pkg.Reader");
    let cpp = [
        tag("push", "b.h", "ns::Queue"),
        tag("pop", "b.h", "ns::Queue"),
    ]
    .concat();
    for (text, sep) in [
        (format!("{python}{cpp}"), "::"),
        (format!("{python}{}{cpp}", python.repeat(2)), "."),
    ] {
        let catalogue = read("mixed", text.as_bytes());
        assert_eq!(catalogue.head().sep, sep);
        let expected = ["pkg", "Reader", "load"].join(sep);
        assert_eq!(first(&catalogue, "load").qualified, expected);
        for text in ["ns::Queue::push", "Queue.push"] {
            assert_eq!(
                first(&catalogue, text).lib,
                ["ns", "Queue"].join(sep),
                "{text}"
            );
        }
    }
}

#[test]
fn universal_ctags() {
    let catalogue = fixture!("tinyxml2.tags.json.gz");
    check(
        &catalogue,
        250,
        &[
            (
                "XMLPrinter",
                "tinyxml2::XMLPrinter",
                "tinyxml2",
                Kind::Class,
                "",
                None,
            ),
            (
                "XMLHandle::NextSiblingE",
                "tinyxml2::XMLHandle::NextSiblingElement",
                "tinyxml2::XMLHandle",
                Kind::Function,
                "",
                Some("XMLHandle NextSiblingElement(const char * name=0)"),
            ),
            (
                "BUF_SIZE",
                "tinyxml2::XMLElement::BUF_SIZE",
                "tinyxml2::XMLElement",
                Kind::Enumerator,
                "",
                None,
            ),
        ],
    );
    assert_eq!(
        first(&catalogue, "XMLPrinter").header.as_deref(),
        Some("tinyxml2.h")
    );
}

#[test]
fn rustdoc_json() {
    let catalogue = fixture!("scopeguard.json.gz");
    assert_eq!(catalogue.head().title, "scopeguard 1.2.0");
    check(
        &catalogue,
        10,
        &[
            (
                "guard",
                "scopeguard::guard",
                "scopeguard",
                Kind::Function,
                "scopeguard/fn.guard.html",
                Some("fn guard(v: T, dropfn: F) -> ScopeGuard<T, F, Always>"),
            ),
            (
                "ScopeGuard::into",
                "scopeguard::ScopeGuard::into_inner",
                "scopeguard::ScopeGuard",
                Kind::Function,
                "scopeguard/struct.ScopeGuard.html#method.into_inner",
                Some("fn into_inner(guard: Self) -> T"),
            ),
            (
                "defer",
                "scopeguard::defer",
                "scopeguard",
                Kind::Macro,
                "scopeguard/macro.defer.html",
                None,
            ),
        ],
    );
}

/// Where rustdoc's pages have what a trait requires and gives, and macros of each kind.
#[test]
fn rustdoc_pages() {
    let item = |id: u32, name: &str, inner: &str| {
        format!("\"{id}\":{{\"name\":\"{name}\",\"visibility\":\"public\",\"inner\":{{{inner}}}}}")
    };
    let method = |has_body: bool| {
        format!(
            "\"function\":{{\"sig\":{{\"inputs\":[],\"output\":null}},\"has_body\":{has_body}}}"
        )
    };
    let proc_macro = |kind: &str| format!("\"proc_macro\":{{\"kind\":\"{kind}\",\"helpers\":[]}}");
    let items = [
        item(0, "c", "\"module\":{\"items\":[1,4,5,6,7]}"),
        item(1, "Buf", "\"trait\":{\"items\":[2,3]}"),
        item(2, "remaining", &method(false)),
        item(3, "has_remaining", &method(true)),
        item(4, "Debug", &proc_macro("derive")),
        item(5, "main", &proc_macro("attr")),
        item(6, "vec", &proc_macro("bang")),
        item(7, "imported", &method(false)),
    ];
    let catalogue = read("c", &rustdoc(&items.join(",")));
    for (text, page) in [
        ("remaining", "c/trait.Buf.html#tymethod.remaining"),
        ("has_remaining", "c/trait.Buf.html#method.has_remaining"),
        ("Debug", "c/derive.Debug.html"),
        ("main", "c/attr.main.html"),
        ("vec", "c/macro.vec.html"),
        ("imported", "c/fn.imported.html"),
    ] {
        let url = first(&catalogue, text).url.unwrap();
        assert_eq!(url, format!("https://example.org/docs/{page}"), "{text}");
    }
}

/// What is exported on two ways to one name is one symbol, with its signature once.
#[test]
fn what_is_exported_twice_is_said_once() {
    let function = ",\"3\":{\"name\":\"m3\",\"visibility\":\"public\",\"inner\":{\"module\":{\"items\":[4]}}},\"4\":{\"name\":\"f\",\"visibility\":\"public\",\"inner\":{\"function\":{\"sig\":{\"inputs\":[],\"output\":null}}}}";
    let modules = String::from_utf8(twice(3)).unwrap();
    let modules = modules.replace(
        "},\"format_version\"",
        &format!("{function}}},\"format_version\""),
    );
    let catalogue = read("m0", modules.as_bytes());
    let found = first(&catalogue, "f");
    assert_eq!((&*found.qualified, found.signatures.len()), ("m0::f", 1));
}

#[test]
fn typedoc_json() {
    check(
        &fixture!("eventemitter3.json.gz"),
        15,
        &[
            (
                "removeL",
                "EventEmitter.removeListener",
                "EventEmitter",
                Kind::Function,
                "",
                Some(
                    "removeListener(event: T, fn: EventListener<EventTypes, T>, context: Context, once: boolean): this",
                ),
            ),
            (
                "argmap",
                "EventEmitter.ArgumentMap",
                "EventEmitter",
                Kind::Alias,
                "",
                None,
            ),
        ],
    );
}

#[test]
fn javadoc_indexes() {
    let page = "net/sourceforge/argparse4j/inf/Argument.html";
    check(
        &fixture!("argparse4j.js.gz"),
        300,
        &[
            (
                "Argument.setDefault",
                "net.sourceforge.argparse4j.inf.Argument.setDefault",
                "net.sourceforge.argparse4j.inf.Argument",
                Kind::Function,
                &format!("{page}#setDefault(E...)"),
                Some("setDefault(E...)"),
            ),
            (
                "inf.Argument",
                "net.sourceforge.argparse4j.inf.Argument",
                "net.sourceforge.argparse4j.inf",
                Kind::Class,
                page,
                None,
            ),
        ],
    );
}

#[test]
fn a_catalogue_written_as_lines_is_what_it_says() {
    let packed: &[u8] = include_bytes!("../data/cpp.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let catalogue = common::catalogue();
    assert_eq!(
        (catalogue.name(), catalogue.head().sep.as_str()),
        ("cpp", "::")
    );
    let same = readers::read("cpp", text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(catalogue.digest(), same.digest());
    let text = text.replacen("C++11", "C++14", 1);
    let other = readers::read("cpp", text.as_bytes(), &Limits::default()).unwrap();
    assert_ne!(catalogue.digest(), other.digest());
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// One symbol over and over, each time with more.
fn many_of(what: &str, times: usize) -> String {
    format!("{{\"qualified\":\"a\",\"lib\":\"a\",\"kind\":\"function\",{what}}}\n").repeat(times)
}

/// Modules, each of which exports the next one twice.
fn twice(modules: u32) -> Vec<u8> {
    let mut items = String::new();
    for n in 0..modules {
        let (one, two) = (1000 + n, 2000 + n);
        items += &format!(
            "\"{n}\":{{\"name\":\"m{n}\",\"visibility\":\"public\",\"inner\":{{\"module\":{{\"items\":[{one},{two}]}}}}}},"
        );
        for id in [one, two] {
            let next = n + 1;
            items += &format!(
                "\"{id}\":{{\"name\":null,\"visibility\":\"public\",\"inner\":{{\"use\":{{\"name\":\"m\",\"id\":{next},\"is_glob\":true}}}}}},"
            );
        }
    }
    rustdoc(items.trim_end_matches(','))
}

fn rustdoc(items: &str) -> Vec<u8> {
    format!("{{\"root\":0,\"crate_version\":null,\"index\":{{{items}}},\"format_version\":57}}")
        .into_bytes()
}

fn inventory(objects: &[u8]) -> Vec<u8> {
    let head = "# Sphinx inventory version 2\n# Project: P\n# Version: 1\n# The remainder of this file is compressed using zlib.\n";
    let mut packed = ZlibEncoder::new(head.as_bytes().to_vec(), Compression::best());
    packed.write_all(objects).unwrap();
    packed.finish().unwrap()
}

const HEAD: &str = "{\"catalogue\":\"x\",\"version\":1}\n";

/// Small limits, so that what is too much can be small, too.
const SMALL: Limits = Limits {
    file_bytes: 1 << 20,
    line_bytes: 1 << 16,
    symbols: 1000,
    text_bytes: 1 << 18,
};

#[test]
fn a_file_that_means_harm_is_refused_by_name_and_reason() {
    let lines = |lines: &str| format!("{HEAD}{lines}").into_bytes();
    let tags =
        |inner: &str| format!("<?xml version='1.0'?><tagfile>{inner}</tagfile>").into_bytes();
    let many: String = (0..1001)
        .map(|n| format!("{{\"qualified\":\"a::f{n}\",\"lib\":\"a\",\"kind\":\"function\"}}\n"))
        .collect();
    let long: String = (0..400)
        .map(|n| {
            format!(
                "{{\"qualified\":\"{}{n}\",\"lib\":\"a\",\"kind\":\"function\"}}\n",
                "x".repeat(1000)
            )
        })
        .collect();
    let lol = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>";
    let deep = "<a>".repeat(50_000);
    let nested = format!(
        "{{\"id\":0,\"variant\":\"project\",\"children\":{}",
        "[{\"name\":\"a\",\"children\":".repeat(10_000)
    );
    let index: String = (0..1001)
        .map(|n| format!("\"{n}\":{{\"inner\":{{}}}},"))
        .collect();
    let rows: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "is empty"),
        (
            "prose",
            b"Dear reader,".to_vec(),
            "begins with \"Dear reader,\"",
        ),
        ("binary", vec![0xff; 300], "no known format"),
        (
            "gzip bomb",
            gzip(&lines(&" \n".repeat(2 << 20))),
            "more than 1048576 bytes",
        ),
        (
            "cut gzip",
            gzip(&lines(""))[..20].to_vec(),
            "incomplete deflate stream",
        ),
        (
            "zlib bomb",
            inventory(&b"a py:function 1 a.html -\n".repeat(100_000)),
            "more than 1048576 bytes",
        ),
        (
            "cut zlib",
            inventory(b"a py:function 1 a.html -\n")[..125].to_vec(),
            "",
        ),
        (
            "zlib line",
            inventory(&vec![b'x'; 100_000]),
            "line 5: is longer than 65536 bytes",
        ),
        (
            "no object",
            inventory(b"a py:function x a.html -\n"),
            "line 5: is no object",
        ),
        (
            "escape",
            inventory(b"a py:function 1 ../../etc/passwd -\n"),
            "line 5: the page \"../../etc/passwd\" is out of its folder",
        ),
        (
            "absolute",
            inventory(b"a py:function 1 /etc/passwd -\n"),
            "out of its folder",
        ),
        (
            "inventory 1",
            b"# Sphinx inventory version 1\n".to_vec(),
            "version 2",
        ),
        (
            "long line",
            lines(&"x".repeat(100_000)),
            "line 2: is longer than 65536 bytes",
        ),
        ("no JSON", lines("{"), "line 2: EOF"),
        (
            "no UTF-8",
            [HEAD.as_bytes(), b"\xff\xfe"].concat(),
            "line 2: is no UTF-8",
        ),
        (
            "field",
            lines("{\"qualified\":\"a\",\"lib\":\"a\",\"kind\":\"function\",\"x\":1}"),
            "line 2: unknown field `x`",
        ),
        (
            "kind",
            lines("{\"qualified\":\"a\",\"lib\":\"a\",\"kind\":\"klass\"}"),
            "line 2: unknown variant `klass`",
        ),
        (
            "no lib",
            lines("{\"qualified\":\"a\",\"lib\":\"\",\"kind\":\"class\"}"),
            "line 2: a: lib must not be empty",
        ),
        (
            "control",
            lines("{\"qualified\":\"a\\u0000b\",\"lib\":\"a\",\"kind\":\"class\"}"),
            "control characters",
        ),
        (
            "script",
            lines(
                "{\"qualified\":\"a\",\"lib\":\"a\",\"kind\":\"class\",\"url\":\"javascript:alert(1)\"}",
            ),
            "url must be an http or https address",
        ),
        (
            "name",
            lines("{\"qualified\":\"a::b\",\"name\":\"c\",\"lib\":\"a\",\"kind\":\"class\"}"),
            "name must be the last part of \"a::b\", got \"c\"",
        ),
        (
            "version",
            b"{\"catalogue\":\"x\",\"version\":2}".to_vec(),
            "line 1: version must be 1, got 2",
        ),
        (
            "sep",
            b"{\"catalogue\":\"x\",\"version\":1,\"sep\":\"->\"}".to_vec(),
            "line 1: sep must be",
        ),
        (
            "many",
            lines(&many),
            "line 1002: a::f1000: more than 1000 symbols",
        ),
        ("long", lines(&long), "more than 262144 bytes"),
        (
            "signatures",
            lines(&many_of("\"signatures\":[{\"text\":\"f()\"}]", 4001)),
            "line 4002: a: more than 4000 signatures",
        ),
        (
            "other names",
            lines(&many_of("\"aliases\":[\"b\"]", 1001)),
            "line 1002: a: more than 1000 other names",
        ),
        (
            "lol",
            format!("<?xml version='1.0'?>{lol}<tagfile/>").into_bytes(),
            "DOCTYPE",
        ),
        (
            "entity",
            tags("<compound kind='class'><name>&b;</name></compound>"),
            "unknown entity \"b\"",
        ),
        ("deep", tags(&deep), "deeper than 16"),
        (
            "open",
            b"<?xml version='1.0'?><tagfile><compound kind='class'>".to_vec(),
            "ends within an element",
        ),
        ("crossed", tags("<compound></member>"), "is no XML"),
        (
            "huge text",
            tags(&format!("<a>{}", "x".repeat(200_000))),
            "more than 65536 bytes",
        ),
        (
            "huge attribute",
            tags(&format!("<a b='{}", "x".repeat(200_000))),
            "more than 65536 bytes",
        ),
        (
            "tag page",
            tags("<compound kind='class'><name>A</name><filename>../A.html</filename></compound>"),
            "out of its folder",
        ),
        (
            "no tag",
            b"{\"_type\": \"tag\", \"name\": 1}".to_vec(),
            "line 1: is no tag",
        ),
        ("nested", nested.into_bytes(), "recursion limit"),
        (
            "old rustdoc",
            b"{\"root\":0,\"crate_version\":null,\"index\":{},\"format_version\":12}".to_vec(),
            "is of format 12; 37 or later",
        ),
        (
            "no root",
            b"{\"root\":7,\"crate_version\":null,\"index\":{},\"format_version\":57}".to_vec(),
            "names no crate",
        ),
        (
            "rustdoc",
            format!("{{\"root\":0,\"crate_version\":null,\"index\":{{{index}\"x\":0}}}}")
                .into_bytes(),
            "the items are more than 262144 bytes",
        ),
        ("exports", twice(30), "has more than 2000 ways to its items"),
        (
            "javadoc",
            b"memberSearchIndex = [{\"p\":1}]".to_vec(),
            "invalid type",
        ),
        (
            "javadoc page",
            b"memberSearchIndex = [{\"p\":\"a\",\"c\":\"..\",\"l\":\"x\"}]".to_vec(),
            "",
        ),
    ];
    for (what, bytes, why) in rows {
        let read = readers::read_with_base(what, &*bytes, Some("https://example.org"), &SMALL);
        if what == "javadoc page" {
            let catalogue = read.unwrap();
            assert_eq!(
                first(&catalogue, "x").url.unwrap(),
                "https://example.org/a/...html#x"
            );
            continue;
        }
        let refused = read.unwrap_err();
        let error = refused.to_string();
        assert!(
            error.starts_with(what) && error.contains(why),
            "{what}: {error}"
        );
        let too_long = why.contains("more than 262144 bytes");
        assert_eq!(refused.too_long, too_long, "{what}: {error}");
        assert!(error.len() < 600, "{what}: {error}");
    }
}

/// A file without an end, such as a pipe that someone keeps filling.
struct Endless<'a>(&'a [u8], usize);

impl Read for Endless<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        for byte in &mut *into {
            *byte = self.0[self.1 % self.0.len()];
            self.1 += 1;
        }
        Ok(into.len())
    }
}

#[test]
fn a_file_without_an_end_is_left_at_the_limit() {
    let begins = [
        "{\"_type\": \"ptag\"}\n",
        "<tagfile><!-- -->",
        "memberSearchIndex = [",
        "{\"id\":0,\"variant\":\"project\",\"x\":",
    ];
    for begin in begins {
        let endless = begin
            .as_bytes()
            .chain(Endless(&begin.as_bytes()[begin.len() - 9..], 0));
        readers::read("endless", endless, &SMALL).unwrap_err();
    }
    let spaces = HEAD.as_bytes().chain(Endless(b" \n", 0));
    let error = readers::read("endless", spaces, &SMALL).unwrap_err();
    assert!(error.why.contains("more than 1048576 bytes"), "{error}");
}

#[test]
fn what_an_export_exports_within_itself_ends() {
    let module = |items: &str| {
        format!(
            "{{\"name\":\"m\",\"visibility\":\"public\",\"inner\":{{\"module\":{{\"items\":[{items}]}}}}}}"
        )
    };
    let glob = "{\"name\":null,\"visibility\":\"public\",\"inner\":{\"use\":{\"name\":\"m\",\"id\":0,\"is_glob\":true}}}";
    let named = "{\"name\":null,\"visibility\":\"public\",\"inner\":{\"use\":{\"name\":\"n\",\"id\":0,\"is_glob\":false}}}";
    let text = format!(
        "{{\"root\":0,\"crate_version\":null,\"index\":{{\"0\":{},\"1\":{glob},\"2\":{named}}},\"format_version\":57}}",
        module("1,2")
    );
    let catalogue = readers::read("loop", text.as_bytes(), &SMALL).unwrap();
    let query = Query::from_pairs([("text", "")]).unwrap();
    assert!(search(&catalogue, &query).unwrap().total < 10);
}
