//! TLS, with the authorities of the system.

use tokio::net::TcpStream;
use tokio_websockets::MaybeTlsStream;

use crate::Error;

pub(crate) type Stream = MaybeTlsStream<TcpStream>;

/// The way to a server that speaks TLS.
#[cfg(feature = "tls")]
#[derive(Clone)]
pub(crate) struct Tls(std::sync::Arc<tokio_websockets::Connector>);

#[cfg(feature = "tls")]
impl Tls {
    /// Trusts whom the system trusts.
    pub(crate) fn of_system() -> Result<Self, Error> {
        let mut roots = tokio_rustls::rustls::RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = "the system names no authorities to trust".to_owned();
            return Err(Error::Tls(why));
        }
        Self::trusting(roots)
    }

    pub(crate) fn trusting(roots: tokio_rustls::rustls::RootCertStore) -> Result<Self, Error> {
        use tokio_rustls::rustls::{ClientConfig, crypto::ring::default_provider};
        let config = ClientConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = std::sync::Arc::new(config).into();
        let connector = tokio_websockets::Connector::Rustls(connector);
        Ok(Self(connector.into()))
    }

    pub(crate) async fn wrap(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<Stream, tokio_websockets::Error> {
        self.0.wrap(host, stream).await
    }
}

#[cfg(feature = "tls")]
impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// The same where it is not built in.
#[cfg(not(feature = "tls"))]
#[derive(Clone, Debug)]
pub(crate) enum Tls {}

#[cfg(not(feature = "tls"))]
impl Tls {
    pub(crate) fn of_system() -> Result<Self, Error> {
        let why = "this client was built without its feature \"tls\"; without it addresses begin with http:// or ws://";
        Err(Error::Tls(why.to_owned()))
    }

    #[expect(clippy::unused_async, reason = "as with TLS")]
    pub(crate) async fn wrap(
        &self,
        _host: &str,
        _stream: TcpStream,
    ) -> Result<Stream, tokio_websockets::Error> {
        match *self {}
    }
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use std::sync::Arc;

    use tokio::net::TcpListener;
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{RootCertStore, ServerConfig, crypto::ring::default_provider},
    };

    use super::*;

    #[tokio::test]
    async fn only_whom_somebody_trusted_vouches_for_is_spoken_to() {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = own.signing_key.serialize_der().try_into().unwrap();
        let config = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for (trusted, name, speaks) in [
            (&own, "localhost", true),
            (&own, "elsewhere", false),
            (&other, "localhost", false),
        ] {
            let mut roots = RootCertStore::empty();
            roots.add(trusted.cert.der().clone()).unwrap();
            let tls = Tls::trusting(roots).unwrap();
            let accept = async { acceptor.accept(listener.accept().await.unwrap().0).await };
            let connect = async {
                tls.wrap(name, TcpStream::connect(address).await.unwrap())
                    .await
            };
            let (accepted, wrapped) = tokio::join!(accept, connect);
            assert_eq!(
                (accepted.is_ok(), wrapped.is_ok()),
                (speaks, speaks),
                "{name}"
            );
        }
    }
}
