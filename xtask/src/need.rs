//! What a step needs on the machine, and how it gets there. What is there already is used as it is.

mod cargo_tool;
mod debian;
mod npm;
mod pip;
mod python2;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::project::Project;

pub(crate) use pip::python as venv_python;
pub(crate) use python2::{find as find_python2, packages as python2_packages};

/// One thing that has to be there before a step can run.
#[derive(Clone, Copy)]
pub(crate) enum Need {
    /// A Debian package. `sign` tells that it is there: a program on the PATH, or a file.
    Debian {
        package: &'static str,
        sign: &'static str,
    },
    /// A cargo subcommand from crates.io.
    Cargo {
        name: &'static str,
        version: &'static str,
    },
    /// A folder with a `requirements.txt` for Python 3.
    Pip(&'static str),
    /// A folder with a `package.json` and its lock file.
    Npm(&'static str),
    /// Python 2.7 and a folder with a `requirements.txt` for it.
    Python2(&'static str),
}

impl Need {
    pub(crate) fn install(&self, project: &Project) -> Result<()> {
        match *self {
            Self::Debian { package, sign } => debian::install(package, sign),
            Self::Cargo { name, version } => cargo_tool::install(project, name, version),
            Self::Pip(folder) => pip::install(project, folder),
            Self::Npm(folder) => npm::install(project, folder),
            Self::Python2(folder) => python2::install(project, folder),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debian { package, .. } => f.write_str(package),
            Self::Cargo { name, version } => write!(f, "{name} {version}"),
            Self::Pip(folder) => write!(f, "pip: {folder}"),
            Self::Npm(folder) => write!(f, "npm: {folder}"),
            Self::Python2(folder) => write!(f, "Python 2.7: {folder}"),
        }
    }
}

/// The first file of this name on the PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// Where a folder's packages go.
fn home(project: &Project, kind: &str, folder: &str) -> PathBuf {
    project.tools(kind).join(folder.replace('/', "-"))
}

/// Whether `home` was filled from exactly this list of packages. The copy is written last, so that an interrupted
/// installation does not count.
fn is_filled(home: &Path, list: &Path) -> bool {
    let kept = std::fs::read(home.join("installed-from"));
    kept.is_ok_and(|kept| std::fs::read(list).is_ok_and(|wanted| kept == wanted))
}

fn mark_filled(home: &Path, list: &Path) -> Result<()> {
    std::fs::copy(list, home.join("installed-from"))?;
    Ok(())
}

fn start_afresh(home: &Path) -> Result<()> {
    if home.exists() {
        std::fs::remove_dir_all(home)?;
    }
    Ok(std::fs::create_dir_all(home)?)
}
