//! API keys: who is let in, and how a running server follows its file.

use livegate_api::keys::create::NewKey;
use livegate_tests::app::spawn_app;
use livegate_tests::client::{Capture, Client};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_missing_malformed_or_unknown_key_is_401_everywhere_but_on_public_pages() {
    let app = spawn_app().await;
    let nobody = app.client.without_key();
    let mut strangers = vec![
        nobody.clone(),
        nobody.with_key(""),
        nobody.with_key("nonsense"),
    ];
    strangers.push(nobody.with_key(&app.key.secret.replace("tsk_", "")));
    strangers.push(nobody.with_key(&format!("{}x", app.key.secret)));
    strangers.push(nobody.with_key(&"tsk_".repeat(500)));
    for stranger in strangers {
        stranger
            .create(&json!({}))
            .await
            .assert_error(401, "UNAUTHORIZED");
        stranger
            .verify("live_1", &Capture::good())
            .await
            .assert_error(401, "UNAUTHORIZED");
        stranger
            .status("live_1")
            .await
            .assert_error(401, "UNAUTHORIZED");
    }
    let strange = nobody.request(Method::POST, "/v1/liveness/session");
    let strange = strange.header("X-AI-API-Key", b"tsk_\xff\xfe".as_slice());
    Client::send(strange)
        .await
        .assert_error(401, "UNAUTHORIZED");
    for public in ["/v1/liveness/health", "/docs", "/openapi.json"] {
        assert_eq!(nobody.get(public).await.status, 200, "{public}");
    }
}

#[tokio::test]
async fn a_key_without_liveness_is_403() {
    let app = spawn_app().await;
    let key = app.add_key(&NewKey {
        liveness: false,
        ..NewKey::named("other product")
    });
    let client = app.client.with_key(&key.secret);
    let answer = app
        .until(
            async || client.create(&json!({})).await,
            |a| a.status != 401,
        )
        .await;
    answer.assert_error(403, "LIVENESS_DISABLED");
    client
        .status("live_1")
        .await
        .assert_error(403, "LIVENESS_DISABLED");
}

#[tokio::test]
async fn a_running_server_follows_its_key_file() {
    let app = spawn_app().await;
    let before = std::fs::read_to_string(&app.keys).unwrap();
    let key = app.add_key(&NewKey::named("second"));
    let second = app.client.with_key(&key.secret);
    let created = app.until_known(&second).await;
    assert_eq!(created.status, 200);

    // A broken file changes nothing; a good one without the key revokes it.
    std::fs::write(&app.keys, "keys = 7").unwrap();
    let third = app.client.with_key("tsk_third");
    third
        .create(&json!({}))
        .await
        .assert_error(401, "UNAUTHORIZED");
    assert_eq!(second.create(&json!({})).await.status, 200);
    std::fs::write(&app.keys, before).unwrap();
    let gone = app
        .until(
            async || second.create(&json!({})).await,
            |a| a.status == 401,
        )
        .await;
    gone.assert_error(401, "UNAUTHORIZED");
    assert_eq!(app.client.create(&json!({})).await.status, 200);
}
