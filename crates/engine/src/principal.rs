//! Who asks.

use std::sync::Arc;

use longwire_protocol::Wish;

/// Who asks for something. Every verb is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    name: Arc<str>,
}

impl Principal {
    /// Whoever they are: there are no keys yet.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            name: "anonymous".into(),
        }
    }

    /// The server itself, in the receipts of the kills it decides on.
    #[must_use]
    pub fn server() -> Self {
        Self {
            name: "longwire".into(),
        }
    }

    /// The name that receipts and lists show.
    #[must_use]
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Their wish that a job end.
    pub(crate) fn wish(&self, reason: Option<&str>) -> Wish {
        Wish {
            by: Arc::clone(&self.name),
            reason: reason.map(Into::into),
        }
    }
}
