use std::path::Path;

use serde_json::{Value, json};

use crate::{
    frames,
    run::{Server, scratch},
};

/// The frames of a job that is followed to its end.
fn start(server: &Server, route: &str, input: &Value) -> Vec<Value> {
    let done = server.run(&["start", route, "--json", "--input", &input.to_string()]);
    let frames = frames(&done.stdout);
    let last = &frames[frames.len() - 1];
    assert_eq!(last["status"], "ok", "{last}\n{}", done.stdout);
    frames
}

/// How far it came, each time it said so: done and total.
fn progress(frames: &[Value]) -> Vec<(f64, Option<f64>)> {
    let told = frames.iter().filter_map(|frame| frame.get("progress"));
    let told = told.filter_map(|it| Some((it["done"].as_f64()?, it["total"].as_f64())));
    told.collect()
}

fn is_rising(progress: &[(f64, Option<f64>)]) -> bool {
    progress.is_sorted_by(|one, other| one.0 <= other.0)
}

#[test]
#[ignore = "needs ffmpeg: cargo xtask test examples"]
fn a_clip_is_made_converted_and_looked_at() {
    let dir = scratch("example_ffmpeg");
    let server = Server::of_example("ffmpeg", &dir);
    let clip = json!({ "name": "clip", "seconds": 20, "width": 640, "height": 360 });
    let made = progress(&start(&server, "record", &clip));
    // The test picture has no length that ffmpeg would know.
    assert!(made.iter().all(|(_, total)| total.is_none()), "{made:?}");
    assert!(is_rising(&made) && !made.is_empty(), "{made:?}");
    let (done, _) = made[made.len() - 1];
    assert!((19.0..=20.0).contains(&done), "{made:?}");

    let converted = start(
        &server,
        "convert",
        &json!({ "name": "clip", "format": "mkv" }),
    );
    let converted = progress(&converted);
    assert!(
        is_rising(&converted) && !converted.is_empty(),
        "{converted:?}"
    );
    assert!(
        converted.iter().all(|(_, total)| *total == Some(20.0)),
        "{converted:?}"
    );
    let (done, _) = converted[converted.len() - 1];
    assert!((19.0..=20.0).contains(&done), "{converted:?}");
    assert!(Path::new(&dir).join("clip.mkv").exists());

    let probed = start(&server, "probe", &json!({ "name": "clip" }));
    let result = &probed[probed.len() - 1]["result"];
    assert_eq!(result["streams"][0]["width"], 640, "{result}");
    assert_eq!(result["format"]["duration"], "20.000000", "{result}");
}

#[test]
#[ignore = "needs ffmpeg: cargo xtask test examples"]
fn a_kill_in_the_midst_of_it_leaves_nothing() {
    let server = Server::of_example("ffmpeg", &scratch("example_ffmpeg_kill"));
    let long = json!({ "name": "long", "seconds": 36000, "width": 1280, "height": 720 });
    let mut job = server.spawn(&[
        "start",
        "record",
        "--connid",
        "long",
        "--json",
        "--input",
        &long.to_string(),
    ]);
    job.says("\"progress\":{");
    let killed = server.run(&["kill", "long", "--wait", "--json"]);
    assert_eq!(killed.code, 0, "{}", killed.stderr);
    let ended = &frames(&killed.stdout)[0]["ended"];
    assert_eq!(ended["status"], "killed", "{ended}");
    let receipt = &ended["kill"];
    assert_eq!(receipt["survivors"], 0, "{receipt}");
    assert_eq!(
        receipt["signals"],
        json!(["TERM"]),
        "ffmpeg ends when asked: {receipt}"
    );
}

#[test]
#[ignore = "needs ffmpeg: cargo xtask test examples"]
fn what_does_not_fit_is_refused() {
    let server = Server::of_example("ffmpeg", &scratch("example_ffmpeg_refused"));
    for (route, input, field) in [
        (
            "convert",
            json!({ "name": "../secret", "format": "mkv" }),
            "input.name",
        ),
        (
            "convert",
            json!({ "name": "clip", "format": "exe" }),
            "input.format",
        ),
        (
            "record",
            json!({ "name": "clip", "seconds": "60", "width": 1280, "height": 720 }),
            "input.seconds",
        ),
        (
            "record",
            json!({ "name": "clip", "seconds": 60, "width": 1280, "height": 721 }),
            "input.height",
        ),
    ] {
        let done = server.run(&["start", route, "--input", &input.to_string()]);
        assert_eq!(done.code, 3, "{input}: {}", done.stdout);
        assert!(done.stderr.contains(field), "{input}: {}", done.stderr);
    }
}
