//! Every seam's contract, held against memory and against the real servers.

mod broker;
mod broker_outages;
mod limits;
mod presence;
mod replicas;
mod results;
mod results_outages;
mod sessions;
mod tls;
mod windows;

use std::process::Stdio;
use std::time::Duration;

use livegate_common::redis_pool::{RedisPool, StoreAddress};
use livegate_common::tls::{REDIS_TLS, Tls, TlsSetting};
use livegate_tests::fleet::{SEAL_KEY, binary};
use livegate_tests::servers;
use tokio::process::{Child, Command};

/// Far longer than anything here takes on a loaded machine, so that a lost event fails its test
/// instead of hanging it.
const SOON: Duration = Duration::from_secs(20);

/// Makes a module of tests of each function, one for every surrounding.
macro_rules! contract {
    ($($surrounding:ident: [$($test:ident),* $(,)?]);* $(;)?) => {
        $(mod $surrounding {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::$surrounding().await).await;
            })*
        })*
    };
}
use contract;

/// Waits for something that must happen.
async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, event)
        .await
        .expect("it happens soon")
}

/// Asks again until the answer is yes: for what time alone brings about, and nobody announces.
async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let polling = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(polling).await;
}

/// Two pools at one empty database: what two processes have.
fn two_pools() -> (RedisPool, RedisPool) {
    pools_at(&servers::redis_url().parse().unwrap())
}

/// The same over TLS.
fn two_pools_over_tls() -> (RedisPool, RedisPool) {
    pools_at(&StoreAddress::parse(&servers::rediss_url(), &tls(REDIS_TLS)).unwrap())
}

fn pools_at(address: &StoreAddress) -> (RedisPool, RedisPool) {
    let connect = || RedisPool::connect(address);
    (connect(), connect())
}

/// TLS to the shared servers.
fn tls(setting: TlsSetting) -> Tls {
    let ca = servers::ca_file().display().to_string();
    Tls::read(setting, |name| (name == setting.ca).then(|| ca.clone())).unwrap()
}

/// A worker process with these URLs of RabbitMQ and Redis and with these variables. Its log is piped.
fn worker(urls: [&str; 2], variables: &[(&str, String)]) -> Child {
    Command::new(binary("scripted-worker"))
        .env_clear()
        .env("LIVEGATE_AMQP_URL", urls[0])
        .env("LIVEGATE_REDIS_URL", urls[1])
        .env("LIVEGATE_SEAL_KEY", SEAL_KEY)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}
