//! An end that the store does not confirm.

use std::time::{Duration, Instant};

use livegate_api::config::ServerConfig;

use crate::api::claims::{Fate, app_with};

#[tokio::test]
async fn an_end_that_may_have_been_made_leaves_one_record() {
    for fate in [Fate::Done, Fate::NotDone] {
        let server = ServerConfig {
            session_ttl: Duration::from_secs(1),
            ..ServerConfig::default()
        };
        let (app, _workers) = app_with(fate, server).await;
        let id = app.client.interactive_session("SMILE").await;
        // The first swap is that which ends the session; its answer is lost.
        let read = async || app.client.interactive_status(&id).await;
        let lost = app.until(read, |a| a.status != 200).await;
        lost.assert_error(502, "PROCESSING_ERROR");
        app.until(read, |a| a.body["state"] == "expired").await;
        // It is recorded once it is known, which takes the server a moment.
        let patience = Instant::now() + Duration::from_secs(15);
        while std::fs::read_to_string(&app.audit).unwrap().is_empty() {
            assert!(Instant::now() < patience, "no record: {fate:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(app.stop().await.len(), 1, "{fate:?}");
    }
}
