//! Catalogues in files: read in the background, one after the other, and read again when they change.

mod patience;
mod reading;

use std::{collections::BTreeMap, time::Duration};

use longwire_modules::{Catalogue, Lazy};
use longwire_protocol::ModuleState;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use self::{
    patience::Patience,
    reading::{Reading, Stamp, Unread},
};
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
    /// How the file looked when it was last read. None where it is to be read whatever it looks like.
    read: Option<Stamp>,
    /// How it looked when it was last looked at.
    seen: Option<Stamp>,
    /// What the catalogue takes that is searched now.
    bytes: Option<usize>,
    /// What was last said to be wrong with the file.
    trouble: Option<String>,
    /// Bytes of memory that were left for it, and were not enough.
    room: Option<usize>,
    /// With a file that the system did not give.
    patience: Patience,
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

    /// Reads a file where it is another than the one that was read, and nobody writes to it; or where what kept it from being read may
    /// be over.
    async fn look_at(&mut self, name: &str, stop: &CancellationToken) {
        let room = self.room_for(name);
        let Some(kept) = self.kept.get_mut(name) else {
            return;
        };
        let now = match tokio::fs::metadata(&kept.config.file).await {
            Ok(file) => Stamp::from(&file),
            Err(error) => {
                // One that comes back is read, whatever it looks like.
                kept.read = None;
                let why = format!("{}: {error}", kept.config.file.display());
                return self.trouble(name, why);
            }
        };
        let settled = kept.read.is_none() || kept.seen == Some(now);
        kept.seen = Some(now);
        let more_room = kept.room.is_some_and(|had| room > had);
        let again = kept.patience.ends() || more_room;
        if settled && (kept.read != Some(now) || again) {
            self.read(name, now, room, stop).await;
        }
    }

    /// Bytes of memory that all others leave.
    fn room_for(&self, name: &str) -> usize {
        let others = self.kept.iter().filter(|(other, _)| *other != name);
        let others: usize = others.filter_map(|(_, kept)| kept.bytes).sum();
        self.bounds.bytes.saturating_sub(others)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "one file is read at a time, and a bounded piece of it"
    )]
    async fn read(&mut self, name: &str, stamp: Stamp, room: usize, stop: &CancellationToken) {
        let Some(kept) = self.kept.get_mut(name) else {
            return;
        };
        let reading = Reading {
            config: kept.config.clone(),
            stamp,
            file_bytes: self.bounds.file_bytes,
            room,
            stop: stop.clone(),
        };
        let read = tokio::task::spawn_blocking(move || reading.read()).await;
        let read = read.unwrap_or_else(|error| Err(Unread::Broken(error.to_string())));
        if matches!(read, Err(Unread::Changed)) {
            // It is looked at again, once it has come to rest.
            return;
        }
        kept.read = Some(stamp);
        kept.room = matches!(read, Err(Unread::NoRoom(_))).then_some(room);
        match read {
            Err(Unread::Withheld(_)) => kept.patience.fail(),
            _ => kept.patience = Patience::new(),
        }
        match read {
            Ok(catalogue) => self.put(name, catalogue),
            Err(Unread::Changed) => {}
            Err(Unread::Withheld(why) | Unread::NoRoom(why) | Unread::Broken(why)) => {
                self.trouble(name, why);
            }
        }
    }

    fn put(&mut self, name: &str, catalogue: Catalogue) {
        if let Some(kept) = self.kept.get_mut(name) {
            (kept.bytes, kept.trouble) = (Some(catalogue.bytes()), None);
        }
        tracing::info!(
            name,
            symbols = catalogue.len(),
            bytes = catalogue.bytes(),
            "a catalogue was read"
        );
        self.modules.shelf.put(Lazy::named(name, catalogue));
        self.modules.untroubled(name);
    }

    /// Says what is wrong with a file, once as long as it is the same. What was read of it before is searched on.
    fn trouble(&mut self, name: &str, why: String) {
        let Some(kept) = self.kept.get_mut(name) else {
            return;
        };
        if kept.trouble.as_ref() == Some(&why) {
            return;
        }
        kept.trouble = Some(why.clone());
        let state = if kept.bytes.is_some() {
            tracing::warn!(
                name,
                why,
                "a catalogue's file cannot be read; what was read before is searched on"
            );
            ModuleState::Ready
        } else {
            tracing::warn!(name, why, "a catalogue cannot be read, and is passed over");
            self.modules.shelf.put(Lazy::missing(name, &*why));
            ModuleState::Broken
        };
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
            trouble: None,
            room: None,
            patience: Patience::new(),
        }
    }
}
