//! An end that the store does not confirm.

use std::time::Duration;

use livegate_api::config::ServerConfig;

use crate::api::claims::{Fate, app_with};

#[tokio::test]
async fn an_end_whose_answer_is_lost_is_recorded_once_and_told_to_the_caller() {
    for fate in [Fate::Done, Fate::NotDone] {
        let (app, _workers) = app_with(fate, 0..1, short_lived()).await;
        let id = app.client.interactive_session("SMILE").await;
        let read = async || app.client.interactive_status(&id).await;
        let ended = app.until(read, |a| a.body["state"] != "pending").await;
        assert_eq!(ended.body["state"], "expired", "{fate:?}: {ended:?}");
        assert_eq!(app.stop().await.len(), 1, "{fate:?}");
    }
}

#[tokio::test]
async fn an_end_that_is_confirmed_late_leaves_one_record() {
    for fate in [Fate::Done, Fate::NotDone] {
        // All tries of the first swap, which is that which ends the session.
        let (app, _workers) = app_with(fate, 0..5, short_lived()).await;
        let id = app.client.interactive_session("SMILE").await;
        let read = async || app.client.interactive_status(&id).await;
        let lost = app.until(read, |a| a.status != 200).await;
        lost.assert_error(502, "PROCESSING_ERROR");
        app.until(read, |a| a.body["state"] == "expired").await;
        assert_eq!(app.stop().await.len(), 1, "{fate:?}");
    }
}

fn short_lived() -> ServerConfig {
    ServerConfig {
        session_ttl: Duration::from_secs(1),
        ..ServerConfig::default()
    }
}
