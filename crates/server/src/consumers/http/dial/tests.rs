use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer},
};

use super::{
    super::{
        look_up::{AT_ONCE, OnThreads, Resolve, Resolving, Turn},
        origin::Base,
        retry::Retry,
    },
    *,
};

/// Knows some addresses of every name, one list for each time that it is asked; the last goes on.
struct Names(Vec<Vec<IpAddr>>, AtomicUsize);

impl Resolve for Names {
    fn resolve(&self, _: &str, port: u16, _: Turn) -> Resolving {
        let asked = self.1.fetch_add(1, Ordering::SeqCst);
        let list = self.0.get(asked).or(self.0.last());
        let found = list.map(|list| list.iter().map(|ip| SocketAddr::new(*ip, port)).collect());
        let found = found.ok_or_else(|| io::Error::other("Name or service not known"));
        Box::pin(std::future::ready(found))
    }
}

/// Never answers.
struct Silence;

impl Resolve for Silence {
    fn resolve(&self, _: &str, _: u16, _: Turn) -> Resolving {
        Box::pin(std::future::pending())
    }
}

fn dial(names: &[&[&str]]) -> Dial {
    let list = |names: &&[&str]| names.iter().map(|ip| ip.parse().unwrap()).collect();
    Dial {
        look_ups: LookUps::by(Arc::new(Names(
            names.iter().map(list).collect(),
            AtomicUsize::new(0),
        ))),
        tls: None,
        private_addresses: false,
        time: Duration::from_secs(5),
    }
}

fn origin(url: &str) -> Origin {
    Base::parse(url).unwrap().origin
}

/// What a connection came to: `ok`, or the code and the message.
async fn outcome(dial: &Dial, url: &str) -> String {
    match dial.connect(&origin(url)).await {
        Ok(_) => "ok".to_owned(),
        Err(Failed { failure, .. }) => format!("{}: {}", failure.code, failure.message),
    }
}

/// How long is waited before it is tried once more, if it is.
fn again(failed: &Failed) -> Option<Duration> {
    let retry = Retry {
        retries: 1,
        first: Duration::ZERO,
        random: Arc::new(longwire_engine::Seeded::new(7)),
    };
    retry.wait(1, failed)
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test]
async fn a_name_is_connected_to_only_where_its_addresses_are_public() {
    let (_listener, port) = listener().await;
    let url = format!("http://reports.example:{port}");
    for addresses in [
        &["127.0.0.1"][..],
        &["::ffff:127.0.0.1"],
        &["127.0.0.1", "10.0.0.1", "::1"],
        &["0.0.0.0"],
        &["169.254.169.254"],
    ] {
        let said = outcome(&dial(&[addresses]), &url).await;
        assert!(said.starts_with("address_refused: "), "{said}");
        assert!(said.contains("`private_addresses = true`"), "{said}");
        assert!(addresses.iter().all(|one| said.contains(one)), "{said}");
    }
    let mut allowed = dial(&[&["127.0.0.1"]]);
    allowed.private_addresses = true;
    assert_eq!(outcome(&allowed, &url).await, "ok");
}

#[tokio::test]
async fn who_writes_an_address_or_localhost_has_named_it_and_nothing_else() {
    let (_listener, port) = listener().await;
    let dial = dial(&[&["10.255.0.1", "127.0.0.1"]]);
    assert_eq!(
        outcome(&dial, &format!("http://127.0.0.1:{port}")).await,
        "ok"
    );
    // Of what that name leads to, loopback alone.
    assert_eq!(
        outcome(&dial, &format!("http://localhost:{port}")).await,
        "ok"
    );
    let said = outcome(&dial, &format!("http://localhost.example:{port}")).await;
    assert!(said.starts_with("address_refused: "), "{said}");
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    // A name that is public when it is asked first, and loopback ever after: it is asked once a connection.
    let dial = dial(&[&["192.0.2.1", "8.8.8.8"], &["127.0.0.1"]]);
    let origin = origin("http://rebinds.example");
    let end = Instant::now() + dial.time;
    let checked = dial.addresses(&origin, end).await.unwrap();
    assert_eq!(checked, [SocketAddr::from(([8, 8, 8, 8], 80))]);
    let refused = dial.addresses(&origin, end).await.unwrap_err();
    assert_eq!(&*refused.code, "address_refused");
}

#[tokio::test(start_paused = true)]
async fn every_way_not_to_connect_has_words_of_its_own() {
    // Bound, and so nobody else's, but nobody listens.
    let held = TcpSocket::new_v4().unwrap();
    held.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = held.local_addr().unwrap().port();
    let nobody = dial(&[]);
    let mut silent = dial(&[]);
    silent.look_ups = LookUps::by(Arc::new(Silence));
    for (dial, url, said) in [
        (
            &nobody,
            format!("http://127.0.0.1:{port}"),
            format!("connect: http://127.0.0.1:{port} could not be connected to: connection refused"),
        ),
        (
            &nobody,
            "http://nobody.example".to_owned(),
            "connect: http://nobody.example could not be connected to: its name could not be looked up: name or service not known"
                .to_owned(),
        ),
        (
            &dial(&[&[]]),
            "http://nobody.example".to_owned(),
            "connect: http://nobody.example could not be connected to: its name has no address".to_owned(),
        ),
        (
            &silent,
            "http://slow.example".to_owned(),
            "connect_timeout: http://slow.example was not connected to within 5 s (connect_seconds)".to_owned(),
        ),
    ] {
        assert_eq!(outcome(dial, &url).await, said);
    }
}

/// A server with a certificate that it signed itself, for that name.
fn secured(name: &str) -> (TlsAcceptor, RootCertStore) {
    secured_by(&CertificateParams::new([name.to_owned()]).unwrap())
}

fn secured_by(params: &CertificateParams) -> (TlsAcceptor, RootCertStore) {
    let signing_key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&signing_key).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    (Arc::new(config).into(), roots)
}

#[expect(
    clippy::disallowed_methods,
    reason = "it stands for the store, whose pool this is"
)]
#[test]
fn look_ups_that_hang_are_bounded_and_leave_the_threads_of_the_runtime_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(std::sync::Mutex::new(held));
    // They hang until the test lets go of them, also by failing.
    let hang = move |_: &str, _: u16| {
        let _ = held.lock().unwrap().recv();
        Ok(Vec::new())
    };
    let dial = Dial {
        look_ups: LookUps::by(Arc::new(OnThreads(hang))),
        time: Duration::from_millis(100),
        ..dial(&[])
    };
    let url = "http://hangs.example";
    let late =
        format!("connect_timeout: {url} was not connected to within 0.1 s (connect_seconds)");
    runtime.block_on(async {
        let all = (0..AT_ONCE).map(|_| outcome(&dial, url));
        let all = futures_util::future::join_all(all).await;
        assert_eq!(all, vec![late.clone(); AT_ONCE]);
        // Nobody waits for them any more; they go on all the same.
        let said = outcome(&dial, url).await;
        assert!(
            said.starts_with(&late)
                && said.contains("all that time its name waited to be looked up"),
            "{said}"
        );
        let other = tokio::task::spawn_blocking(|| "the store's turn");
        let other = tokio::time::timeout(Duration::from_secs(20), other).await;
        assert_eq!(other.expect("a thread").unwrap(), "the store's turn");
        drop(release);
        let turn = tokio::time::timeout(Duration::from_secs(20), dial.look_ups.turn()).await;
        assert!(
            turn.is_ok(),
            "a turn is given back once the look-up has ended"
        );
    });
}

#[tokio::test]
async fn a_certificate_has_to_be_trusted_and_to_have_the_name() {
    let (acceptor, roots) = secured("localhost");
    let (_, others) = secured("localhost");
    let (listener, port) = listener().await;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                // The client may be gone.
                let _ = stream.write_all(b"hello").await;
            }
        }
    });
    let with = |roots: RootCertStore| Dial {
        tls: Some(tls(roots).unwrap()),
        ..dial(&[&["127.0.0.1"]])
    };
    let url = format!("https://localhost:{port}");
    let mut stream = with(roots.clone())
        .connect(&origin(&url))
        .await
        .ok()
        .unwrap();
    let mut said = [0; 5];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"hello");

    let failed = with(others.clone()).connect(&origin(&url)).await;
    assert_eq!(again(&failed.err().unwrap()), None, "it stays untrusted");
    let said = outcome(&with(others), &url).await;
    assert!(said.starts_with("connect: "), "{said}");
    assert!(
        said.contains("its certificate is not trusted (its signature is wrong); the authorities are those of the system, or of SSL_CERT_FILE"),
        "{said}"
    );

    let said = outcome(&with(roots), &format!("https://127.0.0.1:{port}")).await;
    assert!(
        said.contains("its certificate is not trusted (it is for another name); the authorities are those of the system, or of SSL_CERT_FILE"),
        "{said}"
    );
}

#[tokio::test]
async fn the_certificate_of_an_authority_is_none_of_a_server() {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (acceptor, roots) = secured_by(&params);
    let (listener, port) = listener().await;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // It is told that it is not trusted.
        let _ = acceptor.accept(stream).await;
    });
    let dial = Dial {
        tls: Some(tls(roots).unwrap()),
        ..dial(&[&["127.0.0.1"]])
    };
    let said = outcome(&dial, &format!("https://localhost:{port}")).await;
    assert!(
        said.contains(
            "is not trusted (it is that of an authority, and a server must have one of its own)"
        ),
        "{said}"
    );
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_so() {
    let (listener, port) = listener().await;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    });
    let dial = Dial {
        tls: Some(tls(RootCertStore::empty()).unwrap()),
        ..dial(&[])
    };
    let origin = origin(&format!("https://127.0.0.1:{port}"));
    let failed = dial.connect(&origin).await.err().unwrap();
    assert_eq!(again(&failed), None, "it will speak none");
    let said = failed.failure.message;
    assert!(
        &*failed.failure.code == "connect" && said.contains("TLS failed: "),
        "{said}"
    );
}
