//! Every seam's contract, held against memory and against the real servers.

mod broker;
mod broker_outages;
mod limits;
mod presence;
mod results;
mod results_outages;
mod sessions;

use std::time::Duration;

use livegate_common::redis_pool::RedisPool;
use livegate_common::results::StoreError;
use livegate_tests::servers;

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
    let url = servers::redis_url();
    let connect = || -> Result<RedisPool, StoreError> { RedisPool::connect(&url) };
    (connect().unwrap(), connect().unwrap())
}
