//! Why a socket was closed.

/// A close code that Longwire sends, what it means, and whether to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCode {
    /// The code in the close frame (RFC 6455, section 7.4).
    pub code: u16,
    /// The text beside it.
    pub reason: &'static str,
    /// Whether a client should connect again, and watch on from what it has seen.
    pub reconnect: bool,
}

impl CloseCode {
    /// The server is stopping.
    pub const GOING_AWAY: Self = Self::new(1001, "server is going away", true);
    /// The peer broke RFC 6455.
    pub const PROTOCOL_ERROR: Self = Self::new(1002, "protocol error", false);
    /// A text message was not UTF-8.
    pub const INVALID_UTF8: Self = Self::new(1007, "invalid UTF-8", false);
    /// Too many control frames, or a message cut into too many pieces.
    pub const POLICY: Self = Self::new(1008, "too many frames", false);
    /// A message over the limit.
    pub const TOO_LARGE: Self = Self::new(1009, "message too large", false);
    /// The server failed.
    pub const INTERNAL: Self = Self::new(1011, "internal error", true);
    /// Nothing was heard for too long, pings included.
    pub const SILENT: Self = Self::new(4001, "nothing heard for too long", true);
    /// Nothing was read for too long while there was something to say.
    pub const STALLED: Self = Self::new(4002, "reader stalled", true);

    const fn new(code: u16, reason: &'static str, reconnect: bool) -> Self {
        Self {
            code,
            reason,
            reconnect,
        }
    }
}

/// Every code that Longwire closes a socket with.
pub const CLOSE_CODES: [CloseCode; 8] = [
    CloseCode::GOING_AWAY,
    CloseCode::PROTOCOL_ERROR,
    CloseCode::INVALID_UTF8,
    CloseCode::POLICY,
    CloseCode::TOO_LARGE,
    CloseCode::INTERNAL,
    CloseCode::SILENT,
    CloseCode::STALLED,
];
