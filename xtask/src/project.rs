//! Where things lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders of one checkout.
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout that this xtask was built in.
    pub(crate) fn here() -> Result<Self> {
        let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = crate_dir
            .parent()
            .context("xtask/ lies in the project's root")?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// What was installed for the tests, kept between runs. Nothing outside it is changed, but for Debian packages.
    pub(crate) fn tools(&self, inside: &str) -> PathBuf {
        self.root.join("target/tools").join(inside)
    }

    /// An empty folder for what one step writes: logs, reports, filled-in configuration.
    pub(crate) fn scratch(&self, step: &str) -> Result<PathBuf> {
        let dir = self.root.join("target/xtask").join(step);
        if dir.exists() {
            std::fs::remove_dir_all(&dir).with_context(|| format!("emptying {}", dir.display()))?;
        }
        std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        Ok(dir)
    }
}
