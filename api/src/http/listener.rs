//! Accepts connections, a bounded number of them at once, and ends them when the server stops.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use livegate_common::shutdown::Shutdown;
use poem::Endpoint;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::connection::{self, Limits};

/// Pause after a failed accept: without one, "too many open files" would spin a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until `stop`, at most `max_connections` at once; more wait to be accepted.
///
/// After `stop`, the requests that run are answered, for `grace` at most.
pub async fn serve<E: Endpoint + 'static>(
    listener: TcpListener,
    endpoint: E,
    max_connections: usize,
    limits: Limits,
    stop: Shutdown,
    grace: Duration,
) {
    let endpoint = Arc::new(endpoint);
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.wait() => break,
            Some(_) = open.join_next() => {}
            accepted = accept(&listener), if open.len() < max_connections => {
                if let Ok(stream) = accepted {
                    let endpoint = Arc::clone(&endpoint);
                    open.spawn(connection::serve(stream, endpoint, limits, stop.clone()));
                }
            }
        }
    }
    drop(listener);
    let all_ended = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, all_ended).await.is_err() {
        tracing::warn!("Stopped with requests unanswered");
    }
}

async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => {
            // Answers are written whole: waiting to fill a packet only delays them.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Err(error) => {
            tracing::warn!(error = %error, "A connection could not be accepted: {error}");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            Err(error)
        }
    }
}
