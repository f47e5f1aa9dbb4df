//! The workloads. Each runs alone in a process of its own, and prints its figures as lines of `name value`.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process::{Disk, anonymous_mib, cpu_seconds, disk_bytes, peak_mib};
use crate::rows::{Batch, EVENT, Event, Key, Traffic, key, value};
use crate::stores::{self, Storage};

/// How many ended jobs are kept.
const KEEP_JOBS: usize = 50_000;
/// Rows of a transaction under retention.
const RETENTION_GROUP: usize = 256;
/// Rows that are inserted under retention, in all.
const RETENTION_ROWS: usize = 1_000_000;
/// After this long a workload ends, however far it got.
const PATIENCE: Duration = Duration::from_secs(60);
/// A job with large output: the size of one event, how many of them a transaction has, how many there are, how many stay.
const OUTPUT: usize = 16 << 10;
const OUTPUT_GROUP: usize = 64;
const OUTPUT_ROWS: usize = (512 << 20) / OUTPUT;
const OUTPUT_KEEP: usize = (64 << 20) / OUTPUT;

/// A process that nobody kills ends after so many more transactions.
const MOST_AFTER: u64 = 100_000;

fn report(name: &str, figure: f64) {
    println!("{name} {figure:.4}");
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Commits, each timed, and what they cost the process.
struct Meter {
    began: Instant,
    cpu: f64,
    dir: PathBuf,
    disk: Disk,
    commits: Vec<Duration>,
}

impl Meter {
    fn start(dir: &Path) -> Result<Meter> {
        let (cpu, disk) = (cpu_seconds()?, Disk::below(dir)?);
        Ok(Meter {
            began: Instant::now(),
            cpu,
            dir: dir.to_owned(),
            disk,
            commits: Vec::new(),
        })
    }

    fn commit(&mut self, store: &mut dyn Storage, batch: &Batch) -> Result<()> {
        let began = Instant::now();
        store.commit(batch)?;
        self.commits.push(began.elapsed());
        Ok(())
    }

    fn report(mut self, rows: usize, bytes: usize) -> Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        self.commits.sort_unstable();
        let rank = |part: usize| self.commits.get(self.commits.len() * part / 100).copied();
        report("rows/s", rows as f64 / seconds);
        report("MB/s", bytes as f64 / seconds / 1e6);
        report("commits/s", self.commits.len() as f64 / seconds);
        report("p50 ms", millis(rank(50).context("no commits")?));
        report("p99 ms", millis(rank(99).context("no commits")?));
        report(
            "CPU s/1,000 rows",
            (cpu_seconds()? - self.cpu) / rows as f64 * 1e3,
        );
        let disk = Disk::below(&self.dir)?;
        report(
            "written/payload",
            (disk.written - self.disk.written) / bytes as f64,
        );
        report(
            "flushes/commit",
            (disk.flushes - self.disk.flushes) / self.commits.len() as f64,
        );
        Ok(())
    }
}

/// Group commits of `group` rows for `seconds`.
pub(crate) fn commits(store: &str, dir: &Path, group: usize, seconds: u64) -> Result<()> {
    let mut store = stores::open(store, dir)?;
    let (mut traffic, mut batch) = (Traffic::default(), Batch::default());
    let mut meter = Meter::start(dir)?;
    while meter.began.elapsed() < Duration::from_secs(seconds) {
        batch.clear();
        batch
            .puts
            .extend(traffic.by_ref().take(group).map(|event| event.row()));
        meter.commit(store.as_mut(), &batch)?;
    }
    let rows = meter.commits.len() * group;
    meter.report(rows, rows * (size_of::<Key>() + EVENT))?;
    report("peak MiB", peak_mib()?);
    report("anonymous MiB", anonymous_mib()?);
    store.close()
}

/// Jobs come, end and are forgotten: what is kept stays the same. Does the file?
pub(crate) fn retention(store: &str, dir: &Path) -> Result<()> {
    let mut store = stores::open(store, dir)?;
    let (mut traffic, mut batch) = (Traffic::default(), Batch::default());
    let (mut ended, mut live, mut rows) = (VecDeque::new(), 0, 0);
    let mut meter = Meter::start(dir)?;
    while rows < RETENTION_ROWS && meter.began.elapsed() < PATIENCE {
        batch.clear();
        for event in traffic.by_ref().take(RETENTION_GROUP) {
            batch.puts.push(event.row());
            if let Event::Ended(job) = event {
                ended.push_back(job);
            }
        }
        let forget = ended.len().saturating_sub(KEEP_JOBS);
        batch.deletes.extend(
            ended
                .drain(..forget)
                .flat_map(|job| [key(job, 1), key(job, 2)]),
        );
        meter.commit(store.as_mut(), &batch)?;
        live = live + batch.puts.len() - batch.deletes.len();
        report_size(dir, rows, batch.puts.len())?;
        rows += batch.puts.len();
    }
    let live_bytes = live * (size_of::<Key>() + EVENT);
    report("inserted", rows as f64);
    report("live MB", live_bytes as f64 / 1e6);
    report("size/live", disk_bytes(dir)? as f64 / live_bytes as f64);
    meter.report(rows, rows * (size_of::<Key>() + EVENT))?;
    report("peak MiB", peak_mib()?);
    store.close()?;
    report("MB closed", disk_bytes(dir)? as f64 / 1e6);
    Ok(())
}

/// Reports the size of the files when the rows cross a quarter of all.
fn report_size(dir: &Path, before: usize, more: usize) -> Result<()> {
    let quarter = RETENTION_ROWS / 4;
    let crossed = (before + more) / quarter;
    if crossed > before / quarter {
        report(
            &format!("MB at {} %", crossed * 25),
            disk_bytes(dir)? as f64 / 1e6,
        );
    }
    Ok(())
}

/// One job with large events; all but the last are deleted as it goes.
pub(crate) fn output(store: &str, dir: &Path) -> Result<()> {
    let mut store = stores::open(store, dir)?;
    let mut batch = Batch::default();
    let (mut rows, mut oldest, mut most) = (0, 0, 0);
    let mut meter = Meter::start(dir)?;
    while rows < OUTPUT_ROWS && meter.began.elapsed() < PATIENCE {
        batch.clear();
        let events = (rows..rows + OUTPUT_GROUP).map(|seq| key(0, seq as u64));
        batch
            .puts
            .extend(events.map(|key| (key, value(&key, OUTPUT))));
        rows += OUTPUT_GROUP;
        let keep_from = rows.saturating_sub(OUTPUT_KEEP);
        batch
            .deletes
            .extend((oldest..keep_from).map(|seq| key(0, seq as u64)));
        oldest = keep_from;
        meter.commit(store.as_mut(), &batch)?;
        if meter.commits.len() % 16 == 0 {
            most = most.max(disk_bytes(dir)?);
        }
    }
    report("MB at most", most as f64 / 1e6);
    report("MB at the end", disk_bytes(dir)? as f64 / 1e6);
    meter.report(rows, rows * (size_of::<Key>() + OUTPUT))?;
    report("peak MiB", peak_mib()?);
    store.close()?;
    report("MB closed", disk_bytes(dir)? as f64 / 1e6);
    Ok(())
}

/// Writes two events each of some running jobs. Then closes, or says so and goes on writing until it is killed.
pub(crate) fn fill(store: &str, dir: &Path, jobs: u64, close: bool) -> Result<()> {
    let mut store = stores::open(store, dir)?;
    let mut batch = Batch::default();
    let keys = (0..jobs).flat_map(|job| [key(job, 1), key(job, 2)]);
    let mut rows = keys.map(|key| (key, value(&key, EVENT)));
    loop {
        batch.clear();
        batch.puts.extend(rows.by_ref().take(500));
        if batch.puts.is_empty() {
            break;
        }
        store.commit(&batch)?;
    }
    if close {
        return store.close();
    }
    println!("filled 1");
    for job in jobs..jobs + MOST_AFTER {
        batch.clear();
        batch.puts.extend(
            (1..=64)
                .map(|seq| key(job, seq))
                .map(|key| (key, value(&key, EVENT))),
        );
        store.commit(&batch)?;
    }
    Ok(())
}

/// Opens what `fill` has left, and reads all of it.
pub(crate) fn open(store: &str, dir: &Path, jobs: u64) -> Result<()> {
    let began = Instant::now();
    let store = stores::open(store, dir)?;
    report("open ms", millis(began.elapsed()));
    let began = Instant::now();
    let (mut rows, mut last, mut sum) = (0_u64, [0; 24], 0_u64);
    let mut sorted = true;
    store.scan(&mut |key, value| {
        rows += 1;
        sorted &= last < key;
        last = key;
        sum += value.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    })?;
    report("read ms", millis(began.elapsed()));
    anyhow::ensure!(sorted && sum > 0, "not in order");
    anyhow::ensure!(rows >= jobs * 2, "only {rows} rows are left");
    report("rows", rows as f64);
    store.close()
}
