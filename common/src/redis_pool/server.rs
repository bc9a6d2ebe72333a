//! Connections to single servers, and what a server must be.

use std::io;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisError, Role};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Host;
use crate::results::StoreError;
use crate::tls::{self, REDIS_TLS, TlsClient, TlsSetting};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection in the clear, or with TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Opens a connection for commands. A response that takes longer than `patience` is an error.
pub(super) async fn connect(
    host: &Host,
    login: &RedisConnectionInfo,
    client: Option<&TlsClient>,
    patience: Duration,
) -> Result<MultiplexedConnection, StoreError> {
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(patience));
    let opening = async {
        let stream = open(host, client).await?;
        MultiplexedConnection::new_with_config(login, stream, config).await
    };
    let (connection, driver) = within(host, client, opening).await?;
    tokio::spawn(driver);
    Ok(connection)
}

/// Opens a connection for announcements.
pub(super) async fn listen(
    host: &Host,
    login: &RedisConnectionInfo,
    client: Option<&TlsClient>,
) -> Result<PubSub, StoreError> {
    let opening = async {
        let stream = open(host, client).await?;
        PubSub::new(login, stream).await
    };
    within(host, client, opening).await
}

async fn within<T>(
    host: &Host,
    client: Option<&TlsClient>,
    opening: impl Future<Output = redis::RedisResult<T>>,
) -> Result<T, StoreError> {
    match timeout(CONNECT_TIMEOUT, opening).await {
        Ok(opened) => opened.map_err(|error| {
            let is_odd = matches!(error.kind(), ErrorKind::Parse);
            let advice = tls::advice(client, REDIS_TLS, &error, is_odd);
            StoreError(format!("{host}: {error}{advice}"))
        }),
        // Redis does not answer to TLS at a port without.
        Err(_) => {
            let advice = client.map_or_else(String::new, |_| {
                let TlsSetting { url, .. } = REDIS_TLS;
                format!(
                    ". If the server does not speak TLS at this port, {url} must name its TLS port"
                )
            });
            Err(StoreError(format!(
                "{host}: no connection within {CONNECT_TIMEOUT:?}{advice}"
            )))
        }
    }
}

async fn open(host: &Host, client: Option<&TlsClient>) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((host.name.as_str(), host.port)).await?;
    stream.set_nodelay(true)?;
    Ok(match client {
        None => Box::new(stream),
        Some(client) => Box::new(client.start(&host.name, stream).await?),
    })
}

/// Checks that the server is a master: what is written to a replica is lost, and refused as a rule.
pub(super) async fn check_master(connection: &mut MultiplexedConnection) -> Result<(), StoreError> {
    let role: redis::RedisResult<Role> = redis::cmd("ROLE").query_async(connection).await;
    match role {
        Ok(Role::Replica { .. }) => Err(StoreError(
            "the server is a replica and not the master".to_owned(),
        )),
        Ok(Role::Sentinel { .. }) => Err(StoreError(
            "the server is a Sentinel; the URL must begin with redis+sentinel://".to_owned(),
        )),
        Ok(_) => Ok(()),
        // Managed servers may forbid the command. Then the role stays unknown.
        Err(error) if is_answer(&error) => Ok(()),
        Err(error) => Err(StoreError(error.to_string())),
    }
}

/// Whether the server answered, if only to refuse.
fn is_answer(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_))
}

/// The identity of the server's run, which changes with every start; `None` where it is not told.
pub(super) async fn run_id(connection: &mut MultiplexedConnection) -> Option<String> {
    let info: String = redis::cmd("INFO")
        .arg("server")
        .query_async(connection)
        .await
        .ok()?;
    let id = info.lines().find_map(|line| line.strip_prefix("run_id:"))?;
    Some(id.trim().to_owned())
}

/// Warns of settings that break Livegate's guarantees.
pub(super) async fn check_settings(connection: &mut MultiplexedConnection) {
    const WANTED: [(&str, &str, &str); 3] = [
        (
            "maxmemory-policy",
            "noeviction",
            "a used session could be evicted and used again",
        ),
        ("save", "", "a restart could bring an old session back"),
        (
            "appendonly",
            "no",
            "a restart could bring an old session back",
        ),
    ];
    for (setting, wanted, why) in WANTED {
        let mut ask = redis::cmd("CONFIG");
        let answer: redis::RedisResult<Vec<String>> =
            ask.arg("GET").arg(setting).query_async(connection).await;
        // Managed servers forbid CONFIG; their settings stay unknown.
        if let Ok([_, found]) = answer.as_deref()
            && found != wanted
        {
            tracing::warn!(
                redis.setting = setting,
                "Redis runs with {setting} \"{found}\" instead of \"{wanted}\": {why}"
            );
        }
    }
}
