//! The dialogues of the kit: those of this binary, or those of a folder.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    Dialogue, Failure, Names, Others, Place, Played, Speaker, Step, Title, Verdict,
    client::{self, ClientStep},
    format::{self, read},
    live,
    sockets::Sockets,
};

/// How long a server has for each answer.
const PATIENCE: Duration = Duration::from_secs(10);

type File = (&'static str, &'static str);

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../conformance/kit/", $folder, "/", $name)))),*]
    };
}

const CLIENT: &[File] = files!(
    "client":
    "start.jsonl",
    "verbs.jsonl",
    "lost_answers.jsonl",
    "resume.jsonl",
    "connection.jsonl",
    "readers.jsonl",
    "feed.jsonl",
    "workers.jsonl",
);
const SERVER: &[File] = files!("server": "start.jsonl", "verbs.jsonl", "refusals.jsonl");

/// Dialogues that are played against a client and, where the kit knows a server's program, the live part beside them.
#[derive(Clone, Debug)]
pub struct ClientKit {
    dialogues: Vec<Dialogue<ClientStep>>,
    server: Option<PathBuf>,
}

impl ClientKit {
    /// Those of this binary, and the live part with the server that is that program.
    ///
    /// # Errors
    /// Where a line is none.
    pub fn ours(server: PathBuf) -> Result<Self, String> {
        Ok(Self {
            dialogues: load(CLIENT, None)?,
            server: Some(server),
        })
    }

    /// Those of a folder.
    ///
    /// # Errors
    /// Where there is none, or a line is none.
    pub fn of_folder(dir: &Path) -> Result<Self, String> {
        Ok(Self {
            dialogues: load(CLIENT, Some(dir))?,
            server: None,
        })
    }

    /// What there is.
    #[must_use]
    pub fn titles(&self) -> Vec<Title<'_>> {
        let live = self.server.iter().map(|_| live::TITLE);
        self.dialogues.iter().map(title).chain(live).collect()
    }

    /// Plays one, against a driver of its own; none where there is no such dialogue.
    pub async fn play(&self, which: &Title<'_>, argv: &[OsString]) -> Option<Played> {
        if *which == live::TITLE {
            return Some(live::play(self.server.as_deref()?, argv).await);
        }
        let dialogue = self.dialogues.iter().find(|it| title(it) == *which)?;
        let since = Instant::now();
        let verdict = client::play(dialogue, argv).await;
        Some(played(dialogue, since, verdict))
    }
}

/// Dialogues that are played against a server.
#[derive(Clone, Debug)]
pub struct ServerKit(Vec<Dialogue<Step>>);

impl ServerKit {
    /// Those of this binary or, where one is named, of a folder.
    ///
    /// # Errors
    /// Where there is none, or a line is none.
    pub fn load(dir: Option<&Path>) -> Result<Self, String> {
        load(SERVER, dir).map(Self)
    }

    /// What there is.
    #[must_use]
    pub fn titles(&self) -> Vec<Title<'_>> {
        self.0.iter().map(title).collect()
    }

    /// Whether there is a server to play against.
    ///
    /// # Errors
    /// Where it cannot be connected to, and why.
    pub async fn reach(&self, place: &Place) -> Result<(), String> {
        Sockets::reach(place.clone(), PATIENCE).await
    }

    /// Plays one, against a server there.
    pub async fn play(&self, which: &Title<'_>, place: &Place) -> Option<Played> {
        let dialogue = self.0.iter().find(|it| title(it) == *which)?;
        let since = Instant::now();
        let verdict = play_against(dialogue, place.clone()).await;
        Some(played(dialogue, since, verdict))
    }
}

fn title<S>(dialogue: &Dialogue<S>) -> Title<'_> {
    Title {
        name: &dialogue.name,
        place: &dialogue.place,
    }
}

fn played<S>(dialogue: &Dialogue<S>, since: Instant, verdict: Verdict) -> Played {
    Played {
        name: dialogue.name.clone(),
        place: dialogue.place.clone(),
        took: since.elapsed(),
        verdict,
        note: None,
    }
}

async fn play_against(dialogue: &Dialogue<Step>, place: Place) -> Verdict {
    let mut failure = Failure::new(&dialogue.place, "");
    let names = match fresh_names(dialogue) {
        Ok(names) => names,
        Err(why) => return Verdict::Failed(Failure { why, ..failure }),
    };
    let mut speaker = Speaker::new(place, names, PATIENCE);
    let mut played = Ok(());
    for (at, step) in &dialogue.steps {
        failure.place.clone_from(at);
        played = speaker.step(step).await;
        if played.is_err() {
            break;
        }
    }
    if played.is_ok() {
        played = speaker.end().await;
    }
    match played {
        Ok(()) => Verdict::Passed,
        Err(why) => Verdict::Failed(Failure {
            why,
            record: speaker.record().to_vec(),
            ..failure
        }),
    }
}

/// The names that a dialogue wants for its own use get values that no other job of the server has.
fn fresh_names(dialogue: &Dialogue<Step>) -> Result<Names, String> {
    let mut names = Names::new(Others::Fine);
    let fresh = dialogue.head.get("fresh").and_then(|it| it.as_array());
    for name in fresh.into_iter().flatten().filter_map(|it| it.as_str()) {
        let mut chance = [0; 8];
        getrandom::fill(&mut chance).map_err(|error| format!("no chance: {error}"))?;
        let value = format!("kit-{:016x}", u64::from_ne_bytes(chance));
        names.set(name, value.into());
    }
    Ok(names)
}

fn load<S: format::Step>(ours: &[File], dir: Option<&Path>) -> Result<Vec<Dialogue<S>>, String> {
    let Some(dir) = dir else {
        return read_all(ours.iter().copied());
    };
    let shown = dir.display();
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|it| it == "jsonl") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((
                name.into_owned(),
                fs::read_to_string(&path).map_err(failed)?,
            ));
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(format!("{shown}: there are no dialogues (*.jsonl) in it"));
    }
    read_all(
        files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str())),
    )
}

fn read_all<'a, S: format::Step>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Dialogue<S>>, String> {
    let mut dialogues = Vec::new();
    for (name, text) in files {
        dialogues.extend(read(name, text)?);
    }
    Ok(dialogues)
}
