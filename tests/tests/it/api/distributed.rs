//! Several API replicas and workers of their own, over RabbitMQ and Redis.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_api::distributed;
use livegate_api::keys::create::NewKey;
use livegate_common::broker::{Queue, RabbitConsumer};
use livegate_common::liveness::thresholds::Thresholds;
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::RedisResults;
use livegate_common::seal::SealKey;
use livegate_common::shutdown::{Shutdown, Trigger};
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::client::Capture;
use livegate_tests::{scripted, servers};
use livegate_worker::AnalyzerPool;
use serde_json::json;

/// Servers that replicas and workers share.
struct Shared {
    amqp_url: String,
    redis_url: String,
    seal: SealKey,
}

impl Shared {
    fn new() -> Self {
        let (amqp_url, redis_url) = (servers::amqp_url(), servers::redis_url());
        Self {
            amqp_url,
            redis_url,
            seal: SealKey::random().unwrap(),
        }
    }

    /// An API with this key; the first replica makes it.
    async fn replica(&self, of: Option<&App>) -> App {
        let seal = self.seal.clone();
        let services =
            distributed::services(&self.amqp_url, &self.redis_url, seal, Thresholds::default());
        let options = Options {
            services: Some(services.unwrap()),
            server: ServerConfig {
                verify_timeout: Duration::from_secs(10),
                ..ServerConfig::default()
            },
            key: NewKey {
                requests_per_minute: 12,
                ..NewKey::named("shared")
            },
            ..Options::default()
        };
        let mut app = spawn(options).await;
        if let Some(first) = of {
            std::fs::copy(&first.keys, &app.keys).unwrap();
            app.client = app.client.with_key(&first.key.secret);
            let status = format!("live_{}", "0".repeat(32));
            app.until(
                async || app.client.status(&status).await,
                |a| a.status == 404,
            )
            .await;
        }
        app
    }

    /// Works until the trigger is dropped.
    fn worker(&self) -> Trigger {
        let pool = AnalyzerPool::start(NonZeroUsize::MIN, scripted::factory()).unwrap();
        let consumer = RabbitConsumer::new(&self.amqp_url, &[Queue::Verify], 2).unwrap();
        let results = RedisResults::new(RedisPool::connect(&self.redis_url).unwrap());
        let (trigger, shutdown) = Shutdown::new();
        let (results, pool, seal) = (Arc::new(results), Arc::new(pool), self.seal.clone());
        tokio::spawn(livegate_worker::run(
            Box::new(consumer),
            results,
            pool,
            seal,
            shutdown,
        ));
        trigger
    }
}

#[tokio::test]
async fn a_session_of_one_replica_is_verified_by_another_and_known_to_all() {
    let shared = Shared::new();
    let first = shared.replica(None).await;
    let second = shared.replica(Some(&first)).await;
    let _workers = [shared.worker(), shared.worker()];
    let session = first.client.session(&["turn_left", "turn_right"]).await;
    let answer = second.client.verify(&session, &Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    assert_eq!(answer.body["embedding"].as_array().unwrap().len(), 512);
    assert_eq!(
        first.client.status(&session).await.body["state"],
        "verified"
    );
    first
        .client
        .verify(&session, &Capture::good())
        .await
        .assert_error(409, "SESSION_USED");
}

#[tokio::test]
async fn of_simultaneous_verifies_on_two_replicas_exactly_one_proceeds_and_limits_are_shared() {
    let shared = Shared::new();
    let first = shared.replica(None).await;
    let second = shared.replica(Some(&first)).await;
    let _worker = shared.worker();
    let session = first.client.session(&["turn_left", "turn_right"]).await;
    let body = Capture::left_right(|_, s| s.delay_ms = 30).body(&session);
    let calls: Vec<_> = (0..10)
        .map(|i| {
            let client = if i % 2 == 0 {
                first.client.clone()
            } else {
                second.client.clone()
            };
            let body = body.clone();
            tokio::spawn(async move { client.verify_raw(&body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [[200].as_slice(), &[409; 9]].concat());
    // Eleven of the key's twelve requests are spent; a token comes back every five seconds.
    let more = [
        second.client.create(&json!({})).await,
        first.client.create(&json!({})).await,
    ];
    let more: Vec<u16> = more.iter().map(|a| a.status).collect();
    let again = [second.client.create(&json!({})).await.status, more[1]];
    assert!(more[0] == 200 && again.contains(&429), "{more:?} {again:?}");
}
