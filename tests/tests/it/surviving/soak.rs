//! A few hundred verifies of what `make soak` does by the thousand.

use std::time::Duration;

use livegate_tests::soak::{Servers, Soak, run};

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_verifies_are_all_accounted_for_while_everything_is_killed_at_random() {
    let report = run(Soak {
        servers: Servers::Tls,
        verifies: 300,
        outages: 2,
        at_once: 24,
        seed: 20_261_122,
        calm: Duration::from_secs(4),
    })
    .await;
    eprintln!("{report}");
    assert!(report.violations.is_empty(), "{report}");
    // It has met what it is for.
    for part in ["worker", "api", "broker", "store"] {
        assert!(
            report.deeds.kills.contains_key(part),
            "no {part} was killed"
        );
    }
    assert!(report.ends.contains_key("verified"), "{report}");
}

/// Each broker, the master, a replica of it and a Sentinel are killed once.
#[tokio::test(flavor = "multi_thread")]
async fn while_one_server_of_a_cluster_is_down_at_a_time_nothing_is_lost_and_nothing_decided_twice()
{
    let report = run(Soak {
        servers: Servers::Cluster,
        verifies: 300,
        outages: 6,
        at_once: 8,
        seed: 20_261_130,
        calm: Duration::from_secs(2),
    })
    .await;
    eprintln!("{report}");
    assert!(report.violations.is_empty(), "{report}");
    for (part, times) in [("broker", 3), ("store", 2), ("sentinel", 1)] {
        assert!(
            report.deeds.kills.get(part) >= Some(&times),
            "{part}: {report}"
        );
    }
}
