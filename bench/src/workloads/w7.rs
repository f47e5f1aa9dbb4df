//! Names of a library, typed a key at a time.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::contenders::{Contender, Places, Running};
use crate::load::answer::told;
use crate::load::{Asking, ask};
use crate::machine::Watch;
use crate::made_up;
use crate::moment::now;
use crate::workloads::figures::{Latencies, Measured};

/// How many names are typed.
const NAMES: usize = 300;
/// The most that are asked for at once.
const PAGE: usize = 200;
/// The name of the large catalogue.
const LARGE: &str = "made-up";
/// A million symbols are read within seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// In the standard catalogue, or in one of so many symbols.
pub(crate) fn measure(
    contender: &Contender,
    places: &Places,
    symbols: Option<usize>,
) -> Result<Measured> {
    let made = symbols.map(|symbols| write(places, symbols)).transpose()?;
    let config = made.as_ref().map_or(String::new(), |made| {
        format!("[modules.{LARGE}]\nfile = {:?}\n", made.file)
    });
    let running = Running::start(contender, places, &config)?;
    let target = &running.target()?;
    let mut asking = ask(target.address, target.dialect)?;
    let (names, catalogue) = match made {
        Some(made) => (made.names, LARGE),
        None => (standard(&mut asking)?, "cpp"),
    };
    ready(&mut asking, catalogue)?;
    let mut latencies = Latencies::new()?;
    let watch = Watch::start(target.tree)?;
    let keys = typed(&mut asking, &names, catalogue, &mut latencies)?;
    Ok(Measured::new(watch.stop()?)
        .with_answers(keys)
        .with_latencies(&latencies)
        .set("most_us", latencies.most_micros()))
}

/// So many names of the standard catalogue, on a server that runs; gives how many keys there were.
#[cfg(test)]
pub(crate) fn standard_keys(target: &crate::contenders::Target, names: usize) -> Result<u64> {
    let mut asking = ask(target.address, target.dialect)?;
    let all = standard(&mut asking)?;
    typed(&mut asking, &all[..names], "cpp", &mut Latencies::new()?)
}

/// Asks with every key; gives how many there were.
fn typed(
    asking: &mut Asking,
    names: &[String],
    catalogue: &str,
    latencies: &mut Latencies,
) -> Result<u64> {
    let mut keys = 0;
    for name in names {
        for (end, letter) in name.char_indices() {
            let typed = &name[..end + letter.len_utf8()];
            let question =
                json!({"route": "query/module", "catalogue": catalogue, "text": typed}).to_string();
            let asked = now();
            let answer = asking.ask(&question)?;
            latencies.record(asked.elapsed());
            // As long as it is not whole there may be others enough before it.
            let is_found = typed.len() < name.len() || finds(&answer, name);
            ensure!(
                is_found && !is_error(&answer),
                "{question} was answered with {}",
                told(&answer)
            );
            keys += 1;
        }
    }
    Ok(keys)
}

fn is_error(answer: &[u8]) -> bool {
    memchr::memmem::find(answer, br#""status":"error""#).is_some()
}

fn finds(answer: &[u8], name: &str) -> bool {
    memchr::memmem::find(answer, format!("{name:?}").as_bytes()).is_some()
}

/// Names of the standard catalogue, from all over it.
fn standard(asking: &mut Asking) -> Result<Vec<String>> {
    ready(asking, "cpp")?;
    let mut names = Vec::new();
    for page in 0.. {
        let question =
            json!({"route": "query/module", "text": "", "limit": PAGE, "offset": page * PAGE});
        let answer: Value = serde_json::from_slice(&asking.ask(&question.to_string())?)?;
        let found = answer["data"]
            .as_array()
            .with_context(|| format!("{question} was answered with {answer}"))?;
        names.extend(
            found
                .iter()
                .filter_map(|symbol| symbol["name"].as_str())
                .map(str::to_owned),
        );
        if found.len() < PAGE {
            break;
        }
    }
    Ok(spread(&names))
}

/// Some of them, as far apart as can be.
fn spread(names: &[String]) -> Vec<String> {
    names
        .iter()
        .step_by((names.len() / NAMES).max(1))
        .take(NAMES)
        .cloned()
        .collect()
}

/// Waits until a catalogue has been read: the first question begins that of the standard.
fn ready(asking: &mut Asking, catalogue: &str) -> Result<()> {
    asking.ask(r#"{"route":"query/module","text":"vector"}"#)?;
    let last = now() + PATIENCE;
    while now() < last {
        let answer: Value = serde_json::from_slice(&asking.ask(r#"{"route":"modules"}"#)?)?;
        let all = answer["data"].as_array().or(answer["modules"].as_array());
        let found = all.and_then(|all| all.iter().find(|it| it["name"] == catalogue));
        match found.and_then(|it| it["state"].as_str()) {
            Some("ready") => return Ok(()),
            Some("reading") => sleep(Duration::from_millis(20)),
            _ => bail!("the catalogues are {answer}"),
        }
    }
    bail!("{catalogue} was not read within {PATIENCE:?}");
}

/// A catalogue in a file, and names that are in it.
struct Made {
    file: PathBuf,
    names: Vec<String>,
}

fn write(places: &Places, symbols: usize) -> Result<Made> {
    let mut lines = made_up::HEAD.to_owned();
    let mut names = Vec::with_capacity(symbols);
    made_up::write(symbols, &mut lines, |_, name| names.push(name.to_owned()));
    let file = places.scratch.join("made-up.jsonl");
    fs::write(&file, lines)?;
    Ok(Made {
        file,
        names: spread(&names),
    })
}
