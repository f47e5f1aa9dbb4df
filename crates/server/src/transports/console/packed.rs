//! A file as it is sent: small, and with a name for what is in it.

use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha1_smol::Sha1;

use crate::transports::etag::{is_had, words};

/// What is made of a file to be sent.
pub(super) struct Packed {
    /// Nothing where it could not be made smaller.
    gzip: Option<Bytes>,
    etag: Option<HeaderValue>,
}

impl Packed {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let digest = URL_SAFE_NO_PAD.encode(Sha1::from(bytes).digest().bytes());
        Self {
            gzip: compressed(bytes).filter(|small| small.len() < bytes.len()),
            // Weak: the same for either encoding.
            etag: HeaderValue::try_from(format!("W/\"{digest}\"")).ok(),
        }
    }

    /// It compressed, where that is smaller and who asks takes it.
    pub(super) fn small_for(&self, asked: &HeaderMap) -> Option<Bytes> {
        self.gzip.clone().filter(|_| takes_gzip(asked))
    }

    pub(super) fn etag(&self) -> Option<HeaderValue> {
        self.etag.clone()
    }

    /// Whether who asks has it already.
    pub(super) fn is_had(&self, asked: &HeaderMap) -> bool {
        let etag = self.etag.as_ref().and_then(|etag| etag.to_str().ok());
        etag.is_some_and(|etag| is_had(asked, etag))
    }
}

fn compressed(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether `Accept-Encoding` has gzip in it, and not only to refuse it (RFC 9110, section 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    words(asked, header::ACCEPT_ENCODING).any(|word| {
        let (coding, weight) = word.split_once(';').unwrap_or((word, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse();
        coding.trim().eq_ignore_ascii_case("gzip") && weight.unwrap_or(0.0_f32) > 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        for (accept, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, br", false),
            ("br, zstd", false),
            ("", false),
        ] {
            let headers = asked(header::ACCEPT_ENCODING, accept);
            assert_eq!(takes_gzip(&headers), takes, "{accept}");
        }
    }

    #[test]
    fn what_is_had_is_known_by_its_tag() {
        let packed = Packed::of(b"a page");
        let tag = packed.etag().unwrap();
        let tag = tag.to_str().unwrap();
        for (had, is_had) in [
            (tag, true),
            (&format!("\"x\", {tag}"), true),
            (tag.trim_start_matches("W/"), true),
            ("*", true),
            ("\"x\"", false),
        ] {
            let headers = asked(header::IF_NONE_MATCH, had);
            assert_eq!(packed.is_had(&headers), is_had, "{had}");
        }
        assert!(!packed.is_had(&HeaderMap::new()));
    }
}
