//! What a command may use.

use nix::{
    errno::Errno,
    sys::resource::{Resource, getrlimit, rlim_t, setrlimit},
};
use serde::{Deserialize, Serialize};

use crate::wire::{NotStarted, Step};

/// Files that a command may have open unless it raises that itself. A server has more, and what uses select(2) breaks above it.
const OPEN_FILES: u64 = 1024;

/// What each process of a command may use at most (`setrlimit(2)`); none is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory: of the address space, as that is what the system can bound.
    pub memory_bytes: Option<u64>,
    /// Seconds of processor time. Then it gets SIGXCPU, and a second later SIGKILL.
    pub cpu_seconds: Option<u64>,
    /// Files it may have open. Where this is none it is 1024, which it may raise by itself as far as it was allowed to.
    pub open_files: Option<u64>,
}

impl Limits {
    /// Sets them for this process and all that come of it.
    ///
    /// # Errors
    /// Which the system does not allow, such as a bound above the one there is.
    pub(crate) fn set(&self) -> Result<(), NotStarted> {
        if let Some(bytes) = self.memory_bytes {
            set("memory_bytes", Resource::RLIMIT_AS, bytes, bytes)?;
        }
        if let Some(seconds) = self.cpu_seconds {
            let hard = seconds.saturating_add(1);
            set("cpu_seconds", Resource::RLIMIT_CPU, seconds, hard)?;
        }
        let (soft, hard) = match self.open_files {
            Some(most) => (most, most),
            None => {
                let own = getrlimit(Resource::RLIMIT_NOFILE);
                let (soft, hard) = own.map_err(|errno| refused("open_files", errno))?;
                (soft.min(OPEN_FILES), hard)
            }
        };
        set("open_files", Resource::RLIMIT_NOFILE, soft, hard)
    }
}

fn set(name: &str, resource: Resource, soft: rlim_t, hard: rlim_t) -> Result<(), NotStarted> {
    setrlimit(resource, soft, hard).map_err(|errno| refused(name, errno))
}

fn refused(name: &str, errno: Errno) -> NotStarted {
    let not = NotStarted::at(Step::Limits, &errno.into());
    NotStarted {
        why: format!("its limit {name} cannot be set: {}", not.why),
        ..not
    }
}
