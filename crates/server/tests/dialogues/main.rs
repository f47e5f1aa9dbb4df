//! Plays the dialogues of `conformance/*.jsonl` against a real server over real sockets.
//!
//! Server and client share one thread and tokio's paused clock: where both wait for nothing but time, time jumps. So a
//! dialogue about thirty seconds takes none, and "nothing more is said" can be waited for.

mod format;
mod matching;
mod play;
mod script;

use std::{fs, path::Path};

use format::Dialogue;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance"))
}

fn dialogues() -> Vec<Dialogue> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    files.sort();
    files.iter().flat_map(|file| format::read(file)).collect()
}

#[test]
fn every_dialogue_goes_as_written() {
    let all = dialogues();
    assert!(
        all.len() >= 4,
        "where are the dialogues? found {}",
        all.len()
    );
    let wanted = std::env::var("DIALOGUE").unwrap_or_default();
    let mut failures = Vec::new();
    for dialogue in all
        .iter()
        .filter(|dialogue| dialogue.name.contains(&wanted))
    {
        if let Err(why) = play::play(dialogue) {
            failures.push(format!("{} ({}):\n  {why}", dialogue.name, dialogue.place));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} dialogues went otherwise:\n{}",
        failures.len(),
        all.len(),
        failures.join("\n")
    );
}

#[test]
fn every_refusal_code_has_a_dialogue() {
    // These two come with keys; `internal` is what no input may bring about.
    let not_yet = ["unauthorized", "internal"];
    let texts: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok())
        .collect();
    let missing: Vec<_> = longwire_protocol::Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !not_yet.contains(code) && *code != "forbidden")
        .filter(|code| {
            !texts
                .iter()
                .any(|text| text.contains(&format!("\"code\":\"{code}\"")))
        })
        .collect();
    assert!(missing.is_empty(), "no dialogue shows {missing:?}");
}
