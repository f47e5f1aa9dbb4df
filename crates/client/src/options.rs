//! How a client deals with its server.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use longwire_protocol::{Code, Refusal};

use crate::{Backoff, Error};

/// What a frame may have, where nothing else is said: the default of servers.
const FRAME_BYTES: usize = 1024 * 1024;
/// What a handshake has of its own.
const OF_THE_HANDSHAKE: [HeaderName; 7] = [
    header::HOST,
    header::UPGRADE,
    header::CONNECTION,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_EXTENSIONS,
];

/// How a client deals with a server that does not answer, and what it says of itself. The defaults are right for most.
///
/// ```
/// use std::time::Duration;
/// use longwire_client::Options;
///
/// # fn options(key: &str) -> Result<Options, longwire_client::Error> {
/// let options = Options::default()
///     .patience(Duration::from_secs(60))
///     .header("authorization", &format!("Bearer {key}"))?;
/// # Ok(options)
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How long to wait between two tries to connect again.
    pub backoff: Backoff,
    /// How long to go on trying to connect again; for ever where it is none. It counts from when the connection broke, over all that
    /// broke since with nothing heard on them, and cuts waits and tries short.
    pub patience: Option<Duration>,
    /// How long a server has to take a connection.
    pub connect_timeout: Duration,
    /// How long a server may not read while there is something for it.
    pub write_timeout: Duration,
    /// After how long without a word the server is sent a ping.
    pub ping_after: Duration,
    /// After how long without a word, answers to pings included, the connection counts as lost.
    pub dead_after: Duration,
    /// How many bytes a frame may have that is sent, 1,048,576 where it is not said: as many as the server's `frame_bytes`. What is larger is
    /// refused here with the code `too_large`, as the server would close the connection.
    pub frame_bytes: usize,
    pub(crate) headers: HeaderMap,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            patience: None,
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
            ping_after: Duration::from_secs(20),
            dead_after: Duration::from_secs(45),
            frame_bytes: FRAME_BYTES,
            headers: HeaderMap::new(),
        }
    }
}

/// What a header says may be a secret.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("backoff", &self.backoff)
            .field("patience", &self.patience)
            .field("frame_bytes", &self.frame_bytes)
            .field("headers", &self.headers.keys())
            .finish_non_exhaustive()
    }
}

impl Options {
    /// How long to go on trying to connect again, see [`Options::patience`](#structfield.patience).
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// A header of every request to connect, such as `authorization`: for a proxy before the server, which lets only those in whom it knows.
    ///
    /// # Errors
    /// [`Error::Header`] where the name or the value is none, or it is one of the handshake's own.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Header(format!("{name:?}: {why}"));
        let name: HeaderName = name.parse().map_err(|_| wrong("no name of a header"))?;
        if OF_THE_HANDSHAKE.contains(&name) {
            return Err(wrong("the handshake has one of its own"));
        }
        let mut value: HeaderValue = value.parse().map_err(|_| wrong("not what it may say"))?;
        value.set_sensitive(true);
        self.headers.append(name, value);
        Ok(self)
    }

    /// Why a frame of that text is not sent.
    pub(crate) fn too_large(&self, text: &str) -> Option<Error> {
        let (got, most) = (text.len(), self.frame_bytes);
        (got > most).then(|| {
            let message = format!(
                "the frame has {got} bytes; the server takes at most {most}: put the input somewhere, and say where"
            );
            Error::Refused(Box::new(Refusal::new(Code::TooLarge, message)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_checked_and_not_shown() {
        for (name, value, is_ok) in [
            ("authorization", "Bearer s3cret", true),
            ("x-a b", "", false),
            ("x-a", "a\nb", false),
            ("Host", "other", false),
            ("Sec-WebSocket-Protocol", "chat", false),
        ] {
            let options = Options::default().header(name, value);
            assert_eq!(options.is_ok(), is_ok, "{name}");
            let shown = format!("{options:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}
