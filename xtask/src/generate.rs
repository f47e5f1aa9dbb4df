//! Files that are generated from the types and committed: the server itself writes them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::cmd::{Cmd, cargo};
use crate::project::Project;

/// Writes them over the committed ones.
pub(crate) fn write(project: &Project) -> Result<()> {
    into(project, project.root())
}

/// Fails, with the difference, where a committed file is not what would be generated now.
pub(crate) fn check(project: &Project) -> Result<()> {
    let fresh = project.scratch("generate")?;
    into(project, &fresh)?;
    let files = files_in(&fresh)?;
    ensure!(!files.is_empty(), "nothing was generated");
    let stale: Vec<String> = files
        .iter()
        .filter_map(|file| difference(project, &fresh, file).transpose())
        .collect::<Result<_>>()?;
    if stale.is_empty() {
        println!("  {} generated files are as committed", files.len());
        return Ok(());
    }
    bail!(
        "generated files differ, run `cargo xtask generate`:\n{}",
        stale.join("\n")
    )
}

fn into(project: &Project, dir: &Path) -> Result<()> {
    cargo(1200, project)
        .args(["run", "--quiet", "--package", "longwire", "--", "generate"])
        .arg(dir)
        .run()
}

/// What `diff` says of a committed file (left) and the generated one, where they differ.
fn difference(project: &Project, fresh: &Path, file: &Path) -> Result<Option<String>> {
    let (committed, generated) = (project.root().join(file), fresh.join(file));
    let same = std::fs::read(&committed).ok() == Some(std::fs::read(&generated)?);
    if same {
        return Ok(None);
    }
    // `diff` leaves with 1 where it finds something, so its words are in the error.
    let shown = Cmd::new(30, "diff")
        .args(["--unified", "--new-file"])
        .arg(committed)
        .arg(generated)
        .quiet();
    let said = shown
        .err()
        .with_context(|| format!("{} differs, and diff sees nothing", file.display()))?;
    Ok(Some(said.to_string()))
}

/// All files below a folder, as paths inside it.
fn files_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir()? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(dir)?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}
