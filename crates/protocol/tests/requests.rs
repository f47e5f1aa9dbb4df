//! What a client may send, what is said of what it may not, and that all that is written can be read back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![allow(clippy::too_many_lines, reason = "tables are as long as they are")]

use longwire_protocol::{
    Code, Extend, FrameId, Lease, ParseLimits, RefusalFrame, Request, Seconds, Start, Target, VERBS,
};

type Parsed = Result<Request, Box<RefusalFrame>>;

fn parse(text: &str) -> Parsed {
    Request::parse(text, &ParseLimits::default()).map(|(_, request)| request)
}

/// A frame, and its refusal: the code, the field, and how the message begins.
type Refused<'a> = (&'a str, Code, Option<&'a str>, &'a str);

fn check(table: &[Refused<'_>]) {
    for (frame, code, field, message) in table {
        let shown: String = frame.chars().take(120).collect();
        let refusal = match parse(frame) {
            Err(refused) => refused.refusal,
            Ok(request) => panic!("{shown}\n  was read as {request:?}"),
        };
        assert_eq!(refusal.code, *code, "{shown}\n  {refusal}");
        assert_eq!(refusal.field.as_deref(), *field, "{shown}\n  {refusal}");
        assert!(
            refusal.message.starts_with(message),
            "{shown}\n  said {:?}\n  not  {message:?}",
            refusal.message
        );
    }
}

fn deep(open: &str, close: &str) -> String {
    format!("{}{}", open.repeat(10_000), close.repeat(10_000))
}

#[test]
fn what_is_not_a_frame_is_refused() {
    use Code::{InvalidFrame, InvalidJson};
    let (arrays, objects) = (deep("[", "]"), deep("{\"a\":", "}").replace(":}", ":1}"));
    let many_keys = (0..40)
        .map(|n| format!("\"k{n}\":1"))
        .collect::<Vec<_>>()
        .join(",");
    let many_keys = format!("{{{many_keys}}}");
    let not_json = "a frame is one JSON object in UTF-8; got this: ";
    let not_frame = "a frame is one JSON object, each key once; got this: ";
    check(&[
        ("", InvalidJson, None, not_json),
        (" ", InvalidJson, None, not_json),
        ("{", InvalidJson, None, not_json),
        ("}", InvalidJson, None, not_json),
        ("nul", InvalidJson, None, not_json),
        ("{\"route\":}", InvalidJson, None, not_json),
        ("{'route':'status'}", InvalidJson, None, not_json),
        ("{\"route\":\"status\",}", InvalidJson, None, not_json),
        ("{\"route\":\"status\"} {}", InvalidJson, None, not_json),
        ("{\"route\":\"status\"}x", InvalidJson, None, not_json),
        ("{\"route\":\"a\nb\"}", InvalidJson, None, not_json),
        (
            "{\"route\":\"status\",\"limit\":01}",
            InvalidJson,
            None,
            not_json,
        ),
        (
            "{\"route\":\"status\",\"limit\":NaN}",
            InvalidJson,
            None,
            not_json,
        ),
        ("{\"route\":\"st\\qatus\"}", InvalidJson, None, not_json),
        ("{route:1}", InvalidJson, None, not_json),
        (
            "\u{feff}{\"route\":\"status\"}",
            InvalidJson,
            None,
            not_json,
        ),
        ("null", InvalidFrame, None, not_frame),
        ("true", InvalidFrame, None, not_frame),
        ("42", InvalidFrame, None, not_frame),
        ("-1.5", InvalidFrame, None, not_frame),
        ("\"kill\"", InvalidFrame, None, not_frame),
        ("[]", InvalidFrame, None, not_frame),
        ("[{\"route\":\"status\"}]", InvalidFrame, None, not_frame),
        (&arrays, InvalidFrame, None, not_frame),
        (
            "{\"route\":\"status\",\"route\":\"kill\"}",
            InvalidFrame,
            None,
            not_frame,
        ),
        (
            "{\"route\":\"status\",\"rou\\u0074e\":\"kill\"}",
            InvalidFrame,
            None,
            not_frame,
        ),
        (
            "{\"id\":1,\"route\":\"status\",\"id\":2}",
            InvalidFrame,
            None,
            not_frame,
        ),
        (&many_keys, InvalidFrame, None, not_frame),
        (
            &objects,
            Code::MissingField,
            Some("route"),
            "\"route\" must be there",
        ),
    ]);
}

#[test]
fn a_route_and_an_id_are_what_they_must_be() {
    use Code::{InvalidField, MissingField};
    let long = format!("{{\"route\":\"status\",\"id\":\"{}\"}}", "x".repeat(127));
    let digits = format!("{{\"route\":\"status\",\"id\":{}}}", "1".repeat(129));
    let route = "\"route\" must be a string such as \"request\"; got ";
    let id = "\"id\" must be a string or a number of at most 128 bytes; got ";
    check(&[
        ("{}", MissingField, Some("route"), "\"route\" must be there"),
        (
            "{\"id\":1}",
            MissingField,
            Some("route"),
            "\"route\" must be there",
        ),
        (
            "{\"connid\":\"a\"}",
            MissingField,
            Some("route"),
            "\"route\" must be there",
        ),
        (
            "{\"route\":1}",
            InvalidField,
            Some("route"),
            &format!("{route}1"),
        ),
        (
            "{\"route\":null}",
            InvalidField,
            Some("route"),
            &format!("{route}null"),
        ),
        (
            "{\"route\":true}",
            InvalidField,
            Some("route"),
            &format!("{route}true"),
        ),
        (
            "{\"route\":[\"kill\"]}",
            InvalidField,
            Some("route"),
            &format!("{route}[\"kill\"]"),
        ),
        (
            "{\"route\":\"\\ud800\"}",
            InvalidField,
            Some("route"),
            route,
        ),
        (
            "{\"route\":\"\"}",
            InvalidField,
            Some("route"),
            &format!("{route}\"\""),
        ),
        (
            "{\"route\":\"status\",\"id\":{}}",
            InvalidField,
            Some("id"),
            &format!("{id}{{}}"),
        ),
        (
            "{\"route\":\"status\",\"id\":[1]}",
            InvalidField,
            Some("id"),
            &format!("{id}[1]"),
        ),
        (
            "{\"route\":\"status\",\"id\":true}",
            InvalidField,
            Some("id"),
            &format!("{id}true"),
        ),
        (&long, InvalidField, Some("id"), id),
        (&digits, InvalidField, Some("id"), id),
    ]);
}

#[test]
fn a_refusal_carries_the_id_and_the_route_as_far_as_they_were_read() {
    let long_route = format!("{{\"route\":\"{}\",\"x\":1}}", "r".repeat(5000));
    let cut = "r".repeat(64);
    for (frame, id, route) in [
        ("{\"id\":0,\"route\":\"kill\"}", Some("0"), Some("kill")),
        (
            "{\"id\":\"\",\"route\":\"kill\"}",
            Some("\"\""),
            Some("kill"),
        ),
        ("{\"id\":1.50,\"route\":7}", Some("1.50"), None),
        ("{\"id\":\"a\"}", Some("\"a\""), None),
        ("{\"id\":{},\"route\":\"kill\"}", None, Some("kill")),
        ("{\"id\":null,\"route\":\"kill\"}", None, Some("kill")),
        ("{\"id\":1,\"route\":\"kill\"", None, None),
        ("{\"id\":1,\"id\":1,\"route\":\"kill\"}", None, None),
        (&long_route, None, Some(&*cut)),
    ] {
        let refused = parse(frame).unwrap_err();
        assert_eq!(refused.id.as_ref().map(FrameId::as_str), id, "{frame}");
        assert_eq!(refused.route.as_deref(), route, "{frame}");
    }
}

#[test]
fn a_key_that_is_not_known_is_named_with_the_nearest_that_is() {
    use Code::UnknownField;
    let deep_key = format!("{{\"route\":\"request\",\"nest\":{}}}", deep("[", "]"));
    check(&[
        (
            "{\"route\":\"request\",\"tme\":1}",
            UnknownField,
            Some("tme"),
            "unknown field \"tme\"; did you mean \"time\"?",
        ),
        (
            "{\"route\":\"request\",\"TIME\":1}",
            UnknownField,
            Some("TIME"),
            "unknown field \"TIME\"; ",
        ),
        (
            "{\"route\":\"request\",\"conid\":1}",
            UnknownField,
            Some("conid"),
            "unknown field \"conid\"; did you mean \"connid\"?",
        ),
        (
            "{\"route\":\"request\",\"zzz\":null}",
            UnknownField,
            Some("zzz"),
            "unknown field \"zzz\"; what goes here: route, connid, time,",
        ),
        (
            "{\"route\":\"request\",\"\":1}",
            UnknownField,
            Some(""),
            "unknown field \"\"; what goes here: ",
        ),
        (
            "{\"route\":\"kill\",\"connid\":1,\"time\":3}",
            UnknownField,
            Some("time"),
            "unknown field \"time\"; what goes here: connid, job, where, reason, wait",
        ),
        (
            "{\"route\":\"kill\",\"connid\":1,\"resaon\":\"x\"}",
            UnknownField,
            Some("resaon"),
            "unknown field \"resaon\"; did you mean \"reason\"?",
        ),
        (
            "{\"route\":\"status\",\"conn\":1}",
            UnknownField,
            Some("conn"),
            "unknown field \"conn\"; did you mean \"connid\"?",
        ),
        (
            "{\"route\":\"status\",\"where\":{\"rout\":\"x\"}}",
            UnknownField,
            Some("where.rout"),
            "unknown field \"where.rout\"; did you mean \"where.route\"?",
        ),
        (
            "{\"route\":\"status\",\"where\":{\"zzz\":{\"x\":[]}}}",
            UnknownField,
            Some("where.zzz"),
            "unknown field \"where.zzz\"; what goes here: where.route, where.tag",
        ),
        (
            "{\"route\":\"watch\",\"afer\":1}",
            UnknownField,
            Some("afer"),
            "unknown field \"afer\"; did you mean \"after\"?",
        ),
        (
            "{\"route\":\"unwatch\",\"after\":1}",
            UnknownField,
            Some("after"),
            "unknown field \"after\"; what goes here: connid, job",
        ),
        (
            "{\"route\":\"extend\",\"connid\":1,\"tim\":1}",
            UnknownField,
            Some("tim"),
            "unknown field \"tim\"; did you mean \"time\"?",
        ),
        (
            &deep_key,
            UnknownField,
            Some("nest"),
            "unknown field \"nest\"; ",
        ),
    ]);
}

#[test]
fn a_field_that_must_be_there_is_asked_for() {
    use Code::MissingField;
    check(&[
        (
            "{\"route\":\"kill\"}",
            MissingField,
            Some("connid"),
            "\"connid\" or \"job\" must be there",
        ),
        (
            "{\"route\":\"extend\",\"time\":1}",
            MissingField,
            Some("connid"),
            "\"connid\" or \"job\" must be there",
        ),
        (
            "{\"route\":\"extend\",\"connid\":1}",
            MissingField,
            Some("time"),
            "\"time\" must be there",
        ),
    ]);
}

#[test]
fn a_time_is_seconds() {
    let rule = "\"time\" must be seconds from 0 to 1000000000, such as 30, 0.5 or \"30\"; got ";
    for (time, got) in [
        ("-1", "integer `-1`"),
        ("-0.1", "floating point `-0.1`"),
        ("1000000001", "integer `1000000001`"),
        ("18446744073709551616", "floating point"),
        ("1e308", "floating point `1e+308`"),
        ("\"NaN\"", "string \"NaN\""),
        ("\"inf\"", "string \"inf\""),
        ("\"\"", "string \"\""),
        ("\" 3\"", "string \" 3\""),
        ("\"-1\"", "string \"-1\""),
        ("\"+1\"", "string \"+1\""),
        ("\"1e3\"", "string \"1e3\""),
        ("\"1,5\"", "string \"1,5\""),
        ("\"a, expected b\"", "string \"a, expected b\""),
        ("\"1 at line 3\"", "string \"1 at line 3\""),
        ("\".\"", "string \".\""),
        ("true", "boolean `true`"),
        ("[]", "sequence"),
        ("{}", "map"),
    ] {
        for field in ["time", "idle_time", "queue_time"] {
            let frame = format!("{{\"route\":\"request\",\"{field}\":{time}}}");
            let message = format!("{rule}{got}").replacen("time", field, 1);
            check(&[(&frame, Code::InvalidField, Some(field), &message)]);
        }
        let frame = format!("{{\"route\":\"extend\",\"connid\":1,\"time\":{time}}}");
        check(&[(
            &frame,
            Code::InvalidField,
            Some("time"),
            &format!("{rule}{got}"),
        )]);
    }
    let frame = "{\"route\":\"request\",\"time\":1e999}";
    check(&[(
        frame,
        Code::InvalidField,
        Some("time"),
        "\"time\": number out of range",
    )]);
    let frame = "{\"route\":\"extend\",\"connid\":1,\"time\":null}";
    check(&[(
        frame,
        Code::InvalidField,
        Some("time"),
        &format!("{rule}null"),
    )]);
}

#[test]
fn the_same_time_may_be_written_in_many_ways() {
    for (time, micros) in [
        ("10", 10_000_000),
        ("\"10\"", 10_000_000),
        ("10.0", 10_000_000),
        ("1e1", 10_000_000),
        ("\"10.\"", 10_000_000),
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("\"0\"", 0),
        ("0.0000001", 1),
        ("1000000000", Seconds::MAX.as_micros()),
    ] {
        let frame = format!("{{\"route\":\"request\",\"time\":{time}}}");
        let Request::Start(start) = parse(&frame).unwrap() else {
            panic!("{frame}")
        };
        assert_eq!(start.time.map(Seconds::as_micros), Some(micros), "{frame}");
    }
}

#[test]
fn a_connid_is_a_name() {
    let rule = "\"connid\" must be a name such as \"42\" or \"report-7\": not empty, ";
    let bad = [
        "\"\"",
        "\" \"",
        "\" a\"",
        "\"a \"",
        "\"a/b\"",
        "\"a\\\\b\"",
        "\".\"",
        "\"..\"",
        "\"a\\nb\"",
        "\"\\u0000\"",
        "\"a\\u007f\"",
        "\"\\u0085x\"",
        "\"\\u00a0a\"",
        "1.5",
        "1e300",
        "18446744073709551616",
        "true",
        "[]",
        "{}",
        "[\"a\"]",
    ];
    for connid in bad {
        for frame in [
            format!("{{\"route\":\"request\",\"connid\":{connid}}}"),
            format!("{{\"route\":\"kill\",\"connid\":{connid}}}"),
            format!("{{\"route\":\"status\",\"connid\":{connid}}}"),
            format!("{{\"route\":\"watch\",\"connid\":{connid}}}"),
            format!("{{\"route\":\"unwatch\",\"connid\":{connid}}}"),
            format!("{{\"route\":\"extend\",\"time\":1,\"connid\":{connid}}}"),
        ] {
            check(&[(&frame, Code::InvalidField, Some("connid"), rule)]);
        }
    }
    check(&[(
        "{\"route\":\"kill\",\"connid\":null}",
        Code::MissingField,
        Some("connid"),
        "\"connid\" or \"job\" must be there",
    )]);
    for (connid, name) in [
        ("42", "42"),
        ("\"42\"", "42"),
        ("-7", "-7"),
        ("18446744073709551615", "18446744073709551615"),
        ("\"a b\"", "a b"),
        ("\"gr\\u00f6\\u00dfe\"", "größe"),
        ("\"...\"", "..."),
        ("\"%2e%2e\"", "%2e%2e"),
        ("\"\u{1f600}\"", "\u{1f600}"),
    ] {
        let Request::Kill(kill) =
            parse(&format!("{{\"route\":\"kill\",\"connid\":{connid}}}")).unwrap()
        else {
            panic!("{connid}")
        };
        assert_eq!(kill.connid.unwrap().as_str(), name);
    }
}

#[test]
fn what_is_too_long_is_refused_and_not_said_back() {
    use Code::{InvalidField, UnknownField};
    let mib = "\u{1}x".repeat(1 << 19).replace('\u{1}', "\\u0001");
    let a129 = "a".repeat(129);
    let tag65 = "a".repeat(65);
    let table = [
        (
            format!("{{\"route\":\"kill\",\"connid\":\"{a129}\"}}"),
            InvalidField,
            "connid",
            "\"connid\" must be at most 128 bytes; got 129",
        ),
        (
            format!("{{\"route\":\"watch\",\"connid\":\"{a129}\"}}"),
            InvalidField,
            "connid",
            "\"connid\" must be at most 128 bytes; got 129",
        ),
        (
            format!("{{\"route\":\"extend\",\"time\":1,\"connid\":\"{a129}\"}}"),
            InvalidField,
            "connid",
            "\"connid\" must be at most 128 bytes; got 129",
        ),
        (
            format!("{{\"route\":\"request\",\"tags\":[\"{tag65}\"]}}"),
            InvalidField,
            "tags",
            "a tag must be 1 to 64 bytes; got 65",
        ),
        (
            "{\"route\":\"request\",\"tags\":[\"\"]}".into(),
            InvalidField,
            "tags",
            "a tag must be 1 to 64 bytes; got 0",
        ),
        (
            format!(
                "{{\"route\":\"request\",\"tags\":[{}\"t\"]}}",
                "\"t\",".repeat(16)
            ),
            InvalidField,
            "tags",
            "\"tags\" must be at most 16; got 17",
        ),
        (
            format!(
                "{{\"route\":\"kill\",\"connid\":1,\"reason\":\"{}\"}}",
                "r".repeat(1025)
            ),
            InvalidField,
            "reason",
            "\"reason\" must be at most 1024 bytes; got 1025",
        ),
        (
            format!("{{\"route\":\"kill\",\"connid\":\"{mib}\"}}"),
            InvalidField,
            "connid",
            "\"connid\" must be a name such as",
        ),
        (
            format!("{{\"route\":\"request\",\"time\":\"{mib}\"}}"),
            InvalidField,
            "time",
            "\"time\" must be seconds",
        ),
        (
            format!("{{\"route\":\"request\",\"on_conflict\":\"{mib}\"}}"),
            InvalidField,
            "on_conflict",
            "\"on_conflict\" must be ",
        ),
        (
            format!("{{\"route\":\"status\",\"jobs\":1,\"{mib}\":1}}"),
            UnknownField,
            "jobs",
            "unknown field \"jobs\"",
        ),
        (
            format!("{{\"route\":\"status\",\"id\":\"{mib}\"}}"),
            InvalidField,
            "id",
            "\"id\" must be",
        ),
        (
            format!("{{\"route\":[\"{mib}\"]}}"),
            InvalidField,
            "route",
            "\"route\" must be",
        ),
    ];
    for (frame, code, field, message) in &table {
        check(&[(frame, *code, Some(field), message)]);
    }
    let unbounded = [
        format!("{{\"route\":\"status\",\"{mib}\":1}}"),
        format!("{{\"{mib}\":1,\"{mib}\":1}}"),
        format!("{{\"route\":\"status\",\"where\":{{\"{mib}\":1}}}}"),
        format!("{{\"route\":\"status\",\"where\":{{\"tag\":[\"{mib}\"]}}}}"),
        format!("{{\"route\":\"{mib}\",\"x\":1}}"),
    ];
    for frame in table.iter().map(|(frame, ..)| frame).chain(&unbounded) {
        let refused = parse(frame).unwrap_err();
        let said = serde_json::to_string(&refused).unwrap();
        assert!(said.len() < 2048, "{} bytes: {:.200}", said.len(), said);
    }
}

#[test]
fn other_fields_say_what_they_take() {
    use Code::InvalidField;
    let limit = "\"limit\" must be a whole number from 1 to 1000; got ";
    let number = "\"after\" must be a whole number from 0 on; got ";
    let deep_input = format!("{{\"route\":\"request\",\"input\":{}}}", deep("[", "]"));
    let deep_objects = format!(
        "{{\"route\":\"request\",\"input\":{}1{}}}",
        "{\"a\":".repeat(10_000),
        "}".repeat(10_000)
    );
    let deep_time = format!("{{\"route\":\"request\",\"time\":{}}}", deep("[", "]"));
    let input = "\"input\" must be JSON that nests at most 127 deep; got something deeper";
    check(&[
        (
            "{\"route\":\"status\",\"limit\":0}",
            InvalidField,
            Some("limit"),
            &format!("{limit}0"),
        ),
        (
            "{\"route\":\"status\",\"limit\":1001}",
            InvalidField,
            Some("limit"),
            &format!("{limit}1001"),
        ),
        (
            "{\"route\":\"status\",\"limit\":-1}",
            InvalidField,
            Some("limit"),
            &format!("{limit}integer `-1`"),
        ),
        (
            "{\"route\":\"status\",\"limit\":70000}",
            InvalidField,
            Some("limit"),
            &format!("{limit}integer `70000`"),
        ),
        (
            "{\"route\":\"status\",\"limit\":\"5\"}",
            InvalidField,
            Some("limit"),
            &format!("{limit}string \"5\""),
        ),
        (
            "{\"route\":\"status\",\"limit\":1.5}",
            InvalidField,
            Some("limit"),
            &format!("{limit}floating point `1.5`"),
        ),
        (
            "{\"route\":\"status\",\"after\":\"x\"}",
            InvalidField,
            Some("after"),
            "\"after\"",
        ),
        (
            "{\"route\":\"status\",\"where\":\"x\"}",
            InvalidField,
            Some("where"),
            "\"where\" must be an object; got string \"x\"",
        ),
        (
            "{\"route\":\"status\",\"where\":{\"tag\":1}}",
            InvalidField,
            Some("where"),
            "\"where\" must be ",
        ),
        (
            "{\"route\":\"watch\",\"after\":-1}",
            InvalidField,
            Some("after"),
            &format!("{number}integer `-1`"),
        ),
        (
            "{\"route\":\"watch\",\"after\":1.5}",
            InvalidField,
            Some("after"),
            &format!("{number}floating point `1.5`"),
        ),
        (
            "{\"route\":\"watch\",\"after\":\"1\"}",
            InvalidField,
            Some("after"),
            &format!("{number}string \"1\""),
        ),
        (
            "{\"route\":\"watch\",\"job\":\"x\"}",
            InvalidField,
            Some("job"),
            "\"job\"",
        ),
        (
            "{\"route\":\"watch\",\"job\":7}",
            InvalidField,
            Some("job"),
            "\"job\" must be ",
        ),
        (
            "{\"route\":\"kill\",\"connid\":1,\"wait\":\"true\"}",
            InvalidField,
            Some("wait"),
            "\"wait\" must be true or false; got string \"true\"",
        ),
        (
            "{\"route\":\"kill\",\"connid\":1,\"wait\":1}",
            InvalidField,
            Some("wait"),
            "\"wait\" must be true or false; got integer `1`",
        ),
        (
            "{\"route\":\"kill\",\"connid\":1,\"reason\":1}",
            InvalidField,
            Some("reason"),
            "\"reason\" must be a string; got integer `1`",
        ),
        (
            "{\"route\":\"request\",\"on_conflict\":\"atach\"}",
            InvalidField,
            Some("on_conflict"),
            "\"on_conflict\" must be one of `reject`, `attach`, `replace`; got \"atach\"",
        ),
        (
            "{\"route\":\"request\",\"on_disconnect\":\"Kill\"}",
            InvalidField,
            Some("on_disconnect"),
            "\"on_disconnect\" must be `keep` or `kill`; got \"Kill\"",
        ),
        (
            "{\"route\":\"request\",\"on_conflict\":1}",
            InvalidField,
            Some("on_conflict"),
            "\"on_conflict\"",
        ),
        (
            "{\"route\":\"request\",\"tags\":\"a\"}",
            InvalidField,
            Some("tags"),
            "\"tags\" must be an array; got string \"a\"",
        ),
        (
            "{\"route\":\"request\",\"tags\":[1]}",
            InvalidField,
            Some("tags"),
            "\"tags\" must be a string; got integer `1`",
        ),
        (&deep_input, InvalidField, Some("input"), input),
        (&deep_objects, InvalidField, Some("input"), input),
        (
            &deep_time,
            InvalidField,
            Some("time"),
            "\"time\" must be seconds",
        ),
    ]);
}

/// A field that may be left out may as well be null: half the world's serializers write one for the other.
#[test]
fn null_is_left_out() {
    for (with, without) in [
        (
            "{\"route\":\"request\",\"id\":null,\"connid\":null,\"time\":null,\"idle_time\":null,\"queue_time\":null,\"input\":null,\"on_conflict\":null,\"on_disconnect\":null,\"tags\":null}",
            "{\"route\":\"request\"}",
        ),
        (
            "{\"route\":\"kill\",\"connid\":1,\"reason\":null,\"wait\":null}",
            "{\"route\":\"kill\",\"connid\":1}",
        ),
        (
            "{\"route\":\"status\",\"connid\":null,\"limit\":null,\"after\":null,\"where\":null}",
            "{\"route\":\"status\"}",
        ),
        (
            "{\"route\":\"status\",\"where\":{\"route\":null,\"tag\":null}}",
            "{\"route\":\"status\",\"where\":{}}",
        ),
        (
            "{\"route\":\"watch\",\"connid\":null,\"job\":null,\"after\":null}",
            "{\"route\":\"watch\"}",
        ),
        (
            "{\"route\":\"unwatch\",\"connid\":null,\"job\":null}",
            "{\"route\":\"unwatch\"}",
        ),
    ] {
        let read = |text| Request::parse(text, &ParseLimits::default()).unwrap();
        assert_eq!(read(with), read(without), "{with}");
    }
}

/// Whatever is taken as an input can be read by whoever takes it with `serde_json`, which stops at a depth of its own.
#[test]
fn an_input_that_is_taken_can_be_read() {
    for depth in 100..140 {
        let input = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let frame = format!("{{\"route\":\"request\",\"input\":{input}}}");
        let readable = serde_json::from_str::<serde_json::Value>(&input).is_ok();
        assert_eq!(parse(&frame).is_ok(), readable, "{depth} deep");
    }
    // Brackets in a string are not depth, nor is a quote behind a backslash its end.
    let frame = format!(
        "{{\"route\":\"request\",\"input\":\"\\\\\\\"{}\"}}",
        "[".repeat(1000)
    );
    assert!(parse(&frame).is_ok());
}

#[test]
fn every_code_that_parsing_gives_is_in_these_tables() {
    let codes = [
        ("{", Code::InvalidJson),
        ("[]", Code::InvalidFrame),
        ("{}", Code::MissingField),
        ("{\"route\":\"kill\",\"connid\":\"\"}", Code::InvalidField),
        ("{\"route\":\"kill\",\"conid\":\"\"}", Code::UnknownField),
    ];
    for (frame, code) in codes {
        assert_eq!(parse(frame).unwrap_err().refusal.code, code, "{frame}");
    }
}

#[test]
fn what_stands_alone_is_read_by_the_same_rules() {
    let limits = ParseLimits::default();
    assert!(Start::parse("{\"route\":\"request\",\"time\":\"3\"}", &limits).is_ok());
    for (body, code, field) in [
        (
            "{\"route\":\"request\",\"id\":1}",
            Code::UnknownField,
            Some("id"),
        ),
        ("{\"time\":1}", Code::MissingField, Some("route")),
        ("{\"route\":7}", Code::InvalidField, Some("route")),
        ("{\"route\":\"\"}", Code::InvalidField, Some("route")),
        (
            "{\"route\":\"request\",\"tags\":[\"\"]}",
            Code::InvalidField,
            Some("tags"),
        ),
        ("[]", Code::InvalidFrame, None),
        ("", Code::InvalidJson, None),
    ] {
        let refusal = Start::parse(body, &limits).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            (code, field),
            "{body}"
        );
    }
    assert_eq!(
        Extend::parse_time("{\"time\":\"60\"}").unwrap(),
        Seconds::from_secs(60)
    );
    for (body, code, field) in [
        ("{}", Code::MissingField, Some("time")),
        ("{\"time\":-1}", Code::InvalidField, Some("time")),
        ("{\"tim\":1}", Code::UnknownField, Some("tim")),
    ] {
        let refusal = Extend::parse_time(body).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            (code, field),
            "{body}"
        );
    }
}

#[test]
fn a_job_is_named_one_way_or_the_other() {
    for (verb, more) in [
        ("watch", ""),
        ("unwatch", ""),
        ("kill", ""),
        ("status", ""),
        ("extend", ",\"time\":1"),
    ] {
        let job = "019aaaaa-0000-7000-8000-000000000000";
        let both = format!("{{\"route\":\"{verb}\",\"connid\":\"a\",\"job\":\"{job}\"{more}}}");
        let refused = parse(&both).unwrap_err().refusal;
        assert_eq!(
            (refused.code, refused.field.as_deref()),
            (Code::InvalidField, Some("job")),
            "{verb}"
        );
    }
    assert_eq!(Target::of(None, None), None);
}

/// A verb that is not a start is never read as one.
#[test]
fn verbs_are_not_starts() {
    for verb in VERBS {
        let frame = format!("{{\"route\":\"{verb}\",\"connid\":1,\"time\":1}}");
        assert!(!matches!(parse(&frame), Ok(Request::Start(_))), "{frame}");
    }
}

#[test]
fn an_array_is_no_object() {
    for frame in [
        r#"{"route":"status","where":["request","t"]}"#,
        r#"{"route":"status","where":[]}"#,
        r#"{"route":"status","where":"request"}"#,
    ] {
        let refused = parse(frame).unwrap_err().refusal;
        assert_eq!(refused.code, Code::InvalidField, "{frame}");
        assert_eq!(refused.field.as_deref(), Some("where"), "{frame}");
        let says = "\"where\" must be an object; got ";
        assert!(refused.message.starts_with(says), "{}", refused.message);
    }
    assert!(parse(r#"{"route":"status","where":{"route":"a","tag":"t"}}"#).is_ok());
}

#[test]
fn a_slip_in_a_verb_is_told_before_its_fields() {
    use Code::UnknownField;
    let route = Some("route");
    check(&[
        (
            r#"{"route":"kil","connid":"1","wait":true}"#,
            UnknownField,
            route,
            "a start of \"kil\" has no field \"wait\"; did you mean the verb \"kill\"?",
        ),
        (
            r#"{"route":"KILL","connid":"1","reason":"x"}"#,
            UnknownField,
            route,
            "a start of \"KILL\" has no field \"reason\"; did you mean the verb \"kill\"?",
        ),
        (
            r#"{"route":"wach","connid":"1","after":2}"#,
            UnknownField,
            route,
            "a start of \"wach\" has no field \"after\"; did you mean the verb \"watch\"?",
        ),
        (
            r#"{"route":"statsu","where":{"tag":"t"}}"#,
            UnknownField,
            route,
            "a start of \"statsu\" has no field \"where\"; did you mean the verb \"status\"?",
        ),
        (
            r#"{"route":"query/modul","lib":["vector"],"text":"push"}"#,
            UnknownField,
            route,
            "a start of \"query/modul\" has no field \"lib\"; did you mean the verb \"query/module\"?",
        ),
        (
            r#"{"route":"skill","conid":"1"}"#,
            UnknownField,
            Some("conid"),
            "unknown field \"conid\"; did you mean \"connid\"?",
        ),
    ]);
}

/// What workers say, as far as a number or a name may be written in several ways.
#[test]
fn a_claim_may_leave_out_what_goes_without_saying() {
    for (frame, routes, slots) in [
        (r#"{"route":"claim","routes":["a","b"],"slots":4}"#, 2, 4),
        (r#"{"route":"claim","routes":["a"],"slots":"4"}"#, 1, 4),
        (
            r#"{"route":"claim","routes":["a"],"slots":null,"worker":null,"leases":null}"#,
            1,
            1,
        ),
        (r#"{"route":"claim","routes":["a"]}"#, 1, 1),
        (r#"{"route":"claim","slots":0}"#, 0, 0),
        (r#"{"route":"claim","routes":null,"slots":"0"}"#, 0, 0),
    ] {
        let Ok(Request::Claim(claim)) = parse(frame) else {
            panic!("{frame}");
        };
        assert_eq!(
            (claim.routes.len(), claim.slots),
            (routes, slots),
            "{frame}"
        );
    }
}

#[test]
fn what_a_worker_cannot_say_names_the_field() {
    use Code::{InvalidField, MissingField, UnknownField};
    let lease = "0".repeat(64);
    let of = |verb: &str, rest: &str| format!(r#"{{"route":"{verb}","lease":"{lease}"{rest}}}"#);
    let frames = [
        of("append", r#","output":7"#),
        of("append", r#","output":"x","stream":"stdin""#),
        of("append", r#","progress":[1,2]"#),
        of("append", r#","progress":{"don":1}"#),
        of("append", r#","stream":"stderr","progress":{"done":1}"#),
        of(
            "append",
            &format!(r#","progress":{{"note":"{}"}}"#, "x".repeat(1025)),
        ),
        of("append", r#","output":"x","encoding":"utf8""#),
        of("append", r#","connid":"42","output":"x""#),
        of("end", r#","error":"it broke""#),
        of("end", r#","error":["it","broke"]"#),
        of("end", r#","error":{"code":""}"#),
        of(
            "end",
            &format!(r#","error":{{"code":"{}"}}"#, "x".repeat(65)),
        ),
        of("end", r#","error":{"message":"it broke"}"#),
        of("end", r#","output":"x""#),
    ];
    let refused = [
        (
            InvalidField,
            "output",
            "\"output\" must be a string; got integer `7`",
        ),
        (
            InvalidField,
            "stream",
            "\"stream\" must be `stdout` or `stderr`; got \"stdin\"",
        ),
        (
            InvalidField,
            "progress",
            "\"progress\" must be an object; got ",
        ),
        (
            UnknownField,
            "progress.don",
            "unknown field \"progress.don\"; did you mean \"progress.done\"?",
        ),
        (
            InvalidField,
            "stream",
            "\"stream\" says where \"output\" was printed to; there is none",
        ),
        (
            InvalidField,
            "progress",
            "\"progress.note\" must be at most 1024 bytes; got 1025",
        ),
        (
            InvalidField,
            "encoding",
            "\"encoding\" must be `text` or `base64`; got \"utf8\"",
        ),
        (UnknownField, "connid", "unknown field \"connid\"; "),
        (InvalidField, "error", "\"error\" must be an object; got "),
        (InvalidField, "error", "\"error\" must be an object; got "),
        (
            InvalidField,
            "error",
            "\"error.code\" must be 1 to 64 bytes; got 0",
        ),
        (
            InvalidField,
            "error",
            "\"error.code\" must be 1 to 64 bytes; got 65",
        ),
        (InvalidField, "error", "\"error\": missing field `code`"),
        (
            UnknownField,
            "output",
            "unknown field \"output\"; what goes here: lease, result, error",
        ),
    ];
    let told = frames.iter().zip(refused);
    let table: Vec<Refused<'_>> = told
        .map(|(frame, (code, field, says))| (&**frame, code, Some(field), says))
        .collect();
    check(&table);
    check(&[
        (
            r#"{"route":"append","output":"x"}"#,
            MissingField,
            Some("lease"),
            "\"lease\" must be there",
        ),
        (
            r#"{"route":"claim","routes":"a"}"#,
            InvalidField,
            Some("routes"),
            "\"routes\" must be an array; got ",
        ),
        (
            r#"{"route":"claim","routes":["a"],"slots":1.5}"#,
            InvalidField,
            Some("slots"),
            "\"slots\" must be a whole number from 0 on; got ",
        ),
        (
            r#"{"route":"claim","routes":["a"],"slots":"many"}"#,
            InvalidField,
            Some("slots"),
            "\"slots\" must be a whole number from 0 on; got ",
        ),
        (
            r#"{"route":"claim","routes":["a"],"slots":1001}"#,
            InvalidField,
            Some("slots"),
            "\"slots\" must be at most 1000; got 1001",
        ),
        (
            r#"{"route":"claim","routes":["a"],"worker":""}"#,
            InvalidField,
            Some("worker"),
            "\"worker\" must be 1 to 128 bytes; got 0",
        ),
        (
            r#"{"route":"claim","routes":["a"],"worker":"a\u200b"}"#,
            InvalidField,
            Some("worker"),
            "\"worker\" must be a name",
        ),
        (
            r#"{"route":"claim","routes":["a"],"leases":["x"]}"#,
            InvalidField,
            Some("leases"),
            "\"leases\" must be a lease as the server gave it",
        ),
    ]);
}

/// What is secret of a lease is not in what is printed for people.
#[test]
fn a_lease_keeps_its_secret() {
    let text = format!("{:032x}{:032x}", 7, 0xabcd_ef12_u64);
    let lease = Lease::parse(&text).unwrap();
    assert_eq!(lease.to_string(), text);
    assert!(!format!("{lease:?}").contains("abcdef12"));
    for bad in [
        "",
        "7",
        &text[1..],
        &text.replace('7', "g"),
        &text.replace("07", "+7"),
    ] {
        assert_eq!(Lease::parse(bad), None, "{bad}");
    }
}
