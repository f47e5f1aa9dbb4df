//! Catalogues come from files, change with them, and are no worse for one that is broken.

use std::{fs, path::Path};

use longwire_client::{ModuleState, ModuleView};
use serde_json::json;

use crate::{configured, lines, scratch, with_server};

fn module(name: &str, file: &Path) -> String {
    format!(
        "[modules.{name}]\nfile = {:?}\n",
        file.display().to_string()
    )
}

fn is_ready(view: Option<&ModuleView>) -> bool {
    view.is_some_and(|view| view.state == ModuleState::Ready && view.trouble.is_none())
}

fn is_broken(view: Option<&ModuleView>) -> bool {
    view.is_some_and(|view| view.state == ModuleState::Broken)
}

/// A file is put whole in the place of another, as it should be.
fn put(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(&beside, file).unwrap();
}

#[test]
fn a_file_is_searched_by_its_name_beside_the_standard_library() {
    let file = scratch("modules-beside").join("own.jsonl");
    fs::write(&file, lines(&["alpha", "beta"])).unwrap();
    with_server(&module("mine", &file), async |world| {
        world.until("mine", is_ready).await;
        let found = world.all_of("mine").await.unwrap();
        assert_eq!(found, ["own::alpha", "own::beta"]);
        let standard = world
            .ask(json!({"lib": "vector", "text": "push_back"}))
            .await;
        assert_eq!(standard.unwrap().message.as_ref(), "1 match in vector");
        let names: Vec<_> = world.client.modules().await.unwrap().modules;
        let names: Vec<&str> = names.iter().map(|view| &*view.name).collect();
        assert_eq!(names, ["cpp", "mine"]);
    });
}

#[test]
fn a_file_that_changes_is_swapped_in_whole_and_one_that_is_broken_changes_nothing() {
    let file = scratch("modules-changes").join("own.jsonl");
    fs::write(&file, lines(&["alpha"])).unwrap();
    with_server(&module("mine", &file), async |world| {
        world.until("mine", is_ready).await;
        let first = world.module("mine").await.unwrap();
        put(&file, &lines(&["beta", "gamma"]));
        world
            .until("mine", |view| {
                view.is_some_and(|view| view.digest != first.digest)
            })
            .await;
        assert_eq!(
            world.all_of("mine").await.unwrap(),
            ["own::beta", "own::gamma"]
        );
        let text = lines(&["delta"]);
        put(&file, &text[..text.len() - 5]);
        let troubled = |view: Option<&ModuleView>| {
            view.is_some_and(|view| {
                view.trouble
                    .as_ref()
                    .is_some_and(|why| why.contains("own.jsonl, line 2: "))
            })
        };
        world.until("mine", troubled).await;
        let view = world.module("mine").await.unwrap();
        assert_eq!((view.state, view.symbols), (ModuleState::Ready, 2));
        fs::remove_file(&file).unwrap();
        world
            .until("mine", |view| {
                view.unwrap()
                    .trouble
                    .as_ref()
                    .is_some_and(|why| why.contains("No such file"))
            })
            .await;
        assert_eq!(world.all_of("mine").await.unwrap().len(), 2);
        put(&file, &lines(&["delta"]));
        world.until("mine", is_ready).await;
        assert_eq!(world.all_of("mine").await.unwrap(), ["own::delta"]);
    });
}

/// Whatever is in a file: it is named, and the rest is served.
#[test]
fn files_that_are_none_are_passed_over() {
    let dir = scratch("modules-broken");
    let good = dir.join("good.jsonl");
    fs::write(&good, lines(&["alpha"])).unwrap();
    let bomb = "<!DOCTYPE tagfile [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]>\n<tagfile><compound kind=\"class\"><name>&c;</name></compound></tagfile>";
    let out = "<tagfile><compound kind=\"class\"><name>x</name><filename>../../etc/passwd</filename></compound></tagfile>";
    let many = lines(&["x"; 3000].map(|_| "same_name_again"));
    let rows = [
        ("empty", "", "is empty"),
        ("prose", "To whom it may concern", "no known format"),
        (
            "cut",
            "{\"catalogue\":\"x\",\"version\":1}\n{\"quali",
            "line 2",
        ),
        ("entities", bomb, "entit"),
        ("outside", out, "out of its folder"),
        ("large", &many, "2048"),
    ];
    let mut config = "[limits]\nmodule_file_bytes = 2048\n".to_owned();
    config += &module("good", &good);
    for (name, text, _) in rows {
        let file = dir.join(name);
        fs::write(&file, text).unwrap();
        config += &module(name, &file);
    }
    config += &module("nothing", &dir.join("nothing"));
    config += &module("folder", &dir);
    with_server(&config, async |world| {
        let last = [("nothing", "No such file"), ("folder", "it is no file")];
        let all = rows
            .iter()
            .map(|(name, _, says)| (*name, *says))
            .chain(last);
        for (name, says) in all {
            world.until(name, is_broken).await;
            let why = world.module(name).await.unwrap().trouble.unwrap();
            assert!(why.contains(says), "{name}: {why}");
            // The folder is the one that all of them are in.
            assert!(why.contains(name) || name == "folder", "{name}: {why}");
            assert_eq!(world.all_of(name).await, Err("unavailable".to_owned()));
        }
        world.until("good", is_ready).await;
        assert_eq!(world.all_of("good").await.unwrap(), ["own::alpha"]);
    });
}

#[test]
fn catalogues_take_no_more_memory_than_they_may() {
    let dir = scratch("modules-memory");
    let (small, large) = (dir.join("small.jsonl"), dir.join("zlarge.jsonl"));
    let names: Vec<String> = (0..2000).map(|number| format!("name_{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fs::write(&small, lines(&["alpha"])).unwrap();
    fs::write(&large, lines(&names)).unwrap();
    let config = format!(
        "[limits]\nmodules_bytes = 65536\n{}{}",
        module("small", &small),
        module("zlarge", &large)
    );
    with_server(&config, async |world| {
        world.until("zlarge", is_broken).await;
        let why = world.module("zlarge").await.unwrap().trouble.unwrap();
        assert!(why.contains("`limits.modules_bytes`"), "{why}");
        world.until("small", is_ready).await;
    });
}

#[test]
fn a_configuration_that_is_read_again_brings_and_takes_catalogues() {
    let dir = scratch("modules-reload");
    let (one, two) = (dir.join("one.jsonl"), dir.join("two.jsonl"));
    fs::write(&one, lines(&["alpha"])).unwrap();
    fs::write(&two, lines(&["beta"])).unwrap();
    with_server(&module("mine", &one), async |world| {
        world.until("mine", is_ready).await;
        let other = configured(&(module("mine", &two) + &module("more", &one)));
        let reloaded = world.reloader.reload(other).await.unwrap().unwrap();
        assert_eq!(reloaded.added, ["modules.more"]);
        assert_eq!(reloaded.changed, ["modules.mine"]);
        world.until("more", is_ready).await;
        assert_eq!(world.all_of("mine").await.unwrap(), ["own::beta"]);
        let reloaded = world.reloader.reload(configured("")).await;
        assert_eq!(
            reloaded.unwrap().unwrap().removed,
            ["modules.mine", "modules.more"]
        );
        world.until("more", |view| view.is_none()).await;
        let refused = world.all_of("mine").await;
        assert_eq!(refused, Err("unknown_catalogue".to_owned()));
    });
}
