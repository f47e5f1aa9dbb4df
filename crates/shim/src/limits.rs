//! What a command may use.

use std::io;

use nix::sys::resource::{Resource, setrlimit};
use serde::{Deserialize, Serialize};

/// What each process of a command may use at most (`setrlimit(2)`); none is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory: of the address space, as that is what the system can bound.
    pub memory_bytes: Option<u64>,
    /// Seconds of processor time. Then it gets SIGXCPU, and a second later SIGKILL.
    pub cpu_seconds: Option<u64>,
    /// Files it may have open.
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
        set(Resource::RLIMIT_NOFILE, self.open_files, 0)?;
        Ok(())
    }
}
