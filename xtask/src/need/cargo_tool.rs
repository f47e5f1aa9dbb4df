//! Cargo subcommands. One that the machine has is used; ours are unoptimised, as building them is most of their cost.

use anyhow::{Context, Result};

use super::on_path;
use crate::cmd::Cmd;
use crate::project::Project;

pub(super) fn install(project: &Project, name: &str, version: &str) -> Result<()> {
    let home = project.tools("cargo");
    if on_path(name).is_some() || home.join("bin").join(name).is_file() {
        return Ok(());
    }
    println!("  installing {name} {version}, some minutes");
    Cmd::new(1500, "cargo")
        .args([
            "install",
            "--quiet",
            "--locked",
            "--debug",
            name,
            "--version",
            version,
            "--root",
        ])
        .arg(&home)
        .env("CARGO_TARGET_DIR", project.tools("cargo-build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .quiet()
        .map(drop)
        .with_context(|| format!("{name} is missing: cargo install --locked {name}"))
}
