//! What a request's address says: the connid in its path, the parameters after the `?`.

use axum::http::Uri;
use longwire_protocol::{Code, Connid, ParseLimits, Refusal, nearest};

/// The connid of `/jobs/{connid}` and what lies below it.
pub(super) fn connid(uri: &Uri, limits: &ParseLimits) -> Result<Connid, Refusal> {
    let segment = uri.path().split('/').nth(2).unwrap_or_default();
    let name = decoded(segment).ok_or_else(|| broken("connid", segment))?;
    let length = name.len();
    if length > limits.connid_bytes {
        let most = limits.connid_bytes;
        let message = format!("\"connid\" must be at most {most} bytes; got {length}");
        return Err(Refusal::invalid("connid", message));
    }
    Connid::new(&name).map_err(|rule| {
        Refusal::invalid("connid", format!("\"connid\" must be {rule}; got {name:?}"))
    })
}

/// Where a job is to be asked for.
pub(super) fn location(connid: &Connid) -> String {
    let mut location = "/jobs/".to_owned();
    for byte in connid.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            location.push(char::from(byte));
        } else {
            location.push('%');
            location
                .extend([byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        }
    }
    location
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The parameters of a request as they are, in their order.
pub(super) fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = name_of(name)?;
        let value = value_of(&name, value)?;
        Ok((name, value))
    };
    raw_pairs(uri).map(pair).collect()
}

fn raw_pairs(uri: &Uri) -> impl Iterator<Item = &str> {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs.filter(|pair| !pair.is_empty())
}

fn name_of(raw: &str) -> Result<String, Refusal> {
    plain(raw).ok_or_else(|| broken("a parameter's name", raw))
}

fn value_of(name: &str, raw: &str) -> Result<String, Refusal> {
    plain(raw).ok_or_else(|| {
        let name = cut(name);
        broken(&name, raw).about(name)
    })
}

/// What a form encodes: a `+` is a blank.
fn plain(raw: &str) -> Option<String> {
    decoded(&raw.replace('+', " "))
}

/// The parameters of a request, each known and there once.
pub(super) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// Reads them.
    pub(super) fn of(uri: &Uri, known: &'static [&'static str]) -> Result<Self, Refusal> {
        let mut parameters = Self(Vec::new());
        for pair in raw_pairs(uri) {
            parameters.add(pair, known)?;
        }
        Ok(parameters)
    }

    fn add(&mut self, pair: &str, known: &'static [&'static str]) -> Result<(), Refusal> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let got = name_of(name)?;
        let Some(&name) = known.iter().find(|name| **name == got) else {
            return Err(unknown(&got, known));
        };
        if self.text(name).is_some() {
            return Err(Refusal::invalid(
                name,
                format!("{name:?} must be there once"),
            ));
        }
        self.0.push((name, value_of(name, value)?));
        Ok(())
    }

    /// A parameter as it was given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| &**value)
    }

    /// A parameter as what it is to be.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        rule: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let refuse = || {
            Refusal::invalid(
                name,
                format!("{name:?} must be {rule}; got {:?}", cut(text)),
            )
        };
        read(text).map(Some).ok_or_else(refuse)
    }
}

/// A whole number, written in digits and nothing else.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn unknown(got: &str, known: &[&str]) -> Refusal {
    let got = cut(got);
    let advice = match (nearest(&got, known.iter().copied()), known) {
        (Some(near), _) => format!("did you mean {near:?}?"),
        (None, []) => "there are none here".to_owned(),
        (None, known) => format!("what goes here: {}", known.join(", ")),
    };
    Refusal::new(
        Code::UnknownField,
        format!("unknown parameter {got:?}; {advice}"),
    )
    .about(got)
}

fn broken(what: &str, got: &str) -> Refusal {
    let message = format!(
        "{what} must be UTF-8, with % and two hexadecimal digits for a byte; got {:?}",
        cut(got)
    );
    Refusal::new(Code::InvalidField, message).about(what.to_owned())
}

/// As much as a sentence can quote.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Undoes percent-encoding (RFC 3986, section 2.1). None where it is broken or not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connids_in_a_path() {
        for (path, expected) in [
            ("/jobs/42", Ok("42")),
            ("/jobs/42/events", Ok("42")),
            ("/jobs/a%20b", Ok("a b")),
            ("/jobs/a+b", Ok("a+b")),
            ("/jobs/gr%C3%B6%c3%9fe", Ok("größe")),
            ("/jobs/100%25", Ok("100%")),
            ("/jobs/%", Err("connid")),
            ("/jobs/%4", Err("connid")),
            ("/jobs/%zz", Err("connid")),
            ("/jobs/%+1", Err("connid")),
            ("/jobs/%ff", Err("connid")),
            ("/jobs/a%2Fb", Err("connid")),
            ("/jobs/%2e%2e", Err("connid")),
            ("/jobs/%00", Err("connid")),
        ] {
            let got = connid(&path.parse().unwrap(), &ParseLimits::default());
            let got = got
                .as_ref()
                .map(Connid::as_str)
                .map_err(|r| r.field.as_deref().unwrap());
            assert_eq!(got, expected, "{path}");
        }
    }

    #[test]
    fn a_location_leads_back() {
        for name in ["42", "a b", "größe", "100%", "?#&=+", "~-._"] {
            let name = Connid::new(name).unwrap();
            let uri: Uri = location(&name).parse().unwrap();
            assert_eq!(connid(&uri, &ParseLimits::default()).unwrap(), name);
        }
    }

    #[test]
    fn parameters_are_known_and_there_once() {
        let read = |uri: &str| {
            let parameters = Parameters::of(&uri.parse().unwrap(), &["limit", "tag"])?;
            Ok(parameters.text("tag").map(str::to_owned))
        };
        let refused = |uri| {
            let refusal: Refusal = read(uri).unwrap_err();
            (refusal.code, refusal.field.unwrap_or_default())
        };
        assert_eq!(read("/jobs"), Ok(None));
        assert_eq!(read("/jobs?"), Ok(None));
        assert_eq!(
            read("/jobs?limit=5&tag=a+b%2B"),
            Ok(Some("a b+".to_owned()))
        );
        assert_eq!(read("/jobs?&tag=&"), Ok(Some(String::new())));
        assert_eq!(refused("/jobs?tagg=a"), (Code::UnknownField, "tagg".into()));
        assert_eq!(
            refused("/jobs?tag=a&tag=b"),
            (Code::InvalidField, "tag".into())
        );
        assert_eq!(refused("/jobs?tag=%f"), (Code::InvalidField, "tag".into()));
    }
}
