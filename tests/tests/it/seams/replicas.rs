//! A store that consists of several servers.

use std::time::Duration;

use livegate_common::redis_pool::RedisPool;
use livegate_common::sessions::{RedisSessions, SessionStore};
use livegate_tests::servers::Redis;
use tokio::io::{AsyncBufReadExt, BufReader};
use uuid::Uuid;

use super::{eventually, soon, worker};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_to_a_replica_is_given_up_and_not_used() {
    let (server, other) = (Redis::start(), Redis::start());
    let pool = RedisPool::connect(&server.url().parse().unwrap());
    pool.ping().await.unwrap();
    // Its connections stay open.
    let to = format!("REPLICAOF 127.0.0.1 {}", other.port());
    assert_eq!(server.command(&to).as_deref(), Some("+OK"));
    let refused = pool.ping().await.unwrap_err().to_string();
    assert!(
        refused.contains("a replica and not the master"),
        "{refused}"
    );
    // The same for one that finds nothing else from the beginning.
    let newborn = RedisPool::connect(&server.url().parse().unwrap());
    assert!(newborn.ping().await.is_err());
    server.command("REPLICAOF NO ONE").unwrap();
    pool.ping().await.unwrap();
    newborn.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_counts_once_it_is_on_a_replica_and_not_before() {
    let master = Redis::start();
    let pool = RedisPool::connect(&master.url().parse().unwrap());
    let store = RedisSessions::new(pool, 1);
    store.create("s", "new".into(), LONG).await.unwrap();
    let token = Uuid::new_v4();
    let swap = async || store.swap("s", 1, token, "claimed".into(), LONG).await;
    // Each time the master has it, and nobody else: also when it is only asked for again.
    for _ in 0..2 {
        let unknown = swap().await.unwrap_err().to_string();
        assert!(unknown.contains("0 of 1 replicas"), "{unknown}");
    }
    assert_eq!(store.load("s").await.unwrap().unwrap().value, "claimed");
    let mut replica = master.start_replica();
    eventually(async || swap().await.is_ok_and(|is_ours| is_ours)).await;
    assert_eq!(store.load("s").await.unwrap().unwrap().version, 2);
    // One that is connected and does not answer does not count.
    replica.pause();
    let next = store.swap("s", 2, Uuid::new_v4(), "over".into(), LONG);
    assert!(next.await.is_err());
    let again = store.swap("s", 2, Uuid::new_v4(), "other".into(), LONG);
    assert!(!again.await.unwrap(), "it was swapped all the same");
    replica.resume();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_of_a_store_that_was_started_again_are_checked_again() {
    let command = ["redis-server", "--maxmemory-policy", "allkeys-lru"];
    let mut server = Redis::start_with(command.map(str::to_owned).to_vec());
    let mut worker = worker(["amqp://127.0.0.1:1", &server.url()], &[]);
    let mut lines = BufReader::new(worker.stderr.take().unwrap()).lines();
    let mut warned = async || {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("maxmemory-policy \"allkeys-lru\"") {
                return;
            }
        }
        panic!("the worker has ended");
    };
    soon(warned()).await;
    server.stop();
    server.start_again();
    soon(warned()).await;
}
