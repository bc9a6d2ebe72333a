//! The component `<livegate-check>` as it is served. What it does is tried in browsers: see `it/browsers`.

use base64_simd::STANDARD;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Client;
use livegate_tests::media::root;
use reqwest::{Method, Response};
use sha2::{Digest, Sha384};

async fn get(app: &App, path: &str) -> Response {
    let request = app.client.without_key().request(Method::GET, path);
    request
        .header("origin", "https://app.example.com")
        .send()
        .await
        .unwrap()
}

/// The address with the version and the integrity hash, as the demo page shows them.
async fn shown(app: &App) -> (String, String) {
    let page = get(app, "/demo").await.text().await.unwrap();
    let part = |id: &str| {
        let rest = page.split(&format!("<code id=\"{id}\">")).nth(1).unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    (part("address"), part("integrity"))
}

#[tokio::test]
async fn pages_of_every_origin_may_load_it_and_check_what_they_load() {
    let app = spawn_app().await;
    let (versioned, integrity) = shown(&app).await;
    let short = get(&app, "/web/livegate-check.js").await;
    assert_eq!(short.headers()["cache-control"], "public, max-age=300");
    let pinned = get(&app, &versioned).await;
    assert_eq!(
        pinned.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
    for response in [&short, &pinned] {
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
    let module = pinned.bytes().await.unwrap();
    assert_eq!(short.bytes().await.unwrap(), module);
    let hash = STANDARD.encode_to_string(Sha384::digest(&module));
    assert_eq!(integrity, format!("sha384-{hash}"));
    let request = app.client.without_key().request(Method::GET, &versioned);
    let packed = request
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["vary"], "accept-encoding");
    let packed = packed.bytes().await.unwrap();
    assert!(packed.starts_with(&[0x1f, 0x8b]));
    assert!(packed.len() < 40_000, "{} bytes", packed.len());
}

#[tokio::test]
async fn its_languages_and_worker_lie_beside_it_at_both_addresses() {
    let app = spawn_app().await;
    let (versioned, _) = shown(&app).await;
    let folder = versioned.strip_suffix("livegate-check.js").unwrap();
    let languages = std::fs::read_dir(root().join("web/i18n")).unwrap();
    let mut files: Vec<String> = languages
        .map(|file| format!("i18n/{}", file.unwrap().file_name().into_string().unwrap()))
        .collect();
    assert_eq!(files.len(), 12);
    files.push("src/encode-worker.js".to_owned());
    for file in files {
        let written = std::fs::read_to_string(root().join("web").join(&file)).unwrap();
        for folder in ["/web/", folder] {
            let served = get(&app, &format!("{folder}{file}")).await;
            assert_eq!(
                served.headers()["access-control-allow-origin"],
                "*",
                "{file}"
            );
            assert_eq!(served.text().await.unwrap(), written, "{file}");
        }
    }
}

#[tokio::test]
async fn no_other_version_is_served_and_nothing_can_be_sent() {
    let app = spawn_app().await;
    for path in [
        "/web/0123456789abcdef/livegate-check.js",
        "/web/",
        "/web/src/element.js",
        "/web/i18n/sv.json",
        "/web/../web/livegate-check.js/",
    ] {
        app.client.get(path).await.assert_error(404, "NOT_FOUND");
    }
    let post = Client::send(app.client.request(Method::POST, "/web/livegate-check.js")).await;
    post.assert_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(post.headers["allow"], "GET, HEAD");
}
