//! Workers seen lately.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::presence::{MemoryPresence, Presence, RedisPresence, Worker, Workers};
use livegate_common::redis_pool::RedisPool;
use uuid::Uuid;

use super::{contract, eventually, two_pools, two_pools_over_tls};

const LONG: Duration = Duration::from_secs(60);

/// The same presence as a worker and a replica have it.
type Both = (Arc<dyn Presence>, Arc<dyn Presence>);

async fn memory() -> Both {
    let presence = Arc::new(MemoryPresence::new());
    (Arc::clone(&presence) as _, presence)
}

async fn redis() -> Both {
    over(two_pools())
}

async fn redis_over_tls() -> Both {
    over(two_pools_over_tls())
}

fn over((one, other): (RedisPool, RedisPool)) -> Both {
    (
        Arc::new(RedisPresence::new(one)),
        Arc::new(RedisPresence::new(other)),
    )
}

contract! {
    memory: [workers_count_until_they_fall_silent_or_leave];
    redis: [workers_count_until_they_fall_silent_or_leave];
    redis_over_tls: [workers_count_until_they_fall_silent_or_leave];
}

async fn workers_count_until_they_fall_silent_or_leave((worker, replica): Both) {
    let seen = async || {
        let Workers { count, threads } = replica.workers().await.unwrap();
        (count, threads)
    };
    let named = |threads| Worker {
        id: Uuid::new_v4(),
        threads,
    };
    assert_eq!(seen().await, (0, 0));
    let (steady, silent) = (named(2), named(5));
    worker.beat(steady, LONG).await.unwrap();
    worker.beat(steady, LONG).await.unwrap();
    worker.beat(silent, Duration::from_secs(2)).await.unwrap();
    assert_eq!(seen().await, (2, 7));
    eventually(async || seen().await == (1, 2)).await;
    worker.leave(steady).await.unwrap();
    worker.leave(silent).await.unwrap();
    assert_eq!(seen().await, (0, 0));
}
