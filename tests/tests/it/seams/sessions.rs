//! Session records.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use livegate_common::redis_pool::RedisPool;
use livegate_common::sessions::{
    KEPT_TOKENS, MemorySessions, RedisSessions, SessionStore, Versioned,
};
use uuid::Uuid;

use super::{contract, eventually, two_pools, two_pools_over_tls};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

/// One store as two replicas have it.
type Replicas = (Arc<dyn SessionStore>, Arc<dyn SessionStore>);

async fn memory() -> Replicas {
    let store = MemorySessions::new();
    (Arc::new(store.clone()), Arc::new(store))
}

async fn redis() -> Replicas {
    over(two_pools())
}

async fn redis_over_tls() -> Replicas {
    over(two_pools_over_tls())
}

fn over((one, other): (RedisPool, RedisPool)) -> Replicas {
    (
        Arc::new(RedisSessions::new(one, 0)),
        Arc::new(RedisSessions::new(other, 0)),
    )
}

contract! {
    memory: [
        a_record_is_created_once,
        a_swap_needs_the_current_version,
        a_repeated_swap_is_carried_out_once_and_answered_yes,
        of_simultaneous_swaps_one_wins,
        no_increment_is_lost,
        a_record_expires,
        a_swap_moves_the_expiry,
        a_removed_record_is_gone,
        a_record_that_was_swapped_meanwhile_is_not_removed,
    ];
    redis: [
        a_record_is_created_once,
        a_swap_needs_the_current_version,
        a_repeated_swap_is_carried_out_once_and_answered_yes,
        of_simultaneous_swaps_one_wins,
        no_increment_is_lost,
        a_record_expires,
        a_swap_moves_the_expiry,
        a_removed_record_is_gone,
        a_record_that_was_swapped_meanwhile_is_not_removed,
    ];
    redis_over_tls: [
        a_record_is_created_once,
        a_swap_needs_the_current_version,
        a_repeated_swap_is_carried_out_once_and_answered_yes,
        of_simultaneous_swaps_one_wins,
        no_increment_is_lost,
        a_record_expires,
        a_swap_moves_the_expiry,
        a_removed_record_is_gone,
        a_record_that_was_swapped_meanwhile_is_not_removed,
    ];
}

async fn load(store: &Arc<dyn SessionStore>, id: &str) -> Versioned {
    store.load(id).await.unwrap().expect("the record is there")
}

async fn a_record_is_created_once((one, other): Replicas) {
    assert_eq!(one.load("s").await.unwrap(), None);
    let binary: Bytes = (0..=255).collect::<Vec<u8>>().into();
    assert!(one.create("s", binary.clone(), LONG).await.unwrap());
    assert!(!other.create("s", "other".into(), LONG).await.unwrap());
    assert_eq!(load(&other, "s").await.value, binary);
    assert!(other.create("another", "other".into(), LONG).await.unwrap());
}

async fn a_swap_needs_the_current_version((one, other): Replicas) {
    assert!(
        !one.swap("s", 1, Uuid::new_v4(), "nothing to swap".into(), LONG)
            .await
            .unwrap()
    );
    one.create("s", "a".into(), LONG).await.unwrap();
    let first = load(&one, "s").await;
    assert!(
        other
            .swap("s", first.version, Uuid::new_v4(), "b".into(), LONG)
            .await
            .unwrap()
    );
    assert!(
        !one.swap("s", first.version, Uuid::new_v4(), "c".into(), LONG)
            .await
            .unwrap()
    );
    let second = load(&one, "s").await;
    assert_eq!(second.value, "b");
    assert_ne!(second.version, first.version);
    assert!(
        one.swap("s", second.version, Uuid::new_v4(), "d".into(), LONG)
            .await
            .unwrap()
    );
}

async fn a_repeated_swap_is_carried_out_once_and_answered_yes((one, other): Replicas) {
    one.create("s", "a".into(), LONG).await.unwrap();
    let (version, token) = (load(&one, "s").await.version, Uuid::new_v4());
    let swap = async |store: &Arc<dyn SessionStore>| {
        let swapped = store.swap("s", version, token, "ours".into(), LONG).await;
        swapped.unwrap()
    };
    assert!(swap(&one).await);
    assert!(swap(&other).await);
    let after = load(&one, "s").await;
    assert_eq!(after.value, "ours");
    // Others swap meanwhile: the answer stays yes, and what they put stays.
    let mut at = after.version;
    for n in 0..KEPT_TOKENS - 1 {
        let token = Uuid::new_v4();
        assert!(
            one.swap("s", at, token, vec![n as u8].into(), LONG)
                .await
                .unwrap()
        );
        at = load(&other, "s").await.version;
        assert!(swap(&other).await);
    }
    assert_eq!(load(&one, "s").await.value[0] as usize, KEPT_TOKENS - 2);
    // One that is not among the latest is not known any more, and is not carried out either.
    assert!(
        one.swap("s", at, Uuid::new_v4(), "last".into(), LONG)
            .await
            .unwrap()
    );
    assert!(!swap(&one).await);
    assert_eq!(load(&one, "s").await.value, "last");
}

async fn of_simultaneous_swaps_one_wins((one, other): Replicas) {
    for round in 0..10 {
        let id = format!("s{round}");
        one.create(&id, "pending".into(), LONG).await.unwrap();
        let version = load(&one, &id).await.version;
        let swaps = (0..32_u8).map(|i| {
            let store = Arc::clone(if i % 2 == 0 { &one } else { &other });
            let id = id.clone();
            let swap = async move {
                store
                    .swap(&id, version, Uuid::new_v4(), vec![i].into(), LONG)
                    .await
                    .unwrap()
            };
            async move { tokio::spawn(swap).await.unwrap() }
        });
        let won = join_all(swaps)
            .await
            .into_iter()
            .enumerate()
            .filter(|(_, won)| *won);
        let winners: Vec<_> = won.map(|(i, _)| i).collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(usize::from(load(&other, &id).await.value[0]), winners[0]);
    }
}

async fn no_increment_is_lost((one, other): Replicas) {
    one.create("n", vec![0].into(), LONG).await.unwrap();
    let adders = (0..20).map(|i| {
        let store = Arc::clone(if i % 2 == 0 { &one } else { &other });
        tokio::spawn(async move {
            loop {
                let Versioned { version, value } = load(&store, "n").await;
                if store
                    .swap(
                        "n",
                        version,
                        Uuid::new_v4(),
                        vec![value[0] + 1].into(),
                        LONG,
                    )
                    .await
                    .unwrap()
                {
                    break;
                }
            }
        })
    });
    for adder in join_all(adders).await {
        adder.unwrap();
    }
    assert_eq!(load(&one, "n").await.value[0], 20);
}

async fn a_record_expires((one, other): Replicas) {
    one.create("s", "short".into(), SHORT).await.unwrap();
    eventually(async || other.load("s").await.unwrap().is_none()).await;
    assert!(
        !one.swap("s", 1, Uuid::new_v4(), "too late".into(), LONG)
            .await
            .unwrap()
    );
    assert!(one.create("s", "anew".into(), LONG).await.unwrap());
}

async fn a_swap_moves_the_expiry((one, _): Replicas) {
    // Long enough to swap in on a loaded machine.
    let keep = Duration::from_millis(800);
    one.create("longer", "a".into(), keep).await.unwrap();
    one.create("clock", "a".into(), keep).await.unwrap();
    one.create("shorter", "a".into(), LONG).await.unwrap();
    let version = load(&one, "longer").await.version;
    assert!(
        one.swap("longer", version, Uuid::new_v4(), "b".into(), LONG)
            .await
            .unwrap(),
        "in time to be swapped"
    );
    assert!(
        one.swap("shorter", version, Uuid::new_v4(), "b".into(), SHORT)
            .await
            .unwrap()
    );
    eventually(async || one.load("shorter").await.unwrap().is_none()).await;
    eventually(async || one.load("clock").await.unwrap().is_none()).await;
    assert_eq!(load(&one, "longer").await.value, "b");
}

async fn a_removed_record_is_gone((one, other): Replicas) {
    one.create("s", "a".into(), LONG).await.unwrap();
    let version = load(&one, "s").await.version;
    assert!(other.remove("s", version).await.unwrap());
    assert!(!one.remove("s", version).await.unwrap());
    assert_eq!(one.load("s").await.unwrap(), None);
    assert!(
        !one.swap("s", 1, Uuid::new_v4(), "b".into(), LONG)
            .await
            .unwrap()
    );
}

async fn a_record_that_was_swapped_meanwhile_is_not_removed((one, other): Replicas) {
    one.create("s", "running".into(), LONG).await.unwrap();
    let before = load(&one, "s").await.version;
    let swap = other.swap("s", before, Uuid::new_v4(), "over".into(), LONG);
    assert!(swap.await.unwrap());
    assert!(!one.remove("s", before).await.unwrap());
    let after = load(&one, "s").await;
    assert_eq!(after.value, "over");
    assert!(one.remove("s", after.version).await.unwrap());
    assert_eq!(one.load("s").await.unwrap(), None);
}
