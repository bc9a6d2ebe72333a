use futures_util::FutureExt;

use super::*;
use crate::contract::defaults::SessionDefaults;
use crate::testing::png;
use livegate_common::job::Look;

const LIMIT: Duration = Duration::from_secs(15);

fn key(id: &str, concurrency: u32) -> Arc<KeyRecord> {
    Arc::new(KeyRecord {
        id: id.to_owned(),
        name: "test".to_owned(),
        is_test: false,
        liveness: true,
        requests_per_minute: 100,
        concurrency,
        defaults: SessionDefaults::default(),
    })
}

fn capture(frames: usize, side: u32) -> Work {
    let picture = png(side, side, 0);
    Work::pictures(vec![picture.header(); frames], Look::Whole)
}

struct Server {
    admissions: Admissions,
    limits: MemoryLimits,
}

impl Server {
    fn new() -> Self {
        Self {
            admissions: Admissions::new(Duration::from_secs(30)),
            limits: MemoryLimits::new(),
        }
    }

    async fn admit(&self, key: &Arc<KeyRecord>, work: &Work) -> Result<Admission, ApiError> {
        self.admissions.admit(&self.limits, key, work, LIMIT).await
    }

    /// Sends until this key is refused; returns what was let in, and the limit that was reached.
    async fn fill(&self, key: &Arc<KeyRecord>, work: &Work) -> (Vec<Admission>, Busy, Duration) {
        let mut admitted = Vec::new();
        loop {
            match self.admit(key, work).await {
                Ok(admission) => admitted.push(admission),
                Err(ApiError::ConcurrencyLimited { busy, retry_after }) => {
                    return (admitted, busy, retry_after);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_burst_of_ten_captures_is_let_in_whole() {
    let (server, key) = (Server::new(), key("a", 10));
    let (admitted, busy, wait) = server.fill(&key, &capture(8, 960)).await;
    assert_eq!((admitted.len(), busy), (10, Busy::Key));
    assert!(wait < Duration::from_secs(1), "{wait:?}");
}

#[tokio::test]
async fn large_pictures_fill_the_time_before_small_ones_do() {
    let server = Server::new();
    let (large, _, wait) = server.fill(&key("a", 1000), &capture(20, 4096)).await;
    assert!(wait > Duration::from_millis(10), "{wait:?}");
    let small = Server::new();
    let (small, busy, _) = small.fill(&key("a", 1000), &capture(20, 640)).await;
    assert_eq!(busy, Busy::Share);
    assert!(
        small.len() > 10 * large.len(),
        "{} {}",
        small.len(),
        large.len()
    );
}

#[tokio::test]
async fn a_key_beside_one_that_floods_is_let_in() {
    let server = Server::new();
    let flood = key("flood", 10);
    let (_flooding, busy, _) = server.fill(&flood, &capture(20, 4096)).await;
    assert_eq!(busy, Busy::Share);
    let modest = key("modest", 10);
    let first = server.admit(&modest, &capture(8, 960)).await;
    assert!(first.is_ok());
    // And the one that floods is not, until its own work is done.
    let refused = server.admit(&flood, &capture(8, 960)).await;
    assert!(matches!(
        refused,
        Err(ApiError::ConcurrencyLimited {
            busy: Busy::Share,
            ..
        })
    ));
}

#[tokio::test]
async fn a_refused_work_leaves_nothing_in_hand() {
    let server = Server::new();
    let (admitted, _, _) = server.fill(&key("a", 1000), &capture(20, 4096)).await;
    let number = admitted.len();
    drop(admitted);
    let (again, _, _) = server.fill(&key("a", 1000), &capture(20, 4096)).await;
    assert_eq!(again.len(), number);
}

#[tokio::test]
async fn draining_waits_for_all_and_lets_no_more_in() {
    let (server, key) = (Server::new(), key("a", 10));
    let verify = server.admit(&key, &capture(8, 640)).await;
    let frame = server.admissions.admit_live(&key, &capture(1, 640)).await;
    assert!(verify.is_ok() && frame.is_ok());
    assert!(server.admissions.drain().now_or_never().is_none());
    drop(verify);
    assert!(server.admissions.drain().now_or_never().is_none());
    drop(frame);
    server.admissions.drain().await;
    assert!(server.admit(&key, &capture(8, 640)).await.is_err());
}

#[tokio::test]
async fn the_estimates_say_what_is_in_hand_and_what_it_costs() {
    let (server, key) = (Server::new(), key("a", 10));
    let work = capture(1, 640);
    let admission = server.admit(&key, &work).await.ok().unwrap();
    let batch = admission.lane().turn(work.clone()).await;
    let [(verify, ahead), (interactive, none)] = server.admissions.estimates().ahead;
    assert_eq!((verify, interactive), ("verify", "interactive"));
    assert!(ahead > 0.0 && none == 0.0);
    let cost = Cost {
        occupied_us: 70_000,
        ..Cost::default()
    };
    let work = batch.work().clone();
    batch.done(cost, Some(&work));
    let estimates = server.admissions.estimates();
    assert!(estimates.ahead.iter().all(|(_, ahead)| *ahead == 0.0));
    let [(kind, price)] = &estimates.prices[..] else {
        panic!("{:?}", estimates.prices);
    };
    assert_eq!(kind, "png_whole_0.5mp");
    assert!((price - 0.07).abs() < 0.001, "{price}");
}
