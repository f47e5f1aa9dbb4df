//! Plays the dialogues of `conformance/*.jsonl` against a real server over real sockets.
//!
//! Server and client share one thread and tokio's paused clock: where both wait for nothing but time, time jumps. So a
//! dialogue about thirty seconds takes none, and "nothing more is said" can be waited for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "that is how a test fails"
)]

mod documentation;
mod play;
mod script;

use std::{collections::BTreeSet, fs, path::Path};

use longwire_conformance::{Dialogue, Step, read};
use longwire_protocol::{CLOSE_CODES, CloseCode, Code};
use play::Store;

fn dialogues() -> Vec<Dialogue<Step>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance"));
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| of_file(file)).collect()
}

fn of_file(file: &Path) -> Vec<Dialogue<Step>> {
    let name = file.file_name().unwrap().to_string_lossy();
    read(&name, &fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn every_dialogue_goes_as_written() {
    play_all(Store::Memory);
}

#[test]
fn every_dialogue_goes_as_written_where_jobs_are_kept_on_disk() {
    play_all(Store::Embedded);
}

/// Whether it is of a server that keeps its jobs on a disk, and of no other.
fn is_on_disk(dialogue: &Dialogue<Step>) -> bool {
    dialogue.head.get("on_disk").is_some_and(|it| it == true)
}

fn play_all(store: Store) {
    let wanted = std::env::var("DIALOGUE").unwrap_or_default();
    let is_wanted = |d: &Dialogue<Step>| {
        let here = store == Store::Embedded || !is_on_disk(d);
        here && (d.name.contains(&wanted) || d.place.contains(&wanted))
    };
    let played: Vec<_> = dialogues().into_iter().filter(is_wanted).collect();
    assert!(
        played.len() >= if wanted.is_empty() { 125 } else { 1 },
        "where are the dialogues? found {}",
        played.len()
    );
    let failures: Vec<_> = played
        .iter()
        .filter_map(|dialogue| {
            let why = play::play(dialogue, store).err()?;
            Some(format!("{} ({}):\n  {why}", dialogue.name, dialogue.place))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} dialogues went otherwise:\n{}",
        failures.len(),
        played.len(),
        failures.join("\n")
    );
}

#[test]
fn every_dialogue_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for dialogue in dialogues() {
        assert!(
            names.insert(dialogue.name.clone()),
            "{}: there is another dialogue {:?}",
            dialogue.place,
            dialogue.name
        );
    }
}

#[test]
fn every_refusal_code_has_a_dialogue() {
    let not_on_a_socket = [
        // Of HTTP bodies; a message that is too large closes its socket.
        Code::TooLarge,
        // Of pages of other origins, before there is a socket.
        Code::Forbidden,
        // Comes with keys.
        Code::Unauthorized,
        // What a full disk brings about: see durability.rs.
        Code::Unavailable,
        // What no input may bring about.
        Code::Internal,
    ];
    let shown: BTreeSet<String> = steps().filter_map(|step| refusal(&step)).collect();
    let missing: Vec<_> = Code::ALL
        .into_iter()
        .filter(|code| !not_on_a_socket.contains(code) && !shown.contains(code.as_str()))
        .collect();
    assert!(missing.is_empty(), "no dialogue shows {missing:?}");
}

#[test]
fn every_close_code_has_a_dialogue() {
    let shown: BTreeSet<u64> = steps().filter_map(|step| close_code(&step)).collect();
    let missing: Vec<_> = CLOSE_CODES
        .iter()
        // What no input may bring about.
        .filter(|close| **close != CloseCode::INTERNAL && !shown.contains(&close.code.into()))
        .collect();
    assert!(missing.is_empty(), "no dialogue shows {missing:?}");
}

fn steps() -> impl Iterator<Item = Step> {
    let steps = dialogues().into_iter().flat_map(|dialogue| dialogue.steps);
    steps.map(|(_, step)| step)
}

/// The code of a refusal that is expected.
fn refusal(step: &Step) -> Option<String> {
    let Step::Expect(_, frame) = step else {
        return None;
    };
    let code = frame.get("code").filter(|_| frame["status"] == "error")?;
    code.as_str().map(str::to_owned)
}

/// The code of a close that is expected.
fn close_code(step: &Step) -> Option<u64> {
    if let Step::Skip(_, until) = step {
        return until.as_u64();
    }
    let Step::Closed(_, code) = step else {
        return None;
    };
    Some(*code)
}
