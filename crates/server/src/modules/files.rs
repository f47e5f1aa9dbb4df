//! Catalogues in files: read in the background, one after the other, and read again when they change.

use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    time::Duration,
};

use longwire_modules::{Catalogue, Lazy, Limits, readers};
use longwire_protocol::ModuleState;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Modules, Trouble};
use crate::{
    config::{self, ModuleConfig},
    stopping::Stopping,
};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(2);
const READING: &str = "it is being read; ask again in a moment";

/// What a server is configured to have, by name.
pub(crate) type Configured = BTreeMap<String, ModuleConfig>;

/// Keeps the catalogues of files up to date. The only one that changes what there is to be searched.
pub(crate) struct Files {
    modules: Modules,
    configured: watch::Receiver<Configured>,
    bounds: Bounds,
    kept: BTreeMap<String, Kept>,
}

/// How much catalogues may take.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Of one file, unpacked.
    file_bytes: u64,
    /// Of memory, all together.
    bytes: usize,
}

impl From<&config::Limits> for Bounds {
    fn from(limits: &config::Limits) -> Self {
        Self {
            file_bytes: limits.module_file_bytes,
            bytes: limits.modules_bytes,
        }
    }
}

/// One file, and what came of it.
struct Kept {
    config: ModuleConfig,
    /// How the file looked when it was last read. None before.
    read: Option<Stamp>,
    /// How it looked when it was last looked at.
    seen: Option<Stamp>,
    /// What the catalogue takes that is searched now.
    bytes: Option<usize>,
    /// Whether it was said that the file is gone.
    missed: bool,
}

/// How a file looks from outside. One that was changed looks otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl From<&Metadata> for Stamp {
    fn from(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            changed: (file.mtime(), file.mtime_nsec()),
        }
    }
}

impl Files {
    pub(crate) fn new(
        modules: Modules,
        configured: watch::Receiver<Configured>,
        bounds: Bounds,
    ) -> Self {
        Self {
            modules,
            configured,
            bounds,
            kept: BTreeMap::new(),
        }
    }

    /// Keeps them until the server closes.
    pub(crate) async fn keep(mut self, stopping: Stopping) {
        let stop = CancellationToken::new();
        let _stops = stop.clone().drop_guard();
        tokio::select! {
            () = stopping.closing() => {}
            () = self.follow(&stop) => {}
        }
    }

    async fn follow(&mut self, stop: &CancellationToken) {
        loop {
            self.take_over();
            for name in self.kept.keys().cloned().collect::<Vec<_>>() {
                self.look_at(&name, stop).await;
            }
            // Nobody looks at nothing.
            let next = async {
                match self.kept.is_empty() {
                    true => std::future::pending().await,
                    false => sleep(PERIOD).await,
                }
            };
            tokio::select! {
                () = next => {}
                changed = self.configured.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Begins with what is configured anew, and forgets what no longer is.
    fn take_over(&mut self) {
        let configured = self.configured.borrow_and_update().clone();
        let modules = &self.modules;
        self.kept.retain(|name, _| {
            let stays = configured.contains_key(name);
            if !stays {
                modules.shelf.remove(name);
                modules.untroubled(name);
            }
            stays
        });
        for (name, config) in configured {
            modules.begin(&name, READING);
            let kept = self.kept.remove(&name);
            let kept = match kept {
                Some(kept) if kept.config == config => kept,
                // What was read for the old one is searched until the new one is there.
                Some(Kept { bytes, .. }) => Kept {
                    bytes,
                    ..Kept::new(config)
                },
                None => Kept::new(config),
            };
            self.kept.insert(name, kept);
        }
    }

    /// Reads a file where it is another than the one that was read, and nobody writes to it.
    async fn look_at(&mut self, name: &str, stop: &CancellationToken) {
        let Some(kept) = self.kept.get_mut(name) else {
            return;
        };
        let now = match tokio::fs::metadata(&kept.config.file).await {
            Ok(file) => Stamp::from(&file),
            Err(error) => return self.missed(name, &error),
        };
        kept.missed = false;
        let settled = kept.read.is_none() || kept.seen == Some(now);
        kept.seen = Some(now);
        if settled && kept.read != Some(now) {
            self.read(name, now, stop).await;
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "one file is read at a time, and a bounded piece of it"
    )]
    async fn read(&mut self, name: &str, stamp: Stamp, stop: &CancellationToken) {
        let others = self.kept.iter().filter(|(other, _)| *other != name);
        let others: usize = others.filter_map(|(_, kept)| kept.bytes).sum();
        let Some(kept) = self.kept.get_mut(name) else {
            return;
        };
        let left = self.bounds.bytes.saturating_sub(others);
        let reading = Reading {
            config: kept.config.clone(),
            stamp,
            limits: limits(self.bounds.file_bytes, left),
            left,
            stop: stop.clone(),
        };
        let read = tokio::task::spawn_blocking(move || reading.read()).await;
        match read.unwrap_or_else(|error| Err(Unread::Broken(error.to_string()))) {
            Ok(catalogue) => {
                (kept.read, kept.bytes) = (Some(stamp), Some(catalogue.bytes()));
                tracing::info!(
                    name,
                    symbols = catalogue.len(),
                    bytes = catalogue.bytes(),
                    "a catalogue was read"
                );
                self.modules.shelf.put(Lazy::named(name, catalogue));
                self.modules.untroubled(name);
            }
            // It is looked at again, once it has come to rest.
            Err(Unread::Changed) => {}
            Err(Unread::Broken(why)) => {
                kept.read = Some(stamp);
                self.trouble(name, &why);
            }
        }
    }

    fn missed(&mut self, name: &str, error: &io::Error) {
        let Some(kept) = self.kept.get_mut(name) else {
            return;
        };
        if !std::mem::replace(&mut kept.missed, true) {
            // One that comes back is read, whatever it looks like.
            kept.read = None;
            let why = format!("{}: {error}", kept.config.file.display());
            self.trouble(name, &why);
        }
    }

    /// Says what is wrong with a file. What was read of it before is searched on.
    fn trouble(&self, name: &str, why: &str) {
        let served = self.kept.get(name).is_some_and(|kept| kept.bytes.is_some());
        if served {
            tracing::warn!(
                name,
                why,
                "a catalogue's file cannot be read; what was read before is searched on"
            );
        } else {
            tracing::warn!(name, why, "a catalogue cannot be read, and is passed over");
            self.modules.shelf.put(Lazy::missing(name, why));
        }
        let state = match served {
            true => ModuleState::Ready,
            false => ModuleState::Broken,
        };
        let why = why.to_owned();
        self.modules.troubled(name, Trouble { state, why });
    }
}

impl Kept {
    const fn new(config: ModuleConfig) -> Self {
        Self {
            config,
            read: None,
            seen: None,
            bytes: None,
            missed: false,
        }
    }
}

/// One reading of a file, on a thread that serves nobody.
struct Reading {
    config: ModuleConfig,
    stamp: Stamp,
    limits: Limits,
    left: usize,
    stop: CancellationToken,
}

/// Why a file was not read.
enum Unread {
    /// It was written to meanwhile.
    Changed,
    Broken(String),
}

impl Reading {
    fn read(self) -> Result<Catalogue, Unread> {
        let path = self.config.file.display().to_string();
        let broken = |error: io::Error| Unread::Broken(format!("{path}: {error}"));
        // A pipe would keep whoever opens it.
        if !std::fs::metadata(&self.config.file)
            .map_err(broken)?
            .is_file()
        {
            return Err(Unread::Broken(format!("{path}: it is no file")));
        }
        let file = File::open(&self.config.file).map_err(broken)?;
        let input = Stoppable {
            file: &file,
            stop: &self.stop,
        };
        let base = self.config.base_url.as_deref();
        let read = readers::read_with_base(&path, input, base, &self.limits);
        let same = |file: io::Result<Metadata>| file.is_ok_and(|it| Stamp::from(&it) == self.stamp);
        if !same(file.metadata()) || !same(std::fs::metadata(&self.config.file)) {
            return Err(Unread::Changed);
        }
        let catalogue = read.map_err(|error| Unread::Broken(error.to_string()))?;
        match catalogue.bytes() {
            bytes if bytes <= self.left => Ok(catalogue),
            bytes => Err(Unread::Broken(format!(
                "{path}: it takes {bytes} bytes of memory; {} are left of `limits.modules_bytes`",
                self.left
            ))),
        }
    }
}

fn limits(file_bytes: u64, bytes: usize) -> Limits {
    let most = Limits::default();
    Limits {
        file_bytes,
        text_bytes: most.text_bytes.min(bytes),
        ..most
    }
}

/// A file that ends early where the server stops.
struct Stoppable<'a> {
    file: &'a File,
    stop: &'a CancellationToken,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("the server stops"));
        }
        self.file.read(into)
    }
}
