//! The bench: everything that it needs, built and installed, and then the bench itself.

use anyhow::{Context, Result};

use crate::cmd::{Cmd, cargo};
use crate::need::Need;
use crate::project::Project;
use crate::server::target_dir;
use crate::steps::{COMPILER, NPM, PYTHON};

/// A whole run takes less than an hour; this is where something hangs.
const SECONDS: u32 = 3 * 3600;

/// What the scripts of some contenders need on the machine; the others need cargo alone.
const NEEDS: &[(&str, &[Need])] = &[
    ("node-ws", &[NPM]),
    ("socket-io", &[NPM]),
    ("uwebsockets", &[COMPILER]),
    ("websockets", &[PYTHON]),
    ("channels-uvicorn", &[PYTHON]),
    ("channels-daphne", &[PYTHON]),
    ("celery", &[PYTHON]),
];

/// Runs it with these words of the command line.
pub(crate) fn run(project: &Project, words: &[&str]) -> Result<()> {
    for (name, needs) in NEEDS {
        if is_wanted(name, words) {
            for need in *needs {
                need.install(project)
                    .with_context(|| format!("{name} needs {need}"))?;
            }
        }
    }
    cargo(2400, project)
        .args(["build", "--release", "--package", "longwire"])
        .args(["--package", "longwire-bench"])
        .run()?;
    Cmd::new(SECONDS, target_dir(project).join("release/longwire-bench"))
        .arg("run")
        .args(words)
        .dir(project.root())
        .run()
}

/// Whether `--only` has it, or there is none.
fn is_wanted(name: &str, words: &[&str]) -> bool {
    let mut only = words.iter().skip_while(|word| !word.starts_with("--only"));
    match only.next().map(|word| word.strip_prefix("--only=")) {
        None => true,
        Some(Some(names)) => names.split(',').any(|it| it == name),
        Some(None) => only
            .next()
            .is_some_and(|names| names.split(',').any(|it| it == name)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_wanted;

    #[test]
    fn only_those_that_are_asked_for_need_something() {
        let rows: [(&[&str], bool); 5] = [
            (&[], true),
            (&["--quick", "w1"], true),
            (&["w1", "--only", "longwire,node-ws"], true),
            (&["--only=node-ws"], true),
            (&["--only", "longwire"], false),
        ];
        for (words, wanted) in rows {
            assert_eq!(is_wanted("node-ws", words), wanted, "{words:?}");
        }
    }
}
