//! What cargo itself can check.

use anyhow::Result;

use crate::cmd::cargo;
use crate::need::on_path;
use crate::project::Project;

pub(crate) fn fmt(project: &Project) -> Result<()> {
    cargo(60, project).args(["fmt", "--all", "--check"]).run()
}

pub(crate) fn clippy(project: &Project) -> Result<()> {
    let words = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    cargo(1200, project).args(words).run()
}

/// nextest runs each test in a process of its own and ends one that hangs; it does not run the examples in the docs.
pub(crate) fn unit(project: &Project) -> Result<()> {
    let words: &[&str] = if on_path("cargo-nextest").is_some() {
        &["nextest", "run"]
    } else {
        &["test", "--all-targets"]
    };
    cargo(1500, project).args(words).arg("--workspace").run()?;
    cargo(600, project)
        .args(["test", "--doc", "--workspace"])
        .run()
}

/// Those of `unit` that need programs which not every machine has.
pub(crate) fn examples(project: &Project) -> Result<()> {
    ignored(project, "examples::")
}

/// Fails, and says so, where no cgroup can be had.
pub(crate) fn cgroup(project: &Project) -> Result<()> {
    ignored(project, "cgroup")
}

/// The tests of the binary with that in their name that are left out otherwise.
fn ignored(project: &Project, name: &str) -> Result<()> {
    let words = ["test", "--package", "longwire", "--test", "cli", "--"];
    cargo(600, project)
        .args(words)
        .args(["--ignored", name])
        .run()
}

pub(crate) fn doc(project: &Project) -> Result<()> {
    cargo(900, project)
        .args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

pub(crate) fn deny(project: &Project) -> Result<()> {
    run_deny(project, &["bans", "licenses", "sources"])
}

pub(crate) fn advisories(project: &Project) -> Result<()> {
    run_deny(project, &["advisories"])
}

fn run_deny(project: &Project, checks: &[&str]) -> Result<()> {
    cargo(300, project)
        .args(["deny", "check", "--hide-inclusion-graph"])
        .args(checks)
        .run()
}
