//! How the connection is doing.

use longwire_protocol::Seconds;
use tokio::sync::watch;

use crate::Error;

/// How the connection is doing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Link {
    /// There is one.
    Connected,
    /// There is one, and its server is stopping.
    ShuttingDown {
        /// Seconds that running jobs have to end.
        left: Seconds,
    },
    /// It broke, and is being made anew.
    Reconnecting {
        /// How often that was tried.
        attempts: u32,
        /// Why it broke, or why the last try failed.
        why: Error,
    },
    /// There will be none any more.
    Closed(Error),
}

/// Tells how the connection is doing, always the latest.
#[derive(Clone, Debug)]
pub struct Links(pub(crate) watch::Receiver<Link>);

impl Links {
    /// How it is doing now.
    #[must_use]
    pub fn now(&self) -> Link {
        self.0.borrow().clone()
    }

    /// Waits until that changes; none once the client is gone. Dropping the future loses nothing.
    pub async fn changed(&mut self) -> Option<Link> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().clone())
    }

    /// Why there is no connection any more.
    pub(crate) fn why_closed(&self) -> Error {
        match self.now() {
            Link::Closed(error) => error,
            Link::Connected | Link::ShuttingDown { .. } | Link::Reconnecting { .. } => {
                Error::Closed
            }
        }
    }
}
