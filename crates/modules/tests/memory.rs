//! Files that are small and would need much: what is read of them stays within bounds, and ends. A test binary of its
//! own, with one test: what is measured is the whole process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    io::{self, Read},
};

use longwire_modules::{Limits, readers};

/// What a server would allow of a few files.
const LIMITS: Limits = Limits {
    file_bytes: 16 << 20,
    line_bytes: 1 << 16,
    symbols: 10_000,
    text_bytes: 4 << 20,
};
/// Twice the texts, a hundred times a piece, and what a symbol and its signatures take; and what is left unused of the
/// memory that a process has.
const MOST: u64 = 16 << 20;

/// A file that is never there as a whole: a begin, a piece over and over, an end.
struct Repeated {
    begin: io::Cursor<String>,
    piece: Box<dyn Fn(usize) -> String>,
    left: std::ops::Range<usize>,
    end: Option<String>,
}

impl Read for Repeated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.begin.read(into)?;
            if read > 0 {
                return Ok(read);
            }
            let Some(next) = self
                .left
                .next()
                .map(&self.piece)
                .or_else(|| self.end.take())
            else {
                return Ok(0);
            };
            self.begin = io::Cursor::new(next);
        }
    }
}

fn repeated(
    begin: &str,
    times: usize,
    piece: impl Fn(usize) -> String + 'static,
    end: &str,
) -> Repeated {
    Repeated {
        begin: io::Cursor::new(begin.to_owned()),
        piece: Box::new(piece),
        left: 0..times,
        end: Some(end.to_owned()),
    }
}

fn resident(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() << 10
}

/// How much more memory the process had for a while.
fn grown(work: impl FnOnce()) -> u64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident("VmRSS:");
    work();
    resident("VmHWM:").saturating_sub(before)
}

/// What a row is about, the file, and why it is refused; nothing where it is read.
type Row = (&'static str, Repeated, &'static str);

fn lines() -> Vec<Row> {
    const HEAD: &str = "{\"catalogue\":\"x\",\"version\":1}\n";
    const ALIASES: usize = 4000;
    let class = |aliases: &str| {
        format!(
            "{HEAD}{{\"qualified\":\"C\",\"lib\":\"C\",\"kind\":\"class\",\"aliases\":[{aliases}]}}\n"
        )
    };
    let same = vec!["\"A\""; ALIASES].join(",");
    let different: Vec<String> = (0..ALIASES).map(|n| format!("\"A{n}\"")).collect();
    let different = different.join(",");
    let member = |kind: &'static str| {
        move |n| format!("{{\"qualified\":\"C::f{n}\",\"lib\":\"C\",\"kind\":\"{kind}\"}}\n")
    };
    let line = move |rest: &str| {
        format!("{{\"qualified\":\"C\",\"lib\":\"C\",\"kind\":\"class\",{rest}}}\n")
    };
    let long = |n| {
        let name = "a_".repeat(200);
        format!("{{\"qualified\":\"{name}{n}\",\"lib\":\"x\",\"kind\":\"function\"}}\n")
    };
    let many = line(&format!("\"aliases\":[{same}]"));
    vec![
        (
            "equal other names",
            repeated(HEAD, 2500, move |_| many.clone(), ""),
            "more than 10000 other names",
        ),
        (
            "signatures of one symbol",
            repeated(
                HEAD,
                500_000,
                move |n| line(&format!("\"signatures\":[{{\"text\":\"f{}\"}}]", n % 9)),
                "",
            ),
            "more than 40000 signatures",
        ),
        (
            "other names of every constructor",
            repeated(&class(&different), 9000, member("constructor"), ""),
            "more than 80000 other names",
        ),
        (
            "other names of every member's class",
            repeated(&class(&different), 9000, member("function"), ""),
            "more than 80000 places",
        ),
        (
            "one symbol over and over",
            repeated(HEAD, 200_000, move |_| line("\"deprecated\":\"1\""), ""),
            "",
        ),
        ("as much as may be", repeated(HEAD, 9000, long, ""), ""),
    ]
}

const TOO_LONG: &str = "has a piece of more than 65536 bytes";

/// A piece until the file is nearly as long as it may be.
fn fill(begin: impl Into<String>, piece: &str, end: &'static str) -> Repeated {
    let pieces = piece.repeat(1000);
    let times = (LIMITS.file_bytes as usize - (1 << 20)) / pieces.len();
    repeated(&begin.into(), times, move |_| pieces.clone(), end)
}

fn rustdoc() -> Vec<Row> {
    const CRATE: &str = "{\"root\":0,\"crate_version\":\"1\",\"format_version\":57,\"index\":{";
    const ROOT: &str =
        "\"0\":{\"name\":\"a\",\"visibility\":\"public\",\"inner\":{\"module\":{\"items\":[]}}}";
    let item = |rest: &str| format!("{CRATE}\"0\":{{\"name\":\"a\",{rest}");
    let signature = "\"inner\":{\"function\":{\"sig\":{\"inputs\":[";
    let module = |number| {
        let items = "1,".repeat(5000);
        format!("\"{number}\":{{\"inner\":{{\"module\":{{\"items\":[{items}1]}}}}}},")
    };
    vec![
        (
            "visibility",
            fill(item("\"visibility\":{\"restricted\":["), "[],", ""),
            TOO_LONG,
        ),
        (
            "signature",
            fill(item(signature), "[\"a\",{\"\":0}],", ""),
            TOO_LONG,
        ),
        (
            "items of a module",
            fill(item("\"inner\":{\"module\":{\"items\":["), "1,", ""),
            TOO_LONG,
        ),
        (
            "name",
            fill(format!("{CRATE}\"0\":{{\"name\":\""), "x", ""),
            TOO_LONG,
        ),
        (
            "number",
            fill(format!("{CRATE}\""), "0", ""),
            "invalid number",
        ),
        (
            "key",
            fill("{\"root\":0,\"crate_version\":\"1\",\"", "x", ""),
            TOO_LONG,
        ),
        (
            "many items",
            repeated(CRATE, 9000, module, ROOT),
            "the items are more than 4194304 bytes",
        ),
        (
            "what is passed over",
            fill(format!("{CRATE}{ROOT}}},\"paths\":["), "{\"a\":[]},", "0]}"),
            "",
        ),
    ]
}

fn others() -> Vec<Row> {
    const TYPES: &str = "{\"id\":0,\"variant\":\"project\",\"name\":\"project\",";
    let reflection = |_| format!("{{\"name\":\"{}\",\"children\":[", "x".repeat(60_000));
    let call = "\"children\":[{\"name\":\"f\",\"signatures\":[{\"type\":[";
    vec![
        (
            "text of a member",
            fill("memberSearchIndex = [{\"p\":\"a\",\"l\":\"", "x", ""),
            TOO_LONG,
        ),
        (
            "type",
            fill(format!("{TYPES}{call}"), "{\"\":0},", ""),
            TOO_LONG,
        ),
        (
            "names within names",
            repeated(&format!("{TYPES}\"children\":["), 60, reflection, ""),
            "a name is too long",
        ),
        (
            "what is passed over of types",
            fill(format!("{TYPES}\"groups\":["), "{\"a\":[]},", "0]}"),
            "",
        ),
    ]
}

#[test]
fn what_is_read_is_bounded_in_memory() {
    let rows = lines().into_iter().chain(rustdoc()).chain(others());
    for (what, file, why) in rows {
        let mut read = None;
        let grown = grown(|| read = Some(readers::read("x", file, &LIMITS).map(|it| it.len())));
        let read = read.unwrap();
        println!("{what}: {} KiB, {read:?}", grown >> 10);
        match read {
            Ok(symbols) => assert!(why.is_empty(), "{what}: {symbols} symbols"),
            Err(error) => assert!(
                !why.is_empty() && error.to_string().contains(why),
                "{what}: {error}"
            ),
        }
        assert!(grown < MOST, "{what}: {} KiB", grown >> 10);
    }
}
