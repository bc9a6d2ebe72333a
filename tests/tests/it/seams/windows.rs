//! Sliding windows: how many ids are in one at once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use livegate_common::limits::{Limits, MemoryLimits, Rate, RedisLimits, Window};
use uuid::Uuid;

use super::{contract, two_pools, two_pools_over_tls};

const LONG: Duration = Duration::from_secs(60);

/// The same limits as two replicas have them.
type Replicas = (Arc<dyn Limits>, Arc<dyn Limits>);

async fn memory() -> Replicas {
    let limits = MemoryLimits::new();
    (Arc::new(limits.clone()), Arc::new(limits))
}

async fn redis() -> Replicas {
    let (one, other) = two_pools();
    (
        Arc::new(RedisLimits::new(one)),
        Arc::new(RedisLimits::new(other)),
    )
}

async fn redis_over_tls() -> Replicas {
    let (one, other) = two_pools_over_tls();
    (
        Arc::new(RedisLimits::new(one)),
        Arc::new(RedisLimits::new(other)),
    )
}

contract! {
    memory: [
        a_window_takes_its_number_on_all_replicas_together,
        an_id_that_left_makes_room_and_one_that_is_repeated_takes_none,
        an_id_leaves_with_its_time,
        a_window_that_became_smaller_is_full_until_enough_have_left,
    ];
    redis: [
        a_window_takes_its_number_on_all_replicas_together,
        an_id_that_left_makes_room_and_one_that_is_repeated_takes_none,
        an_id_leaves_with_its_time,
        a_window_that_became_smaller_is_full_until_enough_have_left,
    ];
    redis_over_tls: [
        a_window_takes_its_number_on_all_replicas_together,
    ];
}

fn window(most: u32, lasts: Duration) -> Window<'static> {
    Window {
        name: "w",
        most,
        lasts,
    }
}

async fn enter(limits: &Arc<dyn Limits>, most: u32, lasts: Duration) -> Result<Uuid, Duration> {
    let id = Uuid::new_v4();
    match limits.enter(&window(most, lasts), id).await.unwrap() {
        Rate::Allowed => Ok(id),
        Rate::RetryAfter(wait) => Err(wait),
    }
}

async fn a_window_takes_its_number_on_all_replicas_together((one, other): Replicas) {
    let takers = (0..40).map(|i| {
        let limits = Arc::clone(if i % 2 == 0 { &one } else { &other });
        tokio::spawn(async move { enter(&limits, 7, LONG).await })
    });
    let answers = join_all(takers).await.into_iter().map(Result::unwrap);
    let (taken, refused): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
    assert_eq!(taken.len(), 7);
    for wait in refused.into_iter().filter_map(Result::err) {
        assert!(wait <= LONG && wait > LONG / 2, "{wait:?}");
    }
    let elsewhere = Window {
        name: "another",
        ..window(7, LONG)
    };
    let taken = one.enter(&elsewhere, Uuid::new_v4()).await.unwrap();
    assert_eq!(taken, Rate::Allowed);
}

async fn an_id_that_left_makes_room_and_one_that_is_repeated_takes_none((one, other): Replicas) {
    let first = enter(&one, 2, LONG).await.unwrap();
    for limits in [&one, &other, &one] {
        let again = limits.enter(&window(2, LONG), first).await.unwrap();
        assert_eq!(again, Rate::Allowed);
    }
    enter(&other, 2, LONG).await.unwrap();
    assert!(enter(&one, 2, LONG).await.is_err());
    other.leave("w", first).await.unwrap();
    other.leave("w", first).await.unwrap();
    enter(&one, 2, LONG).await.unwrap();
    assert!(enter(&one, 2, LONG).await.is_err());
}

async fn an_id_leaves_with_its_time((one, other): Replicas) {
    let short = Duration::from_millis(300);
    enter(&one, 1, short).await.unwrap();
    let wait = enter(&other, 1, short).await.unwrap_err();
    assert!(wait <= short, "{wait:?}");
    tokio::time::sleep(wait).await;
    enter(&other, 1, short).await.unwrap();
}

async fn a_window_that_became_smaller_is_full_until_enough_have_left((one, _): Replicas) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(enter(&one, 5, LONG).await.unwrap());
    }
    assert!(enter(&one, 2, LONG).await.is_err());
    for id in &ids[..3] {
        one.leave("w", *id).await.unwrap();
        assert!(enter(&one, 2, LONG).await.is_err());
    }
    one.leave("w", ids[3]).await.unwrap();
    enter(&one, 2, LONG).await.unwrap();
}
