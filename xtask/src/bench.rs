//! The bench: everything that it needs, built and installed, and then the bench itself.

use anyhow::{Context, Result, bail};

use crate::cmd::{Cmd, cargo};
use crate::need::Need;
use crate::project::Project;
use crate::server::target_dir;
use crate::steps::{COMPILER, NPM, PYTHON};

/// A whole run takes half an hour to an hour; this is where something hangs.
const SECONDS: u32 = 3 * 3600;

/// Runs it with these words of the command line.
pub(crate) fn run(project: &Project, words: &[&str]) -> Result<()> {
    cargo(2400, project)
        .args(["build", "--release", "--package", "longwire"])
        .args(["--package", "longwire-bench"])
        .run()?;
    let said = bench(project, words).arg("--needs").quiet()?;
    // With `--help` among the words it says something else.
    for word in said.lines().filter_map(|line| line.strip_prefix("needs ")) {
        let need = need(word)?;
        need.install(project)
            .with_context(|| format!("a contender needs {need}"))?;
    }
    bench(project, words).run()
}

fn bench(project: &Project, words: &[&str]) -> Cmd {
    Cmd::new(SECONDS, target_dir(project).join("release/longwire-bench"))
        .arg("run")
        .args(words)
        .dir(project.root())
}

/// What the bench calls so: who needs what is in its table of contenders.
fn need(word: &str) -> Result<Need> {
    Ok(match word {
        "npm" => NPM,
        "python" => PYTHON,
        "compiler" => COMPILER,
        _ => bail!("the bench needs {word:?}, and nobody here knows how to install that"),
    })
}

#[cfg(test)]
mod tests {
    use super::need;

    /// Each word of `Tool`, as `bench/src/contenders` writes it.
    #[test]
    fn all_that_contenders_need_can_be_installed() {
        let table = include_str!("../../bench/src/contenders/mod.rs");
        let (_, after) = table
            .split_once("impl fmt::Display for Tool")
            .expect("the words of tools");
        let (words, _) = after.split_once("\n}\n").expect("an end of them");
        let words: Vec<&str> = words.split('"').skip(1).step_by(2).collect();
        assert_eq!(words.len(), 3, "{words:?}");
        for word in words {
            assert!(need(word).is_ok(), "{word}");
        }
        assert!(need("a forklift").is_err());
    }
}
