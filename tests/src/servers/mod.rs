//! Private RabbitMQ and Redis servers, with a separate virtual host or database for each test.
//!
//! [`amqp_url`] and [`redis_url`] name a virtual host and a database that no other test uses. They are
//! on servers that all tests share: those of `with-servers`, or else, slower, those of this process. A
//! test that breaks its server starts its own [`RabbitMq`] or [`Redis`].

mod certificates;
mod cluster;
mod guarded;
mod proxy;
mod rabbitmq;
mod redis;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub use certificates::Certificates;
pub use cluster::{RabbitCluster, RedisGroup};
pub use proxy::Proxy;
pub use rabbitmq::RabbitMq;
pub use redis::Redis;

/// Variable with the URL of the RabbitMQ that all tests of a run share, without a virtual host.
pub const AMQP_URL: &str = "LIVEGATE_TEST_AMQP_URL";

/// Variable with the URL of the Redis that all tests of a run share, without a database.
pub const REDIS_URL: &str = "LIVEGATE_TEST_REDIS_URL";

/// The same with TLS.
pub const AMQPS_URL: &str = "LIVEGATE_TEST_AMQPS_URL";

/// The same with TLS.
pub const REDISS_URL: &str = "LIVEGATE_TEST_REDISS_URL";

/// Variable with the file of the authority of the servers' certificates.
pub const CA_FILE: &str = "LIVEGATE_TEST_CA_FILE";

// Servers of this process, for tests that run without `with-servers`. Statics are never dropped, so the
// guard notices the end of the process.
static OWN_CERTIFICATES: LazyLock<Certificates> = LazyLock::new(Certificates::make);
static OWN_RABBITMQ: LazyLock<RabbitMq> =
    LazyLock::new(|| RabbitMq::start_tls(&OWN_CERTIFICATES, false));
static OWN_REDIS: LazyLock<Redis> = LazyLock::new(|| Redis::start_tls(&OWN_CERTIFICATES, false));

/// The URL of an empty virtual host that no other test uses.
///
/// # Panics
/// When RabbitMQ cannot be started, or there are more tests than virtual hosts.
pub fn amqp_url() -> String {
    vhost_at(AMQP_URL, RabbitMq::url)
}

/// The same, over TLS: its certificate is of [`ca_file`].
///
/// # Panics
/// As [`amqp_url`].
pub fn amqps_url() -> String {
    vhost_at(AMQPS_URL, RabbitMq::tls_url)
}

fn vhost_at(variable: &str, own: impl Fn(&RabbitMq) -> String) -> String {
    let (server, number) = match std::env::var(variable) {
        Ok(server) => (server, number_of_run("vhost")),
        Err(_) => (own(&OWN_RABBITMQ), number_of_process()),
    };
    assert!(
        number <= rabbitmq::VHOSTS,
        "more tests want a virtual host than VHOSTS"
    );
    format!("{server}/{}", rabbitmq::vhost(number))
}

/// The URL of an empty Redis database that no other test uses.
///
/// # Panics
/// When Redis cannot be started, or there are more tests than databases.
pub fn redis_url() -> String {
    database_at(REDIS_URL, Redis::url)
}

/// The same, over TLS: its certificate is of [`ca_file`].
///
/// # Panics
/// As [`redis_url`].
pub fn rediss_url() -> String {
    database_at(REDISS_URL, Redis::tls_url)
}

fn database_at(variable: &str, own: impl Fn(&Redis) -> String) -> String {
    let (server, number) = match std::env::var(variable) {
        Ok(server) => (server, number_of_run("database")),
        Err(_) => (own(&OWN_REDIS), number_of_process()),
    };
    assert!(
        number < redis::DATABASES,
        "more tests want a database than DATABASES"
    );
    format!("{server}/{number}")
}

/// The file of the authority of the shared servers' certificates.
pub fn ca_file() -> PathBuf {
    let shared = std::env::var(CA_FILE).map(PathBuf::from);
    shared.unwrap_or_else(|_| OWN_CERTIFICATES.certificate("ca"))
}

/// The next number for this purpose, unique across all processes of a run. The shared Redis counts.
fn number_of_run(what: &str) -> u32 {
    let url = std::env::var(REDIS_URL).expect("with-servers names both servers");
    let address = url.trim_start_matches("redis://");
    let answer = redis::command_to(address, &format!("INCR livegate-tests:{what}"));
    let number = answer
        .as_deref()
        .and_then(|a| a.strip_prefix(':'))
        .and_then(|n| n.parse().ok());
    number.expect("the shared Redis counts")
}

fn number_of_process() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A port that is free at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

fn temporary_folder(name: &str) -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix(&format!("livegate-{name}-"))
        .tempdir();
    // The folder is kept here. The server's guard deletes it, even when this process no longer can.
    folder.expect("a temporary folder can be made").keep()
}

/// Polls a starting server. Shows its output if it does not start in time.
fn wait_until(what: &str, at_most: Duration, folder: &Path, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > at_most {
            let output = std::fs::read_to_string(folder.join("output")).unwrap_or_default();
            panic!("not within {at_most:?}: {what}. The server wrote:\n{output}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
