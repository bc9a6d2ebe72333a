//! Pages of other origins that use a session from a browser.

use std::collections::BTreeMap;

use livegate_api::config::ServerConfig;
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::{Answer, Client};
use reqwest::Method;

const PAGE: &str = "https://app.example.com";
const SESSION: &str = "/api/v1/liveness/sessions/a1b2c3d4-e5f6-4890-abcd-ef1234567890";
const FRAME: &str = "/api/v1/liveness/sessions/a1b2c3d4-e5f6-4890-abcd-ef1234567890/frame";

async fn app_for(origins: &str) -> App {
    spawn(Options {
        server: ServerConfig {
            cors_origins: origins.parse().unwrap(),
            ..Options::default().server
        },
        ..Options::default()
    })
    .await
}

/// Asks as a page does, which has no key. `None`: as a program does.
async fn ask(app: &App, method: Method, path: &str, origin: Option<&str>) -> Answer {
    let nobody = app.client.without_key();
    let mut request = nobody.request(method.clone(), path);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
        if method == Method::OPTIONS {
            request = request
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization");
        }
    }
    Client::send(request).await
}

/// What the answer says of origins, by header.
fn cors(answer: &Answer) -> BTreeMap<&str, &str> {
    let headers = answer.headers.iter();
    headers
        .filter(|(name, _)| name.as_str().starts_with("access-control-"))
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_page_of_a_listed_origin_is_told_what_it_may() {
    let app = app_for(&format!("http://localhost:3000, {PAGE}")).await;
    for (path, methods) in [(FRAME, "POST"), (SESSION, "GET, HEAD, DELETE")] {
        let answer = ask(&app, Method::OPTIONS, path, Some(PAGE)).await;
        assert_eq!(answer.status, 204);
        assert_eq!(
            cors(&answer),
            BTreeMap::from([
                ("access-control-allow-origin", PAGE),
                ("access-control-allow-methods", methods),
                (
                    "access-control-allow-headers",
                    "authorization, content-type, x-request-id"
                ),
                (
                    "access-control-expose-headers",
                    "x-request-id, x-livegate-request-id, x-livegate-test, retry-after"
                ),
                ("access-control-max-age", "7200"),
            ])
        );
        assert_eq!(answer.headers["vary"], "origin");
        assert!(answer.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn it_may_read_every_answer_errors_included() {
    let app = app_for(PAGE).await;
    let nobody = app.client.without_key();
    for (method, path) in [
        (Method::POST, FRAME),
        (Method::GET, SESSION),
        (Method::DELETE, SESSION),
        (Method::PUT, FRAME),
        // No browser's question: it does not say what for.
        (Method::OPTIONS, SESSION),
    ] {
        let request = nobody.request(method.clone(), path).header("origin", PAGE);
        let answer = Client::send(request).await;
        assert!(answer.status >= 400, "{method} {path}");
        assert!(!answer.code().is_empty(), "{method} {path}");
        assert_eq!(
            cors(&answer),
            BTreeMap::from([
                ("access-control-allow-origin", PAGE),
                (
                    "access-control-expose-headers",
                    "x-request-id, x-livegate-request-id, x-livegate-test, retry-after"
                ),
            ])
        );
        assert_eq!(answer.headers["vary"], "origin");
    }
}

#[tokio::test]
async fn pages_of_other_origins_and_programs_are_answered_as_ever() {
    for origins in [Some(PAGE), None] {
        let app = match origins {
            Some(origins) => app_for(origins).await,
            None => spawn_app().await,
        };
        for (method, path) in [
            (Method::OPTIONS, FRAME),
            (Method::OPTIONS, SESSION),
            (Method::POST, FRAME),
            (Method::GET, SESSION),
            (Method::DELETE, SESSION),
        ] {
            let plain = ask(&app, method.clone(), path, None).await;
            // Its own page among them.
            let own = format!("http://{}", app.client.address());
            for origin in [&own, "https://app.example.com.evil", "null"] {
                let answer = ask(&app, method.clone(), path, Some(origin)).await;
                assert_eq!(answer.status, plain.status, "{method} {path}");
                assert_eq!(answer.body, plain.body, "{method} {path}");
                for answer in [&answer, &plain] {
                    assert_eq!(cors(answer), BTreeMap::new());
                    // A page of the listed origin is answered otherwise.
                    assert_eq!(answer.headers.contains_key("vary"), origins.is_some());
                }
            }
        }
    }
}

#[tokio::test]
async fn only_what_a_client_token_may_do_is_for_pages() {
    let app = app_for(PAGE).await;
    for path in [
        "/v1/liveness/session",
        "/v1/liveness/verify",
        "/v1/liveness/health",
        "/api/v1/liveness/sessions",
        "/api/v1/liveness/presets",
        "/api/v1/liveness/sessions/",
        "/openapi.json",
        "/nothing",
    ] {
        for method in [Method::OPTIONS, Method::GET, Method::POST] {
            let answer = ask(&app, method.clone(), path, Some(PAGE)).await;
            assert_ne!(answer.status, 204, "{method} {path}");
            assert_eq!(cors(&answer), BTreeMap::new(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_origin_may_be_let_in_but_never_with_cookies() {
    let app = app_for("*").await;
    for origin in [PAGE, "null"] {
        for method in [Method::OPTIONS, Method::GET] {
            let answer = ask(&app, method, SESSION, Some(origin)).await;
            let cors = cors(&answer);
            assert_eq!(cors["access-control-allow-origin"], "*");
            assert!(!cors.contains_key("access-control-allow-credentials"));
        }
    }
}
