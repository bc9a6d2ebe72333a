//! Callers that hang up and servers that are told to stop.

use livegate_tests::app::spawn_app;
use livegate_tests::client::Capture;
use serde_json::json;

fn slow() -> Capture {
    Capture::left_right(|_, s| s.delay_ms = 100)
}

#[tokio::test]
async fn a_verification_runs_to_its_end_though_its_caller_hangs_up() {
    let app = spawn_app().await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    let call = {
        let (client, id) = (app.client.clone(), id.clone());
        tokio::spawn(async move { client.verify(&id, &slow()).await })
    };
    app.until_state(&id, "processing").await;
    call.abort();
    app.until_state(&id, "verified").await;
    let records = app.stop().await;
    assert_eq!(
        (records.len(), &records[0]["verdict"]),
        (1, &json!("verified"))
    );
}

#[tokio::test]
async fn a_server_told_to_stop_finishes_what_runs() {
    let app = spawn_app().await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    let call = {
        let (client, id) = (app.client.clone(), id.clone());
        tokio::spawn(async move { client.verify(&id, &slow()).await })
    };
    app.until_state(&id, "processing").await;
    let records = app.stop().await;
    assert_eq!(call.await.unwrap().body["verified"], json!(true));
    assert_eq!(records.len(), 1);
}
