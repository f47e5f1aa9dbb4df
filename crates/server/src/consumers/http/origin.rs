//! Where an upstream is: a scheme, a host and a port, written plainly.

#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr};

use fluent_uri::{Uri, UriRef, component};

use super::path::is_step_aside;

/// What a connection is opened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(super) scheme: Scheme,
    pub(super) host: Host,
    pub(super) port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// A host as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Address(IpAddr),
    /// In small letters, without a dot at its end.
    Name(String),
}

/// What all requests of a route begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(super) origin: Origin,
    /// Without a slash at its end.
    pub(super) path: String,
}

impl Base {
    /// Reads a `url` of the configuration.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains(['{', '}']) {
            return Err(
                "has a place to fill; those are for `path`, `query` and `headers`".to_owned(),
            );
        }
        let uri = Uri::parse(text).map_err(|_| {
            "is no URL; it must be as in \"https://reports.example.com/api\"".to_owned()
        })?;
        if uri.query().is_some() || uri.fragment().is_some() {
            return Err("has a `?` or a `#` in it; parameters go into `query`".to_owned());
        }
        let origin = Origin::of(&uri)?;
        let path = uri.path().as_str();
        if path.split('/').any(is_step_aside) {
            return Err("has a `.` or `..` in its path; write where that leads".to_owned());
        }
        let path = path.trim_end_matches('/').to_owned();
        Ok(Self { origin, path })
    }
}

impl Origin {
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    fn of(uri: &Uri<&str>) -> Result<Self, String> {
        let scheme = Scheme::of(uri.scheme())?;
        let authority = uri.authority().ok_or("has no host")?;
        if authority.has_userinfo() {
            return Err(
                "has credentials in it; put `authorization` into `headers_from_env`".to_owned(),
            );
        }
        let port = authority
            .port_to_u16()
            .map_err(|_| "has a port that is none; there are 1 to 65535")?;
        Ok(Self {
            scheme,
            host: Host::of(&authority.host_parsed())?,
            port: match port {
                Some(0) => return Err("has the port 0; there are 1 to 65535".to_owned()),
                Some(port) => port,
                None => scheme.port(),
            },
        })
    }

    /// What stands in the header `Host`.
    pub(super) fn authority(&self) -> String {
        if self.port == self.scheme.port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Where a redirect leads from a target of here.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub(super) fn follow(&self, target: &str, location: &str) -> Result<Destination, String> {
        let none = "is no URL";
        let from = format!("{self}{target}");
        let from = Uri::parse(from.as_str()).map_err(|_| none)?;
        let to = UriRef::parse(location).map_err(|_| none)?;
        let to = to.resolve_against(&from).map_err(|_| none)?;
        let to = to.borrow();
        let path = match to.path().as_str() {
            "" => "/",
            path => path,
        };
        let query = to.query().map(|query| format!("?{query}"));
        Ok(Destination {
            origin: Self::of(&to)?,
            path: path.to_owned(),
            query: query.unwrap_or_default(),
        })
    }
}

/// Where a redirect leads. The query may hold secrets, and so is not shown.
#[derive(Debug)]
pub(super) struct Destination {
    pub(super) origin: Origin,
    path: String,
    query: String,
}

impl Destination {
    /// What is asked there.
    pub(super) fn target(&self) -> String {
        format!("{}{}", self.path, self.query)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

impl Scheme {
    fn of(scheme: &component::Scheme) -> Result<Self, String> {
        match scheme.as_str().to_ascii_lowercase().as_str() {
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            other => Err(format!(
                "begins with {other:?}; it must be \"http\" or \"https\""
            )),
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Host {
    fn of(host: &component::Host<'_>) -> Result<Self, String> {
        match host {
            component::Host::Ipv4(address) => Ok(Self::Address((*address).into())),
            component::Host::Ipv6(address) => Ok(Self::Address((*address).into())),
            component::Host::RegName(name) => Self::name(name.as_str()),
            _ => Err("has an address of a kind that is not known".to_owned()),
        }
    }

    /// The system reads many a spelling as an address; one that looks like that is refused, so that what is written is what is
    /// meant.
    fn name(text: &str) -> Result<Self, String> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(fits);
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(format!(
                "has the host {text:?}; a name has letters, digits, `-` and `_` between its dots, one of other letters is written \
                 in Punycode (\"xn--…\")"
            ));
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!(
                "has the host {text:?}, which is neither a name nor an address as it is written plainly, as in \"127.0.0.1\" or \
                 \"[::1]\""
            ));
        }
        Ok(Self::Name(name))
    }

    /// Whether whoever wrote this host has named that address.
    pub(super) fn names(&self, address: IpAddr) -> bool {
        match self {
            Self::Address(own) => *own == address,
            Self::Name(name) => name == "localhost" && address.is_loopback(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}
