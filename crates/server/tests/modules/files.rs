//! Catalogues come from files, change with them, and are no worse for one that is broken.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use longwire_client::{ModuleState, ModuleView};
use rustix::thread::{Uid, set_thread_uid};
use serde_json::json;
use tokio::runtime::Builder;

use crate::{configured, lines, scratch, with_server, with_server_on};

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

/// So many names, each at least so long.
fn many(count: usize, length: usize) -> String {
    let names: Vec<String> = (0..count)
        .map(|number| format!("name_{number:0>length$}"))
        .collect();
    lines(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn catalogues_take_no_more_memory_than_they_may() {
    let dir = scratch("modules-memory");
    let [small, large, long] =
        ["small.jsonl", "zlarge.jsonl", "zlong.jsonl"].map(|it| dir.join(it));
    fs::write(&small, lines(&["alpha"])).unwrap();
    fs::write(&large, many(2000, 1)).unwrap();
    // Of this one the texts alone are too much.
    fs::write(&long, many(1000, 200)).unwrap();
    let config = format!(
        "[limits]\nmodules_bytes = 65536\n{}{}{}",
        module("small", &small),
        module("zlarge", &large),
        module("zlong", &long)
    );
    with_server(&config, async |world| {
        for (name, says) in [
            ("zlarge", "bytes of memory"),
            ("zlong", "the texts of its symbols"),
        ] {
            world.until(name, is_broken).await;
            let why = world.module(name).await.unwrap().trouble.unwrap();
            assert!(why.contains(says), "{why}");
            assert!(why.contains(" are left of `limits.modules_bytes`"), "{why}");
        }
        world.until("small", is_ready).await;
    });
}

#[test]
fn a_catalogue_for_which_there_was_no_room_is_read_once_there_is() {
    let dir = scratch("modules-room");
    let (first, second) = (dir.join("first.jsonl"), dir.join("second.jsonl"));
    fs::write(&first, many(400, 1)).unwrap();
    fs::write(&second, many(400, 1)).unwrap();
    let limit = "[limits]\nmodules_bytes = 65536\n";
    let second = module("second", &second);
    let both = format!("{limit}{}{second}", module("first", &first));
    with_server(&both, async |world| {
        world.until("first", is_ready).await;
        world.until("second", is_broken).await;
        // What is written in its place takes less.
        put(&first, &lines(&["alpha"]));
        world.until("second", is_ready).await;
        assert_eq!(world.all_of("first").await.unwrap(), ["own::alpha"]);
    });
    fs::write(&first, many(400, 1)).unwrap();
    with_server(&both, async |world| {
        world.until("second", is_broken).await;
        let without = configured(&format!("{limit}{second}"));
        world.reloader.reload(without).await.unwrap().unwrap();
        world.until("second", is_ready).await;
    });
}

/// A runtime that has, as long as this is so, its work with files done by threads that may read nothing but what is open to all.
/// Whoever is not root may not in any case.
fn reads_as_nobody(so: &Arc<AtomicBool>) -> Builder {
    const NOBODY: u32 = 65_534;
    let mut runtime = Builder::new_current_thread();
    let so = Arc::clone(so);
    let start = move || {
        if so.load(Ordering::SeqCst) {
            let _ = set_thread_uid(Uid::from_raw(NOBODY));
        }
    };
    // So that each look has a thread of its own.
    runtime
        .on_thread_start(start)
        .thread_keep_alive(Duration::ZERO);
    runtime
}

#[test]
fn a_file_that_may_not_be_read_is_read_once_it_may() {
    let file = scratch("modules-withheld").join("own.jsonl");
    fs::write(&file, lines(&["alpha"])).unwrap();
    let mode = |mode| fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    let is_withheld = |view: Option<&ModuleView>| {
        let why = view.and_then(|view| view.trouble.as_ref());
        why.is_some_and(|why| why.contains("Permission denied"))
    };
    mode(0o000);
    let nobody = Arc::new(AtomicBool::new(true));
    let mut runtime = reads_as_nobody(&nobody);
    with_server_on(&mut runtime, &module("mine", &file), async |world| {
        world.until("mine", is_withheld).await;
        assert_eq!(
            world.module("mine").await.unwrap().state,
            ModuleState::Broken
        );
        mode(0o644);
        world.until("mine", is_ready).await;
        mode(0o000);
        world.until("mine", is_withheld).await;
        assert_eq!(
            world.module("mine").await.unwrap().state,
            ModuleState::Ready
        );
        // The file stays as it is; it is who reads it that may.
        nobody.store(false, Ordering::SeqCst);
        if fs::read(&file).is_err() {
            mode(0o644);
        }
        world.until("mine", is_ready).await;
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
