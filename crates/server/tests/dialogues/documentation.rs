//! Holds `docs/protocol.md` to the dialogues and to the types: what it shows is what a dialogue says, and no code, status or
//! limit of its tables is missing, made up or out of date.

use longwire_conformance::{Dialogue, Names, Step};
use longwire_protocol::{CLOSE_CODES, Code, Status};
use longwire_server::config::{Limits, SocketSettings};
use serde_json::Value;

const TEXT: &str = include_str!("../../../../docs/protocol.md");

/// A fenced block, and the name of the dialogue that it is said to show.
struct Block {
    line: usize,
    dialogue: Option<String>,
    lines: Vec<&'static str>,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut inside, mut marker) = (false, None);
    for (number, line) in TEXT.lines().enumerate() {
        if line.starts_with("```") {
            inside = !inside;
            if inside {
                blocks.push(Block {
                    line: number + 1,
                    dialogue: marker.take(),
                    lines: Vec::new(),
                });
            }
        } else if inside && let Some(block) = blocks.last_mut() {
            block.lines.push(line);
        } else {
            marker = line
                .strip_prefix("<!-- dialogue: ")
                .and_then(|rest| rest.strip_suffix(" -->"))
                .map(str::to_owned);
        }
    }
    blocks
}

#[test]
fn every_frame_in_the_documentation_is_of_a_dialogue() {
    let dialogues = crate::dialogues();
    let shown = blocks();
    assert!(shown.len() >= 20, "where are the examples?");
    let wrong: Vec<String> = shown
        .iter()
        .filter_map(|block| check(block, &dialogues).err())
        .collect();
    assert!(wrong.is_empty(), "docs/protocol.md:\n{}", wrong.join("\n"));
}

fn check(block: &Block, dialogues: &[Dialogue<Step>]) -> Result<(), String> {
    let place = format!("line {}", block.line);
    let Some(name) = &block.dialogue else {
        return Err(format!(
            "{place}: above an example stands `<!-- dialogue: its name -->`"
        ));
    };
    let dialogue = dialogues
        .iter()
        .find(|dialogue| dialogue.name == *name)
        .ok_or_else(|| format!("{place}: there is no dialogue {name:?}"))?;
    let mut names = Names::default();
    let mut lines = block.lines.iter().filter(|line| !line.is_empty());
    for said in dialogue.steps.iter().flat_map(|(_, step)| said(step)) {
        let line = lines.next().copied().unwrap_or("nothing more");
        said.is_shown_by(line, &mut names).map_err(|why| {
            let (place, expected) = (&dialogue.place, said.to_text());
            format!("{name} ({place}): {why}\n  expected {expected}\n  shown    {line}")
        })?;
    }
    match lines.next() {
        Some(line) => Err(format!("{name}: the dialogue has ended\n  shown    {line}")),
        None => Ok(()),
    }
}

/// A step of a dialogue, as it is shown.
enum Said<'a> {
    Sent(&'a str, &'a str),
    Received(&'a str, &'a Value),
    Happened(String),
}

fn said(step: &Step) -> Vec<Said<'_>> {
    let happened = |socket: &str, what: String| {
        let colon = if socket.is_empty() { "" } else { ": " };
        vec![Said::Happened(format!("({socket}{colon}{what})"))]
    };
    match step {
        Step::Send(socket, texts) => texts.iter().map(|text| Said::Sent(socket, text)).collect(),
        Step::Expect(socket, frame) => vec![Said::Received(socket, frame)],
        Step::Quiet(socket, time) => happened(socket, format!("nothing for {time} seconds")),
        Step::Cut(socket) => happened(socket, "the connection breaks".to_owned()),
        Step::Closed(socket, code) => happened(socket, format!("closed with {code}")),
        Step::Pass(time) => happened("", format!("{time} seconds pass")),
        Step::Stop => happened("", "the server is told to stop".to_owned()),
        Step::Restart => happened("", "the server stops, and is started anew".to_owned()),
        Step::Skip(socket, _) => happened(socket, "…".to_owned()),
        Step::Open(socket, headers, _) => match headers.get("?") {
            Some(query) => happened(socket, format!("connects to /ws?{query}")),
            None => happened(socket, "connects".to_owned()),
        },
        Step::SendBinary(..)
        | Step::SendBytes(..)
        | Step::Ping(..)
        | Step::Deaf(_)
        | Step::Close(_) => happened("", "something that cannot be shown".to_owned()),
    }
}

impl Said<'_> {
    /// Whether that line shows it. Where the dialogue leaves a value open, the line may have any that fits.
    fn is_shown_by(&self, line: &str, names: &mut Names) -> Result<(), String> {
        let rest = |head: &str| line.strip_prefix(head).ok_or("another line".to_owned());
        match self {
            Said::Sent(socket, text) => {
                let shown = rest(&format!("{socket}> "))?;
                let same = shown == names.fill(text);
                same.then_some(()).ok_or("another frame".to_owned())
            }
            Said::Received(socket, frame) => {
                let shown = rest(&format!("{socket}< "))?;
                let shown = serde_json::from_str(shown).map_err(|error| error.to_string())?;
                names.matches(frame, &shown)
            }
            Said::Happened(what) if line == what => Ok(()),
            Said::Happened(_) => Err("something else".to_owned()),
        }
    }

    fn to_text(&self) -> String {
        match self {
            Said::Sent(socket, text) => format!("{socket}> {text}"),
            Said::Received(socket, frame) => format!("{socket}< {frame}"),
            Said::Happened(what) => what.clone(),
        }
    }
}

/// The cells of a table whose head begins with that word, without the marks of code.
fn table(head: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_matches('|').split('|');
        inner
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    TEXT.lines()
        .skip_while(|line| !line.starts_with(&format!("| {head} |")))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

fn first_cells(head: &str) -> Vec<String> {
    table(head).into_iter().map(|row| row[0].clone()).collect()
}

#[test]
fn the_tables_have_every_code_and_every_status() {
    assert_eq!(first_cells("code"), Code::ALL.map(Code::as_str));
    assert_eq!(first_cells("status"), Status::ALL.map(Status::as_str));
}

#[test]
fn the_table_of_closes_says_what_the_server_does() {
    let shown: Vec<Vec<String>> = table("close")
        .into_iter()
        .map(|row| row[..3].to_vec())
        .collect();
    let ours = CLOSE_CODES.iter().map(|close| {
        let reconnect = if close.reconnect { "yes" } else { "no" };
        vec![
            close.code.to_string(),
            close.reason.to_owned(),
            reconnect.to_owned(),
        ]
    });
    assert_eq!(shown, ours.collect::<Vec<_>>());
}

#[test]
fn the_table_of_limits_has_their_defaults() {
    let limits = serde_json::to_value(Limits::default()).unwrap();
    let socket = serde_json::to_value(SocketSettings::default()).unwrap();
    let shown = table("limit");
    assert!(shown.len() >= 10, "where is the table of limits?");
    for row in shown {
        let (name, value) = (&row[0], row[1].replace(',', ""));
        let default = limits.get(name).or(socket.get(name));
        let default = default.and_then(Value::as_f64).map(|n| n.to_string());
        assert_eq!(default, Some(value), "{name}");
    }
}
