//! The kit itself: what is in it, and whether it finds out drivers and servers that do not do what they should.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends with its first surprise"
)]

use std::{collections::BTreeSet, ffi::OsString, fs, path::PathBuf};

use longwire_conformance::{ClientKit, Failure, Place, ServerKit, Title, Verdict};

/// A folder with these dialogues in one file.
fn folder(name: &str, dialogues: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("planted.jsonl"), dialogues).unwrap();
    dir
}

fn shell(script: &str) -> Vec<OsString> {
    ["sh", "-c", script].map(OsString::from).to_vec()
}

/// What becomes of a dialogue that orders and expects this, with a driver that is this script.
async fn driven(name: &str, script: &str, dialogue: &str) -> Verdict {
    let dialogue = format!("{{\"dialogue\":\"planted\",\"connect\":false}}\n{dialogue}");
    let kit = ClientKit::of_folder(&folder(name, &dialogue)).unwrap();
    let titles = kit.titles();
    let played = kit.play(&titles[0], &shell(script)).await.unwrap();
    played.verdict
}

fn failure(verdict: Verdict) -> Failure {
    let Verdict::Failed(failure) = verdict else {
        panic!("it went as written: {verdict:?}");
    };
    failure
}

const ASK: &str = "{\"!\":{\"do\":\"link\"}}\n{\"=\":{\"ok\":\"connected\"}}";

/// Answers each order, whatever it is.
fn answering(answer: &str) -> String {
    format!("n=0; while read -r order; do n=$((n+1)); echo \"{{\\\"n\\\":$n,{answer}}}\"; done")
}

#[tokio::test]
async fn a_driver_that_answers_as_expected_passes() {
    let script = answering("\\\"ok\\\":\\\"connected\\\"");
    assert_eq!(driven("answers", &script, ASK).await, Verdict::Passed);
}

#[tokio::test]
async fn a_driver_that_answers_otherwise_fails_with_the_line_and_both_answers() {
    let script = answering("\\\"ok\\\":\\\"closed\\\"");
    let failure = failure(driven("otherwise", &script, ASK).await);
    assert_eq!(failure.place, "planted.jsonl:3");
    assert!(
        failure
            .why
            .contains("expected \"connected\", got \"closed\""),
        "{}",
        failure.why
    );
    assert!(failure.record.iter().any(|line| line.contains("link")));
}

#[tokio::test]
async fn a_driver_that_has_no_such_thing_is_left_out() {
    let answer = "\\\"error\\\":{\\\"code\\\":\\\"unsupported\\\",\\\"message\\\":\\\"links\\\"}";
    let verdict = driven("unsupported", &answering(answer), ASK).await;
    assert_eq!(verdict, Verdict::LeftOut("links".to_owned()));
}

#[tokio::test]
async fn a_driver_that_dies_is_found_out_with_what_it_said() {
    let failure = failure(driven("dies", "echo 'no luck today' >&2; exit 3", ASK).await);
    assert!(failure.why.contains("exit status: 3"), "{}", failure.why);
    assert_eq!(failure.stderr, "no luck today\n");
}

#[tokio::test]
async fn a_driver_that_is_not_there_is_found_out() {
    let kit = ClientKit::of_folder(&folder("none", "{\"dialogue\":\"planted\"}")).unwrap();
    let argv = [OsString::from("./no-such-driver")];
    let played = kit.play(&kit.titles()[0], &argv).await.unwrap();
    assert!(
        failure(played.verdict)
            .why
            .contains("cannot start ./no-such-driver")
    );
}

#[tokio::test]
async fn a_driver_that_floods_is_found_out() {
    for (name, script) in [
        ("floods-lines", "yes '{\"n\":77}'"),
        ("floods-a-line", "yes | tr -d '\\n'"),
    ] {
        let why = failure(driven(name, script, ASK).await).why;
        let told = why.contains("answers no order") || why.contains("max line length");
        assert!(told, "{why}");
    }
}

#[tokio::test]
async fn a_driver_that_floods_stderr_is_heard_all_the_same() {
    let script = format!(
        "yes x | head -c 1000000 >&2; {}",
        answering("\\\"ok\\\":\\\"connected\\\"")
    );
    assert_eq!(driven("stderr", &script, ASK).await, Verdict::Passed);
}

#[tokio::test]
async fn what_a_driver_started_is_gone_with_it() {
    let mark = folder("leaves-behind", "").join("pid");
    let script = format!(
        "sleep 300 >/dev/null 2>&1 & echo $! > {}; {}",
        mark.display(),
        answering("\\\"ok\\\":\\\"connected\\\"")
    );
    let verdict = driven("leaves-behind", &script, ASK).await;
    assert_eq!(verdict, Verdict::Passed);
    let pid = fs::read_to_string(&mark).unwrap();
    let is_there = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        // Whoever has to take note of its end may not have yet.
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    for _ in 0..100_000 {
        if !is_there() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{pid} is still there");
}

#[tokio::test]
async fn a_driver_cannot_leave_out_connecting_or_starting() {
    let answer = "\\\"error\\\":{\\\"code\\\":\\\"unsupported\\\",\\\"message\\\":\\\"that\\\"}";
    for verb in ["connect", "start"] {
        let dialogue =
            format!("{{\"!\":{{\"do\":\"{verb}\"}}}}\n{{\"=\":{{\"error\":\"<any>\"}}}}");
        let name = format!("leaves-out-{verb}");
        let failure = failure(driven(&name, &answering(answer), &dialogue).await);
        let why = format!("no driver can leave out {verb:?}");
        assert_eq!(failure.why, why);
    }
}

/// The clock is paused: where all wait, ten seconds pass at once.
#[tokio::test(start_paused = true)]
async fn a_driver_that_hangs_is_named_after_ten_seconds() {
    let why = failure(driven("hangs", "sleep 100", ASK).await).why;
    assert!(why.contains("no answer within 10 s"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_stays_after_its_stdin_ended_is_found_out() {
    let why = failure(driven("stays", "sleep 100", "{\"pass\":0.1}").await).why;
    assert!(why.contains("still there"), "{why}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_found_out() {
    let kit = ServerKit::load(None).unwrap();
    let titles = kit.titles();
    let title = titles
        .iter()
        .find(|title| title.name.contains("no frame is refused"));
    // A port that nobody can listen on.
    let place = Place::parse("http://127.0.0.1:0").unwrap();
    let played = kit.play(title.unwrap(), &place).await.unwrap();
    assert!(matches!(played.verdict, Verdict::Failed(_)));
}

#[test]
fn a_line_that_is_none_is_refused_with_its_place() {
    for (name, dialogues, why) in [
        (
            "not-json",
            "{\"dialogue\":\"a\"}\nnonsense",
            "planted.jsonl:2: not a JSON object",
        ),
        (
            "no-step",
            "{\"dialogue\":\"a\"}\n{\"sing\":1}",
            "planted.jsonl:2: what is \"sing\"?",
        ),
        (
            "no-beginning",
            "{\"cut\":true}",
            "planted.jsonl:1: no dialogue has begun",
        ),
        (
            "two",
            "{\"dialogue\":\"a\"}\n{\"cut\":true,\"pass\":1}",
            "does not go with",
        ),
        (
            "no-placeholder",
            "{\"dialogue\":\"a\"}\n{\"=\":{\"ok\":\"<sing>\"}}",
            "planted.jsonl:2: what is <sing>?",
        ),
        ("no-name", "{\"dialogue\":7}", "a dialogue's name is a text"),
    ] {
        let told = ClientKit::of_folder(&folder(name, dialogues)).unwrap_err();
        assert!(told.contains(why), "{name}: {told}");
    }
}

#[test]
fn every_file_of_the_kit_is_in_it_and_every_name_is_of_one_dialogue() {
    let client = ClientKit::ours(PathBuf::new()).unwrap();
    let server = ServerKit::load(None).unwrap();
    for (folder, titles) in [("client", client.titles()), ("server", server.titles())] {
        let played: BTreeSet<&str> = titles.iter().map(file).collect();
        assert_eq!(played, files(folder), "{folder}");
        let names: BTreeSet<&str> = titles.iter().map(|title| title.name).collect();
        assert_eq!(names.len(), titles.len(), "{folder}: a name twice");
    }
}

fn file<'a>(title: &Title<'a>) -> &'a str {
    title.place.split(':').next().unwrap()
}

fn files(kit: &str) -> BTreeSet<&'static str> {
    let dir = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/kit"
    ))
    .join(kit);
    let files = fs::read_dir(dir).unwrap().map(|it| it.unwrap().file_name());
    let names = files.map(|name| &*name.to_string_lossy().into_owned().leak());
    let live = (kit == "client").then_some("live");
    names.chain(live).collect()
}
