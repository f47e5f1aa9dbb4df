//! Dialogues as they stand in their files: see `conformance/README.md`.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, value::RawValue};

/// A dialogue and where it stands.
pub(crate) struct Dialogue {
    pub(crate) name: String,
    pub(crate) place: String,
    /// Configuration of the server, beside the defaults.
    pub(crate) config: String,
    /// Whether it is of a server that keeps its jobs on a disk, and of no other.
    pub(crate) on_disk: bool,
    pub(crate) steps: Vec<(String, Step)>,
}

/// One line of a dialogue. The name of a socket comes first; the nameless one has most to say.
pub(crate) enum Step {
    /// Opens a socket with these headers. The answer has this status and, where one is given, this subprotocol.
    Open(String, BTreeMap<String, String>, Answer),
    /// Sends these texts, all in one write.
    Send(String, Vec<String>),
    /// Sends these bytes in a binary message.
    SendBinary(String, Vec<u8>),
    /// Sends these bytes as they are, without a frame around them.
    SendBytes(String, Vec<u8>),
    /// Sends so many pings.
    Ping(String, u64),
    /// The next frame that is received fits this.
    Expect(String, Value),
    /// Frames are received and not looked at, up to one that fits this or, where it is a number, to the close with this code.
    Skip(String, Value),
    /// Nothing is received for so many seconds.
    Quiet(String, f64),
    /// The socket is not read until something is expected of it.
    Deaf(String),
    /// Closes the socket, as a client does.
    Close(String),
    /// The server closes the socket with this code.
    Closed(String, u64),
    /// The connection breaks.
    Cut(String),
    /// So many seconds pass.
    Pass(f64),
    /// The server is told to stop.
    Stop,
    /// The server is told to stop, and once it has another is started in its place.
    Restart,
}

/// What a request to open a socket is answered with.
#[derive(Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) subprotocol: Option<String>,
}

type Line<'a> = BTreeMap<String, &'a RawValue>;

/// The dialogues of a file.
pub(crate) fn read(file: &Path) -> Vec<Dialogue> {
    let text = fs::read_to_string(file).unwrap();
    let file_name = file.file_name().unwrap().to_string_lossy().into_owned();
    let mut dialogues: Vec<Dialogue> = Vec::new();
    let lines = text.lines().enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{file_name}:{}", number + 1);
        let mut parsed: Line<'_> = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{place}: not a JSON object: {error}"));
        parsed.remove("#");
        if parsed.contains_key("dialogue") {
            dialogues.push(begin(place, &parsed));
        } else if !parsed.is_empty() {
            let dialogue = dialogues
                .last_mut()
                .unwrap_or_else(|| panic!("{place}: no dialogue has begun"));
            let step = step(&parsed).unwrap_or_else(|why| panic!("{place}: {why}"));
            dialogue.steps.push((place, step));
        }
    }
    dialogues
}

fn begin(place: String, line: &Line<'_>) -> Dialogue {
    let config = line.get("config").map(|raw| value(raw));
    Dialogue {
        name: value(line["dialogue"]).as_str().unwrap().to_owned(),
        place,
        config: config.map_or(String::new(), |config| toml::to_string(&config).unwrap()),
        on_disk: line.get("on_disk").is_some_and(|raw| value(raw) == true),
        steps: Vec::new(),
    }
}

fn step(line: &Line<'_>) -> Result<Step, String> {
    let (key, raw) = line
        .iter()
        .find(|(key, _)| *key != "answer")
        .ok_or("nothing is done")?;
    if let Some(socket) = key.strip_suffix(">>") {
        let frames: Vec<&RawValue> = read_as(key, raw)?;
        let texts = frames.iter().map(|raw| repeated(raw.get()));
        return Ok(Step::Send(socket.to_owned(), texts.collect()));
    }
    if let Some(socket) = key.strip_suffix('>') {
        return Ok(Step::Send(socket.to_owned(), vec![repeated(raw.get())]));
    }
    if let Some(socket) = key.strip_suffix('<') {
        return Ok(Step::Expect(socket.to_owned(), value(raw)));
    }
    let (socket, what) = key.split_once(' ').unwrap_or(("", key));
    let socket = socket.to_owned();
    let text = || read_as::<String>(key, raw).map(|text| repeated(&text));
    Ok(match what {
        "open" => {
            let answer = line.get("answer").ok_or("\"open\" needs an \"answer\"")?;
            Step::Open(socket, read_as(key, raw)?, read_as("answer", answer)?)
        }
        "raw" => Step::Send(socket, vec![text()?]),
        "binary" => Step::SendBinary(socket, text()?.into_bytes()),
        "bytes" => Step::SendBytes(socket, bytes(&text()?)?),
        "ping" => Step::Ping(socket, read_as(key, raw)?),
        "skip" => Step::Skip(socket, value(raw)),
        "quiet" => Step::Quiet(socket, read_as(key, raw)?),
        "deaf" => Step::Deaf(socket),
        "close" => Step::Close(socket),
        "closed" => Step::Closed(socket, read_as(key, raw)?),
        "cut" => Step::Cut(socket),
        "pass" => Step::Pass(read_as(key, raw)?),
        "stop" => Step::Stop,
        "restart" => Step::Restart,
        _ => return Err(format!("what is {key:?}?")),
    })
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap()
}

fn read_as<'a, T: serde::Deserialize<'a>>(key: &str, raw: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| format!("{key:?}: {error}"))
}

/// Writes out what is to be repeated: `<3×ab>` is `ababab`.
fn repeated(text: &str) -> String {
    let written_out = text.split_once('<').and_then(|(before, rest)| {
        let (times, rest) = rest.split_once('×')?;
        let (what, after) = rest.split_once('>')?;
        let times: usize = times.parse().ok()?;
        Some(format!("{before}{}{}", what.repeat(times), repeated(after)))
    });
    written_out.unwrap_or_else(|| text.to_owned())
}

/// Bytes written as pairs of hexadecimal digits, with blanks wherever they help.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let pairs = digits.chunks(2).map(String::from_iter);
    pairs
        .map(|pair| u8::from_str_radix(&pair, 16).map_err(|e| format!("{pair:?}: {e}")))
        .collect()
}
