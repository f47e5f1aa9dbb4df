//! What an answer says, and in which order it says it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use longwire_modules::{
    Answer, Code, Head, How, Kind, Lazy, Limits, Page, Query, Shelf, Symbol, line_schema, readers,
    search,
};
use serde_json::{Value, json};

mod common;

fn ask(question: &Value) -> Page {
    let query = Query::from_json(question.to_string().as_bytes()).unwrap();
    search(&common::catalogue(), &query).unwrap()
}

fn names(page: &Page) -> Vec<&str> {
    page.data.iter().map(|set| &*set.qualified).collect()
}

#[test]
fn an_answer_is_three_fields_and_a_match_is_told_whole() {
    let lines = r#"{"catalogue":"demo","version":1}
{"qualified":"std::basic_string::push_back","lib":"basic_string","kind":"function"}
{"qualified":"std::vector::push_back","lib":"vector","kind":"function","header":"vector","since":"C++98","url":"https://example.org/vector/push_back","signatures":[{"text":"void push_back(const T& x)"},{"text":"void push_back(T&& x)","since":"C++11"}]}"#;
    let demo = readers::read("demo", lines.as_bytes(), &Limits::default()).unwrap();
    let query = common::query("push", &["basic_string", "vector"], 20);
    let answer = Answer::from(search(&demo, &query).unwrap());
    let answer = serde_json::to_value(answer).unwrap();
    assert_eq!(answer["message"], "2 matches in basic_string, vector");
    assert_eq!(answer.as_object().unwrap().len(), 3);
    assert_eq!(answer["status"], "ok");
    assert_eq!(
        answer["data"][1],
        json!({
            "name": "push_back",
            "qualified": "std::vector::push_back",
            "lib": "vector",
            "kind": "function",
            "header": "vector",
            "since": "C++98",
            "url": "https://example.org/vector/push_back",
            "signatures": [
                {"text": "void push_back(const T& x)", "since": "C++98"},
                {"text": "void push_back(T&& x)", "since": "C++11"},
            ],
            "match": {"how": "prefix", "ranges": [[0, 4]]},
        })
    );
}

#[test]
fn messages_say_how_many_and_where() {
    let rows = [
        (json!({"lib":"vector","text":"push_b"}), "1 match in vector"),
        (
            json!({"lib":["std::vector<int>","vector"],"text":"push_b"}),
            "1 match in vector",
        ),
        (
            json!({"lib":"vector","text":"qqqq"}),
            "no match for \"qqqq\" in vector",
        ),
        (
            json!({"lib":"","text":"push_back"}),
            " matches in all libraries",
        ),
        (
            json!({"lib":["vecotr","vector"],"text":"push_b"}),
            "1 match in vector; unknown library \"vecotr\" (did you mean \"vector\"?)",
        ),
        (
            json!({"lib":["vector","qqqqqq","zzzzzz"],"text":"at"}),
            "unknown libraries \"qqqqqq\", \"zzzzzz\"",
        ),
        (
            json!({"text":"std::nosuch::"}),
            "no match for \"std::nosuch::\" in all libraries",
        ),
        (
            json!({"lib":["a","b","map","set","list","deque","stack","queue"],"text":"sizes"}),
            "map, set, list, deque, stack and 1 more",
        ),
    ];
    for (question, expected) in rows {
        let page = ask(&question);
        assert!(
            page.message.contains(expected),
            "{question}: {}",
            page.message
        );
    }
}

#[test]
fn where_no_library_is_known_the_question_is_refused() {
    let query = Query::from_json(br#"{"lib":["vectr","sting"],"text":"push"}"#).unwrap();
    let refusal = search(&common::catalogue(), &query).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.field.as_deref()),
        (Code::UnknownLib, Some("lib"))
    );
    assert!(
        refusal.message.contains("did you mean \"vector\"?"),
        "{refusal}"
    );
    let answer = Answer::from(refusal);
    assert!(answer.data.is_empty());
    assert_eq!(serde_json::to_value(answer).unwrap()["status"], "error");
}

#[test]
fn without_a_text_everything_is_listed_as_a_page_would() {
    let page = ask(&json!({"lib":"vector","limit":200}));
    let names = names(&page);
    assert_eq!(
        names[..5],
        [
            "std::vector",
            "std::vector::vector",
            "std::vector::~vector",
            "std::vector::append_range",
            "std::vector::assign",
        ]
    );
    let place = |name: &str| names.iter().position(|found| *found == name).unwrap();
    assert!(place("std::vector::swap") < place("std::vector::operator="));
    assert!(place("std::vector::operator[]") < place("std::vector::value_type"));
    assert!(place("std::vector::value_type") < place("std::erase_if"));
    assert!(
        page.data
            .iter()
            .all(|set| set.found.how == How::All && set.found.ranges.is_empty())
    );
    let several = ask(&json!({"lib":["stack","queue"],"limit":200}));
    let of_queue = several
        .data
        .iter()
        .position(|set| set.lib == "queue")
        .unwrap();
    assert!(
        several.data[of_queue..]
            .iter()
            .all(|set| set.lib != "stack")
    );
}

#[test]
fn pages_together_are_the_whole_each_once() {
    for text in ["", "e", "back", "std::", "is_"] {
        let whole = ask(&json!({"text":text,"limit":200}));
        let mut pages = Vec::new();
        for offset in (0..200).step_by(7) {
            let page = ask(&json!({"text":text,"limit":7,"offset":offset}));
            assert_eq!(page.total, whole.total);
            pages.extend(page.data);
        }
        pages.truncate(whole.data.len());
        assert_eq!(pages, whole.data, "{text:?}");
    }
    let beyond = ask(&json!({"lib":"vector","text":"push","offset":1_000_000}));
    assert_eq!((beyond.data.len(), beyond.total), (0, 1));
}

#[test]
fn kinds_and_ages_leave_out() {
    let page = ask(&json!({"lib":"vector","kind":["operator","constructor"],"limit":200}));
    assert!(
        page.data
            .iter()
            .all(|set| matches!(set.kind, Kind::Operator | Kind::Constructor))
    );
    assert!(page.data.len() >= 4);
    let all = ask(&json!({"lib":"map","text":"contains"}));
    assert_eq!(
        names(&all),
        ["std::map::contains", "std::multimap::contains"]
    );
    for since in ["C++17", "c++1z", "17", "2017", "C++98"] {
        let page = ask(&json!({"lib":"map","text":"contains","since":since}));
        assert_eq!(page.total, 0, "{since}");
    }
    assert_eq!(
        ask(&json!({"lib":"map","text":"contains","since":"C++20"})).total,
        2
    );
    let old = ask(&json!({"lib":"vector","text":"push_back","since":"C++03"}));
    assert_eq!(old.data[0].signatures.len(), 1);
    for unknown in ["1.8.0", "C++21", "19"] {
        let query = Query::from_json(json!({"since":unknown}).to_string().as_bytes()).unwrap();
        let refusal = search(&common::catalogue(), &query).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("since"));
        let said = format!(
            "since must be of C++98, C++03, C++11, C++14, C++17, C++20, C++23, C++26, C89, C95, C99, C11, C17, C23, got {unknown:?}"
        );
        assert_eq!(refusal.message, said);
    }
}

#[test]
fn all_that_is_in_the_root_can_be_asked_for() {
    let totals = ["std", "std::"].map(|lib| {
        let page = ask(&json!({"lib":lib,"text":"swap"}));
        assert_eq!(names(&page)[0], "std::swap");
        assert!(
            page.data
                .iter()
                .all(|set| set.qualified.starts_with("std::"))
        );
        page.total
    });
    assert!(totals[0] > 100 && totals[0] == totals[1], "{totals:?}");
    let outside = ask(&json!({"lib":"std","text":"INT_MAX"}));
    assert!(!names(&outside).contains(&"INT_MAX"));
    let page = ask(&json!({"lib":["std","nosuch"],"text":"sort"}));
    assert!(page.message.contains("in std; unknown library \"nosuch\""));
}

/// Of what has one name in one place first what belongs to no class, then what can be called in more ways.
#[test]
fn what_is_for_anything_comes_first() {
    let lines = r#"{"catalogue":"demo","version":1}
{"qualified":"std::any","lib":"any","kind":"class","header":"any"}
{"qualified":"std::swap","lib":"any","kind":"function","signatures":[{"text":"1"},{"text":"2"}]}
{"qualified":"std::swap","lib":"utility","kind":"function","signatures":[{"text":"3"}]}
{"qualified":"std::begin","lib":"array","kind":"function","signatures":[{"text":"4"}]}
{"qualified":"std::begin","lib":"iterator","kind":"function","signatures":[{"text":"5"},{"text":"6"}]}"#;
    let demo = readers::read("demo", lines.as_bytes(), &Limits::default()).unwrap();
    for (text, lib) in [
        ("std::swap", "utility"),
        ("swap", "utility"),
        ("beg", "iterator"),
    ] {
        let page = search(&demo, &common::query(text, &[], 5)).unwrap();
        assert_eq!(page.data[0].lib, lib, "{text}");
    }
    for text in ["std::swap", "std::begin", "end"] {
        let page = ask(&json!({"text":text}));
        assert!(
            page.data[0]
                .signatures
                .iter()
                .any(
                    |it| !it.text.contains("initializer_list") && it.text.contains("(T&")
                        || it.text.contains("(C&")
                ),
            "{text}: {:?}",
            page.data[0]
        );
    }
}

/// A deduction guide has the name of its class; nobody calls it.
#[test]
fn deduction_guides_come_after_what_is_called() {
    for (text, libs) in [("vector", &[][..]), ("vecto", &[]), ("vector", &["vector"])] {
        let page = search(&common::catalogue(), &common::query(text, libs, 200)).unwrap();
        let place = |kind| {
            page.data
                .iter()
                .position(|set| set.name == "vector" && set.kind == kind)
        };
        let order = [Kind::Class, Kind::Constructor, Kind::DeductionGuide].map(place);
        assert!(
            order.is_sorted() && order[0] == Some(0),
            "{text} in {libs:?}: {order:?}"
        );
    }
}

#[test]
fn what_stands_in_several_places_is_found_in_each() {
    let lines = r#"{"catalogue":"demo","version":1}
{"qualified":"std::views","lib":"ranges","kind":"namespace","aliases":["ranges::views"]}
{"qualified":"std::views::take","lib":"ranges","kind":"function"}
{"qualified":"std::views::drop","lib":"ranges","kind":"function","aliases":["adaptors::drop"]}
{"qualified":"std::printf","lib":"cstdio","kind":"function","aliases":["::printf"]}
{"qualified":"other::views::take","lib":"other","kind":"function"}"#;
    let demo = readers::read("demo", lines.as_bytes(), &Limits::default()).unwrap();
    let rows: [(&str, &[&str], &[&str]); 8] = [
        (
            "std::ranges::views::",
            &[],
            &["std::views::drop", "std::views::take"],
        ),
        ("ranges::views::ta", &[], &["std::views::take"]),
        ("std::adaptors::drop", &[], &["std::views::drop"]),
        ("adaptors::", &[], &["std::views::drop"]),
        ("drop", &["adaptors"], &["std::views::drop"]),
        ("drop", &["std::adaptors"], &["std::views::drop"]),
        ("printf", &["std"], &["std::printf"]),
        ("std::views::take", &[], &["std::views::take"]),
    ];
    for (text, libs, expected) in rows {
        let page = search(&demo, &common::query(text, libs, 5)).unwrap();
        assert_eq!(names(&page), expected, "{text} in {libs:?}");
        assert!(page.data.iter().all(|set| set.found.alias.is_none()));
    }
}

/// What anyone may ask at once for little: many libraries that nobody has, long ones, of a catalogue with many.
#[test]
#[allow(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn unknown_libraries_cost_little() {
    let mut builder =
        longwire_modules::Builder::new(Head::new("a", "::"), &Limits::default()).unwrap();
    for number in 0..49_000 {
        let lib = format!("{number:05}{}", "abcdefgh".repeat(7));
        let symbol = Symbol::new(format!("{lib}::f"), lib, Kind::Function);
        builder.add(&symbol).unwrap();
    }
    let catalogue = builder.finish().unwrap();
    for bytes in [256, 61] {
        let libs: Vec<String> = (0..64)
            .map(|n| format!("x{n:02}yz{}", "abcdefgh".repeat(32))[..bytes].to_owned())
            .collect();
        let libs: Vec<&str> = libs.iter().map(String::as_str).collect();
        let start = std::time::Instant::now();
        let refusal = search(&catalogue, &common::query("f", &libs, 5)).unwrap_err();
        let taken = start.elapsed();
        println!("{bytes} bytes: {taken:?}");
        assert!(refusal.message.ends_with("and 59 more"), "{refusal}");
        assert!(
            taken < std::time::Duration::from_secs(1),
            "{bytes} bytes: {taken:?}"
        );
    }
}

#[test]
fn a_match_by_another_name_says_so() {
    let page = ask(&json!({"text":"string"}));
    let found = serde_json::to_value(&page.data[0].found).unwrap();
    assert_eq!(names(&page)[0], "std::basic_string");
    assert_eq!(
        found,
        json!({"how":"exact","alias":"string","ranges":[[0,6]]})
    );
}

#[test]
fn ranges_are_in_characters_and_within_the_name() {
    let head = Head::new("names", ".");
    let mut builder = longwire_modules::Builder::new(head, &Limits::default()).unwrap();
    for name in ["größe_über_alles", "日本_push", "naïve"] {
        builder
            .add(&Symbol::new(name, "m", Kind::Function))
            .unwrap();
    }
    let catalogue = builder.finish().unwrap();
    let rows = [
        ("über", [6, 10]),
        ("push", [3, 7]),
        ("größ", [0, 4]),
        ("ïv", [2, 4]),
    ];
    for (text, range) in rows {
        let page = search(&catalogue, &common::query(text, &[], 5)).unwrap();
        assert_eq!(page.data[0].found.ranges, [range], "{text}");
    }
}

#[test]
fn overloads_that_come_apart_are_one_set() {
    let mut builder =
        longwire_modules::Builder::new(Head::new("a", "::"), &Limits::default()).unwrap();
    for signature in ["f(int)", "f(char)"] {
        builder
            .add(&Symbol::new("a::f", "a", Kind::Function).signed(signature))
            .unwrap();
        builder
            .add(&Symbol::new("a::g", "a", Kind::Function))
            .unwrap();
    }
    let catalogue = builder.finish().unwrap();
    assert_eq!(catalogue.len(), 2);
    let page = search(&catalogue, &common::query("f", &[], 5)).unwrap();
    let texts: Vec<&str> = page.data[0]
        .signatures
        .iter()
        .map(|one| &*one.text)
        .collect();
    assert_eq!(texts, ["f(int)", "f(char)"]);
}

#[test]
fn a_catalogue_is_built_once_and_exchanged_whole() {
    let shelf = Shelf::new();
    let built = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&built);
    shelf.put(Lazy::new("cpp", move || {
        count.fetch_add(1, Ordering::Relaxed);
        let lines: &[u8] = include_bytes!("../data/cpp.jsonl.gz");
        readers::read("cpp.jsonl", lines, &Limits::default()).map_err(|error| error.to_string())
    }));
    assert_eq!(built.load(Ordering::Relaxed), 0);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| shelf.get(None).unwrap().len());
        }
    });
    assert_eq!(built.load(Ordering::Relaxed), 1);
    let before = shelf.get(Some("cpp")).unwrap();
    let text = "{\"catalogue\":\"cpp\",\"version\":1}\n{\"qualified\":\"x\",\"lib\":\"x\",\"kind\":\"macro\"}";
    shelf.put(readers::read("cpp", text.as_bytes(), &Limits::default()).unwrap());
    assert_eq!(shelf.get(Some("cpp")).unwrap().len(), 1);
    assert!(before.len() > 1, "who asked before keeps what was there");
    shelf.put(Lazy::new("broken", || Err("the file is empty".to_owned())));
    let refusal = shelf.get(Some("broken")).unwrap_err();
    assert_eq!(refusal.code, Code::Unavailable);
    let query = Query::from_json(br#"{"catalogue":"ccp","text":"x"}"#).unwrap();
    let refusal = shelf.answer(&query).unwrap_err();
    assert_eq!(refusal.code, Code::UnknownCatalogue);
    assert!(
        refusal.message.contains("did you mean \"cpp\"?"),
        "{refusal}"
    );
    assert!(shelf.remove("cpp") && !shelf.remove("cpp"));
    assert_eq!(shelf.names(), ["broken"]);
}

#[test]
fn the_schema_names_every_field_of_a_line() {
    let schema = line_schema();
    let schema = schema.as_value();
    let symbol = serde_json::to_value(Symbol::new("a::b", "a", Kind::Class).signed("b()"));
    for field in symbol.unwrap().as_object().unwrap().keys() {
        assert!(
            schema["$defs"]["Symbol"]["properties"][field].is_object(),
            "{field}: {schema:#}"
        );
    }
    assert!(schema["$defs"]["Head"]["properties"]["sep"].is_object());
}

#[test]
fn a_class_comes_before_what_stands_beside_it_though_that_has_another_name_elsewhere() {
    let lines = r#"{"catalogue":"demo","version":1,"sep":"::"}
{"qualified":"able","lib":"box","header":"box","kind":"class","aliases":["other::able"]}
{"qualified":"box","lib":"box","header":"box","kind":"class"}"#;
    let demo = readers::read("demo", lines.as_bytes(), &Limits::default()).unwrap();
    let query = Query::from_pairs([("text", "<box>")]).unwrap();
    assert_eq!(names(&search(&demo, &query).unwrap()), ["box", "able"]);
}
