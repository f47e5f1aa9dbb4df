//! Accepts connections and speaks HTTP/1.1 on them, within bounds.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Response, StatusCode, Version, header},
    middleware::{Next, from_fn},
    response::IntoResponse,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::task::TaskTracker;

use crate::{config::Limits, stopping::Stopping, write_timeout::WriteTimeout};

/// Headers a request may have.
const MAX_HEADERS: usize = 64;
/// Bytes the head of a request may have.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// How long to wait where the system has no descriptor left for another connection.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts connections and serves them until connections are to be closed.
pub(crate) struct Http {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    /// How long a peer may take nothing of what is written to it.
    pub(crate) stalled: Duration,
    pub(crate) stopping: Stopping,
    pub(crate) tasks: TaskTracker,
}

impl Http {
    /// Serves a listener. A place is taken before a connection is: at the bound, connections wait with the system.
    pub(crate) async fn serve(self, listener: Arc<TcpListener>) {
        let places = Arc::new(Semaphore::new(self.limits.http_connections));
        let service = self.router.clone().layer(from_fn(check_host));
        let closing = self.stopping.clone().closing();
        let accept = async {
            let mut failing = false;
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                match listener.accept().await {
                    Ok((stream, _)) => {
                        failing = false;
                        self.spawn(stream, place, service.clone());
                    }
                    Err(error) if is_of_one(&error) => {}
                    Err(error) => {
                        // Once while it lasts, not with every breath.
                        if !std::mem::replace(&mut failing, true) {
                            tracing::warn!("{}", why_not(&error));
                        }
                        tokio::time::sleep(BREATH).await;
                    }
                }
            }
        };
        tokio::select! {
            () = closing => {}
            () = accept => {}
        }
    }

    fn spawn(&self, stream: TcpStream, place: OwnedSemaphorePermit, service: Router) {
        // A small frame must not wait for the acknowledgement of the one before it. Without that it is only slower.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.http_header_seconds)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_BYTES);
        let service = TowerToHyperService::new(service);
        let connection = http
            .serve_connection(
                TokioIo::new(WriteTimeout::new(stream, self.stalled)),
                service,
            )
            .with_upgrades();
        let closing = self.stopping.clone().closing();
        self.tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let served = tokio::select! {
                served = connection.as_mut() => served,
                () = closing => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
}

/// What belongs to one connection is over with it; what else cannot be accepted now may be later.
fn is_of_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

fn why_not(error: &io::Error) -> String {
    // EMFILE of the process, ENFILE of the system; the standard library has no names for them.
    if matches!(error.raw_os_error(), Some(23 | 24)) {
        return format!(
            "out of file descriptors ({error}): connections wait until others end; raise the limit of open files (`ulimit -n`, `LimitNOFILE=`)"
        );
    }
    format!("no connection can be accepted ({error}); trying on")
}

/// RFC 9112, section 3.2: a request of HTTP/1.1 has exactly one valid `Host`.
async fn check_host(request: Request, next: Next) -> Response<Body> {
    if request.version() == Version::HTTP_11 && !has_one_host(request.headers()) {
        return (
            StatusCode::BAD_REQUEST,
            "the header `Host` must be there once\n",
        )
            .into_response();
    }
    next.run(request).await
}

fn has_one_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let valid =
        host.is_some_and(|host| !host.is_empty() && host.parse::<http::uri::Authority>().is_ok());
    valid && hosts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nothing_is_accepted() {
        for (number, says) in [
            (24, "out of file descriptors"),
            (23, "out of file descriptors"),
            (12, "no connection"),
        ] {
            let why = why_not(&io::Error::from_raw_os_error(number));
            assert!(why.starts_with(says), "{why}");
        }
        assert!(is_of_one(&io::ErrorKind::ConnectionAborted.into()));
        assert!(!is_of_one(&io::Error::from_raw_os_error(24)));
    }
}
