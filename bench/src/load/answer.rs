//! What an answer says, found without parsing it: the same keys in every dialect.

use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use memchr::memmem::Finder;

/// Longer ones are cut in what is told of them.
const TOLD: usize = 300;

/// Who a request is: the socket that it was started on, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) socket: u32,
    pub(crate) number: u32,
}

/// The state that an answer tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It goes on: accepted, or told to end.
    Going,
    Ok,
    Killed,
}

/// An answer about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) name: Name,
    pub(crate) status: Status,
}

static CONNID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"connid\""));
static STATUS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"status\""));

impl Answer {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// It is an error, or says nothing of a request: the text of it is told.
    pub(crate) fn read(text: &[u8]) -> Result<Self> {
        Self::find(text).with_context(|| format!("the server answered {}", told(text)))
    }

    fn find(text: &[u8]) -> Result<Self> {
        let status = match value(text, &STATUS).context("no status in it")? {
            b"ok" => Status::Ok,
            b"killed" => Status::Killed,
            b"running" | b"ending" | b"queued" => Status::Going,
            b"error" => bail!("an error"),
            _ => bail!("a status that was not expected"),
        };
        let name = value(text, &CONNID)
            .and_then(name)
            .context("no connid of ours in it")?;
        Ok(Self { name, status })
    }
}

/// How many a page of status says there are in all.
pub(crate) fn total(page: &[u8]) -> Result<usize> {
    let total = number(page, br#""total""#);
    let total = total.with_context(|| format!("status was answered with {}", told(page)))?;
    Ok(usize::try_from(total)?)
}

/// The number after a key.
pub(crate) fn number(text: &[u8], key: &[u8]) -> Option<u32> {
    let after = &text[memchr::memmem::find(text, key)? + key.len()..];
    let begin = after.iter().position(|byte| !matches!(byte, b':' | b' '))?;
    let length = after[begin..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (length > 0).then(|| digits(&after[begin..begin + length]))?
}

/// The string after a key.
fn value<'a>(text: &'a [u8], key: &Finder<'_>) -> Option<&'a [u8]> {
    let after = text.get(key.find(text)? + key.needle().len()..)?;
    let begin = after.iter().position(|byte| !matches!(byte, b':' | b' '))?;
    let string = after[begin..].strip_prefix(b"\"")?;
    let end = string.iter().position(|&byte| byte == b'"')?;
    Some(&string[..end])
}

fn name(connid: &[u8]) -> Option<Name> {
    let dash = connid.iter().position(|&byte| byte == b'-')?;
    Some(Name {
        socket: digits(&connid[..dash])?,
        number: digits(&connid[dash + 1..])?,
    })
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

/// As much of it as can be read at a glance.
pub(crate) fn told(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(TOLD)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(u32, u32, Status)> {
        let answer = Answer::read(text.as_bytes()).ok()?;
        Some((answer.name.socket, answer.name.number, answer.status))
    }

    #[test]
    fn answers_of_all_dialects_are_read() {
        let rows = [
            (
                r#"{"connid":"7-10000003","seq":2,"status":"ok"}"#,
                Status::Ok,
            ),
            (
                r#"{"connid": "7-10000003", "status": "killed"}"#,
                Status::Killed,
            ),
            (
                r#"{"connid":"7-10000003","job":"0197","seq":1,"status":"running","route":"request"}"#,
                Status::Going,
            ),
            (
                r#"4310000003[{"status":"ok","connid":"7-10000003"}]"#,
                Status::Ok,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"connid":"7-10000003","status":"ok"}}"#,
                Status::Ok,
            ),
        ];
        for (text, status) in rows {
            assert_eq!(read(text), Some((7, 10_000_003, status)), "{text}");
        }
    }

    #[test]
    fn numbers_are_found_by_their_keys() {
        let gap = br#"{"connid":"42","gap":{"from":3,"to": 40}}"#;
        assert_eq!(number(gap, br#""from""#), Some(3));
        assert_eq!(number(gap, br#""to""#), Some(40));
        assert_eq!(number(gap, br#""connid""#), None);
        assert_eq!(number(gap, br#""seq""#), None);
    }

    #[test]
    fn errors_and_what_says_nothing_are_told() {
        let rows = [
            r#"{"route":"request","status":"error","code":"too_many","message":"no"}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#,
            r#"{"connid":"7-10000003","route":"request","status":"error","code":"connid_in_use"}"#,
            r#"{"status":"ok"}"#,
            r#"{"connid":"x","status":"ok"}"#,
            r#"{"connid":"7-99999999999","status":"ok"}"#,
            "",
        ];
        for text in rows {
            let error = Answer::read(text.as_bytes()).unwrap_err();
            assert!(format!("{error:#}").contains(text), "{error:#}");
        }
    }
}
