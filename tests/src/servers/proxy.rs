//! A proxy that simulates a stalled network.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards bytes between clients and a server until it is told to stall. Dropping it ends all of its
/// connections.
pub struct Proxy {
    address: SocketAddr,
    /// How often it has stalled, and whether it is stalled now.
    stalls: watch::Sender<(u64, bool)>,
}

impl Proxy {
    /// Starts a proxy in front of the server at `to` (host and port).
    pub async fn to(to: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stalls, stalled) = watch::channel((0, false));
        tokio::spawn(accept(listener, to, stalled));
        Self { address, stalls }
    }

    /// The proxy's address, host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops forwarding without closing anything: a waiting client sees neither an answer nor an end.
    /// New connections are accepted and stay silent, too.
    pub fn stall(&self) {
        self.stalls.send_modify(|(stalls, stalled)| {
            *stalls += 1;
            *stalled = true;
        });
    }

    /// Forwards new connections again. Old connections stay silent for ever, as after a firewall that
    /// has dropped their state.
    pub fn heal(&self) {
        self.stalls.send_modify(|(_, stalled)| *stalled = false);
    }
}

async fn accept(listener: TcpListener, to: String, mut stalls: watch::Receiver<(u64, bool)>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                tokio::spawn(connect(client, to.clone(), stalls.clone()));
            }
            // The proxy was dropped.
            changed = stalls.changed() => if changed.is_err() { return },
        }
    }
}

async fn connect(client: TcpStream, to: String, mut stalls: watch::Receiver<(u64, bool)>) {
    if stalls.wait_for(|(_, stalled)| !stalled).await.is_err() {
        return;
    }
    // A server that is down closes the connection, as without a proxy.
    let Ok(server) = TcpStream::connect(to).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let both = [
        tokio::spawn(forward(from_client, to_server, stalls.clone())),
        tokio::spawn(forward(from_server, to_client, stalls)),
    ];
    for one in both {
        let _ = one.await;
    }
}

/// Forwards until the end of the stream or of the proxy. Once stalled, keeps both ends open.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut stalls: watch::Receiver<(u64, bool)>,
) {
    let born = stalls.borrow_and_update().0;
    let mut bytes = vec![0; 64 << 10];
    loop {
        tokio::select! {
            biased;
            // An error means that the proxy was dropped.
            changed = stalls.changed() => {
                if changed.is_err() {
                    return;
                }
                if stalls.borrow_and_update().0 != born {
                    while stalls.changed().await.is_ok() {}
                }
            }
            read = from.read(&mut bytes) => {
                let n = read.unwrap_or(0);
                if n == 0 || to.write_all(&bytes[..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}
