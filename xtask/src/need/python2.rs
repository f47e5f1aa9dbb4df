//! Python 2.7, for the one suite that never left it. Debian 12 has none: it comes from pyenv, from the PATH, or from
//! the release before, unpacked beside our other tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{home, is_filled, mark_filled, on_path, start_afresh};
use crate::cmd::Cmd;
use crate::project::Project;

/// The last pip that runs on Python 2.7. Its wheel is a program, so no pip needs to be there for this Python.
const PIP: &str = "pip==20.3.4";
/// What packages without a wheel are built with, pip itself included: from its wheel it can build nothing.
const BUILDERS: &[&str] = &[PIP, "setuptools==44.1.1", "wheel==0.37.1"];

/// The first interpreter that is there and works.
pub(crate) fn find(project: &Project) -> Option<PathBuf> {
    candidates(project).into_iter().find(|python| works(python))
}

/// Where the packages of this folder are for this interpreter. Two builds of Python 2.7 can differ in what their
/// characters are, and then cannot share compiled packages.
pub(crate) fn packages(project: &Project, python: &Path, folder: &str) -> PathBuf {
    own_home(project, python, folder).join("lib")
}

fn own_home(project: &Project, python: &Path, folder: &str) -> PathBuf {
    let interpreter = python.display().to_string().replace('/', "-");
    home(project, "python2", folder).join(interpreter)
}

pub(super) fn install(project: &Project, folder: &str) -> Result<()> {
    let python = find(project).map_or_else(|| unpack(project), Ok)?;
    let list = project.path(folder).join("requirements.txt");
    let home = own_home(project, &python, folder);
    if is_filled(&home, &list) {
        return Ok(());
    }
    println!("  installing the packages of {folder}/requirements.txt");
    start_afresh(&home)?;
    let builders = home.join("builders");
    let wheel = Pip {
        python: &python,
        program: fetch_pip(&home)?.join("pip"),
        path: &builders,
    };
    wheel.install(&builders, BUILDERS)?;
    let pip = Pip {
        program: builders.join("pip"),
        ..wheel
    };
    let list_arg = format!("--requirement={}", list.display());
    pip.install(
        &packages(project, &python, folder),
        &["--no-deps", &list_arg],
    )
    .with_context(|| format!("installing {}", list.display()))?;
    mark_filled(&home, &list)
}

fn candidates(project: &Project) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = pyenv_versions();
    found.extend(on_path("python2.7"));
    found.push(unpacked(project));
    found
}

fn pyenv_versions() -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv"));
    let Some(versions) = root
        .or(home)
        .and_then(|root| root.join("versions").read_dir().ok())
    else {
        return Vec::new();
    };
    versions
        .flatten()
        .map(|version| version.path().join("bin/python2.7"))
        .filter(|python| python.is_file())
        .collect()
}

fn works(python: &Path) -> bool {
    let question = "import sys, ssl, ctypes; sys.exit(sys.version_info[:2] != (2, 7))";
    Cmd::new(30, python).args(["-c", question]).quiet().is_ok()
}

fn unpacked(project: &Project) -> PathBuf {
    project.tools("python2.7").join("python2.7")
}

fn unpack(project: &Project) -> Result<PathBuf> {
    println!("  fetching Python 2.7 from the Debian release before this one");
    Cmd::new(600, project.path("conformance/autobahn/python2.sh"))
        .arg(project.tools("python2.7"))
        .quiet()
        .context("Python 2.7 is missing: install it with `pyenv install 2.7.18`, or put a python2.7 on the PATH")?;
    find(project).context("Python 2.7 was unpacked, and does not run")
}

/// A pip, and what it can import.
struct Pip<'a> {
    python: &'a Path,
    program: PathBuf,
    path: &'a Path,
}

impl Pip<'_> {
    fn install(&self, to: &Path, what: &[&str]) -> Result<()> {
        let quiet = ["--quiet", "--no-python-version-warning"];
        Cmd::new(600, self.python)
            .arg(&self.program)
            .arg("install")
            .args(quiet)
            .arg("--target")
            .arg(to)
            .args(what)
            .env("PYTHONPATH", self.path)
            .quiet()
            .map(drop)
    }
}

fn fetch_pip(home: &Path) -> Result<PathBuf> {
    let dir = home.join("pip");
    Cmd::new(120, "/usr/bin/python3")
        .args(["-m", "venv"])
        .arg(home.join("venv"))
        .quiet()?;
    Cmd::new(120, home.join("venv/bin/python"))
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            PIP,
            "--dest",
        ])
        .arg(&dir)
        .quiet()?;
    let wheel = dir
        .read_dir()?
        .next()
        .context("pip downloaded no wheel")??;
    Ok(wheel.path())
}
