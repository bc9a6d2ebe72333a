//! The client token: a browser acts on its own session only.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Client;
use livegate_tests::scripted::{Scene, png};
use reqwest::Method;
use serde_json::json;

/// A new session for a smile, its client token, and a browser that has it.
async fn browser_of(app: &App) -> (String, String, Client) {
    let created = app.client.interactive("challenges=SMILE").await;
    let field = |name: &str| created.body[name].as_str().unwrap().to_owned();
    let (id, token) = (field("session_id"), field("client_token"));
    let browser = app.client.with_token(&token);
    (id, token, browser)
}

#[tokio::test]
async fn a_token_holder_plays_reads_and_cancels_its_session_and_learns_no_scores() {
    let app = spawn_app().await;
    let (id, _, browser) = browser_of(&app).await;
    let id = id.as_str();
    let fake: Vec<Scene> = Scene::doing("SMILE")
        .into_iter()
        .map(|s| Scene {
            bona_fide: 0.2,
            ..s
        })
        .collect();
    let answer = browser.play(id, &fake).await;
    assert_eq!(
        (&answer.body["is_live"], &answer.body["reason_codes"]),
        (&json!(false), &json!(["spoof_detected"]))
    );
    let status = browser.interactive_status(id).await;
    assert_eq!(status.body["is_live"], json!(false));
    let owners = app.client.interactive_status(id).await;
    for field in [
        "anti_spoof_avg_score",
        "same_person_score",
        "rejection_details",
    ] {
        assert!(
            answer.body.get(field).is_none() && status.body.get(field).is_none(),
            "{field}"
        );
        assert!(owners.body.get(field).is_some(), "{field}");
    }
    // The verdict is for the backend to read.
    browser.cancel(id).await.assert_error(409, "SESSION_USED");
    assert_eq!(app.client.cancel(id).await.status, 200);
    browser
        .interactive_status(id)
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
}

#[tokio::test]
async fn a_token_opens_nothing_else() {
    let app = spawn_app().await;
    let (id, token, browser) = browser_of(&app).await;
    let id = id.as_str();
    let other = app.client.interactive_session("SMILE").await;
    let neutral = png(&Scene::default());
    browser
        .frame(&other, &neutral)
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
    browser
        .interactive_status(&other)
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
    browser
        .cancel(&other)
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
    browser
        .interactive("")
        .await
        .assert_error(401, "UNAUTHORIZED");
    browser
        .get("/api/v1/liveness/presets")
        .await
        .assert_error(401, "UNAUTHORIZED");
    browser
        .create(&json!({}))
        .await
        .assert_error(401, "UNAUTHORIZED");
    let token = token.as_str();
    for wrong in [
        "",
        "lct_",
        "lct_AAAA",
        &token[..token.len() - 1],
        &format!("{token}x"),
        &app.key.secret,
    ] {
        let nobody = app.client.with_token(wrong);
        nobody
            .interactive_status(id)
            .await
            .assert_error(401, "UNAUTHORIZED");
        nobody
            .frame(id, &neutral)
            .await
            .assert_error(401, "UNAUTHORIZED");
    }
    let basic = app.client.without_key();
    let path = format!("/api/v1/liveness/sessions/{id}");
    let request = basic
        .request(Method::GET, &path)
        .header("Authorization", format!("Basic {token}"));
    Client::send(request)
        .await
        .assert_error(401, "UNAUTHORIZED");
    assert_eq!(
        app.client.interactive_status(id).await.body["state"],
        "pending"
    );
}

#[tokio::test]
async fn a_token_holder_cancels_a_session_that_goes_on() {
    let app = spawn_app().await;
    let (id, _, browser) = browser_of(&app).await;
    let id = id.as_str();
    browser.play(id, &[Scene::default()]).await;
    assert_eq!(browser.cancel(id).await.status, 200);
    browser
        .interactive_status(id)
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
}

#[tokio::test]
async fn a_page_is_never_told_to_send_the_key_alone() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("SMILE").await;
    let path = format!("/api/v1/liveness/sessions/{id}");
    for header in ["", "lct_AAAA", "Basic abc", "Bearer"] {
        let request = app.client.without_key().request(Method::GET, &path);
        let answer = Client::send(request.header("Authorization", header)).await;
        answer.assert_error(401, "UNAUTHORIZED");
        assert!(
            answer.error().contains("client_token"),
            "{}",
            answer.error()
        );
    }
    let wrong = app.client.with_key("lct_AAAA");
    let answer = wrong.interactive_status(&id).await;
    assert!(
        answer.error().contains("client_token"),
        "{}",
        answer.error()
    );
}

#[tokio::test]
async fn a_revoked_key_takes_its_sessions_tokens_with_it() {
    let app = spawn_app().await;
    let (id, _, browser) = browser_of(&app).await;
    let id = id.as_str();
    assert_eq!(browser.interactive_status(id).await.status, 200);
    livegate_api::keys::change::revoke(&app.keys, &app.key.id).unwrap();
    let refused = app
        .until(
            async || browser.interactive_status(id).await,
            |a| a.status != 200,
        )
        .await;
    refused.assert_error(401, "UNAUTHORIZED");
    browser
        .frame(id, &png(&Scene::default()))
        .await
        .assert_error(401, "UNAUTHORIZED");
}
