//! `longwire.v1` over WebSocket, at `/ws`.

mod frames;
mod handshake;
mod metered;
mod outbox;
mod pulse;
mod session;
mod verbs;
mod watches;
mod wire;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::Response,
    response::IntoResponse,
    routing::any,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use longwire_engine::{Engine, Principal};
use longwire_protocol::{Code, ParseLimits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

pub(crate) use self::frames::Frames;
use self::{
    handshake::{Handshake, NotASocket},
    metered::Metered,
    session::Session,
    verbs::Verbs,
    wire::Wire,
};
use crate::{
    config::{Limits, SocketSettings},
    metrics::Metrics,
    modules::Modules,
    stopping::Stopping,
    transports::origin::Allowed,
    write_timeout::WriteTimeout,
};

/// What every socket of a server shares.
pub(crate) struct SocketContext {
    pub(crate) engine: Engine,
    pub(crate) modules: Modules,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limits: Limits,
    pub(crate) parse_limits: ParseLimits,
    pub(crate) settings: SocketSettings,
    pub(crate) allowed_origins: Allowed,
    pub(crate) stopping: Stopping,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) tasks: TaskTracker,
    /// What several of them send.
    pub(crate) frames: Frames,
}

/// The routes of this transport.
pub(crate) fn routes(context: Arc<SocketContext>) -> Router {
    let router = Router::new().route("/ws", any(open));
    #[cfg(feature = "echo")]
    let router = router.route("/echo", any(open_echo));
    router.with_state(context)
}

async fn open(State(context): State<Arc<SocketContext>>, request: Request) -> Response<Body> {
    accept(&context, request, |socket, context, times| {
        let verbs = Arc::new(Verbs {
            engine: context.engine.clone(),
            modules: context.modules.clone(),
            asker: Arc::default(),
            metrics: Arc::clone(&context.metrics),
            who: Principal::anonymous(),
        });
        Box::new(Session::new(socket, context, verbs, times)).run()
    })
}

/// Answers what arrives with itself: the way of the frames without the frames, for the conformance suite of RFC 6455.
#[cfg(feature = "echo")]
async fn open_echo(State(context): State<Arc<SocketContext>>, request: Request) -> Response<Body> {
    accept(&context, request, |socket, _, _| session::echo(socket))
}

/// Makes a socket of a request, and serves it, in a place of its own.
fn accept<F, S>(context: &Arc<SocketContext>, mut request: Request, serve: S) -> Response<Body>
where
    F: Future<Output = ()> + Send + 'static,
    S: FnOnce(Wire, Arc<SocketContext>, bool) -> F + Send + 'static,
{
    let handshake = match Handshake::check(&request, &context.allowed_origins) {
        Ok(handshake) => handshake,
        Err(reason) => return refuse(context, reason),
    };
    let (Some(upgrade), Ok(place)) = (
        request.extensions_mut().remove::<OnUpgrade>(),
        Arc::clone(&context.places).try_acquire_owned(),
    ) else {
        context.metrics.refused(Code::TooMany);
        return (
            http::StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "5")],
            "there are as many sockets as may be\n",
        )
            .into_response();
    };
    let times = handshake.times;
    let serve = move |stream, context| serve(stream, context, times);
    context
        .tasks
        .spawn(socket(Arc::clone(context), upgrade, place, serve));
    handshake.response()
}

fn refuse(context: &SocketContext, reason: NotASocket) -> Response<Body> {
    let code = match reason {
        NotASocket::Origin | NotASocket::Host => Code::Forbidden,
        NotASocket::Method
        | NotASocket::Upgrade
        | NotASocket::Version
        | NotASocket::Key
        | NotASocket::Times
        | NotASocket::Subprotocol => Code::InvalidFrame,
    };
    context.metrics.refused(code);
    let headers = [
        ("sec-websocket-version", "13"),
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
    ];
    let headers = if reason.status() == http::StatusCode::UPGRADE_REQUIRED {
        &headers[..]
    } else {
        &headers[..1]
    };
    let mut response = (reason.status(), format!("{reason}\n")).into_response();
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(*name, http::HeaderValue::from_static(value));
    }
    response
}

async fn socket<F, S>(
    context: Arc<SocketContext>,
    upgrade: OnUpgrade,
    _place: OwnedSemaphorePermit,
    serve: S,
) where
    F: Future<Output = ()> + Send + 'static,
    S: FnOnce(Wire, Arc<SocketContext>) -> F + Send + 'static,
{
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        // The peer left before the reply.
        Err(error) => return tracing::debug!(%error, "a handshake came to nothing"),
    };
    let Some(stream) = framed(upgraded, &context) else {
        return tracing::error!("a socket came over an unknown transport");
    };
    context.metrics.socket_opened();
    serve(stream, Arc::clone(&context)).await;
    context.metrics.socket_closed();
}

fn framed(upgraded: Upgraded, context: &SocketContext) -> Option<Wire> {
    let parts = upgraded.downcast::<TokioIo<WriteTimeout>>().ok()?;
    let frame_bytes = context.limits.frame_bytes;
    let stream = Metered::new(
        parts.io.into_inner().into_inner(),
        parts.read_buf,
        frame_bytes,
    );
    Some(Wire::new(stream, frame_bytes))
}
