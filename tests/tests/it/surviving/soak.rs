//! A few hundred verifies of what `make soak` does by the thousand.

use std::time::Duration;

use livegate_tests::soak::{Soak, run};

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_verifies_are_all_accounted_for_while_everything_is_killed_at_random() {
    let report = run(Soak {
        verifies: 300,
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
