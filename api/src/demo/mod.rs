//! The demo page at `/demo`: the component of [`crate::web`], settings beside it, and the verdict after it.
//!
//! Its files are built into the binary. They are the plain HTML, CSS and JavaScript files of this folder. They
//! load nothing from elsewhere, which the content security policy enforces.

mod key;

use std::sync::Arc;

use poem::endpoint::{make, make_sync};
use poem::http::header;
use poem::{Request, Response, Route, get, post};
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::http::methods::Methods;
use crate::keys::lent::LENT_FOR_MS;
use crate::state::AppState;
use crate::web::Component;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

const PAGE: &str = include_str!("index.html");
/// The smallest page that uses the component, which readers can copy.
const EXAMPLE: &str = include_str!("../../../web/examples/plain.html");

/// The files served beside the pages: path, content type, content.
const FILES: [(&str, &str, &str); 10] = [
    ("/demo/page.css", CSS, include_str!("page.css")),
    ("/demo/settings.css", CSS, include_str!("settings.css")),
    ("/demo/verdict.css", CSS, include_str!("verdict.css")),
    ("/demo/backend.js", JS, include_str!("backend.js")),
    ("/demo/dom.js", JS, include_str!("dom.js")),
    ("/demo/key.js", JS, include_str!("key.js")),
    ("/demo/main.js", JS, include_str!("main.js")),
    ("/demo/settings.js", JS, include_str!("settings.js")),
    ("/demo/verdict.js", JS, include_str!("verdict.js")),
    ("/demo/words.js", JS, include_str!("words.js")),
];

/// The page holds an API key and shows a face. So it may run only its own files, call only this server,
/// and be framed by no other page. Pictures are made in the page (`data:`, `blob:`).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Adds the pages and their files to the routes. `lends_key`: pages opened on this machine get a key.
pub fn add(route: Route, methods: &mut Methods, lends_key: bool) -> Route {
    let component = Component::get();
    let lent = if lends_key { "yes" } else { "no" };
    let page = PAGE
        .replace(
            "data-lends-key=\"no\"",
            &format!("data-lends-key=\"{lent}\""),
        )
        .replace(
            "<code id=\"address\">",
            &format!("<code id=\"address\">{}", component.versioned_path()),
        )
        .replace(
            "<code id=\"integrity\">",
            &format!("<code id=\"integrity\">{}", component.integrity),
        );
    let example_policy = CONTENT_SECURITY_POLICY.replace(
        "script-src 'self'",
        &format!("script-src 'self' '{}'", hash_of_script(EXAMPLE)),
    );
    let pages = [
        ("/demo", page.clone(), CONTENT_SECURITY_POLICY.to_owned()),
        ("/demo/", page, CONTENT_SECURITY_POLICY.to_owned()),
        ("/demo/plain.html", EXAMPLE.to_owned(), example_policy),
    ];
    let mut route = FILES.iter().fold(route, |route, (path, kind, content)| {
        methods.add(path, &["GET"]);
        route.at(
            *path,
            get(make_sync(|_| file(kind, *content, CONTENT_SECURITY_POLICY))),
        )
    });
    for (path, content, policy) in pages {
        methods.add(path, &["GET"]);
        route = route.at(
            path,
            get(make_sync(move |_| file(HTML, content.clone(), &policy))),
        );
    }
    if lends_key {
        methods.add("/demo/key", &["POST"]);
        route = route.at(
            "/demo/key",
            post(make(|request: Request| async move { lend(&request) })),
        );
    }
    route
}

/// Lends a key to the page, if it is the page that asks: see [`key`].
fn lend(request: &Request) -> poem::Result<Response> {
    let state = request
        .data::<Arc<AppState>>()
        .filter(|_| key::is_from_own_page(request));
    let state = state.ok_or(ApiError::NotFound)?;
    let body = serde_json::json!({
        "key": state.keys.lend(),
        "expires_in_seconds": LENT_FOR_MS / 1000,
    });
    let answer = Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body.to_string());
    Ok(answer)
}

/// The hash of a page's one inline script, as a content security policy states it.
fn hash_of_script(page: &str) -> String {
    let script = page
        .split("<script type=\"module\">")
        .nth(1)
        .unwrap_or_default();
    let script = script.split("</script>").next().unwrap_or_default();
    let hash = base64_simd::STANDARD.encode_to_string(Sha256::digest(script));
    format!("sha256-{hash}")
}

fn file(content_type: &str, content: impl Into<poem::Body>, policy: &str) -> Response {
    Response::builder()
        .content_type(content_type)
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header("permissions-policy", "camera=(self)")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "no-referrer")
        // Browsers must revalidate: after an update, a page of one version must not load modules of
        // another.
        .header(header::CACHE_CONTROL, "no-cache")
        .body(content)
}
