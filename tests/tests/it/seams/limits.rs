//! Rates and places.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use livegate_common::limits::{
    Claim, Claimed, Limits, Load, MemoryLimits, Permit, Rate, RedisLimits,
};
use livegate_common::redis_pool::RedisPool;

use super::{contract, eventually, two_pools, two_pools_over_tls};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

/// The same limits as two replicas have them.
type Replicas = (Arc<dyn Limits>, Arc<dyn Limits>);

async fn memory() -> Replicas {
    let limits = MemoryLimits::new();
    (Arc::new(limits.clone()), Arc::new(limits))
}

async fn redis() -> Replicas {
    over(two_pools())
}

async fn redis_over_tls() -> Replicas {
    over(two_pools_over_tls())
}

fn over((one, other): (RedisPool, RedisPool)) -> Replicas {
    (
        Arc::new(RedisLimits::new(one)),
        Arc::new(RedisLimits::new(other)),
    )
}

contract! {
    memory: [
        a_bucket_gives_its_capacity_and_no_more,
        a_bucket_refills_evenly,
        a_bucket_never_holds_more_than_its_capacity,
        buckets_have_names,
        several_tokens_are_taken_together_or_not_at_all,
        simultaneous_takers_get_the_capacity_exactly,
        a_smaller_capacity_counts_at_once,
        places_are_given_up_to_the_maximum,
        simultaneous_takers_get_no_more_places_than_there_are,
        a_lease_ends_a_place_that_nobody_released,
        a_longer_lease_outlives_a_shorter_one,
        a_place_tells_the_load_that_it_found,
    ];
    redis: [
        a_bucket_gives_its_capacity_and_no_more,
        a_bucket_refills_evenly,
        a_bucket_never_holds_more_than_its_capacity,
        buckets_have_names,
        several_tokens_are_taken_together_or_not_at_all,
        simultaneous_takers_get_the_capacity_exactly,
        a_smaller_capacity_counts_at_once,
        places_are_given_up_to_the_maximum,
        simultaneous_takers_get_no_more_places_than_there_are,
        a_lease_ends_a_place_that_nobody_released,
        a_longer_lease_outlives_a_shorter_one,
        a_place_tells_the_load_that_it_found,
    ];
    redis_over_tls: [
        a_bucket_gives_its_capacity_and_no_more,
        a_bucket_refills_evenly,
        a_bucket_never_holds_more_than_its_capacity,
        buckets_have_names,
        several_tokens_are_taken_together_or_not_at_all,
        simultaneous_takers_get_the_capacity_exactly,
        a_smaller_capacity_counts_at_once,
        places_are_given_up_to_the_maximum,
        simultaneous_takers_get_no_more_places_than_there_are,
        a_lease_ends_a_place_that_nobody_released,
        a_longer_lease_outlives_a_shorter_one,
        a_place_tells_the_load_that_it_found,
    ];
}

async fn allowed(limits: &Arc<dyn Limits>, name: &str, capacity: u32, per_minute: u32) -> bool {
    limits
        .take_tokens(name, 1, capacity, per_minute)
        .await
        .unwrap()
        == Rate::Allowed
}

async fn wait(limits: &Arc<dyn Limits>, name: &str, capacity: u32, per_minute: u32) -> Duration {
    match limits
        .take_tokens(name, 1, capacity, per_minute)
        .await
        .unwrap()
    {
        Rate::RetryAfter(wait) => wait,
        Rate::Allowed => panic!("a token was left"),
    }
}

async fn acquire(
    limits: &Arc<dyn Limits>,
    name: &str,
    max: u32,
    lease: Duration,
) -> Option<Permit> {
    let claim = claim(name, max, Duration::ZERO, lease);
    match limits.take_place(&claim).await.unwrap() {
        Claimed::Taken(permit, _) => Some(permit),
        Claimed::Full(_) => None,
    }
}

fn claim(key: &str, places: u32, work: Duration, lease: Duration) -> Claim<'_> {
    Claim {
        kind: "work",
        key,
        places,
        weight: places,
        work,
        lease,
    }
}

async fn a_bucket_gives_its_capacity_and_no_more((one, other): Replicas) {
    for i in 0..5 {
        assert!(allowed(if i % 2 == 0 { &one } else { &other }, "k", 5, 1).await);
    }
    let wait = wait(&other, "k", 5, 1).await;
    assert!(
        wait <= Duration::from_secs(60) && wait > Duration::from_secs(50),
        "{wait:?}"
    );
}

async fn a_bucket_refills_evenly((one, _): Replicas) {
    // Two a second, from a bucket of two.
    assert!(allowed(&one, "k", 2, 120).await);
    assert!(allowed(&one, "k", 2, 120).await);
    let first = wait(&one, "k", 2, 120).await;
    assert!(first <= Duration::from_millis(500));
    tokio::time::sleep(first).await;
    assert!(
        allowed(&one, "k", 2, 120).await,
        "the token is there when it was promised"
    );
    let second = wait(&one, "k", 2, 120).await;
    assert!(second <= Duration::from_millis(500));
}

async fn a_bucket_never_holds_more_than_its_capacity((one, _): Replicas) {
    // A thousand a second: full again after 3 ms.
    for _ in 0..3 {
        one.take_tokens("k", 1, 3, 60_000).await.unwrap();
    }
    tokio::time::sleep(SHORT).await;
    // The same bucket read at a crawl, so that nothing comes in between: three are there.
    let mut taken = 0;
    while allowed(&one, "k", 3, 1).await {
        taken += 1;
    }
    assert_eq!(taken, 3);
}

async fn several_tokens_are_taken_together_or_not_at_all((one, other): Replicas) {
    let take = async |limits: &Arc<dyn Limits>, count, per_minute| {
        limits
            .take_tokens("k", count, 10, per_minute)
            .await
            .unwrap()
    };
    assert_eq!(take(&one, 7, 1).await, Rate::Allowed);
    let Rate::RetryAfter(wait) = take(&other, 4, 1).await else {
        panic!("three are left");
    };
    assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");
    assert_eq!(take(&other, 3, 1).await, Rate::Allowed);
    assert_ne!(take(&one, 1, 1).await, Rate::Allowed);
}

async fn buckets_have_names((one, _): Replicas) {
    assert!(allowed(&one, "a", 1, 1).await);
    assert!(allowed(&one, "b", 1, 1).await);
    assert!(!allowed(&one, "a", 1, 1).await);
}

async fn simultaneous_takers_get_the_capacity_exactly((one, other): Replicas) {
    let takers = (0..60).map(|i| {
        let limits = Arc::clone(if i % 2 == 0 { &one } else { &other });
        tokio::spawn(async move { allowed(&limits, "k", 20, 1).await })
    });
    let answers = join_all(takers).await;
    assert_eq!(
        answers.into_iter().filter(|a| *a.as_ref().unwrap()).count(),
        20
    );
}

async fn a_smaller_capacity_counts_at_once((one, _): Replicas) {
    // A key's limit was lowered: what it owed under the old one is forgiven down to empty.
    for _ in 0..100 {
        one.take_tokens("k", 1, 100, 1).await.unwrap();
    }
    let wait = wait(&one, "k", 2, 60).await;
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
}

async fn places_are_given_up_to_the_maximum((one, other): Replicas) {
    let first = acquire(&one, "k", 2, LONG).await.expect("a first place");
    let second = acquire(&other, "k", 2, LONG).await.expect("a second place");
    assert!(acquire(&one, "k", 2, LONG).await.is_none());
    assert!(acquire(&one, "other", 2, LONG).await.is_some());
    drop(first);
    // Asking while the release is on its way: what comes of it is held and dropped at once.
    eventually(async || acquire(&other, "k", 2, LONG).await.is_some()).await;
    drop(second);
    eventually(async || {
        let both = (
            acquire(&one, "k", 2, LONG).await,
            acquire(&one, "k", 2, LONG).await,
        );
        both.0.is_some() && both.1.is_some()
    })
    .await;
}

async fn simultaneous_takers_get_no_more_places_than_there_are((one, other): Replicas) {
    let takers = (0..40).map(|i| {
        let limits = Arc::clone(if i % 2 == 0 { &one } else { &other });
        tokio::spawn(async move { acquire(&limits, "k", 7, LONG).await })
    });
    let answers = join_all(takers).await;
    let permits: Vec<_> = answers.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(permits.len(), 7);
}

async fn a_lease_ends_a_place_that_nobody_released((one, other): Replicas) {
    std::mem::forget(acquire(&one, "k", 1, SHORT).await.expect("a place"));
    eventually(async || acquire(&other, "k", 1, LONG).await.is_some()).await;
}

async fn a_longer_lease_outlives_a_shorter_one((one, other): Replicas) {
    let _long = acquire(&one, "k", 2, LONG).await.expect("a place");
    std::mem::forget(acquire(&other, "k", 2, SHORT).await.expect("a place"));
    // Until the short lease is over.
    let mut again = None;
    eventually(async || {
        again = acquire(&other, "k", 2, LONG).await;
        again.is_some()
    })
    .await;
    assert!(
        acquire(&other, "k", 2, LONG).await.is_none(),
        "the long one is not"
    );
}

/// What lies ahead of new work of this key.
async fn load(limits: &Arc<dyn Limits>, key: &str) -> Load {
    let none = claim(key, 0, Duration::ZERO, LONG);
    match limits.take_place(&none).await.unwrap() {
        Claimed::Full(load) => load,
        Claimed::Taken(..) => panic!("there was no place"),
    }
}

async fn a_place_tells_the_load_that_it_found((one, other): Replicas) {
    let second = Duration::from_secs(1);
    let take = async |limits: &Arc<dyn Limits>, key, places, seconds, lease| {
        let claim = claim(key, places, seconds * second, lease);
        match limits.take_place(&claim).await.unwrap() {
            Claimed::Taken(permit, load) => (permit, load),
            Claimed::Full(load) => panic!("{load:?}"),
        }
    };
    let (_first, load_of_first) = take(&one, "a key", 10, 3, LONG).await;
    assert_eq!(load_of_first, Load::default());
    let (second_place, found) = take(&other, "a key", 10, 4, LONG).await;
    let ahead = |own_places, own, all, other_weights| Load {
        own_places,
        own: own * second,
        all: all * second,
        other_weights,
    };
    assert_eq!(found, ahead(1, 3, 3, 0));
    let (_third, found) = take(&one, "b", 5, 7, LONG).await;
    assert_eq!(found, ahead(0, 0, 7, 10));
    assert_eq!(load(&other, "a key").await, ahead(2, 7, 14, 5));
    assert_eq!(load(&other, "c").await, ahead(0, 0, 14, 15));
    drop(second_place);
    eventually(async || load(&one, "a key").await == ahead(1, 3, 10, 5)).await;
    // A process that dies leaves its work for as long as its lease.
    std::mem::forget(take(&one, "b", 5, 9, SHORT).await);
    eventually(async || load(&one, "c").await == ahead(0, 0, 10, 15)).await;
}
