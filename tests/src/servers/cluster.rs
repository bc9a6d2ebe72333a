//! Servers of which one may fail: RabbitMQ as a cluster, Redis with replicas and Sentinels.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::guarded::Guarded;
use super::rabbitmq::{RabbitMq, definitions};
use super::redis::Redis;
use super::{free_port, temporary_folder};

/// Number of brokers, of Redis servers, and of Sentinels.
const SIZE: usize = 3;

/// Name of the master, as the Sentinels call it.
const MASTER: &str = "main";

/// Longest wait until all servers are together again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Three brokers in a cluster. Dropping it ends them.
pub struct RabbitCluster {
    /// Its nodes.
    pub nodes: Vec<RabbitMq>,
    /// The Erlang port mapper that they share.
    _epmd: Guarded,
}

impl RabbitCluster {
    /// Starts the brokers one after the other, which takes 20 to 40 s.
    pub fn start() -> Self {
        let epmd_port = free_port();
        let port = epmd_port.to_string();
        let epmd = Guarded::start(
            &temporary_folder("epmd"),
            &["epmd", "-address", "127.0.0.1", "-port", &port],
            &[],
        );
        let mut nodes: Vec<RabbitMq> = Vec::new();
        for _ in 0..SIZE {
            let folder = temporary_folder("rabbitmq");
            let settings = match nodes.first() {
                // The first node has the users, and the others get them from it.
                None => {
                    let users = folder.join("definitions.json");
                    fs::write(&users, definitions("")).expect("a file can be written");
                    format!("load_definitions = {}\n", users.display())
                }
                Some(first) => format!(
                    "cluster_formation.peer_discovery_backend = classic_config\n\
                     cluster_formation.classic_config.nodes.1 = {}\n",
                    first.node()
                ),
            };
            let mut node = RabbitMq::new(folder, epmd_port);
            node.prepare(&format!("{settings}disk_free_limit.absolute = 10MB\n"));
            node.start_again();
            nodes.push(node);
        }
        Self { nodes, _epmd: epmd }
    }

    /// The URLs of all nodes, with commas between them.
    pub fn urls(&self) -> String {
        let urls: Vec<_> = self.nodes.iter().map(RabbitMq::url).collect();
        urls.join(",")
    }
}

/// A Redis master with two replicas, and three Sentinels that choose another master if it fails. Dropping it
/// ends them.
pub struct RedisGroup {
    /// The servers. At the beginning the first one is the master.
    pub servers: Vec<Redis>,
    /// The Sentinels.
    pub sentinels: Vec<Redis>,
    _settings: TempDir,
}

impl RedisGroup {
    /// Starts them, and waits until all know each other.
    pub fn start() -> Self {
        let master = Redis::start();
        let replicas: Vec<_> = (1..SIZE).map(|_| master.start_replica()).collect();
        let settings = tempfile::tempdir().expect("a temporary folder can be made");
        let sentinels = (0..SIZE).map(|n| {
            let file = settings.path().join(format!("sentinel-{n}.conf"));
            let text = format!(
                "sentinel monitor {MASTER} 127.0.0.1 {} 2\n\
                 sentinel down-after-milliseconds {MASTER} 1000\n\
                 sentinel failover-timeout {MASTER} 5000\n\
                 sentinel parallel-syncs {MASTER} 2\n",
                master.port()
            );
            fs::write(&file, text).expect("a file can be written");
            let file = file.display().to_string();
            Redis::start_with(vec![
                "redis-server".to_owned(),
                file,
                "--sentinel".to_owned(),
            ])
        });
        let sentinels = sentinels.collect();
        let servers = std::iter::once(master).chain(replicas).collect();
        let this = Self {
            servers,
            sentinels,
            _settings: settings,
        };
        this.until_whole();
        this
    }

    /// The URL that names the Sentinels.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.sentinels.iter().map(Redis::address).collect();
        format!("redis+sentinel://{}/{MASTER}", hosts.join(","))
    }

    /// The index of the server that is the master as all Sentinels see it; `None` while they do not agree.
    pub fn master(&self) -> Option<usize> {
        let mut seen = self.sentinels.iter().map(|sentinel| {
            let answer = sentinel.answer(&format!("SENTINEL GET-MASTER-ADDR-BY-NAME {MASTER}"))?;
            let port: u16 = answer.lines().last()?.parse().ok()?;
            self.servers.iter().position(|server| server.port() == port)
        });
        let first = seen.next()??;
        seen.all(|other| other == Some(first)).then_some(first)
    }

    /// Waits until the Sentinels agree on a master and all other servers are its replicas.
    ///
    /// # Panics
    /// When that takes longer than a minute.
    pub fn until_whole(&self) {
        let began = Instant::now();
        while !self.is_whole() {
            assert!(
                began.elapsed() < PATIENCE,
                "the servers do not come together"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn is_whole(&self) -> bool {
        let Some(master) = self.master() else {
            return false;
        };
        let all_known = self.sentinels.iter().all(|sentinel| {
            let known = sentinel.answer(&format!("SENTINEL MASTER {MASTER}"));
            known.is_some_and(|text| {
                field(&text, "num-other-sentinels") == Some("2")
                    && field(&text, "num-slaves") == Some("2")
                    && field(&text, "flags") == Some("master")
            })
        });
        let replication = self.servers[master].answer("INFO replication");
        all_known
            && replication.is_some_and(|text| text.matches("state=online").count() == SIZE - 1)
    }
}

/// The value after a name in a flat list.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter(|line| !line.starts_with(['$', '*']));
    lines.find(|line| *line == name)?;
    lines.next()
}
