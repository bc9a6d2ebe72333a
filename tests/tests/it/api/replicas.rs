//! API replicas and workers that share RabbitMQ and Redis.

use std::num::NonZeroUsize;
use std::sync::Arc;

use livegate_common::broker::{Queue, RabbitConsumer};
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::RedisResults;
use livegate_common::seal::SealKey;
use livegate_common::shutdown::{Shutdown, Trigger};
use livegate_liveness::thresholds::Thresholds;
use livegate_server::distributed;
use livegate_server::settings::Servers;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::{scripted, servers};
use livegate_worker::AnalyzerPool;

/// Servers that replicas and workers share.
#[derive(Clone)]
pub struct Shared {
    amqp_url: String,
    redis_url: String,
    seal: SealKey,
}

impl Shared {
    /// Servers with nothing on them.
    pub fn new() -> Self {
        let (amqp_url, redis_url) = (servers::amqp_url(), servers::redis_url());
        Self {
            amqp_url,
            redis_url,
            seal: SealKey::random().unwrap(),
        }
    }

    /// The first replica. It makes the key.
    pub async fn first(&self, options: Options) -> App {
        let servers = Servers {
            brokers: self.amqp_url.parse().unwrap(),
            store: self.redis_url.parse().unwrap(),
        };
        let seal = self.seal.clone();
        let services = Some(distributed::services(
            &servers,
            0,
            seal,
            Thresholds::default(),
        ));
        spawn(Options {
            services,
            ..options
        })
        .await
    }

    /// Another replica, with the key of the first.
    pub async fn another(&self, first: &App, options: Options) -> App {
        let mut app = self.first(options).await;
        std::fs::copy(&first.keys, &app.keys).unwrap();
        app.client = app.client.with_key(&first.key.secret);
        // A status costs the key nothing.
        let none = format!("live_{}", "0".repeat(32));
        let ask = async || app.client.status(&none).await;
        app.until(ask, |a| a.status == 404).await;
        app
    }

    /// Works until the trigger is dropped.
    pub fn worker(&self) -> Trigger {
        let pool = AnalyzerPool::start(NonZeroUsize::MIN, scripted::factory()).unwrap();
        let consumer = RabbitConsumer::new(&self.amqp_url.parse().unwrap(), &Queue::ALL, 2);
        let results = RedisResults::new(RedisPool::connect(&self.redis_url.parse().unwrap()));
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
