//! Metrics, on a port of their own: callers of the service must not read how it is used.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::endpoint::make;
use poem::error::InternalServerError;
use poem::listener::{Acceptor, Listener, TcpAcceptor, TcpListener};
use poem::{IntoResponse, Response, Route, Server, get};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// Upper bounds of the buckets of every histogram of times, seconds.
///
/// They range from the run of one model to the longest deadline of a verification.
pub const SECONDS: [f64; 15] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0,
];

/// Content type of the answer: OpenMetrics 1.0, which Prometheus reads.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Longest time for which a reader's connection may be silent.
const IDLE: Duration = Duration::from_secs(75);

/// Longest time for which a reader may go on reading when the process ends.
const GRACE: Duration = Duration::from_secs(1);

/// A port for metrics that is bound and does not answer yet.
pub struct MetricsPort {
    acceptor: TcpAcceptor,
    address: SocketAddr,
}

impl MetricsPort {
    /// Binds the port.
    ///
    /// # Errors
    /// The system's error if the address is taken or not this machine's.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let acceptor = TcpListener::bind(address).into_acceptor().await?;
        let bound = acceptor.local_addr();
        let bound = bound.iter().find_map(|a| a.as_socket_addr().copied());
        Ok(Self {
            acceptor,
            address: bound.unwrap_or(address),
        })
    }

    /// The bound address. If port 0 was requested, it has the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers `GET /metrics` with the metrics in `registry` until `stop` is done. `update` runs before each
    /// answer and sets the gauges.
    pub async fn run<Update, Updated>(
        self,
        registry: Registry,
        update: Update,
        stop: impl Future<Output = ()> + Send,
    ) where
        Update: Fn() -> Updated + Send + Sync + 'static,
        Updated: Future<Output = ()> + Send + 'static,
    {
        tracing::info!("Metrics are on http://{}/metrics", self.address);
        let registry = Arc::new(registry);
        let answer = make(move |_| {
            let (updating, registry) = (update(), Arc::clone(&registry));
            async move {
                updating.await;
                text(&registry)
            }
        });
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
