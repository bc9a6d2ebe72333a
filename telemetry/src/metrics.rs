//! Metrics, on a port of their own: whoever may call the service must not read how it is used.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use livegate_common::shutdown::Shutdown;
use poem::endpoint::make;
use poem::error::InternalServerError;
use poem::listener::{Acceptor, Listener, TcpAcceptor, TcpListener};
use poem::{IntoResponse, Response, Route, Server, get};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// Upper bounds of the buckets of every histogram of times, seconds: from a model's run to a
/// verification's longest deadline.
pub const SECONDS: [f64; 15] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0,
];

/// What the text is (OpenMetrics 1.0, which Prometheus reads).
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long a reader's connection may be silent.
const IDLE: Duration = Duration::from_secs(75);

/// How long a reader may go on reading when the process ends.
const GRACE: Duration = Duration::from_secs(1);

/// A port that metrics are read from, bound and not yet answering.
pub struct MetricsPort {
    acceptor: TcpAcceptor,
    address: SocketAddr,
}

impl MetricsPort {
    /// Listens.
    ///
    /// # Errors
    /// The system's, when the address is taken or not ours.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let acceptor = TcpListener::bind(address).into_acceptor().await?;
        let bound = acceptor.local_addr();
        let bound = bound.iter().find_map(|a| a.as_socket_addr().copied());
        Ok(Self {
            acceptor,
            address: bound.unwrap_or(address),
        })
    }

    /// Where it listens: the port that the system chose, when asked for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers `GET /metrics` with what is in `registry`, until told to stop. `look` comes before each
    /// answer, and sets what is only known by looking.
    pub async fn run<Look, Looked>(self, registry: Registry, look: Look, shutdown: Shutdown)
    where
        Look: Fn() -> Looked + Send + Sync + 'static,
        Looked: Future<Output = ()> + Send + 'static,
    {
        tracing::info!("Metrics are on http://{}/metrics", self.address);
        let registry = Arc::new(registry);
        let answer = make(move |_| {
            let (looking, registry) = (look(), Arc::clone(&registry));
            async move {
                looking.await;
                text(&registry)
            }
        });
        let stop = async move { shutdown.wait().await };
        let served = Server::new_with_acceptor(self.acceptor)
            .idle_timeout(IDLE)
            .run_with_graceful_shutdown(Route::new().at("/metrics", get(answer)), stop, Some(GRACE))
            .await;
        if let Err(error) = served {
            tracing::error!(error = %error, "Metrics cannot be read any more: {error}");
        }
    }
}

fn text(registry: &Registry) -> poem::Result<Response> {
    let mut text = String::new();
    encode(&mut text, registry).map_err(InternalServerError)?;
    Ok(text.with_content_type(CONTENT_TYPE).into_response())
}
