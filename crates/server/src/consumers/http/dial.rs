//! Opens a connection to an upstream: looks its name up once, checks the addresses, and connects to those.

#[cfg(test)]
mod tests;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use longwire_protocol::Failure;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{self, ClientConfig, RootCertStore, pki_types::ServerName},
};

use super::{
    addresses::is_public,
    insecure,
    look_up::{self, LookUps},
    origin::{Host, Origin, Scheme},
    retry::Failed,
};

/// A connection, with TLS or without.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// What opens the connections of a route.
pub(super) struct Dial {
    pub(super) look_ups: LookUps,
    /// None where the route has no use for it.
    pub(super) tls: Option<TlsConnector>,
    pub(super) private_addresses: bool,
    /// For all of it together.
    pub(super) time: Duration,
}

impl Dial {
    /// Connects.
    ///
    /// # Errors
    /// Why it could not, and whether that may pass; the codes are those of the docs.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Box<dyn Connection>, Failed> {
        let late = || Failed::to_connect(self.late(origin));
        let end = Instant::now().checked_add(self.time).ok_or_else(late)?;
        let addresses = self.addresses(origin, end).await;
        let addresses = addresses.map_err(Failed::to_connect)?;
        let connecting = self.connect_to(origin, &addresses, end);
        timeout_at(end, connecting)
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    async fn connect_to(
        &self,
        origin: &Origin,
        addresses: &[SocketAddr],
        end: Instant,
    ) -> Result<Box<dyn Connection>, Failed> {
        let stream = open(addresses, end)
            .await
            .map_err(|error| Failed::to_connect(self.not_opened(origin, &error)))?;
        match origin.scheme {
            Scheme::Http => Ok(Box::new(stream)),
            Scheme::Https => self.secure(origin, stream).await,
        }
    }

    fn not_opened(&self, origin: &Origin, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::TimedOut {
            self.late(origin)
        } else {
            no_connection(origin, &words(error))
        }
    }

    fn late(&self, origin: &Origin) -> Failure {
        let seconds = self.time.as_secs_f64();
        let message = format!("{origin} was not connected to within {seconds} s (connect_seconds)");
        Failure::new("connect_timeout", message)
    }

    fn no_turn(&self, origin: &Origin) -> Failure {
        let late = self.late(origin);
        let most = look_up::AT_ONCE;
        let message = format!(
            "{}: all that time its name waited to be looked up, as {most} look-ups that do not end are all that the server begins",
            late.message
        );
        Failure::new("connect_timeout", message)
    }

    /// The addresses that may be connected to.
    async fn addresses(&self, origin: &Origin, end: Instant) -> Result<Vec<SocketAddr>, Failure> {
        let found = match &origin.host {
            Host::Address(address) => vec![SocketAddr::new(*address, origin.port)],
            Host::Name(name) => self.look_up(origin, name, end).await?,
        };
        if found.is_empty() {
            return Err(no_connection(origin, "its name has no address"));
        }
        let may = |address: &&SocketAddr| self.may_connect(&origin.host, address.ip());
        let allowed: Vec<_> = found.iter().filter(may).copied().collect();
        if allowed.is_empty() {
            return Err(refused(origin, &found));
        }
        Ok(allowed)
    }

    async fn look_up(
        &self,
        origin: &Origin,
        name: &str,
        end: Instant,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let failed = |error| not_looked_up(origin, &error);
        let turn = timeout_at(end, self.look_ups.turn()).await;
        let turn = turn.map_err(|_| self.no_turn(origin))?.map_err(failed)?;
        let found = self.look_ups.addresses(name, origin.port, turn);
        let found = timeout_at(end, found).await;
        found.map_err(|_| self.late(origin))?.map_err(failed)
    }

    fn may_connect(&self, host: &Host, address: IpAddr) -> bool {
        self.private_addresses || is_public(address) || host.names(address)
    }

    async fn secure(
        &self,
        origin: &Origin,
        stream: TcpStream,
    ) -> Result<Box<dyn Connection>, Failed> {
        let never = |why| Failed::for_good(no_connection(origin, why));
        let tls = self.tls.as_ref();
        let tls = tls.ok_or_else(|| never("this route has no TLS"))?;
        let name = server_name(&origin.host)
            .map_err(|_| never("its name is none that a certificate can have"))?;
        match tls.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(insecure::failed(&error, |why| no_connection(origin, why))),
        }
    }
}

/// Connects to the first of the addresses that answers. Each has an even part of the time that is left, so that one which
/// swallows everything leaves some for the next.
async fn open(addresses: &[SocketAddr], end: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    for (at, address) in addresses.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let parts = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        match timeout_at(Instant::now() + left / parts, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => {}
        }
    }
    Err(last)
}

fn server_name(host: &Host) -> Result<ServerName<'static>, rustls::pki_types::InvalidDnsNameError> {
    match host {
        Host::Address(address) => Ok(ServerName::from(*address)),
        Host::Name(name) => ServerName::try_from(name.clone()),
    }
}

/// TLS that trusts these authorities.
///
/// # Errors
/// Where it cannot be set up.
pub(super) fn tls(roots: RootCertStore) -> Result<TlsConnector, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}

/// The authorities that the system trusts.
///
/// # Errors
/// Where there are none.
pub(super) fn authorities() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "some authorities of the system cannot be read");
    }
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(
            "https needs the certificates of authorities, and the system has none; \
            install them (ca-certificates), or name a file of them in SSL_CERT_FILE"
                .to_owned(),
        );
    }
    Ok(roots)
}

fn no_connection(origin: &Origin, why: &str) -> Failure {
    Failure::new(
        "connect",
        format!("{origin} could not be connected to: {why}"),
    )
}

fn not_looked_up(origin: &Origin, error: &io::Error) -> Failure {
    let why = format!("its name could not be looked up: {}", words(error));
    no_connection(origin, &why)
}

fn refused(origin: &Origin, found: &[SocketAddr]) -> Failure {
    let found: Vec<_> = found.iter().map(|found| found.ip().to_string()).collect();
    let found = found.join(", ");
    let message = format!(
        "{origin} leads to {found}, which is not public; the route connects there only with `private_addresses = true`"
    );
    Failure::new("address_refused", message)
}

/// What the system says, without its numbers.
pub(super) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_ascii_lowercase()
}
