//! What a command may use.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

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
    /// Where the system does not allow it, such as a bound above the one there is.
    pub(crate) fn set(&self) -> io::Result<()> {
        let set = |resource, soft: Option<u64>, beyond: u64| match soft {
            Some(soft) => setrlimit(resource, soft, soft.saturating_add(beyond)),
            None => Ok(()),
        };
        set(Resource::RLIMIT_AS, self.memory_bytes, 0)?;
        set(Resource::RLIMIT_CPU, self.cpu_seconds, 1)?;
        match self.open_files {
            Some(most) => setrlimit(Resource::RLIMIT_NOFILE, most, most)?,
            None => {
                let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
                setrlimit(Resource::RLIMIT_NOFILE, soft.min(OPEN_FILES), hard)?;
            }
        }
        Ok(())
    }
}
