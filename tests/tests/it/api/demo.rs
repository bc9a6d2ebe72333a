//! The demo page as it is served. What it does is tried in a browser, see `tests/tools/demo.mjs`.

use std::collections::{BTreeMap, BTreeSet};

use livegate_api::config::ServerConfig;
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::Client;
use livegate_tests::media::root;
use reqwest::Method;
use reqwest::header::HeaderMap;

struct File {
    status: u16,
    headers: HeaderMap,
    text: String,
}

async fn file(app: &App, path: &str) -> File {
    let request = app.client.without_key().request(Method::GET, path);
    let response = request.send().await.unwrap();
    File {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

#[tokio::test]
async fn a_browser_that_asks_for_an_icon_is_not_refused() {
    let app = spawn_app().await;
    let icon = file(&app, "/favicon.ico").await;
    assert_eq!((icon.status, icon.text.as_str()), (204, ""));
}

/// What a file refers to, as it is written there.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let found = |before: &'static str, end: char| {
        let places = text.split(before).skip(1);
        places.map(move |rest| rest.split(end).next().unwrap())
    };
    found("src=\"", '"')
        .chain(found("href=\"", '"'))
        .chain(found("from \"", '"'))
        .chain(found("import \"", '"'))
        .chain(found("import(\"", '"'))
        .chain(found("@import", ';'))
        .chain(found("url(", ')'))
}

/// The page and everything that it refers to, by path.
async fn crawl(app: &App) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    let mut wanted = vec!["/demo".to_owned()];
    while let Some(path) = wanted.pop() {
        if files.contains_key(&path) {
            continue;
        }
        let file = file(app, &path).await;
        assert_eq!(file.status, 200, "{path}");
        // The API's own page is another matter.
        if path.starts_with("/demo") {
            for reference in references(&file.text) {
                match reference.strip_prefix("./") {
                    Some(beside) => wanted.push(format!("/demo/{beside}")),
                    None if reference.starts_with("data:") => {}
                    None => {
                        let is_ours = reference.starts_with('/') && !reference.starts_with("//");
                        assert!(is_ours, "{path} refers to {reference}");
                        wanted.push(reference.to_owned());
                    }
                }
            }
        }
        files.insert(path, file);
    }
    files
}

#[tokio::test]
async fn everything_that_the_page_refers_to_is_served_and_nothing_is_left_over() {
    let app = spawn_app().await;
    let served = crawl(&app).await;
    let mut served: BTreeSet<String> = served.into_keys().collect();
    assert!(served.remove("/docs"));
    // The component is another matter, and so is the page that readers copy.
    assert!(served.remove("/web/livegate-check.js"));
    assert!(served.remove("/demo/plain.html"));
    let folder = std::fs::read_dir(root().join("api/src/demo")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = names
        .filter(|name| !name.ends_with(".rs"))
        .map(|name| match name.as_str() {
            "index.html" => "/demo".to_owned(),
            name => format!("/demo/{name}"),
        })
        .collect();
    assert_eq!(served, files);
    // Typed with a slash at the end, it is the same page.
    assert_eq!(
        file(&app, "/demo/").await.text,
        file(&app, "/demo").await.text
    );
    assert_eq!(file(&app, "/demo?preset=eye").await.status, 200);
}

#[tokio::test]
async fn its_files_are_told_apart_and_confined() {
    let app = spawn_app().await;
    for (path, file) in crawl(&app).await {
        let kind = match path.rsplit_once('.') {
            _ if !path.starts_with("/demo") => continue,
            None | Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some(other) => panic!("{other:?}"),
        };
        for (header, value) in [
            ("content-type", kind),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("permissions-policy", "camera=(self)"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(file.headers[header], value, "{path}");
        }
        let policy = file.headers["content-security-policy"].to_str().unwrap();
        let policy: BTreeSet<&str> = policy.split("; ").collect();
        for rule in [
            "default-src 'none'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy:?}");
        }
        let own_script = policy
            .iter()
            .any(|rule| rule.starts_with("script-src 'self'"));
        assert!(
            own_script && !policy.iter().any(|rule| rule.contains("unsafe")),
            "{path}: {policy:?}"
        );
        // What that policy would keep from working.
        assert!(!file.text.contains("<style"), "{path}");
        assert!(!file.text.contains(" style=\""), "{path}");
        assert!(!file.text.contains("<script>"), "{path}");
        assert!(!file.text.contains(" onclick="), "{path}");
    }
}

#[tokio::test]
async fn it_can_only_be_read() {
    let app = spawn_app().await;
    for path in ["/demo", "/demo/", "/demo/page.css"] {
        let head = Client::send(app.client.request(Method::HEAD, path)).await;
        assert_eq!(head.status, 200, "{path}");
        let post = Client::send(app.client.request(Method::POST, path)).await;
        post.assert_error(405, "METHOD_NOT_ALLOWED");
        assert_eq!(post.headers["allow"], "GET, HEAD");
    }
    for path in ["/demo/nothing.js", "/demo/mod.rs", "/demo/page.css/"] {
        app.client.get(path).await.assert_error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn where_it_is_off_there_is_nothing() {
    let app = spawn(Options {
        server: ServerConfig {
            demo: false,
            ..Options::default().server
        },
        ..Options::default()
    })
    .await;
    for path in ["/demo", "/demo/", "/demo/main.js"] {
        let answer = app.client.get(path).await;
        answer.assert_error(404, "NOT_FOUND");
        assert!(!answer.error().contains("slash"), "{}", answer.error());
    }
}

/// Asks for a key as a page does.
async fn borrow(app: &App, headers: &[(&str, &str)]) -> livegate_tests::client::Answer {
    let mut request = app.client.without_key().request(Method::POST, "/demo/key");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Client::send(request).await
}

#[tokio::test]
async fn a_page_on_the_machine_itself_gets_a_key_and_nobody_else_does() {
    let app = spawn(Options {
        server: ServerConfig {
            lends_demo_key: true,
            ..Options::default().server
        },
        ..Options::default()
    })
    .await;
    assert!(
        file(&app, "/demo")
            .await
            .text
            .contains("data-lends-key=\"yes\"")
    );
    let own = format!("http://{}", app.client.address());
    let host = own.strip_prefix("http://").unwrap();
    for refused in [
        vec![],
        vec![("origin", "http://evil.example")],
        vec![("host", "evil.example"), ("origin", "http://evil.example")],
        vec![("origin", own.as_str()), ("x-forwarded-for", "203.0.113.9")],
        vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
    ] {
        borrow(&app, &refused).await.assert_error(404, "NOT_FOUND");
    }
    let lent = borrow(
        &app,
        &[
            ("host", host),
            ("origin", &own),
            ("sec-fetch-site", "same-origin"),
        ],
    )
    .await;
    assert_eq!(lent.status, 200, "{}", lent.body);
    assert_eq!(lent.headers["cache-control"], "no-store");
    assert_eq!(lent.body["expires_in_seconds"], 600);
    let key = lent.body["key"].as_str().unwrap();
    let page = app.client.with_key(key);
    let session = page.interactive("num_challenges=2").await;
    assert_eq!(session.status, 200, "{}", session.body);
    // What it creates is its own: another key's owner does not see it, nor it theirs.
    let id = session.body["session_id"].as_str().unwrap();
    app.client
        .interactive_status(id)
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
}

#[tokio::test]
async fn elsewhere_no_key_is_lent() {
    let app = spawn_app().await;
    assert!(
        file(&app, "/demo")
            .await
            .text
            .contains("data-lends-key=\"no\"")
    );
    let own = format!("http://{}", app.client.address());
    let answer = borrow(&app, &[("origin", &own)]).await;
    answer.assert_error(404, "NOT_FOUND");
}
