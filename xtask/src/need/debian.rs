//! Debian packages: the only thing that is installed for the whole machine.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::on_path;
use crate::cmd::Cmd;

pub(super) fn install(package: &str, sign: &str) -> Result<()> {
    if is_there(sign) {
        return Ok(());
    }
    println!("  installing the Debian package {package}");
    if apt(&["install", "-y", "--no-install-recommends", package]).is_err() {
        // A fresh machine has no list of packages, or one too old to find them by.
        apt(&["update"]).context("apt-get update")?;
        apt(&["install", "-y", "--no-install-recommends", package])
            .with_context(|| format!("{sign} is missing: install the Debian package {package}"))?;
    }
    if !is_there(sign) {
        bail!("{package} is installed, and {sign} is still missing");
    }
    Ok(())
}

fn is_there(sign: &str) -> bool {
    if sign.starts_with('/') {
        Path::new(sign).exists()
    } else {
        on_path(sign).is_some()
    }
}

fn apt(words: &[&str]) -> Result<()> {
    let mut cmd = Cmd::new(900, "apt-get")
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive");
    // Tells Debian's scripts to leave a service that comes with a package alone: we start our own, on loopback.
    cmd = cmd.env("RUNLEVEL", "1");
    cmd.quiet().map(drop)
}
