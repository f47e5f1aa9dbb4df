//! Searching libraries from the command line, and giving a server more of them.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
};

use crate::{
    frames,
    run::{Server, fails, longwire, prints, scratch},
};

const TAGS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../modules/tests/fixtures/tinyxml2.tag.gz"
);

/// A catalogue of one symbol that says no more of itself than it has to.
const ONE: &str = "{\"catalogue\":\"x\",\"version\":1}\n{\"qualified\":\"x::y\",\"lib\":\"x\",\"kind\":\"function\"}\n";

#[test]
fn a_search_prints_a_line_for_each_match() {
    let server = Server::new();
    let args = [
        "modules",
        "search",
        "push",
        "--lib",
        "basic_string",
        "--lib",
        "vector",
    ];
    let done = server.run(&args);
    assert_eq!(
        (done.code, &*done.stderr),
        (0, "2 matches in basic_string, vector\n")
    );
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", done.stdout);
    assert!(
        lines[1].starts_with("std::vector::push_back "),
        "{}",
        lines[1]
    );
    let marked = server.run(&[
        "modules", "search", "push", "--lib", "vector", "--color", "always",
    ]);
    let start = "std::vector::\u{1b}[1mpush\u{1b}[0m_back";
    assert!(marked.stdout.starts_with(start), "{}", marked.stdout);
    let listed = [
        "modules",
        "search",
        "push",
        "--lib",
        "basic_string,std::vector<int, void>",
        "--kind",
        "class,function",
    ];
    let listed = server.run(&listed);
    assert_eq!((listed.stdout, listed.stderr), (done.stdout, done.stderr));
    let json = server.run(&["modules", "search", "~", "--lib", "vector", "--json"]);
    let frame = &frames(&json.stdout)[0];
    assert_eq!(frame["data"][0]["qualified"], "std::vector::~vector");
    let args = [
        "modules", "search", "push", "--limit", "1", "--kind", "function", "--since", "C++98",
    ];
    let none = server.run(&args);
    assert_eq!(
        (none.code, none.stdout.lines().count()),
        (0, 1),
        "{}",
        none.stdout
    );
}

#[test]
fn a_search_that_is_refused_says_why() {
    let server = Server::new();
    let done = server.run(&["modules", "search", "push", "--lib", "vectr"]);
    assert_eq!((done.code, &*done.stdout), (3, ""));
    assert!(
        done.stderr.contains("did you mean \"vector\"?") && done.stderr.contains("(unknown_lib)"),
        "{}",
        done.stderr
    );
    let done = server.run(&["modules", "info", "zlib"]);
    assert_eq!(done.code, 1);
    assert!(
        done.stderr.contains("no catalogue \"zlib\""),
        "{}",
        done.stderr
    );
    let nobody = ["modules", "list", "--server", "http://127.0.0.1:1"];
    fails(&nobody, 4, "start one with `longwire serve`");
}

#[test]
fn the_catalogues_are_listed() {
    let server = Server::new();
    let done = server.run(&["modules", "list"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let rows: Vec<&str> = done.stdout.lines().collect();
    assert!(
        rows[0].starts_with("NAME  STATE  SYMBOLS"),
        "{}",
        done.stdout
    );
    assert!(rows[1].starts_with("cpp   ready  "), "{}", done.stdout);
    let done = server.run(&["modules", "info", "cpp"]);
    assert!(done.stdout.contains("\ndigest     "), "{}", done.stdout);
    let done = server.run(&["modules", "list", "--json"]);
    assert_eq!(frames(&done.stdout)[0]["modules"][0]["name"], "cpp");
}

#[test]
fn a_file_is_checked_without_a_server() {
    let said = prints(&["modules", "check", TAGS]);
    assert!(
        said.contains(": ok, ") && said.contains(" symbols in "),
        "{said}"
    );
    let dir = scratch("modules-check");
    let file = dir.join("broken.jsonl");
    fs::write(
        &file,
        "{\"catalogue\":\"x\",\"version\":1}\n{\"qualified\":1}\n",
    )
    .unwrap();
    let broken = file.to_str().unwrap();
    fails(&["modules", "check", broken], 1, "broken.jsonl, line 2: ");
    let base = [
        "modules",
        "check",
        TAGS,
        "--base-url",
        "javascript:alert(1)",
    ];
    fails(&base, 2, "it must be an http or https address");
    let untitled = dir.join("untitled.jsonl");
    fs::write(&untitled, ONE).unwrap();
    let said = prints(&["modules", "check", untitled.to_str().unwrap()]);
    assert!(said.contains(": ok, 1 symbols in 1 libraries, "), "{said}");
    fails(
        &["modules", "check", dir.to_str().unwrap()],
        1,
        "it is no file",
    );
    fails(
        &["modules", "check", "/nowhere"],
        1,
        "/nowhere: No such file",
    );
}

#[test]
fn a_catalogue_that_was_added_is_searched_by_the_server() {
    let dir = scratch("modules-add");
    let config = dir.join("longwire.toml");
    fs::write(&config, "# mine\nlisten = \"127.0.0.1:0\" # any\n").unwrap();
    let config_text = config.to_str().unwrap();
    let add = ["modules", "add", "tinyxml2", TAGS, "--config", config_text];
    let said = prints(&add);
    assert!(said.contains("[modules.tinyxml2] was added; "), "{said}");
    let written = fs::read_to_string(&config).unwrap();
    assert!(
        written.starts_with(
            "# mine\nlisten = \"127.0.0.1:0\" # any\n\n[modules.tinyxml2]\nfile = \"/"
        ),
        "{written}"
    );
    assert!(prints(&add).contains("was changed"));
    assert_eq!(fs::read_to_string(&config).unwrap(), written);
    let cpp = ["modules", "add", "cpp", TAGS, "--config", config_text];
    fails(&cpp, 2, "is the standard library of C++");
    let none = [
        "modules",
        "add",
        "none",
        "/nowhere",
        "--config",
        config_text,
    ];
    fails(&none, 1, "/nowhere");
    assert_eq!(fs::read_to_string(&config).unwrap(), written);
    assert_eq!(longwire(&["config", "--check", config_text]).code, 0);

    let server = Server::with_file(&config);
    let ask = [
        "modules",
        "search",
        "LoadF",
        "--catalogue",
        "tinyxml2",
        "--limit",
        "1",
    ];
    // It is read in the background, so at first there may be nothing to search.
    let found = (0..500).map(|_| server.run(&ask)).find(|done| {
        assert!(
            done.code == 0 || done.stderr.contains("it is being read"),
            "{}",
            done.stderr
        );
        done.code == 0
    });
    let found = found.expect("the catalogue is read");
    assert!(
        found.stdout.starts_with("tinyxml2::XMLDocument::LoadFile "),
        "{}",
        found.stdout
    );
}

#[test]
fn what_is_added_again_keeps_its_address_unless_it_is_taken_away() {
    let config = scratch("modules-again").join("longwire.toml");
    let config_text = config.to_str().unwrap();
    let add = |more: &[&str]| {
        let add = ["modules", "add", "mine", TAGS, "--config", config_text];
        prints(&[&add[..], more].concat())
    };
    let base_url = || {
        let text = fs::read_to_string(&config).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("base_url = "));
        line.map(str::to_owned)
    };
    add(&["--base-url", "https://a.example/"]);
    assert_eq!(base_url().as_deref(), Some("\"https://a.example/\""));
    add(&[]);
    assert_eq!(base_url().as_deref(), Some("\"https://a.example/\""));
    add(&["--base-url", "https://b.example/"]);
    assert_eq!(base_url().as_deref(), Some("\"https://b.example/\""));
    add(&["--base-url", ""]);
    assert_eq!(base_url(), None);
}

/// Neither is undone by another, and nothing is written through what others put there.
#[test]
fn many_may_add_at_once() {
    let dir = scratch("modules-at-once");
    let (config, one, others) = (
        dir.join("longwire.toml"),
        dir.join("one.jsonl"),
        dir.join("others"),
    );
    fs::write(&one, ONE).unwrap();
    fs::write(&others, "theirs").unwrap();
    symlink(&others, dir.join("longwire.toml.new")).unwrap();
    fs::write(&config, "# mine\n").unwrap();
    fs::set_permissions(&config, Permissions::from_mode(0o640)).unwrap();
    let add = |number: usize| {
        let name = format!("module{number}");
        let args = [
            "modules",
            "add",
            &name,
            one.to_str().unwrap(),
            "--config",
            config.to_str().unwrap(),
        ];
        longwire(&args)
    };
    std::thread::scope(|scope| {
        let adding: Vec<_> = (0..12)
            .map(|number| scope.spawn(move || add(number)))
            .collect();
        for added in adding {
            let done = added.join().unwrap();
            assert_eq!(done.code, 0, "{}", done.stderr);
        }
    });
    let written = fs::read_to_string(&config).unwrap();
    assert!(written.starts_with("# mine\n"), "{written}");
    assert_eq!(written.matches("[modules.module").count(), 12, "{written}");
    assert_eq!(
        fs::metadata(&config).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(fs::read_to_string(&others).unwrap(), "theirs");
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 4);
}
