//! Headers: what a route may send, what an input may say, and what of an answer is passed on.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HOST,
        PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING,
        UPGRADE,
    },
};
use serde_json::{Map, Value};

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(super) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// What belongs to a connection, and to no request or answer.
const OF_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    PROXY_CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];
/// What a request is made of.
const OF_REQUEST: [HeaderName; 4] = [ACCEPT_ENCODING, CONTENT_LENGTH, EXPECT, HOST];
/// Bytes of a value at most.
const VALUE_BYTES: usize = 8 * 1024;

/// A header that a route sends.
///
/// # Errors
/// What is wrong with its name, as the end of a sentence.
pub(crate) fn sent(name: &str) -> Result<HeaderName, String> {
    let name = allowed(name)?;
    if name == TRACEPARENT || name == TRACESTATE {
        return Err(format!(
            "has {name:?} in it, which each request has by itself; `allow_headers` lets an input go on with a trace"
        ));
    }
    Ok(name)
}

/// A header that an input may set.
///
/// # Errors
/// What is wrong with its name, as the end of a sentence.
pub(crate) fn allowed(text: &str) -> Result<HeaderName, String> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| format!("has {text:?} in it, which is no name of a header"))?;
    if OF_CONNECTION.contains(&name) || OF_REQUEST.contains(&name) {
        return Err(format!(
            "has {text:?} in it, which only the server itself can set"
        ));
    }
    Ok(name)
}

/// The value of a header.
///
/// # Errors
/// What is wrong with it, as a sentence that begins with "it".
pub(crate) fn value(text: &str) -> Result<HeaderValue, &'static str> {
    if text.len() > VALUE_BYTES {
        return Err("it is too long for a header, which has at most 8192 bytes");
    }
    if !text.is_ascii() {
        return Err("it has letters that are not ASCII, which a header cannot have");
    }
    HeaderValue::from_str(text)
        .map_err(|_| "it has a line break or another control character, which a header cannot have")
}

/// What of an answer's headers is passed on: what came several times is put together with commas. Where the body was unpacked,
/// what described it is left out.
pub(super) fn passed_on(headers: &HeaderMap, unpacked: bool) -> Map<String, Value> {
    let named = named_by_connection(headers);
    let is_left_out = |name: &HeaderName| {
        let describes = *name == CONTENT_LENGTH || *name == CONTENT_ENCODING;
        *name == SET_COOKIE
            || OF_CONNECTION.contains(name)
            || named.iter().any(|named| named == name.as_str())
            || unpacked && describes
    };
    let whole = |name: &HeaderName| {
        let values = headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        (name.to_string(), values.join(", ").into())
    };
    let kept = headers.keys().filter(|name| !is_left_out(name));
    kept.map(whole).collect()
}

fn named_by_connection(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONNECTION).iter();
    let words = values.filter_map(|value| value.to_str().ok());
    let words = words.flat_map(|words| words.split(','));
    words.map(|word| word.trim().to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_is_made_of_is_set_by_nobody() {
        for name in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "connection",
            "keep-alive",
            "proxy-authorization",
            "Proxy-Connection",
            "te",
            "trailer",
            "upgrade",
            "expect",
            "accept-encoding",
        ] {
            assert!(
                sent(name).unwrap_err().contains("only the server"),
                "{name}"
            );
            assert!(
                allowed(name).unwrap_err().contains("only the server"),
                "{name}"
            );
        }
        for name in ["", "a b", "a:", "a\r\nb", "ä", "a\0"] {
            assert!(allowed(name).unwrap_err().contains("no name"), "{name:?}");
        }
        assert!(sent("traceparent").is_err());
        assert!(allowed("TraceParent").is_ok());
        assert_eq!(sent("Authorization").unwrap(), "authorization");
    }

    #[test]
    fn a_value_is_one_line_of_ascii() {
        for text in ["", "de, en;q=0.5", "a\tb", "\"q\"", "~"] {
            assert_eq!(value(text).unwrap(), text);
        }
        let long = "x".repeat(VALUE_BYTES + 1);
        for (text, why) in [
            ("a\r\nEvil: yes", "line break"),
            ("a\nb", "line break"),
            ("a\rb", "line break"),
            ("a\0b", "control character"),
            ("a\u{7f}b", "control character"),
            ("ä", "ASCII"),
            ("a\u{85}b", "ASCII"),
            (&long, "too long"),
        ] {
            assert!(value(text).unwrap_err().contains(why), "{text:?}");
        }
    }

    #[test]
    fn of_an_answer_what_describes_it_is_passed_on() {
        let headers = HeaderMap::from_iter(
            [
                ("content-type", "text/plain"),
                ("content-length", "3"),
                ("content-encoding", "gzip"),
                ("x-one", "1"),
                ("x-one", "2"),
                ("set-cookie", "secret"),
                ("connection", "close, X-Hop"),
                ("x-hop", "1"),
                ("keep-alive", "5"),
                ("transfer-encoding", "chunked"),
            ]
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            }),
        );
        // Of an iterator the last of a name counts.
        let mut headers = headers;
        headers.append("x-one", HeaderValue::from_static("3"));
        let plain = Value::Object(passed_on(&headers, false));
        let expected = serde_json::json!({
            "content-type": "text/plain", "content-length": "3", "content-encoding": "gzip", "x-one": "1, 2, 3"
        });
        assert_eq!(plain, expected);
        let unpacked = Value::Object(passed_on(&headers, true));
        let expected = serde_json::json!({"content-type": "text/plain", "x-one": "1, 2, 3"});
        assert_eq!(unpacked, expected);
    }
}
