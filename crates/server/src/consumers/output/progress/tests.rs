use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;

/// All that a rule reads, where every byte comes by itself.
fn all(rules: &[&str], bytes: &[u8]) -> Vec<String> {
    let rules: Vec<_> = rules
        .iter()
        .map(|rule| Rule::parse(rule).unwrap_or_else(|wrong| panic!("{rule} {wrong}")))
        .collect();
    let mut reader = Reader::new(&rules);
    let said = bytes
        .iter()
        .filter_map(|byte| reader.push(Stream::Stderr, &[*byte]));
    let said: Vec<_> = said.map(|progress| shown(&progress)).collect();

    let mut at_once = Reader::new(&rules);
    let last = at_once.push(Stream::Stdout, bytes);
    assert_eq!(last.map(|progress| shown(&progress)).as_ref(), said.last());
    said
}

/// `3/10 a note`
fn shown(progress: &Progress) -> String {
    let number = |number: Option<f64>| number.map_or("-".to_owned(), |number| number.to_string());
    let (done, total) = (number(progress.done), number(progress.total));
    let note = progress.note.as_deref().unwrap_or_default();
    format!("{done}/{total} {note}").trim_end().to_owned()
}

fn recorded(file: &str) -> Vec<u8> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/consumers/output/progress/recorded");
    fs::read(folder.join(file)).unwrap()
}

/// What the recordings of a program come to: the first words, the last, and how many there are.
fn check(rule: &str, file: &str, first: &[&str], last: &str, count: usize) {
    let said = all(&[rule], &recorded(file));
    assert_eq!(said[..first.len()], *first, "{file}");
    assert_eq!(said.last().map(String::as_str), Some(last), "{file}");
    assert_eq!(said.len(), count, "{file}: {said:#?}");
}

#[test]
fn ffmpeg() {
    let first = ["0.02/10", "0.11/10", "0.23/10"];
    check("ffmpeg", "ffmpeg-stats.txt", &first, "10.01/10.01", 94);
    let first = ["0.026213/-", "2.046825/-", "4.066825/-"];
    check("ffmpeg", "ffmpeg-pipe-stdout.txt", &first, "10.034376/-", 6);

    // Its two streams tell of one work: one how much there is, the other how much is done.
    let rule = Rule::parse("ffmpeg").unwrap();
    let mut reader = Reader::new(&[rule]);
    let stderr = recorded("ffmpeg-pipe-stderr.txt");
    let summary = stderr.iter().position(|byte| *byte == b'\r');
    let head = &stderr[..summary.unwrap_or(800)];
    assert_eq!(reader.push(Stream::Stderr, head), None);
    let stdout = recorded("ffmpeg-pipe-stdout.txt");
    let half = reader.push(Stream::Stdout, &stdout[..400]).unwrap();
    assert_eq!(shown(&half), "2.046825/10");
    let whole = reader.push(Stream::Stdout, &stdout[400..]).unwrap();
    assert_eq!(shown(&whole), "10.034376/10.034376");
}

#[test]
fn ffmpeg_with_less_to_go_by() {
    for (text, expected) in [
        // Sound alone has no frames; a live input has no length.
        (
            "  Duration: N/A, start: 1.0\nsize=     256kB time=00:00:04.50 bitrate=1\n",
            "4.5/-",
        ),
        // The longest of several inputs counts.
        (
            "  Duration: 01:00:00.5, x\n  Duration: 00:00:02.00, x\nframe=1 time=00:01:00.00 b\n",
            "60/3600.5",
        ),
        // It was told to stop before the end of its input.
        (
            "  Duration: 00:01:00.00, x\nout_time_us=5000000\nprogress=end\n",
            "5/5",
        ),
    ] {
        let said = all(&["ffmpeg"], text.as_bytes());
        assert_eq!(said.last().map(String::as_str), Some(expected), "{text}");
    }
    let nothing =
        "frame=0 time=N/A b\nframe=0 time=-00:00:00.02 b\nout_time_us=N/A\nprogress=end\n";
    assert!(all(&["ffmpeg"], nothing.as_bytes()).is_empty());
}

#[test]
fn rsync() {
    let first = ["0/100", "10/100", "30/100", "59/100"];
    check("rsync", "rsync-progress2.txt", &first, "100/100", 7);
    let first = [
        "-/- readme.txt 100%",
        "2/7 readme.txt 100%",
        "2/7 photos/1.raw 4%",
        "4/7 photos/1.raw 100%",
    ];
    let last = "7/7 photos/4.raw 100%";
    check("rsync", "rsync-progress.txt", &first, last, 13);

    let greeted = [
        b"Welcome to the other machine\n",
        &recorded("rsync-progress2.txt")[..],
    ];
    assert_eq!(
        all(&["rsync"], &greeted.concat()).last().unwrap(),
        "100/100"
    );
}

#[test]
fn curl() {
    let first = ["15/100 439k of 2929k", "40/100 1171k of 2929k"];
    let last = "100/100 2929k of 2929k";
    check("curl", "curl-meter.txt", &first, last, 5);
    check("curl", "curl-no-length.txt", &["-/- 439k"], "-/- 2929k", 5);
    check("curl", "curl-bar.txt", &["5/100", "7.5/100"], "100/100", 38);
}

#[test]
fn cargo() {
    let first = [
        "-/- Compiling alpha v0.1.0",
        "-/- Compiling delta v0.1.0",
        "0/5 delta, alpha",
        "1/5 gamma, alpha",
    ];
    check("cargo", "cargo-bar.txt", &first, "4/5 app(bin)", 7);
    let first = ["-/- Compiling alpha v0.1.0", "0/5 alpha"];
    check("cargo", "cargo-terminal.txt", &first, "4/5 app(bin)", 7);
}

#[test]
fn pip() {
    let numpy =
        "Downloading numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl";
    let first = [
        "-/- Collecting numpy".to_owned(),
        format!("-/- {numpy}"),
        format!("0/16900000 {numpy}"),
        format!("5000000/16900000 {numpy}"),
        format!("10600000/16900000 {numpy}"),
    ];
    let first = first.each_ref().map(String::as_str);
    let last = "-/- Installing collected packages: numpy";
    check("pip", "pip-23-terminal.txt", &first, last, 7);
    check(
        "pip",
        "pip-terminal.txt",
        &first[..3],
        "2/2 Installing numpy",
        9,
    );
    let raw = format!("0/16918164 {numpy}");
    let first = [first[0], first[1], raw.as_str()];
    let last = "-/- Installing collected packages: sortedcontainers, numpy";
    check("pip", "pip-raw.txt", &first, last, 8);
}

#[test]
fn json() {
    for (line, expected) in [
        (r#"{"done":3,"total":10}"#, "3/10"),
        (r#"  {"done":3,"level":"info"}  "#, "3/-"),
        (
            r#"{"percent":12.5,"note":"half an hour"}"#,
            "12.5/100 half an hour",
        ),
        (r#"{"done":1,"percent":50}"#, "1/-"),
        (r#"{"progress":0.25}"#, "0.25/1"),
        (r#"{"progress":{"done":1,"total":2,"note":"x"}}"#, "1/2 x"),
        (
            r#"{"note":"out","progress":{"percent":2,"note":"in"}}"#,
            "2/100 out",
        ),
        (r#"{"note":"only"}"#, "-/- only"),
    ] {
        assert_eq!(
            all(&["json"], format!("{line}\n").as_bytes()),
            [expected],
            "{line}"
        );
    }
    for line in [
        "{}",
        "{",
        "[1]",
        "12",
        r#"{"done":true,"total":"x","note":""}"#,
        r#"{"done":-1}"#,
        r#"{"progress":45}"#,
        r#"{"progress":"starting"}"#,
        r#"x {"done":1}"#,
    ] {
        assert!(
            all(&["json"], format!("{line}\n").as_bytes()).is_empty(),
            "{line}"
        );
    }
    let lines = "{\"total\":4}\n{\"done\":1,\"note\":\"a\"}\n{\"done\":2}\n{\"note\":\"b\"}\n";
    let said = all(&["json"], lines.as_bytes());
    assert_eq!(said, ["-/4", "1/4 a", "2/4 a", "2/4 b"]);
}

#[test]
fn osc() {
    let first = ["0/100", "20/100", "40/100"];
    check("osc", "cargo-terminal.txt", &first, "80/100", 5);
    for (bytes, expected) in [
        ("\x1b]9;4;1;42\x07", Some("42/100")),
        ("text\x1b]9;4;2;7\x1b\\text", Some("7/100")),
        ("\x1b]9;4;4;100\x07", Some("100/100")),
        ("\x1b]9;4;0;0\x07", None),
        ("\x1b]9;4;3\x07", None),
        ("\x1b]9;4;1;101\x07", None),
        ("\x1b]9;4;1\x07", None),
        ("\x1b]9;1;5\x07", None),
        ("]9;4;1;5\n", None),
    ] {
        let said = all(&["osc"], bytes.as_bytes());
        assert_eq!(said.first().map(String::as_str), expected, "{bytes:?}");
    }
}

#[test]
fn patterns() {
    let percent = r"(?<percent>[\d.]+)%";
    let count = r"step (?<done>\S+) of (?<total>\d+)";
    let note = r"^(?P<note>\w+) \.\.\.$";
    for (rules, text, expected) in [
        (vec![percent], "1%\r2.5%\n", vec!["1/100", "2.5/100"]),
        (vec![percent], "\x1b[1m7\x1b[0m%\n", vec!["7/100"]),
        (vec![percent], "..%\n5\n1%", vec![]),
        (vec![percent], "1%\n1%\n", vec!["1/100"]),
        (
            vec![count, note],
            "step 1 of 4\nCopying ...\nstep 2 of 4\n",
            vec!["1/4", "1/4 Copying", "2/4 Copying"],
        ),
        (
            vec![count],
            "step -1 of 4\nstep nan of 5\n",
            vec!["-/4", "-/5"],
        ),
        (vec![count], "step 1e999 of 4\n", vec!["-/4"]),
        // Of two rules that can read a line the first counts, and of two lines the last.
        (
            vec![percent, count],
            "step 1 of 4: 30%\nstep 2 of 4\n",
            vec!["30/100", "2/4"],
        ),
        (
            vec![percent, "osc"],
            "1%\n\x1b]9;4;1;5\x07\n",
            vec!["1/100", "5/100"],
        ),
        (
            vec![r"(?<done>\d+)b|(?<percent>\d+)%"],
            "5%\n6b\n",
            vec!["5/100", "6/100"],
        ),
    ] {
        assert_eq!(all(&rules, text.as_bytes()), expected, "{rules:?} {text:?}");
    }
}

proptest! {
    #[test]
    fn it_does_not_matter_where_the_bytes_were_cut(
        words in prop::collection::vec(prop::sample::select(WORDS.as_slice()), 0..40),
        noise in prop::collection::vec(any::<u8>(), 0..20),
        at_once in 1..20_usize,
    ) {
        let bytes = [words.concat().as_bytes(), &noise, b"\n", words.concat().as_bytes()].concat();
        let rules = READY_MADE.map(|(name, _)| Rule::parse(name).unwrap());
        let mut pieces = Reader::new(&rules);
        for some in bytes.chunks(at_once) {
            pieces.push(Stream::Stdout, some);
        }
        let mut whole = Reader::new(&rules);
        whole.push(Stream::Stdout, &bytes);
        prop_assert_eq!(pieces.last, whole.last);
    }
}

/// Of which much can be made that programs print, and more that they do not.
const WORDS: [&str; 24] = [
    "\n",
    "\r",
    "\x1b",
    "\x1b]9;4;1;",
    "\x07",
    "\x1b\\",
    "\x1b[1m",
    "12",
    "%",
    " ",
    "/",
    "[=> ] ",
    "━ ",
    " MB ",
    "{\"done\":",
    "}",
    "Duration: 00:00:10.00",
    " time=00:00:03.20 ",
    "progress=end",
    "Collecting x",
    "1 2% 3kB/s 0:00",
    "###",
    "-",
    "1e308",
];

#[test]
fn without_rules_nothing_is_read() {
    assert!(all(&[], b"1%\n\x1b]9;4;1;5\x07{\"done\":1}\n").is_empty());
}

#[test]
fn what_is_no_rule_says_why() {
    let wrong = |rule: &str| Rule::parse(rule).err();
    for (name, _) in READY_MADE {
        assert_eq!(wrong(name), None);
    }
    for (rule, why) in [
        ("ffmpg", "is no rule; it must be one of \"ffmpeg\","),
        (
            r"\d+%",
            "or a pattern with a group named `done`, `total`, `percent`, `note`",
        ),
        ("", "is no rule"),
        (
            "(?<percnt>.)",
            "has the group \"percnt\"; those that mean something are `done`",
        ),
        (
            r"\(?<(.)",
            "has no group that means something; those are `done`",
        ),
        ("(?<done>.", "is no regular expression: unclosed group"),
        ("(?<=x)(?<done>.)", "is no regular expression: look-around"),
        (
            r"(?<done>\w{5000}{5000})",
            "is no regular expression: Compiled regex exceeds size",
        ),
    ] {
        let said = wrong(rule).unwrap_or_default();
        assert!(said.contains(why), "{rule}: {said}");
    }
}

#[test]
fn a_line_that_has_not_ended_is_read_when_asked_for_and_goes_on() {
    let rule = Rule::parse("(?<percent>[0-9]+)%").unwrap();
    let mut reader = Reader::new(&[rule]);
    assert_eq!(reader.push(Stream::Stderr, b"\r 10%|#  |"), None);
    assert_eq!(reader.so_far(Stream::Stdout), None);
    assert_eq!(reader.so_far(Stream::Stderr), Some(of_percent(10.0)));
    assert_eq!(reader.so_far(Stream::Stderr), None, "no news");
    // The next one ends it, and says no news either.
    assert_eq!(reader.push(Stream::Stderr, b"\r 1"), None);
    assert_eq!(reader.push(Stream::Stderr, b"00%|###|"), None);
    assert_eq!(reader.so_far(Stream::Stderr), Some(of_percent(100.0)));
}

#[test]
fn more_than_there_is_was_never_done() {
    let percent = "(?<percent>[0-9]+)%";
    let count = "(?<done>[0-9]+) of (?<total>[0-9]+)";
    for (rules, text, expected) in [
        (vec![percent], "50%\n1000%\n", "50/100"),
        (vec![count], "3 of 4\n5 of 4\n", "3/4"),
        // It may be what another rule reads.
        (vec![percent, count], "1000% at 2 of 4\n", "2/4"),
        (vec![count], "4 of 4\n", "4/4"),
    ] {
        assert_eq!(all(&rules, text.as_bytes()), [expected], "{text}");
    }
}
