//! WebSocket frames (RFC 6455), as far as a load needs them: whole messages out, headers walked in.

use anyhow::{Result, bail, ensure};

/// What every frame of the load is masked with: a server has to take the mask off, whatever it is.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A message as it came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A whole text.
    Text(&'a [u8]),
    /// To be answered with a pong of the same bytes.
    Ping(&'a [u8]),
    /// Nothing to be done.
    Pong,
}

/// Appends a text frame.
pub(crate) fn text(payload: &[u8], out: &mut Vec<u8>) {
    masked(TEXT, payload, out);
}

/// Appends the answer to a ping.
pub(crate) fn pong(payload: &[u8], out: &mut Vec<u8>) {
    masked(PONG, payload, out);
}

/// A byte as it stands in a frame, so far from the beginning of the payload.
pub(crate) fn mask_at(offset: usize) -> u8 {
    MASK[offset % 4]
}

fn masked(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(FINAL | opcode);
    match payload.len() {
        short @ 0..126 => out.push(MASKED | u8::try_from(short).unwrap_or(0)),
        long => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(
        payload
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ mask_at(at)),
    );
}

/// The first frame of `bytes` and how long it is; nothing where it is not whole yet.
///
/// # Errors
///
/// The server closed, or sent what is no whole text message in one frame.
pub(crate) fn first(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>> {
    let Some((head, payload)) = extent(bytes) else {
        return Ok(None);
    };
    let Some(body) = bytes.get(head..head + payload) else {
        return Ok(None);
    };
    ensure!(
        bytes[0] & FINAL != 0,
        "a message came in several frames, which no contender has reason to send"
    );
    let frame = match bytes[0] & 0x0f {
        TEXT => Frame::Text(body),
        PING => Frame::Ping(body),
        PONG => Frame::Pong,
        CLOSE => bail!("the server closed: {}", said(body)),
        other => bail!("a frame with the opcode {other} came"),
    };
    Ok(Some((frame, head + payload)))
}

/// The first frame that came back as it was sent, masked as it was: how long it is.
pub(crate) fn first_echoed(bytes: &[u8]) -> Option<usize> {
    let (head, payload) = extent(bytes)?;
    (bytes.len() >= head + payload).then_some(head + payload)
}

/// How long the header is, and the payload.
fn extent(bytes: &[u8]) -> Option<(usize, usize)> {
    let second = *bytes.get(1)?;
    let (head, payload) = match second & 0x7f {
        126 => (
            4,
            u64::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
        ),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
        short => (2, u64::from(short)),
    };
    let mask = if second & MASKED == 0 { 0 } else { MASK.len() };
    Some((
        head + mask,
        usize::try_from(payload).unwrap_or(usize::MAX / 2),
    ))
}

/// A close's code and reason.
fn said(body: &[u8]) -> String {
    match body.split_first_chunk() {
        Some((code, reason)) => {
            format!(
                "{} {}",
                u16::from_be_bytes(*code),
                String::from_utf8_lossy(reason)
            )
        }
        None => "without a code".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_server(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![FINAL | opcode];
        match payload.len() {
            short @ 0..126 => bytes.push(u8::try_from(short).unwrap()),
            long @ 126..65536 => {
                bytes.push(126);
                bytes.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
            }
            long => {
                bytes.push(127);
                bytes.extend_from_slice(&(long as u64).to_be_bytes());
            }
        }
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn frames_of_every_length_are_walked_however_they_are_cut() {
        for length in [0, 1, 125, 126, 127, 65535, 65536] {
            let payload = vec![b'x'; length];
            let bytes = from_server(TEXT, &payload);
            for cut in [0, 1, 2, 3, 9, bytes.len() - 1] {
                if cut < bytes.len() {
                    assert_eq!(first(&bytes[..cut]).unwrap(), None, "{length} cut at {cut}");
                }
            }
            let whole = Some((Frame::Text(&payload[..]), bytes.len()));
            assert_eq!(first(&bytes).unwrap(), whole);
            let more = [&bytes[..], b"more"].concat();
            assert_eq!(first(&more).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_sent_comes_back_whole_from_an_echo() {
        for length in [0, 57, 126, 70000] {
            let mut out = Vec::new();
            text(&vec![b'x'; length], &mut out);
            assert_eq!(first_echoed(&out), Some(out.len()));
            assert_eq!(first_echoed(&out[..out.len() - 1]), None);
        }
    }

    #[test]
    fn pings_are_told_from_texts_and_a_close_ends_it_with_its_words() {
        let ping = from_server(PING, b"42");
        assert_eq!(first(&ping).unwrap(), Some((Frame::Ping(b"42"), 4)));
        let close = from_server(CLOSE, &[&1009_u16.to_be_bytes()[..], b"too large"].concat());
        let said = first(&close).unwrap_err().to_string();
        assert_eq!(said, "the server closed: 1009 too large");
        assert!(first(&[TEXT, 1, b'x']).is_err(), "a piece of a message");
    }
}
