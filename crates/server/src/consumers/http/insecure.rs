//! What TLS failed of, in words, and whether that may pass.

use std::io;

use longwire_protocol::Failure;
use tokio_rustls::rustls::{CertificateError, Error};

use super::{dial::words, retry::Failed};

/// Of an error while TLS was begun. `failure` makes one of the reason.
pub(super) fn failed(error: &io::Error, failure: impl FnOnce(&str) -> Failure) -> Failed {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        None => Failed::to_connect(failure(&format!("TLS failed: {}", words(error)))),
        Some(Error::InvalidCertificate(why)) => {
            let why = of_certificate(why);
            let why = format!(
                "its certificate is not trusted ({why}); the authorities are those of the system, or of SSL_CERT_FILE"
            );
            Failed::for_good(failure(&why))
        }
        Some(error) => {
            let failure = failure(&format!("TLS failed: {error}"));
            if stays(error) {
                Failed::for_good(failure)
            } else {
                Failed::to_connect(failure)
            }
        }
    }
}

/// Whether another attempt would find the same: what is there speaks no TLS, or none that is spoken here.
const fn stays(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidMessage(_) | Error::PeerIncompatible(_) | Error::NoApplicationProtocol
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "another's enum, which grows: what is new says it by its own name"
)]
fn of_certificate(error: &CertificateError) -> String {
    use CertificateError as It;
    let known = match error {
        It::UnknownIssuer => "none of the authorities has signed it",
        It::Expired | It::ExpiredContext { .. } => "it has expired",
        It::NotValidYet | It::NotValidYetContext { .. } => "it is not valid yet",
        It::NotValidForName | It::NotValidForNameContext { .. } => "it is for another name",
        It::InvalidPurpose | It::InvalidPurposeContext { .. } => "it is not for servers",
        It::Revoked => "it was revoked",
        It::BadEncoding => "it cannot be read",
        It::BadSignature => "its signature is wrong",
        It::UnhandledCriticalExtension => "it has a critical extension that is not known",
        It::Other(other) => return of_other(&other.0.to_string()),
        other => return spaced(&other.to_string()),
    };
    known.to_owned()
}

/// Of an error that the verifier of certificates alone knows, by its name.
fn of_other(name: &str) -> String {
    match name {
        "CaUsedAsEndEntity" => {
            "it is that of an authority, and a server must have one of its own".to_owned()
        }
        other => spaced(other),
    }
}

/// A name `LikeThis` as words, and what is no such name as it is.
fn spaced(name: &str) -> String {
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return name.to_owned();
    }
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_trusted_has_words() {
        for (error, words) in [
            (
                CertificateError::UnknownIssuer,
                "none of the authorities has signed it",
            ),
            (CertificateError::Expired, "it has expired"),
            (CertificateError::NotValidForName, "it is for another name"),
        ] {
            assert_eq!(of_certificate(&error), words);
        }
        assert_eq!(
            spaced("PathLenConstraintViolated"),
            "path len constraint violated"
        );
        assert_eq!(spaced("no name: 1"), "no name: 1");
    }
}
