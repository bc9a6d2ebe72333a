//! Outcomes on their way back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use livegate_common::id::{BatchId, JobId, ReplicaId};
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::{MemoryResults, RedisResults, ResultStore};

use super::{contract, eventually, soon, two_pools, two_pools_over_tls};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

/// Two replicas at one store.
type Replicas = (Arc<dyn ResultStore>, Arc<dyn ResultStore>);

async fn memory() -> Replicas {
    let one = MemoryResults::new();
    let other = one.another_replica();
    (Arc::new(one), Arc::new(other))
}

async fn redis() -> Replicas {
    over(two_pools())
}

async fn redis_over_tls() -> Replicas {
    over(two_pools_over_tls())
}

fn over((one, other): (RedisPool, RedisPool)) -> Replicas {
    (
        Arc::new(RedisResults::new(one)),
        Arc::new(RedisResults::new(other)),
    )
}

contract! {
    memory: [
        the_first_outcome_wins,
        an_outcome_is_read_once,
        an_outcome_expires,
        an_announcement_wakes_who_registered_before,
        only_the_addressed_replica_is_woken,
        only_the_job_s_watchers_are_woken,
        attempts_are_counted_across_replicas,
    ];
    redis: [
        the_first_outcome_wins,
        an_outcome_is_read_once,
        an_outcome_expires,
        an_announcement_wakes_who_registered_before,
        only_the_addressed_replica_is_woken,
        only_the_job_s_watchers_are_woken,
        attempts_are_counted_across_replicas,
    ];
    redis_over_tls: [
        the_first_outcome_wins,
        an_outcome_is_read_once,
        an_outcome_expires,
        an_announcement_wakes_who_registered_before,
        only_the_addressed_replica_is_woken,
        only_the_job_s_watchers_are_woken,
        attempts_are_counted_across_replicas,
    ];
}

fn batch(batch: u16) -> BatchId {
    BatchId {
        job: JobId::random(),
        batch,
    }
}

async fn put(
    store: &Arc<dyn ResultStore>,
    id: BatchId,
    to: ReplicaId,
    outcome: &'static str,
) -> bool {
    store.put(id, to, outcome.into(), LONG).await.unwrap()
}

/// Returns once a store listens, after which nobody is woken without a cause.
async fn listens(store: &Arc<dyn ResultStore>) {
    let id = batch(0);
    let mut watch = store.watch(id.job);
    put(store, id, store.replica(), "settled").await;
    soon(watch.changed()).await;
}

async fn the_first_outcome_wins((one, other): Replicas) {
    let id = batch(0);
    assert!(put(&one, id, one.replica(), "first").await);
    assert!(!put(&other, id, one.replica(), "second").await);
    assert_eq!(one.take(id).await.unwrap().unwrap(), "first");
}

async fn an_outcome_is_read_once((one, other): Replicas) {
    let (id, sibling) = (batch(0), batch(1));
    let binary: Bytes = (0..=255).collect::<Vec<u8>>().into();
    one.put(id, one.replica(), binary.clone(), LONG)
        .await
        .unwrap();
    assert_eq!(other.take(sibling).await.unwrap(), None);
    assert_eq!(other.take(id).await.unwrap(), Some(binary));
    assert_eq!(one.take(id).await.unwrap(), None);
}

async fn an_outcome_expires((one, _): Replicas) {
    let id = batch(0);
    one.put(id, one.replica(), "gone".into(), SHORT)
        .await
        .unwrap();
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(one.take(id).await.unwrap(), None);
}

async fn an_announcement_wakes_who_registered_before((one, other): Replicas) {
    listens(&one).await;
    let id = batch(7);
    let mut watch = one.watch(id.job);
    // The announcement may come before anybody waits for it, and counts.
    put(&other, id, one.replica(), "done").await;
    soon(watch.changed()).await;
    assert_eq!(one.take(id).await.unwrap().unwrap(), "done");
    // The second batch wakes again.
    let id = BatchId { batch: 8, ..id };
    put(&other, id, one.replica(), "done too").await;
    soon(watch.changed()).await;
}

async fn only_the_addressed_replica_is_woken((one, other): Replicas) {
    listens(&one).await;
    listens(&other).await;
    let id = batch(0);
    let (mut here, mut there) = (one.watch(id.job), other.watch(id.job));
    put(&one, id, other.replica(), "theirs").await;
    soon(there.changed()).await;
    // Announcements keep their order: once a later one is here, an earlier one would be.
    listens(&one).await;
    assert!(here.changed().now_or_never().is_none());
}

async fn only_the_job_s_watchers_are_woken((one, _): Replicas) {
    listens(&one).await;
    let (id, unrelated) = (batch(0), batch(0));
    let mut bystander = one.watch(unrelated.job);
    let (mut first, mut second) = (one.watch(id.job), one.watch(id.job));
    put(&one, id, one.replica(), "both").await;
    soon(first.changed()).await;
    soon(second.changed()).await;
    assert!(bystander.changed().now_or_never().is_none());
}

async fn attempts_are_counted_across_replicas((one, other): Replicas) {
    let (id, sibling) = (batch(0), batch(0));
    assert_eq!(one.count_attempt(id, LONG).await.unwrap(), 1);
    assert_eq!(other.count_attempt(id, LONG).await.unwrap(), 2);
    assert_eq!(one.count_attempt(id, SHORT).await.unwrap(), 3);
    assert_eq!(one.count_attempt(sibling, LONG).await.unwrap(), 1);
    // Each look is an attempt itself, and makes the count last: look less often than it lasts.
    eventually(async || {
        tokio::time::sleep(SHORT * 2).await;
        one.count_attempt(id, SHORT).await.unwrap() == 1
    })
    .await;
}
