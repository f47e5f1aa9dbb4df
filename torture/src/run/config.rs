//! The configuration of the server under torture.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The routes of the load. Both are served by their clock alone.
pub(super) const TIMERS: [&str; 2] = ["request", NARROW];
/// The route with a queue.
pub(super) const NARROW: &str = "narrow";
/// How many of its jobs run at once.
const WIDTH: u32 = 2;

/// How many jobs of a route may run at once: known where the configuration is ours.
pub(super) fn bounds(ours: bool) -> BTreeMap<String, u32> {
    let bound = ours.then(|| (NARROW.to_owned(), WIDTH));
    bound.into_iter().collect()
}

/// Writes it into a folder. Whatever ended is kept for longer than any run takes.
pub(super) fn write(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("longwire.toml");
    let text = format!(
        "shutdown_grace_seconds = 2\n\
         \n\
         [limits]\n\
         ended_jobs_kept = 100000000\n\
         ended_seconds_kept = 31536000\n\
         ended_bytes_kept = 1099511627776\n\
         \n\
         [routes.request]\n\
         consumer = \"timer\"\n\
         \n\
         [routes.{NARROW}]\n\
         consumer = \"timer\"\n\
         concurrency = {WIDTH}\n"
    );
    fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}
