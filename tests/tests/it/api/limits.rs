//! How often, how much at once, and exactly once.

use std::collections::HashMap;

use livegate_api::keys::create::NewKey;
use livegate_tests::app::{Options, spawn, spawn_with_key};
use livegate_tests::client::Capture;
use serde_json::json;

#[tokio::test]
async fn a_key_has_a_request_rate_that_status_reads_do_not_spend() {
    let key = NewKey {
        requests_per_minute: 3,
        ..NewKey::named("slow")
    };
    let app = spawn_with_key(key).await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    for _ in 0..5 {
        assert_eq!(app.client.status(&id).await.status, 200);
    }
    assert_eq!(app.client.verify(&id, &Capture::good()).await.status, 200);
    // A refused request counts as well.
    app.client
        .create(&json!({"yaw_deg": 1}))
        .await
        .assert_error(400, "INVALID_INPUT");
    let refused = app.client.create(&json!({})).await;
    refused.assert_error(429, "RATE_LIMIT");
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(app.client.status(&id).await.status, 200);
}

#[tokio::test]
async fn the_rate_is_checked_before_the_body() {
    let key = NewKey {
        requests_per_minute: 1,
        ..NewKey::named("slow")
    };
    let app = spawn_with_key(key).await;
    app.client
        .verify_raw(&json!({}))
        .await
        .assert_error(400, "MISSING_FIELDS");
    app.client
        .verify_raw(&json!({}))
        .await
        .assert_error(429, "RATE_LIMIT");
}

#[tokio::test]
async fn of_simultaneous_verifies_of_one_session_exactly_one_proceeds() {
    const CALLERS: usize = 12;
    let app = spawn(Options::default()).await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    let body = Capture::left_right(|_, s| s.delay_ms = 20).body(&id);
    let calls: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (client, body) = (app.client.clone(), body.clone());
            tokio::spawn(async move { client.verify_raw(&body).await })
        })
        .collect();
    let mut seen: HashMap<(u16, String), usize> = HashMap::new();
    for call in calls {
        let answer = call.await.unwrap();
        *seen
            .entry((answer.status, answer.code().to_owned()))
            .or_default() += 1;
    }
    let expected = [
        ((200, String::new()), 1),
        ((409, "SESSION_USED".to_owned()), CALLERS - 1),
    ];
    assert_eq!(seen, HashMap::from(expected));
    assert_eq!(app.stop().await.len(), 1, "one audit record");
}
