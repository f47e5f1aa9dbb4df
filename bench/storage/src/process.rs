//! What the system says of this process and of its files. Linux only.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};

const TICKS_A_SECOND: f64 = 100.0;

/// Seconds of CPU this process has used, in all its threads.
pub(crate) fn cpu_seconds() -> Result<f64> {
    let ticks = own_ticks()?;
    Ok((ticks[0] + ticks[1]) / TICKS_A_SECOND)
}

/// What a disk has done since it was started, for everybody.
pub(crate) struct Disk {
    /// Bytes written, those of the file system's own journal with them.
    pub(crate) written: f64,
    /// How often it was told to empty its cache.
    pub(crate) flushes: f64,
}

impl Disk {
    /// Reads the counters of the disk below a directory.
    pub(crate) fn below(dir: &Path) -> Result<Disk> {
        let dev = fs::metadata(dir)?.dev();
        let (major, minor) = (dev >> 8 & 0xfff, dev & 0xff | dev >> 12 & 0xfff00);
        let stat = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/stat"))?;
        let words: Vec<f64> = stat
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let field = |index: usize| words.get(index).copied().context("a short stat");
        Ok(Disk {
            written: field(6)? * 512.0,
            flushes: field(15)?,
        })
    }
}

/// Seconds of CPU that all programs have used outside the kernel, and those of the children of this one.
pub(crate) fn user_seconds() -> Result<(f64, f64)> {
    let all = fs::read_to_string("/proc/stat")?;
    let all: Vec<f64> = all
        .split_whitespace()
        // After the line's name, its programs and those that are nice.
        .skip(1)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok((
        all.iter().sum::<f64>() / TICKS_A_SECOND,
        own_ticks()?[2] / TICKS_A_SECOND,
    ))
}

/// Ticks of this process: outside the kernel, inside, and of its children outside.
fn own_ticks() -> Result<Vec<f64>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').context("no name in stat")?;
    // They are the 14th word to the 16th of all, and the name was the 2nd.
    let ticks = after_name.split_whitespace().skip(11).take(3);
    Ok(ticks.map(str::parse).collect::<Result<_, _>>()?)
}

/// The most memory this process has had, in MiB; pages of mapped files are in it.
pub(crate) fn peak_mib() -> Result<f64> {
    Ok(field("/proc/self/status", "VmHWM:")? / 1024.0)
}

/// Memory of this process that is not a mapped file, in MiB.
pub(crate) fn anonymous_mib() -> Result<f64> {
    Ok(field("/proc/self/status", "RssAnon:")? / 1024.0)
}

fn field(path: &str, name: &str) -> Result<f64> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.split_whitespace().next());
    Ok(word.context("no such field")?.parse()?)
}

/// Bytes that a directory's files take on the disk: blocks, not lengths, as some files have holes.
pub(crate) fn disk_bytes(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        sum += match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => disk_bytes(&path)?,
            Ok(meta) => meta.blocks() * 512,
            Err(_) => 0, // A compaction has just removed it.
        };
    }
    Ok(sum)
}
