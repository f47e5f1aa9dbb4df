//! Dialogues as they stand in their files: see `conformance/README.md`.

use std::{fs, path::Path};

use serde_json::{Map, Value};

/// A dialogue and where it stands.
pub(crate) struct Dialogue {
    pub(crate) name: String,
    pub(crate) place: String,
    /// Configuration of the server, beside the defaults.
    pub(crate) config: String,
    pub(crate) steps: Vec<(String, Step)>,
}

/// One line of a dialogue.
pub(crate) enum Step {
    /// The socket of that name sends this text.
    Send(String, String),
    /// The socket of that name sends these bytes in a binary message.
    SendBinary(String, Vec<u8>),
    /// The next frame that the socket of that name receives fits this.
    Expect(String, Value),
    /// The socket of that name receives nothing for so many seconds.
    Quiet(String, f64),
    /// The server closes the socket of that name with this code.
    Closed(String, u64),
    /// The socket of that name is cut off.
    Cut(String),
    /// So many seconds pass.
    Pass(f64),
    /// The server is told to stop.
    Stop,
}

/// The dialogues of a file.
pub(crate) fn read(file: &Path) -> Vec<Dialogue> {
    let text = fs::read_to_string(file).unwrap();
    let file_name = file.file_name().unwrap().to_string_lossy().into_owned();
    let mut dialogues: Vec<Dialogue> = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let place = format!("{file_name}:{}", number + 1);
        let parsed: Map<String, Value> = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{place}: not a JSON object: {error}"));
        if let Some(name) = parsed.get("dialogue") {
            dialogues.push(Dialogue {
                name: name.as_str().unwrap().to_owned(),
                place,
                config: parsed
                    .get("config")
                    .map_or(String::new(), |config| config.as_str().unwrap().to_owned()),
                steps: Vec::new(),
            });
        } else if !parsed.contains_key("#") {
            let dialogue = dialogues
                .last_mut()
                .unwrap_or_else(|| panic!("{place}: no dialogue has begun"));
            dialogue.steps.push((place.clone(), step(&place, &parsed)));
        }
    }
    dialogues
}

fn step(place: &str, line: &Map<String, Value>) -> Step {
    let (key, value) = line.iter().next().unwrap();
    let text = || {
        value
            .as_str()
            .unwrap_or_else(|| panic!("{place}: {key:?} takes a string"))
            .to_owned()
    };
    let number = || {
        value
            .as_f64()
            .unwrap_or_else(|| panic!("{place}: {key:?} takes a number"))
    };
    if let Some(socket) = key.strip_suffix('>') {
        return Step::Send(socket.to_owned(), value.to_string());
    }
    if let Some(socket) = key.strip_suffix('<') {
        return Step::Expect(socket.to_owned(), value.clone());
    }
    let (socket, what) = key.split_once(' ').unwrap_or(("", key));
    match what {
        "raw" => Step::Send(
            socket.to_owned(),
            text()
                .replace("{10000×[}", &"[".repeat(10_000))
                .replace("{2000000×a}", &"a".repeat(2_000_000)),
        ),
        "binary" => Step::SendBinary(socket.to_owned(), text().into_bytes()),
        "quiet" => Step::Quiet(socket.to_owned(), number()),
        "closed" => Step::Closed(socket.to_owned(), value.as_u64().unwrap()),
        "cut" => Step::Cut(text()),
        "pass" => Step::Pass(number()),
        "stop" => Step::Stop,
        _ => panic!("{place}: what is {key:?}?"),
    }
}
