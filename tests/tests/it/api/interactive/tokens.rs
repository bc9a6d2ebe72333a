//! The client token: a browser acts on its own session only.

use livegate_liveness::evidence::Kind;
use livegate_liveness::measurement::Cues;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Client;
use livegate_tests::scripted::{Scene, png};
use reqwest::Method;
use serde_json::{Value, json};

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
    assert_eq!(answer.body["is_live"], json!(false));
    let status = browser.interactive_status(id).await;
    assert_eq!(status.body["is_live"], json!(false));
    let owners = app.client.interactive_status(id).await;
    assert_eq!(owners.body["reason_codes"], json!(["spoof_detected"]));
    for field in [
        "reason_codes",
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
async fn a_token_holder_never_reads_what_was_found_of_an_attack_or_of_another_person() {
    let app = spawn_app().await;
    let smile = Scene::smiling();
    let rest = Scene::default();
    let fake = |scene: Scene| Scene {
        bona_fide: 0.01,
        ..scene
    };
    let screen = |scene: Scene| {
        let cues = Cues {
            periodicity: Some(9.0),
            border: Some(1.0),
        };
        Scene { cues, ..scene }
    };
    let beside = |scene: Scene| Scene { faces: 2, ..scene };
    let other = |scene: Scene| Scene { person: 9, ..scene };
    for (scenes, reason) in [
        (vec![fake(rest), fake(smile)], "spoof_detected"),
        (
            vec![screen(rest), screen(rest), screen(smile)],
            "spoof_detected",
        ),
        (
            vec![rest, beside(rest), beside(rest)],
            "different_persons_detected",
        ),
        (
            vec![rest, other(smile), other(smile)],
            "different_persons_detected",
        ),
    ] {
        let (id, _, browser) = browser_of(&app).await;
        for scene in &scenes {
            let answer = browser.frame(&id, &png(scene)).await;
            assert_says_nothing(&answer.body);
        }
        let status = browser.interactive_status(&id).await;
        assert_eq!(status.body["is_live"], json!(false), "{}", status.body);
        assert_says_nothing(&status.body);
        assert_says_nothing(&browser.frame(&id, &png(&rest)).await.body);
        let owners = app.client.interactive_status(&id).await;
        assert_eq!(owners.body["reason_codes"], json!([reason]));
    }
    // What a better try can mend it may know, also beside what it may not.
    let created = app
        .client
        .interactive("challenges=SMILE&timeout_seconds=1")
        .await;
    let [id, token] = ["session_id", "client_token"].map(|f| created.body[f].as_str().unwrap());
    let browser = app.client.with_token(token);
    browser.play(id, &[fake(rest), fake(rest)]).await;
    let read = async || browser.interactive_status(id).await;
    let failed = app.until(read, |a| a.body["state"] == "failed").await;
    assert_eq!(failed.body["reason_codes"], json!(["challenge_failed"]));
    assert_says_nothing(&failed.body);
    let owners = app.client.interactive_status(id).await;
    assert_eq!(
        owners.body["reason_codes"],
        json!(["spoof_detected", "challenge_failed"])
    );
}

/// Ends the test where an answer has anything to learn from about anti-spoofing or identity.
#[track_caller]
fn assert_says_nothing(body: &Value) {
    let mut body = body.clone();
    let hints = body.as_object_mut().unwrap().remove("retry_hints");
    // A second face is a matter of framing, which `feedback` tells of, too.
    let may_know = ["[]", r#"["one_person_only"]"#].map(str::to_owned);
    assert!(hints.is_none_or(|hints| may_know.contains(&hints.to_string())));
    let text = body.to_string();
    let kinds = Kind::ALL.map(Kind::name);
    let words = [
        "spoof",
        "person",
        "score",
        "threshold",
        "evidence",
        "details",
    ];
    for word in words.into_iter().chain(kinds) {
        assert!(!text.contains(word), "{word} in {text}");
    }
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
