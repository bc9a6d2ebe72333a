//! The servers of a soak test, and which of them fails next.

use livegate_common::broker::Queue;

use crate::fleet::waiting;
use crate::servers::{Certificates, RabbitCluster, RabbitMq, Redis, RedisGroup};

/// The kind of servers that the service runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// One broker and one store, without encryption.
    Plain,
    /// The same with TLS. Both demand certificates of their clients.
    Tls,
    /// Three brokers in a cluster; a store with two replicas, and three Sentinels. No encryption.
    Cluster,
}

/// The running servers.
pub(super) enum Estate {
    Single {
        rabbitmq: RabbitMq,
        redis: Redis,
        /// They need the files.
        certificates: Option<Certificates>,
    },
    Cluster {
        brokers: RabbitCluster,
        stores: RedisGroup,
    },
}

/// A server that can be killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Broker(usize),
    Store(usize),
    Sentinel(usize),
}

impl Part {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Broker(_) => "broker",
            Self::Store(_) => "store",
            Self::Sentinel(_) => "sentinel",
        }
    }
}

impl Estate {
    /// Starts the servers. It takes up to a minute.
    pub(super) fn start(servers: Servers) -> Self {
        match servers {
            Servers::Plain => Self::Single {
                rabbitmq: RabbitMq::start(),
                redis: Redis::start(),
                certificates: None,
            },
            Servers::Tls => {
                let certificates = Certificates::make();
                Self::Single {
                    rabbitmq: RabbitMq::start_tls(&certificates, true),
                    redis: Redis::start_tls(&certificates, true),
                    certificates: Some(certificates),
                }
            }
            Servers::Cluster => Self::Cluster {
                brokers: RabbitCluster::start(),
                stores: RedisGroup::start(),
            },
        }
    }

    /// The URLs of broker and store.
    pub(super) fn urls(&self) -> (String, String) {
        match self {
            Self::Single {
                rabbitmq,
                redis,
                certificates,
            } => match certificates {
                None => (rabbitmq.url(), redis.url()),
                Some(_) => (rabbitmq.tls_url(), redis.tls_url()),
            },
            Self::Cluster { brokers, stores } => (brokers.urls(), stores.url()),
        }
    }

    /// Further variables of the service on these servers.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Single { certificates, .. } => certificates
                .as_ref()
                .map_or_else(Vec::new, Certificates::variables),
            Self::Cluster { .. } => vec![("LIVEGATE_REDIS_REPLICAS", "1".to_owned())],
        }
    }

    /// The part to kill in this round. All get their turn.
    ///
    /// In a cluster these are the broker that is in use, as each replica goes on to the next one, and the
    /// master as often as a replica.
    pub(super) fn victim(&self, round: usize) -> Part {
        match self {
            Self::Single { .. } => match round % 2 {
                0 => Part::Broker(0),
                _ => Part::Store(0),
            },
            Self::Cluster { brokers, stores } => {
                let master = stores.master().unwrap_or(0);
                let next = |number: usize| (round / 2) % number;
                match round % 6 {
                    0 | 2 | 4 => Part::Broker(next(brokers.nodes.len())),
                    1 => Part::Store(master),
                    3 => Part::Sentinel(next(stores.sentinels.len())),
                    _ => Part::Store((master + 1) % stores.servers.len()),
                }
            }
        }
    }

    /// Ends a part as a crash does.
    pub(super) fn stop(&mut self, part: Part) {
        match self.part(part) {
            AnyServer::Broker(broker) => broker.stop(),
            AnyServer::Redis(redis) => redis.stop(),
        }
    }

    /// Starts a part again, and waits until it has its place.
    pub(super) fn start_again(&mut self, part: Part) {
        match self.part(part) {
            AnyServer::Broker(broker) => broker.start_again(),
            AnyServer::Redis(redis) => redis.start_again(),
        }
        if let Self::Cluster { stores, .. } = self {
            stores.until_whole();
        }
    }

    /// Whether the service works while one of the servers is down.
    pub(super) fn is_redundant(&self) -> bool {
        match self {
            Self::Single { .. } => false,
            Self::Cluster { .. } => true,
        }
    }

    /// Number of messages that wait at any broker or are being worked on.
    pub(super) async fn waiting(&self, queue: Queue) -> u32 {
        match self {
            Self::Single { rabbitmq, .. } => waiting(rabbitmq, queue.name()).await,
            Self::Cluster { brokers, .. } => {
                let mut all = 0;
                for broker in &brokers.nodes {
                    let name = format!("{}@{}", queue.name(), broker.address());
                    all += waiting(broker, &name).await;
                }
                all
            }
        }
    }

    fn part(&mut self, part: Part) -> AnyServer<'_> {
        match self {
            Self::Single {
                rabbitmq, redis, ..
            } => match part {
                Part::Broker(_) => AnyServer::Broker(rabbitmq),
                Part::Store(_) | Part::Sentinel(_) => AnyServer::Redis(redis),
            },
            Self::Cluster { brokers, stores } => match part {
                Part::Broker(index) => AnyServer::Broker(&mut brokers.nodes[index]),
                Part::Store(index) => AnyServer::Redis(&mut stores.servers[index]),
                Part::Sentinel(index) => AnyServer::Redis(&mut stores.sentinels[index]),
            },
        }
    }
}

enum AnyServer<'a> {
    Broker(&'a mut RabbitMq),
    Redis(&'a mut Redis),
}
