//! What happens to the stores when Redis goes away.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use livegate_common::id::{BatchId, JobId};
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::{RedisResults, ResultStore};
use livegate_tests::servers::{Proxy, Redis};

use super::{eventually, soon};

const LONG: Duration = Duration::from_secs(60);
const AT_MOST: Duration = Duration::from_secs(4);

fn batch() -> BatchId {
    BatchId {
        job: JobId::random(),
        batch: 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_redis_is_found_again_and_everybody_looks() {
    let mut server = Redis::start();
    let store = RedisResults::new(RedisPool::connect(&server.url().parse().unwrap()));
    let id = batch();
    let mut watch = store.watch(id.job);
    store
        .put(id, store.replica(), "outcome".into(), LONG)
        .await
        .unwrap();
    soon(watch.changed()).await;

    server.stop();
    let start = Instant::now();
    assert!(store.take(id).await.is_err());
    assert!(start.elapsed() < AT_MOST, "an absent server is noticed");

    // Born without a server, a store starts all the same.
    let newborn = RedisResults::new(RedisPool::connect(&server.url().parse().unwrap()));
    let mut newborn_watch = newborn.watch(id.job);
    assert!(newborn.take(id).await.is_err());

    // The announcement may have been made while nobody listened: whoever waits must look.
    let mut another = store.watch(JobId::random());
    server.start_again();
    soon(another.changed()).await;
    soon(newborn_watch.changed()).await;
    eventually(async || store.take(id).await.is_ok_and(|outcome| outcome.is_none())).await;
    let mut watch = store.watch(id.job);
    newborn
        .put(id, store.replica(), "again".into(), LONG)
        .await
        .unwrap();
    soon(watch.changed()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_given_up_in_time() {
    let mut server = Redis::start();
    let store = RedisResults::new(RedisPool::connect(&server.url().parse().unwrap()));
    assert_eq!(store.take(batch()).await.unwrap(), None);
    server.pause();
    for _ in 0..2 {
        let start = Instant::now();
        assert!(store.take(batch()).await.is_err());
        assert!(start.elapsed() < AT_MOST);
    }
    server.resume();
    eventually(async || store.take(batch()).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_fell_silent_together_are_given_up_together() {
    let server = Redis::start();
    let network = Proxy::to(server.address()).await;
    let url = format!("redis://{}", network.address());
    let store = RedisResults::new(RedisPool::connect(&url.parse().unwrap()));
    // More at once than the pool has connections.
    for answer in join_all((0..64).map(|_| store.take(batch()))).await {
        assert_eq!(answer.unwrap(), None);
    }
    network.stall();
    network.heal();
    assert!(store.take(batch()).await.is_err(), "the first finds out");
    assert_eq!(store.take(batch()).await.unwrap(), None);
}
