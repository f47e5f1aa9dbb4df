mod upstream;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Config, ConfigError, ConsumerConfig, LogFormat, Mistake, RouteConfig, ServedBy, check,
    default_file, json_schema, markdown_table, mistake::settled, shape::Shape, source::Source,
};

const FILE: &str = "config.toml";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn read(text: &str) -> Config {
    Config::from_toml(text, FILE).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// Every complaint about `text`, a line each.
fn check(text: &str, expected: &str) {
    let got = Config::from_toml(text, FILE).expect_err(text).to_string();
    assert_eq!(got, expected, "the file was:\n{text}");
}

#[test]
fn an_unknown_key_names_the_one_that_was_meant() {
    check(
        "[limits]\nframe_byte = 5",
        "config.toml:2: unknown key `limits.frame_byte`; did you mean `limits.frame_bytes`?",
    );
    check(
        "listn = \"127.0.0.1:1\"",
        "config.toml:1: unknown key `listn`; did you mean `listen`?",
    );
    check(
        "[limit]\njobs = 5",
        "config.toml:1: unknown key `limit`; did you mean `limits`?",
    );
    check(
        "\n\nlimits.conn_id_bytes = 40",
        "config.toml:3: unknown key `limits.conn_id_bytes`; did you mean `limits.connid_bytes`?",
    );
    check(
        "socket = { ping_second = 5 }",
        "config.toml:1: unknown key `socket.ping_second`; did you mean `socket.ping_seconds`?",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\n\ntime_second = 5",
        "config.toml:4: unknown key `routes.x.time_second`; did you mean `routes.x.time_seconds`?",
    );
    check(
        "[routes.\"a/b\"]\nconsumer = \"timer\"\nconsumers = 5",
        "config.toml:3: unknown key `routes.\"a/b\".consumers`; did you mean `routes.\"a/b\".consumer`?",
    );
}

#[test]
fn an_unknown_key_in_the_wrong_table_names_the_right_one() {
    check(
        "[limits]\nlisten = \"127.0.0.1:1\"",
        "config.toml:2: unknown key `limits.listen`; did you mean `listen`?",
    );
    check(
        "kill_grace_seconds = 1",
        "config.toml:1: unknown key `kill_grace_seconds`; did you mean `routes.NAME.kill_grace_seconds`?",
    );
}

#[test]
fn an_unknown_key_like_no_other_is_told_the_keys() {
    check(
        "[socket.x]\ny = 5",
        "config.toml:1: unknown key `socket.x`; the keys here are `ping_seconds`, \
         `dead_after_seconds`, `stalled_seconds`, `write_buffer_bytes`",
    );
    check(
        "[socket]\nx = 5",
        "config.toml:2: unknown key `socket.x`; the keys here are `ping_seconds`, `dead_after_seconds`, \
         `stalled_seconds`, `write_buffer_bytes`",
    );
    check(
        "\"\" = 5",
        "config.toml:1: unknown key `\"\"`; the keys here are `listen`, `allowed_origins`, \
         `shutdown_grace_seconds`, `log`, `limits`, `socket`, `store`, `routes`, `modules`",
    );
}

#[test]
fn a_value_of_a_wrong_kind() {
    check(
        "listen = 8000",
        "config.toml:1: `listen` is 8000; it must be text in quotes",
    );
    check(
        "limits = 3",
        "config.toml:1: `limits` is 3; it must be a table",
    );
    check(
        "[[socket]]\nping_seconds = 1",
        "config.toml:1: `socket` is a list; it must be a table",
    );
    check(
        "allowed_origins = \"https://a\"",
        "config.toml:1: `allowed_origins` is \"https://a\"; it must be a list in brackets",
    );
    check(
        "allowed_origins = [\n  \"https://a\",\n  true,\n]",
        "config.toml:3: `allowed_origins` is true; it must be text in quotes",
    );
    check(
        "log = \"xml\"",
        "config.toml:1: `log` is \"xml\"; it must be one of \"auto\", \"pretty\", \"json\"",
    );
    check(
        "[limits]\nframe_bytes = \"1MiB\"",
        "config.toml:2: `limits.frame_bytes` is \"1MiB\"; \
         it must be a whole number from 1024 to 1073741824",
    );
    check(
        "[limits]\njobs = 10.5",
        "config.toml:2: `limits.jobs` is 10.5; it must be a whole number from 1 to 100000000",
    );
    check(
        "[limits.jobs]\nmost = 3",
        "config.toml:1: `limits.jobs` is a table; it must be a whole number from 1 to 100000000",
    );
    check(
        "[socket]\nping_seconds = \"20\"",
        "config.toml:2: `socket.ping_seconds` is \"20\"; \
         it must be a number from 0.1 to 3600, fractions allowed",
    );
    check(
        "routes.x = \"timer\"",
        "config.toml:1: `routes.x` is \"timer\"; it must be a table",
    );
    check(
        "log = \"\"\"a long text that goes on for more than one line\nand on\"\"\"",
        "config.toml:1: `log` is \"\"\"a long text that goes on for more than one li…; \
         it must be one of \"auto\", \"pretty\", \"json\"",
    );
}

#[test]
fn a_value_out_of_range() {
    check(
        "[limits]\nframe_bytes = 0",
        "config.toml:2: `limits.frame_bytes` is 0; it must be a whole number from 1024 to 1073741824",
    );
    check(
        "[limits]\nsockets = -1",
        "config.toml:2: `limits.sockets` is -1; it must be a whole number from 1 to 1000000",
    );
    check(
        "[limits]\ntag_bytes = 0xFFFF_FFFF",
        "config.toml:2: `limits.tag_bytes` is 0xFFFF_FFFF; it must be a whole number from 1 to 4096",
    );
    check(
        "[limits]\njobs = 99999999999999999999999999",
        "config.toml:2: `limits.jobs` is 99999999999999999999999999; \
         it must be a whole number from 1 to 100000000",
    );
    for seconds in ["nan", "-nan", "inf", "-inf", "-1", "-0.5", "1e300", "86401"] {
        check(
            &format!("shutdown_grace_seconds = {seconds}"),
            &format!(
                "config.toml:1: `shutdown_grace_seconds` is {seconds}; \
                 it must be a number from 0 to 86400, fractions allowed"
            ),
        );
    }
    check(
        "[routes.x]\nconsumer = \"timer\"\nconcurrency = 0",
        "config.toml:3: `routes.x.concurrency` is 0; it must be a whole number from 1 to 100000000",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\nidle_seconds = 0",
        "config.toml:3: `routes.x.idle_seconds` is 0; \
         it must be a number from 0.001 to 31536000, fractions allowed",
    );
}

#[test]
fn an_address_that_is_none() {
    for address in ["localhost:8000", "127.0.0.1", "127.0.0.1:99999", ""] {
        check(
            &format!("\nlisten = \"{address}\""),
            &format!(
                "config.toml:2: `listen` is \"{address}\"; it must be an IP address and a port, \
                 as in \"127.0.0.1:8000\" or \"[::1]:8000\""
            ),
        );
    }
}

#[test]
fn every_socket_is_a_connection() {
    check(
        "[limits]\nsockets = 101\nhttp_connections = 100",
        "config.toml:2: `limits.sockets` is 101; it must be at most `limits.http_connections`, 100",
    );
}

#[test]
fn a_consumer_that_is_missing_or_unknown() {
    check(
        "log = \"json\"\n[routes.x]\ntime_seconds = 5",
        "config.toml:2: `routes.x.consumer` or `routes.x.served_by` is missing; it must be one of \"timer\", \"exec\", \"http\", or \"workers\"",
    );
    check(
        "[routes.x]\nconsumer = \"timr\"",
        "config.toml:2: `routes.x.consumer` is \"timr\"; it must be one of \"timer\", \"exec\", \"http\"",
    );
    check(
        "[routes.x]\nconsumer = 1",
        "config.toml:2: `routes.x.consumer` is 1; it must be one of \"timer\", \"exec\", \"http\"",
    );
}

#[test]
fn a_route_is_served_by_a_consumer_or_by_workers() {
    let workers = |keys: &str| format!("[routes.x]\nserved_by = \"workers\"\n{keys}");
    let config = read(&workers(
        "command = [\"python3\", \"w.py\"]\nlease_seconds = 3",
    ));
    let ServedBy::Workers(workers_of_x) = &config.routes["x"].served_by else {
        panic!("it is served by workers");
    };
    assert_eq!(workers_of_x.lease_seconds, seconds(3));
    assert_eq!(workers_of_x.workers, 1);
    config.validate().unwrap();
    for (keys, complaint) in [
        (
            "consumer = \"timer\"",
            "2: `routes.x.served_by` cannot stand beside `routes.x.consumer`; it is one or the other",
        ),
        (
            "argv = [\"ls\"]",
            "3: unknown key `routes.x.argv`; it goes with `consumer = \"exec\"`",
        ),
        (
            "workers = 0",
            "3: `routes.x.workers` is 0; it must be a whole number from 1 to 1000",
        ),
        (
            "lease_seconds = 0.1",
            "3: `routes.x.lease_seconds` is 0.1; it must be a number from 0.3 to 3600, fractions allowed",
        ),
        (
            "command = [\"\"]",
            "3: `routes.x.command` begins with nothing; it must begin with a program, as in [\"python3\", \"worker.py\"]",
        ),
        (
            "command = [\"a\\u0000\"]",
            "3: `routes.x.command` has a NUL in it, which no argument can have",
        ),
        (
            "command = [\"a\"]\nenv = { \"a=b\" = \"c\" }",
            "4: `routes.x.env` has \"a=b\" in it; a variable has a name without `=`, and no NUL",
        ),
        (
            "workers = 3",
            "3: `routes.x.workers` goes with `command`, which is not there",
        ),
    ] {
        check(&workers(keys), &format!("config.toml:{complaint}"));
    }
    check(
        "[routes.x]\nserved_by = \"worker\"",
        "config.toml:2: `routes.x.served_by` is \"worker\"; it must be \"workers\"",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\nlease_seconds = 3",
        "config.toml:3: unknown key `routes.x.lease_seconds`; it goes with `served_by = \"workers\"`",
    );
}

#[test]
fn a_route_with_a_name_that_none_can_have() {
    let check_name = |name: &str, complaint: &str| {
        check(
            &format!("[routes.{name}]\nconsumer = \"timer\""),
            &format!("config.toml:1: `routes.{name}` {complaint}"),
        );
    };
    for verb in longwire_protocol::VERBS {
        let name = if verb.contains('/') {
            format!("{verb:?}")
        } else {
            verb.to_owned()
        };
        check_name(&name, "is a verb; a route needs a name of its own");
    }
    check_name("\"\"", "is empty; a route needs a name");
    let strange = "in it; only letters, digits and `_`, `-`, `/`, `.` are allowed";
    check_name("\"a b\"", &format!("has ' ' {strange}"));
    check_name("\"straße\"", &format!("has 'ß' {strange}"));
    check_name(&"x".repeat(65), "has 65 bytes; at most 64 are allowed");
}

#[test]
fn catalogues_that_none_can_have() {
    let check_name = |name: &str, complaint: &str| {
        check(
            &format!("[modules.{name}]\nfile = \"a\""),
            &format!("config.toml:1: `modules.{name}` {complaint}"),
        );
    };
    check_name(
        "cpp",
        "is the standard library of C++; a catalogue needs another name",
    );
    check_name("\"\"", "is empty; a catalogue needs a name");
    let strange = "in it; only letters, digits and `_`, `-`, `.` are allowed";
    check_name("\"a/b\"", &format!("has '/' {strange}"));
    check_name(&"x".repeat(65), "has 65 bytes; at most 64 are allowed");
    check(
        "[modules.zlib]",
        "config.toml:1: `modules.zlib.file` is missing; it must be text in quotes",
    );
    for base in [
        "ftp://a/",
        "https://",
        "https:///a",
        "https://a b",
        "zlib.net",
    ] {
        check(
            &format!("[modules.zlib]\nfile = \"zlib.tag\"\nbase_url = {base:?}"),
            &format!(
                "config.toml:3: `modules.zlib.base_url` is {base:?}; it must be an http or https address, as in \"https://zlib.net/manual/\""
            ),
        );
    }
    let many: String = (0..65)
        .map(|number| format!("[modules.m{number}]\nfile = \"a\"\n"))
        .collect();
    let error = Config::from_toml(&many, "config.toml").unwrap_err();
    let says = "`modules` has 65 catalogues; at most 64 are allowed";
    assert!(error.to_string().contains(says), "{error}");
    let config = read("[modules.zlib]\nfile = \"zlib.tag\"\nbase_url = \"https://zlib.net/\"");
    assert_eq!(config.modules["zlib"].file.to_str(), Some("zlib.tag"));
}

#[test]
fn a_dotted_route_name_without_quotes() {
    check(
        "[routes.media.encode]\nconsumer = \"timer\"",
        "config.toml:1: unknown key `routes.media.encode`; \
         a name with a dot is put in quotes: `routes.\"media.encode\"`\n\
         config.toml:1: `routes.media.consumer` or `routes.media.served_by` is missing; it must be one of \"timer\", \"exec\", \"http\", or \"workers\"",
    );
    read("[routes.\"media.encode\"]\nconsumer = \"timer\"");
}

#[test]
fn an_origin_that_no_browser_sends() {
    for origin in [
        "*",
        "app.example.com",
        "https://",
        "https://app.example.com/",
        "https://App.example.com",
        "https://app.example.com:443",
        "http://localhost:80",
        "https://user@host",
    ] {
        check(
            &format!("allowed_origins = [\"{origin}\"]"),
            &format!(
                "config.toml:1: `allowed_origins` has \"{origin}\" in it; each must be as browsers \
                 send it, as in \"https://app.example.com\" or \"http://localhost:5173\""
            ),
        );
    }
    let right = [
        "https://app.example.com",
        "http://localhost:5173",
        "http://[::1]:8080",
        "tauri://localhost",
    ];
    assert_eq!(
        read(&format!("allowed_origins = {right:?}")).allowed_origins,
        right
    );
}

#[test]
fn values_that_contradict_one_another() {
    check(
        "[socket]\ndead_after_seconds = 10\nping_seconds = 20",
        "config.toml:2: `socket.dead_after_seconds` is 10; \
         it must be more than `socket.ping_seconds`, 20",
    );
    check(
        "[socket]\nping_seconds = 50",
        "config.toml:1: `socket.dead_after_seconds` is 50; \
         it must be more than `socket.ping_seconds`, 50",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\nmax_time_seconds = 604800.5",
        "config.toml:3: `routes.x.max_time_seconds` is 604800.5; \
         it must be at most `limits.max_time_seconds`, 604800",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\nmax_time_seconds = 30\ntime_seconds = 31",
        "config.toml:4: `routes.x.time_seconds` is 31; \
         it must be at most the longest time the route allows, 30",
    );
}

#[test]
fn a_rule_for_progress_that_is_none() {
    let check_rule = |rule: &str, complaint: &str| {
        check(
            &format!(
                "[routes.x]\nconsumer = \"exec\"\nargv = [\"ls\"]\nprogress = ['json', '{rule}']"
            ),
            &format!("config.toml:4: `routes.x.progress` has {rule:?} in it, which {complaint}"),
        );
    };
    let right = "is no rule; it must be one of \"ffmpeg\", \"rsync\", \"pip\", \"cargo\", \"curl\", \"json\", \"osc\", \
        or a pattern with a group named `done`, `total`, `percent`, `note`, as in '(?<percent>[0-9]+)%'";
    check_rule("ffmpg", right);
    check_rule("[0-9]+%", right);
    check_rule(
        "(?<percent>[0-9]+%",
        "is no regular expression: unclosed group",
    );
    check_rule(
        "(?<part>[0-9]+)%",
        "has the group \"part\"; those that mean something are `done`, `total`, `percent`, `note`",
    );
    let config = read(
        "[routes.x]\nconsumer = \"exec\"\nargv = [\"ls\"]\nprogress = [\"osc\", '(?<percent>[0-9]+)%']",
    );
    config.validate().unwrap();
}

#[test]
fn a_schema_that_is_not_what_was_meant() {
    let head = "[routes.x]\nconsumer = \"exec\"\nargv = [\"a\", \"{from}\", \"{to}\"]\nstdin = \"field\"\nstdin_field = \"text\"\n";
    let forbids = |key: &str, line: u32, field: &str| {
        format!(
            "config.toml:{line}: `routes.x.{key}` needs the field \"{field}\" of the input, which the schema forbids: \
             its `additionalProperties` is false, and its `properties` have no \"{field}\""
        )
    };
    check(
        &format!(
            "{head}schema = {{ additionalProperties = false, properties = {{ from = true }} }}"
        ),
        &format!(
            "{}\n{}",
            forbids("argv", 3, "to"),
            forbids("stdin_field", 5, "text")
        ),
    );
    read(&format!(
        "{head}schema = {{ properties = {{ from = true }} }}"
    ));
    read(&format!(
        "{head}schema = {{ additionalProperties = false, patternProperties = {{ \"\" = true }} }}"
    ));
    let head = "[routes.x]\nconsumer = \"http\"\nurl = \"http://localhost\"\npath = \"/{a}\"\nquery = { q = \"{b}\" }\n";
    check(
        &format!("{head}schema = {{ additionalProperties = false, properties = {{ a = true }} }}"),
        &forbids("query", 5, "b"),
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\nschema = { properties = { day = { const = 1979-05-27T07:32:00Z } } }",
        "config.toml:3: `routes.x.schema.properties.day.const` is the date 1979-05-27T07:32:00Z, and JSON has no dates; \
         as text it is \"1979-05-27T07:32:00Z\"",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\n[routes.x.schema]\nrequird = [\"a\"]",
        "config.toml:4: `routes.x.schema.requird` is no keyword of JSON Schema; did you mean `required`?",
    );
}

#[test]
fn a_schema_that_is_none() {
    check(
        "[routes.x]\nconsumer = \"timer\"\n[routes.x.schema]\ntype = \"object\"\n\
         [routes.x.schema.properties.width]\nminimum = 1\ntype = \"whole\"",
        "config.toml:7: `routes.x.schema.properties.width.type` is \"whole\"; it must be one of \
         \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\", \"string\"",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\nschema = { items = { \"$ref\" = \"a.json\" } }",
        "config.toml:3: `routes.x.schema.items.\"$ref\"` is \"a.json\"; \
         it must begin with \"#\": a schema refers to itself",
    );
    check(
        "[routes.x]\nconsumer = \"timer\"\nschema = 7",
        "config.toml:3: `routes.x.schema` is 7; it must be a boolean or an object",
    );
    let config = read(
        "[routes.x]\nconsumer = \"timer\"\n[routes.x.schema]\ntype = [\"object\", \"null\"]\n\
         properties.width = { type = \"number\", exclusiveMinimum = 0.5 }",
    );
    config.validate().unwrap();
    let width = &config.routes["x"].schema.as_ref().unwrap()["properties"]["width"];
    assert_eq!(width["exclusiveMinimum"], 0.5);
}

#[test]
fn a_text_that_is_not_toml() {
    check(
        "log = \"json\"\n\nlisten",
        "config.toml:3: not TOML: key with no value, expected `=`",
    );
    check(
        "log = \"json\"\nlog = \"json\"",
        "config.toml:2: not TOML: duplicate key at `log`",
    );
    check(
        "log = json",
        "config.toml:1: not TOML: string values must be quoted, expected literal string at `json`",
    );
}

#[test]
fn mistakes_are_told_together_in_the_order_of_their_lines() {
    check(
        "[socket]\nstalled_seconds = true\n[limits]\nx = 1\njobs = 0",
        "config.toml:2: `socket.stalled_seconds` is true; \
         it must be a number from 0.1 to 3600, fractions allowed\n\
         config.toml:4: unknown key `limits.x`; the keys here are `frame_bytes`, \
         `frames_in_flight_per_socket`, `messages_per_second_per_socket`, \
         `control_frames_per_second_per_socket`, `jobs_per_socket`, `jobs`, `max_time_seconds`, `connid_bytes`, `log_bytes_per_job`, `log_events_per_job`, \
         `ended_jobs_kept`, `ended_seconds_kept`, `ended_bytes_kept`, `expired_names_kept`, \
         `feed_events_kept`, `sockets`, `http_connections`, `http_body_bytes`, \
         `http_header_seconds`, `output_bytes_per_event`, `tags_per_job`, `tag_bytes`, \
         `reason_bytes`, `note_bytes`, `slots_per_claim`, `queued_jobs_per_route`, `module_file_bytes`, `modules_bytes`\n\
         config.toml:5: `limits.jobs` is 0; it must be a whole number from 1 to 100000000",
    );
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(read(""), Config::default());
    assert_eq!(read("\u{feff}# nothing\r\n"), Config::default());
    Config::default().validate().unwrap();
}

#[test]
fn values_are_read_in_every_way_toml_writes_them() {
    let config = read(
        "listen = \"[::1]:0\"\nlog = 'json'\nlimits.frame_bytes = 0x10_000\n\
         shutdown_grace_seconds = 0\nsocket = { ping_seconds = 2.5e-1, stalled_seconds = 1_000.5 }\n",
    );
    assert_eq!(config.listen.to_string(), "[::1]:0");
    assert_eq!(config.log, LogFormat::Json);
    assert_eq!(config.limits.frame_bytes, 65_536);
    assert_eq!(config.shutdown_grace_seconds, Duration::ZERO);
    assert_eq!(config.socket.ping_seconds, Duration::from_millis(250));
    assert_eq!(
        config.socket.stalled_seconds,
        Duration::from_millis(1_000_500)
    );
}

#[test]
fn the_default_route_stays_beside_others_until_it_is_written() {
    let config = read("[routes.nap]\nconsumer = \"timer\"\nconcurrency = 3");
    assert_eq!(config.routes["request"], RouteConfig::default());
    let timer = ServedBy::Consumer(ConsumerConfig::Timer);
    assert_eq!(config.routes["nap"].served_by, timer);
    assert_eq!(config.routes["nap"].concurrency.map(usize::from), Some(3));

    let config = read("[routes.request]\nconsumer = \"timer\"\ntime_seconds = 0.5");
    assert_eq!(config.routes.len(), 1);
    assert_eq!(
        config.routes["request"].time_seconds,
        Duration::from_millis(500)
    );
}

#[test]
fn default_times_give_way_to_a_lower_longest_time() {
    let config = read(
        "limits.max_time_seconds = 30\n[routes.x]\nconsumer = \"timer\"\nmax_time_seconds = 5",
    );
    assert_eq!(config.routes["request"].time_seconds, seconds(30));
    assert_eq!(config.routes["x"].time_seconds, seconds(5));
    assert_eq!(config.routes["x"].longest_time(&config.limits), seconds(5));
    config.validate().unwrap();
}

#[test]
fn values_laid_over_the_file_are_checked_too() {
    let check = |change: fn(&mut Config), expected: &str| {
        let mut config = Config::default();
        change(&mut config);
        assert_eq!(config.validate().unwrap_err().to_string(), expected);
    };
    check(
        |config| config.limits.jobs = 0,
        "`limits.jobs` is 0; it must be a whole number from 1 to 100000000",
    );
    check(
        |config| config.limits.ended_bytes_kept = usize::MAX,
        "`limits.ended_bytes_kept` is 18446744073709551615; \
         it must be a whole number from 65536 to 1099511627776",
    );
    check(
        |config| config.shutdown_grace_seconds = seconds(100_000),
        "`shutdown_grace_seconds` is 100000; \
         it must be a number from 0 to 86400, fractions allowed",
    );
    check(
        |config| config.limits.max_time_seconds = seconds(5),
        "`routes.request.time_seconds` is 60; \
         it must be at most the longest time the route allows, 5",
    );
    check(
        |config| {
            let route = RouteConfig::default();
            config.routes.insert("kill".to_owned(), route);
        },
        "`routes.kill` is a verb; a route needs a name of its own",
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::load("no/such/config.toml".as_ref()).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }));
    assert!(
        error
            .to_string()
            .starts_with("no/such/config.toml: cannot be read: "),
        "{error}"
    );
}

#[test]
fn a_mistake_knows_its_place() {
    let Err(ConfigError::Mistaken(mistakes)) = Config::from_toml("\nlog = 1", FILE) else {
        panic!("there is a mistake");
    };
    let place = Some((FILE.to_owned(), 2));
    let text = "`log` is 1; it must be one of \"auto\", \"pretty\", \"json\"".to_owned();
    assert_eq!(mistakes, [Mistake { place, text }]);
}

/// The lines of keys without a default.
fn is_commented_key(line: &str) -> bool {
    line.starts_with('#') && !line.starts_with("# ") && line.len() > 1
}

#[test]
fn the_default_file_says_the_defaults() {
    assert_eq!(read(&default_file()), Config::default());
}

#[test]
fn the_default_file_reads_with_every_optional_key_in_force() {
    let with_all: String = default_file()
        .lines()
        .map(|line| {
            if is_commented_key(line) {
                &line[1..]
            } else {
                line
            }
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut config = read(&with_all);
    let route = config.routes.get_mut("request").unwrap();
    let optional = [
        route.schema.take().is_some(),
        route.max_time_seconds.take().is_some(),
        route.idle_seconds.take().is_some(),
        route.queue_seconds.take().is_some(),
        route.concurrency.take().is_some(),
        route.ended_jobs_kept.take().is_some(),
        route.ended_seconds_kept.take().is_some(),
        route.ended_bytes_kept.take().is_some(),
        config.store.dir.take().is_some(),
    ];
    assert_eq!(optional, [true; 9]);
    let module = config.modules.remove("NAME").unwrap();
    assert!(module.base_url.is_some());
    assert_eq!(config, Config::default());
}

#[test]
fn the_default_file_keeps_the_order_of_declaration() {
    let file = default_file();
    let keys: Vec<_> = file
        .lines()
        .filter(|line| !line.starts_with("# ") && !line.is_empty())
        .map(|line| line.split(" =").next().unwrap_or(line))
        .collect();
    assert_eq!(
        keys[..8],
        [
            "listen",
            "allowed_origins",
            "shutdown_grace_seconds",
            "log",
            "[limits]",
            "frame_bytes",
            "frames_in_flight_per_socket",
            "messages_per_second_per_socket",
        ]
    );
    assert_eq!(
        keys[keys.len() - 20..],
        [
            "[routes.request]",
            "consumer",
            "description",
            "#schema",
            "time_seconds",
            "#max_time_seconds",
            "#idle_seconds",
            "#queue_seconds",
            "#concurrency",
            "kill_grace_seconds",
            "durable",
            "on_lost",
            "max_attempts",
            "#ended_jobs_kept",
            "#ended_seconds_kept",
            "#ended_bytes_kept",
            "disconnect_grace_seconds",
            "#[modules.NAME]",
            "#file",
            "#base_url",
        ]
    );
}

#[test]
fn every_key_of_the_default_file_is_described() {
    let file = default_file();
    let mut above = "";
    for line in file.lines() {
        let is_key = is_commented_key(line) || line.contains(" = ") && !line.starts_with('#');
        assert!(!is_key || above.starts_with("# "), "{line}");
        above = line;
    }
}

#[test]
fn the_table_has_a_row_for_every_key() {
    let table = markdown_table();
    let paths = Shape::of_config().paths();
    assert_eq!(table.lines().count(), 2 + paths.len());
    for path in paths {
        // Of a table of texts, which is one row.
        let path = path
            .strip_suffix(".NAME")
            .map_or(path.clone(), str::to_owned);
        assert!(table.contains(&format!("| `{path}` | ")), "{path}");
    }
    for row in [
        "| `listen` | `\"127.0.0.1:8000\"` | The address and port to listen on. Port 0 takes a free one. |",
        "| `limits.connid_bytes` | `128` | Bytes of a connid, at most. The names that the server makes take 36. \
         From 36 to 4096. |",
        "| `routes.NAME.consumer` | required | `timer`: Nothing runs: the job ends with `ok` when its time is up. \
         `exec`: A command is run: never by a shell, and only what is written here. \
         `http`: A request is sent to an HTTP upstream, whose answer is the result. |",
        "| `routes.NAME.stdin` | `\"none\"` | With `consumer = \"exec\"`: What the command reads on its stdin. \
         `none`: Nothing: it is at its end at once. `json`: The input, as JSON; `null` where there is none. \
         `field`: The field of the input that `stdin_field` names. |",
        "| `routes.NAME.served_by` | not set | Instead of `consumer`. `workers`: Its jobs are served by workers: programs that \
         connect and claim it, and those that the server keeps itself. |",
        "| `routes.NAME.concurrency` | not set | Jobs of this route that run at once; more wait in its queue. Where \
         this is not set there is no limit. From 1 to 100000000. |",
    ] {
        assert!(table.lines().any(|line| line == row), "{row}\n{table}");
    }
}

#[test]
fn the_schema_denies_unknown_keys_at_every_depth() {
    let schema = json_schema();
    for place in [
        "/additionalProperties",
        "/properties/limits/additionalProperties",
        "/properties/socket/additionalProperties",
        "/properties/routes/additionalProperties/unevaluatedProperties",
    ] {
        assert!(
            schema.pointer(place).is_some_and(|it| it == false),
            "{place}"
        );
    }
}

/// What a second consumer, with keys of its own, will look like.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
struct Probe {
    #[serde(flatten)]
    kind: Kind,
    note: String,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Plain,
    Program { argv: Vec<String> },
}

impl Default for Probe {
    fn default() -> Self {
        Self {
            kind: Kind::Plain,
            note: String::new(),
        }
    }
}

#[test]
fn the_keys_of_a_consumer_are_valid_beside_its_name_only() {
    let shape = Shape::of(schemars::schema_for!(Probe), schemars::schema_for!(Probe));
    let complaints = |text: &str| {
        let source = Source::parse(text, None).unwrap();
        settled(check::beside(&source, &shape))
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(complaints("kind = \"plain\"\nnote = \"n\""), None);
    assert_eq!(complaints("kind = \"program\"\nargv = [\"ls\"]"), None);
    assert_eq!(
        complaints("kind = \"program\"").as_deref(),
        Some("`argv` is missing; it must be a list in brackets")
    );
    assert_eq!(
        complaints("kind = \"plain\"\nargv = []").as_deref(),
        Some("unknown key `argv`; it goes with `kind = \"program\"`")
    );
}
